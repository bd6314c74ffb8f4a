"""What an analysis says from moment to moment, as the message that is stored and that goes over the wire."""

from __future__ import annotations

import math

from segue.analysis.result import CURVE_SECONDS, LocalTempo, MixPoint, Tempo, TrackAnalysis
from segue.protocol import messages


def details(analysis: TrackAnalysis) -> messages.Details:
    """The message, numbers rounded to what they are worth: times to a millisecond, curves to a tenth and a hundredth."""
    tempo, key, structure = analysis.tempo, analysis.key, analysis.structure
    return messages.Details(
        grid=_grid(tempo),
        tempi=[_local(part) for part in tempo.local],
        tuning=round(key.tuning, 1) if math.isfinite(key.tuning) else 0.0,
        keys=[
            messages.KeySection(
                start=round(part.start, 3), end=round(part.end, 3), key=part.name, confidence=round(part.confidence, 3)
            )
            for part in key.sections
        ],
        sections=[
            messages.Section(
                start=round(part.start, 3), end=round(part.end, 3), kind=part.kind, energy=round(part.energy, 1)
            )
            for part in structure.sections
        ],
        mix_in=_mix_point(structure.mix_in),
        mix_out=_mix_point(structure.mix_out),
        curve_seconds=CURVE_SECONDS,
        energy_curve=[round(value, 1) for value in analysis.energy_curve],
        voice_curve=[round(value, 2) for value in analysis.voice_curve],
    )


def _grid(tempo: Tempo) -> messages.Grid | None:
    if tempo.bpm is None or tempo.first_beat is None or not tempo.has_grid:
        return None
    return messages.Grid(
        bpm=round(tempo.bpm, 4),
        first_beat=round(tempo.first_beat, 4),
        beats_per_bar=tempo.beats_per_bar,
        first_downbeat=None if tempo.first_downbeat is None else round(tempo.first_downbeat, 4),
        bar_confidence=round(tempo.bar_confidence, 3),
    )


def _local(part: LocalTempo) -> messages.LocalTempo:
    return messages.LocalTempo(start=round(part.start, 3), end=round(part.end, 3), bpm=round(part.bpm, 3))


def _mix_point(point: MixPoint | None) -> messages.MixPoint | None:
    return None if point is None else messages.MixPoint(at=round(point.at, 3), bars=point.bars)
