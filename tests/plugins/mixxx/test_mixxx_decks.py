"""What is on the decks, from looks and rows alone."""

from __future__ import annotations

from segue_plugins.mixxx.decks import Decks
from segue_plugins.mixxx.files import ANALYSER_SECONDS, SLOWEST, STILL_SECONDS
from segue_plugins.mixxx.process import Handle

A, B, C = "/music/a.flac", "/music/b.flac", "/music/c.mp3"


def decks(*analysed):
    return Decks(set(analysed).__contains__)


def hold(*paths, position=4096):
    return [Handle(path, number, position) for number, path in enumerate(paths)]


def look(state, handles, now, times=2):
    for number in range(times):
        state.look(handles, now + 0.08 * number)


def plays(state, now):
    return [(deck.path, deck.playing, deck.playing_by) for deck in state.decks(now)]


def test_a_file_that_is_held_for_two_looks_is_on_a_deck():
    state = decks(A)
    state.look(hold(A), 0.0)
    assert state.decks(0.0) == []
    state.look(hold(A), 0.08)
    assert [deck.path for deck in state.decks(0.1)] == [A]
    assert state.latest == A
    state.look([], 0.2)
    assert state.decks(0.2) == []
    assert state.latest is None


def test_two_handles_are_a_deck_and_the_analyser():
    state = decks()
    look(state, [Handle(A, 7, 4096), Handle(A, 8, 900_000)], 0.0)
    assert state.latest == A


def test_what_the_analyser_alone_reads_is_on_no_deck():
    state = decks(A)
    look(state, hold(A), 0.0)
    for number in range(30):  # a whole library is analysed, a file after the other
        look(state, hold(A, f"/music/{number}.mp3"), 1.0 + number, times=10)
    assert state.latest == A
    assert len(state.decks(40.0)) == 1
    look(state, hold(A, B), 50.0)
    assert state.latest == A
    state.look(hold(A, B), 50.0 + ANALYSER_SECONDS + 1.0)
    assert state.latest == B


def test_letters_are_enough_for_all_samplers_and_a_deck_that_is_doubled():
    samplers = [f"/samples/{number}.wav" for number in range(16)]
    state = decks(A, *samplers)
    look(state, hold(*samplers), 0.0)
    doubled = [*hold(*samplers), Handle(samplers[0], 99, 4096)]
    look(state, doubled, 1.0)
    look(state, doubled, 1.0 + ANALYSER_SECONDS + 1.0)
    names = [deck.name for deck in state.decks(20.0)]
    assert [deck.name for deck in state.decks(20.0) if deck.path == samplers[0]] == ["mixxx a", "mixxx a1"]
    assert (len(names), names[-2:]) == (17, ["mixxx p", "mixxx a1"])
    look(state, hold(A, *samplers), 21.0)
    assert (state.latest, A in state.paths) == (A, True)
    assert [deck.name for deck in state.decks(22.0)][-2:] == ["mixxx p", "mixxx a1"]


def test_a_track_that_replaces_another_takes_its_letter():
    state = decks(A, B, C)
    look(state, hold(A), 0.0)
    look(state, hold(A, B), 1.0)
    assert [(deck.name, deck.path) for deck in state.decks(2.0)] == [("mixxx a", A), ("mixxx b", B)]
    look(state, hold(C, B), 3.0)
    assert [(deck.name, deck.path) for deck in state.decks(4.0)] == [("mixxx a", C), ("mixxx b", B)]
    assert state.latest == C
    look(state, hold(B), 5.0)
    assert state.latest == B
    state.forget()
    assert state.decks(6.0) == []


def test_a_deck_whose_file_moves_plays_and_stops():
    state = decks(A)
    look(state, hold(A), 0.0)
    state.look(hold(A, position=9000), 0.5)
    assert plays(state, 0.5) == [(A, False, "seen")], "it reads ahead after a load"
    state.look(hold(A, position=9000), 2.0)
    state.look(hold(A, position=12_000), 3.0)
    assert plays(state, 3.0) == [(A, True, "seen")]
    assert state.playing(3.0) == A
    state.look(hold(A, position=12_000), 4.0 + STILL_SECONDS)
    assert plays(state, 4.0 + STILL_SECONDS) == [(A, False, "seen")]


def test_a_mapped_file_plays_when_the_history_says_so_and_not_for_ever():
    state = decks(A, C)
    look(state, [*hold(A), *hold(C, position=0)], 0.0)
    assert [deck.playing_by for deck in state.decks(1.0)] == ["seen", "guessed"]
    state.heard(C, 100.0, 10.0)
    assert plays(state, 11.0)[1] == (C, True, "history")
    assert not state.decks(10.0 + 100.0 * SLOWEST + 1.0)[1].playing
    state.heard(A, 100.0, 20.0)
    assert state.playing(21.0) == A
    assert not state.decks(21.0)[1].playing


def test_a_file_that_could_be_seen_to_move_plays_by_the_history_for_a_moment_only():
    state = decks(A)
    look(state, hold(A), 0.0)
    state.heard(A, 300.0, 10.0)
    assert plays(state, 11.0) == [(A, True, "history")]
    assert not state.decks(11.0 + STILL_SECONDS)[0].playing


def test_the_history_decides_who_is_heard_of_two_that_move():
    state = decks(A, B)
    look(state, hold(A, B), 0.0)
    for number in range(10):
        state.look(hold(A, B, position=5000 + 1000 * number), 2.0 + number)
    assert {deck.path for deck in state.decks(11.0) if deck.playing} == {A, B}
    state.heard(A, 200.0, 11.0)
    assert state.playing(11.0) == A
    state.heard(B, 200.0, 11.0)
    assert state.playing(11.0) == B
