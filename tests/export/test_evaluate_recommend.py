"""`segue-evaluate recommend`: made-up DJs, baselines, ablations, and the user's own history."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe
from segue.home import Home
from segue.library.store import Library
from segue_export.evaluation import dj_nights, dj_world, recommend_history, recommend_measure
from segue_export.evaluation.main import main
from segue_export.evaluation.recommend_history import NOBODY, Question
from segue_export.evaluation.recommend_rankers import LIMIT, Study, baselines

TRACKS = 500


@pytest.fixture(scope="module")
def history() -> recommend_history.History:
    return recommend_history.synthetic(TRACKS, 8, 4)


@pytest.fixture(scope="module")
def study(history: recommend_history.History) -> Study:
    return Study(history)


def test_a_made_up_world_is_the_same_for_the_same_seed_and_hides_its_truth() -> None:
    one, same, other = dj_world.make(80, 1), dj_world.make(80, 1), dj_world.make(80, 2)
    assert np.array_equal(one.columns.vectors, same.columns.vectors)
    assert not np.array_equal(one.columns.vectors, other.columns.vectors)
    big = dj_world.make(4000, 1)
    wrong_key = np.mean(big.columns.camelot != big.camelot)
    near = np.abs(np.log2(big.columns.bpm / big.bpm)) < 0.05
    assert 0.1 < wrong_key < 0.25
    assert 0.9 < near.mean() < 0.97
    right = big.columns.camelot == big.camelot
    assert big.columns.key_confidence[right].mean() > big.columns.key_confidence[~right].mean() + 0.1
    assert np.allclose(np.linalg.norm(big.columns.vectors, axis=1), 1.0, atol=1e-5)


def test_made_up_djs_never_repeat_a_track_and_keep_their_rules_more_often_than_chance() -> None:
    world = dj_world.make(1500, 1)
    djs = {dj.name: dj for dj in dj_nights.play(world, 6, 1)}
    for dj in djs.values():
        assert len(dj.nights) == 6
        for night in dj.nights:
            assert len(set(night)) == len(night) >= 18
            assert set(night) <= set(dj.crate)
    for name, rule in (("harmonic", "key"), ("tight", "tempo"), ("mood", "sound"), ("open", "folded")):
        kept, chance = [], []
        crate = np.array(djs[name].crate) - 1
        for night in djs[name].nights:
            for now, following in pairwise(night):
                kept.append(bool(dj_nights.RULES[rule](world, now - 1, np.array([following - 1]))[0]))
                chance.append(float(np.mean(dj_nights.RULES[rule](world, now - 1, crate))))
        assert np.mean(kept) > 1.25 * np.mean(chance), name


def test_later_nights_are_asked_about_and_never_learned_from(history: recommend_history.History) -> None:
    asked = recommend_history.questions(history)
    for dj, career in history.careers.items():
        mine = [one for one in asked if one.dj == dj]
        assert len(career.earlier) + len(career.later) == 8
        assert {one.tonight[0] for one in mine} <= {night[0] for night in career.later}
    assert all(one.chosen not in one.tonight for one in asked)
    assert len(recommend_history.questions(history, 10)) == 10


def test_every_ranker_gives_tracks_that_may_be_played_and_none_twice(study: Study) -> None:
    for question in recommend_history.questions(study.history, 6):
        for name, ranker in baselines(study).items():
            answer = list(ranker(question))
            assert len(answer) == len(set(answer)) <= LIMIT, name
            assert not set(answer) & set(question.tonight), name
            assert answer == list(ranker(question)), name
            if "crate" not in name:
                assert len(answer) == LIMIT, name


def test_figures_are_those_of_the_answers() -> None:
    asked = [Question("dj", "1", (1,), 5), Question("dj", "1", (1, 5), 6), Question("dj", "2", (2,), 7)]
    answers = [[5, 9], [8, 6], [1, 2]]
    row = recommend_measure._row(answers, asked)
    assert (row["hit@1"].value, row["hit@5"].value) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert row["MRR"].value == pytest.approx((1 + 1 / 2 + 0) / 3)


@pytest.mark.slow
def test_the_command_writes_tables_and_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--synthetic", "--tracks", str(TRACKS), "--nights", "8", "--limit", "4", "--out", str(tmp_path), "--json"]
    assert main(["recommend", *words]) == 0
    printed = json.loads(capsys.readouterr().out)
    figures = printed["figures"]
    assert set(figures) == {
        "next",
        "by_dj",
        "ablation",
        "ablation_untaught",
        "ablation_tuned",
        "weights",
        "mixes",
        "purity",
    }
    assert {"chance", "cosine", "tempo and key", "same artist", "Segue", "Segue, tuned"} <= set(figures["next"])
    assert {"without the pool", "without key", "without all of the memory"} <= set(figures["ablation"])
    assert printed["about"]["nights asked about"] + printed["about"]["nights to learn from"] == 32
    assert "<svg" in (tmp_path / "recommend.svg").read_text()
    page = (tmp_path / "recommend.md").read_text()
    assert "Without one part" in page
    assert json.loads((tmp_path / "recommend.json").read_text()) == printed


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Twelve tracks in two genres, and no daemon."""
    home = Home.locate(tmp_path / "home")
    home.create()
    library = Library(home.library_file)
    library.set_model(MODEL, LABELS, DIM)
    library.add_folder(Path("/m"))
    genres = ["House", "Techno"]
    ids = library.store_many(
        [(f"/m/{n}.mp3", probe(f"{n}", title=f"Song {n}", genre=genres[n % 2]), analysis(f"{n}")) for n in range(12)]
    )
    library.close()
    assert ids == list(range(1, 13))
    return home


def test_ones_own_history_is_read_from_a_copy(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    library = Library(home.library_file)
    for night in range(4):
        for place in range(4):
            library.add_play(1 + (3 * night + place) % 12, 1.7e9 + 86_400 * night + 300 * place, "user")
    before = home.library_file.read_bytes()
    history = recommend_history.from_home(home)  # with the library open, as by a daemon
    library.close()
    career = history.careers["you"]
    assert (*career.earlier, *career.later) == ((1, 2, 3, 4), (4, 5, 6, 7), (7, 8, 9, 10), (10, 11, 12, 1))
    assert home.library_file.read_bytes()[:100] == before[:100]
    assert main(["recommend", "--home", str(home.path), "--out", str(tmp_path / "out"), "--no-plots"]) == 0
    assert "The track that was played next" in capsys.readouterr().out


def test_without_a_history_styles_are_asked_about(
    home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text("path,style\n" + "".join(f"/m/{n}.mp3,style {n % 3}\n" for n in range(9)))
    history = recommend_history.from_home(home, truth)
    assert history.styles == {n + 1: f"style {n % 3}" for n in range(9)}
    assert all(one.chosen == NOBODY for one in recommend_history.seeds(history))
    words = ["recommend", "--home", str(home.path), "--out", str(tmp_path / "out"), "--no-plots", "--json"]
    assert main(words) == 0
    assert set(json.loads(capsys.readouterr().out)["figures"]) == {"mixes", "purity"}


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--home", "/nowhere/at/all"], "no library"), (["--synthetic", "--nights", "4", "--tracks", "200"], "")],
)
def test_what_cannot_be_measured_is_one_sentence(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["recommend", *words, "--limit", "1", "--no-plots", "--out", str(tmp_path)])
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert (code == 1) == bool(said)
    assert said in error
