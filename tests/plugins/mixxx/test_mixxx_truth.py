"""What is on the decks, of all sources together: lists of events in, decks out."""

from __future__ import annotations

import importlib
import random
import sys
from pathlib import Path

import pytest

from segue_plugins.mixxx.decks import GRACE_SECONDS, Decks
from segue_plugins.mixxx.files import ANALYSER_SECONDS, STILL_SECONDS
from segue_plugins.mixxx.matching import DOUBT_SECONDS, REST_SECONDS
from segue_plugins.mixxx.process import Handle
from segue_plugins.mixxx.script import DeckReport

A, B, C, D, E = (f"/music/{name}" for name in ("a.flac", "b.flac", "c.mp3", "d.flac", "e.mp3"))
LENGTHS = {A: 200.0, B: 300.0, C: 250.0, D: 180.0, E: 400.0}
BPM = 126.0


class Table:
    """The machine, a clock, and files that stay open until they are closed."""

    def __init__(self, *, lengths=None, find=None, see=True, analysed=None):
        self.lengths = LENGTHS if lengths is None else lengths
        self.asked = []
        self.state = Decks(
            LENGTHS.__contains__ if analysed is None else analysed.__contains__,
            durations=self._durations,
            find=find or (lambda duration, bpm: None),
        )
        self.open = []
        self.now = 100.0
        self.see = see

    def _durations(self, paths):
        self.asked += paths
        return {path: self.lengths[path] for path in paths if path in self.lengths}

    def wait(self, seconds=0.17, moving=()):
        """Look ten times a second or so."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + 0.08)
            self.look(moving)
        return self

    def look(self, moving=()):
        if self.see:
            handles = [Handle(p, n, 4096 + int(self.now * 1e4) if p in moving else 0) for n, p in enumerate(self.open)]
            self.state.look(handles, self.now)

    def tell(self, number, path=None, *, loaded=None, playing=False, length=None, bpm=BPM, **rest):
        duration = (LENGTHS[path] if path else 0.0) if length is None else length
        loaded = path is not None if loaded is None else loaded
        report = DeckReport(number, loaded=loaded, playing=playing, duration=duration, bpm=bpm, **rest)
        self.state.told(report, self.now)
        return self

    def load(self, number, path, replaces=None):
        """As Mixxx does it: the file before is closed, the next one opened, the script tells."""
        if replaces is not None:
            self.open.remove(replaces)
        self.tell(number, loaded=False)
        self.open.append(path)
        return self.tell(number, path)

    @property
    def decks(self):
        return {deck.name: deck.path for deck in self.state.decks(self.now)}

    def deck(self, name):
        return next(deck for deck in self.state.decks(self.now) if deck.name == f"mixxx {name}")


@pytest.fixture
def table():
    return Table()


def linked(*paths):
    """A table whose first decks hold these files, as the script has told for a while."""
    table = Table()
    for number, path in enumerate(paths, 1):
        table.load(number, path).wait(3.0)
    for number in range(len(paths) + 1, 5):
        table.tell(number)
    return table.wait(GRACE_SECONDS)


# The script's decks and open files -------------------------------------------------------------------------------------


def test_the_script_tells_all_but_the_path_and_the_length_the_path(table):
    table.open = [A, B]
    table.wait(10)
    table.tell(2, A, playing=True, rate=1.04, keylock=True, volume=0.7)
    deck = table.deck(2)
    assert (deck.path, deck.playing, deck.number, deck.rate, deck.keylock, deck.volume) == (A, True, 2, 1.04, True, 0.7)
    assert (deck.path_by, deck.playing_by, deck.confidence) == ("told", "told", 1.0)
    assert table.state.playing(table.now) == A


def test_a_load_is_known_by_its_moment_before_its_length(table):
    table.open = [A]
    table.tell(1, A).wait(10)
    table.open.append(B)
    table.tell(2, length=0.0, loaded=True, playing=True).wait(0.2)
    deck = table.deck(2)
    assert (deck.path, deck.path_by) == (B, "seen")
    assert 0.5 < deck.confidence < 1.0
    table.tell(2, B)
    assert table.deck(2).confidence == 1.0


@pytest.mark.parametrize("delay", [-1.4, -0.1, 0.1, 1.0, 1.9])
def test_file_and_report_may_come_apart(delay):
    table = Table(lengths={})
    table.tell(1).tell(2).wait(5)
    if delay < 0:
        table.open.append(A)
        table.wait(-delay).tell(1, A)
    else:
        table.tell(1, A).wait(delay)
        table.open.append(A)
    table.wait(0.2)
    assert table.decks == {"mixxx 1": A}


def test_a_length_that_does_not_fit_takes_the_path_away(table):
    table.tell(1).wait(5)
    table.open.append(B)  # a preview
    table.tell(1, loaded=True, length=0.0).wait(0.2)
    assert table.decks == {"mixxx 1": B}
    table.tell(1, A)
    assert table.decks == {"mixxx 1": None}
    table.open.append(A)
    table.wait(0.2)
    assert table.decks == {"mixxx 1": A}


def test_where_two_files_come_at_a_time_the_length_is_waited_for(table):
    table.tell(1).wait(5)
    table.open += [B, C]
    table.tell(1, loaded=True, length=0.0).wait(0.4)
    assert table.decks == {"mixxx 1": None}
    assert not table.state.is_settled
    table.tell(1, C)
    assert table.decks == {"mixxx 1": C}
    assert table.state.is_settled


def test_the_length_of_the_track_before_deceives_nobody():
    table = linked(A)
    table.open.remove(A)
    table.open.append(B)
    table.tell(1, loaded=False, length=LENGTHS[A]).wait(0.1)
    table.tell(1, loaded=True, length=LENGTHS[A]).wait(0.2)
    assert table.decks == {"mixxx 1": B}
    table.wait(0.2).tell(1, B)
    assert (table.decks, table.deck(1).confidence) == ({"mixxx 1": B}, 1.0)


def test_the_same_track_loaded_again(table):
    table = linked(A)
    table.open.remove(A)
    table.tell(1, loaded=False, length=LENGTHS[A]).wait(0.1)
    assert table.decks == {}
    table.open.append(A)
    table.tell(1, A).wait(DOUBT_SECONDS + 0.1)
    assert table.decks == {"mixxx 1": A}


def test_a_load_without_an_eject_is_seen_by_its_length():
    table = linked(A, B)
    table.open[0] = C
    table.tell(1, C).wait(0.1)
    assert table.decks == {"mixxx 1": C, "mixxx 2": B}
    assert table.state.latest == C


def test_lengths_decide_between_loads_at_one_time(table):
    for number in range(1, 5):
        table.tell(number)
    table.wait(5)
    table.open += [C, A, D, B]
    for number, path in enumerate((A, B, C, D), 1):
        table.tell(number, path)
    table.wait(0.1)
    assert table.decks == {"mixxx 1": A, "mixxx 2": B, "mixxx 3": C, "mixxx 4": D}
    assert {deck.confidence for deck in table.state.decks(table.now)} == {1.0}


def test_moments_decide_between_copies_of_one_length():
    table = Table(lengths={A: 200.0, B: 200.0})
    table.tell(1).tell(2).wait(5)
    for number, path in ((2, A), (1, B)):
        table.open.append(path)
        table.tell(number, length=200.0, loaded=True).wait(4)
    assert table.decks == {"mixxx 1": B, "mixxx 2": A}


def test_what_mixxx_does_not_know_is_found_by_what_is_left():
    table = Table(lengths={path: LENGTHS[path] for path in (A, B)})
    table.open = [A, B, C]
    table.wait(60)
    table.tell(1, A).tell(2, B).tell(3, C)
    table.wait(REST_SECONDS + 0.1)
    assert table.decks == {"mixxx 1": A, "mixxx 2": B, "mixxx 3": C}
    assert [round(deck.confidence, 1) for deck in table.state.decks(table.now)] == [1.0, 1.0, 0.6]


def test_of_two_that_are_left_the_one_that_moves_is_on_the_deck_that_plays():
    table = Table(lengths={})
    table.open = [A, B]
    table.wait(60)
    table.tell(1, B, playing=True).tell(2, A)
    table.wait(REST_SECONDS - 0.3)
    assert table.decks == {"mixxx a": A, "mixxx b": B} or None in table.decks.values()
    table.wait(2.0, moving={B})
    assert table.decks == {"mixxx 1": B, "mixxx 2": A}


def test_a_copy_of_what_a_sampler_holds():
    table = Table(lengths={A: 200.0, B: 200.0, C: 200.0})
    table.open = [A, C]
    table.tell(1).wait(5)
    table.tell(1, length=200.0, loaded=True).wait(0.1)
    first = table.decks["mixxx 1"]
    assert first in {A, C}
    table.wait(0.3)
    assert table.decks["mixxx 1"] == first, "of two that fit as well one is held on to"
    table.open.append(B)
    table.wait(0.1)
    assert table.decks == {"mixxx 1": B}
    table.wait(10)
    assert table.decks == {"mixxx 1": B}


def test_a_wrong_length_in_mixxxs_library_is_seen_through():
    table = Table(lengths={A: LENGTHS[A], B: 70.0, C: 71.0})
    table.open = [A, C]
    table.tell(1, A).tell(2).wait(5)
    table.open.append(B)
    table.tell(2, B).wait(REST_SECONDS + 0.2)
    assert table.decks == {"mixxx 1": A, "mixxx 2": B}
    assert table.deck(2).path_by == "guessed"
    table.wait(20)
    assert table.decks == {"mixxx 1": A, "mixxx 2": B}


def test_instant_doubles():
    table = linked(A, B)
    table.open[1] = A
    table.tell(2, A).wait(0.1)
    assert table.decks == {"mixxx 1": A, "mixxx 2": A}
    assert table.state.paths == {A}
    table.open.pop()
    table.tell(1, loaded=False).wait(1)
    assert table.decks == {"mixxx 2": A}


def test_a_file_of_the_same_length_that_opens_late_is_no_double():
    table = Table(lengths={A: 200.0, B: 200.0})
    table.open = [A]
    table.tell(1, A).tell(2).wait(5)
    table.tell(2, length=200.0, loaded=True).wait(0.2)
    table.open.append(B)
    table.wait(0.2)
    assert table.decks == {"mixxx 1": A, "mixxx 2": B}


def test_previews_samplers_and_the_analyser_are_no_decks():
    table = linked(A, B)
    table.open += [C, D]
    for number in range(20):
        table.open.append(f"/music/{number}.mp3")
        table.wait(1.0)
        table.open.pop()
    table.wait(ANALYSER_SECONDS + 1)
    assert table.decks == {"mixxx 1": A, "mixxx 2": B}
    table.state.silent(table.now)
    table.wait(1)
    assert set(table.decks.values()) == {A, B}, "what was none does not become one"
    table.state.heard(C, 250.0, table.now)
    assert set(table.decks.values()) == {A, B, C}, "but when Mixxx says that it is heard"


def test_five_loads_within_two_seconds():
    table = linked(A)
    before = A
    for path in (B, C, D, E, B):
        table.load(1, path, replaces=before).wait(0.35)
        before = path
    assert (table.decks, table.state.latest) == ({"mixxx 1": B}, B)


def test_five_loads_within_two_seconds_without_the_script(table):
    table.open = [A]
    table.wait(5)
    for path in (B, C, D, E, B):
        table.open = [path]
        table.wait(0.35)
    assert (table.decks, table.state.latest) == ({"mixxx a": B}, B)


def test_the_latest_load_is_the_latest_on_whichever_deck():
    table = linked(A, B)
    assert table.state.latest == B
    table.load(3, C).wait(0.3)
    assert table.state.latest == C
    table.load(1, D, replaces=A).wait(0.3)
    assert table.state.latest == D
    table.open.remove(D)
    table.tell(1, loaded=False).wait(0.3)
    assert table.state.latest == C


def test_faders_and_plays_are_no_loads():
    table = linked(A, B)
    for number in range(30):
        table.tell(1, A, playing=number % 2 == 0, volume=number / 30, rate=1 + number / 1000).wait(0.1)
    assert table.state.latest == B
    assert table.decks == {"mixxx 1": A, "mixxx 2": B}
    assert len(table.asked) == 2, "Mixxx's library is asked once for each file"


def test_mixxxs_library_is_asked_ever_more_seldom_for_what_it_does_not_know():
    asked = []
    table = Table(lengths={}, analysed=())
    table.state = Decks(lambda path: bool(asked.append(path)), durations=table._durations)
    table.open = [A]
    table.tell(1, B).wait(14)
    assert len(asked) <= 29
    table.wait(600)
    assert len(asked) <= 31
    assert len(table.asked) < 30
    table.lengths = {A: LENGTHS[B]}
    table.wait(31)
    assert table.deck(1).confidence == 1.0


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


def by_length(duration, bpm):
    found = [path for path, length in LENGTHS.items() if abs(length - duration) < 1e-3 and bpm == BPM]
    return found[0] if found else None


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
