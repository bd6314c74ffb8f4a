"""What a user wants to hear of: crates, folders, genres, years and the like."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from segue.protocol.messages.base import Text

Several = Annotated[list[Text], Meta(max_length=32)]
FilterBpm = Annotated[float, Meta(ge=20.0, le=999.0)]
FilterEnergy = Annotated[float, Meta(ge=1.0, le=10.0)]
FilterYear = Annotated[int, Meta(ge=1, le=9999)]


class Filters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Only tracks that pass every filter that is given; what is unknown of a track passes none that asks for it.

    Where too few pass, filters are given up, the last of these first, and the answer names them in `relaxed`.
    """

    crates: Several = []
    """In any of these."""
    folders: Several = []
    """In any of these, or below. An absolute path, or the name of a folder, wherever it is."""
    genres: Several = []
    """Whose file names any of these genres: ``house`` is also in ``Deep House``, but ``tech`` is not in ``Techno``."""
    tags: Several = []
    """That have all of these tags."""
    bpm_from: FilterBpm | None = None
    """Beats a minute, as recorded."""
    bpm_to: FilterBpm | None = None
    energy_from: FilterEnergy | None = None
    energy_to: FilterEnergy | None = None
    rating: Annotated[int, Meta(ge=0, le=5)] | None = None
    """At least so many stars."""
    year_from: FilterYear | None = None
    year_to: FilterYear | None = None
