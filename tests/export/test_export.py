"""Export: the file computes what the network computes, or is refused; the statistics fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from export_support import TAGS, mixer, teachers, write_corpus
from torch import nn

from segue.errors import ModelMismatchError
from segue.frontend.constants import CRNN_FRAMES, CRNN_MELS
from segue.networks.manifest import ModelManifest
from segue.networks.providers import open_session
from segue.networks.sessions import Networks
from segue_export import export, fusion, onnx_file
from segue_export import teachers as teachers_module
from segue_export.balance import CENTRED, centring, shift
from segue_export.networks.crnn import Crnn
from segue_export.onnx_file import ParityError
from segue_export.shards import Corpus
from segue_export.students import Kind
from segue_export.trainer import Settings, Trainer
from segue_export.views import ViewMaker, ViewStore
from segue_export.vocabulary import JAMENDO_TAGS, Vocabulary


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus with one step of a run of each kind."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder)
    maker = ViewMaker(mixer(folder), teachers(), folder / "views", "test", 1)
    for _ in range(3):
        maker.make()
    kinds: list[Kind] = ["crnn", "shortchunk"]
    for kind in kinds:
        settings = Settings(kind, minutes=60, width=32, calibration_crops=8, batch_scale=1 / 32)
        run = Trainer(settings, ViewStore(folder / "views"), Vocabulary.of(TAGS), folder / kind)
        run.learn()
        run.save()
    return folder


@pytest.fixture(scope="module")
def models(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("models")
    for kind in ("crnn", "shortchunk"):
        assert export.main([kind, "--dataset", str(data), "--run", str(data / kind), "--out", str(out)]) == 0
    words = [
        "--dataset",
        str(data),
        "--views",
        str(data / "views"),
        "--out",
        str(out),
        "--tracks",
        "4",
        "--count",
        "12",
    ]
    assert export.main(["vector", *words]) == 0
    return out


def test_the_tags_of_two_vocabularies_are_balanced_and_centred(tmp_path: Path) -> None:
    write_corpus(tmp_path)
    vocabulary = Vocabulary.join(["rock", "jazz"], list(JAMENDO_TAGS))
    torch.manual_seed(1)
    network = Crnn(len(vocabulary.tags), 4).eval()
    corpus = Corpus(tmp_path, "train")
    mel = torch.from_numpy(export.real_mels(corpus, CRNN_MELS, CRNN_FRAMES, len(corpus)))
    with torch.inference_mode():
        before = network(mel).logits.numpy().astype(np.float64) + shift(vocabulary)
        export._balance(network, vocabulary, [corpus])
        after = network(mel).logits.numpy()
    assert after == pytest.approx(before + centring(before), abs=1e-4)
    assert np.ptp(after.mean(0)) == pytest.approx((1 - CENTRED) * np.ptp(before.mean(0)), abs=1e-3)


def test_what_was_exported_is_loaded(models: Path) -> None:
    networks = Networks.load(models, "cpu")
    assert networks.self_test() < 1e-3
    assert networks.tagger.tags == TAGS
    assert networks.vector.dim <= 12  # no more directions than views
    tags, embedding = networks.tagger.run(np.full((3, 96, 1813), -40, np.float32))
    assert tags.shape == (3, len(TAGS))
    assert embedding.shape == (3, 32 + 32)  # the last convolution, of the width that was chosen, and the GRU
    assert 0 <= tags.min() <= tags.max() <= 1
    features, embedding = networks.short_chunk.run(np.full((20, 128, 231), -40, np.float32))
    assert features.shape == (20, 6)
    assert embedding.shape == (20, 128)


def test_the_manifest_says_how_it_was_made(models: Path) -> None:
    manifest = ModelManifest.load(models / "crnn.json")
    assert manifest.parity_max_abs <= 1e-4
    assert manifest.training["crops_seen"] == 2
    assert manifest.metrics["cpu_seconds_per_audio_minute"] > 0
    assert {teacher["licence"] for teacher in manifest.training["teachers"]} == {"MIT", "ISC"}


def test_a_file_that_differs_is_refused(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_file, "_difference", lambda *_: 3e-4)
    with pytest.raises(ParityError, match=r"3\.00e-04"):
        export.export("shortchunk", data / "shortchunk" / "checkpoint.pt", [str(data)], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_statistics_of_other_networks_are_refused(models: Path, tmp_path: Path) -> None:
    for file in models.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    text = (tmp_path / "vector.json").read_text()
    sha256 = ModelManifest.load(models / "crnn.json").sha256
    (tmp_path / "vector.json").write_text(text.replace(sha256, "0" * 64))
    with pytest.raises(ModelMismatchError, match="other networks"):
        Networks.load(tmp_path, "cpu")


def test_classes_of_tempo_and_key_are_distributions(models: Path) -> None:
    manifest = ModelManifest.load(models / "short_chunk.json")
    session, _ = open_session(manifest.path, "cpu")
    names = ["tempo", "key", "metre"]
    for name, said in zip(names, session.run(names, {"mel": np.full((2, 128, 231), -40, np.float32)}), strict=True):
        assert said.shape == (2, len(getattr(manifest.outputs, name)))
        assert said.sum(1) == pytest.approx(np.ones(2), abs=1e-5)


def test_the_projection_finds_what_the_teachers_hear() -> None:
    """Parts that are a noisy mixture of three numbers, of which the teachers hear two."""
    random = np.random.default_rng(1)
    hidden = random.standard_normal((400, 3))
    parts = hidden @ random.standard_normal((3, 12)) + 0.05 * random.standard_normal((400, 12))
    heard = fusion.Heard(parts, hidden[:, :2] @ random.standard_normal((2, 6)), np.ones(6, np.float32), (3, 3, 3, 3))
    statistics = fusion.Statistics(parts.mean(0), parts.std(0), 400)
    vectors = statistics.score(parts) @ fusion.project(statistics, heard, ridge=1e-3, blend=0.0, dim=2)
    wanted = fusion.teacher_space(heard)
    ours, theirs = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (vectors, wanted))
    assert np.corrcoef((ours @ ours.T).ravel(), (theirs @ theirs.T).ravel())[0, 1] > 0.98


def test_the_parts_themselves_may_stand_beside_it() -> None:
    random = np.random.default_rng(2)
    parts = random.standard_normal((300, 12))
    heard = fusion.Heard(parts, random.standard_normal((300, 6)), np.ones(6, np.float32), (3, 3, 3, 3))
    statistics = fusion.Statistics(np.zeros(12), np.ones(12), 300)
    vectors = parts @ fusion.project(statistics, heard, blend=50.0, dim=12)
    ours, theirs = (
        x / np.linalg.norm(x, axis=1, keepdims=True) for x in (vectors, parts * fusion.part_weights((3,) * 4))
    )
    assert ours @ ours.T == pytest.approx(theirs @ theirs.T, abs=0.02)


class _Listener(nn.Module):
    """A teacher as a folder of teachers would hold it."""

    samples, tags = 3 * 16_000, ["loud"]

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("window", torch.hann_window(512))

    def forward(self, wave: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        spectrum = torch.stft(wave, 512, 256, 512, self.window, center=True, pad_mode="reflect", return_complex=True)
        level = torch.log10(spectrum.abs() ** 2 + 1e-3).mean(2)
        return level[:, :8], level.mean(1, keepdim=True)


def test_a_teacher_says_the_same_in_onnx_runtime(tmp_path: Path) -> None:
    module = _Listener().eval()
    teacher = teachers_module.OnnxTeacher("listener", module, tmp_path)
    waves = np.random.default_rng(1).standard_normal((3, 48_000)).astype(np.float32) * 0.1
    embedding, logits, steps = teacher(waves)
    assert steps is None
    with torch.inference_mode():
        expected = module(torch.from_numpy(waves))
    assert embedding == pytest.approx(expected[0].numpy(), abs=1e-4)
    assert logits == pytest.approx(expected[1].numpy(), abs=1e-4)
    assert teacher.tags == ["loud"]
    assert teacher.samples == 48_000


def test_missing_teachers_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEGUE_TEACHERS", raising=False)
    with pytest.raises(SystemExit, match="--teachers"):
        teachers_module.folder(None)
    (tmp_path / "teachers.py").touch()
    assert teachers_module.folder(tmp_path) == tmp_path
