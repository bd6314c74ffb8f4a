"""Names of tracks: what a file name says when the tags say nothing, and when two artists are one."""

from __future__ import annotations

import hashlib
import ntpath
import re
import unicodedata

from segue.library import paths

_TRACK_NUMBER = re.compile(r"^(?:\d{1,3}\s*[-._)]+\s*|0\d\s+|[A-H]\d{1,2}\s*[-._)]+\s*)(?=\S)")
_GUESTS = re.compile(r"(?<![\s(\[])[\s(\[]+(?:feat|ft|featuring)\b.*", re.IGNORECASE)
_SPACES = re.compile(r"\s+")


def from_file_name(path: str) -> tuple[str, str | None]:
    """Read title and artist from a file name: ``"01 - Artist - Title.mp3"`` is ``("Title", "Artist")``."""
    name = paths.shown(ntpath.basename(path))
    stem = name.rpartition(".")[0] or name
    if " " not in stem:
        stem = stem.replace("_", " ")
    stem = _SPACES.sub(" ", stem).strip()
    bare = _TRACK_NUMBER.sub("", stem)
    artist, dash, title = bare.partition(" - ")
    title = _TRACK_NUMBER.sub("", title).strip()
    if dash and artist.strip() and title:
        return title, artist.strip()
    return bare or stem or name, None


def artist_key(name: str | None) -> int:
    """Hash an artist's folded name to 64 bits, guests left out; 0: unknown."""
    folded = fold(without_guests(name or "")).removeprefix("the ")
    if not folded:
        return 0
    digest = hashlib.blake2b(folded.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1


def without_guests(artist: str) -> str:
    """Leave out who is featured: ``"Vela feat. Oro"`` is ``"Vela"``."""
    return _GUESTS.sub("", artist)


def fold(text: str) -> str:
    """Fold case, accents and white space, so that two spellings of one name are equal."""
    if text.isascii():  # most are, and a library has a hundred thousand
        return _SPACES.sub(" ", text.casefold()).strip()
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return _SPACES.sub(" ", bare.casefold()).strip()


def text_or_none(text: str | None) -> str | None:
    """Make a tag's text storable: valid Unicode in composed form, no control characters at its ends, or None."""
    if text is None:
        return None
    clean = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode()).replace("\0", " ").strip()
    return clean or None
