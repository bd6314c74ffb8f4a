"""The part of the library that goes from one set of networks to the next while it answers from the old one."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from segue.analysis.result import Embedding
from segue.errors import ModelMissingError
from segue.library import generation, models, other_vectors
from segue.library.connection import Database
from segue.library.models import Model
from segue.library.other_vectors import Renewal, Work


class Renewing:
    """What `Library` can do about sets of networks; its methods may be called from any thread."""

    _database: Database
    _model: Model | None
    _next: Model | None

    @property
    def model(self) -> Model | None:
        """The networks in use; None before the first `set_model`."""
        return self._model

    @property
    def next_model(self) -> Model | None:
        """The networks that are to take over; None when there is nothing to change."""
        return self._next

    def set_model(self, model_id: str, labels: Sequence[str], dim: int) -> None:
        """Use these networks from now on.

        Tracks that others analysed keep all that is known of them, and their files are queued behind everything else.
        Where that would leave questions without an answer, `set_next` and `switch` do it without an interruption.
        """
        if self._model is not None and self._model.describes(model_id, labels, dim):
            return
        with self._database.writing() as db:
            model = models.use(db, model_id, labels, dim)
            generation.grow(db)
        self._model, self._next = model, None

    def set_next(self, model_id: str, labels: Sequence[str], dim: int) -> None:
        """Name the networks that are to take over: from now on `store_renewed` takes their vectors."""
        with self._database.writing() as db:
            self._next = models.enter(db, model_id, labels, dim)

    def renew_analyses(self) -> int:
        """Have what an older version of the analysis heard analysed again, behind everything else; return how many files."""
        with self._database.writing() as db:
            return models.renew(db)

    def clear_next(self) -> None:
        """Nothing is to take over any more; vectors that were made for it are kept for another time."""
        self._next = None

    def has_vectors(self) -> bool:
        """Whether there is any track that the networks in use have analysed."""
        with self._database.reading() as db:
            found = db.execute(
                "SELECT 1 FROM tracks WHERE standing > 0 AND model_id = ? LIMIT 1",
                (None if self._model is None else self._model.id,),
            ).fetchone()
        return found is not None

    def renewal(self) -> Renewal:
        """Count the tracks that the next networks have done and those that wait for them."""
        model, following = self._both()
        with self._database.reading() as db:
            return other_vectors.progress(db, model, following)

    def renewal_work(self, after: int, limit: int) -> list[Work]:
        """Return tracks behind the number `after` that wait for the next networks and have a file that is there."""
        model, following = self._both()
        with self._database.reading() as db:
            return other_vectors.work(db, model, following, after, limit)

    def store_renewed(self, track_id: int, embedding: Embedding) -> bool:
        """Store what the next networks say of a track beside what those in use say; False when they are next no more.

        Raises ModelMismatchError when the vector is not sound.
        """
        with self._database.writing() as db:
            if self._next is None or self._next.name != embedding.model:
                return False
            other_vectors.store(db, self._next, track_id, embedding)
        return True

    def switch(self) -> None:
        """Let the next networks take over, in one transaction; the vectors of the former ones are kept."""
        before = self._both()
        try:
            with self._database.writing() as db:
                other_vectors.switch(db, *before)
                # Still with the right to write: an analysis that is stored next must know which networks hold.
                self._model, self._next = before[1], None
        except BaseException:
            self._model, self._next = before
            raise

    def keep_vectors_of(self, names: Collection[str]) -> None:
        """Drop the vectors that are kept of networks that are none of these."""
        with self._database.writing() as db:
            other_vectors.keep_only(db, names)

    def accepts(self, model_id: str) -> bool:
        """Whether analyses made with these networks can be stored."""
        return self._of(model_id) is not None

    def _of(self, model_id: str) -> Model | None:
        return next((one for one in (self._model, self._next) if one is not None and one.name == model_id), None)

    def _both(self) -> tuple[Model, Model]:
        if self._model is None or self._next is None:
            raise ModelMissingError("No other networks are to take over.")
        return self._model, self._next
