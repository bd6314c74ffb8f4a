"""What runs in a worker process: it opens its engine once and then works through the files it is given."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from segue.analysis import background, wire
from segue.analysis.result import Embedding, Heard, Likeness, Probe, TrackAnalysis
from segue.audio.tag_writing.plan import TagOutcome, TagRequest
from segue.errors import AnalysisMemoryError, SegueError, WorkerError

if TYPE_CHECKING:
    from segue.networks.providers import ProviderChoice

_log = logging.getLogger(__name__)

_CPU: Final = "CPUExecutionProvider"


class Engine(Protocol):
    """What a worker does with files."""

    def report(self) -> wire.WorkerReport:
        """What the engine is; called once, when it is warm."""
        ...

    def probe(self, path: Path) -> Probe:
        """Identity and tags. Raises a SegueError."""
        ...

    def analyse(self, path: Path, models: Path | None = None) -> TrackAnalysis:
        """Everything, with the networks of a folder or the engine's own. Raises a SegueError."""
        ...

    def listen(self, path: Path, models: Path | None = None) -> Heard:
        """Everything, and the sections and windows each by itself. Raises a SegueError."""
        ...

    def embed(self, path: Path, models: Path | None = None) -> Embedding:
        """Only what the networks say. Raises a SegueError."""
        ...

    def compare(self, path: Path, other: Path, speeds: Sequence[float]) -> tuple[Likeness, ...]:
        """Stretches of a file that are nearly ones of another. Raises a SegueError."""
        ...

    def retag(self, path: Path, request: TagRequest) -> TagOutcome:
        """Make a copy of a file with other tags. Raises a SegueError."""
        ...


EngineFactory = Callable[[], Engine]


def open_analysis_engine(models: Path, provider: ProviderChoice) -> Engine:
    """The engine that analyses music. Raises a ModelError when its networks cannot be used."""
    # Not at the top: the daemon imports this module, and must not load ONNX Runtime for it.
    from segue.analysis.engine import AnalysisEngine  # noqa: PLC0415

    return AnalysisEngine(models, provider)


def main(connection: Connection, open_engine: EngineFactory, growth_limit_mb: int) -> None:
    """The life of a worker process: it ends with the daemon or when the daemon closes the pipe."""
    background.ignore_the_terminal()
    background.die_with_parent()
    background.step_back()
    try:
        engine = open_engine()
        report = engine.report()
        if report.provider == _CPU:  # a GPU's driver maps more memory than it takes
            background.limit_growth(growth_limit_mb)
        connection.send_bytes(wire.encode(wire.Ready(report)))
    except SegueError as error:
        connection.send_bytes(wire.encode(wire.Failure.of(error)))
        return
    while True:
        try:
            job = wire.decode_job(connection.recv_bytes())
        except EOFError:
            return
        connection.send_bytes(_answer(engine, job))


def _answer(engine: Engine, job: wire.Job) -> bytes:
    try:
        if job.task == "probe":
            return wire.encode(wire.Probed(engine.probe(job.path)))
        if job.task == "embed":
            return wire.encode(wire.Embedded(engine.embed(job.path, job.models_folder)))
        if job.task == "listen":
            return wire.encode(wire.Listened(engine.listen(job.path, job.models_folder)))
        if job.task == "compare":
            return wire.encode(wire.Compared(engine.compare(job.path, job.other_path, job.speeds)))
        if job.tags is not None:
            return wire.encode(wire.Retagged(engine.retag(job.path, job.tags)))
        return wire.encode(wire.Analysed(engine.analyse(job.path, job.models_folder)))
    except SegueError as error:
        failure = error
    except MemoryError:
        failure = AnalysisMemoryError(f"{job.name} needs more memory than an analysis may take.")
    except Exception as error:  # noqa: BLE001, a fault of ours costs this file only, and is seen
        _log.exception("analysis of %s", job.name)
        failure = WorkerError(f"{job.name} cannot be analysed ({type(error).__name__}: {error}).")
    return wire.encode(wire.Failure.of(failure))
