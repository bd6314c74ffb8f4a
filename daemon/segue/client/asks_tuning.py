"""What can be asked about the weights."""

# ruff: noqa: D103 - the functions are described where they are used, as the methods of `Client`

from __future__ import annotations

from collections.abc import Mapping

from segue.client.asks import Ask
from segue.protocol import messages as m


def weights(preset: str | None) -> Ask[m.WeightList]:
    return Ask("recommend.weights", m.WeightsParams(preset=preset), m.WeightList)


def tune(changes: Mapping[str, float], preset: str | None, *, learn: bool, reset: bool) -> Ask[m.WeightList]:
    said = m.TuneParams(changes=dict(changes), preset=preset, learn=learn, reset=reset)
    return Ask("recommend.tune", said, m.WeightList)
