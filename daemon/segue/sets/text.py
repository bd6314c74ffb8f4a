"""Text files of unknown encoding, dates of unknown form, paths of unknown systems."""

from __future__ import annotations

import codecs
import ntpath
import os
import posixpath
import re
import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from segue.errors import FileMissingError, FileUnreadableError, SetFileError

BYTES_AT_MOST: Final = 256 * 1024 * 1024
"""Of any file: a collection of two hundred thousand tracks has less, as XML."""
_LONGEST_LINE: Final = 32 * 1024
"""Characters: a path has a tenth of them."""
_LINES_AT_MOST: Final = 1_000_000
_LINE = re.compile("[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
"""What `str.splitlines` parts, less what is empty."""
_LATEST: Final = 1e11
"""Unix time: no program's clock has come so far."""
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DATE = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d\d)[-_./ ]?(?P<month>0[1-9]|1[0-2])[-_./ ]?(?P<day>0[1-9]|[12]\d|3[01])(?!\d)"
)
_CLOCK = re.compile(
    r"^(?P<hour>\d{1,2})[:.h](?P<minute>[0-5]\d)(?:[:.](?P<second>[0-5]\d))?(?:\.\d+)?\s*(?P<half>[AaPp][Mm])?$"
)
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")
NOON: Final = 12 * 3600.0


def read_bytes(path: Path, at_most: int = BYTES_AT_MOST) -> bytes:
    """Read a file.

    Raises:
        FileMissingError, FileUnreadableError: it is not there, or may not be read.
        SetFileError: it is no file, or too large to be a list of tracks.

    """
    try:
        if not path.is_file():
            if path.exists():
                raise SetFileError(f"{path} is no file that holds sets.")
            raise FileMissingError(f"There is no file {path}.")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size  # as much is set aside at once
            content = file.read(min(size, at_most) + 1)
    except OSError as error:
        raise FileUnreadableError(f"{path} cannot be read: {error.strerror or error}.") from error
    if len(content) > at_most:
        raise SetFileError(f"{path} is larger than {at_most // 1024**2} MB: that is no list of tracks.")
    return content


def decode(content: bytes) -> str:
    """Decode text: by its mark, else as UTF-16 if it looks so, else as UTF-8, else as Windows-1252 or Latin-1. Never fails."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    high, low = content[:4096:2].count(0), content[1:4096:2].count(0)
    if 4 * max(high, low) > len(content[:4096]) > 3 and 8 * min(high, low) < max(high, low):
        return content.decode("utf-16-be" if high > low else "utf-16-le", "replace")
    for encoding in ("utf-8", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def lines(decoded: str) -> Iterator[str]:
    """Lines of a text that are not empty; what is too long for a line is left out, and so is what comes after a million."""
    found = (line[0] for line in islice(_LINE.finditer(decoded), _LINES_AT_MOST))
    return (line for line in found if len(line) <= _LONGEST_LINE)


def date_in(text: str) -> float | None:
    """The day that a name tells (``2024-03-01 Club.m3u``, ``HISTORY 20240301``), noon UTC, as Unix time; None without one."""
    found = _DATE.search(text)
    if found is None:
        return None
    try:
        day = datetime(int(found["year"]), int(found["month"]), int(found["day"]), tzinfo=UTC)
    except ValueError:  # the 31st of February
        return None
    return day.timestamp() + NOON


def clock_in(text: str) -> float | None:
    """Seconds since midnight that a time of day means: ``23:05:10``, ``11:05 PM``; None where it is none."""
    found = _CLOCK.match(text.strip())
    if found is None:
        return None
    hour = int(found["hour"])
    half = (found["half"] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23:
        return None
    return 3600.0 * hour + 60.0 * int(found["minute"]) + float(found["second"] or 0)


def moment(text: str) -> float | None:
    """The Unix time that a date with a time means (ISO 8601); this machine's zone where it does not say; None without."""
    try:
        when = datetime.fromisoformat(text.strip().replace("/", "-"))
        return sane(when.timestamp())
    except (OverflowError, OSError, ValueError):  # no date, or one that the system cannot count
        return None


def sane(at: float) -> float | None:
    """A number, if it can be the Unix time at which a track was played; else None."""
    return float(at) if 0 < at < _LATEST else None


def located(text: str, folder: Path) -> str:
    """A path as a list writes it (a file URL, of Windows, or relative to the list's folder) → absolute, where it can be said."""
    if text[:7].lower() == "file://":
        host, path = _host_and_path(text)
        path = urllib.parse.unquote(path, errors="surrogateescape")
        path = path.removeprefix("/") if _DRIVE.match(path.removeprefix("/")) else path
        return f"//{host}{path}" if host not in {"", "localhost"} else path
    if posixpath.isabs(text) or ntpath.splitdrive(text)[0] or text.startswith("\\"):
        return text
    return posixpath.normpath(posixpath.join(folder.as_posix(), text.replace("\\", "/")))


def _host_and_path(url: str) -> tuple[str, str]:
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:  # "file://[House] Mix/a.mp3": brackets where only an address may have them
        host, _, path = url[len("file://") :].partition("/")
        return host, f"/{path}"
    return parts.netloc, parts.path
