"""What counts how much: the weights of a suggestion's score, which a user can see and change, and presets for moments of a night."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from msgspec import Meta, Struct, convert, field, structs, to_builtins

HIGHEST: Final = 10.0
Weight = Annotated[float, Meta(ge=0.0, le=HIGHEST)]

FEATURES: Final = ("danceability", "valence", "acousticness", "instrumentalness", "voice", "energy")
"""Medium-level features that are compared, by name."""


class Weights(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much each part of a score counts, against the others; 0 switches a part off.

    The first seven are shares of a mean, so only their proportions matter. The others are added to it or taken from it.
    """

    similarity: Weight = 0.65
    """Cosine of the track vectors: does it sound alike?"""
    ends: Weight = 0.1
    """Cosine of the seed's last and the candidate's first minute: do the parts sound alike that a mix joins?"""
    tags: Weight = 0.05
    """Telling tags in common."""
    features: Weight = 0.05
    """Medium-level features that are near, each by its weight in ``by_feature``."""
    key: Weight = 0.1
    """Keys that go together, as they are heard."""
    tempo: Weight = 0.1
    """Tempi that meet, as they are played."""
    energy: Weight = 0.0
    """Energies that are near."""
    vocals: Weight = 0.04
    """Taken away for a voice over a voice."""
    energy_step: Weight = 0.04
    """Taken away for the worst step of energy; less for smaller ones."""
    learned: Weight = 0.4
    """Added for what followed in one's own sets, or is like it. Nothing else tells as much of what a DJ plays next."""
    liked: Weight = 0.1
    """Added for what one likes, taken away for what one does not."""
    by_feature: dict[str, Weight] = field(default_factory=lambda: dict.fromkeys(FEATURES, 1.0))
    """Each medium-level feature's part in ``features``, by name."""
    pitch_range: Annotated[float, Meta(ge=0.5, le=16.0)] = 6.0
    """How far the fader goes that one likes to use, in per cent: what is beyond it does not mix, in lanes, paths and sets. No wider than 16, beyond which nobody mixes beat to beat."""

    @property
    def reach(self) -> float:
        """The same as a fraction."""
        return self.pitch_range / 100.0

    @property
    def base(self) -> float:
        """Sum of the shares of the mean; at least a little, for a user may switch all of them off."""
        return max(self.similarity + self.ends + self.tags + self.features + self.key + self.tempo + self.energy, 1e-6)

    def changed(self, changes: Mapping[str, object]) -> Weights:
        """These weights with some others; ``by_feature`` is merged name by name.

        Raises msgspec.ValidationError for an unknown name or a value out of 0..10.
        """
        values = to_builtins(self)
        by_feature = changes.get("by_feature", {})
        merged = {**values["by_feature"], **(by_feature if isinstance(by_feature, Mapping) else {})}
        return convert({**values, **changes, "by_feature": merged}, Weights)


DEFAULT: Final = Weights()

PRESETS: Final[Mapping[str, Mapping[str, object]]] = {
    "dj": {},
    # The floor is filling: nothing may jump, what sounds alike goes on.
    "warm-up": {"energy_step": 0.12, "energy": 0.1, "vocals": 0.08},
    # Everything mixes tightly, and energy may rise at will.
    "peak": {"tempo": 0.25, "key": 0.2, "energy_step": 0.0, "learned": 0.5},
    # Mood before tempo: long blends of long tracks.
    "after-hours": {"ends": 0.25, "tempo": 0.05, "energy": 0.1, "vocals": 0.08},
    # What sounds like it, at any tempo, in any key, whatever was played with it.
    "producer": {
        "ends": 0.0,
        "key": 0.0,
        "tempo": 0.0,
        "vocals": 0.0,
        "energy_step": 0.0,
        "learned": 0.0,
        "liked": 0.0,
    },
}
"""Changes to the weights by the name of a moment."""


def preset(name: str, base: Weights = DEFAULT) -> Weights:
    """The weights of a moment, on top of one's own. Raises KeyError for an unknown name."""
    return base.changed(PRESETS[name])


def names() -> tuple[str, ...]:
    """Names of the single weights, in the order in which they are shown."""
    return tuple(one.name for one in structs.fields(Weights) if one.name not in {"by_feature", "pitch_range"})
