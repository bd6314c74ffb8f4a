"""Distillation learns, and an interrupted run goes on as if it had not been interrupted."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from export_support import TAGS, mixer, teachers, write_corpus

from segue.frontend.constants import CHUNK_MELS, CRNN_MELS, SAMPLE_RATE
from segue_export.augment import VIEW_SAMPLES, crossed
from segue_export.crops import CHUNK, CRNN_CROP, CRNN_WHOLE, CropSource
from segue_export.losses import known_bce, known_classes, relation, soft_bce
from segue_export.networks.crnn import GRU_DIM
from segue_export.students import Kind, Sizes, Student, update_average
from segue_export.targets import FEATURES, Layout, Part, cover
from segue_export.trainer import BEST, CHECKPOINT, Ended, Settings, Trainer
from segue_export.views import BATCH, WINDOWS, ViewMaker, ViewStore
from segue_export.vocabulary import Vocabulary

VOCABULARY = Vocabulary.of(TAGS)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    # So small a network only loses time by sharing its work.
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder)
    maker = ViewMaker(mixer(folder), teachers(), folder / "views", "test", 1)
    for _ in range(3):
        maker.make()
    return folder


def trainer(data: Path, out: Path, kind: Kind = "shortchunk", width: int = 4) -> Trainer:
    settings = Settings(
        kind, minutes=60, width=width, half=False, calibration_crops=24, log_steps=5, warm_steps=5, batch_scale=1 / 6
    )
    return Trainer(settings, ViewStore(data / "views"), VOCABULARY, out)


def test_views_are_the_same_in_a_second_run(data: Path, tmp_path: Path) -> None:
    ViewMaker(mixer(data), teachers(), tmp_path, "test", 1).make()
    for name in ("test-00000.npy", "test-00000.npz"):
        assert (tmp_path / name).read_bytes() == (data / "views" / name).read_bytes()
    assert len(ViewStore(tmp_path)) == BATCH


def test_a_view_never_leaves_the_range_of_samples(data: Path) -> None:
    sources = mixer(data)
    random = np.random.default_rng(3)
    for _ in range(12):
        view = sources.draw(random)
        assert view.wave.shape == (VIEW_SAMPLES,)
        assert view.wave.dtype == np.float32
        assert 0 < np.abs(view.wave).max() <= 1.0


def test_crossed_is_the_bass_of_one_and_the_rest_of_the_other() -> None:
    def tones(*hz: float) -> npt.NDArray[np.float32]:
        return sum(np.sin(2 * np.pi * each * np.arange(SAMPLE_RATE) / SAMPLE_RATE) for each in hz).astype(np.float32)  # type: ignore[union-attr]

    for seed in range(8):
        both = crossed(tones(50, 5000), tones(60, 6000), np.random.default_rng(seed))
        spectrum = np.abs(np.fft.rfft(both)) / (SAMPLE_RATE / 2)
        assert spectrum[[50, 60, 5000, 6000]] == pytest.approx([1, 0, 0, 1], abs=0.02)


def test_the_truth_follows_the_speed(data: Path) -> None:
    sources = mixer(data)
    random = np.random.default_rng(4)
    known = [view.truth for view in (sources.draw(random) for _ in range(40)) if view.truth is not None]
    tempi = {truth.tempo for truth in known if truth.tempo is not None}
    assert {100.0 + package for package in range(8)} & tempi, "a view that was left alone keeps its tempo"
    moved = [truth for truth in known if truth.tempo is not None and truth.tempo % 1]
    assert moved
    for truth in moved:
        assert truth.key is None or truth.key.endswith(" minor")
    assert any(truth.key is None for truth in moved), "between two semitones there is no key"


def test_labels_are_those_of_the_crop(data: Path) -> None:
    labels = ViewStore(data / "views").draw(np.random.default_rng(0)).labels
    crop = cover(labels, Part(2, 3), VOCABULARY)
    short, long = labels["short"], labels["long"]
    heard = [long.steps[4:10].mean(0), long.embedding[0][4:], short.embedding[2:5].mean(0)]
    assert crop.embedding == pytest.approx(np.concatenate(heard), rel=1e-2, abs=1e-2)
    assert crop.steps == pytest.approx(long.steps[4:10])
    assert crop.windows == pytest.approx(short.embedding[2:5])
    assert crop.logits == pytest.approx((long.logits[0] + short.logits[2:5].mean(0)) / 2, rel=1e-2, abs=1e-2)


def test_a_guess_counts_less(data: Path) -> None:
    layout = Layout.of(ViewStore(data / "views").draw(np.random.default_rng(0)).labels)
    assert layout.weights(1.0) == pytest.approx(np.ones(16))
    guessed = layout.weights(0.5)
    assert guessed[:4] == pytest.approx(guessed[8:12])  # steps and short windows are heard, not guessed
    assert guessed[4:8] == pytest.approx(0.5 * guessed[:4])
    assert guessed.mean() == pytest.approx(1.0)


@pytest.mark.parametrize("shape", [CHUNK, CRNN_CROP, CRNN_WHOLE])
def test_targets_are_in_range(data: Path, shape) -> None:
    source = CropSource(ViewStore(data / "views"), VOCABULARY, np.random.default_rng(0))
    scale = source.measure(shape, 32)
    batch = source.batch(shape, scale, 16)
    assert batch.mel.shape == (16, shape.mels, 1 + shape.samples // 256)
    assert batch.features.shape == (16, len(FEATURES))
    assert 0 <= batch.features.min() <= batch.features.max() <= 1
    assert batch.embedding.abs().mean() < 2
    assert batch.steps.shape == (16, 2 * shape.windows, 4)
    assert batch.windows.shape == (16, shape.windows, 8)
    known = batch.tempo.sum(1) > 0
    assert known.any()
    assert torch.allclose(batch.tempo[known].sum(1), torch.ones(int(known.sum())))


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


def test_an_interrupted_run_goes_on_exactly(data: Path, tmp_path: Path) -> None:
    """Weights, average, learning rate, validation, best loss, patience and log, as if nothing had happened."""
    settings = Settings(
        "shortchunk", minutes=3, width=4, half=False, calibration_crops=8, batch_scale=1 / 16, log_steps=3, warm_steps=3,
        valid_minutes=0.5, valid_batches=1, patience=9,
    )  # fmt: skip

    def begin(name: str) -> Trainer:
        store = ViewStore(data / "views")
        return Trainer(settings, store, VOCABULARY, tmp_path / name, valid=store)

    def seconds(run: Trainer, stop_at: int | None = None) -> Callable[[], float]:
        """A clock on which each step takes 15 s, and that stops the run in the middle of a step."""
        ticks = iter(range(0, 10_000, 15))

        def clock() -> float:
            if run.step + 1 == stop_at:
                run.stop()
            return float(next(ticks))

        return clock

    through = begin("through")
    assert through.run(seconds(through)) == Ended.TIME
    first = begin("parts")
    assert first.run(seconds(first, 5)) == Ended.STOPPED
    with (tmp_path / "parts/log.csv").open("a") as file:
        file.write("99,9.0,12,99,1e-3,,,,,,,,,,\n")  # what a run that was killed did after its checkpoint
    second = begin("parts")
    assert second.restore()
    assert 0 < second.step < through.step
    assert second.run(seconds(second)) == Ended.TIME
    kept = [torch.load(tmp_path / name / CHECKPOINT, weights_only=True) for name in ("through", "parts")]
    assert kept[0]["progress"] == kept[1]["progress"]
    assert np.isfinite(kept[0]["progress"]["best"])
    for part in ("student", "average"):
        for ours, theirs in zip(kept[0][part].values(), kept[1][part].values(), strict=True):
            assert torch.equal(ours, theirs)
    assert torch.equal(kept[0]["torch_random"], kept[1]["torch_random"])
    assert kept[0]["numpy_random"] == kept[1]["numpy_random"]
    assert (tmp_path / "through/log.csv").read_text() == (tmp_path / "parts/log.csv").read_text()


def test_patience_outlives_interruptions(data: Path, tmp_path: Path) -> None:
    settings = Settings(
        "shortchunk", minutes=60, width=4, half=False, calibration_crops=8, batch_scale=1 / 16, valid_batches=1,
        valid_minutes=0.0, patience=3, rate=1e-9,
    )  # fmt: skip
    store, ends = ViewStore(data / "views"), []
    while Ended.PATIENCE not in ends[:-1] and len(ends) < 60:
        run = Trainer(settings, store, VOCABULARY, tmp_path, valid=store)
        run.restore()
        began, ticks = run.step, iter(range(100_000))

        def clock(run: Trainer = run, began: int = began, ticks: Iterator[int] = ticks) -> float:
            if run.step > began:
                run.stop()
            return float(next(ticks))

        ends.append(run.run(clock))
    assert ends[-2:] == [Ended.PATIENCE, Ended.PATIENCE], "and a run that has ended does not go on"
    assert run.step == began


def test_a_run_labels_first_and_ends_in_time(data: Path, tmp_path: Path) -> None:
    calls = []
    settings = Settings(
        "shortchunk", minutes=1.0, width=4, first_views=12, label_share=0.3, calibration_crops=8, batch_scale=1 / 16
    )
    run = Trainer(settings, ViewStore(data / "views"), VOCABULARY, tmp_path, lambda: calls.append(1))
    ticks = iter(range(0, 1000, 5))
    run.run(lambda: float(next(ticks)))
    assert run.minutes == 1.0
    assert run.step > 0
    assert calls
    assert (tmp_path / "checkpoint.pt").exists()


def test_the_crnn_takes_a_step(data: Path, tmp_path: Path) -> None:
    run = trainer(data, tmp_path, "crnn")
    assert np.isfinite(run.learn())


def test_validation_keeps_the_best_and_stops_when_nothing_gets_better(data: Path, tmp_path: Path) -> None:
    settings = Settings(
        "shortchunk", minutes=9, width=4, half=False, calibration_crops=8, batch_scale=1 / 16, valid_batches=1,
        valid_minutes=0.0, patience=3, rate=1e-9,
    )  # fmt: skip
    store = ViewStore(data / "views")
    run = Trainer(settings, store, VOCABULARY, tmp_path, valid=store)
    ticks = iter(range(100_000))
    assert run.run(lambda: float(next(ticks))) == Ended.PATIENCE
    assert run.minutes < 9.0, "with no learning rate to speak of, patience ends the run"
    assert np.isfinite(run.best)
    assert (tmp_path / BEST).exists()


def test_a_run_starts_from_the_weights_of_another(data: Path, tmp_path: Path) -> None:
    first = trainer(data, tmp_path / "first")
    first.learn()
    first.save()
    second = trainer(data, tmp_path / "second")
    assert second.start_from(tmp_path / "first" / "checkpoint.pt") > 100
    assert second.crops_before == first.crops > 0
    for name, value in second.student.network.state_dict().items():
        assert torch.equal(value, first.average.network.state_dict()[name])
    with pytest.raises(SystemExit, match="another kind"):
        trainer(data, tmp_path / "third", "crnn").start_from(tmp_path / "first" / "checkpoint.pt")
    with pytest.raises(SystemExit, match="no checkpoint to start from"):
        second.start_from(tmp_path / "nowhere.pt")


@pytest.mark.parametrize(("kind", "mels"), [("crnn", CRNN_MELS), ("shortchunk", CHUNK_MELS)])
def test_a_wider_network_begins_with_what_a_narrow_one_says(data: Path, tmp_path: Path, kind: Kind, mels: int) -> None:
    narrow = trainer(data, tmp_path / "narrow", kind)
    narrow.learn()
    narrow.save()
    wide = trainer(data, tmp_path / "wide", kind, width=10)
    wide.start_from(tmp_path / "narrow" / "checkpoint.pt")
    mel = 10 * torch.randn(2, mels, 231) - 40
    with torch.inference_mode():
        old, new = narrow.average(mel), wide.average(mel)
    assert torch.allclose(old.logits, new.logits, atol=1e-5)
    channels = old.embedding.shape[1] - (GRU_DIM if kind == "crnn" else 0)
    state = new.embedding.shape[1] - old.embedding.shape[1]
    assert state > 0
    assert torch.allclose(old.embedding[:, :channels], new.embedding[:, :channels], atol=1e-5)
    assert torch.allclose(old.embedding[:, channels:], new.embedding[:, channels + state :], atol=1e-5)
    name = "network.tags.weight" if kind == "crnn" else "network.hidden.weight"
    unheard = wide.student.state_dict()[name][:, channels : channels + state][
        : narrow.student.state_dict()[name].shape[0]
    ]
    assert bool((unheard == 0).all())
    wide.learn()
    assert bool((unheard != 0).all()), "what is new is listened to from the first step on"
    wide.save()
    with pytest.raises(SystemExit, match="wider network"):
        narrow.start_from(tmp_path / "wide" / "checkpoint.pt")


def test_learning_from_labels_without_teachers(data: Path, tmp_path: Path) -> None:
    maker = ViewMaker(mixer(data), [], tmp_path / "views", "test", 1)
    for _ in range(3):
        maker.make()
    settings = Settings(
        "shortchunk",
        minutes=9,
        width=4,
        half=False,
        calibration_crops=8,
        batch_scale=1 / 3,
        warm_steps=3,
        weights={"known_tags": 1.0, "features": 0.0},
    )
    run = Trainer(settings, ViewStore(tmp_path / "views"), Vocabulary.of(["jazz", "metal"]), tmp_path / "run")
    losses = [run.learn() for _ in range(40)]
    assert np.isfinite(losses).all()
    assert np.mean(losses[-6:]) < 0.8 * np.mean(losses[:4])


def test_unknown_targets_do_not_pull() -> None:
    logits = torch.zeros(3, 4)
    assert float(known_classes(logits, torch.zeros(3, 4))) == 0
    assert float(known_bce(logits, torch.full((3, 4), torch.nan))) == 0
    one = torch.tensor([[1.0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert float(known_classes(logits, one)) == pytest.approx(1.0), "as good as the uniform guess"


def test_the_windows_tile_the_view(data: Path) -> None:
    drawn = ViewStore(data / "views").draw(np.random.default_rng(0))
    assert drawn.labels["short"].logits.shape == (WINDOWS, len(TAGS))
    assert drawn.labels["long"].logits.shape == (1, len(TAGS))


def test_losses_vanish_when_the_student_agrees() -> None:
    wanted = torch.rand(8, 5) * 0.9 + 0.05
    assert float(soft_bce(wanted.logit(), wanted)) == pytest.approx(0, abs=1e-6)
    z = torch.randn(8, 5)
    assert float(relation(z, z)) == pytest.approx(0, abs=1e-9)
    assert float(relation(z, torch.randn(8, 5))) > 0.01


def test_the_average_follows_the_student() -> None:
    student, average = (Student("shortchunk", Sizes(4, 3), 2) for _ in range(2))
    for step in range(200):
        update_average(average, student, step, decay=0.9)
    for slow, fast in zip(average.parameters(), student.parameters(), strict=True):
        assert torch.allclose(slow, fast, atol=1e-4)
