"""What all messages share: two base classes and the limits of their fields."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Limit = Annotated[int, Meta(ge=1, le=200)]
Text = Annotated[str, Meta(min_length=1, max_length=4096)]
Ratio = Annotated[float, Meta(ge=0.1, le=10.0)]


class Message(Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=False):
    """Base of all parameters: an unknown field is an error, so that a typing slip never passes in silence."""


class Result(Struct, kw_only=True):
    """Base of all results: unknown fields are ignored, so that an older client understands a newer daemon."""
