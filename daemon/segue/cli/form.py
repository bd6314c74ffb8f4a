"""A recording from moment to moment as a few lines of text: its energy as a curve, its parts, where to mix."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from segue.cli.output import clean, minutes, plural
from segue.protocol.messages import Details, MixPoint

_HEIGHTS: Final = "▁▂▃▄▅▆▇█"
_LEAST, _MOST = 1.0, 10.0
_WIDTH: Final = 60
"""Characters of a curve, at most."""


def form_lines(details: Details) -> list[str]:
    """The lines, without those of which nothing is known."""
    lines = [sparkline(details.energy_curve), _parts(details), _mix(details)]
    if details.tempi:
        lines.append("tempo changes: " + _row((part.start, f"{part.bpm:.1f} bpm") for part in details.tempi))
    if details.keys:
        lines.append("key changes: " + _row((part.start, clean(part.key)) for part in details.keys))
    return [line for line in lines if line]


def sparkline(curve: Sequence[float], width: int = _WIDTH) -> str:
    """A curve of energies of 1..10 as a row of blocks, no wider than `width`: neighbours are averaged."""
    count = min(len(curve), width)
    pieces = [curve[place * len(curve) // count : (place + 1) * len(curve) // count] for place in range(count)]
    steps = len(_HEIGHTS) / (_MOST - _LEAST)
    means = (sum(piece) / len(piece) for piece in pieces)
    return "".join(_HEIGHTS[min(max(int((mean - _LEAST) * steps), 0), len(_HEIGHTS) - 1)] for mean in means)


def _parts(details: Details) -> str:
    def part(kind: str, seconds: float) -> str:
        bars = _bars(details, seconds)
        return f"{clean(kind)} {plural(bars, 'bar')}" if bars else clean(kind)

    return _row((section.start, part(section.kind, section.end - section.start)) for section in details.sections)


def _bars(details: Details, seconds: float) -> int:
    """Bars of a part, rounded; 0 without a grid."""
    grid = details.grid
    return 0 if grid is None else max(round(seconds * grid.bpm / 60.0 / grid.beats_per_bar), 1)


def _mix(details: Details) -> str:
    def point(name: str, mix: MixPoint | None) -> str:
        if mix is None:
            return ""
        return f"mix {name} at {minutes(mix.at)}" + (f" for {plural(mix.bars, 'bar')}" if mix.bars else "")

    return ", ".join(filter(None, (point("in", details.mix_in), point("out", details.mix_out))))


def _row(parts: Iterable[tuple[float, str]]) -> str:
    return " · ".join(f"{minutes(start)} {text}" for start, text in parts)
