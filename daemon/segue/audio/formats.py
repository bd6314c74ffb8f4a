"""Which files are taken for audio, by name alone: the cheap question a folder scan asks of every file."""

from __future__ import annotations

from pathlib import PurePath
from typing import Final

AUDIO_SUFFIXES: Final = frozenset(
    {
        *(".mp3", ".mp2"),
        *(".m4a", ".m4b", ".mp4", ".aac", ".alac"),
        *(".flac", ".fla"),
        *(".ogg", ".oga", ".opus"),
        *(".wav", ".wave", ".bwf", ".rf64"),
        *(".aif", ".aiff", ".aifc"),
    }
)
"""Suffixes of audio files, in lower case with the dot."""

_RESOURCE_FORK = "._"  # macOS puts one beside every file on a foreign drive


def is_audio_name(name: str) -> bool:
    """Whether a file of this name (or path) is worth opening as audio."""
    path = PurePath(name)
    return path.suffix.lower() in AUDIO_SUFFIXES and not path.name.startswith(_RESOURCE_FORK)
