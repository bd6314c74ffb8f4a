"""Which beat is the "one": parts begin with a bar, so the bars that the form agrees with best are the right ones.

A snare sounds like a kick to many a detector of downbeats, and in club music every beat sounds like every other. But what comes
and goes, comes and goes with a bar. For each beat that might be the first of a bar, the recording is cut into parts; on
wrong bars every border leaves a bar that is half of one part and half of the next, and the cut costs more.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from segue.analysis.bars import bars_of
from segue.analysis.result import Tempo
from segue.analysis.segments import cut
from segue.analysis.timeline import Timeline

_LEAST_BARS: Final = 24
"""A recording of fewer has too few borders to tell."""
_LEAST_MARGIN: Final = 0.05
"""Share of the cost by which a beat must be better than another, to be believed against what the beats themselves say."""
_SURE_MARGIN: Final = 0.2


def settle_downbeat(timeline: Timeline, tempo: Tempo) -> Tempo:
    """The same tempo with the first downbeat that the form of the recording tells, if it tells one."""
    if tempo.bpm is None or tempo.first_beat is None or not tempo.has_grid:
        return tempo
    beat = 60.0 / tempo.bpm
    bar = tempo.beats_per_bar * beat
    given = tempo.first_beat if tempo.first_downbeat is None else tempo.first_downbeat
    choices = [replace(tempo, first_downbeat=(given + place * beat) % bar) for place in range(tempo.beats_per_bar)]
    looked_at = [bars_of(timeline, choice) for choice in choices]
    if len(looked_at[0].level) < _LEAST_BARS:
        return tempo
    cuts = [cut(bars) for bars in looked_at]
    costs = np.array([cost for _, cost in cuts])
    best = int(costs.argmin())
    margin = float((np.delete(costs, best).min() - costs[best]) / max(float(costs.mean()), 1e-9))
    if margin < _LEAST_MARGIN or len(cuts[best][0]) < 3:
        return tempo
    sure = min(margin / _SURE_MARGIN, 1.0)
    return replace(choices[best], bar_confidence=max(sure, tempo.bar_confidence if best == 0 else 0.0))
