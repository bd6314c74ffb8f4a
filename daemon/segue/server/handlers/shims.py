"""`shims.*`: the shims that the daemon starts by itself."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from pathlib import Path

from segue.errors import InvalidParamsError, PathNotAllowedError
from segue.protocol.messages import Nothing, Shim, ShimList, ShimParams, StartShimParams
from segue.server.router import Origin
from segue.server.shims import Shims


class ShimsHandlers:
    """Start one, stop one, look at them: in one thread of their own, for an end takes seconds."""

    def __init__(self, shims: Shims, one_by_one: Executor) -> None:
        self._shims = shims
        self._one_by_one = one_by_one

    def list(self, params: Nothing, origin: Origin) -> Future[ShimList]:
        """All that are installed."""
        del params, origin
        return self._one_by_one.submit(lambda: ShimList(shims=self._shims.every()))

    def start(self, params: StartShimParams, origin: Origin) -> Future[Shim]:
        """Start one."""
        _refuse_strangers(origin)
        if params.settings is not None and not Path(params.settings).is_absolute():
            raise InvalidParamsError("`settings` is the absolute path of the DJ program's settings folder.")
        return self._one_by_one.submit(self._shims.start, params.name, params.settings, always=params.always)

    def stop(self, params: ShimParams, origin: Origin) -> Future[Shim]:
        """End one."""
        _refuse_strangers(origin)
        return self._one_by_one.submit(self._shims.stop, params.name)


def _refuse_strangers(origin: Origin) -> None:
    if not origin.local:
        raise PathNotAllowedError("Programs can only be started on the machine that Segue runs on.")
