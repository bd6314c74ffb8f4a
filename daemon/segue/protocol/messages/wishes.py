"""What every shim asks for until the user wishes something else."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from segue.protocol.messages.base import Message, Result
from segue.protocol.messages.filters import Filters
from segue.protocol.messages.suggestions import LaneName


class Wishes(Result):
    """The lane, the filters and the preset that shims pass to `recommend.next`."""

    lane: LaneName = "best"
    filters: Filters = Filters()
    preset: str | None = None


class Wished(Wishes):
    """What holds now."""

    tracks: int | None = None
    """How many tracks of the library meet all the filters; null where a crate of earlier filters is gone."""


class WishParams(Message):
    """What is left out stays as it is, unless ``clear``: then it goes back to nothing."""

    lane: LaneName | None = None
    filters: Filters | None = None
    """All of them anew; without any they are lifted."""
    preset: Annotated[str, Meta(max_length=64)] | None = None
    """An empty one: none."""
    clear: bool = False
