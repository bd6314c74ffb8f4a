"""What the user wishes to be suggested until he wishes something else, kept in the library."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final

import msgspec
from msgspec import structs

from segue.errors import InvalidParamsError, SegueError
from segue.library.store import Library
from segue.protocol.messages import Wishes, WishParams
from segue.recommend.weights import PRESETS

_log = logging.getLogger(__name__)

SETTING: Final = "wishes"
"""Name under which the library keeps them."""


class Wishing:
    """Keeps the wishes. Callable from any thread: nobody waits for the disk."""

    def __init__(
        self, library: Library, publish: Callable[[str, dict[str, object]], None], one_by_one: Executor
    ) -> None:
        """Read what is kept in the library; what changes is written by ``one_by_one``, a single thread."""
        self._library = library
        self._publish = publish
        self._one_by_one = one_by_one
        self._lock = threading.Lock()
        self._now = self._read()

    @property
    def now(self) -> Wishes:
        """What holds; it never changes, another one takes its place."""
        return self._now

    def wish(self, params: WishParams) -> Wishes:
        """Change what holds; returns it. Raises InvalidParamsError where there is no preset of the name."""
        if params.preset and params.preset not in PRESETS:
            raise InvalidParamsError(f"There is no preset “{params.preset}”. There are {', '.join(PRESETS)}.")
        with self._lock:
            before, base = self._now, Wishes() if params.clear else self._now
            wishes = Wishes(
                lane=base.lane if params.lane is None else params.lane,
                filters=base.filters if params.filters is None else params.filters,
                preset=base.preset if params.preset is None else params.preset or None,
            )
            self._now = wishes
            if wishes != before:
                self._one_by_one.submit(self._keep, wishes)
                self._publish("wishes.changed", msgspec.to_builtins(wishes))
        return wishes

    def _keep(self, wishes: Wishes) -> None:
        try:
            self._library.settle(SETTING, None if wishes == Wishes() else msgspec.json.encode(wishes))
        except SegueError as error:  # nobody waits for this: they hold until the next start
            _log.warning("the wishes are not kept: %s", error)

    def _read(self) -> Wishes:
        text = self._library.setting(SETTING)
        try:
            kept = Wishes() if text is None else msgspec.json.decode(text, type=Wishes)
        except msgspec.MsgspecError as error:  # of a version that knew other wishes
            _log.warning("the wishes that were kept are not used: %s", error)
            return Wishes()
        return structs.replace(kept, preset=kept.preset if kept.preset in PRESETS else None)
