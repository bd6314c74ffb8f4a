import numpy as np
import pytest
from music_support import onsets, synthesise

from segue.analysis.result import Tempo
from segue.analysis.tempo import estimate_tempo
from segue.frontend.mel import Waveform


def off_beat(found: Tempo, moment: float) -> float:
    """Seconds from a moment to the nearest beat of a grid."""
    assert found.bpm is not None
    assert found.first_beat is not None
    period = 60.0 / found.bpm
    return abs((found.first_beat - moment + period / 2) % period - period / 2)


def drums(bpm: float, beats: int, seconds: float, silence: float = 0.0) -> Waveform:
    """A kick on the first beat of a bar, snares on the others, hats between."""
    rng = np.random.default_rng(4)
    wave = 0.001 * rng.normal(size=round((seconds + silence) * 16_000))
    time = np.arange(3_000) / 16_000
    kick = np.sin(2 * np.pi * 55.0 * time) * np.exp(-time * 18) * 1.5
    snare = rng.normal(size=3_000) * np.exp(-time * 30) * 0.6
    hat = np.diff(rng.normal(size=3_001)) * np.exp(-time * 90) * 0.2
    for half in range(int(seconds * bpm / 30) - 2):
        start = round((silence + half * 30.0 / bpm) * 16_000)
        sound = hat if half % 2 else (kick if half // 2 % beats == 0 else snare)
        wave[start : start + 3_000] += sound
    return (0.3 * wave).astype(np.float32)


@pytest.mark.parametrize(("bpm", "silence"), [(122.0, 0.0), (126.37, 1.234), (138.0, 0.31), (96.5, 2.0)])
def test_beats_lie_where_the_drums_are(bpm: float, silence: float) -> None:
    found = estimate_tempo(onsets(drums(bpm, 4, 40.0, silence)))
    assert found.bpm == pytest.approx(bpm, rel=0.0005)
    assert off_beat(found, silence) < 0.02


def test_the_first_beat_and_the_first_bar_are_the_first() -> None:
    found = estimate_tempo(onsets(drums(122.0, 4, 40.0, 3.21)))
    assert found.bpm is not None
    assert found.first_beat is not None
    assert found.first_downbeat is not None
    period = 60.0 / found.bpm
    assert 0.0 <= found.first_beat < period
    assert 0.0 <= found.first_downbeat < found.beats_per_bar * period
    beats = (found.first_downbeat - found.first_beat) / period
    assert beats == pytest.approx(round(beats), abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("style", "bpm"), [("house", 124.0), ("techno", 131.5), ("trance", 137.0), ("rock", 118.0)])
def test_bars_of_whole_tracks(style: str, bpm: float) -> None:
    found = estimate_tempo(onsets(synthesise(style, bpm, seconds=60.0)))
    assert off_beat(found, 0.0) < 0.03
    assert found.beats_per_bar == 4
    assert found.first_downbeat is not None
    bar = 240.0 / bpm
    assert abs((found.first_downbeat + bar / 2) % bar - bar / 2) < 0.03
