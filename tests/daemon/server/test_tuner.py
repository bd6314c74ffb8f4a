"""The weights in use: who says what, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.config import Config
from segue.errors import ConfigError, InvalidParamsError
from segue.home import Home
from segue.library.store import Library
from segue.protocol.messages import TuneParams, WeightPart
from segue.recommend.catalogue import Catalogue
from segue.recommend.weights import DEFAULT, PRESETS
from segue.server.tuner import SETTING, Tuner
from segue_export.evaluation import dj_nights, dj_world


@pytest.fixture(scope="module")
def world() -> dj_world.World:
    return dj_world.make(500, 2)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    opened = Library(tmp_path / "library.db")
    yield opened
    opened.close()


@pytest.fixture
def tuner(library: Library, world: dj_world.World) -> Tuner:
    return Tuner(library, DEFAULT, Catalogue(world.columns).snapshot)


def part(tuner: Tuner, name: str, preset: str | None = None) -> WeightPart:
    shown = tuner.shown(preset)
    return next(one for one in (*shown.parts, *shown.features, shown.pitch_range) if one.name == name)


def test_at_first_the_defaults_hold(tuner: Tuner) -> None:
    shown = tuner.shown()
    assert tuner.weights() == DEFAULT
    assert {one.source for one in (*shown.parts, *shown.features, shown.pitch_range)} == {"default"}
    assert set(shown.presets) == set(PRESETS)


def test_what_a_user_says_holds_and_survives(tuner: Tuner, library: Library, world: dj_world.World) -> None:
    tuner.tune(TuneParams(changes={"key": 0.3, "feature.energy": 2.0, "pitch_range": 4.0}))
    again = Tuner(library, DEFAULT, Catalogue(world.columns).snapshot)
    assert again.weights() == tuner.weights()
    assert (again.weights().key, again.weights().by_feature["energy"], again.weights().reach) == (0.3, 2.0, 0.04)
    assert part(again, "key") == WeightPart(name="key", weight=0.3, default=DEFAULT.key, source="you")
    assert again.weights().by_feature["valence"] == DEFAULT.by_feature["valence"]
    again.tune(TuneParams(reset=True))
    assert again.weights() == DEFAULT
    assert library.setting(SETTING) is None


def test_a_preset_is_shown_on_top_and_taken_over_when_asked(tuner: Tuner) -> None:
    tuner.tune(TuneParams(changes={"tags": 0.5}))
    assert part(tuner, "tempo", "peak").weight == PRESETS["peak"]["tempo"]
    assert part(tuner, "tempo", "peak").source == "preset peak"
    assert part(tuner, "tempo").weight == DEFAULT.tempo
    tuner.tune(TuneParams(preset="peak"))
    assert (tuner.weights().tempo, tuner.weights().tags) == (PRESETS["peak"]["tempo"], 0.5)
    assert part(tuner, "tempo").source == "preset peak"


@pytest.mark.parametrize(
    ("params", "said"),
    [
        (TuneParams(changes={"nonsense": 1.0}), "no weight “nonsense”"),
        (TuneParams(changes={"feature.nonsense": 1.0}), "no weight"),
        (TuneParams(changes={"by_feature": 1.0}), "no weight"),
        (TuneParams(changes={"key": 11.0}), "between 0 and 10"),
        (TuneParams(changes={"pitch_range": 0.0}), "fader"),
        (TuneParams(preset="brunch"), "no preset “brunch”"),
        (TuneParams(learn=True, changes={"nonsense": 1.0}), "no weight"),
    ],
)
def test_a_mistake_is_refused_and_changes_nothing(
    tuner: Tuner, library: Library, params: TuneParams, said: str
) -> None:
    with pytest.raises(InvalidParamsError, match=said):
        tuner.tune(params)
    assert tuner.weights() == DEFAULT
    assert library.setting(SETTING) is None


def test_what_is_learned_comes_from_the_sets_and_what_a_user_says_comes_on_top(
    library: Library, world: dj_world.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = Catalogue(world.columns).snapshot
    nights = [list(night) for night in dj_nights.play(world, 14, 1)[1].nights]
    monkeypatch.setattr(library, "sets_played", lambda: nights)
    tuner = Tuner(library, DEFAULT, snapshot)
    shown = tuner.tune(TuneParams(learn=True))
    assert shown.lesson is not None
    assert shown.lesson.better
    assert shown.lesson.after > shown.lesson.before
    assert part(tuner, "tempo").source == "learned"
    learned = tuner.weights()
    tuner.tune(TuneParams(learn=True))
    assert tuner.weights() == learned, "learning twice teaches nothing new"
    tuner.tune(TuneParams(changes={"key": 0.7}))
    assert (part(tuner, "key").source, part(tuner, "tempo").source) == ("you", "learned")


def test_too_few_sets_are_said(tuner: Tuner) -> None:
    lesson = tuner.tune(TuneParams(learn=True)).lesson
    assert lesson is not None
    assert (lesson.better, lesson.judged_on, lesson.transitions) == (False, 0, 0)
    assert tuner.weights() == DEFAULT


@pytest.mark.parametrize("kept", [b"[]", b'{"values": {"of another version": 1.0}}', b'{"values": {"key": -4}}'])
def test_what_is_kept_and_makes_no_sense_is_passed_over(library: Library, world: dj_world.World, kept: bytes) -> None:
    library.settle(SETTING, kept)
    assert Tuner(library, DEFAULT, Catalogue(world.columns).snapshot).weights() == DEFAULT


def settings(folder: Path, text: str) -> Config:
    home = Home.locate(folder)
    home.create()
    home.config_file.write_text(text)
    return Config.load(home)


def test_the_settings_are_the_base(tmp_path: Path, library: Library, world: dj_world.World) -> None:
    base = settings(tmp_path / "home", "[weights]\nkey = 0.4\nby_feature = {energy = 0.0}\n").base_weights()
    tuner = Tuner(library, base, Catalogue(world.columns).snapshot)
    assert (tuner.weights().key, tuner.weights().by_feature["energy"]) == (0.4, 0.0)
    assert part(tuner, "key").source == "config"
    tuner.tune(TuneParams(changes={"key": 0.2}))
    tuner.tune(TuneParams(reset=True))
    assert tuner.weights() == base


@pytest.mark.parametrize("text", ["[weights]\nkie = 1.0\n", "[weights]\nkey = -1.0\n", '[weights]\nkey = "much"\n'])
def test_a_mistake_in_the_settings_is_said(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="weights"):
        settings(tmp_path / "home", text)
