"""What counts how much in a suggestion's score, and changing it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from segue.protocol.messages.base import Message, Result, Text

Weight = Annotated[float, Meta(ge=0.0, le=50.0)]


class WeightsParams(Message):
    """Which weights are asked for."""

    preset: Text | None = None
    """Those of a moment, on top of one's own: ``warm-up``, ``peak``, ``after-hours``, ``producer``; null: those in use."""


class TuneParams(Message):
    """What is to be changed; ``reset`` comes first, then ``preset``, then ``learn``, then ``changes``."""

    changes: dict[str, Weight] = {}
    """New weights by name, 0..10; ``feature.<name>`` for one medium-level feature, ``pitch_range`` for the fader in per cent."""
    preset: Text | None = None
    """Take over the weights of a moment."""
    learn: bool = False
    """Learn the weights from what was played; they are taken only where they are better than those in use."""
    reset: bool = False
    """Forget all changes: the settings, or the defaults, hold again."""


class WeightPart(Result):
    """One weight."""

    name: str
    weight: float
    default: float
    source: str
    """Who says so: ``default``, ``config``, ``you``, ``learned``, or ``preset peak``."""


class WeightLesson(Result):
    """What came of learning weights."""

    at: float
    """Unix time."""
    better: bool
    """They order what was played better than those in use, and were taken."""
    transitions: int
    """In all sets."""
    learned_from: int
    judged_on: int
    """The latest transitions, from which nothing was learned; 0: there were too few."""
    needed: int
    """Without so many transitions nothing is learned."""
    before: float
    """Mean reciprocal rank of the track that was played next, with the weights in use before."""
    after: float
    """The same with the learned ones."""


class WeightList(Result):
    """What counts how much."""

    parts: list[WeightPart]
    features: list[WeightPart]
    """Of the medium-level features among themselves."""
    pitch_range: WeightPart
    """Per cent that the fader may go."""
    presets: list[str]
    preset: str | None = None
    """With which these weights are."""
    lesson: WeightLesson | None = None
    """The last one, if any."""
