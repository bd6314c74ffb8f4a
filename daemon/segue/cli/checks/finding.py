"""What a check found."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class State(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARN = "warn"
    """Segue works, but not as well as it could."""
    FAIL = "fail"
    """Something does not work."""


class Finding(NamedTuple):
    """One line of `segue doctor`."""

    state: State
    name: str
    sentence: str
    """What was found and, unless all is well, what to do."""
