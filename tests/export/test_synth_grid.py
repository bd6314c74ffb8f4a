"""The grid is exact: what is labelled is what sounds, after mastering too, and the daemon's own analysis agrees."""

from __future__ import annotations

import numpy as np
import pytest
from synth_support import heard, off_grid, only_kicks, onsets_of

from segue_export.synth import clips, finishing, sound, steps
from segue_export.synth.clips import STYLES
from segue_export.synth.composition import RATE, Composition, Sources
from segue_export.synth.theory import Key

FIVE_MS = 0.005
CLEAN = (
    "house",
    "deep house",
    "trance",
    "psytrance",
    "minimal",
    "drum and bass",
    "breakbeat",
    "nu disco",
    "boom bap",
    "trap",
)


def kicks(monkeypatch: pytest.MonkeyPatch, seed: int) -> Composition:
    only_kicks(monkeypatch)
    return steps.compose(STYLES["techno"], np.random.default_rng(seed), Sources(), 30.0)


@pytest.mark.parametrize("seed", range(4))
def test_kicks_sound_on_the_labelled_grid(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    made = kicks(monkeypatch, seed)
    assert made.tempo is not None
    times = onsets_of(made.wave, RATE)
    assert len(times) >= 30
    assert off_grid(times, 4 * made.tempo).max() < FIVE_MS
    # A tempo that is one in two thousand off leaves the grid before the clip ends: the measure sees it.
    assert off_grid(times, 4 * made.tempo * 1.0005).max() > FIVE_MS


@pytest.mark.parametrize("semitones", [-2.0, -0.37, 1.0])
def test_the_grid_follows_the_varispeed(monkeypatch: pytest.MonkeyPatch, semitones: float) -> None:
    made = kicks(monkeypatch, 1)
    before = made.tempo
    finishing.varispeed(made, semitones)
    assert made.tempo is not None
    assert made.tempo == pytest.approx(before * 2 ** (semitones / 12))
    assert off_grid(onsets_of(made.wave, RATE), 4 * made.tempo).max() < FIVE_MS


def test_the_key_follows_the_varispeed_and_is_given_up_between_two_keys() -> None:
    for semitones, key, cents in ((2.0, "B minor", 0.0), (-1.2, "G# minor", -20.0), (0.5, None, 50.0)):
        made = Composition(np.ones(RATE, np.float32), STYLES["techno"], 120.0, Key(9, "minor"), 4, (), [], 0.5)
        finishing.varispeed(made, semitones)
        assert abs(made.cents) == pytest.approx(abs(cents))
        assert (made.key.name if made.key else None) == key


@pytest.mark.parametrize(("container", "codec", "bit_rate"), finishing.mastering.CODECS)
def test_a_codec_does_not_move_the_grid(
    monkeypatch: pytest.MonkeyPatch, container: str, codec: str, bit_rate: int
) -> None:
    made = kicks(monkeypatch, 2)
    assert made.tempo is not None
    back = sound.round_trip(made.wave, RATE, container, codec, bit_rate)
    assert len(back) == len(made.wave)
    assert not np.array_equal(back, made.wave)
    off = off_grid(onsets_of(back, RATE), 4 * made.tempo)
    # A codec of so low a rate smears some clicks over its window, 20 ms; it must not shift them all.
    assert len(off) >= 30
    assert np.median(off) < FIVE_MS / 2
    assert np.mean(off < FIVE_MS) > 0.75
    assert off.max() < 4 * FIVE_MS


def test_the_chain_of_mastering_keeps_the_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = 0
    for seed in range(6):
        made = kicks(monkeypatch, seed)
        made.style = STYLES["house"]
        finishing.master(made, np.random.default_rng(seed))
        assert made.tempo is not None
        times = onsets_of(made.wave, RATE)
        near = off_grid(times, 4 * made.tempo) < FIVE_MS
        checked += len(times)
        # Crackle makes bursts of its own.
        assert near.mean() > 0.9, seed
    assert checked > 150


@pytest.mark.slow
def test_the_analysis_agrees_on_clean_clips() -> None:
    tempi, levels, keys, near = 0, 0, 0, 0
    for number, name in enumerate(CLEAN):
        made = clips.compose(STYLES[name], np.random.default_rng([11, number]), Sources(), 32.0)
        assert made.tempo is not None
        assert made.key is not None
        tempo, key = heard(made.wave)
        assert tempo.bpm is not None
        ratio = tempo.bpm / made.tempo
        tempi += abs(ratio - 1) < 0.002
        levels += min(abs(ratio / level - 1) for level in (0.5, 1.0, 2.0)) < 0.002
        keys += key.name == made.key.name
        near += made.key.name in {key.name, *key.alternatives}
    # Half of the tempo is as good a name for it, and a loop of four chords often has two tonics.
    assert levels == len(CLEAN)
    assert tempi >= 8
    assert near >= 9
    assert keys >= 5
