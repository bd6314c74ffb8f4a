"""Words as numbers: genres and places of a hundred thousand tracks are compared as small integers."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Final, Generic, TypeVar

import numpy as np
import numpy.typing as npt

E = TypeVar("E", bound=Hashable)

UNKNOWN: Final = 0
"""The code of what is not known."""
_REMEMBERED: Final = 64
"""Answers of `where` that are kept."""


class Vocabulary(Generic[E]):
    """Entries by code, only ever added to: a code that an array holds means the same for ever. May be used by all threads."""

    def __init__(self, unknown: E) -> None:
        """Begin with one entry, which stands for what is not known and has the code `UNKNOWN`."""
        self._lock = threading.Lock()
        self._entries = [unknown]
        self._codes = {unknown: UNKNOWN}
        self._found: OrderedDict[Hashable, npt.NDArray[np.bool_]] = OrderedDict()

    def __len__(self) -> int:
        """Count the entries, the unknown one among them."""
        return len(self._entries)

    def __getitem__(self, code: int) -> E:
        """Return the entry with a code."""
        return self._entries[code]

    def codes(self, entries: Iterable[E]) -> npt.NDArray[np.int32]:
        """Return the codes of some entries, shape (n,); new ones are added."""
        known = self._codes
        with self._lock:
            return np.array([known[entry] if entry in known else self._add(entry) for entry in entries], np.int32)

    def where(self, name: Hashable, holds: Callable[[E], bool]) -> npt.NDArray[np.bool_]:
        """Say of each code whether its entry is one that is looked for, shape (at least all codes given out before,).

        Args:
            name: what is looked for: the answer is remembered under it, and only new entries are looked at the next time.
            holds: whether an entry is one. It is never asked about the unknown one, which is none.

        """
        with self._lock:
            before = self._found.pop(name, np.zeros(1, np.bool_))
            if len(before) < len(self._entries):
                new = [holds(entry) for entry in self._entries[len(before) :]]
                before = np.concatenate([before, np.array(new, np.bool_)])
            self._found[name] = before
            if len(self._found) > _REMEMBERED:
                self._found.popitem(last=False)
            return before

    def _add(self, entry: E) -> int:
        code = len(self._entries)
        self._entries.append(entry)
        self._codes[entry] = code
        return code
