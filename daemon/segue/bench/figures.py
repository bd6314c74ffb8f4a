"""All figures of one program on some files."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from segue.bench.measures import (
    COMPATIBLE,
    FACTORS,
    MIREX,
    Relation,
    Share,
    is_tempo,
    octave,
    relation,
    share,
    tempo_error,
)
from segue.bench.truth import Answer, Known, Program

SURE: Final = 0.9
"""A confidence from which on an estimate is meant to be relied on."""
BINS: Final = (0.0, 0.3, 0.5, 0.7, 0.8, SURE, 1.0)
_NO_ANSWER: Final = Answer()


@dataclass(frozen=True, slots=True)
class TempoFigures:
    """Shares of tempi that are right; a file without an answer is wrong."""

    acc1: Share
    """Within 4 % of the truth."""
    acc2: Share
    """The same, also of a third, half, double or triple of it."""
    within_1: Share
    """Within 1 %."""
    within_01: Share
    """Within 0.1 %."""
    within_1_octave: Share
    """Within 1 %, also of a third, half, double or triple."""
    within_01_octave: Share
    """Within 0.1 %, also of a third, half, double or triple."""
    median_error: float | None
    """Relative, of those that Acc1 calls right; None of none."""
    octaves: dict[str, int]
    """Files by `segue.bench.measures.octave`."""


@dataclass(frozen=True, slots=True)
class KeyFigures:
    """Shares of keys that are right; a file without an answer is wrong."""

    exact: Share
    mirex: Share
    """Mean weighted score."""
    compatible: Share
    """On the same or a neighbouring field of the Camelot wheel."""
    relations: dict[str, int]
    """Files by `segue.bench.measures.Relation`."""


class Bin(NamedTuple):
    """Files whose confidence is at least `low` and below `high` (at most, in the last one)."""

    low: float
    high: float
    confidence: float | None
    """Their mean confidence."""
    right: Share


@dataclass(frozen=True, slots=True)
class Confidence:
    """What a confidence is worth; files without an answer do not take part."""

    sure: Share
    """Right ones among those with a confidence of `SURE` or more."""
    given: int
    """Files with a confidence."""
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor time."""

    minutes: float
    """Of audio in the files of which the time is known."""
    cpu_seconds: float

    @property
    def per_minute(self) -> float:
        """CPU seconds a minute of audio."""
        return self.cpu_seconds / self.minutes


@dataclass(frozen=True, slots=True)
class Figures:
    """What a program got right; None where it, or the truth, says nothing."""

    files: int
    answered: int
    tempo: TempoFigures | None
    key: KeyFigures | None
    """Of the keys that the truth trusts."""
    every_key: KeyFigures | None
    """Of all keys; None where the truth trusts every one."""
    tempo_confidence: Confidence | None
    """Right means Acc1."""
    key_confidence: Confidence | None
    """Right means exact, among the keys that the truth trusts."""
    cost: Cost | None


def figures(rows: Sequence[Known], program: Program, *, all_keys: bool = False) -> Figures:
    """The figures of a program's answers to the first rows that it was asked; `all_keys`: also those not trusted."""
    pairs = [(row, answer or _NO_ANSWER) for row, answer in zip(rows, program.answers, strict=True)]
    tempi = [(row.bpm, answer) for row, answer in pairs if row.bpm is not None] if program.says_bpm else []
    keys = [(row.key, answer) for row, answer in pairs if row.key is not None] if program.says_key else []
    trusted = [(row.key, answer) for row, answer in pairs if row.key is not None and row.key_trusted]
    if not program.says_key:
        trusted = []
    return Figures(
        files=len(pairs),
        answered=sum(answer.bpm is not None or answer.key is not None for _, answer in pairs),
        tempo=_tempo(tempi),
        key=_key(trusted),
        every_key=_key(keys) if all_keys else None,
        tempo_confidence=_confidence(
            (answer.bpm_confidence, is_tempo(answer.bpm, bpm)) for bpm, answer in tempi if answer.bpm
        ),
        key_confidence=_confidence((answer.key_confidence, answer.key == key) for key, answer in trusted if answer.key),
        cost=_cost(answer for _, answer in pairs),
    )


def _tempo(pairs: list[tuple[float, Answer]]) -> TempoFigures | None:
    if not pairs:
        return None

    def right(tolerance: float, *, octaves: bool = False) -> Share:
        return share([is_tempo(answer.bpm, bpm, tolerance, octaves=octaves) for bpm, answer in pairs])

    errors = [abs(tempo_error(answer.bpm, bpm)) for bpm, answer in pairs if answer.bpm and is_tempo(answer.bpm, bpm)]
    counts = Counter(octave(answer.bpm, bpm) or "none" for bpm, answer in pairs)
    return TempoFigures(
        acc1=right(0.04),
        acc2=right(0.04, octaves=True),
        within_1=right(0.01),
        within_01=right(0.001),
        within_1_octave=right(0.01, octaves=True),
        within_01_octave=right(0.001, octaves=True),
        median_error=statistics.median(errors) if errors else None,
        octaves={name: counts[name] for name in (*FACTORS, "other", "none")},
    )


def _key(pairs: list[tuple[str, Answer]]) -> KeyFigures | None:
    if not pairs:
        return None
    relations = [relation(answer.key, key) for key, answer in pairs]
    counts = Counter(relations)
    return KeyFigures(
        exact=share([one is Relation.SAME for one in relations]),
        mirex=share([MIREX.get(one, 0.0) for one in relations]),
        compatible=share([one in COMPATIBLE for one in relations]),
        relations={one.value or "none": counts[one] for one in Relation},
    )


def _confidence(said: Iterable[tuple[float | None, bool]]) -> Confidence | None:
    pairs = [(confidence, right) for confidence, right in said if confidence is not None]
    if not pairs:
        return None
    bins = []
    for low, high in pairwise(BINS):
        inside = [pair for pair in pairs if low <= pair[0] and (pair[0] < high or high == BINS[-1])]
        mean = statistics.fmean(confidence for confidence, _ in inside) if inside else None
        bins.append(Bin(low, high, mean, share([right for _, right in inside])))
    return Confidence(share([right for confidence, right in pairs if confidence >= SURE]), len(pairs), tuple(bins))


def _cost(answers: Iterable[Answer]) -> Cost | None:
    known = [(one.seconds, one.cpu_seconds) for one in answers if one.seconds and one.cpu_seconds is not None]
    if not known:
        return None
    return Cost(sum(seconds for seconds, _ in known) / 60, sum(cpu for _, cpu in known))
