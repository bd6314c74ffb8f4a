"""The audio files below a folder, found again by what a table says of them."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from segue.audio.formats import is_audio_name
from segue_export.datasets.build import DatasetError

_TRACK_ID: Final = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{22}(?![A-Za-z0-9])")
"""A Spotify id: 22 letters and digits."""
_GUESTS: Final = re.compile(r"[\(\[]?\b(?:feat|ft|featuring)\b.*", re.IGNORECASE)


def audio_files(folder: Path) -> Iterator[Path]:
    """Audio files by name, in a stable order; links to folders are not followed.

    Raises DatasetError when the folder is none or cannot be read.
    """
    if not folder.is_dir():
        raise DatasetError(f"{folder} is no folder of audio")

    def unreadable(error: OSError) -> None:
        raise DatasetError(f"{error.filename} cannot be read: {error.strerror}") from error

    for place, folders, names in os.walk(folder, onerror=unreadable):
        folders.sort()
        yield from (Path(place) / name for name in sorted(names) if is_audio_name(name))


class AudioIndex:
    """Finds a file by its path, by an id in its name, or by artist and title."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stems: defaultdict[str, list[Path]] = defaultdict(list)
        self._ids: defaultdict[str, list[Path]] = defaultdict(list)
        self._titles: defaultdict[str, list[Path]] = defaultdict(list)
        self.count = 0
        for path in audio_files(folder):
            self.count += 1
            self._stems[path.stem].append(path)
            for found in set(_TRACK_ID.findall(path.stem)):
                self._ids[found].append(path)
            self._titles[plain(path.stem)].append(path)

    def by_path(self, text: str) -> Path | None:
        """The file at this path, taken from the folder when it is relative, also with another audio suffix."""
        path = self.folder / text
        if path.is_file():
            return path
        return _only([other for other in self._stems.get(path.stem, ()) if other.parent == path.parent])

    def by_id(self, name: str) -> Path | None:
        """The one file whose name is this id, or holds it as a word."""
        return _only(self._stems.get(name) or self._ids.get(name))

    def by_title(self, artist: str, title: str) -> Path | None:
        """The one file that is named ``artist title``, ``title artist``, or ``title``, in any spelling."""
        who, what = plain(artist), plain(title)
        if not what:
            return None
        short = plain(_GUESTS.sub("", title))
        for name in dict.fromkeys((who + what, what + who, who + short, short + who, what, short)):
            if (found := _only(self._titles.get(name))) is not None:
                return found
        return None


def _only(found: list[Path] | None) -> Path | None:
    return found[0] if found is not None and len(found) == 1 else None


def plain(text: str) -> str:
    """Letters and digits only, in lower case, without accents and without a track number in front."""
    bare = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return "".join(letter for letter in re.sub(r"^\d{1,3}[\s._-]+(?=\D)", "", bare).lower() if letter.isalnum())
