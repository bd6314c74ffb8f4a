"""Begin a wide network with what a narrower one has learnt.

Chen, Goodfellow, Shlens: "Net2Net: Accelerating learning via knowledge transfer" (ICLR 2016). There the new channels are copies of old
ones; here they are new, and nothing listens to them yet. So the wide network says what the narrow one said, and learning
decides what else to listen to.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

_GRU_INPUT = "network.gru.weight_ih_l0"
_HIDDEN = "network.hidden.weight"
_WIDEST_BLOCK = 4
"""The Short-Chunk network's last layer has four times the width."""


def width_of(weights: Mapping[str, Tensor]) -> int:
    """The width of the student that has these weights, by their shapes."""
    if _GRU_INPUT in weights:
        return weights[_GRU_INPUT].shape[1]
    return weights[_HIDDEN].shape[0] // _WIDEST_BLOCK


def widened(narrow: Mapping[str, Tensor], wide: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Those tensors of a fresh student `wide` that a student `narrow` of its kind has too, with the same or fewer channels.

    Old channels hold what they held and listen to nothing new; new ones keep their random weights. What does not fit is left out.
    """
    state = _GRU_INPUT in narrow and _state_places(narrow, wide)
    return {
        name: _pasted(old, wide[name], state if state and _reads_state(name) else None)
        for name, old in narrow.items()
        if name in wide and _fits(old, wide[name])
    }


def _fits(old: Tensor, new: Tensor) -> bool:
    return old.ndim == new.ndim and all(a <= b for a, b in zip(old.shape, new.shape, strict=True))


def _state_places(narrow: Mapping[str, Tensor], wide: Mapping[str, Tensor]) -> list[int]:
    """Where the tagger's embedding, the last convolution and then the GRU's state, is found in a wider one."""
    old, new = width_of(narrow), width_of(wide)
    gru = narrow["network.tags.weight"].shape[1] - old
    return [*range(old), *range(new, new + gru)]


def _reads_state(name: str) -> bool:
    return name.startswith(("network.norm.", "network.tags.weight", "heads.norm.", "heads.to_joined.weight"))


def _pasted(old: Tensor, new: Tensor, last: list[int] | None) -> Tensor:
    """`new` with `old` in it: at `last` places of its channels' axis, or the first ones."""
    if old.shape == new.shape:
        return old.clone()
    result = new.clone()
    places = torch.tensor(last) if last is not None else torch.arange(old.shape[min(old.ndim - 1, 1)])
    if old.ndim == 1:
        result[places] = old
        return result
    result[: old.shape[0]] = 0.0
    result[torch.arange(old.shape[0])[:, None], places[None]] = old
    return result
