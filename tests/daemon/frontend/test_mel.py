"""The front end against librosa's, and streaming against the whole."""

import librosa
import numpy as np
import pytest

from segue.frontend.constants import CHUNK_FRAMES, CRNN_FRAMES, HOP, N_FFT, SAMPLE_RATE
from segue.frontend.mel import mel_db, mel_filters, stft_power, stft_stream


@pytest.fixture(scope="module")
def waveform():
    random = np.random.default_rng(7)
    seconds = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    return (0.3 * np.sin(2 * np.pi * 440 * seconds) + 0.05 * random.standard_normal(len(seconds))).astype(np.float32)


@pytest.mark.parametrize("mels", [96, 128])
def test_filters_are_librosas_htk_filters_without_normalisation(mels):
    reference = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=mels, htk=True, norm=None).T
    np.testing.assert_allclose(mel_filters(mels), reference, atol=2e-5)


@pytest.mark.parametrize("mels", [96, 128])
def test_mel_in_db_equals_librosas(waveform, mels):
    reference = librosa.feature.melspectrogram(
        y=waveform, sr=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP, n_mels=mels, htk=True, norm=None, pad_mode="reflect"
    )
    reference_db = 10 * np.log10(np.maximum(reference, 1e-10))
    np.testing.assert_allclose(mel_db(stft_power(waveform), mels), reference_db, atol=0.02)


@pytest.mark.parametrize("block", [1, 255, 256, 777, 16_000])
def test_a_stream_gives_the_frames_of_the_whole(waveform, block):
    short = waveform[:4_000]
    streamed = np.concatenate(list(stft_stream(short[i : i + block] for i in range(0, len(short), block))))
    np.testing.assert_allclose(streamed, stft_power(short), rtol=1e-6)


@pytest.mark.parametrize("samples", [257, 258, 511, 512, 513, 767, 768, 769])
def test_short_recordings_have_one_frame_a_hop(samples):
    noise = np.random.default_rng(samples).standard_normal(samples).astype(np.float32)
    assert stft_power(noise).shape == (1 + samples // HOP, N_FFT // 2 + 1)


def test_less_than_half_a_frame_is_refused():
    with pytest.raises(ValueError, match="too short"):
        stft_power(np.zeros(256, dtype=np.float32))


def test_silence_is_at_the_floor_and_finite():
    mel = mel_db(stft_power(np.zeros(SAMPLE_RATE, dtype=np.float32)), 96)
    np.testing.assert_allclose(mel, -100.0, rtol=1e-6)


def test_window_lengths_are_the_papers():
    assert (CRNN_FRAMES, CHUNK_FRAMES) == (1813, 231)
