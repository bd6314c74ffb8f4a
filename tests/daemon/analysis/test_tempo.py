import numpy as np
import pytest
from music_support import clicks, onsets, synthesise

from segue.analysis.tempo import estimate_tempo

STYLES = {
    "house": (118.0, 123.4, 127.97),
    "techno": (126.3, 135.0, 145.5),
    "trance": (132.5, 138.0),
    "drum-and-bass": (168.2, 174.0, 177.6),
    "hip-hop": (78.5, 87.0, 95.3),
    "dub": (72.0, 76.4),
    "rock": (112.7, 148.0, 160.0),
}


@pytest.mark.parametrize("bpm", [70.0, 83.7, 97.3, 110.0, 120.0, 128.5, 139.9, 150.0, 164.2, 178.0])
def test_clicks_are_counted_exactly(bpm: float) -> None:
    found = estimate_tempo(onsets(clicks(bpm)))
    assert found.bpm == pytest.approx(bpm, rel=0.0005)
    assert found.confidence > 0.1


@pytest.mark.slow
@pytest.mark.parametrize(("style", "bpm"), [(style, bpm) for style, tempi in STYLES.items() for bpm in tempi])
def test_music_is_counted_exactly_at_the_usual_level(style: str, bpm: float) -> None:
    assert estimate_tempo(onsets(synthesise(style, bpm))).bpm == pytest.approx(bpm, rel=0.001)


def test_half_and_double_are_among_the_alternatives() -> None:
    found = estimate_tempo(onsets(clicks(87.0)))
    assert any(other == pytest.approx(174.0, rel=0.01) for other in found.alternatives)
    assert all(40 <= other <= 250 for other in found.alternatives)


def test_a_long_break_does_not_disturb_the_line() -> None:
    wave = clicks(126.4, seconds=90.0)
    wave[30 * 16_000 : 60 * 16_000] = 0.0002 * np.random.default_rng(1).normal(size=30 * 16_000)
    assert estimate_tempo(onsets(wave)).bpm == pytest.approx(126.4, rel=0.001)


def test_a_drummer_who_sways_is_followed() -> None:
    rng = np.random.default_rng(5)
    wave = np.zeros(60 * 16_000, dtype=np.float32)
    for beat in range(int(60 / 60 * 104) - 1):
        start = round((beat * 60 / 104 + rng.normal(scale=0.012)) * 16_000) + 400
        wave[start : start + 400] += rng.normal(scale=0.3, size=400).astype(np.float32)
    assert estimate_tempo(onsets(wave)).bpm == pytest.approx(104.0, rel=0.003)


def test_noise_has_no_sure_tempo() -> None:
    noise = (0.1 * np.random.default_rng(2).normal(size=30 * 16_000)).astype(np.float32)
    assert estimate_tempo(onsets(noise)).confidence < 0.2


def test_silence_and_a_moment_have_no_tempo() -> None:
    assert estimate_tempo(onsets(np.zeros(20 * 16_000, dtype=np.float32))).bpm is None
    assert estimate_tempo(onsets(clicks(120, seconds=2.5))).bpm is None


def test_a_mix_is_read_from_end_to_end() -> None:
    other, music = onsets(clicks(97.0, seconds=60.0)), onsets(clicks(120.0, seconds=60.0))
    mix = np.concatenate([np.tile(other, (1, 3)), np.tile(music, (1, 8)), np.tile(other, (1, 3))], axis=1)
    found = estimate_tempo(mix)
    assert [part.bpm for part in found.local] == [pytest.approx(bpm, rel=0.006) for bpm in (97.0, 120.0, 97.0)]
    assert found.bpm == pytest.approx(120.0, rel=0.006)  # most of it


@pytest.mark.parametrize("shape", ["sine", "chord", "bright"])
def test_held_tones_have_no_sure_tempo(shape: str) -> None:
    time = np.arange(40 * 16_000) / 16_000
    waves = {
        "sine": np.sin(2 * np.pi * 440.0 * time),
        "chord": sum(np.sin(2 * np.pi * hertz * time) for hertz in (220.0, 277.18, 329.63)),
        "bright": sum(np.sin(2 * np.pi * k * hertz * time) / k for hertz in (110.0, 164.81) for k in range(1, 30)),
    }
    assert estimate_tempo(onsets((0.1 * waves[shape]).astype(np.float32))).confidence < 0.3


def test_noise_does_not_change_its_tempo() -> None:
    noise = (0.1 * np.random.default_rng(2).normal(size=120 * 16_000)).astype(np.float32)
    assert estimate_tempo(onsets(noise)).local == ()
