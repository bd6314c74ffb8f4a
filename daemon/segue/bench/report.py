"""Figures as plain values for JSON, and answers file by file as a table."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

from segue.bench.figures import Confidence, Cost, Figures, KeyFigures, TempoFigures, figures
from segue.bench.measures import FACTORS, Relation, Share, octave, relation, tempo_error
from segue.bench.truth import Answer, Known, Program, Truth

FILE_COLUMNS: Final = (
    "path", "group", "true_bpm", "bpm", "error_percent", "octave", "octave_error_percent", "bpm_confidence", "true_key",
    "key_trusted", "key", "relation", "key_confidence", "seconds", "cpu_seconds", "error",
)  # fmt: skip
"""Columns of the table file by file, which can itself be given to ``--compare``."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a measurement has found; after an interruption of the files that were done."""

    truth: Path
    rows: tuple[Known, ...]
    wanted: int
    """Rows that there were to do."""
    known: Truth
    programs: tuple[Program, ...]
    """Segue's answers first."""
    stages: Mapping[str, float] = field(default_factory=dict)
    """Segue's CPU seconds by stage, when they were asked for."""

    @property
    def interrupted(self) -> bool:
        """Whether it was broken off."""
        return len(self.rows) < self.wanted

    def figures(self, program: Program) -> Figures:
        """All figures of a program."""
        return figures(self.rows, program, all_keys=self.known.says_trust)

    def by_group(self, program: Program) -> dict[str, Figures]:
        """The figures of each group, by its name; nothing where the truth has none."""
        groups: dict[str, list[int]] = {}
        for number, row in enumerate(self.rows):
            groups.setdefault(row.group, []).append(number)
        if set(groups) <= {""}:
            return {}
        return {name: self._part(program, groups[name]) for name in sorted(groups)}

    def _part(self, program: Program, numbers: list[int]) -> Figures:
        answers = tuple(program.answers[number] for number in numbers)
        part = Program(program.name, answers, program.says_bpm, program.says_key)
        return figures([self.rows[number] for number in numbers], part, all_keys=self.known.says_trust)

    def failures(self, program: Program) -> list[tuple[Known, str]]:
        """Files without an answer, and why."""
        return [
            (row, "no answer" if answer is None else answer.error)
            for row, answer in zip(self.rows, program.answers, strict=True)
            if answer is None or answer.error
        ]


def as_json(outcome: Outcome) -> dict[str, Any]:
    """Everything but the answers file by file. Shares are 0..1, with the 95 % interval."""
    known = outcome.known
    return {
        "truth": str(outcome.truth),
        "files": len(outcome.rows),
        "wanted": outcome.wanted,
        "interrupted": outcome.interrupted,
        "nothing_to_judge": known.nothing_to_judge,
        "problems": [{"line": problem.line, "message": problem.sentence} for problem in known.problems],
        "programs": [
            {
                "name": program.name,
                **_all_figures(outcome.figures(program)),
                "stages": _per_minute(outcome, program),
                "groups": {name: _all_figures(part) for name, part in outcome.by_group(program).items()},
                "failures": [{"path": row.name, "error": why} for row, why in outcome.failures(program)],
                "problems": [{"line": problem.line, "message": problem.sentence} for problem in program.problems],
            }
            for program in outcome.programs
        ],
    }


def stages_per_minute(outcome: Outcome, cost: Cost | None) -> dict[str, float]:
    """Segue's CPU seconds a minute of audio by stage, the dearest first."""
    if cost is None or not outcome.stages:
        return {}
    dearest = sorted(outcome.stages.items(), key=lambda stage: -stage[1])
    return {stage: seconds / cost.minutes for stage, seconds in dearest}


def _per_minute(outcome: Outcome, program: Program) -> dict[str, float]:
    if program is not outcome.programs[0]:
        return {}
    found = stages_per_minute(outcome, outcome.figures(program).cost)
    return {stage: round(seconds, 5) for stage, seconds in found.items()}


def _all_figures(found: Figures) -> dict[str, Any]:
    return {
        "files": found.files,
        "answered": found.answered,
        "tempo": found.tempo and _tempo(found.tempo),
        "key": found.key and _key(found.key),
        "every_key": found.every_key and _key(found.every_key),
        "tempo_confidence": found.tempo_confidence and _confidence(found.tempo_confidence),
        "key_confidence": found.key_confidence and _confidence(found.key_confidence),
        "cpu_seconds_per_minute": found.cost and round(found.cost.per_minute, 5),
        "minutes": found.cost and round(found.cost.minutes, 3),
    }


def _share(found: Share) -> dict[str, Any]:
    value, interval = found.value, found.interval
    return {
        "share": None if value is None else round(value, 5),
        "of": found.of,
        "interval": None if interval is None else [round(end, 5) for end in interval],
    }


def _tempo(found: TempoFigures) -> dict[str, Any]:
    return {
        "acc1": _share(found.acc1),
        "acc2": _share(found.acc2),
        "within_1_percent": _share(found.within_1),
        "within_0_1_percent": _share(found.within_01),
        "within_1_percent_any_octave": _share(found.within_1_octave),
        "within_0_1_percent_any_octave": _share(found.within_01_octave),
        "median_error_percent": None if found.median_error is None else round(100 * found.median_error, 5),
        "octaves": found.octaves,
    }


def _key(found: KeyFigures) -> dict[str, Any]:
    return {
        "exact": _share(found.exact),
        "mirex": _share(found.mirex),
        "camelot_compatible": _share(found.compatible),
        "relations": found.relations,
    }


def _confidence(found: Confidence) -> dict[str, Any]:
    return {
        "sure": _share(found.sure),
        "given": found.given,
        "bins": [
            {
                "from": one.low,
                "to": one.high,
                "confidence": None if one.confidence is None else round(one.confidence, 4),
                **_share(one.right),
            }
            for one in found.bins
        ],
    }


def write_files(target: TextIO, rows: Sequence[Known], program: Program) -> None:
    """Write a program's answers file by file, in the order of the truth."""
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(FILE_COLUMNS)
    for row, answer in zip(rows, program.answers, strict=True):
        writer.writerow(_line(row, answer or Answer(error="no answer")))


def _line(row: Known, answer: Answer) -> tuple[object, ...]:
    error = level = level_error = ""
    if row.bpm is not None and answer.bpm:
        error = _percent(tempo_error(answer.bpm, row.bpm))
        level = octave(answer.bpm, row.bpm)
        level_error = _percent(tempo_error(answer.bpm, row.bpm * FACTORS[level])) if level in FACTORS else ""
    found = Relation.NONE if row.key is None else relation(answer.key, row.key)
    return (
        row.name,
        row.group,
        _plain(row.bpm),
        _plain(answer.bpm),
        error,
        level,
        level_error,
        _plain(answer.bpm_confidence),
        row.key or "",
        "" if row.key is None else ("no", "yes")[row.key_trusted],
        answer.key or "",
        found.value,
        _plain(answer.key_confidence),
        _plain(answer.seconds),
        _plain(answer.cpu_seconds),
        answer.error,
    )


def _percent(error: float) -> str:
    return f"{100 * error:.4f}"


def _plain(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}".rstrip("0").rstrip(".")
