"""What answers questions: the catalogue, index and recommender of one set of networks, and the change to another set."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from segue.analysis.pool import AnalysisPool
from segue.errors import ModelMissingError
from segue.index.vectors import VectorIndex
from segue.library.columns import Columns
from segue.library.models import Model
from segue.library.store import Library
from segue.networks.models import ModelSet
from segue.recommend.catalogue import Catalogue
from segue.recommend.recommender import Recommender
from segue.server.mirror import Mirror

_log = logging.getLogger(__name__)

_GONE: Final = "former"
"""Name of a set that is not installed any more: its vectors are in the library still."""


class Named(NamedTuple):
    """A set of networks that can be used, and what it is called."""

    name: str
    models: ModelSet


@dataclass(frozen=True, slots=True)
class Space:
    """The library in the vectors of one set of networks."""

    name: str
    model_id: str
    versions: Mapping[str, str]
    """Version of each network, id and name of the set."""
    listens: bool
    """Whether the networks are there, so that other files can be compared with the library."""
    catalogue: Catalogue
    index: VectorIndex
    recommender: Recommender


class Spaces:
    """The space in use, and how the next one takes its place: questions are answered from one or the other, never both."""

    def __init__(self, folder: Path, library: Library, pool: AnalysisPool, on_index: Callable[[], None]) -> None:
        """Spaces with their index in `folder`; `on_index` hears of a rebuilt one."""
        self._folder = folder
        self._library = library
        self._pool = pool
        self._on_index = on_index
        self._current: Space | None = None

    @property
    def current(self) -> Space:
        """The space that answers now: take it once for each question."""
        assert self._current is not None, "open it first"
        return self._current

    def open(self, columns: Columns, named: Named | None) -> Space:
        """Make the first space, of the library's networks; without `named` these are not installed any more."""
        model = self._model()
        self._current = self._space(model, Catalogue(columns), self._index(model), named)
        self._start(self._current)
        return self._current

    def take_over(self, named: Named, mirror: Mirror) -> None:
        """Let the library's next networks take over: library, catalogue, index and workers change together.

        May be called again after an error, and then goes on where it was.
        """

        def change() -> tuple[Catalogue, VectorIndex]:
            if self._library.next_model is not None:
                self._library.switch()
            model, former = self._model(), self.current
            catalogue = Catalogue(self._library.columns())
            former.index.close(save=False)  # its last vectors still answer, until the next line but two
            space = self._space(model, catalogue, self._index(model), named)
            self._pool.use(named.models.folder)
            self._current = space
            self._start(space)
            return space.catalogue, space.index

        mirror.replace(change)
        _log.info("networks %s (%s) have taken over", named.name, named.models.id)

    def close(self) -> None:
        """Save the index."""
        if self._current is not None:
            self._current.index.close()

    def _model(self) -> Model:
        if self._library.model is None:
            raise ModelMissingError("The library was not told which networks are in use: restart the daemon.")
        return self._library.model

    def _index(self, model: Model) -> VectorIndex:
        return VectorIndex(self._folder, dim=model.dim, model=model.name, on_changed=self._on_index)

    def _start(self, space: Space) -> None:
        space.index.open(space.catalogue, self._library.generation())

    def _space(self, model: Model, catalogue: Catalogue, index: VectorIndex, named: Named | None) -> Space:
        name = named.name if named else _GONE
        versions = {"set": name, **(named.models.versions if named else {"id": model.name})}
        return Space(name, model.name, versions, named is not None, catalogue, index, Recommender(catalogue, index))
