"""What plays, with sources that come and go or were never there: lists of events in, decks out."""

from __future__ import annotations

import importlib
import random
import sys
from pathlib import Path

import pytest
from mixxx_table import LENGTHS, A, B, C, D, E, Table, by_length, linked

from segue_plugins.mixxx.decks import GRACE_SECONDS
from segue_plugins.mixxx.files import ANALYSER_SECONDS, STILL_SECONDS
from segue_plugins.mixxx.matching import DOUBT_SECONDS


@pytest.fixture
def table():
    return Table()


# A script that comes and goes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [(1, 2, 3, 4), (4, 2, 1, 3)])
def test_a_script_that_comes_when_decks_are_full_loses_and_doubles_nothing(order):
    table = Table()
    for path in (A, B, C, D):
        table.open.append(path)
        table.wait(2)
    assert table.decks == {"mixxx a": A, "mixxx b": B, "mixxx c": C, "mixxx d": D}
    on = {1: B, 2: A, 3: D, 4: C}
    for number in order:
        table.tell(number, on[number], playing=number == 1)
        assert sorted(table.decks.values()) == [A, B, C, D]
        assert table.state.latest == D, "what was loaded last stays what it is"
        table.wait(0.1)
    assert table.decks == {f"mixxx {number}": path for number, path in on.items()}
    for _ in range(3):
        table.state.silent(table.now)
        assert table.decks == {"mixxx a": B, "mixxx b": A, "mixxx c": D, "mixxx d": C}
        table.wait(20)
        for number in order:
            table.tell(number, on[number])
            assert sorted(table.decks.values()) == [A, B, C, D]
        table.wait(3)
    assert table.state.latest == D


def test_a_deck_that_is_not_loaded_is_no_deck_after_the_grace(table):
    table.open = [A, B]
    table.wait(5)
    table.tell(1, A).tell(2)
    assert sorted(table.decks) == ["mixxx 1", "mixxx b"]
    table.wait(GRACE_SECONDS + 0.1)
    assert table.decks == {"mixxx 1": A}


def test_an_mp3_that_played_plays_on_when_the_script_is_gone():
    table = linked(C, E)
    table.tell(1, C, playing=True).wait(1)
    table.state.silent(table.now)
    assert [deck.playing for deck in table.state.decks(table.now)] == [True, False]
    table.wait(1.25 * LENGTHS[C] + 1)
    assert not any(deck.playing for deck in table.state.decks(table.now))


def test_a_load_while_the_script_falls_silent():
    table = linked(A)
    table.open.append(B)
    table.wait(0.3)
    table.state.silent(table.now)
    table.wait(0.3)
    assert set(table.decks.values()) == {A, B}


def test_doubles_outlast_the_script_until_one_is_ejected():
    table = linked(A, B)
    table.open[1] = A
    table.tell(2, A).wait(1)
    table.state.silent(table.now)
    table.wait(1)
    assert table.decks == {"mixxx a": A, "mixxx b": A}
    table.open.pop()
    table.wait(0.2)
    assert table.decks == {"mixxx a": A}


def test_doubles_without_a_script(table):
    table.open = [A]
    table.wait(5)
    table.open.append(A)
    table.wait(ANALYSER_SECONDS - 1)
    assert table.decks == {"mixxx a": A}, "it may be the analyser"
    table.wait(2)
    assert table.decks == {"mixxx a": A, "mixxx b": A}
    table.wait(3, moving={A})
    assert [deck.playing for deck in table.state.decks(table.now)] == [True, False]


def test_silence_of_a_script_that_was_never_there(table):
    table.state.silent(table.now)
    table.open = [A]
    table.wait(1)
    assert table.decks == {"mixxx a": A}


# Who plays --------------------------------------------------------------------------------------------------------------


def test_the_script_is_believed_before_the_file_that_before_the_history_that_before_the_title():
    table = linked(A, B)
    table.wait(5, moving={A})
    table.tell(1, A, playing=False).tell(2, B, playing=True)
    assert table.state.playing(table.now) == B
    table.state.silent(table.now)
    table.wait(2, moving={A})
    assert table.state.playing(table.now) == A

    table = Table()
    table.open = [A, C, E]
    table.wait(5)
    table.state.named(E, table.now)
    assert [(deck.playing, deck.playing_by) for deck in table.state.decks(table.now)][2] == (True, "title")
    assert table.state.playing(table.now) == E
    table.state.heard(C, 250.0, table.now)
    assert table.state.playing(table.now) == C
    assert not table.deck("c").playing
    table.wait(3, moving={A})
    assert table.deck("a").playing_by == "seen"
    table.wait(STILL_SECONDS + 1)
    assert not table.deck("a").playing


def test_the_loudest_deck_is_the_one_that_is_heard():
    table = linked(A, B)
    table.tell(1, A, playing=True, volume=0.2).tell(2, B, playing=True, volume=0.9)
    assert table.state.playing(table.now) == B
    table.tell(2, B, playing=True, volume=0.1)
    assert table.state.playing(table.now) == A


def test_a_title_is_believed_once_and_not_for_ever(table):
    table.open = [C]
    table.wait(5)
    for _ in range(3):
        table.state.named(C, table.now)
        table.wait(300)
    assert not table.deck("a").playing
    table.state.named(None, table.now)
    table.state.named(C, table.now)
    assert table.deck("a").playing
    table.state.named(None, table.now)
    assert not table.deck("a").playing


def test_a_title_that_names_nothing_stops_an_mp3(table):
    table.open = [A, C]
    table.wait(5)
    table.state.hushed(table.now)
    table.state.heard(C, LENGTHS[C], table.now)
    table.wait(1)
    table.state.hushed(table.now)
    assert table.deck("b").playing, "the title may be from before"
    table.wait(5)
    table.state.hushed(table.now)
    assert (table.deck("b").playing, table.deck("b").playing_by) == (False, "title")
    table.wait(3, moving={A})
    table.state.hushed(table.now)
    assert table.state.playing(table.now) == A
    table.state.named(C, table.now)
    assert table.deck("b").playing, "it is played again, of which the history says nothing"


# Where open files cannot be seen ----------------------------------------------------------------------------------------


def test_paths_come_from_the_library():
    table = Table(find=by_length, see=False)
    table.tell(1, A, playing=True).tell(2, C)
    assert table.decks == {"mixxx 1": A, "mixxx 2": C}
    assert (table.deck(1).path_by, table.deck(1).confidence) == ("told", 0.9)
    assert table.state.playing(table.now) == A
    table.now += 5
    table.tell(2, loaded=False).tell(2, loaded=True, length=LENGTHS[C])  # of the track before
    table.now += 0.4
    table.tell(2, D)
    assert (table.decks, table.state.latest) == ({"mixxx 1": A, "mixxx 2": D}, D)
    table.tell(2, loaded=False)
    table.now += 1
    table.tell(2, D)
    table.now += DOUBT_SECONDS + 0.1
    assert table.decks == {"mixxx 1": A, "mixxx 2": D}


def test_what_the_library_has_twice_comes_from_the_history():
    table = Table(see=False)
    table.tell(1, A, playing=True).tell(2, B)
    assert table.decks == {"mixxx 1": None, "mixxx 2": None}
    table.now += 2
    table.state.heard(A, LENGTHS[A], table.now)
    assert (table.deck(1).path, table.deck(1).path_by, table.deck(2).path) == (A, "history", None)
    table.now += 60
    table.tell(2, B, playing=True)
    table.state.heard(B, LENGTHS[B], table.now)
    assert table.decks == {"mixxx 1": A, "mixxx 2": B}


def test_a_row_from_before_a_load_says_nothing_of_it():
    table = Table(see=False)
    table.tell(1)
    table.now += 10
    table.state.heard(A, LENGTHS[A], table.now)
    table.now += 1
    table.tell(1, B, playing=True)
    assert table.decks == {"mixxx 1": None}
    table.now += 2
    table.state.heard(B, 0.0, table.now)
    assert table.decks == {"mixxx 1": B}


def test_a_title_names_the_only_deck_that_plays():
    table = Table(see=False)
    table.tell(1, A, playing=True).tell(2, B)
    table.state.named(A, table.now)
    assert (table.deck(1).path, table.deck(1).path_by) == (A, "title")
    assert table.deck(1).confidence == 0.5


def test_history_and_title_alone():
    table = Table(see=False)
    assert table.decks == {}
    table.state.named(B, table.now)
    assert (table.decks, table.state.playing(table.now)) == ({"mixxx a": B}, B)
    table.state.heard(A, 200.0, table.now)
    assert (table.decks, table.state.latest, table.state.paths) == ({"mixxx a": A}, A, {A})
    assert table.deck("a").playing_by == "history"
    table.now += 251
    assert table.decks == {}


def test_forgetting():
    table = linked(A, B)
    table.state.heard(A, 200.0, table.now)
    table.state.forget()
    assert (table.decks, table.state.latest, table.state.paths) == ({}, None, frozenset())
    assert table.state.playing(table.now) is None
    table.wait(0.2)
    assert sorted(table.decks) == ["mixxx a", "mixxx b"]


# Anything at all --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_no_order_of_events_breaks_it(seed):
    source = random.Random(seed)
    table = Table(find=by_length)
    paths = [A, B, C, D, E, "/music/unknown.wav"]
    for _ in range(300):
        table.now += source.choice((0.0, 0.05, 0.3, 2.0, 30.0))
        number = source.randrange(1, 5)
        path = source.choice(paths[:5])
        choice = source.randrange(10)
        if choice < 3:
            table.open = [source.choice(paths) for _ in range(source.randrange(6))]
            table.look(moving={path})
        elif choice < 6:
            length = source.choice((0.0, LENGTHS[path], 77.0))
            table.tell(number, loaded=source.random() < 0.8, playing=source.random() < 0.5, length=length)
        elif choice == 6:
            table.state.heard(path, source.choice((0.0, LENGTHS[path])), table.now)
        elif choice == 7:
            table.state.named(source.choice((path, None)), table.now)
        elif choice == 8:
            table.state.hushed(table.now)
        else:
            source.choice((table.state.silent, table.state.silent, lambda _: table.state.forget()))(table.now)
        decks = table.state.decks(table.now)
        assert len({deck.name for deck in decks}) == len(decks)
        assert all(0.0 <= deck.confidence <= 1.0 for deck in decks)
        assert {deck.path for deck in decks if deck.path} == table.state.paths
        assert table.state.latest in {*table.state.paths, None}
        assert (table.state.latest is None) == (not table.state.paths)
        assert table.state.playing(table.now) in {*table.state.paths, None}


def test_made_up_nights(monkeypatch):
    """The benchmark itself, for less time: see what it prints in docs/mixxx.md."""
    monkeypatch.syspath_prepend(Path(__file__).parents[3] / "benchmarks")
    try:
        rows = {row.sources: row for row in importlib.import_module("decks").measure(nights=2, minutes=8, seed=5)}
    finally:
        for name in ("decks", "_mixxx"):
            sys.modules.pop(name, None)
    full, files = rows["files, history, script"], rows["files, history"]
    assert full.numbered > 95
    assert full.named > 95
    assert full.played > 95
    assert full.late < 1.0
    assert full.strange < files.strange
    assert full.played > files.played
    assert files.named > 90
    assert rows["files, history, title"].played >= files.played
    assert rows["script, Mixxx's library"].numbered > 85
