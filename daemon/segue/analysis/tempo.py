"""Onsets → tempo and beat grid.

1. The pulses of the onsets tell at which tempi they repeat (`segue.analysis.pulse`).
2. Of these, their halves, doubles and thirds, the beat is chosen (`segue.analysis.levels`).
3. It is made exact, and a line through the beats says whether they keep to it (`segue.analysis.line`).
4. Where they do not, the tempo from moment to moment is given (`segue.analysis.local_tempo`).
5. Beats and bars are laid over the recording (`segue.analysis.grid`).

This is numpy throughout: importing the compiled tracker of librosa would cost each worker two seconds and 100 MB.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from segue.analysis.grid import GridFinder
from segue.analysis.levels import Choice, LevelChooser, levels
from segue.analysis.line import Line, exact_tempo, fit_line
from segue.analysis.local_tempo import local_tempi
from segue.analysis.onsets import ROWS, Onsets
from segue.analysis.pulse import Periodicity, periodicity, pulses
from segue.analysis.result import LocalTempo, Tempo
from segue.frontend.constants import FRAME_RATE

_MIN_SECONDS: Final = 3.0
_STILL_DB: Final = 1.8
_LIVELY_DB: Final = 3.8
"""Rise in a frame that one in a hundred exceeds, in the row where it is highest: held tones waver by less than the first (a
pulse that is found there is made of their beating), rendered music has more than the second."""
_CLEAR: Final = 0.15
"""Salience from which on a pulse is clear."""
_STEADY: Final = 0.9
_WANDERING: Final = 0.2
"""With more agreement and less drift than these there is one tempo."""
_NO_LINE: Final = 0.4
_LINE: Final = 0.8
"""Agreement of noise, and of beats that follow a line well enough."""
_ALTERNATIVES: Final = 3
_TRIPLE: Final = 0.5


def estimate_tempo(onsets: Onsets, chooser: LevelChooser | None = None, finder: GridFinder | None = None) -> Tempo:
    """Tempo and beat grid of onsets at 62.5 frames a second, shape (16, frames).

    Without any pulse, or in less than three seconds, the tempo is None. The networks that come with Segue are used unless
    others are given.
    """
    begins = _begins(onsets)
    if begins < _STILL_DB:
        return Tempo(bpm=None, confidence=0.0)
    found = pulses(onsets)
    scores = periodicity(found.joined)
    if scores is None:
        return Tempo(bpm=None, confidence=0.0)
    choice = (chooser or LevelChooser.shipped()).choose(levels(onsets, found, scores))
    best = int(choice.probability.argmax())
    bpm = exact_tempo(found, float(choice.bpm[best]))
    throughout = pulses(onsets, whole=True).joined
    line = fit_line(throughout, bpm)
    steady = line.agreement > _STEADY and line.drift < _WANDERING
    local = () if steady else local_tempi(throughout, bpm)
    if local:
        bpm = _middle(local)
    grid = (finder or GridFinder.shipped()).find(onsets, bpm, 3 if choice.triple[best] > _TRIPLE else 4)
    return Tempo(
        bpm=bpm,
        confidence=_confidence(choice, best, scores, line, begins, changing=bool(local)),
        alternatives=_alternatives(choice, best, bpm),
        first_beat=grid.first_beat,
        beats_per_bar=grid.beats_per_bar,
        first_downbeat=grid.first_downbeat,
        bar_confidence=0.0 if local else grid.confidence,
        local=local,
    )


def _begins(onsets: Onsets) -> float:
    """How strongly sounds begin, in dB from frame to frame; 0 where there is too little to tell."""
    if onsets.shape[1] < _MIN_SECONDS * FRAME_RATE:
        return 0.0
    return float(np.quantile(onsets[: len(ROWS)], 0.99, axis=1).max())


def _middle(local: tuple[LocalTempo, ...]) -> float:
    """The tempo that most of the recording has."""
    ordered = sorted(local, key=lambda part: part.bpm)
    reached = np.cumsum([part.end - part.start for part in ordered])
    return ordered[int(np.searchsorted(reached, reached[-1] / 2))].bpm


def _confidence(choice: Choice, best: int, scores: Periodicity, line: Line, begins: float, *, changing: bool) -> float:
    """The probability of the level, less where hardly anything begins or repeats, or the beats do not follow the tempo."""
    lively = float(np.clip((begins - _STILL_DB) / (_LIVELY_DB - _STILL_DB), 0.0, 1.0))
    clear = min(scores.salience / _CLEAR, 1.0)
    follows = 1.0 if changing else float(np.clip((line.agreement - _NO_LINE) / (_LINE - _NO_LINE), 0.0, 1.0))
    return float(np.clip(choice.probability[best] * lively * clear * follows, 0.0, 1.0))


def _alternatives(choice: Choice, best: int, bpm: float) -> tuple[float, ...]:
    """The other levels, most likely first, as exact as the tempo."""
    order = [row for row in np.argsort(-choice.probability) if row != best]
    return tuple(round(bpm * float(choice.bpm[row] / choice.bpm[best]), 2) for row in order[:_ALTERNATIVES])
