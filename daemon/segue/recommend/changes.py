"""What changed from one version of a work to another, in numbers and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from segue.protocol.messages import Analysis, Change, Details, Section, Track

_LENGTH: Final = 0.5
"""Seconds; ..."""
_TEMPO: Final = 0.05
"""... beats a minute; ..."""
_ENERGY: Final = 0.2
"""... of ten; ..."""
_LOUDNESS: Final = 0.3
"""... and LU, from which on a difference is one that somebody made: the same mix, encoded anew, differs by less."""
_SHARE: Final = 0.05
"""The same of tags and features, 0..1."""
_SECTION: Final = 1.0
"""Seconds by which a part became longer or shorter; half a bar is how exact its border is."""
_TOLD: Final = "energy"
"""A feature that is told on the scale of 1 to 10, and does not hang on the loudness there."""
_MOST: Final = 12
"""Tags and features that are told."""


Sound = Track | Analysis
"""A track of the library, or the analysis of a file."""


def changes(before: Sound, after: Sound, levels: Mapping[str, float]) -> list[Change]:
    """Everything that differs by more than the measurements do, as `Changes.changes` lists it.

    ``levels`` are the probabilities from which on a track has a tag: one that passes its level came or went.
    """
    shares = [
        *_shares("tag", before.tags, after.tags, levels),
        *_shares("feature", _features(before), _features(after), {}),
    ]
    shares.sort(key=lambda pair: (-abs(pair[0]), pair[1].name))
    return [*_values(before, after), *(change for _, change in shares[:_MOST])]


def _values(before: Sound, after: Sound) -> Iterator[Change]:
    for about, one, other, least, unit in (
        ("length", before.duration, after.duration, _LENGTH, " s"),
        ("tempo", before.bpm, after.bpm, _TEMPO, " bpm"),
    ):
        yield from _number(about, one, other, least, unit)
    if before.camelot != after.camelot:
        yield Change(
            about="key",
            name="key",
            before=before.key,
            after=after.key,
            text=f"key {_key(before)} → {_key(after)}",
        )
    yield from _number("energy", before.energy, after.energy, _ENERGY, "")
    yield from _number("loudness", before.loudness, after.loudness, _LOUDNESS, " LUFS", " LU")
    yield from _form(before.details, after.details)


def _number(
    about: str, before: float | None, after: float | None, least: float, unit: str, of_difference: str | None = None
) -> Iterator[Change]:
    if before is None and after is None:
        return
    if before is None or after is None:
        known = f"{after:.1f}{unit}, unknown before" if after is not None else f"unknown, {before:.1f}{unit} before"
        yield Change(about=about, name=about, before=before, after=after, text=f"{about} {known}")
    elif abs(after - before) >= least:
        by = unit if of_difference is None else of_difference
        text = f"{about} {before:.1f} → {after:.1f}{unit} ({after - before:+.1f}{by})"
        yield Change(about=about, name=about, before=round(before, 2), after=round(after, 2), text=text)


def _key(sound: Sound) -> str:
    return "unknown" if sound.camelot is None else f"{sound.camelot} ({sound.key})"


def _form(before: Details | None, after: Details | None) -> Iterator[Change]:
    """The parts, where one came, went, or changed its length."""
    if before is None or after is None or not (before.sections and after.sections):
        return
    kinds = [[part.kind for part in details.sections] for details in (before, after)]
    apart = (abs(_length(one) - _length(other)) for one, other in zip(before.sections, after.sections, strict=False))
    if kinds[0] != kinds[1] or max(apart) >= _SECTION:
        one, other = _parts(before), _parts(after)
        if one != other:
            yield Change(about="form", name="form", before=one, after=other, text=f"form {one} → {other}")


def _parts(details: Details) -> str:
    """``intro 16 · drop 32``, in bars where there is a grid, else in seconds."""
    bar = None if details.grid is None else details.grid.beats_per_bar * 60.0 / details.grid.bpm
    sizes = (f"{round(_length(part) / bar)}" if bar else f"{_length(part):.0f} s" for part in details.sections)
    return " · ".join(f"{part.kind} {size}" for part, size in zip(details.sections, sizes, strict=True))


def _length(section: Section) -> float:
    return section.end - section.start


def _features(sound: Sound) -> dict[str, float]:
    return {name: value for name, value in sound.features.items() if name != _TOLD}


def _shares(
    about: str, before: Mapping[str, float], after: Mapping[str, float], levels: Mapping[str, float]
) -> Iterator[tuple[float, Change]]:
    """Tags or features that differ, with by how much."""
    for name in sorted(before.keys() & after.keys()):
        one, other = before[name], after[name]
        if abs(other - one) < _SHARE:
            continue
        level = levels.get(name)
        came = level is not None and one < level <= other
        went = level is not None and other < level <= one
        verb = "came: " if came else "went: " if went else ""
        text = f"{verb}{name} {one:.2f} → {other:.2f} ({other - one:+.2f})"
        yield other - one, Change(about=about, name=name, before=round(one, 4), after=round(other, 4), text=text)
