"""Tables: readable at 80 columns, whatever is in a title."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.console import Console

from segue.cli.output import clean, minutes, plural
from segue.cli.progress import Tally, follow
from segue.cli.status import _decks, _shim
from segue.cli.tables import bar, suggestions_table
from segue.protocol.messages import Counts, Deck, IndexState, LaneList, Mix, Seed, Shim, Status, Suggestion, Suggestions

SEED = Seed(
    id=1, path="/a", title="Night Bus", artist="Ada Lantern", bpm=124.0, camelot="8A", energy=6.0, duration=300.0,
    tags=["house"], notes=["tempo unsure: 62 or 124"],
)  # fmt: skip


def suggestion(**values):
    usual = {
        "id": 2, "path": "/b", "title": "Pylon", "artist": "Kilnworks", "bpm": 123.0, "camelot": "9A", "energy": 7.0,
        "duration": 200.0, "similarity": 0.9, "score": 0.75, "tags_in_common": ["house"], "why": "one step on the wheel",
        "mix": Mix(mixes=True, pitch=0.81),
    }  # fmt: skip
    return Suggestion(**usual | values)


def drawn(*suggestions, relaxed=()):
    return printed(Suggestions(seed=SEED, suggestions=list(suggestions), relaxed=list(relaxed)))


def printed(answer):
    console = Console(file=io.StringIO(), width=80, highlight=False, emoji=False, markup=False)
    console.print(suggestions_table(answer))
    return console.file.getvalue()


def test_a_row_has_everything_a_dj_asks_for():
    text = drawn(suggestion())
    for fact in ("Pylon - Kilnworks", "123.0", "+0.8%", "9A", "7", "75", "one step on the wheel", "tempo unsure"):
        assert fact in text


def test_no_line_is_wider_than_the_terminal():
    text = drawn(suggestion(title="An Endless Title " * 10, why="because " * 40), suggestion(bpm=None, artist=None))
    assert max(map(len, text.splitlines())) <= 80
    assert text.count("Endless") == 10


def test_unknown_values_are_dashes():
    row = next(line for line in drawn(suggestion(bpm=None, camelot=None, energy=None)).splitlines() if "Pylon" in line)
    assert row.split()[-4:] == ["-", "-", "-", "-"]


def test_what_was_relaxed_is_said():
    assert "tags in common" in drawn(suggestion(), relaxed=["tags in common"])


def test_a_title_cannot_move_the_cursor_or_change_colours():
    text = drawn(suggestion(title="Evil \x1b[2J\x07\r\u202etrack [red]x[/red] :smile:"))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]x[/red] :smile:" in text


@pytest.mark.parametrize(
    ("mix", "shown"),
    [
        (Mix(mixes=True, pitch=0.813), "+0.8%"),
        (Mix(mixes=True, pitch=-0.01, time="half time"), "x2 +0.0%"),
        (Mix(mixes=True, pitch=0.578, time="double time"), "/2 +0.6%"),
        (Mix(mixes=False, pitch=-0.34, time="3:2 time"), "3:2 -0.3%"),
        (Mix(mixes=False, pitch=None), "far"),
    ],
)
def test_the_pitch_and_the_way_in_which_tempi_meet(mix, shown):
    assert shown in next(line for line in drawn(suggestion(mix=mix)).splitlines() if "Pylon" in line)


def test_lanes_stand_one_below_the_other_with_what_they_gave_up():
    lanes = [
        LaneList(lane="stay", suggestions=[suggestion(title="Same")]),
        LaneList(lane="ease", suggestions=[suggestion(title="Calm")], relaxed=["some promise"]),
    ]
    answer = Suggestions(seed=SEED, suggestions=[suggestion(title="Not shown")], lanes=lanes)
    text = printed(answer)
    assert (
        text.index("Stay:") < text.index("Same") < text.index("Ease:") < text.index("Calm") < text.index("some promise")
    )
    assert "Not shown" not in text


@pytest.mark.parametrize(
    ("share", "cells"), [(0.0, "      "), (0.5, "███   "), (1.0, "██████"), (7.0, "██████"), (-1.0, "      ")]
)
def test_bars_have_one_width(share, cells):
    assert bar(share) == cells


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-"), (0.4, "0:00"), (59.7, "1:00"), (365, "6:05"), (3723, "1:02:03")]
)
def test_lengths(seconds, text):
    assert minutes(seconds) == text


def test_counts_and_text():
    assert plural(1, "track") == "1 track"
    assert plural(12345, "track") == "12\N{NO-BREAK SPACE}345 tracks"
    assert clean("a\x1b\nb") == "a  b"


def status(queued):
    return Status(
        pid=1, version="0", protocol=1, home="/h", uptime=1.0, tracks=Counts(indexed=0, queued=queued, failed=0),
        analysing=[], rate=None, time_left=None, scanning=False, paused=False, gig_mode=False, folders=[], models={},
        provider="", workers=1, endpoints={}, index=IndexState(state="empty", vectors=0, generation=0), seq=0,
    )  # fmt: skip


def test_the_tally_grows_with_what_is_found_and_never_goes_back():
    tally = Tally()
    seen = []
    for queued in (10, 8, 20, 5, 0):
        tally.update(status(queued))
        seen.append((tally.done, tally.total))
    assert seen == [(0, 10), (2, 10), (2, 22), (17, 22), (22, 22)]


class _Answers:
    """A client whose daemon answers so, one status after the other."""

    def __init__(self, *answers):
        self._answers = list(answers)

    def status(self):
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.mark.parametrize("terminal", [True, False])
def test_what_is_wrong_is_said_while_one_waits(terminal):
    stuck = msgspec.structs.replace(status(3), problems=["The models were changed: install Segue again."])
    console = Console(file=io.StringIO(), force_terminal=terminal, width=80)
    follow(_Answers(stuck, stuck, status(0)), console)
    assert "The models were changed" in console.file.getvalue()


def test_shims_are_told_as_they_are():
    shims = [Shim(name="mixxx", state="running", pid=42), Shim(name="other", state="elsewhere"), Shim(name="x")]
    assert [_shim(shim) for shim in shims] == [
        "mixxx: running, process 42",
        "other: runs already, not from here",
        "x: off",
    ]


def test_decks_are_told_as_a_dj_would():
    decks = [
        Deck(deck="mixxx 1", path="/a.mp3", track=1, title="Night Bus", artist="Ada Lantern", playing=True, rate=1.021),
        Deck(deck="mixxx 2", path="/b.mp3", track=2, title="Py\x1blon", keylock=False, volume=0.0, confidence=0.6),
        Deck(deck="mixxx 3", path="/c.mp3", rate=0.94),
        Deck(deck="mixxx 4"),
        Deck(deck="overlay", playing=True),
    ]
    assert _decks(msgspec.structs.replace(status(0), decks=decks)).splitlines() == [
        "mixxx 1: Ada Lantern - Night Bus, playing, +2.1 %",
        "mixxx 2: Py lon, cued, keylock off, fader down, 60 % sure",
        "mixxx 3: /c.mp3, cued, -6.0 %",
        "overlay: something that Segue does not know, playing",
    ]
