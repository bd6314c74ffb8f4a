import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from audio_support import RATE, Encode, Samples, level_at
from mutagen.id3 import APIC, ID3

from segue.audio.decode import decode, decode_stream
from segue.demo.files import write_audio


def test_every_format_gives_the_music_at_16_khz(encode: Encode, kind: str, samples: Samples) -> None:
    wave = decode(encode(kind))
    assert wave.dtype == np.float32
    assert wave.ndim == 1
    assert len(wave) == pytest.approx(6 * 16_000, abs=16_000 * 0.05)
    assert level_at(wave, 440) == pytest.approx(0.3 * 0.75, rel=0.05)  # the mean of 1 and 0.5 times 0.3


def test_lossless_formats_agree_with_each_other(encode: Encode) -> None:
    waves = [decode(encode(kind)) for kind in ("wav", "flac", "aiff", "alac")]
    for wave in waves[1:]:
        np.testing.assert_allclose(wave, waves[0], atol=2**-15)


@pytest.mark.parametrize("codec", ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le"])
def test_every_kind_of_wav_sample(tmp_path: Path, samples: Samples, codec: str) -> None:
    reference = decode(write_audio(tmp_path / "reference.wav", samples, RATE))
    wave = decode(write_audio(tmp_path / "track.wav", samples, RATE, codec=codec))
    np.testing.assert_allclose(wave, reference, atol=2**-6 if codec == "pcm_u8" else 2**-14)


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 48_000, 96_000, 192_000])
def test_every_rate_keeps_length_and_pitch(encode: Encode, rate: int) -> None:
    time = np.arange(2 * rate) / rate
    wave = decode(encode("wav", (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)[:, None], rate=rate))
    assert len(wave) == pytest.approx(32_000, abs=2)
    assert level_at(wave, 440) == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_channels_are_averaged(encode: Encode, samples: Samples, channels: int) -> None:
    first_only = np.zeros((len(samples), channels), dtype=np.float32)
    first_only[:, 0] = samples[:, 0]
    wave = decode(encode("flac", first_only))
    assert level_at(wave, 440) == pytest.approx(0.3 / channels, rel=0.01)


def test_wave_format_extensible_with_24_bits(tmp_path: Path, samples: Samples) -> None:
    path = tmp_path / "extensible.wav"
    path.write_bytes(_extensible_wav(samples))
    reference = decode(write_audio(tmp_path / "reference.wav", samples, RATE))
    np.testing.assert_allclose(decode(path), reference, atol=2**-14)


def test_encoder_delay_is_cut(encode: Encode) -> None:
    click = np.zeros((2 * RATE, 2), dtype=np.float32)
    click[RATE : RATE + 200] = 0.8
    for kind in ("mp3", "m4a", "ogg", "opus", "flac"):
        at = int(np.abs(decode(encode(kind, click))).argmax())
        assert at == pytest.approx(16_000 + 36, abs=60), kind


def test_the_stream_gives_small_blocks_and_counts_them(encode: Encode, samples: Samples) -> None:
    stream = decode_stream(encode("wav", np.tile(samples, (4, 1))))
    blocks = list(stream)
    assert max(map(len, blocks)) <= 10 * 16_000
    assert len(blocks) > 4
    assert stream.samples == sum(map(len, blocks)) == 24 * 16_000
    assert not stream.damaged


def test_memory_does_not_grow_with_the_recording(tmp_path: Path) -> None:
    def peak(minutes: int) -> int:
        path = tmp_path / f"{minutes}.wav"
        _sparse_wav(path, minutes * 60)
        tracemalloc.start()
        for _ in decode_stream(path):
            pass
        _, top = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return top

    assert peak(12) < 1.2 * peak(2) + 100_000


def test_a_joined_recording_may_change_its_rate(tmp_path: Path, samples: Samples) -> None:
    first = write_audio(tmp_path / "a.mp3", samples, RATE).read_bytes()
    second = write_audio(tmp_path / "b.mp3", samples[: 2 * 32_000], 32_000).read_bytes()
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(first + second)
    assert len(decode(joined)) == pytest.approx((6 + 2) * 16_000, abs=0.2 * 16_000)


def test_the_suffix_does_not_matter(encode: Encode, tmp_path: Path, kind: str) -> None:
    path = encode(kind)
    expected = decode(path)
    np.testing.assert_array_equal(decode(path.rename(tmp_path / "wrong.mp3")), expected)


def test_cover_art_is_not_audio(encode: Encode) -> None:
    path = encode("mp3")
    expected = decode(path)
    tags = ID3()
    tags.add(APIC(encoding=3, mime="image/png", type=3, desc="", data=_png()))
    tags.save(path)
    np.testing.assert_array_equal(decode(path), expected)


def _extensible_wav(samples: Samples) -> bytes:
    pcm = (samples.reshape(-1).astype(np.float64) * 2**23).astype("<i4")
    data = pcm.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    guid = struct.pack("<IHH", 1, 0, 0x10) + bytes.fromhex("800000aa00389b71")
    form = struct.pack("<HHIIHHHHI", 0xFFFE, 2, RATE, RATE * 6, 6, 24, 22, 24, 3) + guid
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def _sparse_wav(path: Path, seconds: int) -> None:
    """A long 16-bit mono file that takes no room on disk: one loud second, then a hole."""
    size = seconds * 16_000 * 2
    form = struct.pack("<HHIIHH", 1, 1, 16_000, 32_000, 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<I", 16) + form
    with path.open("wb") as file:
        file.write(head + b"data" + struct.pack("<I", size) + b"\x00\x40" * 16_000)
        file.truncate(44 + size)


def _png() -> bytes:
    return bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    )
