"""A decoder that crashes; apart from everything else, because worker processes import it."""

from __future__ import annotations

import os

from segue_export.datasets import build
from segue_export.datasets.build import Decoded
from segue_export.datasets.items import Item, Limits

_decode = build._decode


def crash_on_poison(item: Item, limits: Limits) -> Decoded:
    """Decode, but die as a broken codec would when the file is called so."""
    if "poison" in item.path:
        os._exit(9)
    return _decode(item, limits)
