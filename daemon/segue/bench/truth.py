"""What is known of files, and what a program says of them: rows of tables, checked."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue.bench.table import Problem, Record, Table, read_table
from segue.errors import BenchFileError
from segue.keys import parse_key

_TEMPI: Final = (10.0, 1000.0)
_YES: Final = frozenset({"yes", "y", "true", "t", "1", "trusted"})
_NO: Final = frozenset({"", "no", "n", "false", "f", "0"})


@dataclass(frozen=True, slots=True)
class Known:
    """What is true of one file."""

    line: int
    """Of the table, from 1."""
    name: str
    """The path as the table has it."""
    file: Path
    bpm: float | None
    """None: not judged."""
    key: str | None
    """A name of `segue.keys.KEYS`; None: not judged."""
    key_trusted: bool
    """Whether a listener would hear this key; True where the table does not say."""
    group: str


@dataclass(frozen=True, slots=True)
class Truth:
    """A table of true values."""

    rows: tuple[Known, ...]
    """In the order of the table; each has something to judge."""
    problems: tuple[Problem, ...]
    nothing_to_judge: int
    """Rows with neither tempo nor key."""
    says_trust: bool
    """Whether it has a column that says which keys to trust."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program says of one file."""

    bpm: float | None = None
    key: str | None = None
    """A name of `segue.keys.KEYS`."""
    bpm_confidence: float | None = None
    """0..1."""
    key_confidence: float | None = None
    """0..1."""
    seconds: float | None = None
    """Length of the audio."""
    cpu_seconds: float | None = None
    error: str = ""
    """Why there is no answer: a sentence, or a code and a sentence."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program's answers to the rows of a truth; None where it has none."""

    name: str
    answers: tuple[Answer | None, ...]
    says_bpm: bool = True
    says_key: bool = True
    problems: tuple[Problem, ...] = ()


def read_truth(path: Path, audio: Path | None = None) -> Truth:
    """Read true values; paths are relative to the table's folder, or to `audio`.

    Raises BenchFileError when nothing can be judged with the file; what is wrong with single rows is among the problems.
    """
    table = read_table(path)
    if not table.meanings & {"bpm", "key", "trusted"}:
        raise BenchFileError(f"{path} has neither a column bpm nor a column key: there is nothing to judge.")
    rows: list[Known] = []
    problems = list(table.problems)
    seen: dict[Path, int] = {}
    nothing = 0
    for record in table.records:
        known = _known(record, audio or path.parent, problems)
        if known is None:
            continue
        if known.file in seen:
            problems.append(Problem(record.line, f"{known.name} again, as on line {seen[known.file]}; the first holds"))
            continue
        seen[known.file] = record.line
        if known.bpm is None and known.key is None:
            nothing += 1
        else:
            rows.append(known)
    if not rows:
        what = f" Line {problems[0].line}: {problems[0].sentence}." if problems else ""
        raise BenchFileError(f"{path} has no row with a path and a tempo or a key.{what}")
    return Truth(tuple(rows), tuple(sorted(problems)), nothing, "trusted" in table.meanings)


def read_program(path: Path, name: str, rows: Sequence[Known]) -> Program:
    """Read another program's answers to these rows. Raises BenchFileError when it says nothing of any of them.

    A row is found by its path as the truth has it, else by the file that it names, else by a file name that is in the
    table once.
    """
    table = read_table(path)
    if not table.meanings & {"bpm", "key"}:
        raise BenchFileError(f"{path} has neither a column bpm nor a column key: there is nothing to compare.")
    problems = list(table.problems)
    answers = _by_path(table, path.parent, problems)
    found = tuple(_answer_to(row, answers) for row in rows)
    if not any(found):
        raise BenchFileError(f"{path} says nothing of any file of the truth: do its paths name the same files?")
    return Program(name, found, "bpm" in table.meanings, "key" in table.meanings, tuple(sorted(problems)))


def _known(record: Record, folder: Path, problems: list[Problem]) -> Known | None:
    name = record.text("path")
    if not name:
        problems.append(Problem(record.line, "no path; the row is left out"))
        return None
    bpm, key, trusted = _tempo(record, problems), _key(record, problems), True
    said = record.text("trusted")
    if "trusted" in record.cells:
        other = None if said.casefold() in _YES | _NO else parse_key(said)
        if other is not None:
            key = other
        elif said.casefold() not in _YES | _NO:
            problems.append(
                Problem(record.line, f"{said!r} does not say whether the key is to be trusted: write yes or no")
            )
        trusted = other is not None or said.casefold() in _YES
    return Known(record.line, name, locate(name, folder), bpm, key, trusted and key is not None, record.text("group"))


def _tempo(record: Record, problems: list[Problem]) -> float | None:
    text = record.text("bpm")
    try:
        bpm = record.number("bpm")
    except ValueError:
        problems.append(Problem(record.line, f"{text!r} is no tempo; it is not judged"))
        return None
    if bpm is not None and not _TEMPI[0] <= bpm <= _TEMPI[1]:
        problems.append(Problem(record.line, f"{text} is no tempo in beats a minute; it is not judged"))
        return None
    return bpm


def _key(record: Record, problems: list[Problem]) -> str | None:
    text = record.text("key")
    key = parse_key(text) if text else None
    if text and key is None:
        problems.append(Problem(record.line, f"{text!r} is no key, as in Am, F# minor, 8A or 1m; it is not judged"))
    return key


def locate(name: str, folder: Path) -> Path:
    """The file that a table means: also one with backslashes, or with its accents in the other Unicode form."""
    first = folder / name
    for spelt in (name, name.replace("\\", "/")):
        for form in (spelt, unicodedata.normalize("NFC", spelt), unicodedata.normalize("NFD", spelt)):
            if _is_file(folder / form):
                return folder / form
    return first


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or has a zero byte
        return False


@dataclass(frozen=True, slots=True)
class _Answers:
    by_name: dict[str, Answer]
    by_file: dict[Path, Answer]
    by_last: dict[str, Answer | None]
    """By the file's name alone; None where several have it."""


def _by_path(table: Table, folder: Path, problems: list[Problem]) -> _Answers:
    answers = _Answers({}, {}, {})
    for record in table.records:
        name = record.text("path")
        if not name:
            problems.append(Problem(record.line, "no path; the row is left out"))
            continue
        answer = _answer(record, problems)
        if name in answers.by_name:
            problems.append(Problem(record.line, f"{name} again; the first holds"))
            continue
        answers.by_name[name] = answer
        answers.by_file.setdefault(locate(name, folder).absolute(), answer)
        last = _last(name)
        answers.by_last[last] = None if last in answers.by_last else answer
    return answers


def _answer_to(row: Known, answers: _Answers) -> Answer | None:
    found = answers.by_name.get(row.name) or answers.by_file.get(row.file.absolute())
    return found or answers.by_last.get(_last(row.name))


def _last(name: str) -> str:
    return unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])


def _answer(record: Record, problems: list[Problem]) -> Answer:
    values: dict[str, float | None] = {}
    for meaning in ("bpm", "bpm_confidence", "key_confidence", "seconds", "cpu"):
        try:
            value = record.number(meaning)
        except ValueError:
            problems.append(Problem(record.line, f"{record.text(meaning)!r} is no number"))
            value = None
        values[meaning] = value if value is None or value >= 0 else None
    return Answer(
        bpm=values["bpm"] or None,
        key=_key(record, problems),
        bpm_confidence=values["bpm_confidence"],
        key_confidence=values["key_confidence"],
        seconds=values["seconds"],
        cpu_seconds=values["cpu"],
        error=record.text("error"),
    )
