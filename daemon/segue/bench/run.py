"""Segue's own answers to the files of a truth, by the worker processes that analyse a library too."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Final

from segue.analysis.pool import AnalysisPool
from segue.analysis.result import TrackAnalysis
from segue.bench.engine import Ledger
from segue.bench.truth import Answer, Known
from segue.errors import FileMissingError, ModelError, SegueError, WorkerStartError
from segue.server.futures import then

_AHEAD: Final = 3
"""Files under way for each worker: enough that none waits while an early long file holds the answers back."""


def answers(pool: AnalysisPool, rows: Sequence[Known]) -> Iterator[Answer]:
    """Analyse the files; the answers come in their order. A file that fails gives an answer with its error.

    Raises WorkerStartError or a ModelError: then the installation is at fault, and no figure would say anything.
    """
    waiting: deque[Future[TrackAnalysis]] = deque()
    for row in rows:
        waiting.append(_start(pool, row))
        if len(waiting) >= _AHEAD * pool.workers:
            yield _answer(waiting.popleft())
    while waiting:
        yield _answer(waiting.popleft())


def with_costs(rows: Sequence[Known], found: Sequence[Answer], ledger: Ledger) -> tuple[Answer, ...]:
    """The answers with the processor time that the workers have noted."""
    return tuple(
        replace(answer, cpu_seconds=ledger.seconds.get(row.file)) for row, answer in zip(rows, found, strict=True)
    )


def _start(pool: AnalysisPool, row: Known) -> Future[TrackAnalysis]:
    if not row.file.exists():
        missing: Future[TrackAnalysis] = Future()
        missing.set_exception(FileMissingError(f"There is no file {row.file}."))
        return missing
    return then(pool.probe(row.file), lambda probe: pool.analyse(row.file, probe.duration))


def _answer(future: Future[TrackAnalysis]) -> Answer:
    try:
        found = future.result()
    except (WorkerStartError, ModelError):
        raise
    except SegueError as error:
        return Answer(error=f"{error.code}: {error.message}")
    return Answer(
        bpm=found.tempo.bpm,
        key=found.key.name,
        bpm_confidence=found.tempo.confidence,
        key_confidence=found.key.confidence,
        seconds=found.duration,
    )
