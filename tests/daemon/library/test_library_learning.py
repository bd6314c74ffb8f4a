"""Plays and nights, what follows from them, opinions, lessons, and forgetting all of it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from library_support import analysis, probe
from segue.errors import InvalidParamsError, TrackNotFoundError
from segue.library import memory
from segue.library.matching import Wanted
from segue.library.memory import Learned
from segue.library.plays import PlayRow, split
from segue.library.recall import Forget
from segue.library.store import Library

NOW = 1_700_000_000.0
HOUR = 3600.0


@pytest.fixture
def tracks(library: Library) -> tuple[int, ...]:
    """Four tracks, a to d."""
    return tuple(
        library.store(f"/music/{name}.mp3", probe(name, title=f"Title {name}", artist="Vela feat. Oro"), analysis(name))
        for name in "abcd"
    )


def pairs(library: Library) -> dict[tuple[int, int], tuple[float, int]]:
    return {(row.from_id, row.to_id): (round(row.weight, 3), row.times) for row in library.learned_pairs()}


def test_what_was_taken_is_no_history(library: Library, tracks: tuple[int, ...]) -> None:
    a, b, c, _ = tracks
    library.add_taken(a, b, NOW)
    library.add_taken(b, c, NOW + 300)
    assert pairs(library) == {(a, b): (0.1, 0), (b, c): (0.1, 0)}
    assert library.sets_played() == []
    assert library.learn("/log.m3u", "m3u", (1, 2, 2), [Learned(a, b, NOW + 10, 300.0)], [])[1] == 1
    assert pairs(library)[a, b] == (1.1, 1)
    library.add_play(c, NOW + 400, "user")
    assert pairs(library)[b, c] == (0.3, 0)
    library.undo_play(c)
    assert (b, c) not in pairs(library)


# Nights -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "starts", "started", "tonight", "before"),
    [
        ([], [], None, [], []),
        ([], [5.0], 5.0, [], []),
        ([0.0, 1.0, 2.0], [], 0.0, [0, 1, 2], []),
        ([0.0, 1.0, 7.5, 8.0], [], 7.5, [2, 3], [0, 1]),
        ([0.0, 6.0, 11.0], [], 0.0, [0, 1, 2], []),  # six hours of silence are not more than six
        ([0.0, 1.0, 2.0], [1.5], 1.5, [2], [0, 1]),
        ([0.0, 1.0], [1.5], 1.5, [], [0, 1]),  # begun, and nothing played yet
        ([0.0, 9.0, 9.5, 20.0], [9.2], 20.0, [3], [2]),
        ([10.0, 11.0], [2.0, 9.0], 9.0, [0, 1], []),
    ],
)
def test_nights_are_parted_by_silence_and_on_command(at, starts, started, tonight, before) -> None:
    rows = [PlayRow(number, when * HOUR) for number, when in enumerate(at)]
    found = split(rows, [start * HOUR for start in starts], 6 * HOUR)
    assert found.started == (None if started is None else started * HOUR)
    assert [row.track for row in found.tonight] == tonight
    assert [row.track for row in found.before] == before


def test_the_library_knows_the_night(library: Library, tracks: tuple[int, ...]) -> None:
    a, b, c, _ = tracks
    for track, hours in ((a, 0.0), (b, 9.0), (c, 9.1)):
        library.add_play(track, NOW + hours * HOUR, "user")
    assert [row.track for row in library.nights(5 * HOUR).tonight] == [b, c]
    library.start_night(NOW + 9.2 * HOUR)
    assert library.nights(5 * HOUR).tonight == []
    assert [play.track for play in library.plays_since(NOW + HOUR)] == [b, c]


# From plays to transitions ------------------------------------------------------------------------------------------


def test_a_play_after_another_weighs_by_the_time_between(library: Library, tracks: tuple[int, ...]) -> None:
    a, b, *_ = tracks
    for minutes, weight in ((0.5, 0.5), (1, 1.0), (12, 1.0), (21, 0.5), (30, None), (600, None)):
        library.add_play(a, NOW, "user")
        library.add_play(b, NOW + 60 * minutes, "user")
        assert pairs(library) == ({} if weight is None else {(a, b): (weight, 1)})
        library.forget_learned(Forget(everything=True, plays=True))


def test_a_night_that_is_begun_parts_two_plays(library: Library, tracks: tuple[int, ...]) -> None:
    a, b, *_ = tracks
    library.add_play(a, NOW, "user")
    library.start_night(NOW + 100)
    library.add_play(b, NOW + 200, "user")
    assert pairs(library) == {}


def test_a_play_that_is_taken_back_leaves_what_was_without_it(library: Library, tracks: tuple[int, ...]) -> None:
    a, b, c, _ = tracks
    for number, track in enumerate((a, b, c)):
        library.add_play(track, NOW + 300 * number, "user")
    assert pairs(library) == {(a, b): (1.0, 1), (b, c): (1.0, 1)}
    assert library.undo_play(b).track == b
    assert pairs(library) == {(a, c): (1.0, 1)}
    assert library.undo_play(None).track == c
    assert pairs(library) == {}
    assert [play.track for play in library.plays(5)] == [a]
    with pytest.raises(TrackNotFoundError, match=f"“{library.track(b).title}” was not played yet"):
        library.undo_play(b)
    library.undo_play(None)
    with pytest.raises(TrackNotFoundError, match="Nothing was played"):
        library.undo_play(None)


def test_a_play_that_is_told_later_comes_in_between(library: Library, tracks: tuple[int, ...]) -> None:
    a, b, c, _ = tracks
    library.add_play(a, NOW, "user")
    library.add_play(c, NOW + 600, "user")
    library.add_play(b, NOW + 300, "user")
    assert pairs(library) == {(a, b): (1.0, 1), (b, c): (1.0, 1)}


def test_the_decks_know_better_than_two_plays(library: Library, tracks: tuple[int, ...]) -> None:
    a, b, *_ = tracks
    library.add_play(a, NOW, "deck")
    library.add_play(b, NOW + 300, "deck")
    library.add_blend(a, b, NOW + 290, 60.0)
    assert pairs(library) == {(a, b): (1.5, 1)}
    library.add_play(a, NOW + 600, "deck")
    library.add_thrown_out(a, b, NOW + 700)
    assert pairs(library)[a, b] == (1.0, 1)
    library.undo_play(a)
    library.undo_play(b)
    assert pairs(library) == {(a, b): (-0.5, 0)}


def test_blends_weigh_more_the_longer_they_are() -> None:
    weights = [memory.blend_weight(seconds) for seconds in (0.0, 8.0, 16.0, 32.0, 60.0, 300.0)]
    assert weights == sorted(weights)
    assert weights[0] < memory.blend_weight(None) < weights[-2] == weights[-1]


# Lessons ------------------------------------------------------------------------------------------------------------


def test_a_lesson_is_learned_once(library: Library, tracks: tuple[int, ...]) -> None:
    a, b, c, d = tracks
    history = [Learned(a, b, NOW, 240.0), Learned(b, c, NOW + 240, 240.0), Learned(a, b, NOW + 9000, 240.0)]
    playlist = [Learned(c, d, 0.0, None)]
    assert library.learn("/sets/a.nml", "traktor", (2, 6, 6), history, playlist) == (1, 4)
    assert library.learn("/sets/a.nml", "traktor", (2, 6, 6), history, playlist) == (1, 0)
    assert library.learn("/copy/a.nml", "traktor", (2, 6, 6), history, playlist) == (2, 0)
    assert pairs(library) == {(a, b): (2.0, 2), (b, c): (1.0, 1), (c, d): (0.25, 0)}
    more = [*history, Learned(c, d, NOW + 480, 240.0)]
    assert library.learn("/sets/a.nml", "traktor", (2, 7, 7), more, playlist) == (1, 1)
    assert [(one.id, one.entries, one.transitions) for one in library.memory_page(None, 9, 0).imports] == [
        (1, 7, 5),
        (2, 6, 0),
    ]


def test_what_the_decks_told_already_is_not_learned_from_a_log_of_the_same_night(
    library: Library, tracks: tuple[int, ...]
) -> None:
    a, b, *_ = tracks
    library.add_blend(a, b, NOW, 30.0)
    log = [Learned(a, b, NOW + 40, 240.0), Learned(a, b, NOW + 86400, 240.0)]
    assert library.learn("/mixxxdb.sqlite", "mixxx", (1, 2, 2), log, []) == (1, 1)


def test_a_history_says_more_than_a_playlist_and_what_was_thrown_out_may_be_played(
    library: Library, tracks: tuple[int, ...]
) -> None:
    a, b, c, _ = tracks
    undated = [Learned(a, b, 0.0, None)]
    assert library.learn("/sets/a.m3u", "m3u", (1, 2, 2), [], undated) == (1, 1)
    assert library.learn("/sets/a.m3u", "m3u", (1, 2, 2), undated, []) == (1, 1)
    assert library.learn("/sets/a.m3u", "m3u", (1, 2, 2), [], undated) == (1, 0)
    assert pairs(library) == {(a, b): (1.0, 1)}
    library.add_thrown_out(b, c, NOW)
    assert library.learn("/sets/b.m3u", "m3u", (1, 2, 2), [], [Learned(b, c, NOW + 9, None)]) == (2, 1)
    assert library.learn("/sets/c.m3u", "m3u", (1, 2, 2), [Learned(b, c, NOW + 99, None)], []) == (3, 1)
    assert pairs(library)[b, c] == (0.5, 1)


def test_a_log_of_any_length_is_learned_in_no_time(library: Library, tracks: tuple[int, ...]) -> None:
    a, b, *_ = tracks
    begun = time.process_time()
    log = [Learned(a, b, NOW + 901.0 * number, 240.0) for number in range(20_000)]
    assert library.learn("/log", "m3u", (1, 2, 2), log, []) == (1, 20_000)
    shifted = [one._replace(at=one.at + 450.0) for one in log]
    assert library.learn("/log", "m3u", (1, 2, 2), shifted, []) == (1, 0)
    assert time.process_time() - begun < 3


WANTED = (
    (Wanted("/music/a.mp3"), "a"),
    (Wanted("C:\\Old disk\\A.MP3"), "a"),
    (Wanted("/elsewhere/unknown.mp3", "VELA", "title  b"), "b"),
    (Wanted(None, "Vela", "Title b"), "b"),
    (Wanted(None, "Title b", "Vela feat. Oro"), "b"),  # the wrong way round
    (Wanted(None, None, "Title c", 183.0), "c"),
    (Wanted(None, None, "Title c", 240.0), None),
    (Wanted(None, "Somebody", "Title c"), None),
    (Wanted("/elsewhere/a.mp3", None, None, 400.0), None),  # another recording of this name
    (Wanted("/elsewhere/a.mp3", None, "Another"), None),  # as this one
    (Wanted("/elsewhere/a.mp3", None, "Title A (Original Mix)"), "a"),
    (Wanted("/elsewhere/a.mp3", None, "Another", 181.0), "a"),  # as long: its tags were changed
    (Wanted("/elsewhere/same.mp3"), None),  # which of two?
    (Wanted("/disk/two/same.mp3"), "same 2"),
    (Wanted("/x\0y"), None),
    (Wanted("/not \udcff text"), None),
    (Wanted(), None),
)


def test_tracks_are_found_by_path_by_name_and_by_words(library: Library, tracks: tuple[int, ...]) -> None:
    known = dict(zip(tracks, "abcd", strict=True))
    for number, folder in enumerate(("/music/one", "/music/two"), 1):
        name = f"same {number}"
        known[library.store(f"{folder}/same.mp3", probe(name, title=name), analysis(name))] = name
    found = library.match([wanted for wanted, _ in WANTED])
    assert [(wanted, known.get(track)) for (wanted, _), track in zip(WANTED, found, strict=True)] == list(WANTED)


# Opinions, and forgetting -------------------------------------------------------------------------------------------


def test_opinions_are_kept_changed_and_taken_back(library: Library, tracks: tuple[int, ...]) -> None:
    a, b, *_ = tracks
    library.rate(a, None, True)
    opinion = library.rate(a, b, False)
    assert (opinion.track.title, opinion.after.title, opinion.liked) == ("Title a", "Title b", False)
    assert library.opinions() == [(a, True, None), (a, False, b)]
    library.rate(a, None, False)
    library.rate(a, b, None)
    assert library.opinions() == [(a, False, None)]
    for wrong in ((b, None, None), (99, None, True), (a, 99, True)):
        with pytest.raises(TrackNotFoundError):
            library.rate(*wrong)


def learn_all_ways(library: Library, tracks: tuple[int, ...]) -> None:
    a, b, c, d = tracks
    library.add_play(a, NOW, "user")
    library.add_play(b, NOW + 300, "user")
    library.add_blend(b, c, NOW + 600, 20.0)
    library.learn("/sets/a.m3u", "m3u", (1, 2, 2), [Learned(c, d, NOW, None)], [Learned(d, a, 0.0, None)])
    library.rate(a, None, True)
    library.rate(b, d, False)


def test_all_that_is_known_is_shown(library: Library, tracks: tuple[int, ...]) -> None:
    a, b, c, d = tracks
    learn_all_ways(library, tracks)
    page = library.memory_page(None, 2, 0)
    assert (page.total, page.transitions, len(page.pairs)) == (4, 4, 2)
    rest = library.memory_page(None, 2, 2)
    shown = {(pair.first.id, pair.second.id): pair for pair in (*page.pairs, *rest.pairs)}
    assert {key: pair.sources for key, pair in shown.items()} == {
        (a, b): ["night"],
        (b, c): ["deck"],
        (c, d): ["history:1"],
        (d, a): ["playlist:1"],
    }
    assert (shown[b, c].blend, shown[a, b].blend, shown[d, a].times, shown[d, a].last) == (20.0, None, 0, None)
    of_one = library.memory_page(d, 9, 0)
    assert [(pair.first.id, pair.second.id) for pair in of_one.pairs] == [(c, d), (d, a)]
    assert [opinion.track.id for opinion in of_one.opinions] == [b]
    with pytest.raises(TrackNotFoundError):
        library.memory_page(99, 9, 0)


FORGETTING = (
    (Forget(everything=True), (4, 2, 1, 0), ""),
    (Forget(everything=True, plays=True), (4, 2, 1, 2), ""),
    (Forget(plays=True), (0, 0, 0, 2), "ab bc cd da"),
    (Forget(source="night"), (1, 0, 0, 0), "bc cd da"),
    (Forget(source="deck"), (1, 0, 0, 0), "ab cd da"),
    (Forget(source="imports"), (2, 0, 1, 0), "ab bc"),
    (Forget(source="import:1"), (2, 0, 1, 0), "ab bc"),
    (Forget(source="opinions"), (0, 2, 0, 0), "ab bc cd da"),
    (Forget(track=1), (2, 1, 0, 0), "bc cd"),
    (Forget(track=1, plays=True), (2, 1, 0, 1), "bc cd"),
    (Forget(track=4, source="imports"), (2, 0, 0, 0), "ab bc"),
)


def test_what_is_forgotten_is_gone(library: Library, tracks: tuple[int, ...]) -> None:
    for what, forgotten, left in FORGETTING:
        learn_all_ways(library, tracks)
        counts = library.forget_learned(what)
        assert (counts.transitions, counts.opinions, counts.imports, counts.plays) == forgotten, what
        assert {(row.from_id, row.to_id) for row in library.learned_pairs()} == {
            tuple(tracks["abcd".index(letter)] for letter in pair) for pair in left.split()
        }, what
        library.forget_learned(Forget(everything=True, plays=True))


def test_what_cannot_be_forgotten_is_said(library: Library, tracks: tuple[int, ...]) -> None:
    learn_all_ways(library, tracks)
    for what, error in (
        (Forget(), InvalidParamsError),
        (Forget(track=1, everything=True), InvalidParamsError),
        (Forget(source="the past"), InvalidParamsError),
        (Forget(source="import:x"), InvalidParamsError),
        (Forget(source="import:7"), TrackNotFoundError),
    ):
        with pytest.raises(error):
            library.forget_learned(what)
    assert len(library.learned_pairs()) == 4


def test_nothing_that_was_forgotten_can_be_read_in_the_file(
    library: Library, tracks: tuple[int, ...], library_file: Path
) -> None:
    del tracks
    library.learn("/sets/a-very-private-party.m3u", "m3u", (1, 0, 0), [], [])
    files = list(library_file.parent.glob(f"{library_file.name}*"))
    assert any(b"a-very-private-party" in file.read_bytes() for file in files)
    library.forget_learned(Forget(everything=True))
    for file in library_file.parent.glob(f"{library_file.name}*"):
        assert b"a-very-private-party" not in file.read_bytes()
