"""The form of a recording as a DJ hears it: intro, main parts, breakdowns, drops, outro, and where a mix may begin.

A part is described by two numbers: how much of the beat there is (bass and kicks) and how much music (what sounds between the
beats), both against the fullest bars of the same recording. Parts before the first full one are the intro, parts after the last
one the outro; a part in between without the beat is a breakdown, and the full part that follows it a drop.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from segue.analysis.bars import SILENT_DB, Bars, bars_of, music_of
from segue.analysis.result import CURVE_SECONDS, MixPoint, Section, Structure, Tempo
from segue.analysis.segments import PHRASE, borders
from segue.analysis.timeline import Timeline

Array = npt.NDArray[np.float64]

_FULLEST: Final = 75.0
"""Percentile of the bars that counts as full."""
_BASS_DB, _MUSIC_DB = 18.0, 18.0
"""So far below the full bars there is no bass, and no music."""
_FEW_KICKS: Final = 0.4
"""dB a frame: a recording whose fullest bars have fewer onsets in the bass has no beat to lose."""
_BEATLESS: Final = 0.6
_THIN: Final = 0.7
"""A part with less beat, or less music, is not full."""
_THINNER: Final = 0.12
"""Nor is the first part, or the last one, if it has so much less music than its neighbour."""
_LONGEST_END: Final = 0.4
"""Share of a recording that intro and outro may each have."""
_WITH_LEVELS: Final = ("main", "drop")
_ALIKE: Final = 1.0
"""Neighbours of the same kind are one part, of these kinds only if their energies differ by less."""
_LEAST_SECONDS: Final = 30.0
"""Shorter music has no mix points: it is over before a mix is."""
_LENGTHS: Final = (32, 16, 8)
_BLIND_SECONDS: Final = 30.0
"""Length of a mix out of a recording that has neither a grid nor an outro that is long enough."""
_LEAST_ROOM_SECONDS: Final = 10.0


class _Part(NamedTuple):
    first: int
    """Its first bar."""
    end: int
    """The bar after its last one."""
    beat: float
    music: float
    """0 (none) to 1 (as in the fullest bars)."""


def find_structure(timeline: Timeline, tempo: Tempo, curve: tuple[float, ...]) -> Structure:
    """Sections and mix points of a recording, on the downbeats of its tempo; `curve` is its energy curve.

    A recording without one tempo is cut without a grid, to two seconds. Silence before and after the music is in no section.
    """
    bars = music_of(timeline, bars_of(timeline, tempo))
    parts = _parts(bars, _sounding(bars, borders(bars)))
    sections = _joined(_sections(bars, parts, _kinds(parts, len(bars.level)), curve))
    mix_in = _mix_in(bars, sections)
    return Structure(tuple(sections), mix_in, None if mix_in is None else _mix_out(bars, sections, mix_in))


def _sounding(bars: Bars, starts: list[int]) -> list[int]:
    """First bars of the parts; parts at the two ends that are as good as silent belong to their neighbours, and so does an upbeat."""
    heard = [
        start
        for start, end in zip(starts, [*starts[1:], len(bars.level)], strict=True)
        if float(np.median(bars.level[start:end])) > SILENT_DB
    ]
    return [0, *(start for start in starts if heard and max(heard[0], bars.first) < start <= heard[-1])]


def _parts(bars: Bars, starts: list[int]) -> list[_Part]:
    beat = _presence(bars.bass, _BASS_DB)
    kicks = max(float(np.percentile(bars.kicks, _FULLEST)), 1e-9)
    if kicks > _FEW_KICKS:
        beat = 0.5 * beat + 0.5 * np.clip(bars.kicks / kicks, 0.0, 1.0)
    music = _presence(bars.music, _MUSIC_DB)
    return [
        _Part(first, end, float(np.median(beat[first:end])), float(np.median(music[first:end])))
        for first, end in zip(starts, [*starts[1:], len(bars.level)], strict=True)
    ]


def _presence(level: Array, none_db: float) -> Array:
    """1 for levels as in the full bars, 0 from `none_db` below."""
    return np.asarray(np.clip(1.0 + (level - np.percentile(level, _FULLEST)) / none_db, 0.0, 1.0))


def _kinds(parts: list[_Part], bars: int) -> list[str]:
    """What each part is."""
    full = [part.beat >= _BEATLESS and part.music >= _THIN for part in parts]
    if len(parts) > 2:
        full[0] &= parts[0].music >= parts[1].music - _THINNER
        full[-1] &= parts[-1].music >= parts[-2].music - _THINNER
    if not any(full):
        best = max(parts, key=lambda part: (part.beat + part.music) * (part.end - part.first))
        full = [part is best for part in parts]
    first = _end_of_intro(parts, full, bars)
    last = _start_of_outro(parts, full, bars, first)
    kinds: list[str] = []
    for number, part in enumerate(parts):
        if number < first:
            kinds.append("intro")
        elif number >= last:
            kinds.append("outro")
        elif part.beat < _BEATLESS:
            kinds.append("breakdown")
        elif (kinds and kinds[-1] == "breakdown" and full[number]) or (kinds and kinds[-1] == "drop" and full[number]):
            kinds.append("drop")
        else:
            kinds.append("main")
    return kinds


def _end_of_intro(parts: list[_Part], full: list[bool], bars: int) -> int:
    """Number of the first part after the intro: the first full one, or a breakdown after a beat."""
    has_beat = False
    for number, part in enumerate(parts):
        silent = part.beat < _BEATLESS
        if full[number] or part.first > _LONGEST_END * bars or (has_beat and silent):
            return number
        has_beat |= not silent
    return 0


def _start_of_outro(parts: list[_Part], full: list[bool], bars: int, first: int) -> int:
    """Number of the first part of the outro, that of the parts when there is none."""
    number = len(parts)
    while number - 1 > first and not full[number - 1] and parts[number - 1].first >= (1.0 - _LONGEST_END) * bars:
        number -= 1
    return number


def _sections(bars: Bars, parts: list[_Part], kinds: list[str], curve: tuple[float, ...]) -> list[Section]:
    return [
        Section(start, end, kind, _energy(curve, start, end))
        for kind, start, end in (
            (kind, float(bars.edges[part.first]), float(bars.edges[part.end]))
            for part, kind in zip(parts, kinds, strict=True)
        )
    ]


def _joined(sections: list[Section]) -> list[Section]:
    """Neighbours that are one part to a listener, joined."""
    joined: list[Section] = []
    for section in sections:
        before = joined[-1] if joined else None
        apart = section.kind in _WITH_LEVELS and before is not None and abs(before.energy - section.energy) >= _ALIKE
        if before is None or before.kind != section.kind or apart:
            joined.append(section)
            continue
        lengths = before.end - before.start, section.end - section.start
        energy = float(np.average([before.energy, section.energy], weights=lengths))
        joined[-1] = Section(before.start, section.end, section.kind, energy)
    return joined


def _energy(curve: tuple[float, ...], start: float, end: float) -> float:
    """Mean of a curve between two times."""
    edges = np.arange(len(curve) + 1) * CURVE_SECONDS
    edges[-1] = max(edges[-1], end)
    shares = np.clip(np.minimum(edges[1:], end) - np.maximum(edges[:-1], start), 0.0, None)
    return float(np.average(curve, weights=shares)) if shares.sum() > 0.0 else float(curve[-1])


def _mix_in(bars: Bars, sections: list[Section]) -> MixPoint | None:
    """The first downbeat that sounds, and as many bars as the intro has."""
    if bars.edges[-1] - bars.edges[0] < _LEAST_SECONDS:
        return None
    at = float(max(bars.edges[bars.first], bars.downbeat))
    if not bars.length:
        return MixPoint(at, 0)
    intro = [section.end for section in sections if section.kind == "intro"]
    room = int(np.searchsorted(bars.edges, max([bars.edges[bars.first], *intro]))) - bars.first
    return MixPoint(at, _length(room * bars.length))


def _mix_out(bars: Bars, sections: list[Section], mix_in: MixPoint) -> MixPoint | None:
    """The start of the outro; without one a phrase that leaves room for a mix, if one comes late enough."""
    end = len(bars.level)
    outro = [section.start for section in sections if section.kind == "outro"]
    if not bars.length:
        last = float(bars.edges[end])
        has_room = outro and last - outro[0] >= _LEAST_ROOM_SECONDS
        half = (float(bars.edges[0]) + last) / 2.0
        return MixPoint(outro[0] if has_room else max(last - _BLIND_SECONDS, half), 0)
    phrase = max(PHRASE // bars.length, 1)
    start = int(np.searchsorted(bars.edges, outro[0])) if outro else end
    starts = [start]
    if end - start < phrase:  # no room: phrases before the end, counted from the last border that leaves some
        places = [int(np.searchsorted(bars.edges, section.start)) for section in sections]
        border = next((place for place in reversed(places) if end - place >= phrase), bars.first)
        fitting = (end - border) // phrase
        starts = [border + max(fitting - left, 0) * phrase for left in (2, 1)]  # the last phrase only in short music
    least = bars.first + -(-mix_in.bars // bars.length)
    start = next((place for place in starts if place >= least and 2 * place >= end), end)
    return None if start == end else MixPoint(float(bars.edges[start]), _length((end - start) * bars.length))


def _length(room: int) -> int:
    """Bars of a mix for which there is room: 32, 16, or 8 in any case."""
    return next((length for length in _LENGTHS if length <= room), _LENGTHS[-1])
