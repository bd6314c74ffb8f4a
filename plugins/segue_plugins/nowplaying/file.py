"""The text file that a DJ program or an overlay writes."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

_MAX_BYTES: Final = 64 * 1024
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def read_now_playing(path: Path) -> str:
    """First line that is not empty; an empty text when there is none, or no such file.

    UTF-8 and UTF-16 are read; what is neither becomes replacement characters rather than an error.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES)
    except OSError:  # not written yet, or just being replaced: the next look will tell
        return ""
    encoding = next((name for bom, name in _BOMS if content.startswith(bom)), "utf-8")
    lines = (line.strip().strip("\0") for line in content.decode(encoding, errors="replace").splitlines())
    return next(filter(None, lines), "")
