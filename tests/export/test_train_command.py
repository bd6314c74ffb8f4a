"""`segue-train` as it is typed: what it refuses, and a run from labels alone."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from export_support import mixer, teachers, write_corpus

from segue_export import train
from segue_export.crops import CHUNK, CropSource
from segue_export.trainer import CHECKPOINT
from segue_export.views import ViewMaker, ViewStore
from segue_export.vocabulary import Vocabulary


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("data")
    write_corpus(folder, tracks=6)
    return folder


def words(data: Path, out: Path, *more: str) -> list[str]:
    quick = ["--minutes", "0.02", "--width", "4", "--first-views", "4", "--batch-scale", "0.1", "--full-precision"]
    return ["shortchunk", "--dataset", str(data), "--out", str(out), *quick, "--no-teachers", *more]


def test_a_run_from_labels_alone_is_kept_and_goes_on(data: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    ticks = itertools.count()  # minutes that are the same on every machine: it must come to learning within them
    monkeypatch.setattr(train, "time", SimpleNamespace(monotonic=lambda: next(ticks) / 20))
    (tmp_path / "run.toml").write_text('weight = ["musical=1.0"]\nseed = 3\n')
    given = words(data, tmp_path / "run", "--config", str(tmp_path / "run.toml"))
    assert train.main(given) == 0
    state = torch.load(tmp_path / "run" / CHECKPOINT, weights_only=True)
    assert state["settings"]["seed"] == 3
    assert state["settings"]["weights"] == {"known_tags": 1.0, "musical": 1.0}
    assert train.main([*given, "--resume", "--minutes", "0.03"]) == 0
    assert "starting at step 0" in capsys.readouterr().out.splitlines()[0]
    with pytest.raises(SystemExit, match="another width"):
        train.main([*given, "--resume", "--width", "8", "--minutes", "0.04"])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--weight", "loudness=1"), "no term loudness"),
        (("--weight", "tags"), "a number"),
        (("--start", "nowhere.pt", "--dataset", "nowhere"), "no dataset in this folder"),
    ],
)
def test_what_makes_no_sense_is_refused(data: Path, tmp_path: Path, more: tuple[str, ...], said: str) -> None:
    with pytest.raises(SystemExit, match=said):
        train.main(words(data, tmp_path / "run", *more))


def test_views_of_other_teachers_are_refused(data: Path, tmp_path: Path) -> None:
    ViewMaker(mixer(data), teachers(), tmp_path / "views", "test", 1).make()
    with pytest.raises(SystemExit, match="labelled by long short"):
        train.main(words(data, tmp_path / "run", "--views", str(tmp_path / "views")))


def test_an_empty_store_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no labelled views"):
        train.main(words(data, tmp_path / "run", "--label-share", "0"))


def test_what_was_learnt_without_teachers_has_no_guessed_features(data: Path, tmp_path: Path) -> None:

    ViewMaker(mixer(data), [], tmp_path / "views", "test", 1).make()
    source = CropSource(ViewStore(tmp_path / "views"), Vocabulary.of(["jazz"]), np.random.default_rng(0))
    batch = source.batch(CHUNK, source.measure(CHUNK, 8), 4)
    assert batch.features[:, :-1].isnan().all()
    assert not batch.features[:, -1].isnan().any()
