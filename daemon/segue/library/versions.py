"""What is one work: a title without what tells its versions apart (mixes, edits, masters, bounces, guests)."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from segue.library import names

STEMS: Final = 1
"""Version of this module's judgement: a library whose works were made by another one makes them anew."""

_MIX: Final = "mix|remix|rmx|edit|version|dub|cut|rework|refix|re ?edit|remake|redux"
_HOW: Final = (
    "original|extended|radio|club|dub|vocal|instrumental|album|single|main|short|long|full|acoustic|live|demo|clean|dirty"
    "|explicit|festival|intro|outro|vip|street|video|tv|edited|uncut|mono|stereo|digital|deluxe|bonus|alternate|alternative"
    "|unreleased|promo|full length|(?:12|7)(?: ?inch)?"
)
_NOUNS: Final = (
    f"{_MIX}|flip|vip|bootleg|boot|mash ?up|remaster|remastered|instrumental|ac+ap+ella|a cap+ella|dub ?mix|demo|edition|tool"
    "|reconstruction|reinterpretation|interpretation|rub|cover|mix ?down|pre ?master|session|unplugged|reworked|revisited"
    "|bonus beats|bonus track|re ?master(?:ed)?"
)
_DATE: Final = (
    r"(?:(?:19|20)\d\d[-._ ]?(?:0[1-9]|1[0-2])[-._ ]?(?:0[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-._](?:0?[1-9]|1[0-2])[-._](?:(?:19|20)\d\d|\d\d)"
    r"|[0-3]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
    r"(?:[-_ T]+[0-2]\d[-._:]?[0-5]\d(?:[-._:]?[0-5]\d)?)?"
)
_NUMBER: Final = r"v(?:er(?:sion)?)?[ ._]*\d+(?:[._]\d+)*[a-z]?"
_STATE: Final = (
    r"final|master|mix ?down|pre ?-?master|bounce|mix|render|export|demo|rough(?: mix)?|wip|draft|take|idea|copy|edit"
)

_PHRASE: Final = re.compile(
    "|".join(
        (
            rf"(?:.+ )?(?:{_NOUNS})(?: (?:\d{{1,4}}|[ivx]+|v\d+))?",
            rf"(?:(?:{_HOW})(?: |$))+",
            r"(?:.+ )?remaster(?:ed)?(?: (?:version|edition|in|for|by|from)\b.*)?(?: \d{4})?",
            r"(?:feat|ft|featuring|with|prod|produced by|remix by|remixed by|edit by|edited by|mixed by|w) .+",
            r"live(?: (?:at|in|from|on|version|session|mix|edit|pa|recording|acoustic|\d{4})\b.*)?",
            r"(?:free )?(?:dl|d l|download)|free|out now.*|(?:free|buy) .*(?:dl|download)|preview|clip|snippet|teaser",
            r"official .*|lyrics?(?: video)?|(?:audio|video)(?: only)?|hq|hd|visuali[sz]er|premiere|master(?:ed)?",
            rf"(?:(?:{_STATE})(?: ?\d{{1,3}})?(?: |$))+",
            r"\d{2,3}(?: ?bpm)|(?:1[0-2]|0?[1-9])[ab]",
            rf"v(?:er(?:sion)?)? ?\d+(?: \d+)*[a-z]?|{_DATE}",
        )
    )
)
"""What brackets hold, or what follows a dash, when it names a version; without punctuation, folded."""
_ONLY_IN_BRACKETS: Final = re.compile(r"\d{1,2}|(?:19|20)\d\d")
_BRACKETS: Final = re.compile(r"\(([^()]*)\)|\[([^\[\]]*)\]|\{([^{}]*)\}")
_DASH: Final = re.compile(r"\s+[-–—~|]+\s+|\s+[-–—]+(?=[^\s\d])")  # noqa: RUF001 - dashes as they come
_GUESTS: Final = re.compile(r"(?<!\d)\s+(?:(?:feat|ft|featuring)\b\.?|w/)\s*(?=\S).*$", re.IGNORECASE)
_KNOWN_MIX: Final = (
    r"(?:(?:original|extended|radio|club|dub|vocal|instrumental|album|single|main|short|long|full|acoustic|live|demo|clean"
    r"""|dirty|festival|intro|vip|rough|final|(?:12|7)(?:[\s-]*inch|"|''|”))\s+)+(?:mix|edit|version|remix|dub|cut|rework)"""
    r"(?:\s+(?:\d{4}|\d))?"
)
_KNOWN_WORD: Final = (
    r"(?:instrumental|ac+ap+ella|a\s+cap+ella|bootleg|vip|remix|rmx|re-?edit|edit|rework|mash-?up|mix-?down|pre-?master|demo"
    r"|preview|snippet|extended|final|wip|draft|clean|dirty|explicit)(?:[\s_\-.]*\d{1,3})?"
)
_TAILS: Final = tuple(
    re.compile(rf"[\s_\-.,]+(?:{tail})$", re.IGNORECASE)
    for tail in (
        _KNOWN_MIX,
        r"(?:(?:19|20)\d\d\s+)?(?:digital(?:ly)?\s+)?remaster(?:ed)?(?:\s+(?:version|edition|mix))?(?:\s+(?:19|20)\d\d)?",
        _KNOWN_WORD,
        _NUMBER,
        rf"(?:{_STATE})[\s_\-.]*\d{{1,3}}",
        r"(?:final\s+(?:mix|master|final)|rough\s+mix)",
        _DATE,
        r"\d{2,3}(?:\.\d+)?\s?bpm",
        r"\d{1,2}[ab]\s+\d{2,3}|[\[(]?(?:free\s+(?:dl|download))[\])]?",
    )
)
"""What ends a title without brackets or a dash: only what hardly any title's own words are."""
_HINT: Final = re.compile(
    r"[(\[{]|\s[-–—~|]|\b(?:feat|ft)|w/|mix|edit|versi|dub\b|cut\b|remast|instrum|cap+el|vip\b|boot|demo|mash|master|mixd"  # noqa: RUF001
    r"|final|wip\b|draft|preview|snippet|extended|clean|dirty|explicit|rework|\brmx|\bv(?:er)?[\s._]*\d|\d[\s_.\-]*$|bpm|[ab]$|\dT?\d\d[a-z]$"
    r"|free",
    re.IGNORECASE,
)
_GENERIC: Final = re.compile(
    r"(?:untitled|unknown(?: title| track)?|(?:audio )?track|audio|title|id|new project|project|recording|mix ?down|master|bounce"
    r"|intro|outro|interlude|skit|silence|tune|beat|loop|demo)(?: ?(?:\d+|[a-d]\d?))?"
)
_MOST: Final = 8
"""Things that are taken away from one title."""
_LONGEST: Final = 300
"""Characters of a title that is looked at: longer ones are no titles."""
_JOINED: Final = re.compile(r"\s*[,;/&+]\s*|\s+(?:and|x|vs\.?|with)\s+")
"""What stands between artists."""
_EMPTY_WORDS: Final = frozenset({"", "the", "a", "an", "in the", "my", "of", "to"})
_QUOTES: Final = str.maketrans("", "", "'’‘`´\"“”")  # noqa: RUF001 - quotes as they come


def stem(title: str) -> str:
    """Return a title, folded and without punctuation, less what tells versions of one work apart.

    ``"Song (feat. X) [Extended Mix]"``, ``"Song - 2011 Remaster"`` and ``"song_v7"`` all have the stem ``"song"``. Parts and
    volumes are works of their own. A title that is nothing but a version's name is kept whole.
    """
    return _split(title)[0]


def version(title: str) -> str:
    """Return what `stem` takes away, as the title spells it: ``"feat. X, Extended Mix"``; empty where that is nothing."""
    return ", ".join(_split(title)[1])


def work_key(title: str, artist: str | None) -> int:
    """Hash a work, that is stem and artist, to 64 bits; 0: unknown, as of titles that any work may have."""
    by = _artists(artist)
    head, dash, rest = title.partition(" - ")
    if dash and by and _artists(head) == by:
        title = rest
    bare = stem(title)
    if not bare or _GENERIC.fullmatch(bare):
        return 0
    digest = hashlib.blake2b(f"{by}\0{bare}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1


def _artists(artist: str | None) -> str:
    """Who made a work, in one order however they are joined: ``"B & A feat. C"`` is ``"A, B"``."""
    parts = _JOINED.split(names.fold(names.without_guests(artist or "")))
    return ", ".join(sorted(filter(None, (part.strip().removeprefix("the ") for part in parts))))


def _split(title: str) -> tuple[str, list[str]]:
    """The stem, and what was taken away in the order of the title."""
    rest = title.strip()
    if " " not in rest:
        rest = rest.replace("_", " ")
    taken: list[tuple[int, str]] = []
    while len(taken) < _MOST and len(rest) <= _LONGEST and _HINT.search(rest) and (found := _next(rest)) is not None:
        rest, at, what = found
        taken.append((at, what))
    return _plain(rest) or names.fold(title), [what for _, what in sorted(taken, key=lambda pair: pair[0])]


def _next(title: str) -> tuple[str, int, str] | None:
    """The title less one more thing, where that was, and what; None when there is nothing more."""
    for found in reversed(list(_BRACKETS.finditer(title))):
        inside = next(text for text in found.groups() if text is not None)
        plain = _plain(inside)
        if not plain or _PHRASE.fullmatch(plain) or _ONLY_IN_BRACKETS.fullmatch(plain):
            rest = f"{title[: found.start()]} {title[found.end() :]}".strip()
            if _is_title(rest):
                return rest, found.start(), inside.strip()
    return _less_guests(title) or _less_dash(title) or _less_tail(title)


def _less_guests(title: str) -> tuple[str, int, str] | None:
    found = _GUESTS.search(title)
    if found is None or not _is_title(title[: found.start()]):
        return None
    guests, brackets = found[0], _BRACKETS.search(found[0])
    if brackets is not None:  # what follows the guests in brackets, and names no version, is the title's
        guests = guests[: brackets.start()]
    return (
        title[: found.start()] + " " * bool(brackets) + title[found.start() + len(guests) :],
        found.start(),
        guests.strip(),
    )


def _less_dash(title: str) -> tuple[str, int, str] | None:
    dashes = list(_DASH.finditer(title))
    if not dashes:
        return None
    last = dashes[-1]
    tail = title[last.end() :]
    if _PHRASE.fullmatch(_plain(tail)) and _is_title(title[: last.start()]):
        return title[: last.start()], last.start(), tail.strip()
    return None


def _less_tail(title: str) -> tuple[str, int, str] | None:
    found = [match for tail in _TAILS if (match := tail.search(title)) is not None]
    if not found:
        return None
    longest = min(found, key=lambda match: match.start())
    rest = title[: longest.start()]
    if not _is_title(rest) or _whole_is_version(title):  # "Radio Edit" is no edit of a work that is called "Radio"
        return None
    return rest, longest.start(), longest[0].strip(" _-.,")


def _whole_is_version(title: str) -> bool:
    return re.fullmatch(rf"(?:(?:{_HOW}|{_STATE}) )*(?:{_NOUNS}|{_HOW}|{_STATE})(?: \d+)?", _plain(title)) is not None


def _is_title(text: str) -> bool:
    return _plain(text) not in _EMPTY_WORDS


def _plain(text: str) -> str:
    """Fold, and drop punctuation: apostrophes vanish, all else becomes a space."""
    folded = names.fold(text.translate(_QUOTES)).replace("&", " and ").replace("+", " and ")
    spaced = "".join(c if c.isalnum() else " " for c in folded)
    return " ".join("part" if word == "pt" else word for word in spaced.split())
