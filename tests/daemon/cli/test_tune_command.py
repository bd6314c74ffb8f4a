"""`segue tune`, on the weights of a library, without a daemon between them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest
from click.testing import CliRunner, Result

import segue.client
from segue.cli.main import main
from segue.library.store import Library
from segue.protocol.messages import TuneParams, WeightLesson, WeightList
from segue.recommend.catalogue import Catalogue
from segue.recommend.weights import DEFAULT, PRESETS
from segue.server.tuner import Tuner
from segue_export.evaluation import dj_world


@pytest.fixture
def tuner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tuner]:
    library = Library(tmp_path / "library.db")
    found = Tuner(library, DEFAULT, Catalogue(dj_world.make(50, 1).columns).snapshot)

    class Direct:
        """Answers as a client would."""

        def __init__(self, home: object) -> None:
            del home

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def weights(self, preset: str | None = None) -> WeightList:
            return found.shown(preset)

        def tune(self, changes: dict[str, float], preset: str | None, *, learn: bool, reset: bool) -> WeightList:
            return found.tune(TuneParams(changes=changes, preset=preset, learn=learn, reset=reset))

    monkeypatch.setattr(segue.client, "Client", Direct)
    yield found
    library.close()


def tune(*words: str) -> Result:
    return CliRunner().invoke(main, ["tune", *words], catch_exceptions=False)


def test_it_shows_and_changes_weights(tuner: Tuner) -> None:
    assert "similarity" in tune().output
    assert tuner.weights() == DEFAULT
    lines = tune("--set", "key=0.3", "--set", "feature.energy=2").output.splitlines()
    assert next(line.split() for line in lines if line.strip().startswith("key")) == ["key", "0.3", "0.1", "you"]
    assert (tuner.weights().key, tuner.weights().by_feature["energy"]) == (0.3, 2.0)
    tune("--reset")
    assert tuner.weights() == DEFAULT


def test_a_preset_is_shown_or_taken_over(tuner: Tuner) -> None:
    assert "preset peak" in tune("--preset", "peak", "--show").output
    assert tuner.weights() == DEFAULT
    tune("--preset", "peak")
    assert tuner.weights().tempo == PRESETS["peak"]["tempo"]


def test_json_is_the_answer(tuner: Tuner) -> None:
    answer = json.loads(tune("--set", "tags=1", "--json").output)
    assert {part["name"]: part["weight"] for part in answer["parts"]}["tags"] == 1.0
    assert tuner.weights().tags == 1.0


def test_too_few_sets_are_said_in_a_sentence(tuner: Tuner) -> None:
    assert "learning takes 60" in tune("--learn").output
    assert tuner.weights() == DEFAULT


@pytest.mark.parametrize("better", [True, False])
def test_what_was_learned_is_said_with_its_figures(tuner: Tuner, monkeypatch: pytest.MonkeyPatch, better: bool) -> None:
    lesson = WeightLesson(
        at=0.0, better=better, transitions=300, learned_from=90, judged_on=60, needed=60, before=0.1, after=0.1234
    )
    shown = tuner.shown()
    shown.lesson = lesson
    monkeypatch.setattr(tuner, "tune", lambda _: shown)
    said = tune("--learn").output
    assert "0.123 instead of 0.100" in said
    assert ("stay as they are" in said) == (not better)


@pytest.mark.parametrize(
    "words", [["--set", "key"], ["--set", "key=much"], ["--show", "--reset"], ["--learn", "--show"]]
)
def test_what_makes_no_sense_is_refused(tuner: Tuner, words: list[str]) -> None:
    assert tune(*words).exit_code == 2
    assert tuner.weights() == DEFAULT


def test_what_the_daemon_refuses_is_one_sentence(tuner: Tuner) -> None:
    outcome = tune("--set", "nonsense=1")
    assert outcome.exit_code == 1
    assert "no weight “nonsense”" in outcome.output
    assert tuner.weights() == DEFAULT
