"""`models.*`: which set of networks Segue listens with."""

from __future__ import annotations

import contextlib
import logging
from concurrent.futures import Executor, Future

from segue.errors import ModelError, ModelMismatchError, PathNotAllowedError, SegueError
from segue.home import Home
from segue.library.store import Library
from segue.networks.registry import SHIPPED, Entry, Registry
from segue.protocol.messages import Done, ModelsParams, UseModelsParams
from segue.server.renewal import Renewer
from segue.server.router import Origin
from segue.server.spaces import Named

_log = logging.getLogger(__name__)


class ModelsHandlers:
    """Change to another set, delete one. Both look at the disk, and so run in another thread."""

    def __init__(self, home: Home, registry: Registry, renewer: Renewer, library: Library, executor: Executor) -> None:
        self._home = home
        self._registry = registry
        self._renewer = renewer
        self._library = library
        self._executor = executor

    def use(self, params: UseModelsParams, origin: Origin) -> Future[Done]:
        """Change to a set, or stay with the one in use."""
        _refuse_strangers(origin)
        return self._executor.submit(self._used, params.name, params.now)

    def remove(self, params: ModelsParams, origin: Origin) -> Future[Done]:
        """Delete an installed set."""
        _refuse_strangers(origin)
        return self._executor.submit(self._removed, params.name)

    def tidy(self) -> None:
        """Drop what belongs to sets that are not there any more. What goes wrong is left for the next time."""
        try:
            in_use = self._in_use()
            self._registry.tidy(in_use)
            self._library.keep_vectors_of(self._registry.ids() | in_use)
        except (SegueError, OSError) as error:
            _log.warning("old sets of networks could not be tidied up: %s", error)

    def _used(self, name: str, now: bool) -> Done:
        named = whole(self._registry.find(name))
        try:
            self._registry.choose(name)
        except OSError as error:
            raise self._home.cannot_write(error) from error
        return Done(detail=self._renewer.aim(named, now=now))

    def _removed(self, name: str) -> Done:
        ids = {entry.id for entry in self._registry.entries() if entry.name == name}
        if name == self._registry.wanted() or ids & self._in_use():
            raise ModelError(
                f"{name} is in use: change to another set with `segue models use`, and wait until that is done."
            )
        try:
            self._registry.remove(name)
        except OSError as error:
            raise self._home.cannot_write(error) from error
        self.tidy()
        return Done(detail=f"{name} was removed.")

    def _in_use(self) -> set[str]:
        return {model.name for model in (self._library.model, self._library.next_model) if model is not None}


def whole(entry: Entry) -> Named:
    """The set of an entry, its files compared with their manifests. Raises a ModelError that names the set."""
    try:
        models = entry.load()
        models.tagger.check()
        models.short_chunk.check()
    except ModelError as error:
        raise ModelMismatchError(f"The set {entry.name} cannot be used: {error}") from error
    return Named(entry.name, models)


def wanted(registry: Registry) -> tuple[Named, str | None]:
    """The set that the user wants, or the shipped one and a sentence that says why."""
    name = registry.wanted()
    if name != SHIPPED:
        try:
            return whole(registry.find(name)), None
        except ModelError as error:
            problem = f"{error} Until then the shipped networks are used."
    else:
        problem = None
    shipped = registry.shipped()
    return Named(shipped.name, shipped.load()), problem


def serving(registry: Registry, model_id: str) -> Named | None:
    """The set that made the library's vectors; None when it is not there any more."""
    entry = registry.by_id(model_id)
    with contextlib.suppress(ModelError):
        return None if entry is None else whole(entry)
    return None


def _refuse_strangers(origin: Origin) -> None:
    if not origin.local:
        raise PathNotAllowedError("Sets of networks can only be changed on the machine that Segue runs on.")
