import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from segue.analysis.analyse import Analyser
from segue.audio.decode import decode
from segue.demo.files import write_audio
from segue.demo.synth import TrackSpec, render
from segue.errors import DamagedAudioError, NotAudioError, SilentAudioError
from segue.networks.sessions import Networks

RATE = 44_100
SPEC = TrackSpec("Night Bus", "Ada", "House", 124.0, "A minor", "house", seconds=45.0, seed=1)


@pytest.fixture(scope="module")
def networks(checkout_models: Path) -> Networks:
    return Networks.load(checkout_models, "cpu")


@pytest.fixture(scope="module")
def analyser(networks: Networks) -> Analyser:
    return Analyser(networks)


@pytest.fixture(scope="module")
def music() -> np.ndarray:
    return render(SPEC)


def test_a_track(analyser: Analyser, networks: Networks, music: np.ndarray, tmp_path: Path) -> None:
    found = analyser.analyse(write_audio(tmp_path / "track.mp3", music, RATE))
    assert found.duration == pytest.approx(45.0, abs=0.05)
    assert found.tempo.bpm == pytest.approx(124.0, rel=0.001)
    assert (found.key.name, found.key.camelot) == ("A minor", "8A")
    assert 1 <= found.energy <= 10
    assert -30 < found.loudness < -3
    assert len(found.energy_curve) == len(found.voice_curve) == 11
    assert list(found.tags) == networks.tagger.manifest.outputs.labels
    assert list(found.features) == networks.short_chunk.manifest.outputs.labels
    assert all(0 <= value <= 1 for value in [*found.tags.values(), *found.features.values()])
    assert found.vector.shape == (networks.vector.dim,)
    assert found.vector.dtype == np.float32
    assert np.linalg.norm(found.vector) == pytest.approx(1.0, abs=1e-5)
    assert found.model == networks.model_id
    assert not found.tiled
    assert not found.damaged


def test_the_same_file_gives_the_same_numbers(analyser: Analyser, music: np.ndarray, tmp_path: Path) -> None:
    path = write_audio(tmp_path / "track.flac", music[: 8 * RATE], RATE)
    first, second = analyser.analyse(path), analyser.analyse(path)
    np.testing.assert_array_equal(first.vector, second.vector)
    assert first.tags == second.tags


def test_formats_agree(analyser: Analyser, music: np.ndarray, tmp_path: Path) -> None:
    whole = analyser.analyse(write_audio(tmp_path / "track.wav", music, RATE))
    for suffix in ("mp3", "m4a", "opus"):
        found = analyser.analyse(write_audio(tmp_path / f"track.{suffix}", music, RATE))
        assert found.vector @ whole.vector > 0.9, suffix
        assert found.tempo.bpm == pytest.approx(whole.tempo.bpm, rel=0.001)
        assert found.key.name == whole.key.name
        assert found.energy == pytest.approx(whole.energy, abs=0.5)
        assert found.loudness == pytest.approx(whole.loudness, abs=0.5)  # the mp3 is quieter


@pytest.mark.parametrize("seconds", [0.06, 0.2, 1.0, 4.0])
def test_a_short_file_is_repeated_and_says_so(
    analyser: Analyser, music: np.ndarray, tmp_path: Path, seconds: float
) -> None:
    begin = 20 * RATE
    path = write_audio(tmp_path / "short.wav", music[begin : begin + round(seconds * RATE)], RATE)
    found = analyser.analyse(path)
    assert found.tiled
    assert found.duration == pytest.approx(seconds, abs=0.01)
    assert np.isfinite(found.vector).all()


def test_half_a_file_is_analysed_and_says_so(analyser: Analyser, music: np.ndarray, tmp_path: Path) -> None:
    path = write_audio(tmp_path / "half.flac", music[: 20 * RATE], RATE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found = analyser.analyse(path)
    assert found.damaged
    assert 5 < found.duration < 12


def test_what_cannot_be_analysed_says_why(analyser: Analyser, tmp_path: Path) -> None:
    text = tmp_path / "text.mp3"
    text.write_text("no music " * 1000)
    with pytest.raises(NotAudioError):
        analyser.analyse(text)
    with pytest.raises(SilentAudioError):
        analyser.analyse(write_audio(tmp_path / "silent.wav", np.zeros((RATE, 2), np.float32), RATE))
    with pytest.raises(SilentAudioError):
        analyser.analyse(write_audio(tmp_path / "sample.wav", np.ones((1, 2), np.float32), RATE))
    cut = write_audio(tmp_path / "cut.m4a", np.ones((RATE, 2), np.float32) * 0.1, RATE)
    cut.write_bytes(cut.read_bytes()[:2000])
    with pytest.raises(DamagedAudioError):
        analyser.analyse(cut)


MEMORY = """
import sys
from pathlib import Path
import psutil
from segue.analysis.analyse import Analyser
from segue.networks.sessions import Networks

analyser = Analyser(Networks.load(Path(sys.argv[1]), "cpu"))
process = psutil.Process()
for path in sys.argv[2:]:
    analyser.analyse(Path(path))
    print(process.memory_info().rss // 1024**2, flush=True)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_a_long_mix(checkout_models: Path, tmp_path: Path, music: np.ndarray) -> None:
    wave = decode(write_audio(tmp_path / "track.wav", music, RATE))[: 40 * 16_000]
    paths = []
    for name, times in (("short", 2), ("long", 45)):  # 80 s and half an hour
        paths.append(write_audio(tmp_path / f"{name}.wav", np.tile(wave, times)[:, None], 16_000))
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(checkout_models), *map(str, paths)],
        capture_output=True,
        check=True,
        timeout=170,
    )
    short, long = map(int, done.stdout.split())
    assert long < short + 60
