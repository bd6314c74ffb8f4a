"""Decks as lists of events in, what was concluded from them out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.protocol.messages import Deck
from segue.server.offers import OFFER_SECONDS
from segue.server.witness import AGAIN_SECONDS, TAKEN_SECONDS, Blended, PlayedOnDeck, Taken, ThrownOut, Witness

A, B, C = 1, 2, 3


def deck(at: float, name: str, track: int | None, playing: bool = True, **told: object) -> Deck:
    path = None if track is None else f"/music/{track}.mp3"
    return Deck(deck=name, path=path, track=track, playing=playing, updated=at, **told)


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


# Faders -------------------------------------------------------------------------------------------------------------


def test_with_its_fader_down_a_track_is_not_heard_and_keeps_no_other_one_from_being_alone() -> None:
    events = [deck(0.0, "2", B, volume=0.0), deck(0.0, "1", A), 31.0, 500.0]
    assert follow(*events) == [PlayedOnDeck(A, 0.0)]


def test_a_track_is_played_from_when_its_fader_goes_up_and_blends_until_the_other_one_goes_down() -> None:
    facts = follow(
        deck(0.0, "1", A),
        deck(100.0, "2", B, volume=0.0),  # matched in the headphones
        deck(160.0, "2", B, volume=0.5),
        deck(184.0, "1", A, volume=0.01),
        deck(190.0, "1", A, playing=False, volume=0.0),
        250.0,
    )
    assert facts == [PlayedOnDeck(A, 0.0), PlayedOnDeck(B, 160.0), Blended(A, B, 160.0, 24.0)]


@pytest.mark.parametrize(("seconds", "thrown_out"), [(8.0, True), (30.0, False)])
def test_what_was_tried_in_the_headphones_and_taken_off_at_once_was_thrown_out(
    seconds: float, thrown_out: bool
) -> None:
    off = deck(100.0 + seconds, "2", None, playing=False)
    facts = follow(deck(0.0, "1", A), deck(100.0, "2", B, volume=0.0), off, 200.0)
    assert facts == [PlayedOnDeck(A, 0.0), *([ThrownOut(A, B, 108.0)] if thrown_out else [])]


def test_nothing_is_thrown_out_because_of_a_deck_that_nobody_hears() -> None:
    events = [deck(0.0, "1", A, volume=0.0), deck(100.0, "2", B), deck(108.0, "2", None, playing=False), 200.0]
    assert follow(*events) == []


# Decks that change their names --------------------------------------------------------------------------------------


def emptied(at: float, name: str, **told: object) -> Deck:
    return deck(at, name, None, playing=False, **told)


RENAMED = {
    "the old name goes first": [emptied(110.0, "mixxx b"), deck(110.9, "mixxx 2", B)],
    "the new name comes first": [deck(110.0, "mixxx 2", B), emptied(110.9, "mixxx b")],
}


@pytest.mark.parametrize("events", RENAMED.values(), ids=RENAMED)
def test_another_name_is_no_other_load(events: list[Deck]) -> None:
    facts = follow(
        deck(0.0, "mixxx a", A),
        deck(100.0, "mixxx b", B),
        *events,
        deck(130.0, "mixxx a", A, playing=False),
        deck(200.0, "mixxx 2", B),
        210.0,
    )
    assert facts[:2] == [PlayedOnDeck(A, 0.0), PlayedOnDeck(B, 100.0)]
    blend = facts.pop()
    assert (blend.from_id, blend.to_id, blend.at, len(facts)) == (A, B, 100.0, 2)
    assert blend.seconds == pytest.approx(30.0, abs=1.0)


@pytest.mark.parametrize("back", [False, True])
def test_all_decks_may_change_their_names_at_once_in_the_midst_of_a_blend(back: bool) -> None:
    one, two = (("mixxx 1", "mixxx 2"), ("mixxx a", "mixxx b"))[:: -1 if back else 1]
    facts = follow(
        deck(0.0, two[0], A),
        deck(100.0, two[1], B),
        emptied(150.0, two[0]),
        emptied(150.0, two[1]),
        deck(150.1, one[1], A),  # not in the order of the letters
        deck(150.1, one[0], B),
        deck(160.0, one[1], A, playing=False),
        300.0,
    )
    assert facts == [PlayedOnDeck(A, 0.0), PlayedOnDeck(B, 100.0), Blended(A, B, 100.0, pytest.approx(60.0, abs=0.2))]


def test_a_name_may_be_anothers_at_once() -> None:
    facts = follow(
        deck(0.0, "1", A),
        deck(100.0, "2", B),
        deck(110.0, "1", B),
        deck(110.0, "2", A),
        deck(130.0, "2", A, playing=False),
        200.0,
    )
    assert facts == [PlayedOnDeck(A, 0.0), PlayedOnDeck(B, 100.0), Blended(A, B, 100.0, 30.0)]


def test_what_comes_back_later_or_from_another_shim_is_another_load() -> None:
    late = [emptied(108.0, "b"), 112.0, deck(112.0, "2", B, playing=False)]
    assert follow(deck(0.0, "1", A), deck(100.0, "b", B), *late) == [PlayedOnDeck(A, 0.0), ThrownOut(A, B, 108.0)]
    other = [emptied(108.0, "b", client="x"), deck(108.5, "2", B, playing=False, client="y"), 112.0]
    assert follow(deck(0.0, "1", A), deck(100.0, "b", B, client="x"), *other) == [
        PlayedOnDeck(A, 0.0),
        ThrownOut(A, B, 108.0),
    ]


def test_a_file_that_is_no_track_yet_may_change_its_name_too() -> None:
    events = [deck(0.0, "a", B), deck(5.0, "1", B), emptied(5.5, "a")]
    for event in events:
        event.track = None
    assert follow(*events, deck(20.0, "1", B), 31.0) == [PlayedOnDeck(B, 0.0)]


# Suggestions that are taken -----------------------------------------------------------------------------------------


def offered(*events: Deck | float) -> list:
    """Facts where B and C were suggested after A at second 100."""
    witness = Witness()
    witness.deck(deck(0.0, "1", A))
    witness.tick(100.0)
    witness.offer(A, [B, C], 100.0)
    found = []
    for event in events:
        found += witness.tick(event) if isinstance(event, float) else witness.deck(event)
    return found


def test_a_suggestion_that_is_loaded_and_stays_was_taken() -> None:
    assert offered(deck(150.0, "2", B, playing=False), 150.0 + TAKEN_SECONDS - 1) == []
    assert offered(deck(150.0, "2", B, playing=False), 150.0 + TAKEN_SECONDS, 600.0) == [Taken(A, B, 150.0)]


@pytest.mark.parametrize(
    "events",
    [
        [deck(150.0, "2", 4, playing=False)],  # not suggested
        [deck(100.0 + OFFER_SECONDS + 1, "2", B, playing=False)],  # long ago
        [deck(150.0, "2", B, playing=False), emptied(160.0, "2")],  # only looked at
        [deck(150.0, "2", A, playing=False)],  # the seed itself
    ],
)
def test_what_was_not_taken(events: list[Deck]) -> None:
    assert offered(*events, 2000.0) == []


def test_a_suggestion_that_is_thrown_out_was_not_taken() -> None:
    assert offered(deck(150.0, "2", B), emptied(158.0, "2"), 200.0) == [ThrownOut(A, B, 158.0)]


def test_a_suggestion_is_taken_once_whatever_its_deck_is_called() -> None:
    events = [deck(150.0, "b", B, playing=False), deck(160.0, "2", B, playing=False), emptied(160.5, "b"), 200.0]
    again = [emptied(210.0, "2"), 220.0, deck(230.0, "1", B, playing=False), 300.0]
    assert offered(*events, *again) == [Taken(A, B, 150.0)]


def test_the_latest_list_counts() -> None:
    witness = Witness()
    witness.offer(A, [B], 0.0)
    witness.offer(C, [B], 10.0)
    witness.deck(deck(20.0, "1", B, playing=False))
    assert witness.tick(60.0) == [Taken(C, B, 20.0)]


EVENTS = st.tuples(
    st.floats(0.0, 400.0) | st.floats(0.0, 2.0),  # seconds since the last one
    st.sampled_from("123"),
    st.sampled_from([None, A, B, C, 4, 5]),
    st.booleans(),
    st.sampled_from([0.0, 0.5, 1.0]),
)


@given(st.lists(EVENTS, max_size=60))
@settings(max_examples=150, deadline=None)
def test_whatever_the_decks_say_the_facts_are_possible(events: list) -> None:
    witness, now, played = Witness(), 1000.0, dict[int, float]()
    for seconds, name, track, playing, volume in events:
        now += seconds
        witness.offer(A, [B, C, 4], now)
        for fact in (*witness.tick(now), *witness.deck(deck(now, name, track, playing, volume=volume))):
            assert fact.at <= now
            if isinstance(fact, PlayedOnDeck):
                assert fact.track not in played or fact.at - played[fact.track] > AGAIN_SECONDS
                played[fact.track] = fact.at
            else:
                assert fact.from_id != fact.to_id
                assert not isinstance(fact, Blended) or fact.seconds is None or 0.0 <= fact.seconds <= now - 1000.0
                # A pair that blended was played, both of it.
                assert isinstance(fact, ThrownOut | Taken) or {fact.from_id, fact.to_id} <= played.keys()
