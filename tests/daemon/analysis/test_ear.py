from pathlib import Path

import numpy as np
import pytest
from music_support import blocks, synthesise

from segue.analysis.ear import Ear
from segue.analysis.result import CURVE_SECONDS, Embedding
from segue.frontend.mel import Waveform, mel_db, stft_stream
from segue.networks.sessions import Networks


@pytest.fixture(scope="module")
def networks(checkout_models: Path) -> Networks:
    return Networks.load(checkout_models, "cpu")


def hear(networks: Networks, wave: Waveform, size: int = 60_000) -> tuple[Embedding, tuple[float, ...]]:
    ear = Ear(networks)
    for power in stft_stream(blocks(wave, size)):
        ear.see(power, mel_db(power, 96))
    return ear.result(), ear.voice_curve()


def test_head_and_tail_are_those_of_the_parts(networks: Networks) -> None:
    first, last = synthesise("techno", 130.0, seconds=62.0), synthesise("ambient", 80.0, "C major", seconds=62.0)
    (whole, _), (one, _), (other, _) = (hear(networks, wave) for wave in (np.concatenate([first, last]), first, last))
    assert whole.head @ one.vector > 0.97
    assert whole.tail @ other.vector > 0.97
    assert whole.head @ whole.tail < 0.9 * (whole.vector @ whole.head)
    for vector in (whole.head, whole.tail):
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("seconds", [0.1, 2.0, 10.0, 29.1])
def test_a_recording_of_one_window_has_both_ends(networks: Networks, seconds: float) -> None:
    heard, voice = hear(networks, synthesise("house", 124.0, seconds=seconds))
    for vector in (heard.head, heard.tail):
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
        assert vector @ heard.vector > 0.5
    assert abs(len(voice) - max(seconds / CURVE_SECONDS, 1)) <= 0.51
    assert all(0 <= value <= 1 for value in voice)


def test_blocks_of_any_length_give_the_same(networks: Networks) -> None:
    wave = synthesise("house", 124.0, seconds=40.0)
    (one, voice), (other, same_voice) = (hear(networks, wave, size) for size in (60_000, 7_001))
    for name in ("vector", "head", "tail"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-5)
    np.testing.assert_allclose(voice, same_voice, atol=1e-5)


def test_a_curve_of_the_voice_follows_what_the_networks_say(networks: Networks) -> None:
    """Where the short chunks hear more voice, the curve is higher."""
    wave = np.concatenate(
        [synthesise("techno", 130.0, seconds=32.0), synthesise("ambient", 80.0, "C major", seconds=32.0)]
    )
    ear = Ear(networks)
    for power in stft_stream(blocks(wave)):
        ear.see(power, mel_db(power, 96))
    said = ear.result().features["voice"]
    curve = np.array(ear.voice_curve())
    parts = [hear(networks, half)[0].features["voice"] for half in (wave[: 32 * 16_000], wave[32 * 16_000 :])]
    assert (curve[:7].mean() > curve[9:].mean()) == (parts[0] > parts[1])
    assert min(parts) <= said <= max(parts)
