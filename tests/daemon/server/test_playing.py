"""Decks and plays while the library is being written: the router's thread never waits for that."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe, wait_until
from segue.library.store import Library
from segue.protocol.messages import Deck, DeckParams, PlayedParams
from segue.recommend.catalogue import Catalogue
from segue.server.decks import Decks
from segue.server.handlers.playing import PlayingHandlers
from segue.server.handlers.references import References
from segue.server.indexer import ASKED
from segue.server.learner import Learner
from segue.server.night import NightKeeper
from segue.server.router import Origin

LOCAL = Origin("test", local=True)


class Sleeper:
    """An indexer that is only woken."""

    woken = 0

    def wake(self) -> None:
        self.woken += 1


def silent(name: str, data: dict[str, object]) -> None:
    """Nobody listens to the events."""


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    opened = Library(tmp_path / "library.db")
    opened.set_model(MODEL, LABELS, DIM)
    yield opened
    opened.close()


@pytest.fixture
def playing(library: Library) -> Iterator[PlayingHandlers]:
    with ThreadPoolExecutor(1) as executor:
        references = References(library, executor)
        night = NightKeeper(library, 5.0, last_night_counts=False)
        learner = Learner(library, night, Catalogue(library.columns()).snapshot, silent, executor)
        yield PlayingHandlers(library, references, Decks(), Sleeper(), learner, silent, executor)


def test_a_deck_is_taken_note_of_while_the_library_is_written(library: Library, playing: PlayingHandlers) -> None:
    library.enqueue("/music/new.mp3", 1, 1)
    with library._database.writing():
        deck = playing.update(DeckParams(deck="1", path="/music/new.mp3", playing=True), LOCAL)
        assert (deck.track, deck.playing) == (None, True)
    wait_until(lambda: library.file("/music/new.mp3").priority == ASKED)


def test_a_play_is_answered_when_it_is_written(library: Library, playing: PlayingHandlers) -> None:
    track = library.store("/music/one.mp3", probe("one"), analysis("one"))
    with library._database.writing():
        answer = playing.mark_played(PlayedParams(track=f"#{track}"), LOCAL)
        assert isinstance(answer, Future)
        assert not answer.done()
    assert answer.result(10).track == track
    assert [play.track for play in library.plays(5)] == [track]


def test_a_deck_with_something_that_is_no_path_searches_for_nothing(library: Library, playing: PlayingHandlers) -> None:
    library.store("/music/one.mp3", probe("one", title="Some title"), analysis("one"))
    assert playing.update(DeckParams(deck="1", path="some title"), LOCAL).track is None


def test_of_the_decks_that_play_a_track_the_one_spoken_of_last_counts() -> None:
    now = iter(range(10))
    decks = Decks(clock=lambda: float(next(now)))
    for name, track, rate, plays in (
        ("1", 7, 1.02, True),
        ("2", 7, 1.05, True),
        ("3", 7, 1.08, False),
        ("4", 8, 0.9, True),
    ):
        decks.update(Deck(deck=name, path=f"/music/{track}.mp3", track=track, rate=rate, playing=plays))
    decks.update(Deck(deck="5", path="/elsewhere/new.mp3", rate=0.97, playing=True))
    found = [
        decks.playing_one(*asked) for asked in ((7, "seven"), (9, "nine"), (None, "/elsewhere/new.mp3"), (None, "7"))
    ]
    assert [deck and deck.rate for deck in found] == [1.05, None, 0.97, None]


def test_what_is_heard_comes_before_what_plays_in_the_headphones() -> None:
    decks = Decks(clock=lambda: 1.0)
    decks.update(Deck(deck="1", path="/music/7.mp3", track=7, playing=True, rate=1.02))
    decks.update(Deck(deck="2", path="/music/8.mp3", track=8, playing=True, volume=0.0))
    decks.update(Deck(deck="3", path="/music/7.mp3", track=7, playing=True, volume=0.01))
    assert decks.heard().track == 7
    assert decks.playing_one(7, "").rate == 1.02
    decks.update(Deck(deck="1", path=None))
    assert decks.playing()
    assert (decks.heard().deck, decks.playing_one(7, "").rate) == ("2", 1.0)


def test_a_file_waits_while_a_deck_plays_unless_it_is_on_a_deck() -> None:
    decks = Decks(clock=lambda: 1.0)
    decks.update(Deck(deck="1", path="/music/7.mp3"))
    assert not decks.hold("/music/9.mp3")
    decks.update(Deck(deck="2", path="/music/8.mp3", playing=True, volume=0.0))
    assert [decks.hold(f"/music/{name}.mp3") for name in (7, 8, 9)] == [False, False, True]


def test_what_a_shim_tells_of_a_deck_is_passed_on(library: Library) -> None:
    events = []
    with ThreadPoolExecutor(1) as executor:
        night = NightKeeper(library, 5.0, last_night_counts=False)
        learner = Learner(library, night, Catalogue(library.columns()).snapshot, silent, executor)
        references = References(library, executor)
        decks, tell = Decks(), lambda name, data: events.append((name, data))
        playing = PlayingHandlers(library, references, decks, Sleeper(), learner, tell, executor)
        library.store("/music/one.mp3", probe("one", title="One", artist="Ada"), analysis("one"))
        told = {"deck": "mixxx 2", "number": 2, "path": "/music/one.mp3", "playing": True, "rate": 1.03}
        told |= {"keylock": False, "volume": 0.25, "confidence": 0.9}
        deck = playing.update(DeckParams(**told), LOCAL)
    assert (deck.title, deck.artist, deck.number, deck.volume) == ("One", "Ada", 2, 0.25)
    assert events == [("deck.changed", told | {"track": deck.track})]
