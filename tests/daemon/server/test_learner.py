"""Decks, plays, opinions and lessons, from the handlers to the library and back into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe
from segue.errors import InvalidParamsError, PathNotAllowedError, SetFileError, TrackNotFoundError
from segue.library.recall import Forget
from segue.library.store import Library
from segue.protocol.messages import (
    Deck,
    ForgetParams,
    LaneList,
    LearnParams,
    MemoryParams,
    Nothing,
    PlayedParams,
    RateParams,
    Seed,
    Suggestion,
    Suggestions,
    UndoPlayedParams,
)
from segue.recommend.catalogue import Catalogue
from segue.recommend.weights import DEFAULT
from segue.server.decks import Decks
from segue.server.handlers.feedback import FeedbackHandlers
from segue.server.handlers.playing import PlayingHandlers
from segue.server.handlers.references import References
from segue.server.handlers.tuning import TuningHandlers
from segue.server.learner import Learner
from segue.server.night import NightKeeper
from segue.server.router import Origin
from segue.server.tuner import SETTING, Tuner

LOCAL, REMOTE = Origin("here", local=True), Origin("there", local=False)
HOUR = 3600.0
START = 1_700_000_000.0


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now


@dataclass
class Desk:
    """All that a client could talk to, with a clock that stands."""

    library: Library
    learner: Learner
    playing: PlayingHandlers
    feedback: FeedbackHandlers
    clock: Clock
    events: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    @property
    def tonight(self) -> tuple[int, ...]:
        return self.learner.night.tonight().tracks


def told(answer: Any) -> Any:
    return told(answer.result(10)) if isinstance(answer, Future) else answer


@pytest.fixture
def make_desk(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    library = Library(tmp_path / "library.db")
    library.set_model(MODEL, LABELS, DIM)
    for name in "abcd":
        library.store(f"/music/{name}.mp3", probe(name, title=f"Title {name}"), analysis(name))
    executor = ThreadPoolExecutor(1)

    def make(*, last_night_counts: bool = False) -> Desk:
        clock, references = Clock(), References(library, executor)
        desk = Desk.__new__(Desk)
        events: list[tuple[str, dict[str, object]]] = []
        night = NightKeeper(library, 5.0, last_night_counts=last_night_counts, clock=clock)
        snapshot = Catalogue(library.columns()).snapshot
        learner = Learner(library, night, snapshot, lambda name, data: events.append((name, data)), executor)
        playing = PlayingHandlers(library, references, Decks(), None, learner, lambda *_: None, executor)
        tuning = TuningHandlers(Tuner(library, DEFAULT, snapshot), executor)
        feedback = FeedbackHandlers(library, references, learner, tuning, executor, executor)
        desk.__init__(library, learner, playing, feedback, clock, events)
        return desk

    yield make
    executor.shutdown()
    library.close()


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


def play(desk: Desk, track: int, at: float) -> None:
    desk.clock.now = at
    told(desk.playing.mark_played(PlayedParams(track=f"#{track}", at=at), LOCAL))


def on_deck(desk: Desk, at: float, name: str, track: int | None, playing: bool = True) -> None:
    desk.clock.now = at
    desk.learner.deck(Deck(deck=name, path=track and f"/music/{track}", track=track, playing=playing, updated=at))
    told(desk.playing.night(Nothing(), LOCAL))  # what was written before is written now


# The night ----------------------------------------------------------------------------------------------------------


def test_tonight_is_what_was_played_since_the_last_silence(desk: Desk) -> None:
    assert desk.tonight == ()
    version = desk.learner.night.tonight().version
    play(desk, 1, START)
    play(desk, 2, START + HOUR)
    assert desk.tonight == (1, 2)
    assert desk.learner.night.tonight().version > version
    desk.clock.now = START + 6 * HOUR + 1
    assert desk.tonight == ()  # nobody told it: the silence did
    assert told(desk.playing.night(Nothing(), LOCAL)).plays == []
    play(desk, 3, START + 7 * HOUR)
    assert desk.tonight == (3,)
    night = told(desk.playing.night(Nothing(), LOCAL))
    assert (night.started, [one.track for one in night.plays]) == (START + 7 * HOUR, [3])


def test_a_night_on_command_and_a_play_taken_back(desk: Desk) -> None:
    play(desk, 1, START)
    play(desk, 2, START + 300)
    assert told(desk.playing.undo_played(UndoPlayedParams(track="#1"), LOCAL)).track == 1
    assert desk.tonight == (2,)
    assert told(desk.playing.new_night(Nothing(), LOCAL)).plays == []
    assert desk.tonight == ()
    with pytest.raises(TrackNotFoundError):
        told(desk.playing.undo_played(UndoPlayedParams(track="#4"), LOCAL))
    assert [name for name, _ in desk.events] == [
        "memory.changed",
        "play.added",
        "memory.changed",
        "play.added",
        "memory.changed",
        "play.removed",
        "night.started",
    ]


def test_last_night_can_count(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk(last_night_counts=True)
    for track, hours in ((1, 0.0), (2, 24.0), (3, 24.1), (4, 48.0)):
        play(desk, track, START + hours * HOUR)
    assert desk.tonight == (2, 3, 4)
    night = told(desk.playing.night(Nothing(), LOCAL))
    assert [[one.track for one in part] for part in (night.last_night, night.plays)] == [[2, 3], [4]]
    desk.clock.now += 20 * HOUR
    assert desk.tonight == (4,)  # that is last night now


def test_a_night_outlives_a_restart(make_desk: Callable[..., Desk]) -> None:
    play(make_desk(), 3, START)
    again = make_desk()
    assert again.tonight == (3,)
    assert told(again.playing.mark_played(PlayedParams(track="title c"), LOCAL)).track == 3


def test_a_play_in_the_future_is_refused(desk: Desk) -> None:
    with pytest.raises(InvalidParamsError, match="future"):
        desk.playing.mark_played(PlayedParams(track="#1", at=4e9), LOCAL)


# Decks --------------------------------------------------------------------------------------------------------------


def test_decks_make_plays_and_blends(desk: Desk) -> None:
    on_deck(desk, START, "1", 1)
    on_deck(desk, START + 200, "2", 2)
    on_deck(desk, START + 230, "1", 1, playing=False)
    on_deck(desk, START + 300, "1", 3, playing=False)
    desk.learner.tick(START + 301)
    assert desk.tonight == (1, 2)
    page = told(desk.feedback.memory(MemoryParams(), LOCAL))
    assert [(pair.first.id, pair.second.id, pair.blend, pair.sources) for pair in page.pairs] == [
        (1, 2, 30.0, ["deck"])
    ]
    assert desk.learner.memory.proven(1)[2].times == 1


def test_a_play_that_a_deck_told_of_is_not_told_twice(desk: Desk) -> None:
    on_deck(desk, START, "1", 1)
    on_deck(desk, START + 40, "1", 1)
    play(desk, 1, START + 45)
    assert [(one.track, one.source) for one in desk.library.plays(9)] == [(1, "deck")]
    play(desk, 2, START + 400)  # and the other way round
    on_deck(desk, START + 380, "2", 2)
    on_deck(desk, START + 480, "2", 2)
    assert [(one.track, one.source) for one in desk.library.plays(9)] == [(2, "user"), (1, "deck")]


def test_what_plays_while_the_daemon_is_restarted_is_played_once(make_desk: Callable[..., Desk]) -> None:
    for start in (START, START + 100):
        desk = make_desk()
        on_deck(desk, start, "1", 3)
        on_deck(desk, start + 60, "1", 3)
    assert [(one.track, one.at) for one in desk.library.plays(9)] == [(3, START)]
    on_deck(desk, START + 2000, "1", 2)
    on_deck(desk, START + 2100, "1", 2)
    assert [one.track for one in desk.library.plays(9)] == [2, 3]


def test_a_play_that_is_taken_back_teaches_nothing_later(desk: Desk) -> None:
    on_deck(desk, START, "1", 1)
    on_deck(desk, START + 100, "2", 2)
    on_deck(desk, START + 195, "2", 2)
    assert told(desk.playing.undo_played(UndoPlayedParams(), LOCAL)).track == 2
    on_deck(desk, START + 200, "1", 1, playing=False)
    assert desk.library.learned_pairs() == []
    assert desk.tonight == (1,)


# Suggestions that are taken -----------------------------------------------------------------------------------------


def suggest(desk: Desk, after: int, *tracks: int) -> None:
    """Show suggestions, now by the desk's clock."""
    named = {"artist": None, "bpm": None, "camelot": None, "energy": None, "duration": None}
    rest = {"similarity": 0.9, "score": 0.9, "tags_in_common": [], "why": ""}
    found = [Suggestion(id=track, path="", title="", **named, **rest) for track in tracks]
    lanes = [LaneList(lane="stay", suggestions=found)]
    seed = Seed(id=after, path="", title="", tags=[], **named)
    desk.learner.offer(Suggestions(seed=seed, suggestions=[], lanes=lanes))


@pytest.fixture
def a_night(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Track 1 is heard, and 2 and 3 were suggested after it."""
    monkeypatch.setattr("segue.server.learner.time.time", desk.clock)
    on_deck(desk, START, "1", 1)
    on_deck(desk, START + 100, "1", 1)
    suggest(desk, 1, 2, 3)
    return desk


def taken(desk: Desk) -> list[tuple[int, int, float, list[str]]]:
    page = told(desk.feedback.memory(MemoryParams(), LOCAL))
    return [(pair.first.id, pair.second.id, pair.weight, pair.sources) for pair in page.pairs]


def test_a_suggestion_that_is_taken_speaks_a_little_for_it_and_more_when_it_is_played(a_night: Desk) -> None:
    on_deck(a_night, START + 150, "2", 3, playing=False)
    on_deck(a_night, START + 180, "2", 3, playing=False)
    assert taken(a_night) == [(1, 3, 0.1, ["taken"])]
    assert a_night.learner.memory.proven(1) == {}, "it was not played"
    assert 0 < a_night.learner.memory._pairs[1][3][1] < 0.2
    on_deck(a_night, START + 200, "2", 3)
    on_deck(a_night, START + 240, "1", 1, playing=False)
    on_deck(a_night, START + 260, "2", 3)
    (first, second, weight, sources) = taken(a_night)[0]
    assert (first, second, sources) == (1, 3, ["deck", "taken"])
    assert weight == pytest.approx(0.3 + 0.6 + 0.9 * 40 / 60, abs=0.01)
    told(a_night.playing.undo_played(UndoPlayedParams(), LOCAL))
    assert taken(a_night) == []


def test_a_suggestion_that_is_thrown_out_speaks_against_it_alone(a_night: Desk) -> None:
    on_deck(a_night, START + 150, "2", 3, playing=False)
    on_deck(a_night, START + 200, "2", 3)
    on_deck(a_night, START + 210, "2", None, playing=False)
    on_deck(a_night, START + 220, "1", 1)
    assert taken(a_night) == [(1, 3, -0.5, ["deck"])]


def test_what_was_taken_can_be_forgotten_by_itself(a_night: Desk) -> None:
    on_deck(a_night, START + 150, "2", 3, playing=False)
    on_deck(a_night, START + 180, "2", 3, playing=False)
    assert told(a_night.feedback.forget(ForgetParams(source="taken"), LOCAL)).transitions == 1
    assert taken(a_night) == []


# Opinions and lessons -----------------------------------------------------------------------------------------------


def test_opinions_are_in_memory_at_once(desk: Desk) -> None:
    told(desk.feedback.rate(RateParams(track="title b", liked=True), LOCAL))
    told(desk.feedback.rate(RateParams(track="#3", after="title a", liked=True), LOCAL))
    ids = desk.library.columns().ids
    assert desk.learner.memory.liked(ids, 1).tolist() == [0, 1, 1, 0]
    assert list(desk.learner.memory.proven(1)) == [3]
    told(desk.feedback.rate(RateParams(track="#3", after="#1"), LOCAL))
    assert list(desk.learner.memory.proven(1)) == []
    assert told(desk.feedback.forget(ForgetParams(everything=True), LOCAL)).opinions == 1
    assert not desk.learner.memory


def test_everything_that_is_forgotten_is_the_learned_weights_too(desk: Desk) -> None:
    kept = '{"values":{"key":0.3,"tempo":0.7},"sources":{"key":"you","tempo":"learned"},"lesson":null}'
    desk.library.settle(SETTING, kept.encode())
    tuning = TuningHandlers(Tuner(desk.library, DEFAULT, desk.learner._snapshot), desk.playing._executor)
    desk.feedback._tuning = tuning
    told(desk.feedback.forget(ForgetParams(source="night"), LOCAL))
    assert tuning._tuner.weights().tempo == 0.7
    told(desk.feedback.forget(ForgetParams(everything=True), LOCAL))
    assert (tuning._tuner.weights().key, tuning._tuner.weights().tempo) == (0.3, DEFAULT.tempo)
    assert b"learned" not in (desk.library.setting(SETTING) or b"")


def test_what_was_forgotten_while_somebody_read_leaves_the_log_later(desk: Desk, tmp_path: Path) -> None:
    def in_log() -> bool:
        return b"a-very-private-party" in (tmp_path / "library.db-wal").read_bytes()

    desk.library.learn("/sets/a-very-private-party.m3u", "m3u", (1, 0, 0), [], [])
    with desk.library._database.reading() as db:
        db.execute("SELECT count(*) FROM imports").fetchall()
        desk.library.forget_learned(Forget(everything=True))
        assert desk.library.is_log_to_empty
        assert in_log()
    desk.learner.tick(START)
    told(desk.playing.night(Nothing(), LOCAL))
    assert not desk.library.is_log_to_empty
    assert not in_log()

    desk.library.learn("/sets/a-very-private-party.m3u", "m3u", (1, 0, 0), [], [])
    with desk.library._database.reading() as db:
        db.execute("SELECT count(*) FROM imports").fetchall()
        desk.library.forget_learned(Forget(everything=True))
    desk.library.start_night(START)  # any write does it, too
    assert not in_log()


def test_a_lesson(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "History" / "2024-03-01.m3u8"
    file.parent.mkdir()
    lines = ["/music/a.mp3", "D:\\b.mp3", "nobody has this.mp3", "/music/c.mp3", "/music/d.mp3", "/music/d.mp3"]
    file.write_text("\n".join(lines))
    lesson = told(desk.feedback.learn(LearnParams(path=str(file)), LOCAL))
    assert (lesson.format, lesson.sets, lesson.entries, lesson.matched, lesson.transitions) == ("m3u", 1, 6, 5, 2)
    assert lesson.unmatched == ["nobody has this.mp3"]
    assert {track: dict(desk.learner.memory.proven(track)) for track in (1, 2, 3)} == {
        1: {2: (1, 1.0)},
        2: {},  # what was between them is not known
        3: {4: (1, 1.0)},
    }
    assert told(desk.feedback.learn(LearnParams(path=str(file)), LOCAL)).transitions == 0
    forgotten = told(desk.feedback.forget(ForgetParams(source=f"import:{lesson.id}"), LOCAL))
    assert (forgotten.transitions, forgotten.imports) == (2, 1)
    lesson = told(desk.feedback.learn(LearnParams(path=str(file), kind="playlist"), LOCAL))
    assert lesson.transitions == 2
    assert not desk.learner.memory.proven(1)  # neighbours in a playlist prove nothing
    assert desk.learner.memory.pairs == 2


def test_lessons_that_cannot_be_given(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("nothing\n")
    with pytest.raises(PathNotAllowedError):
        desk.feedback.learn(LearnParams(path="/etc/passwd"), REMOTE)
    with pytest.raises(InvalidParamsError):
        desk.feedback.learn(LearnParams(path="a.m3u"), LOCAL)
    with pytest.raises(SetFileError):
        told(desk.feedback.learn(LearnParams(path=str(tmp_path / "a.txt")), LOCAL))
    assert told(desk.feedback.memory(MemoryParams(), LOCAL)).imports == []
