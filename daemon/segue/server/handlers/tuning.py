"""`recommend.weights` and `recommend.tune`: what counts how much."""

from __future__ import annotations

from concurrent.futures import Executor, Future

from segue.protocol.messages import TuneParams, WeightList, WeightsParams
from segue.server.router import Origin
from segue.server.tuner import Tuner


class TuningHandlers:
    """Weights. What changes them runs in one thread of its own: learning takes seconds."""

    def __init__(self, tuner: Tuner, one_by_one: Executor) -> None:
        self._tuner = tuner
        self._one_by_one = one_by_one

    def weights(self, params: WeightsParams, origin: Origin) -> WeightList:
        """The weights in use, or those of a preset."""
        del origin
        return self._tuner.shown(params.preset)

    def tune(self, params: TuneParams, origin: Origin) -> Future[WeightList]:
        """Change weights, or learn them."""
        del origin
        return self._one_by_one.submit(self._tuner.tune, params)

    def forget(self) -> Future[None]:
        """Forget what was learned, a lesson that is just being learned too."""
        return self._one_by_one.submit(self._tuner.forget)
