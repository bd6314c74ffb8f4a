"""Where the processor time of an analysis goes, by looking at what runs every few milliseconds of it.

The kernel's profiling timer counts the time of all threads. When it rings, the time since the last look is put down to the
innermost function of ours: so a long call into a library counts for whoever made it, however long it lasted.
"""

from __future__ import annotations

import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

STAGES: Final = {
    "segue.audio": "decode",
    "segue.frontend": "spectra",
    "segue.frontend.k_weighting": "energy, structure, rest",
    "segue.networks": "networks",
    "segue.analysis.windows": "networks",
    "segue.analysis.ear": "networks",
    "segue.analysis.tempo": "tempo",
    "segue.analysis.onsets": "tempo",
    "segue.analysis.pulse": "tempo",
    "segue.analysis.level": "tempo",
    "segue.analysis.grid": "tempo",
    "segue.analysis.line": "tempo",
    "segue.analysis.local_tempo": "tempo",
    "segue.analysis.beat": "tempo",
    "segue.analysis.bar": "tempo",
    "segue.analysis.key": "key",
    "segue.analysis.chroma": "key",
    "segue.analysis.tuning": "key",
    "segue.analysis": "energy, structure, rest",
}
"""Stages by the beginning of a module's name; the longest that fits holds."""
REST: Final = "energy, structure, rest"
_EVERY: Final = 0.002
_BY_LENGTH: Final = sorted(STAGES, key=len, reverse=True)


def can_watch() -> bool:
    """Whether this system has a profiling timer."""
    return hasattr(signal, "setitimer") and hasattr(signal, "SIGPROF")


@contextmanager
def watched() -> Iterator[dict[str, float]]:
    """Within this context, fill a dictionary with CPU seconds by stage; for the main thread of a process."""
    seconds: dict[str, float] = defaultdict(float)
    last = time.process_time()

    def look(_signal: int, frame: FrameType | None) -> None:
        nonlocal last
        now = time.process_time()
        seconds[_stage(frame)] += now - last
        last = now

    before = signal.signal(signal.SIGPROF, look)
    signal.siginterrupt(signal.SIGPROF, False)
    signal.setitimer(signal.ITIMER_PROF, _EVERY, _EVERY)
    try:
        yield seconds
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        seconds[REST] += time.process_time() - last


def _stage(frame: FrameType | None) -> str:
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        for beginning in _BY_LENGTH:
            if module.startswith(beginning):
                return STAGES[beginning]
        frame = frame.f_back
    return REST
