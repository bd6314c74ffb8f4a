import numpy as np
import pytest
import soxr
from music_support import blocks, synthesise

from segue.analysis.likeness import NEAR, likenesses
from segue.analysis.texture import BANDS, RATE, texture
from segue.frontend.mel import Waveform

SECONDS = 16_000


@pytest.fixture(scope="module")
def record() -> Waveform:
    return synthesise("house", 124.0, seconds=64.0)


@pytest.fixture(scope="module")
def other() -> Waveform:
    return synthesise("drum-and-bass", 174.0, "F minor", seconds=64.0, seed=3)


def faster(wave: Waveform, semitones: float) -> Waveform:
    """As a record is played faster: higher, too."""
    return np.asarray(soxr.resample(wave, 16_000 * 2 ** (semitones / 12), 16_000), dtype=np.float32)


def test_blocks_of_any_length_give_the_same_texture(record: Waveform) -> None:
    whole = texture([record])
    assert whole.shape == (64 * RATE + 1, BANDS)
    assert np.isfinite(whole).all()
    np.testing.assert_allclose(texture(blocks(record, 7_001)), whole, atol=1e-4)


def test_volume_is_no_part_of_a_texture(record: Waveform) -> None:
    # Not to the last bit: what lies far below the loudest is cut off, and a floor is added to what is squared.
    assert np.corrcoef(texture([0.05 * record]).ravel(), texture([record]).ravel())[0, 1] > 0.99


@pytest.mark.parametrize("semitones", [0.0, 1.0, -1.0, 2.0])
def test_a_sample_is_found_where_it_is(record: Waveform, other: Waveform, semitones: float) -> None:
    """Twenty seconds of a record from second 30 on lie over another track, as loud as it, from second 20 on."""
    track = other.copy()
    sample = faster(record[30 * SECONDS :], semitones)[: 20 * SECONDS]
    level = np.sqrt(np.mean(track**2) / np.mean(sample**2))
    track[20 * SECONDS : 40 * SECONDS] *= 0.5
    track[20 * SECONDS : 40 * SECONDS] += level * sample
    found = likenesses(texture([track]), texture([record]))
    assert found
    best = max(found, key=lambda one: one.nearness)
    assert best.nearness >= NEAR
    assert best.semitones == semitones
    assert best.speed == pytest.approx(2 ** (semitones / 12), abs=1e-4)
    # Where the sample itself is thin it may not be heard; it is never heard where it is not.
    assert 17.0 <= best.start < best.end <= 43.0
    assert best.end - best.start >= 14.0
    # The music repeats itself: the place in the record is one that sounds the same, and as long as the stretch.
    assert best.other_end - best.other_start == pytest.approx((best.end - best.start) * best.speed, abs=0.5)


def test_the_tempo_may_have_been_changed_alone(record: Waveform) -> None:
    """Every frame of a texture that is 8 % shorter: what a time stretch does to it."""
    whole = texture([record])
    at = np.arange(int((len(whole) - 1) / 1.08)) * 1.08
    stretched = np.stack([np.interp(at, np.arange(len(whole)), band) for band in whole.T], axis=1).astype(np.float32)
    best = max(likenesses(stretched, whole, speeds=[1.08]), key=lambda one: one.nearness)
    assert (best.semitones, round(best.speed, 3)) == (0.0, 1.08)
    assert best.nearness > 0.8


def test_the_same_recording_is_near_from_end_to_end(record: Waveform) -> None:
    (found,) = likenesses(texture([record]), texture([record]))
    assert found.nearness > 0.99
    assert (found.start, round(found.end)) == (0.0, 64)
    assert (found.semitones, found.speed) == (0.0, 1.0)


def test_different_tracks_are_not_near(record: Waveform, other: Waveform) -> None:
    assert likenesses(texture([other]), texture([record]), speeds=[174 / 124, 87 / 124]) == []


@pytest.mark.parametrize("seconds", [0.01, 3.0, 9.0])
def test_what_is_short_or_silent_is_near_nothing(record: Waveform, seconds: float) -> None:
    whole = texture([record])
    assert likenesses(texture([record[: int(seconds * SECONDS)]]), whole) == []
    silence = texture([np.zeros(30 * SECONDS, np.float32)])
    assert not silence.any()
    assert likenesses(silence, whole) == []


def test_a_long_recording_is_compared_piece_by_piece(record: Waveform, other: Waveform) -> None:
    """Twenty-two minutes: more than fit into one product."""
    short, tail = texture([record]), texture([other])
    long = np.concatenate([np.roll(tail, shift, axis=0) for shift in range(0, 21 * 64, 64)] + [short])
    (found,) = likenesses(short, long)
    assert found.nearness > 0.9
    assert found.other_start == pytest.approx(21 * len(tail) / RATE, abs=0.3)
    back = max(likenesses(long, short), key=lambda one: one.nearness)
    assert back.start == pytest.approx(21 * len(tail) / RATE, abs=1.0)
