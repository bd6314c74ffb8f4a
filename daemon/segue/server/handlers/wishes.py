"""`session.wishes` and `session.wish`: what every shim asks for."""

from __future__ import annotations

import numpy as np

from segue.errors import SegueError
from segue.protocol.messages import Filters, Nothing, Wished, Wishes, WishParams
from segue.server.router import Origin
from segue.server.spaces import Spaces
from segue.server.taste import Taste
from segue.server.wishing import Wishing


class WishesHandlers:
    """Wishes: answered from memory, at once, for a button on a controller may be what asks."""

    def __init__(self, wishing: Wishing, taste: Taste, spaces: Spaces) -> None:
        self._wishing = wishing
        self._taste = taste
        self._spaces = spaces

    def wishes(self, params: Nothing, origin: Origin) -> Wishes:
        """What holds."""
        del params, origin
        return self._wishing.now

    def wish(self, params: WishParams, origin: Origin) -> Wished:
        """Wish something, or nothing any more. Raises what a question with these filters would raise: better now than at the decks."""
        del origin
        if params.filters is not None:
            self._meeting(params.filters)
        holds = self._wishing.wish(params)
        try:
            tracks = self._meeting(holds.filters)
        except SegueError:  # of filters that were named earlier; a button that asks for a lane is not refused for them
            tracks = None
        return Wished(lane=holds.lane, filters=holds.filters, preset=holds.preset, tracks=tracks)

    def _meeting(self, filters: Filters) -> int:
        snapshot = self._spaces.current.recommender.snapshot()
        left = snapshot.suggestable
        for _, mask in self._taste.masks(filters, snapshot):
            left = left & mask
        return int(np.count_nonzero(left))
