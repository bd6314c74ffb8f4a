"""From a line of text to the path of a track."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from segue.client import Client
from segue.protocol.messages import Track

_CANDIDATES: Final = 20


def find_path(client: Client, line: str) -> str | None:
    """The path of the file that a line names, by its path or as ``Artist - Title``; None when the library has none.

    Raises DaemonError when the daemon is not there.
    """
    if not line:
        return None
    if Path(line).is_absolute():
        return line
    words = " ".join(line.replace(" - ", " ").split())
    track = best(client.search(words, limit=_CANDIDATES).tracks, line)
    return None if track is None else track.path


def best(tracks: Sequence[Track], line: str) -> Track | None:
    """The track that a line means: artist and title first, then the title alone, then the only one there is."""
    wanted = _folded(line)
    names = (
        lambda track: f"{track.artist} - {track.title}",
        lambda track: f"{track.title} - {track.artist}",
        lambda track: track.title,
    )
    for name in names:
        for track in tracks:
            if _folded(name(track)) == wanted:
                return track
    return tracks[0] if len(tracks) == 1 else None


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
