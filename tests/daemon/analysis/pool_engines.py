"""Engines that misbehave, for the tests of the pool: what to do is the name of the file."""

import ctypes
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

from segue.analysis.result import FileTags, Key, Probe, Tempo, TrackAnalysis
from segue.analysis.wire import WorkerReport
from segue.errors import DamagedAudioError, ModelMissingError

VECTOR = np.linspace(-1, 1, 5, dtype=np.float32)


def analysis(model: str = "test") -> TrackAnalysis:
    return TrackAnalysis(
        duration=61.5,
        tempo=Tempo(127.97, 0.9, (63.985,)),
        key=Key("A minor", "8A", 0.5, ("C major",)),
        energy=6.5,
        loudness=-9.25,
        features={"voice": 0.25},
        tags={"house": 0.75},
        vector=VECTOR,
        model=model,
        tiled=False,
        head=VECTOR[::-1].copy(),
        tail=-VECTOR,
        damaged=True,
    )


class ObedientEngine:
    """Does what the file's name says."""

    def report(self) -> WorkerReport:
        return WorkerReport("CPUExecutionProvider", "test", 5, ("house",), {"test": "1"})

    def probe(self, path: Path) -> Probe:
        return Probe(identity=path.name, duration=1.0, tags=FileTags(title="t", bpm=120.0))

    def analyse(self, path: Path, models: Path | None = None) -> TrackAnalysis:
        orders: dict[str, Callable[[], object]] = {
            "exit": lambda: os._exit(7),
            "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
            "segfault": lambda: ctypes.string_at(0),
            "abort": os.abort,
            "hang": lambda: time.sleep(3600),
            "spin": _spin,
            "eat": _eat,
            "gulp": _gulp,
            "doze": lambda: time.sleep(1.0),
            "raise": _raise,
            "refuse": _refuse,
        }
        order = orders.get(path.stem)
        if order is not None:
            order()
        return analysis(_describe_process() if path.stem == "describe" else "test")


class MissingEngine:
    def __init__(self) -> None:
        raise ModelMissingError("There is no model here.")


class StillbornEngine:
    def __init__(self) -> None:
        os._exit(9)


def _spin() -> None:
    while True:
        pass


def _eat() -> None:
    kept = []
    while True:
        kept.append(np.ones(2_000_000))
        time.sleep(0.02)


def _gulp() -> None:
    np.ones(2**40)


def _raise() -> None:
    raise RuntimeError("a fault of ours")


def _refuse() -> None:
    raise DamagedAudioError("refuse.mp3 is damaged.")


def _describe_process() -> str:
    process = psutil.Process()
    ignored = [name for name in ("SIGINT", "SIGTERM") if signal.getsignal(getattr(signal, name)) is signal.SIG_IGN]
    return f"{process.nice()} {os.environ['OMP_NUM_THREADS']} {','.join(ignored)}"
