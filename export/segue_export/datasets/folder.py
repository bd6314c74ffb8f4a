"""A folder of audio → a plan: tags from what the files and the folders say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from segue.analysis.result import FileTags
from segue.audio.metadata import read_tags
from segue.errors import SegueError
from segue_export.datasets.audio_files import audio_files
from segue_export.datasets.build import DatasetError
from segue_export.datasets.items import Item, Plan
from segue_export.datasets.labels import TrackLabels

Grouping = Literal["folder", "artist", "album", "file"]
GROUPINGS: Final[tuple[Grouping, ...]] = ("folder", "artist", "album", "file")
Watch = Callable[[Sequence[Path]], Iterable[Path]]
_SEPARATORS: Final = re.compile(r"[;/,|]")


@dataclass(frozen=True)
class FolderOptions:
    """What is taken from where."""

    genres: bool = True
    """Genres in the files' tags become tags."""
    folders: bool = False
    """Names of the sub-folders become tags."""
    tempo_and_key: bool = False
    """Tempo and key in the files' tags become labels."""
    group: Grouping = "folder"
    licence: str = ""


def plan_folder(folder: Path, options: FolderOptions, watch: Watch = iter) -> Plan:
    """All audio below a folder; `watch` sees the files go by. Raises DatasetError when there is none."""
    items = [_item(folder, path, options) for path in watch(list(audio_files(folder)))]
    if not items:
        raise DatasetError(f"there is no audio file in {folder}")
    labelled = sum(bool(item.labels.tags) for item in items)
    return Plan(items, [f"{len(items)} audio files, {labelled} of them with tags"])


def _item(folder: Path, path: Path, options: FolderOptions) -> Item:
    inside = path.relative_to(folder)
    said = _file_tags(path)
    tags = [
        *(split_genres(said.genre) if options.genres else ()),
        *(map(_readable, inside.parts[:-1]) if options.folders else ()),
    ]
    labels = TrackLabels(
        tags=tuple(dict.fromkeys(tags)),
        tempo=said.bpm if options.tempo_and_key else None,
        key=said.key if options.tempo_and_key else None,
    )
    group = _group(inside, said, options.group)
    return Item(group, str(inside), path, licence=options.licence, source=str(folder), labels=labels)


def _readable(name: str) -> str:
    # The name of a folder need not be text; a label must be.
    return name.encode(errors="surrogateescape").decode(errors="replace")


def _file_tags(path: Path) -> FileTags:
    try:
        return read_tags(path)
    except SegueError:
        return FileTags()  # decoding will say what is wrong with the file


def split_genres(genre: str | None) -> list[str]:
    """``House; Deep House`` is two genres."""
    return [part for text in _SEPARATORS.split(genre or "") if (part := text.strip())]


def _group(inside: Path, said: FileTags, group: Grouping) -> str:
    if group == "folder" and len(inside.parts) > 1:
        return str(inside.parent)
    named = {"artist": said.artist, "album": said.album, "folder": said.album or said.artist}.get(group)
    # Without a folder or a tag, nothing says what belongs to the file.
    return named or str(inside)
