"""An analysis as the message that goes over the wire and that `segue analyse --json` prints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from segue.analysis.details import details
from segue.analysis.result import TrackAnalysis
from segue.library.paths import shown
from segue.protocol.messages import Analysis


def report(path: Path, analysis: TrackAnalysis, *, vector: bool = False) -> Analysis:
    """The message of an analysis, numbers rounded to what they are worth; the vectors only when asked for."""
    return Analysis(
        path=shown(path),
        duration=round(analysis.duration, 3),
        bpm=None if analysis.tempo.bpm is None else round(analysis.tempo.bpm, 3),
        bpm_confidence=round(analysis.tempo.confidence, 3),
        bpm_alternatives=[round(bpm, 3) for bpm in analysis.tempo.alternatives],
        key=analysis.key.name,
        camelot=analysis.key.camelot,
        key_confidence=round(analysis.key.confidence, 3),
        key_alternatives=list(analysis.key.alternatives),
        energy=round(analysis.energy, 2),
        loudness=round(analysis.loudness, 2),
        features={name: round(value, 4) for name, value in analysis.features.items()},
        tags={name: round(value, 4) for name, value in analysis.tags.items()},
        model=analysis.model,
        tiled=analysis.tiled,
        damaged=analysis.damaged,
        details=details(analysis),
        vector=_listed(analysis.vector) if vector else None,
        head=_listed(analysis.head) if vector else None,
        tail=_listed(analysis.tail) if vector else None,
    )


def _listed(vector: npt.NDArray[np.float32]) -> list[float]:
    return [float(value) for value in vector]
