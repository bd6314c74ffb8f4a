"""Which track is on which deck: lists of events in, decks out."""

from __future__ import annotations

import pytest
from mixxx_table import LENGTHS, A, B, C, D, E, Table, linked

from segue_plugins.mixxx.decks import Decks
from segue_plugins.mixxx.files import ANALYSER_SECONDS
from segue_plugins.mixxx.matching import DOUBT_SECONDS, REST_SECONDS


@pytest.fixture
def table():
    return Table()


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
