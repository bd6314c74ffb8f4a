import numpy as np
import pytest
from music_support import blocks, synthesise

from segue.analysis import timeline as columns
from segue.analysis.energy import curve_length, energy, energy_curve
from segue.analysis.loudness import LoudnessMeter
from segue.analysis.timeline import Timeline
from segue.frontend.mel import Waveform, mel_db, stft_stream


def heard(wave: Waveform, size: int = 60_000) -> tuple[Timeline, LoudnessMeter]:
    timeline, loudness = Timeline(), LoudnessMeter()
    for power in stft_stream(blocks(wave, size)):
        timeline.add(power, mel_db(power, 96))
        loudness.add(power)
    return timeline, loudness


def curve(wave: Waveform) -> list[float]:
    timeline, loudness = heard(wave)
    return list(energy_curve(timeline, loudness.steps()))


def test_energy_follows_the_music() -> None:
    order = [("ambient", 80.0, "C major"), ("house", 122.0, "A minor"), ("techno", 140.0, "C minor")]
    found = [energy(heard(synthesise(style, bpm, key, 20.0))[0]) for style, bpm, key in order]
    assert found == sorted(found)
    assert found[-1] > found[0] + 3
    assert all(1.0 <= value <= 10.0 for value in found)


@pytest.mark.parametrize("style", ["techno", "house", "ambient"])
@pytest.mark.parametrize("decibels", [-6, -20])
def test_a_quiet_master_has_the_same_energy_and_the_same_curve(style: str, decibels: int) -> None:
    wave = synthesise(style, 128.0, seconds=24.0)
    quiet = wave * np.float32(10 ** (decibels / 20))
    assert energy(heard(quiet)[0]) == pytest.approx(energy(heard(wave)[0]), abs=0.1)
    np.testing.assert_allclose(curve(quiet), curve(wave), atol=0.2)


def test_silence_and_moments_have_an_energy() -> None:
    for samples in (300, 16_000, 100_000):
        assert energy(heard(np.zeros(samples, np.float32))[0]) == 1.0
        assert curve(np.zeros(samples, np.float32)) == [1.0] * curve_length(1 + samples // 256)
    assert len(curve(synthesise("house", 124.0, seconds=0.2))) == 1


def test_the_curve_falls_where_the_music_is_calm() -> None:
    hard, calm = synthesise("techno", 140.0, seconds=20.0), 0.3 * synthesise("ambient", 80.0, seconds=20.0)
    found = curve(np.concatenate([hard, calm, hard]))
    assert len(found) == 15
    assert max(found[6:9]) < min(found[:4]) - 2
    assert max(found[6:9]) < min(found[11:14]) - 2
    silent = np.concatenate([hard, np.zeros(16_000 * 12, np.float32), hard])
    assert curve(silent)[6] == 1.0


def test_blocks_of_any_length_give_the_same_timeline() -> None:
    wave = synthesise("house", 124.0, seconds=10.0)
    edges = np.array([0.0, 13.7, 100.2, 400.0, 626.0])
    one, other = (heard(wave, size)[0].sums(edges) for size in (160_000, 7_001))
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(one[:, columns.FRAMES], np.diff(edges), rtol=1e-6)


def test_a_long_recording_is_kept_in_longer_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    wave = synthesise("house", 124.0, seconds=30.0)
    edges = np.arange(0.0, 1875.0, 125.0)
    exact = heard(wave)[0].sums(edges)
    monkeypatch.setattr(columns, "_MOST_STEPS", 100)
    coarse = heard(wave)[0]
    assert coarse.frames == 1876
    np.testing.assert_allclose(coarse.sums(edges).sum(axis=0), exact.sum(axis=0), rtol=2e-2)
    np.testing.assert_allclose(coarse.sums(edges)[:, columns.FRAMES], 125.0, rtol=1e-6)
