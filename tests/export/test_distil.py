"""Distillation learns, and an interrupted run goes on as if it had not been interrupted."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from export_support import TAGS, teachers, write_corpus

from segue_export.augment import VIEW_SAMPLES, draw_view, package_weights
from segue_export.crops import CHUNK, CRNN_CROP, CropSource
from segue_export.losses import relation, soft_bce
from segue_export.shards import Corpus
from segue_export.students import Kind, Student, update_average
from segue_export.targets import FEATURES, cover
from segue_export.trainer import Settings, Trainer
from segue_export.views import BATCH, ViewMaker, ViewStore


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    # So small a network only loses time by sharing its work.
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder)
    maker = ViewMaker(Corpus(folder, "train"), teachers(), folder / "views", "test", 1)
    for _ in range(3):
        maker.make()
    return folder


def trainer(data: Path, out: Path, kind: Kind = "shortchunk") -> Trainer:
    settings = Settings(
        kind, minutes=60, width=4, half=False, calibration_crops=24, log_steps=5, warm_steps=5, batch_scale=1 / 6
    )
    return Trainer(settings, ViewStore(data / "views"), lambda: None, TAGS, out)


def test_views_are_the_same_in_a_second_run(data: Path, tmp_path: Path) -> None:
    ViewMaker(Corpus(data, "train"), teachers(), tmp_path, "test", 1).make()
    for name in ("test-00000.npy", "test-00000.npz"):
        assert (tmp_path / name).read_bytes() == (data / "views" / name).read_bytes()
    assert len(ViewStore(tmp_path)) == BATCH


def test_a_view_never_leaves_the_range_of_samples(data: Path) -> None:
    corpus = Corpus(data, "train")
    random = np.random.default_rng(3)
    for _ in range(12):
        view = draw_view(corpus, package_weights(corpus), random)
        assert view.shape == (VIEW_SAMPLES,)
        assert view.dtype == np.float32
        assert 0 < np.abs(view).max() <= 1.0


def test_labels_are_those_of_the_crop(data: Path) -> None:
    _, labels = ViewStore(data / "views").draw(np.random.default_rng(0))
    crop = cover(labels, 2, 3, 9)
    short, long = labels["short"], labels["long"]
    assert crop.embedding == pytest.approx(np.concatenate([long.embedding[0], short.embedding[2:5].mean(0)]), rel=1e-2)
    assert crop.logits == pytest.approx((long.logits[0] + short.logits[2:5].mean(0)) / 2, rel=1e-2, abs=1e-2)


@pytest.mark.parametrize("shape", [CHUNK, CRNN_CROP])
def test_targets_are_in_range(data: Path, shape) -> None:
    source = CropSource(ViewStore(data / "views"), TAGS, np.random.default_rng(0))
    scale = source.measure(shape, 32)
    batch = source.batch(shape, scale, 16)
    assert batch.mel.shape == (16, shape.mels, 1 + shape.samples // 256)
    assert batch.features.shape == (16, len(FEATURES))
    assert 0 <= batch.features.min() <= batch.features.max() <= 1
    assert batch.embedding.abs().mean() < 2


def test_learning_lowers_the_loss(data: Path, tmp_path: Path) -> None:
    run = trainer(data, tmp_path)
    losses = [run.learn() for _ in range(30)]
    assert np.mean(losses[-5:]) < 0.85 * np.mean(losses[:3])
    with (tmp_path / "log.csv").open() as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["5", "10", "15", "20", "25", "30"]


def test_a_resumed_run_is_the_same_run(data: Path, tmp_path: Path) -> None:
    through = trainer(data, tmp_path / "through")
    expected = [through.learn() for _ in range(4)]
    first = trainer(data, tmp_path / "parts")
    said = [first.learn() for _ in range(2)]
    first.save()
    second = trainer(data, tmp_path / "parts")
    second.restore()
    said += [second.learn() for _ in range(2)]
    assert said == pytest.approx(expected, rel=1e-4)
    for ours, theirs in zip(second.average.state_dict().values(), through.average.state_dict().values(), strict=True):
        assert torch.allclose(ours.float(), theirs.float(), rtol=1e-3, atol=1e-5)


def test_a_run_labels_first_and_ends_in_time(data: Path, tmp_path: Path) -> None:
    calls = []
    settings = Settings(
        "shortchunk", minutes=1.0, width=4, first_views=12, label_share=0.3, calibration_crops=8, batch_scale=1 / 16
    )
    run = Trainer(settings, ViewStore(data / "views"), lambda: calls.append(1), TAGS, tmp_path)
    ticks = iter(range(0, 1000, 5))
    run.run(lambda: float(next(ticks)))
    assert run.minutes == 1.0
    assert run.step > 0
    assert calls
    assert (tmp_path / "checkpoint.pt").exists()


def test_the_crnn_takes_a_step(data: Path, tmp_path: Path) -> None:
    run = trainer(data, tmp_path, "crnn")
    assert np.isfinite(run.learn())


def test_losses_vanish_when_the_student_agrees() -> None:
    wanted = torch.rand(8, 5) * 0.9 + 0.05
    assert float(soft_bce(wanted.logit(), wanted)) == pytest.approx(0, abs=1e-6)
    z = torch.randn(8, 5)
    assert float(relation(z, z)) == pytest.approx(0, abs=1e-9)
    assert float(relation(z, torch.randn(8, 5))) > 0.01


def test_the_average_follows_the_student() -> None:
    student, average = Student("shortchunk", 4, 3, 2), Student("shortchunk", 4, 3, 2)
    for step in range(200):
        update_average(average, student, step, decay=0.9)
    for slow, fast in zip(average.parameters(), student.parameters(), strict=True):
        assert torch.allclose(slow, fast, atol=1e-4)
