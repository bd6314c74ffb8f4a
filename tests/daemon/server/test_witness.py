"""Decks as lists of events in, what was concluded from them out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.protocol.messages import Deck
from segue.server.witness import AGAIN_SECONDS, Blended, PlayedOnDeck, ThrownOut, Witness

A, B, C = 1, 2, 3


def deck(at: float, name: str, track: int | None, playing: bool = True) -> Deck:
    path = None if track is None else f"/music/{track}.mp3"
    return Deck(deck=name, path=path, track=track, playing=playing, updated=at)


def follow(*events: Deck | float) -> list:
    """All facts of a list of deck messages and of times at which nothing is said."""
    witness = Witness()
    found = []
    for event in events:
        found += witness.tick(event) if isinstance(event, float) else witness.deck(event)
    return found


def test_a_track_that_plays_for_half_a_minute_was_played_when_it_began() -> None:
    assert follow(deck(100.0, "1", A), 129.0) == []
    assert follow(deck(100.0, "1", A), 129.0, 130.0, 300.0) == [PlayedOnDeck(A, 100.0)]


def test_pauses_do_not_count() -> None:
    events = [deck(0.0, "1", A), deck(20.0, "1", A, playing=False), deck(500.0, "1", A)]
    assert follow(*events, 509.0) == []
    assert follow(*events, 511.0) == [PlayedOnDeck(A, 0.0)]


def test_a_blend_is_as_long_as_both_play() -> None:
    facts = follow(
        deck(0.0, "1", A), deck(300.0, "2", B), 320.0, deck(332.0, "1", A, playing=False), deck(600.0, "2", B), 700.0
    )
    assert facts == [PlayedOnDeck(A, 0.0), PlayedOnDeck(B, 300.0), Blended(A, B, 300.0, 32.0)]


def test_a_cut_is_a_blend_of_no_length() -> None:
    facts = follow(deck(0.0, "1", A), deck(200.0, "1", A, playing=False), deck(200.0, "2", B), 240.0)
    assert facts == [PlayedOnDeck(A, 0.0), PlayedOnDeck(B, 200.0), Blended(A, B, 200.0, 0.0)]


def test_one_deck_after_another_track_says_nothing_of_the_blend() -> None:
    facts = follow(deck(0.0, "1", A), deck(200.0, "1", B), deck(400.0, "1", C), 440.0)
    assert facts == [
        PlayedOnDeck(A, 0.0),
        PlayedOnDeck(B, 200.0),
        Blended(A, B, 200.0, None),
        PlayedOnDeck(C, 400.0),
        Blended(B, C, 400.0, None),
    ]


def test_a_track_in_the_headphones_was_not_played() -> None:
    events = [deck(0.0, "1", A), deck(100.0, "2", B), 140.0]
    assert follow(*events, deck(145.0, "2", None, playing=False), 200.0) == [PlayedOnDeck(A, 0.0)]


def test_two_tracks_that_go_on_together_are_both_played() -> None:
    facts = follow(deck(0.0, "1", A), deck(100.0, "2", B), 189.0, 191.0, 401.0)
    assert facts == [PlayedOnDeck(A, 0.0), PlayedOnDeck(B, 100.0), Blended(A, B, 100.0, 301.0)]


@pytest.mark.parametrize(
    ("seconds", "taken_off", "expected"),
    [
        (8.0, None, [ThrownOut(A, B, 108.0)]),
        (8.0, C, [ThrownOut(A, B, 108.0)]),
        (0.0, None, []),  # only looked at
        (25.0, None, []),  # listened to for a while: that is no verdict
    ],
)
def test_what_is_tried_and_taken_off_was_thrown_out(seconds: float, taken_off: int | None, expected: list) -> None:
    events = [deck(0.0, "1", A), deck(100.0, "2", B, playing=seconds > 0)]
    facts = follow(*events, deck(100.0 + seconds, "2", taken_off, playing=False), 150.0)
    assert facts == [PlayedOnDeck(A, 0.0), *expected]


def test_a_track_that_is_taken_off_while_nothing_else_plays_was_not_thrown_out() -> None:
    assert follow(deck(0.0, "1", A), deck(8.0, "1", None, playing=False), 100.0) == []


def test_what_somebody_else_has_announced_is_not_counted_again_but_its_blend_is() -> None:
    witness = Witness()
    witness.deck(deck(0.0, "1", A))
    assert witness.tick(31.0) == [PlayedOnDeck(A, 0.0)]
    witness.announce(B, 205.0)
    witness.deck(deck(200.0, "2", B))
    witness.deck(deck(210.0, "1", A, playing=False))
    assert witness.tick(300.0) == [Blended(A, B, 200.0, 10.0)]


def test_one_track_on_two_decks_is_one_play() -> None:
    assert follow(deck(0.0, "1", A), deck(0.0, "overlay", A), 31.0, 100.0) == [PlayedOnDeck(A, 0.0)]


def test_a_file_that_becomes_a_track_while_it_plays_is_played_and_not_before() -> None:
    waiting = deck(0.0, "1", A)
    waiting.track = None
    assert follow(waiting, 20.0, deck(25.0, "1", A), 31.0) == [PlayedOnDeck(A, 0.0)]


def test_something_unknown_between_two_tracks_parts_them() -> None:
    facts = follow(deck(0.0, "1", A), deck(200.0, "1", None), deck(400.0, "1", B), 440.0)
    assert facts == [PlayedOnDeck(A, 0.0), PlayedOnDeck(B, 400.0)]


def test_after_a_long_silence_one_track_does_not_follow_the_other() -> None:
    facts = follow(deck(0.0, "1", A), deck(100.0, "1", None, playing=False), deck(1000.0, "1", B), 1040.0)
    assert facts == [PlayedOnDeck(A, 0.0), PlayedOnDeck(B, 1000.0)]


def test_a_shim_that_fell_silent_plays_no_more() -> None:
    facts = follow(deck(0.0, "1", A), 31.0, 2000.0, deck(2000.0, "2", B), 2006.0, 2040.0)
    assert facts == [PlayedOnDeck(A, 0.0), PlayedOnDeck(B, 2000.0)]


def test_a_clock_that_goes_back_is_borne() -> None:
    assert follow(deck(100.0, "1", A), deck(40.0, "1", A), 135.0) == [PlayedOnDeck(A, 100.0)]


def test_a_clock_that_is_set_back_does_not_stop_what_is_heard() -> None:
    facts = follow(3600.0, deck(3600.0, "1", A), deck(0.0, "1", A), 31.0)
    assert facts == [PlayedOnDeck(A, 31.0)]  # not an hour from now
    assert follow(7200.0, deck(0.0, "1", A), 31.0) == [PlayedOnDeck(A, 0.0)]


def test_a_deck_that_fell_silent_when_the_clock_was_set_back_plays_no_more() -> None:
    witness = Witness()
    for event in (deck(9000.0, "1", A), deck(0.0, "2", B)):
        witness.deck(event)
    witness.tick(2000.0)
    assert not any(load.playing for load in witness._loads.values())


def test_what_was_taken_back_blends_into_nothing() -> None:
    witness = Witness()
    witness.deck(deck(0.0, "1", A))
    witness.tick(100.0)
    witness.deck(deck(100.0, "2", B))
    assert witness.tick(195.0) == [PlayedOnDeck(B, 100.0)]
    witness.forget(B)
    assert witness.deck(deck(200.0, "2", None, playing=False)) == []
    witness.deck(deck(300.0, "2", C))
    witness.deck(deck(320.0, "1", A, playing=False))
    assert witness.tick(360.0) == [PlayedOnDeck(C, 300.0), Blended(A, C, 300.0, 20.0)]


def test_many_decks_are_not_kept_for_ever() -> None:
    witness = Witness()
    for number in range(1000):
        witness.deck(deck(float(number), f"deck {number}", number, playing=False))
    assert len(witness._loads) <= 64


EVENTS = st.tuples(
    st.floats(0.0, 400.0),  # seconds since the last one
    st.sampled_from("123"),
    st.sampled_from([None, A, B, C, 4, 5]),
    st.booleans(),
)


@given(st.lists(EVENTS, max_size=60))
@settings(max_examples=150, deadline=None)
def test_whatever_the_decks_say_the_facts_are_possible(events: list) -> None:
    witness, now, played = Witness(), 1000.0, dict[int, float]()
    for seconds, name, track, playing in events:
        now += seconds
        for fact in (*witness.tick(now), *witness.deck(deck(now, name, track, playing))):
            assert fact.at <= now
            if isinstance(fact, PlayedOnDeck):
                assert fact.track not in played or fact.at - played[fact.track] > AGAIN_SECONDS
                played[fact.track] = fact.at
            else:
                assert fact.from_id != fact.to_id
                assert not isinstance(fact, Blended) or fact.seconds is None or 0.0 <= fact.seconds <= now - 1000.0
                # A pair that blended was played, both of it.
                assert isinstance(fact, ThrownOut) or {fact.from_id, fact.to_id} <= played.keys()
