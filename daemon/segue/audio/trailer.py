"""Where a file's audio ends and the tags behind it begin.

ID3v1, APEv2 and Lyrics3v2 tags stand after the last byte of audio. FFmpeg's MPEG and FLAC readers take some of them for
a last packet, which would make a retagged copy another recording.

ID3v1: id3.org/ID3v1. APEv2: the Hydrogenaudio specification. Lyrics3 v2.00: id3.org/Lyrics3v2.
"""

from __future__ import annotations

import os
import struct
from typing import BinaryIO, Final

_ID3V1_BYTES: Final = 128
_APE_FOOTER_BYTES: Final = 32
_APE_HAS_HEADER: Final = 1 << 31
_LYRICS_FOOTER_BYTES: Final = 15
_MAX_TAGS: Final = 8


def audio_end(file: BinaryIO) -> int:
    """Offset in bytes of the end of the audio, before all trailing tags. The position in the file is moved."""
    end = file.seek(0, os.SEEK_END)
    for _ in range(_MAX_TAGS):
        size = _id3v1_size(file, end) or _ape_size(file, end) or _lyrics_size(file, end)
        if not 0 < size <= end:
            break
        end -= size
    return end


def _read(file: BinaryIO, start: int, size: int) -> bytes:
    if start < 0:
        return b""
    file.seek(start)
    return file.read(size)


def _id3v1_size(file: BinaryIO, end: int) -> int:
    return _ID3V1_BYTES if _read(file, end - _ID3V1_BYTES, 3) == b"TAG" else 0


def _ape_size(file: BinaryIO, end: int) -> int:
    footer = _read(file, end - _APE_FOOTER_BYTES, _APE_FOOTER_BYTES)
    if not footer.startswith(b"APETAGEX"):
        return 0
    size, _items, flags = struct.unpack_from("<III", footer, 12)
    return int(size + (_APE_FOOTER_BYTES if flags & _APE_HAS_HEADER else 0))


def _lyrics_size(file: BinaryIO, end: int) -> int:
    footer = _read(file, end - _LYRICS_FOOTER_BYTES, _LYRICS_FOOTER_BYTES)
    if not footer.endswith(b"LYRICS200") or not footer[:6].isdigit():
        return 0
    return int(footer[:6]) + _LYRICS_FOOTER_BYTES
