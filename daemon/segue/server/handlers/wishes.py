"""`session.wishes` and `session.wish`: what every shim asks for."""

from __future__ import annotations

from segue.protocol.messages import Nothing, Wishes, WishParams
from segue.server.router import Origin
from segue.server.wishing import Wishing


class WishesHandlers:
    """Wishes: answered from memory, at once, for a button on a controller may be what asks."""

    def __init__(self, wishing: Wishing) -> None:
        self._wishing = wishing

    def wishes(self, params: Nothing, origin: Origin) -> Wishes:
        """What holds."""
        del params, origin
        return self._wishing.now

    def wish(self, params: WishParams, origin: Origin) -> Wishes:
        """Wish something, or nothing any more."""
        del origin
        return self._wishing.wish(params)
