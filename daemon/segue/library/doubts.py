"""Where sources disagree on tempo, key or energy, and where only an unsure estimate is known: what a DJ should look at."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from segue import keys
from segue.library.values import NAMES, SURE
from segue.protocol.messages import Doubt, Value

SAME_TEMPO: Final = 1.01
"""Tempi whose ratio is smaller than this are the same."""
OTHER_ENERGY: Final = 3.0
"""Energies this many points apart disagree: every program has its own scale, and less says nothing."""
_OCTAVES: Final = (2.0, 0.5, 4.0, 0.25)
_SAYS: Final = {"user": "you say", "dj": "the DJ program says", "file": "the file says", "segue": "Segue hears"}
_ASKED: Final = 110.0
"""A tempo without a runner-up may be twice as fast when it is below this, else half as fast."""

_OF_VALUES: Final = """
    SELECT v.track_id, CASE v.name WHEN 'bpm' THEN 0 WHEN 'key' THEN 2 ELSE 4 END
    FROM track_values v JOIN tracks t ON t.id = v.track_id
    WHERE CASE v.name WHEN 'bpm' THEN max(t.bpm, v.value) > 1.01 * min(t.bpm, v.value)
                      WHEN 'key' THEN t.key <> v.value
                      ELSE abs(t.energy - v.value) >= 3 END"""
_OF_TRACKS: Final = "SELECT id, {rank} FROM tracks t WHERE coalesce({name}_confidence, 0.0) < 0.5"
_UNSETTLED: Final = (
    "NOT EXISTS (SELECT 1 FROM track_values u WHERE u.track_id = {id} AND u.name = {name} AND u.source = 'user')"
)


_HELD: Final = """
    SELECT id, bpm, bpm_confidence, bpm_alternatives, key, key_confidence, key_alternatives, energy FROM tracks
    WHERE id IN (SELECT value FROM json_each(?))"""


class _Held(NamedTuple):
    """What holds for a track, and the runner-ups of our own estimate."""

    bpm: float | None
    bpm_confidence: float | None
    bpm_alternatives: Sequence[float]
    key: str | None
    key_confidence: float | None
    key_alternatives: Sequence[str]
    energy: float | None


def find(db: sqlite3.Connection, about: Collection[str]) -> list[int]:
    """Return the tracks with a doubt about any of these values: tempi first, then keys, then energies."""
    names = [name for name in NAMES if name in (about or NAMES)]
    marks = ", ".join("?" * len(names))
    parts = [f"{_OF_VALUES} AND v.name IN ({marks}) AND {_UNSETTLED.format(id='v.track_id', name='v.name')}"]
    parts += [
        f"{_OF_TRACKS.format(name=name, rank=rank)} AND {_UNSETTLED.format(id='t.id', name=repr(name))}"
        for name, rank in (("bpm", 1), ("key", 3))
        if name in names
    ]
    rows = db.execute(
        f"""WITH doubtful (id, rank) AS ({" UNION ALL ".join(parts)})
            SELECT id FROM doubtful JOIN tracks USING (id) WHERE standing = 2 AND model_id IS NOT NULL
            GROUP BY id ORDER BY min(rank), id""",
        names,
    )
    return [row[0] for row in rows]


def of_tracks(
    db: sqlite3.Connection, track_ids: str, sources: Mapping[int, Mapping[str, Sequence[Value]]]
) -> dict[int, list[Doubt]]:
    """Return what is doubtful of each track: tempo, then key, then energy. Tracks without a doubt are left out.

    Args:
        db: a reader.
        track_ids: a JSON list of ids.
        sources: all values of these tracks, as `values.of_tracks` returns them.

    """
    found = {}
    for track_id, tempo, tempo_sure, tempi, key, key_sure, other_keys, energy in db.execute(_HELD, (track_ids,)):
        held = _Held(tempo, tempo_sure, json.loads(tempi), key, key_sure, json.loads(other_keys), energy)
        found[track_id] = _of_track(held, sources.get(track_id, {}))
    return {track_id: doubts for track_id, doubts in found.items() if doubts}


def _of_track(held: _Held, sources: Mapping[str, Sequence[Value]]) -> list[Doubt]:
    found: list[Doubt] = []
    for name, value, compare in (
        ("bpm", held.bpm, _tempi),
        ("key", held.key, _keys),
        ("energy", held.energy, _energies),
    ):
        known = sources.get(name, ())
        if value is not None and known and known[0].source != "user":
            found += (doubt for other in known[1:] if (doubt := compare(value, known[0].source, other)) is not None)
    return sorted([*found, *_unsure(held, sources)], key=lambda doubt: NAMES.index(doubt.about))


def _tempi(held: Any, source: str, other: Value) -> Doubt | None:
    ratio = float(other.value) / held
    if max(ratio, 1 / ratio) <= SAME_TEMPO:
        return None
    octave = next((factor for factor in _OCTAVES if max(ratio / factor, factor / ratio) <= SAME_TEMPO), None)
    what = "" if octave is None else ", half time" if octave < 1 else ", double time"
    text = f"tempo: {_said(source, bpm(held))}, {_said(other.source, bpm(float(other.value)))}{what}"
    return _disagreement("bpm", "tempo" if octave is None else "half-double", text, held, source, other, ratio)


def _keys(held: Any, source: str, other: Value) -> Doubt | None:
    if held == other.value:
        return None
    steps = keys.distance(held, str(other.value))
    apart = "one step" if steps == 1 else f"{steps} steps"
    text = f"key: {_said(source, _key(held))}, {_said(other.source, _key(str(other.value)))}, {apart} on the wheel"
    return _disagreement("key", "key", text, held, source, other, steps)


def _energies(held: Any, source: str, other: Value) -> Doubt | None:
    points = abs(float(other.value) - held)
    if points < OTHER_ENERGY:
        return None
    text = f"energy: {_said(source, f'{held:g}')}, {_said(other.source, f'{float(other.value):.1f}')}"
    return _disagreement("energy", "energy", text, held, source, other, points)


def _disagreement(about: str, kind: str, text: str, held: Any, source: str, other: Value, distance: float) -> Doubt:
    return Doubt(
        about=about,
        kind=kind,
        text=text,
        held=held,
        held_source=source,
        other=other.value,
        other_source=other.source,
        distance=round(distance, 4),
    )


def _unsure(held: _Held, sources: Mapping[str, Sequence[Value]]) -> Iterator[Doubt]:
    if held.bpm is None:
        yield Doubt(about="bpm", kind="unknown", text="tempo unknown")
    elif (held.bpm_confidence or 0.0) < SURE:
        octave = held.bpm * 2 if held.bpm < _ASKED else held.bpm / 2
        other = held.bpm_alternatives[0] if held.bpm_alternatives else octave
        low, high = sorted((held.bpm, other))
        yield _doubtful("bpm", f"tempo unsure: {low:.0f} or {high:.0f}", held.bpm, other, sources)
    if held.key is None:
        yield Doubt(about="key", kind="unknown", text="key unknown")
    elif (held.key_confidence or 0.0) < SURE:
        runner_up = held.key_alternatives[0] if held.key_alternatives else None
        rest = f" or {_key(runner_up)}" if runner_up else ""
        yield _doubtful("key", f"key unsure: {_key(held.key)}{rest}", held.key, runner_up, sources)


def _doubtful(
    about: str, text: str, value: float | str, other: float | str | None, sources: Mapping[str, Sequence[Value]]
) -> Doubt:
    source = next((known.source for known in sources.get(about, ())), "segue")
    return Doubt(about=about, kind="unsure", text=text, held=value, held_source=source, other=other)


def _said(source: str, value: str) -> str:
    return f"{_SAYS[source]} {value}"


def bpm(value: float) -> str:
    """A tempo with no more decimals than it has, two at the most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _key(name: str) -> str:
    return f"{keys.camelot(name)} ({name})" if name in keys.KEYS else name
