"""What goes over the wire of a recording from moment to moment."""

from dataclasses import replace

import pytest

from library_support import analysis
from segue.analysis.details import details
from segue.analysis.result import LocalTempo, Tempo

SURE = Tempo(124.0, 0.8, first_beat=0.1, first_downbeat=0.5, bar_confidence=0.7)


def test_a_tempo_that_holds_has_a_grid() -> None:
    grid = details(replace(analysis("x"), tempo=SURE)).grid
    assert grid is not None
    assert (grid.bpm, grid.first_beat, grid.first_downbeat) == (124.0, 0.1, 0.5)
    assert details(replace(analysis("x"), tempo=replace(SURE, confidence=0.1))).grid is not None


@pytest.mark.parametrize(
    "tempo",
    [
        replace(SURE, confidence=0.05),
        replace(SURE, first_beat=None),
        replace(SURE, local=(LocalTempo(0.0, 60.0, 120.0), LocalTempo(60.0, 180.0, 128.0))),
        Tempo(None, 0.0),
    ],
)
def test_a_guess_a_change_and_no_beat_have_none(tempo: Tempo) -> None:
    assert not tempo.has_grid
    assert details(replace(analysis("x"), tempo=tempo)).grid is None
