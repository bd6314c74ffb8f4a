"""The networks' room: manifests that are checked, vectors that are always sound, sessions that say where they run."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from segue.errors import ModelError, ModelMismatchError, ModelMissingError
from segue.networks import providers
from segue.networks.manifest import ModelManifest
from segue.networks.models import ModelSet, models_dir
from segue.networks.sessions import Networks, Tagger, golden_mel
from segue.networks.timbre import Timbre, timbre
from segue.networks.vector import TrackVector, VectorManifest, VectorPart


def manifest(folder: Path, **front_end: object) -> Path:
    content = b"not really a network"
    (folder / "crnn.onnx").write_bytes(content)
    front = {
        "sample_rate": 16000,
        "n_fft": 512,
        "hop": 256,
        "mels": 96,
        "window_seconds": 29.0,
        "floor": 1e-10,
        "scale": "htk",
        "centre": "reflect",
    }
    document = {
        "schema": 1,
        "name": "crnn",
        "version": "1",
        "file": "crnn.onnx",
        "sha256": hashlib.sha256(content).hexdigest(),
        "input": {"name": "mel", "mels": 96, "frames": 1813},
        "outputs": {"tags": ["rock", "pop"], "embedding": 160},
        "front_end": front | front_end,
        "metrics": {},
        "training": {},
        "parity_max_abs": 1e-6,
        "licence": "Apache-2.0",
        "golden": {"phase": 0.5, "labels": [0.5, 0.5], "embedding": [0.0] * 160},
    }
    path = folder / "crnn.json"
    path.write_text(json.dumps(document))
    return path


def test_a_good_manifest_passes(tmp_path: Path) -> None:
    loaded = ModelManifest.load(manifest(tmp_path))
    loaded.check()
    assert loaded.path == tmp_path / "crnn.onnx"
    assert loaded.outputs.labels == ["rock", "pop"]


@pytest.mark.parametrize(
    "change",
    [
        {"hop": 512},
        {"n_fft": 1024},
        {"sample_rate": 22050},
        {"mels": 128},
        {"floor": 1e-5},
        {"window_seconds": 30.0},
        {"scale": "slaney"},
    ],
)
def test_another_signal_chain_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(ModelMismatchError, match="signal chain"):
        ModelManifest.load(manifest(tmp_path, **change)).check()


def test_another_file_is_refused(tmp_path: Path) -> None:
    loaded = ModelManifest.load(manifest(tmp_path))
    with (tmp_path / "crnn.onnx").open("ab") as file:
        file.write(b"!")
    with pytest.raises(ModelMismatchError, match="not the file"):
        loaded.check()
    (tmp_path / "crnn.onnx").unlink()
    with pytest.raises(ModelMissingError):
        loaded.check()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"schema": "one"}'])
def test_what_is_no_manifest_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "crnn.json").write_text(text)
    with pytest.raises(ModelMismatchError):
        ModelManifest.load(tmp_path / "crnn.json")
    with pytest.raises(ModelMissingError):
        ModelManifest.load(tmp_path / "absent.json")


def test_a_format_of_the_future_is_refused(tmp_path: Path) -> None:
    path = manifest(tmp_path)
    path.write_text(path.read_text().replace('"schema": 1', '"schema": 2'))
    with pytest.raises(ModelMismatchError, match="format 2"):
        ModelManifest.load(path)


def test_a_file_that_is_no_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelMismatchError, match="ONNX Runtime"):
        Tagger(ModelManifest.load(manifest(tmp_path)), "cpu")


def track_vector(**changes: object) -> TrackVector:
    fields = {
        "schema": 1,
        "version": "1",
        "parts": [VectorPart("a", 3), VectorPart("b", 2)],
        "dim": 5,
        "mean": [1.0, 2.0, 3.0, 0.0, 0.0],
        "scale": [1.0, 1.0, 2.0, 1.0, 1.0],
        "models": {},
        "weights": {"b": 0.5},
    }
    return TrackVector.of(VectorManifest(**(fields | changes)))


def test_parts_are_scaled_weighted_and_joined() -> None:
    said = track_vector().combine({"b": np.array([0.0, 4.0]), "a": np.array([2.0, 2.0, 3.0])})
    assert said.dtype == np.float32
    assert said == pytest.approx(np.array([1, 0, 0, 0, 2]) / np.sqrt(5))


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf, -np.inf, 1e30, 1e-30])
def test_a_vector_is_always_sound(value: float) -> None:
    said = track_vector().combine({"a": np.full(3, value, np.float32), "b": np.full(2, value, np.float32)})
    assert np.isfinite(said).all()
    assert np.linalg.norm(said) == pytest.approx(1, abs=1e-5)


def test_an_average_track_is_sound() -> None:
    said = track_vector().combine({"a": np.array([1.0, 2.0, 3.0]), "b": np.zeros(2)})
    assert np.linalg.norm(said) == pytest.approx(1, abs=1e-6)


def test_a_missing_part_is_named() -> None:
    with pytest.raises(ValueError, match="part b"):
        track_vector().combine({"a": np.zeros(3)})
    with pytest.raises(ValueError, match="part a"):
        track_vector().combine({"a": np.zeros(4), "b": np.zeros(2)})


@pytest.mark.parametrize("change", [{"mean": [0.0]}, {"scale": [1.0, 1.0, 0.0, 1.0, 1.0]}, {"dim": 4}, {"schema": 9}])
def test_statistics_that_do_not_fit_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ModelMismatchError):
        track_vector(**change)


def test_timbre_does_not_depend_on_the_blocks() -> None:
    mel = golden_mel(0.3, 96, 500)[0]
    pieces = Timbre()
    for start, stop in ((0, 1), (1, 130), (130, 500)):
        pieces.add(mel[:, start:stop])
    assert pieces.result().shape == (40,)
    assert pieces.result() == pytest.approx(timbre([mel]), rel=1e-4, abs=1e-4)


def test_timbre_ignores_gain_and_silence() -> None:
    mel = golden_mel(0.3, 96, 200)[0]
    silence = np.full((96, 300), -100.0, np.float32)
    assert timbre([mel + 6, silence]) == pytest.approx(timbre([mel]), abs=1e-3)
    assert timbre([silence]) == pytest.approx(np.zeros(40))


def test_without_a_device_the_cpu_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "cuda_device_found", lambda: False)
    assert providers.choose("auto") == providers.CPU
    assert providers.choose("cpu") == providers.CPU
    with pytest.raises(ModelError, match="No CUDA device"):
        providers.choose("cuda")


def test_cuda_is_asked_for_only_when_it_is_offered_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(providers, "cuda_device_found", lambda: True)
    monkeypatch.setattr(providers.onnxruntime, "get_available_providers", lambda: [providers.CPU])
    assert providers.choose("auto") == providers.CPU
    monkeypatch.setattr(providers.onnxruntime, "get_available_providers", lambda: [providers.CUDA, providers.CPU])
    assert providers.choose("auto") == providers.CUDA


def test_manifests_need_no_torch() -> None:
    assert "torch" not in sys.modules or "segue_export" in sys.modules
    sources = Path(providers.__file__).parent.glob("*.py")
    assert not any("import torch" in source.read_text() for source in sources)


def test_the_shipped_models_are_whole() -> None:
    networks = Networks.load(models_dir(), "cpu")
    assert networks.self_test() < 1e-3
    assert {"rock", "jazz", "Hip-Hop", "classical", "reggae", "techno"} <= set(networks.tagger.tags)
    assert networks.short_chunk.features[-1] == "energy"
    assert networks.vector.dim == ModelSet.load(models_dir()).dim <= 328
    assert networks.provider == providers.CPU
    assert sum(file.stat().st_size for file in models_dir().iterdir()) < 25_000_000
