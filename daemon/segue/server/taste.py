"""What a question is asked with: the night so far, what was learned, the weights in use, the filters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from segue.errors import InvalidParamsError
from segue.protocol.messages import Filters
from segue.recommend.catalogue import Snapshot
from segue.recommend.filters import Crates, Mask, Sieve
from segue.recommend.lanes import Lane
from segue.recommend.memory import Memory
from segue.recommend.recommender import Asked
from segue.recommend.tonight import NOTHING_PLAYED, Tonight
from segue.recommend.weights import PRESETS, Weights, preset

_NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Taste:
    """Answers from memory; each part is asked for anew with every question."""

    tonight: Callable[[], Tonight]
    memory: Callable[[], Memory]
    crates: Callable[[], Crates]
    base: Callable[[], Weights]
    """The weights in use."""
    sieve: Sieve = field(default_factory=Sieve)

    def weights(self, name: str | None) -> Weights:
        """The weights in use, or a preset on top of them. Raises InvalidParamsError where there is no preset of the name."""
        if name is None:
            return self.base()
        if name not in PRESETS:
            raise InvalidParamsError(f"There is no preset “{name}”. There are {', '.join(PRESETS)}.")
        return preset(name, self.base())

    def asked(
        self,
        *,
        lane: Lane = "best",
        filters: Filters = _NO_FILTERS,
        preset: str | None = None,
        tonight: bool = True,
    ) -> Asked:
        """A question's wishes as the recommender takes them. Raises InvalidParamsError for an unknown preset."""
        return Asked(
            lane=lane,
            weights=self.weights(preset),
            tonight=self.tonight() if tonight else NOTHING_PLAYED,
            memory=self.memory(),
            filters=None if filters == _NO_FILTERS else partial(self.masks, filters),
        )

    def masks(self, filters: Filters, snapshot: Snapshot) -> list[tuple[str, Mask]]:
        """Filters as `segue.recommend.filters.masks` gives them, with the crates as they are now, and what it raises."""
        return self.sieve.masks(filters, snapshot, self.crates())
