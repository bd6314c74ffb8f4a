import numpy as np
import pytest
from music_support import clicks, onsets

from segue.analysis.tempo import estimate_tempo


def test_one_tempo_needs_no_stretches() -> None:
    assert estimate_tempo(onsets(clicks(123.4, seconds=90.0))).local == ()


def test_a_change_of_tempo_is_told() -> None:
    wave = np.concatenate([clicks(118.0, seconds=60.0), clicks(127.0, seconds=90.0)])
    found = estimate_tempo(onsets(wave))
    assert [part.bpm for part in found.local] == [pytest.approx(118.0, rel=0.006), pytest.approx(127.0, rel=0.006)]
    assert found.local[0].start == 0.0
    assert found.local[0].end == found.local[1].start == pytest.approx(60.0, abs=6.0)
    assert found.local[1].end == pytest.approx(150.0, abs=0.5)
    assert found.bpm == pytest.approx(127.0, rel=0.006)  # most of it


def test_a_long_break_is_no_change() -> None:
    wave = clicks(126.4, seconds=120.0)
    wave[40 * 16_000 : 70 * 16_000] = 0.0002 * np.random.default_rng(1).normal(size=30 * 16_000)
    assert estimate_tempo(onsets(wave)).local == ()


def test_a_drummer_who_gets_faster_is_followed() -> None:
    rng = np.random.default_rng(5)
    wave = 0.001 * rng.normal(size=120 * 16_000)
    moment = 0.1
    while moment < 119.0:
        start = round(moment * 16_000)
        wave[start : start + 400] += rng.normal(scale=0.3, size=400)
        moment += 60.0 / (100.0 + 10.0 * moment / 120.0)
    found = estimate_tempo(onsets(wave.astype(np.float32)))
    tempi = [part.bpm for part in found.local]
    assert len(tempi) >= 2
    assert tempi == sorted(tempi)
    assert tempi[0] == pytest.approx(101.5, rel=0.025)
    assert tempi[-1] == pytest.approx(108.5, rel=0.025)
