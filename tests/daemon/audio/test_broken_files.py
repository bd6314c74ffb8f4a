import contextlib
import os
import random
import sys
from pathlib import Path

import numpy as np
import pytest
from audio_support import RATE, Encode, Samples

from segue.audio.decode import decode, decode_stream
from segue.audio.probe import probe
from segue.demo.files import write_audio
from segue.errors import (
    AudioError,
    DamagedAudioError,
    FileMissingError,
    FileUnreadableError,
    NotAudioError,
    SilentAudioError,
)

NOISE = random.Random(5)
NO_AUDIO = {
    "text": b"this is a letter and no song\n" * 5000,
    "empty": b"",
    "zeros": bytes(1 << 20),
    "noise": NOISE.randbytes(1 << 20),
    "png": b"\x89PNG\r\n\x1a\n" + NOISE.randbytes(50_000),
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF" + NOISE.randbytes(200_000),
    "page": b"<!doctype html><html><body>404</body></html>" * 100,
    "zip": b"PK\x03\x04" + NOISE.randbytes(50_000),
    "playlist": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n",
    "concat": b"ffconcat version 1.0\nfile track.wav\n",
}


@pytest.mark.parametrize("content", NO_AUDIO.values(), ids=NO_AUDIO.keys())
@pytest.mark.parametrize("suffix", ["mp3", "wav"])
def test_what_is_no_audio_says_so(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"song.{suffix}"
    path.write_bytes(content)
    for read in (decode, probe):
        with pytest.raises(NotAudioError, match=rf"song\.{suffix} holds no audio"):
            read(path)


def test_a_playlist_named_like_music_opens_nothing_else(encode: Encode, tmp_path: Path) -> None:
    encode("wav")
    playlist = tmp_path / "list.mp3"
    playlist.write_bytes(b"ffconcat version 1.0\nfile track.wav\n")
    with pytest.raises(NotAudioError):
        decode(playlist)


def test_a_missing_file(tmp_path: Path) -> None:
    for read in (decode, probe):
        with pytest.raises(FileMissingError, match="moved or deleted"):
            read(tmp_path / "gone.mp3")


def test_a_folder_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    folder, pipe = tmp_path / "folder.mp3", tmp_path / "pipe.mp3"
    folder.mkdir()
    os.mkfifo(pipe)
    for path in (folder, pipe):
        for read in (decode, probe):
            with pytest.raises(FileUnreadableError, match="not a plain file"):
                read(path)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission(encode: Encode) -> None:
    path = encode("wav")
    path.chmod(0)
    with pytest.raises(FileUnreadableError, match="permission"):
        decode(path)


def test_a_path_that_no_system_call_takes() -> None:
    with pytest.raises(FileUnreadableError):
        decode(Path("nul\0byte.mp3"))


@pytest.mark.parametrize("kind", ["mp3", "flac", "ogg", "opus", "wav", "aiff"])
def test_half_a_file_gives_half_the_music(encode: Encode, kind: str) -> None:
    path = encode(kind)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    stream = decode_stream(path)
    assert 1.5 * 16_000 < sum(map(len, stream)) < 3.3 * 16_000  # Ogg loses a whole page
    assert probe(path).identity


def test_half_a_flac_is_known_to_be_damaged(encode: Encode) -> None:
    path = encode("flac")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    stream = decode_stream(path)
    assert list(stream)
    assert stream.damaged


@pytest.mark.parametrize("kind", ["m4a", "alac"])
def test_half_an_m4a_lacks_its_index(encode: Encode, kind: str) -> None:
    path = encode(kind)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    for read in (decode, probe):
        with pytest.raises(DamagedAudioError, match="not complete"):
            read(path)


@pytest.mark.parametrize("kind", ["mp3", "m4a", "alac", "flac", "ogg", "opus"])
def test_noise_in_the_middle_loses_only_the_middle(encode: Encode, kind: str) -> None:
    path = encode(kind)
    data = bytearray(path.read_bytes())
    middle, length = len(data) // 2, len(data) // 8
    data[middle : middle + length] = random.Random(3).randbytes(length)
    path.write_bytes(data)
    stream = decode_stream(path)
    blocks = list(stream)
    assert 3.5 * 16_000 < stream.samples <= 6.1 * 16_000
    assert np.isfinite(np.concatenate(blocks)).all()
    if kind in {"mp3", "m4a", "alac"}:
        assert stream.damaged_packets > 0
    # The beginning is untouched.
    np.testing.assert_allclose(blocks[0][:16_000], decode(encode(kind, name="whole"))[:16_000], atol=1e-3)


@pytest.mark.parametrize("kind", ["mp3", "flac"])
@pytest.mark.parametrize("rest", ["noise", "zeros"])
def test_a_file_of_which_nearly_nothing_is_left(encode: Encode, kind: str, rest: str) -> None:
    path = encode(kind)
    data = path.read_bytes()
    kept = len(data) // 20
    lost = len(data) - kept
    path.write_bytes(data[:kept] + (random.Random(3).randbytes(lost) if rest == "noise" else bytes(lost)))
    with pytest.raises(DamagedAudioError, match="damaged"):
        decode(path)


@pytest.mark.parametrize("seed", range(5))
def test_a_file_with_flipped_bytes_never_does_worse_than_an_audio_error(encode: Encode, kind: str, seed: int) -> None:
    path = encode(kind)
    chance = random.Random(seed)
    data = bytearray(path.read_bytes())
    for _ in range(1 + 10 * seed * seed):
        data[chance.randrange(len(data))] = chance.randrange(256)
    path.write_bytes(data)
    for read in (decode, probe):
        with contextlib.suppress(AudioError):
            read(path)


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac"])
def test_silence_is_refused(encode: Encode, samples: Samples, kind: str) -> None:
    with pytest.raises(SilentAudioError, match="silent"):
        decode(encode(kind, np.zeros_like(samples)))


def test_one_sample_is_too_short(encode: Encode, samples: Samples) -> None:
    path = encode("wav", samples[:1])
    with pytest.raises(SilentAudioError, match="shorter"):
        decode(path)


def test_a_fifth_of_a_second_is_music(encode: Encode, samples: Samples) -> None:
    assert len(decode(encode("wav", samples[: RATE // 5]))) == 3_200


def test_numbers_that_are_none_become_silence(tmp_path: Path, samples: Samples) -> None:
    broken = samples.copy()
    broken[1000:2000] = np.nan
    broken[5000] = np.inf
    broken[6000] = -3e38
    wave = decode(write_audio(tmp_path / "nan.wav", broken, RATE, codec="pcm_f32le"))
    assert np.isfinite(wave).all()
    assert np.abs(wave).max() < 9
    with pytest.raises(SilentAudioError):
        decode(write_audio(tmp_path / "all.wav", np.full_like(samples, np.nan), RATE, codec="pcm_f32le"))
