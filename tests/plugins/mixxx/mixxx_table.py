"""A table with made-up decks on it: the state machine, a clock, and files that stay open until they are closed."""

from __future__ import annotations

from segue_plugins.mixxx.decks import GRACE_SECONDS, Decks
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


def linked(*paths):
    """A table whose first decks hold these files, as the script has told for a while."""
    table = Table()
    for number, path in enumerate(paths, 1):
        table.load(number, path).wait(3.0)
    for number in range(len(paths) + 1, 5):
        table.tell(number)
    return table.wait(GRACE_SECONDS)


def by_length(duration, bpm):
    found = [path for path, length in LENGTHS.items() if abs(length - duration) < 1e-3 and bpm == BPM]
    return found[0] if found else None
