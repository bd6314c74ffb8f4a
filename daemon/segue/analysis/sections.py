"""Which seconds of a recording are its intro, its drop and its outro, where the structure has them and where it has not."""

from __future__ import annotations

from typing import Final, NamedTuple

from segue.analysis.result import Section, Structure

INTRO, DROP, OUTRO = KINDS = ("intro", "drop", "outro")
Spans = tuple[tuple[float, float], ...]

_LEAST_SECONDS: Final = 8.0
"""Less is no section to compare anything with."""
_END_SECONDS: Final = 30.0
"""What stands for an intro or an outro that is not there: as long as a short mix."""
_FULL: Final = ("main", "drop")


class SectionSpans(NamedTuple):
    """The seconds of each kind, each at least one span."""

    intro: Spans
    drop: Spans
    outro: Spans


def section_spans(structure: Structure, duration: float) -> SectionSpans:
    """Spans of the three kinds in a recording of so many seconds.

    *intro*: what comes before the first main part or drop, else the first half minute. *drop*: all drops; without one the
    loudest main part, else the part with the most energy, else all of it. *outro*: what comes after the last main part or
    drop, else the last half minute.
    """
    parts = structure.sections
    first = next((part.start for part in parts if part.kind in _FULL), 0.0)
    last = next((part.end for part in reversed(parts) if part.kind in _FULL), duration)
    begin, end = (parts[0].start, parts[-1].end) if parts else (0.0, duration)
    short = min(_END_SECONDS, (end - begin) / 2.0)
    return SectionSpans(
        intro=((begin, first if first - begin >= _LEAST_SECONDS else begin + short),),
        drop=_drops(parts) or ((begin, end),),
        outro=((last if end - last >= _LEAST_SECONDS else end - short, end),),
    )


def _drops(parts: tuple[Section, ...]) -> Spans:
    drops = [part for part in parts if part.kind == "drop" and part.end - part.start >= _LEAST_SECONDS]
    if drops:
        return tuple((part.start, part.end) for part in drops)
    loud = [part for part in parts if part.kind == "main"] or list(parts)
    long = [part for part in loud if part.end - part.start >= _LEAST_SECONDS] or loud
    return tuple((part.start, part.end) for part in long if part.energy == max(one.energy for one in long))[:1]
