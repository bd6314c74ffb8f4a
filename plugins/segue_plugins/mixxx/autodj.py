"""``segue mixxx autodj``: keeps Mixxx's Auto DJ queue fed with tracks that mix, one after the other.

Mixxx reads its queue anew whenever it takes a track off the top, which it does when the next track begins to be heard. Rows
that were put behind the last one before that are played, then; a queue that ran out is not looked at any more. So at least one
track must wait behind the one that is loaded already, and nothing is ever put anywhere but at the end.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from typing import Final, NamedTuple

import psutil

from segue.client import Client
from segue.errors import (
    CrateNotFoundError,
    DaemonError,
    LibraryEmptyError,
    ProgramBusyError,
    ProgramTakenError,
    SegueError,
    TrackNotFoundError,
    TrackNotReadyError,
)
from segue.protocol.messages import Filters, LaneName, Suggestion
from segue_plugins.mixxx import filters as filtering
from segue_plugins.mixxx import process
from segue_plugins.mixxx.database import Database, Entry
from segue_plugins.mixxx.following import prepare
from segue_plugins.mixxx.settings import AUTODJ_LOCK, Settings
from segue_plugins.mixxx.voice import Voice, listed
from segue_plugins.one_at_a_time import TAKEN, one_at_a_time

LEAST, MOST = 2, 20
"""Of ``--ahead``: the first one in the queue is loaded already, mostly."""
LOOK_SECONDS: Final = 1.0
_ASKED: Final = 60
_VARIETY: Final = 3
"""An artist does not come again among so many tracks, where there are others that mix."""
_HEARD_SECONDS: Final = 8.0
"""So long it takes at most until Mixxx's history names a track that it has begun."""
_ANSWER_SECONDS: Final = 10.0
_WIDEST: Final[LaneName] = "best"
_NOTHING: Final = "Nothing is left that was not played, queued or taken out, in any lane and without filters."
_NO_SEED: Final = "Nothing is queued, on a deck or in tonight's history: load a track, and Segue goes on from it."


class Wish(NamedTuple):
    """What the user asks for; None: as `segue wish` says."""

    ahead: int = 3
    lane: LaneName | None = None
    preset: str | None = None
    filters: Filters | None = None


class _Asked(NamedTuple):
    """What the daemon is asked for."""

    lane: LaneName
    filters: Filters
    preset: str | None


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add what can be said after ``segue mixxx autodj``."""
    parser.add_argument(
        "--ahead",
        type=_ahead,
        default=Wish().ahead,
        metavar="N",
        help="so many tracks wait in the queue (default: %(default)s)",
    )
    filtering.add_options(parser)


def _ahead(text: str) -> int:
    if not text.isdigit() or not LEAST <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"a number from {LEAST} to {MOST}")
    return int(text)


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Feed the queue until Ctrl-C or SIGTERM; returns the exit code."""
    prepare(settings)
    voice = Voice()
    wish = Wish(options.ahead, options.lane, options.preset, filtering.filters_of(options))
    with ExitStack() as stack:
        try:
            stack.enter_context(one_at_a_time(settings.own / AUTODJ_LOCK, "Mixxx's Auto DJ"))
        except ProgramTakenError:
            voice.tell("Another `segue mixxx autodj` feeds this Mixxx's queue already: one is enough.")
            return TAKEN
        client = stack.enter_context(Client(options.home, timeout=_ANSWER_SECONDS))
        _refuse_unknown(client, options.crates)
        feeder = Feeder(client, Database(settings.database), wish, voice)
        mixxx: psutil.Process | None = None
        while True:
            if mixxx is None or not mixxx.is_running():
                mixxx = process.find(settings)
            if mixxx is None:
                feeder.note("Mixxx is not open: waiting for it.")
            else:
                feeder.step()
            time.sleep(LOOK_SECONDS)


def _refuse_unknown(client: Client, crates: Sequence[str]) -> None:
    """CrateNotFoundError for a crate that Segue does not have, as far as it can be asked now."""
    if not crates:
        return
    try:
        known = [crate.name for crate in client.crates().crates]
    except DaemonError:
        return
    for name in crates:
        if name.casefold() not in map(str.casefold, known):
            raise CrateNotFoundError(
                f"There is no crate “{name}”; there {'are ' + listed(known) if known else 'is none at all'}."
            )


class Feeder:
    """Looks at the queue, and puts tracks behind the last one.

    What the user does there holds: a track that he takes out does not come again, and a queue that he empties stays empty until he puts
    something into it.
    """

    def __init__(self, client: Client, database: Database, wish: Wish, voice: Voice) -> None:
        self._client = client
        self._database = database
        self._wish = wish
        self._voice = voice
        self._queue: list[Entry] = []
        self._ours: set[int] = set()
        self._emptied = False
        self._gone: tuple[Entry, float] | None = None
        """The only track that was left, and since when it is no more, until it is known whether it is heard."""
        self._said = ""
        self._warned = ""

    def step(self) -> None:
        """Look once, and do what follows from it."""
        try:
            self._look(time.monotonic())
            if self._emptied:
                self.note("The queue was emptied: nothing is put into it until you do.")
            elif self._gone is None:
                self._feed()
        except (DaemonError, LibraryEmptyError, TrackNotReadyError) as error:
            self.note(f"{error.message} Waiting.")
        except ProgramBusyError:
            return  # Mixxx writes: at the next look
        except SegueError as error:
            self.note(error.message)

    def note(self, text: str) -> None:
        """Say what was not just said."""
        if text != self._said:
            self._voice.say(f"{time.strftime('%H:%M:%S')}  {text}")
        self._said = text

    def _look(self, now: float) -> None:
        """See whether the user has emptied the queue: Mixxx itself takes one track at a time, and that one is heard then."""
        queue, before = self._database.auto_dj(), self._queue
        self._queue = queue
        if queue:
            self._emptied, self._gone = False, None
        elif len(before) > 1:
            self._emptied = True
        elif before:
            self._gone = (before[0], now)
        if self._gone is not None:
            entry, since = self._gone
            if entry in self._database.night():
                self._gone = None
            elif now - since > _HEARD_SECONDS:
                self._emptied, self._gone = True, None

    def _feed(self) -> None:
        if len(self._queue) >= self._wish.ahead:
            return
        decks, was_empty = self._decks(), not self._queue
        while len(self._queue) < self._wish.ahead:
            found = self._found(decks)
            if found is None:
                break
            seed, suggestion, entry = found
            if not self._database.append_auto_dj([entry.id]):
                break
            self._ours.add(entry.id)
            self._queue = [*self._queue, entry]
            self.note(f"{_title(suggestion)} after {seed}: {suggestion.why}")
        if was_empty and self._queue:
            self.note(
                "The queue was empty: click Auto DJ in the side bar before you switch it on, so that Mixxx sees it."
            )

    def _found(self, decks: Sequence[tuple[str, bool]]) -> tuple[str, Suggestion, Entry] | None:
        """What to put behind the last one: as it was asked for, and rather something else than silence."""
        wishes = self._client.wishes()
        filters = self._wish.filters or wishes.filters
        first = _Asked(self._wish.lane or wishes.lane, filters, self._wish.preset or wishes.preset)
        if not any(True for _ in self._seeds(self._queue, self._database.night(), decks)):
            self._warn(_NO_SEED)
            return None
        widened = first._replace(lane=_WIDEST)
        for asked in (first, widened, widened._replace(filters=Filters())):
            found = self._next(self._queue, decks, asked)
            if found is not None:
                self._warn(_given_up(first, asked))
                return found
        self._warn(_NOTHING)
        return None

    def _warn(self, text: str) -> None:
        """Say once why something else comes; an empty text: it does no more."""
        if text and text != self._warned:
            self.note(text)
        self._warned = text

    def _decks(self) -> list[tuple[str, bool]]:
        """Paths on decks, and whether they play: as Segue knows it, when `segue mixxx` runs."""
        return [(deck.path, deck.playing) for deck in self._client.decks().decks if deck.path is not None]

    def _next(
        self, queue: list[Entry], decks: Sequence[tuple[str, bool]], asked: _Asked
    ) -> tuple[str, Suggestion, Entry] | None:
        """The track to put behind all others, with the name of the one before it; None: there is none."""
        night = self._database.night()
        taken = {entry.id for entry in (*queue, *night)} | self._ours
        on_decks = {path for path, _ in decks}
        for seed in self._seeds(queue, night, decks):
            try:
                answer = self._client.next(seed, _ASKED, lane=asked.lane, filters=asked.filters, preset=asked.preset)
            except TrackNotFoundError:
                continue  # Segue does not have this one: then after the one before it
            ids = self._database.ids(one.path for one in answer.suggestions)
            rest = [
                (one, Entry(ids[one.path], one.path))
                for one in answer.suggestions
                if one.path in ids and ids[one.path] not in taken and one.path not in on_decks
            ]
            found = _best(rest, {(answer.seed.artist or "").casefold(), *self._artists(queue, night)})
            return None if found is None else (answer.seed.title, *found)
        return None

    def _artists(self, queue: Sequence[Entry], night: Sequence[Entry]) -> set[str]:
        """Of the last tracks before the next one."""
        before = [entry.id for entry in (*night, *queue)][-_VARIETY:]
        return {artist.casefold() for artist in self._database.artists(before)}

    def _seeds(
        self, queue: Sequence[Entry], night: Sequence[Entry], decks: Sequence[tuple[str, bool]]
    ) -> Iterator[str]:
        """After what the next track comes: the last one in the queue, else what plays, else what was played last."""
        yield from (entry.path for entry in reversed(queue))
        yield from (path for path, playing in decks if playing)
        yield from (path for path, playing in decks if not playing)
        yield from (entry.path for entry in reversed(night))


def _given_up(asked: _Asked, given: _Asked) -> str:
    """What of a wish was given up, in words."""
    lane = f"the lane {asked.lane}" if given.lane != asked.lane else ""
    filters = f"the filters ({filtering.told(asked.filters)})" if given.filters != asked.filters else ""
    what = " and ".join(part for part in (lane, filters) if part)
    return f"Nothing new is left in {what}: the best of all others comes, so that the music goes on." if what else ""


def _best(rest: Sequence[tuple[Suggestion, Entry]], artists: Collection[str]) -> tuple[Suggestion, Entry] | None:
    """The first that mixes, by an artist who was not just heard; else the first that mixes; else the first."""
    mixing = [one for one in rest if one[0].mix is not None and one[0].mix.mixes]
    other = [one for one in mixing if (one[0].artist or "").casefold() not in artists]
    return next((one for those in (other, mixing, rest) for one in those), None)


def _title(one: Suggestion) -> str:
    return f"{one.artist} - {one.title}" if one.artist else one.title
