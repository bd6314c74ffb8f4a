"""8-bit files: made on music, measured beside the float ones, shipped when they are as good, opened by the daemon."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
import torch
from export_support import tune
from onnx import numpy_helper

from segue.frontend.constants import HOP, MEL_FLOOR, N_FFT, SAMPLE_RATE
from segue.networks import providers, sessions
from segue.networks.manifest import FrontEnd, InputSpec, ModelManifest, OutputSpec, file_sha256
from segue.networks.sessions import ShortChunk, Tagger
from segue_export import int8, onnx_file, quantise
from segue_export.golden import golden_answer, rounding_tolerance
from segue_export.networks.crnn import Crnn
from segue_export.networks.short_chunk import ShortChunk as ShortChunkModule
from segue_export.precision import Answers, Excerpts, compare, points_lost, take_excerpts
from segue_export.shards import Corpus, ShardWriter

LABELS = {"crnn": ["rock", "pop", "jazz"], "short_chunk": ["energy", "voice"]}


def write_music(folder: Path) -> None:
    """Two groups of four short tracks to calibrate on, two groups with one long track to measure on."""
    writer = ShardWriter(folder)
    for group, split, seconds in (("a", "train", 30), ("b", "train", 30), ("c", "valid", 62), ("d", "valid", 62)):
        for number in range(4 if split == "train" else 1):
            samples = tune(ord(group) * 100 + number, seconds)
            digest = hashlib.sha256(samples.tobytes()).hexdigest()
            writer.add(group, f"{number}.ogg", "CC0-1.0", digest, samples, split=split)


def write_network(folder: Path, name: str) -> None:
    """A network with random weights that expects what spectrograms in dB are like, and its manifest."""
    torch.manual_seed(2)
    module = Crnn(3) if name == "crnn" else ShortChunkModule(2, 16)
    module.input_norm.running_mean.fill_(-40.0)
    module.input_norm.running_var.fill_(225.0)
    heard, first = (InputSpec("mel", 96, 1813), "tags") if name == "crnn" else (InputSpec("mel", 128, 231), "features")
    path = folder / f"{name}.onnx"
    mel = sessions.golden_mel(0.1, heard.mels, heard.frames)
    onnx_file.to_onnx(onnx_file.Outputs(module).eval(), np.repeat(mel, 2, 0), [first, "embedding"], path)
    seconds = round((heard.frames - 1) * HOP / SAMPLE_RATE, 6)
    embedding = 160 if name == "crnn" else 64
    manifest = ModelManifest(
        schema=1,
        name=name,
        version="1",
        file=path.name,
        sha256=file_sha256(path),
        input=heard,
        outputs=OutputSpec(embedding=embedding, **{first: LABELS[name]}),
        front_end=FrontEnd(SAMPLE_RATE, N_FFT, HOP, heard.mels, seconds, MEL_FLOOR),
        metrics={"parameters": 1},
        training={},
        parity_max_abs=0.0,
        licence="CC0-1.0",
        golden=golden_answer(path, heard, 0.5),
    )
    (folder / f"{name}.json").write_bytes(msgspec.json.encode(manifest))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_music(folder)
    return folder


@pytest.fixture
def models(tmp_path: Path) -> Path:
    torch.set_num_threads(1)
    for name in LABELS:
        write_network(tmp_path, name)
    return tmp_path


def arguments(models: Path, data: Path, points: float = 100.0) -> list[str]:
    sizes = ["--windows", "4", "--excerpts", "8", "--points", str(points)]
    return ["--models", str(models), "--data", str(data), *sizes]


@pytest.mark.slow
def test_the_daemon_opens_what_the_command_wrote(models: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert quantise.main(arguments(models, data)) == 0
    assert "ships int8" in capsys.readouterr().out
    for kind, name in ((Tagger, "crnn"), (ShortChunk, "short_chunk")):
        manifest = ModelManifest.load(models / f"{name}.json")
        assert (manifest.precision, manifest.file) == ("int8", f"{name}.int8.onnx")
        assert kind(manifest, "cpu").self_test() == pytest.approx(0.0, abs=1e-4)
        floats = manifest.variant("fp32")
        assert (floats.precision, floats.file) == ("fp32", f"{name}.onnx")
        assert kind(floats, "cpu").self_test() < 1e-4
        figures = manifest.metrics["precisions"]
        assert figures["int8"]["bytes"] < 0.5 * figures["fp32"]["bytes"]
        assert 0.5 < figures["int8"]["label_correlation"] <= 1
        assert figures["fp32"]["embedding_noise"] == 0 < figures["int8"]["embedding_noise"] < 1
        assert manifest.metrics["parameters"] == 1
    first = [file_sha256(path) for path in sorted(models.glob("*.onnx"))]
    quantise.main(arguments(models, data))
    assert [file_sha256(path) for path in sorted(models.glob("*.onnx"))] == first


@pytest.mark.slow
def test_a_lossy_file_is_not_shipped(models: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def lossy(*_: object) -> float:
        tried.append(1)
        return 5.0

    monkeypatch.setattr(quantise, "points_lost", lossy)
    monkeypatch.setattr(quantise, "NETWORKS", ("crnn",))
    before = file_sha256(models / "crnn.onnx")
    quantise.main(arguments(models, data, 1.0))
    manifest = ModelManifest.load(models / "crnn.json")
    assert (manifest.precision, manifest.file, manifest.sha256) == ("fp32", "crnn.onnx", before)
    assert manifest.variants == {}
    assert not (models / "crnn.int8.onnx").exists()
    assert not (models / "crnn.part.onnx").exists()
    assert len(manifest.metrics["precisions"]["int8"]["float_layers"]) == 2
    assert len(tried) == 3  # all three convolutions in 8 bits, then two, then one
    Tagger(manifest, "cpu").self_test()


@pytest.mark.slow
def test_an_interruption_leaves_the_file_in_use(models: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def press(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(quantise, "NETWORKS", ("crnn",))
    monkeypatch.setattr(quantise, "rounding_tolerance", press)
    (models / "crnn.int8.onnx").write_bytes(b"in use")
    before = {path.name: path.read_bytes() for path in models.iterdir()}
    with pytest.raises(KeyboardInterrupt):
        quantise.main(arguments(models, data))
    assert {path.name: path.read_bytes() for path in models.iterdir()} == before


def test_a_gpu_gets_the_float_file(models: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantise, "NETWORKS", ("short_chunk",))
    quantise.main(arguments(models, data))
    manifest = ModelManifest.load(models / "short_chunk.json")
    monkeypatch.setattr(sessions, "choose", lambda _: providers.CUDA)
    monkeypatch.setattr(sessions, "open_session", lambda path, _: providers.open_session(path, "cpu"))
    assert ShortChunk(manifest).manifest.precision == "fp32"
    (models / "short_chunk.onnx").unlink()
    assert ShortChunk(manifest).manifest.precision == "int8"
    with pytest.raises(ValueError, match="export the network again"):
        quantise.main(arguments(models, data))


def test_what_is_computed_in_8_bits(models: Path, data: Path) -> None:
    mel = sessions.golden_mel(0.2, 96, 1813)
    assert len(int8.convolutions(models / "crnn.onnx")) == 3
    int8.quantise(models / "crnn.onnx", mel, models / "8.onnx", keep=int8.convolutions(models / "crnn.onnx")[2:])
    graph = onnx.load(models / "8.onnx").graph
    kinds = [node.op_type for node in graph.node]
    assert (kinds.count("QLinearConv"), kinds.count("GRU")) == (2, 2)
    assert {node.name.split(".")[0] for node in graph.node if node.op_type == "Conv"} >= {"strip0", "strip14"}
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "QLinearConv":
            weight, scale = (numpy_helper.to_array(tensors[node.input[place]]) for place in (3, 4))
            assert weight.dtype == np.int8
            # Pairs of products of 255 and 64 fit into the 16 bits that processors without VNNI add them in.
            assert np.abs(weight.astype(int)).max() <= 64
            assert len(scale) == len(weight)  # one a channel


def test_small_groups_are_calibrated_on_as_well(tmp_path: Path) -> None:
    writer = ShardWriter(tmp_path)
    for number in range(12):
        samples = np.full(40, number + 1, np.int16)
        writer.add("large" if number else "small", str(number), "CC0-1.0", str(number), samples, split="train")
    corpus = Corpus(tmp_path, "train")
    chosen = int8.calibration_tracks(corpus, 3, 0)
    assert [corpus.tracks[number].group for number in chosen].count("small") == 1
    assert len(set(int8.calibration_tracks(corpus, 99, 0))) == 12


def test_accuracy_needs_long_tracks(data: Path) -> None:
    with pytest.raises(ValueError, match="a minute and more"):
        take_excerpts(Corpus(data, "train"), InputSpec("mel", 128, 231), 8)
    taken = take_excerpts(Corpus(data, "valid"), InputSpec("mel", 128, 231), 8)
    assert [mel.shape for mel in taken.mels] == [(8, 128, 231)] * 4
    assert taken.track.tolist() == [0, 0, 1, 1]
    assert taken.group.tolist() == ["c", "c", "d", "d"]


def test_figures_of_a_precision() -> None:
    random = np.random.default_rng(4)
    track = np.repeat(np.arange(20), 2)
    group = np.array([f"g{number // 5}" for number in track])
    centre = random.standard_normal((20, 16))[track] + 2 * random.standard_normal((4, 16))[track // 5]
    embedding = (centre + 0.2 * random.standard_normal((40, 16))).astype(np.float32)
    labels = random.uniform(0.1, 0.9, (40, 3)).astype(np.float32)
    classes = {"key": np.eye(24, dtype=np.float32)[np.arange(40) % 24]}
    excerpts = Excerpts([], track, group)
    reference = Answers(labels, embedding, classes)
    own = compare(reference, reference, excerpts)
    assert own[:2] + own[3:] == (1.0, 1.0, 1.0, 1.0, 0.0, 0.0, {"key": 1.0})
    assert points_lost(own, own) == 0.0

    blurred = Answers(
        labels + np.float32(0.02),
        embedding + random.normal(0, 0.2, (40, 16)).astype(np.float32),
        {"key": classes["key"][::-1]},
    )
    near = compare(reference, blurred, excerpts)
    assert near.label_difference == pytest.approx(0.02, abs=1e-5)
    assert 0.05 < near.embedding_noise < 0.2
    assert 0.8 < near.neighbour_overlap < 1.0
    assert near.same_class["key"] < 1.0
    assert points_lost(own, near) >= 2.0

    shuffled = compare(reference, Answers(labels, embedding[random.permutation(40)], classes), excerpts)
    right = [one.same_track + one.same_group + one.same_group_5 for one in (own, shuffled)]
    assert points_lost(own, shuffled) == pytest.approx(100 * (right[0] - right[1]) / 3, abs=0.01)
    assert points_lost(own, shuffled) > 30
    assert shuffled.neighbour_overlap < 0.6


def test_a_tolerance_follows_the_rounding(models: Path) -> None:
    heard = InputSpec("mel", 128, 231)
    int8.quantise(models / "short_chunk.onnx", sessions.golden_mel(0.2, 128, 231), models / "8.onnx")
    assert rounding_tolerance(models / "short_chunk.onnx", heard, 0.5) == 0.01
    rounded = rounding_tolerance(models / "8.onnx", heard, 0.5)
    assert 0.01 <= rounded < 0.2
    document = json.loads((models / "short_chunk.json").read_text())
    assert document["golden"]["phase"] == 0.5
    labels, embedding = golden_answer(models / "8.onnx", heard, 0.5).labels, document["golden"]["embedding"]
    assert len(labels) == 2
    assert np.corrcoef(golden_answer(models / "8.onnx", heard, 0.5).embedding, embedding)[0, 1] > 0.9
