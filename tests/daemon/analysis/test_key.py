import numpy as np
import pytest
from music_support import blocks, synthesise

from segue.analysis.key import KeyFinder
from segue.analysis.result import Key
from segue.frontend.mel import Waveform
from segue.keys import KEYS, camelot

DEGREES = {
    "major": ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
    "minor": ((0, 3, 7), (5, 8, 12), (7, 10, 14), (0, 3, 7)),
}
PITCHES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def find(wave: Waveform, size: int = 60_000) -> Key:
    finder = KeyFinder()
    for block in blocks(wave, size):
        finder.add(block)
    return finder.result()


def chords(key: str, tuning: float = 440.0) -> Waveform:
    """A cadence of four chords with overtones, a bass and a drum, twelve seconds."""
    tonic, mode = key.split()
    rng = np.random.default_rng(1)
    time = np.arange(3 * 16_000) / 16_000
    parts = []
    for degrees in DEGREES[mode]:
        notes = [PITCHES.index(tonic) + degree for degree in degrees] + [PITCHES.index(tonic) + degrees[0] - 12]
        wave = np.zeros(len(time))
        for note in notes:
            frequency = tuning * 2 ** ((note - 9) / 12)
            wave += sum(0.1 / k * np.sin(2 * np.pi * k * frequency * time) for k in range(1, 6))
        drum = rng.normal(size=len(time)) * np.exp(-(np.arange(len(time)) % 8000) / 800)
        parts.append(wave + 0.3 * drum)
    return (0.3 * np.concatenate(parts)).astype(np.float32)


@pytest.mark.parametrize("key", KEYS)
def test_a_cadence_in_every_key(key: str) -> None:
    found = find(chords(key))
    assert (found.name, found.camelot) == (key, camelot(key))
    assert found.name not in found.alternatives
    assert len(found.alternatives) == 3


@pytest.mark.parametrize("tuning", [431.0, 435.0, 445.0, 449.0])
def test_another_tuning(tuning: float) -> None:
    assert find(chords("F# minor", tuning)).name == "F# minor"


@pytest.mark.slow
@pytest.mark.parametrize(("index", "key"), list(enumerate(KEYS)))
def test_music_with_drums_in_every_key(index: int, key: str) -> None:
    style = ("house", "techno", "trance", "drum-and-bass", "hip-hop", "rock")[index % 6]
    assert find(synthesise(style, 124.0, key, seed=index)).name == key


def test_the_size_of_the_blocks_does_not_matter() -> None:
    wave = chords("D minor")
    whole = find(wave, len(wave))
    for size in (777, 60_000):
        found = find(wave, size)
        assert (found.name, found.alternatives) == (whole.name, whole.alternatives)
        assert found.confidence == pytest.approx(whole.confidence, abs=1e-3)


def test_noise_is_in_no_sure_key() -> None:
    noise = (0.1 * np.random.default_rng(2).normal(size=20 * 16_000)).astype(np.float32)
    assert find(noise).confidence < 0.3


def test_silence_is_in_no_key() -> None:
    assert find(np.zeros(20 * 16_000, dtype=np.float32)) == Key(None, None, 0.0)


def test_half_a_second_is_enough_to_answer() -> None:
    assert find(chords("A minor")[:8_000]).name is not None


def test_a_change_of_key_is_told() -> None:
    wave = np.concatenate([synthesise("house", 124.0, key, seconds=80.0) for key in ("A minor", "C# minor")])
    found = find(wave)
    assert [part.name for part in found.sections] == ["A minor", "C# minor"]
    assert found.sections[0].start == 0.0
    assert found.sections[0].end == found.sections[1].start == pytest.approx(80.0, abs=12.0)
    assert found.sections[1].end == pytest.approx(160.0, abs=2.0)


def test_one_key_has_no_sections() -> None:
    assert find(synthesise("trance", 136.0, "F minor", seconds=150.0)).sections == ()


def test_the_tuning_is_told() -> None:
    assert find(chords("D minor")).tuning == pytest.approx(0.0, abs=3.0)
    assert find(chords("D minor", 445.0)).tuning == pytest.approx(19.6, abs=3.0)
