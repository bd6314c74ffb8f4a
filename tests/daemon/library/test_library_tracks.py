"""Tracks, their values and sources, plays, networks, columns."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import numpy as np
import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe, vector
from segue.errors import (
    InvalidParamsError,
    ModelMismatchError,
    ModelMissingError,
    TrackNotFoundError,
    TrackNotReadyError,
)
from segue.library import names
from segue.library.store import Library


def test_a_track_tells_all_that_is_known(library: Library) -> None:
    tags = {"title": "Song", "artist": "Band", "album": "LP", "genre": "House", "comment": "9A", "year": 1999}
    track = library.store("/m/x.mp3", probe("x", **tags, bpm=126.0), analysis("x"))
    told = library.track(track)
    assert (told.title, told.artist, told.album, told.genre, told.comment, told.year) == tuple(tags.values())
    assert (told.bpm, told.bpm_confidence, told.bpm_alternatives) == (126.0, 1.0, [62.0])
    assert (told.key, told.camelot, told.key_confidence) == ("A minor", "8A", 0.7)
    assert (told.energy, told.loudness, told.duration, told.features) == (6.5, -9.5, 181.5, {"danceability": 0.75})
    assert told.tags == pytest.approx({"house": 0.9, "techno": 0.0, "jazz": 0.0, "vocal": 0.25}, abs=1e-3)
    assert [(v.value, v.source) for v in told.sources["bpm"]] == [(126.0, "file"), (124.0, "segue")]
    assert (told.model, told.missing, told.files) == (MODEL, False, ["/m/x.mp3"])
    assert msgspec.json.decode(msgspec.json.encode(told), type=type(told)) == told


def test_the_most_trusted_source_holds_and_the_others_are_kept(library: Library) -> None:
    track = library.store("/m/x.mp3", probe("x", bpm=120.0, key="C major"), analysis("x"))
    library.set_value(track, "bpm", 60.0, "user")
    library.set_value(track, "bpm", 121.0, "dj", confidence=0.9)
    library.set_value(track, "key", "D minor", "dj")
    told = library.track(track)
    assert [v.source for v in told.sources["bpm"]] == ["user", "dj", "file", "segue"]
    assert [v.value for v in told.sources["key"]] == ["D minor", "C major", "A minor"]
    assert (told.bpm, told.bpm_confidence, told.key, told.camelot) == (60.0, 1.0, "D minor", "7A")
    columns = library.columns()
    assert (columns.bpm[0], columns.bpm_confidence[0], columns.camelot[0]) == (60.0, 1.0, 12)


def test_a_new_analysis_keeps_what_the_user_said(library: Library) -> None:
    track = library.store("/m/x.mp3", probe("x"), analysis("x"))
    library.set_value(track, "key", "D minor", "user")
    library.add_play(track, 100.0, "deck")
    assert library.store("/m/x.mp3", probe("x"), analysis("x", bpm=130.0)) == track
    told = library.track(track)
    assert (told.bpm, told.key) == (130.0, "D minor")
    assert len(library.plays(5)) == 1


def test_a_recording_without_beat_or_key_says_so(library: Library) -> None:
    track = library.store("/m/x.mp3", probe("x"), analysis("x", bpm=None, key=None))
    told = library.track(track)
    assert (told.bpm, told.key, told.camelot, told.open_key) == (None, None, None, None)
    assert (told.sources["bpm"], told.sources["key"]) == ([], [])
    columns = library.columns()
    assert np.isnan(columns.bpm[0])
    assert columns.camelot[0] == -1


@pytest.mark.parametrize(
    ("name", "value", "source"),
    [
        ("bpm", 0.0, "user"),
        ("bpm", float("nan"), "user"),
        ("bpm", "fast", "user"),
        ("key", "H", "user"),
        ("key", 3.0, "user"),
        ("energy", 11.0, "user"),
        ("mood", 1.0, "user"),
        ("bpm", 120.0, "rumour"),
    ],
)
def test_a_senseless_value_is_refused(library: Library, name: str, value: float | str, source: str) -> None:
    track = library.store("/m/x.mp3", probe("x"), analysis("x"))
    with pytest.raises(InvalidParamsError):
        library.set_value(track, name, value, source)
    assert library.track(track).bpm == 124.0


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/m/01 - Artist - Title.mp3", ("Title", "Artist")),
        ("/m/01. Title.flac", ("Title", None)),
        ("/m/Artist - Title (Some Remix).wav", ("Title (Some Remix)", "Artist")),
        ("/m/Artist_Name_-_Some_Title.ogg", ("Some Title", "Artist Name")),
        ("/m/A1 - Artist - Title.mp3", ("Title", "Artist")),
        ("/m/Artist - 03 - Title.mp3", ("Title", "Artist")),
        ("/m/99 Luftballons.mp3", ("99 Luftballons", None)),
        ("/m/1979.mp3", ("1979", None)),
        ("/m/05.mp3", ("05", None)),
        ("/m/- .mp3", ("-", None)),
        ("/m/ab\udcffc.mp3", ("ab\ufffdc", None)),
    ],
)
def test_a_title_is_read_from_the_file_name(path: str, expected: tuple[str, str | None]) -> None:
    assert names.from_file_name(path) == expected


def test_tags_come_before_the_file_name(library: Library) -> None:
    one = library.store("/m/01 - Artist - Title.mp3", probe("one"), analysis("one"))
    two = library.store("/m/01 - Artist - Title.flac", probe("two", title="Tagged"), analysis("two"))
    assert (library.track(one).title, library.track(one).artist) == ("Title", "Artist")
    assert (library.track(two).title, library.track(two).artist) == ("Tagged", None)


def test_one_artist_has_one_hash(library: Library) -> None:
    for n, artist in enumerate(["Björk", "BJORK ", "Bjork feat. Someone", "The Other", "other", None]):
        library.store(f"/m/{n}.mp3", probe(str(n), title="t", artist=artist), analysis(str(n)))
    hashes = library.columns().artist.tolist()
    assert hashes[0] == hashes[1] == hashes[2] != 0
    assert hashes[3] == hashes[4] != hashes[0]
    assert hashes[5] == 0
    assert hashes[0] == names.artist_key("björk")


def test_hostile_tags_are_stored(library: Library) -> None:
    tags = {
        "title": "a\0b\udcff",
        "artist": " \0 ",
        "genre": "x" * 100_000,
        "year": 10**30,
        "comment": "'); DROP TABLE",
    }
    told = library.track(library.store("/m/x.mp3", probe("x", **tags), analysis("x")))
    assert (told.title, told.artist, told.year, told.comment) == ("a b?", None, None, "'); DROP TABLE")
    msgspec.json.encode(told)


def test_tracks_come_in_the_order_asked_for(library: Library) -> None:
    ids = [library.store(f"/m/{n}.mp3", probe(n), analysis(n)) for n in "abc"]
    assert [t.id for t in library.tracks([ids[2], 999, ids[0]])] == [ids[2], ids[0]]
    with pytest.raises(TrackNotFoundError):
        library.track(999)


def test_columns_are_aligned(library: Library) -> None:
    ids = library.store_many(
        [(f"/m/{n}.mp3", probe(n, artist=n), analysis(n, bpm=100.0 + i)) for i, n in enumerate("abcd")]
    )
    library.mark_missing(["/m/c.mp3"])
    columns = library.columns()
    assert columns.ids.tolist() == ids
    assert columns.vectors.dtype == np.float32
    assert all(np.array_equal(columns.vectors[i], vector(n)) for i, n in enumerate("abcd"))
    assert columns.bpm.tolist() == [100.0, 101.0, 102.0, 103.0]
    assert columns.tags.astype(float)[0] == pytest.approx([0.9, 0, 0, 0.25], abs=1e-3)
    assert columns.present.tolist() == [True, True, False, True]
    assert columns.labels == LABELS
    some = library.columns([ids[3], ids[1], 12345])
    assert some.ids.tolist() == [ids[1], ids[3]]
    assert np.array_equal(some.vectors[1], vector("d"))
    assert len(library.columns([]).ids) == 0


def test_other_networks_keep_what_is_known_and_queue_it_last(library: Library) -> None:
    track = library.store("/m/x.mp3", probe("x", title="Song"), analysis("x"))
    library.store("/m/y.mp3", probe("y"), analysis("y"))
    library.mark_missing(["/m/y.mp3"])
    library.set_value(track, "bpm", 99.0, "user")
    library.enqueue("/m/new.mp3", 1, 1)
    before = library.generation()
    library.set_model("networks-2", LABELS[:2], 8)
    assert library.generation() > before
    assert [row.path for row in library.take(10, [])] == ["/m/new.mp3", "/m/x.mp3"]
    assert library.columns().vectors.shape == (0, 8)
    assert (library.track(track).title, library.track(track).bpm, library.track(track).model) == ("Song", 99.0, MODEL)
    with pytest.raises(TrackNotReadyError):
        library.vector(track)
    with pytest.raises(TrackNotReadyError):
        library.resolve("Song")
    assert library.attach("/m/x.mp3", probe("x")) is None
    renewed = analysis("x", model="networks-2", dim=8)
    assert library.store("/m/x.mp3", probe("x", title="Song"), renewed) == track
    assert library.columns().ids.tolist() == [track]
    assert library.resolve("Song") == track


def test_the_networks_are_remembered(library: Library, library_file: Path) -> None:
    track = library.store("/m/x.mp3", probe("x"), analysis("x"))
    generation = library.generation()
    library.close()
    again = Library(library_file)
    again.set_model(MODEL, LABELS, DIM)
    assert (again.generation(), again.take(5, []), again.columns().ids.tolist()) == (generation, [], [track])
    again.close()


def test_an_analysis_that_does_not_fit_is_refused(library: Library, tmp_path: Path) -> None:
    library.enqueue("/m/x.mp3", 1, 1)
    unsound = analysis("x")
    unsound.vector[3] = np.nan
    for wrong in (analysis("x", model="others"), analysis("x", dim=4), unsound):
        with pytest.raises(ModelMismatchError):
            library.store("/m/x.mp3", probe("x"), wrong)
    assert (library.counts().queued, library.counts().indexed) == (1, 0)
    fresh = Library(tmp_path / "fresh.sqlite")
    with pytest.raises(ModelMissingError):
        fresh.store("/m/x.mp3", probe("x"), analysis("x"))
    assert fresh.columns().vectors.shape == (0, 0)
    fresh.close()


TOO_LONG = f"x'{(1.003 * vector('b')).astype('<f4').tobytes().hex()}'"
"""As one flipped bit makes it: the index would refuse it."""


@pytest.mark.parametrize("harm", ["zeroblob(64)", "zeroblob(10)", "randomblob(64)", TOO_LONG])
def test_a_damaged_vector_is_left_out_and_made_again(library: Library, library_file: Path, harm: str) -> None:
    ids = library.store_many([(f"/m/{n}.mp3", probe(n), analysis(n)) for n in "abc"])
    stranger = sqlite3.connect(library_file)
    stranger.execute(f"UPDATE vectors SET vector = {harm} WHERE track_id = ?", (ids[1],))
    stranger.commit()
    stranger.close()
    columns = library.columns()
    assert columns.ids.tolist() == [ids[0], ids[2]]
    assert np.array_equal(columns.vectors[1], vector("c"))
    assert [row.path for row in library.take(5, [])] == ["/m/b.mp3"]
    assert library.attach("/m/b.mp3", probe("b")) is None
    library.store("/m/b.mp3", probe("b"), analysis("b"))
    assert library.columns().ids.tolist() == ids


def test_a_confidence_that_is_missing_is_none_at_all(library: Library, library_file: Path) -> None:
    library.store("/m/x.mp3", probe("x"), analysis("x", bpm=None, key=None))
    library.store("/m/y.mp3", probe("y"), analysis("y"))
    stranger = sqlite3.connect(library_file)
    stranger.execute("UPDATE tracks SET bpm_confidence = NULL, key_confidence = NULL")
    stranger.commit()
    stranger.close()
    columns = library.columns()
    assert columns.bpm_confidence.tolist() == columns.key_confidence.tolist() == [0.0, 0.0]


def test_plays_come_latest_first(library: Library) -> None:
    one, two = library.store_many([(f"/m/{n}.mp3", probe(n, title=n), analysis(n)) for n in "ab"])
    assert library.add_play(one, 100.0, "user").title == "a"
    library.add_play(two, 200.0, "deck")
    library.add_play(one, 150.0, "deck")
    assert [(p.track, p.at) for p in library.plays(2)] == [(two, 200.0), (one, 150.0)]
    with pytest.raises(TrackNotFoundError):
        library.add_play(999, 1.0, "user")
