"""What a file says of itself in its tags: ID3 (mp3, wav, aiff), MP4 atoms (m4a), Vorbis comments (flac, ogg, opus), APEv2."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import mutagen
from mutagen.id3 import ID3
from mutagen.mp4 import MP4Tags

from segue.analysis.result import FileTags
from segue.audio import dj_tags, ratings
from segue.audio.container import open_file

_ID3: Final = {
    "title": ("TIT2",),
    "artist": ("TPE1", "TPE2"),
    "album": ("TALB",),
    "genre": ("TCON",),
    "comment": ("COMM",),
    "year": ("TDRC", "TYER", "TDRL", "TDOR"),
    "bpm": ("TBPM", "TXXX:BPM", "TXXX:TEMPO"),
    "key": ("TKEY", "TXXX:INITIALKEY", "TXXX:INITIAL KEY", "TXXX:KEY", "GEOB:KEY"),
    "energy level": ("TXXX:ENERGYLEVEL", "TXXX:ENERGY LEVEL"),
    "energy": ("TXXX:ENERGY", "GEOB:ENERGY"),
    "rating share": ("TXXX:FMPS_RATING",),
    "rating": ("TXXX:RATING", "POPM"),
}
_MP4: Final = {
    "title": ("©nam",),
    "artist": ("©art", "aart"),
    "album": ("©alb",),
    "genre": ("©gen",),
    "comment": ("©cmt",),
    "year": ("©day",),
    "bpm": ("tmpo", "----:com.apple.itunes:bpm", "----:com.apple.itunes:tempo"),
    "key": (
        "----:com.apple.itunes:initialkey",
        "----:com.apple.itunes:key",
        "----:com.mixedinkey.mixedinkey:initialkey",
        "----:com.mixedinkey.mixedinkey:key",
    ),
    "energy level": ("----:com.apple.itunes:energylevel", "----:com.mixedinkey.mixedinkey:energylevel"),
    "energy": ("----:com.apple.itunes:energy", "----:com.mixedinkey.mixedinkey:energy"),
    "rating share": ("----:com.apple.itunes:fmps_rating",),
    "rating": ("rate", "----:com.apple.itunes:rating", "----:com.apple.itunes:rate"),
}
_WORDS: Final = {
    "title": ("title",),
    "artist": ("artist", "albumartist"),
    "album": ("album",),
    "genre": ("genre",),
    "comment": ("comment", "description"),
    "year": ("date", "year", "originaldate"),
    "bpm": ("bpm", "tempo", "tbpm"),
    "key": ("initialkey", "initial key", "key", "tkey"),
    "energy level": ("energylevel", "energy level"),
    "energy": ("energy",),
    "rating share": ("fmps_rating", "fmps rating"),
    "rating": ("rating", "rating wmp", "rate"),
}
_OF_MIXED_IN_KEY: Final = frozenset({"GEOB:KEY", "GEOB:ENERGY"})
_MAX_TEXT: Final = 1000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]+")
_YEAR = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")
# What tag readers raise on tags that break their own format, besides their declared errors.
_BROKEN_TAGS: Final = (mutagen.MutagenError, ValueError, LookupError, TypeError, struct.error, EOFError, OverflowError)


def read_tags(path: Path) -> FileTags:
    """The file's tags; what is missing, empty or absurd is None. The file is only read.

    Tags that cannot be understood count as missing: they are no reason to lose a track. Raises FileMissingError and
    FileUnreadableError.
    """
    with open_file(path) as file:
        try:
            opened = mutagen.File(file)
            if opened is None or opened.tags is None:
                return FileTags()
            return _cleaned(_fields(opened.tags))
        except _BROKEN_TAGS:
            return FileTags()


def spelt_key(path: Path) -> str | None:
    """The key as the file's tags spell it, None where they have none that is understood. Raises as `read_tags`."""
    with open_file(path) as file:
        try:
            opened = mutagen.File(file)
            texts = [] if opened is None or opened.tags is None else _fields(opened.tags)["key"]
        except _BROKEN_TAGS:
            return None
    return next((text.strip() for text in texts if dj_tags.key([_clean(text)]) is not None), None)


def _fields(tags: Any) -> dict[str, list[str]]:
    """All texts of each of our fields, as the file has them."""
    if isinstance(tags, ID3):
        return _pick(_id3_texts(tags), _ID3)
    texts = {str(name).lower(): list(_texts(values)) for name, values in tags.items()}
    return _pick(texts, _MP4 if isinstance(tags, MP4Tags) else _WORDS)


def _pick(texts: Mapping[str, list[str]], names: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    return {field: [text for key in keys for text in texts.get(key, ())] for field, keys in names.items()}


def _id3_texts(tags: ID3) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for frame in tags.values():
        name = f"{frame.FrameID}:{frame.desc.upper()}" if frame.FrameID in {"TXXX", "GEOB"} else frame.FrameID
        # Programs hide their own data in comments with a description; the DJ's own words have none.
        if name == "COMM" and frame.desc not in {"", "ID3v1 Comment", "description"}:
            continue
        if name == "POPM":
            stars = ratings.of_byte(frame.rating, frame.email)
            texts.setdefault(name, []).extend([] if stars is None else [str(stars)])
            continue
        if name in _OF_MIXED_IN_KEY:
            values = _texts(frame.data.rstrip(b"\0")[:_MAX_TEXT])
        else:
            values = frame.genres if name == "TCON" else getattr(frame, "text", [])
        texts.setdefault(name, []).extend(str(value) for value in values)
    return texts


def _texts(values: Any) -> Iterable[str]:
    for value in values if isinstance(values, list | tuple) else [values]:
        yield value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _cleaned(fields: Mapping[str, list[str]]) -> FileTags:
    texts = {field: [text for value in values if (text := _clean(value))] for field, values in fields.items()}
    comment = _first(texts["comment"])
    noted = dj_tags.noted(comment)
    tempo = dj_tags.tempo(texts["bpm"])
    return FileTags(
        title=_first(texts["title"]),
        artist=_first(texts["artist"]),
        album=_first(texts["album"]),
        genre=_first(texts["genre"]),
        comment=comment,
        year=next((int(found[1]) for text in texts["year"] if (found := _YEAR.search(text))), None),
        bpm=noted.bpm if tempo is None else tempo.bpm,
        bpm_rounded=noted.bpm is not None if tempo is None else tempo.rounded,
        key=dj_tags.key(texts["key"]) or noted.key,
        energy=dj_tags.energy(texts["energy level"], texts["energy"]) or noted.energy,
        rating=ratings.of_texts(texts["rating share"], texts["rating"]),
    )


def _clean(text: str) -> str:
    # Lone surrogates stand for bytes that were no text; neither SQLite nor JSON takes them.
    readable = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join(_CONTROL.sub(" ", readable).split())[:_MAX_TEXT]


def _first(texts: list[str]) -> str | None:
    return texts[0] if texts else None
