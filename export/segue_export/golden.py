"""What a file answers to a made-up spectrogram, and how far another machine's answer may be from it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from segue.networks.manifest import Golden, InputSpec
from segue.networks.providers import open_session
from segue.networks.sessions import golden_mel
from segue_export.targets import Array

TOLERANCE: Final = 1e-2
"""Of a file in which rounding does no more than it does to floats."""
_NUDGE: Final = 1e-4
"""dB by which the spectrogram is moved: ten times the rounding of a float of its size."""
_NUDGES: Final = 8


def golden_answer(path: Path, heard: InputSpec, phase: float) -> Golden:
    """The answer of a file to `golden_mel` of this phase."""
    labels, embedding = _said(path, golden_mel(phase, heard.mels, heard.frames))
    return Golden(phase, *([round(float(value), 5) for value in row[0]] for row in (labels, embedding)))


def rounding_tolerance(path: Path, heard: InputSpec, phase: float) -> float:
    """How far an answer may be from the golden one, in units of max(1, |value|).

    An 8-bit file rounds in every layer, and where a value lies on the border the last bit of a float decides: its spectrogram is moved by
    less than anyone could hear, and three times what that changes is allowed, but never less than 1e-2.
    """
    mel = golden_mel(phase, heard.mels, heard.frames)
    random = np.random.default_rng(1)
    moved = np.concatenate(
        [mel + random.uniform(-_NUDGE, _NUDGE, mel.shape).astype(np.float32) for _ in range(_NUDGES)]
    )
    wanted = np.concatenate(_said(path, mel), axis=1)
    said = np.concatenate([np.concatenate(_said(path, one[None]), axis=1) for one in moved])
    change = float((np.abs(said - wanted) / np.maximum(np.abs(wanted), 1.0)).max())
    return max(TOLERANCE, round(3 * change, 3))


def _said(path: Path, mel: Array) -> tuple[Array, Array]:
    session, _ = open_session(path, "cpu")
    labels, embedding, *_ = session.run(None, {"mel": mel})
    return labels, embedding
