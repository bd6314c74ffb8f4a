"""The workers' engine with a clock: what each file costs goes into a folder, a file of lines for each worker."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import msgspec

from segue.analysis.result import Embedding, Heard, Likeness, Probe, TrackAnalysis
from segue.analysis.wire import WorkerReport
from segue.analysis.worker import Engine, EngineFactory
from segue.audio.tag_writing.plan import TagOutcome, TagRequest
from segue.bench.stages import watched

_Result = TypeVar("_Result", Probe, TrackAnalysis, Embedding)


class _Line(msgspec.Struct):
    file: str
    """As hexadecimal bytes, for a path need not be text."""
    cpu_seconds: float
    stages: dict[str, float]


@dataclass(frozen=True, slots=True)
class Clocked:
    """Opens an engine that notes its processor time; it can be sent to a worker process."""

    open_engine: EngineFactory
    folder: Path
    by_stage: bool = False

    def __call__(self) -> Engine:
        """Open the engine."""
        return _ClockedEngine(self.open_engine(), self.folder / f"{os.getpid()}.jsonl", self.by_stage)


class _ClockedEngine:
    def __init__(self, engine: Engine, ledger: Path, by_stage: bool) -> None:
        self._engine = engine
        self._ledger = ledger
        self._by_stage = by_stage

    def report(self) -> WorkerReport:
        return self._engine.report()

    def probe(self, path: Path) -> Probe:
        return self._clocked(path, lambda: self._engine.probe(path))

    def analyse(self, path: Path, models: Path | None = None) -> TrackAnalysis:
        return self._clocked(path, lambda: self._engine.analyse(path, models))

    def embed(self, path: Path, models: Path | None = None) -> Embedding:
        return self._clocked(path, lambda: self._engine.embed(path, models))

    def listen(self, path: Path, models: Path | None = None) -> Heard:
        return self._engine.listen(path, models)

    def compare(self, path: Path, other: Path, speeds: Sequence[float]) -> tuple[Likeness, ...]:
        return self._engine.compare(path, other, speeds)

    def retag(self, path: Path, request: TagRequest) -> TagOutcome:
        return self._engine.retag(path, request)

    def _clocked(self, path: Path, work: Callable[[], _Result]) -> _Result:
        stages: dict[str, float] = {}
        began = time.process_time()  # of all threads
        try:
            if not self._by_stage:
                return work()
            with watched() as stages:
                return work()
        finally:
            line = _Line(os.fsencode(path).hex(), time.process_time() - began, dict(stages))
            with self._ledger.open("ab") as file:
                file.write(msgspec.json.encode(line) + b"\n")


@dataclass(slots=True)
class Ledger:
    """What the workers have noted."""

    seconds: dict[Path, float] = field(default_factory=lambda: defaultdict(float))
    """CPU seconds by file: reading its tags and identity, decoding, and the analysis."""
    stages: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    """CPU seconds by stage, of all files."""


def read_ledger(folder: Path) -> Ledger:
    """Read the notes of all workers; a line that a killed worker has left half is passed over."""
    ledger = Ledger()
    for path in sorted(folder.glob("*.jsonl")):
        for text in path.read_bytes().splitlines():
            try:
                line = msgspec.json.decode(text, type=_Line)
            except msgspec.DecodeError:
                continue
            ledger.seconds[Path(os.fsdecode(bytes.fromhex(line.file)))] += line.cpu_seconds
            for stage, seconds in line.stages.items():
                ledger.stages[stage] += seconds
    return ledger
