"""What the shim says to a person who looks at its terminal in a dark booth."""

from __future__ import annotations

import shutil
import sys
import time
from typing import Final, TextIO

from segue.protocol.messages import Seed, Suggestion
from segue_plugins.mixxx.lanes import Lane, Lists

_BOLD: Final = "\033[1m"
_DIM: Final = "\033[2m"
_LANE: Final = "\033[36m"
_END: Final = "\033[0m"
_NAME_CELLS: Final = 34
_TAG: Final = "a tag in common"
"""A promise that is given up for a whole list, and that its first track may keep all the same."""
_LANE_CELLS: Final = 6
_MORE_CELLS: Final = 4


class Board:
    """Prints lines: with colours on a terminal, plainly into a file."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._colours = self._out.isatty()

    def note(self, text: str) -> None:
        """Print a sentence with the time of day."""
        self._print(f"{time.strftime('%H:%M:%S')}  {text}")

    def lists(self, lists: Lists, seconds: float) -> None:
        """Print what comes after a track: the first of each list, how many more there are, and why.

        ``seconds``: from the load to the lists in Mixxx.
        """
        if lists.seed is None:
            return
        self._print("")
        self.note(f"{self._in(_BOLD, f'After {_seed(lists.seed)}')}  {self._in(_DIM, _left(lists, seconds))}")
        for lane in lists.lanes:
            self._lane(lane)

    def _lane(self, lane: Lane) -> None:
        name = self._in(_LANE, lane.name.ljust(_LANE_CELLS))
        if not lane.suggestions:
            self._print(f"  {name}nothing that fits")
            return
        first = lane.suggestions[0]
        title = _short(_title(first), _NAME_CELLS)
        more = f"+{len(lane.suggestions) - 1}".rjust(_MORE_CELLS)
        room = max(20, self._width() - 2 - _LANE_CELLS - _NAME_CELLS - _MORE_CELLS - 2)
        why = _short(_why(lane), room)
        self._print(f"  {name}{self._in(_BOLD, title.ljust(_NAME_CELLS))}{self._in(_DIM, more)}  {why}")

    def _width(self) -> int:
        return shutil.get_terminal_size((120, 24)).columns if self._colours else 400

    def _in(self, style: str, text: str) -> str:
        return f"{style}{text}{_END}" if self._colours else text

    def _print(self, line: str) -> None:
        print(line, file=self._out, flush=True)


def _seed(seed: Seed) -> str:
    name = f"{seed.artist} - {seed.title}" if seed.artist else seed.title
    values = [f"{seed.bpm * seed.rate:.1f} BPM" if seed.bpm else "", seed.camelot or ""]
    return "  ".join([_plain(name), *filter(None, values)])


def _title(track: Suggestion) -> str:
    return _plain(f"{track.artist} - {track.title}" if track.artist else track.title)


def _left(lists: Lists, seconds: float) -> str:
    missing = ""
    if lists.unknown:
        name = _plain(lists.unknown[0].replace("\\", "/").rpartition("/")[2])
        more = f" and {len(lists.unknown) - 1} more" if len(lists.unknown) > 1 else ""
        missing = f"; not in Mixxx's library: {name}{more}"
    return f"({1000 * seconds:.0f} ms{missing})"


def _why(lane: Lane) -> str:
    """What was given up first: it may decide; then the reason, without what there is not."""
    first = lane.suggestions[0]
    broken = [said for said in lane.relaxed if not (said == _TAG and first.tags_in_common)]
    given_up = f"! not kept: {'; '.join(broken)} | " if broken else ""
    return given_up + first.why.replace(", no tag in common", "")


def _short(text: str, cells: int) -> str:
    return text if len(text) <= cells else f"{text[: cells - 1]}…"


def _plain(text: str) -> str:
    """Without what a terminal would take for a command: titles come from other people's files."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
