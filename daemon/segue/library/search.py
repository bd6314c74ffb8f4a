"""Finding tracks by words, however they are typed."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from typing import Final

from segue.library import names

_WORD = re.compile(r"[^\W_]+")
_NO_TEXT = re.compile("[\ud800-\udfff\0]")
_TEXT_AT_MOST: Final = 512
_WORDS_AT_MOST: Final = 16
_LETTERS_AT_MOST: Final = 64
_WEIGHTS: Final = "10.0, 8.0, 3.0, 2.0, 1.0, 2.0"
"""Of title, artist, album, genre, comment and file name in the ranking."""
_FOLDER: Final = r"rtrim(shown, replace(replace(shown, '/', ''), '\', ''))"
_NAME: Final = f"replace(substr(shown, length({_FOLDER}) + 1), '_', ' ')"
"""Of a file, without its folder; what stands before its last dot is its stem."""


def write(db: sqlite3.Connection, track_id: int, path: str) -> None:
    """Index a track's words anew, from its row and the name of its file."""
    db.execute("DELETE FROM words WHERE rowid = ?", (track_id,))
    file = names.text_or_none(" ".join(x for x in reversed(names.from_file_name(path)) if x))
    db.execute(
        """INSERT INTO words (rowid, title, artist, album, genre, comment, file)
           SELECT id, title, artist, album, genre, comment, ? FROM tracks WHERE id = ?""",
        (file, track_id),
    )


def find(db: sqlite3.Connection, text: str, limit: int) -> list[int]:
    """Return the tracks whose words begin with all words of a text, best first; any text will do.

    Tracks that are there come before missing ones. Without a match by words, a part of a title, artist or path is looked
    for; without any text, the newest tracks are returned.
    """
    if not text.strip():
        return _newest(db, limit)
    return _by_words(db, text, limit) or _by_part(db, text, limit)


def named(db: sqlite3.Connection, text: str, limit: int) -> list[int]:
    """Return the tracks that a text may name: by title, artist, album and the file's own name without folder and suffix.

    Those that have the text as their title come first, then those with all of its words whole, then those whose words only
    begin with them. Without a match by words, a part of those names is looked for.
    """
    return list(dict.fromkeys(_by_name(db, text, limit))) or _by_part_of_name(db, text, limit)


def queued_or_failed(db: sqlite3.Connection, text: str) -> tuple[str, str, str | None] | None:
    """Find a file that is not a track yet by words of its name: its path to show, its state and the error's message."""
    wanted = [f"%{_escaped(word)}%.%" for word in _words(text)] or [f"%{_escaped(text.strip())}%.%"]
    likes = " AND ".join([f"{_NAME} LIKE ? ESCAPE '!'"] * len(wanted))
    found: tuple[str, str, str | None] | None = db.execute(
        f"""SELECT shown, state, error_message FROM files
            WHERE track_id IS NULL AND state IN ('queued', 'failed') AND {likes} LIMIT 1""",
        wanted,
    ).fetchone()
    return found


def _newest(db: sqlite3.Connection, limit: int) -> list[int]:
    rows = db.execute("SELECT id FROM tracks WHERE standing = 2 ORDER BY id DESC LIMIT ?", (limit,))
    return [row[0] for row in rows]


def _by_words(db: sqlite3.Connection, text: str, limit: int) -> list[int]:
    words = _words(text)
    if not words:
        return []
    # Each word is a quoted string, in which FTS5 knows no operators; it holds letters and digits only.
    query = " ".join(f'"{word}"*' for word in words)
    rows = db.execute(
        f"""SELECT t.id FROM words JOIN tracks t ON t.id = words.rowid
            WHERE words MATCH ? AND t.standing > 0 ORDER BY t.standing DESC, bm25(words, {_WEIGHTS}), t.id LIMIT ?""",
        (query, limit),
    )
    return [row[0] for row in rows]


def _by_name(db: sqlite3.Connection, text: str, limit: int) -> list[int]:
    words = _words(text)
    if not words:
        return []
    title = " ".join(clean(text).replace("_", " ").split()).lower()
    found: list[int] = []
    for sign in ("", "*"):
        query = "{title artist album file} : (" + " ".join(f'"{word}"{sign}' for word in words) + ")"
        rows = db.execute(
            f"""SELECT t.id FROM words JOIN tracks t ON t.id = words.rowid
                WHERE words MATCH ? AND t.standing > 0
                ORDER BY replace(lower(t.title), '_', ' ') = ? DESC, t.standing DESC, bm25(words, {_WEIGHTS}), t.id
                LIMIT ?""",
            (query, title, limit),
        )
        found += [row[0] for row in rows]
    return found


def _by_part_of_name(db: sqlite3.Connection, text: str, limit: int) -> list[int]:
    part = f"%{_escaped(text.replace('_', ' ').strip())}%"
    # The whole path is looked at first, any character standing for a space: to find a name in it takes several times as long.
    rows = db.execute(
        f"""SELECT t.id FROM tracks t WHERE t.standing > 0 AND (
                t.title LIKE ?1 ESCAPE '!' OR t.artist LIKE ?1 ESCAPE '!' OR t.album LIKE ?1 ESCAPE '!'
                OR t.id IN (SELECT track_id FROM files WHERE shown LIKE ?3 ESCAPE '!' AND {_NAME} LIKE ?1 || '.%' ESCAPE '!'))
            ORDER BY t.standing DESC, t.id LIMIT ?2""",
        (part, limit, part.replace(" ", "_")),
    )
    return [row[0] for row in rows]


def _by_part(db: sqlite3.Connection, text: str, limit: int) -> list[int]:
    part = f"%{_escaped(text.strip())}%"
    rows = db.execute(
        """SELECT t.id FROM tracks t WHERE t.standing > 0 AND (
               t.title LIKE ?1 ESCAPE '!' OR t.artist LIKE ?1 ESCAPE '!'
               OR EXISTS (SELECT 1 FROM files f WHERE f.track_id = t.id AND f.shown LIKE ?1 ESCAPE '!'))
           ORDER BY t.standing DESC, t.id LIMIT ?2""",
        (part, limit),
    )
    return [row[0] for row in rows]


def _words(text: str) -> list[str]:
    composed = unicodedata.normalize("NFC", clean(text))
    return [word[:_LETTERS_AT_MOST] for word in _WORD.findall(composed)][:_WORDS_AT_MOST]


def _escaped(text: str) -> str:
    return re.sub(r"([!%_])", r"!\1", clean(text))


def clean(text: str) -> str:
    """Make any text safe to look for: what is no valid Unicode becomes U+FFFD, as in the paths that are shown."""
    return _NO_TEXT.sub("\ufffd", text)[:_TEXT_AT_MOST]
