"""What can be read from a file without decoding it."""

from __future__ import annotations

from pathlib import Path

from segue.analysis.result import Probe
from segue.audio.identity import identify
from segue.audio.metadata import read_tags


def probe(path: Path) -> Probe:
    """Identity, duration and tags. Raises FileMissingError, FileUnreadableError, NotAudioError and DamagedAudioError."""
    audio = identify(path)
    return Probe(identity=audio.identity, duration=audio.duration, tags=read_tags(path))
