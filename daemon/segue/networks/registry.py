"""The sets of networks that a home has: the shipped one, and those that were installed into its folder ``models``.

An installed set is a folder ``<name>-<id>`` with the three manifests, the two networks and ``set.json``, which says what
it is. It is made elsewhere and moved there in one step, so that a folder is a whole set or does not count. Which set is
wanted stands in the file ``wanted.json``; without it the shipped one is.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import psutil

from segue.errors import ModelError, ModelMissingError
from segue.networks.models import ModelSet, models_dir

SHIPPED: Final = "shipped"
"""Name of the set that comes with Segue."""
CARD: Final = "set.json"
_WANTED: Final = "wanted.json"
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,31}")
_STAGING: Final = ".new-"
"""Of what is being made; the number of the process that makes it follows."""
_DISCARDED: Final = ".old-"


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """What a set is: the file ``set.json``."""

    name: str
    summary: str
    licence: str
    source: str = ""
    installed_at: float = 0.0
    """Unix time."""


class _Wanted(msgspec.Struct, frozen=True):
    name: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A set that can be used."""

    card: Card
    id: str
    folder: Path

    @property
    def name(self) -> str:
        """Its name, as `segue models use` takes it."""
        return self.card.name

    def size(self) -> int:
        """Bytes on the disk."""
        return sum(path.stat().st_size for path in self.folder.iterdir() if path.is_file())

    def load(self) -> ModelSet:
        """Read its manifests. Raises a ModelError when they are damaged."""
        return ModelSet.load(self.folder)


_SHIPPED_CARD: Final = Card(
    name=SHIPPED,
    summary="the networks that come with Segue: small and quick",
    licence="Apache-2.0",
    source="trained for Segue (docs/models.md)",
)


class Registry:
    """The sets of one home. Every method looks at the disk anew."""

    def __init__(self, folder: Path) -> None:
        """Look into a home's folder of models, which need not be there."""
        self._folder = folder

    def entries(self) -> list[Entry]:
        """All sets: the shipped one first, then the installed ones by name; of two with one name, the later one."""
        found: dict[str, Entry] = {}
        for entry in sorted(self._installed(), key=lambda entry: (entry.name, entry.card.installed_at)):
            found[entry.name] = entry
        with contextlib.suppress(ModelError):
            return [self.shipped(), *found.values()]
        return list(found.values())

    def shipped(self) -> Entry:
        """The set that comes with Segue. Raises a ModelError when the installation is incomplete."""
        models = ModelSet.load(models_dir())
        return Entry(_SHIPPED_CARD, models.id, models.folder)

    def find(self, name: str) -> Entry:
        """The set of a name. Raises ModelMissingError when there is none."""
        if name == SHIPPED:
            return self.shipped()
        entries = self.entries()
        for entry in entries:
            if entry.name == name:
                return entry
        raise ModelMissingError(
            f"There is no set of networks called {name!r}; there is {', '.join(entry.name for entry in entries)}. "
            "`segue models install msd` brings the published ones."
        )

    def by_id(self, model_id: str) -> Entry | None:
        """The set with this id, a former one of its name too; None when it is not there."""
        with contextlib.suppress(ModelError):
            if self.shipped().id == model_id:
                return self.shipped()
        return next((entry for entry in self._installed() if entry.id == model_id), None)

    def ids(self) -> set[str]:
        """The ids of all sets, former ones too."""
        return {entry.id for entry in (*self.entries(), *self._installed())}

    def wanted(self) -> str:
        """Name of the set that the user has chosen."""
        try:
            return msgspec.json.decode((self._folder / _WANTED).read_bytes(), type=_Wanted).name
        except (OSError, msgspec.DecodeError):
            return SHIPPED

    def choose(self, name: str) -> Entry:
        """Remember the choice of a set. Raises ModelMissingError when there is none of this name, OSError on a full disk."""
        entry = self.find(name)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=self._folder, prefix=f"{_STAGING}{os.getpid()}-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(_Wanted(name)))
                file.flush()
                os.fsync(file.fileno())
            Path(part).replace(self._folder / _WANTED)
        finally:
            Path(part).unlink(missing_ok=True)
        return entry

    @contextlib.contextmanager
    def staging(self) -> Iterator[Path]:
        """Lend an empty folder beside the sets, in which one is made; gone when the block ends, unless it was added."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._sweep(_STAGING)
        folder = Path(tempfile.mkdtemp(dir=self._folder, prefix=f"{_STAGING}{os.getpid()}-"))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def add(self, staged: Path, card: Card) -> Entry:
        """Register the set that was made in a folder of `staging`, in one step.

        Raises a ModelError when it is not whole: its networks are compared with their manifests. OSError on a full disk.
        """
        if not _NAME.fullmatch(card.name) or card.name == SHIPPED:
            raise ModelError(f"A set of networks cannot be called {card.name!r}.")
        models = ModelSet.load(staged)
        for manifest in (models.tagger, models.short_chunk):
            for precision in ("", *manifest.variants):
                manifest.variant(precision).check()
        (staged / CARD).write_bytes(msgspec.json.encode(card) + b"\n")
        for path in (*staged.iterdir(), staged):
            _sync(path)
        target = self._folder / f"{card.name}-{models.id}"
        if target.exists():  # the very same set: only the card is news
            (staged / CARD).replace(target / CARD)
        else:
            staged.rename(target)
        return Entry(card, models.id, target)

    def remove(self, name: str) -> None:
        """Delete a set, with former ones of its name. Raises ModelMissingError without one, ModelError for the shipped."""
        if name == SHIPPED:
            raise ModelError("The shipped networks are part of Segue and cannot be removed.")
        self.find(name)
        for entry in [entry for entry in self._installed() if entry.name == name]:
            self._discard(entry)

    def tidy(self, keep: set[str]) -> None:
        """Delete former sets, of which a later one has the name, and what an interrupted installation left behind.

        `keep` has the ids of those that are needed still.
        """
        latest = {entry.id for entry in self.entries()}
        for entry in self._installed():
            if entry.id not in latest | keep:
                self._discard(entry)
        self._sweep(_DISCARDED)

    def _discard(self, entry: Entry) -> None:
        aside = entry.folder.with_name(f"{_DISCARDED}{entry.folder.name}")
        shutil.rmtree(aside, ignore_errors=True)
        entry.folder.rename(aside)  # in one step: half a set must never be found
        shutil.rmtree(aside, ignore_errors=True)

    def _sweep(self, prefix: str) -> None:
        for path in self._folder.glob(f"{prefix}*"):
            maker = path.name.removeprefix(prefix).partition("-")[0]
            if maker.isdecimal() and psutil.pid_exists(int(maker)):
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def _installed(self) -> Iterator[Entry]:
        for path in sorted(self._folder.glob(f"*/{CARD}")):
            name, _, model_id = path.parent.name.rpartition("-")
            if not _NAME.fullmatch(name):
                continue
            with contextlib.suppress(OSError, msgspec.DecodeError):  # what is no set does not count as one
                card = msgspec.json.decode(path.read_bytes(), type=Card)
                yield Entry(msgspec.structs.replace(card, name=name), model_id, path.parent)


def _sync(path: Path) -> None:
    if path.is_file():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    elif os.name != "nt":  # Windows cannot open a folder; its journal orders the rename
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
