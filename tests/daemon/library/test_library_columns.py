from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe
from segue.library import versions
from segue.library.columns import Columns
from segue.library.store import Library
from segue.library.vocabulary import Vocabulary


def put(library: Library, path: str, **tags: object) -> int:
    name = Path(path).stem
    return library.store(path, probe(name, **{"title": name, **tags}), analysis(name))


def test_everything_that_is_known_is_in_the_columns(library: Library) -> None:
    full = put(library, "/m/house/a.mp3", title="Song (Dub)", artist="X", genre="Deep House", year=2011, rating=4)
    bare = put(library, "/m/b.mp3")
    columns = library.columns()
    assert columns.ids.tolist() == [full, bare]
    assert columns.feature_names == ("danceability",)
    assert columns.features.tolist() == [[0.75], [0.75]]
    assert columns.work.tolist() == [versions.work_key("Song", "X"), versions.work_key("b", None)]
    assert columns.year.tolist() == [2011, 0]
    assert columns.rating.tolist() == [4, -1]
    assert [columns.genres[code] for code in columns.genre] == ["Deep House", ""]
    assert [columns.places[code] for code in columns.place] == [("/m/house",), ("/m",)]
    assert not columns.private.any()
    assert {name: len(array) for name, array in columns.arrays().items()} == dict.fromkeys(columns.arrays(), 2)


def test_codes_mean_the_same_whenever_they_are_read(library: Library) -> None:
    put(library, "/m/a.mp3", genre="House")
    first = library.columns()
    other = put(library, "/n/b.mp3", genre="Techno")
    again = library.columns([other])
    assert again.genres is first.genres
    assert [again.genres[code] for code in (first.genre[0], again.genre[0])] == ["House", "Techno"]
    assert library.columns().genre.tolist() == [first.genre[0], again.genre[0]]


def test_a_track_lies_where_its_files_are_that_are_there(library: Library) -> None:
    track = put(library, "/m/one/a.mp3")
    library.attach("/m/two/copy.mp3", probe("a"))
    columns = library.columns()
    assert columns.places[columns.place[0]] == ("/m/one", "/m/two")
    library.mark_missing(["/m/two/copy.mp3"])
    columns = library.columns([track])
    assert columns.places[columns.place[0]] == ("/m/one",)
    library.mark_missing(["/m/one/a.mp3"])
    columns = library.columns([track])
    assert columns.places[columns.place[0]] == ("/m/one", "/m/two")
    assert not columns.present[0]


def test_stars_have_sources(library: Library) -> None:
    track = put(library, "/m/a.mp3", rating=2)
    library.set_values(track, {"rating": 5}, "user")
    told = library.track(track)
    assert (told.rating, [value.source for value in told.sources["rating"]]) == (5, ["user", "file"])
    library.set_values(track, {}, "user", ["rating"])
    assert library.track(track).rating == 2
    assert library.doubts([track]) == {}
    library.store("/m/a.mp3", probe("a", title="a"), analysis("a"))
    assert library.track(track).rating is None
    assert library.columns().rating.tolist() == [-1]


def test_works_are_named_anew_when_the_judgement_changes(library_file: Path, library: Library) -> None:
    put(library, "/m/a.mp3", title="Song", artist="X")
    library.close()
    with closing(sqlite3.connect(library_file)) as db:
        db.execute("UPDATE tracks SET work_key = 0")
        db.execute("UPDATE meta SET value = -1 WHERE name = 'stems'")
        db.commit()
    with closing(Library(library_file)) as fresh:
        fresh.set_model(MODEL, LABELS, DIM)
        assert fresh.columns().work.tolist() == [versions.work_key("Song", "X")]


@pytest.mark.parametrize("harm", ["", "[1]", '{"a": "b"}', '{"danceability": null}', "{"])
def test_damaged_features_cost_only_themselves(library: Library, library_file: Path, harm: str) -> None:
    put(library, "/m/a.mp3")
    put(library, "/m/b.mp3")
    with closing(sqlite3.connect(library_file)) as db:
        db.execute("UPDATE tracks SET features = ? WHERE title = 'a'", (harm,))
        db.commit()
    columns = library.columns()
    assert np.isnan(columns.features[0]).all()
    assert columns.features[1].tolist() == [0.75]


def test_a_path_that_is_no_text_is_a_place_too(library: Library) -> None:
    put(library, os.fsdecode(b"/m/caf\xe9/a.mp3"))
    columns = library.columns()
    assert columns.places[columns.place[0]] == (os.fsdecode(b"/m/caf\xe9"),)


def test_a_vocabulary_answers_for_entries_that_came_later() -> None:
    words = Vocabulary("")
    assert words.codes(["a", "b", "", "a"]).tolist() == [1, 2, 0, 1]
    asked: list[str] = []

    def is_a(word: str) -> bool:
        asked.append(word)
        return word.startswith("a")

    assert words.where("a", is_a).tolist() == [False, True, False]
    words.codes(["ab"])
    assert words.where("a", is_a).tolist() == [False, True, False, True]
    assert asked == ["a", "b", "ab"]
    assert len(words) == 4


def test_columns_can_be_cut() -> None:
    whole = Columns.empty(5, DIM, LABELS, ("a", "b"))
    assert whole.take(np.array([1, 3])).features.shape == (2, 2)
    assert whole.take(slice(0)).labels == LABELS
