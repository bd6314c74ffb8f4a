"""Training of the network that reads the key (`segue.analysis.key_network`), on music whose key is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from segue.analysis.key_network import NAMES, REGISTERS, inputs, semitones, tuning
from segue_export.small.tempo import Report

Floats = npt.NDArray[np.float32]
Arrays = dict[str, npt.NDArray[np.floating]]

_HIDDEN: Final = 48
_FIRST_SLOTS: Final = 4
_QUIET: Final = 0.01
_MIN_SLOTS: Final = 5
_SHORTEST: Final = 14
_CROPPED: Final = 0.7
_NO_BASS: Final = 0.12
_REGISTER_SPREAD: Final = 0.25
_PITCH_SPREAD: Final = 0.1
_DROPOUT: Final = 0.2
_BATCH: Final = 32
_RATE: Final = 3e-3
_DECAY: Final = 1e-2
_SMOOTHING: Final = 0.03
_DOUBTFUL_WEIGHT: Final = 0.4


class Example(NamedTuple):
    """The semitones of a recording over time, shape (slots, 4, 12), and its key."""

    heard: Floats
    answer: int
    """Row of `NAMES`."""
    weight: float


def example(pitches: Floats, key: str, *, trusted: bool | None) -> Example | None:
    """A recording's pitches (`segue.analysis.key.KeyFinder.pitches`); a key that cannot be heard for sure counts less."""
    heard = semitones(pitches, tuning(pitches))
    heard = heard[heard.sum(axis=(1, 2)) > _QUIET]
    if len(heard) < _MIN_SLOTS:
        return None
    return Example(heard, NAMES.index(key), _DOUBTFUL_WEIGHT if trusted is False else 1.0)


def _changed(heard: Floats, rng: np.random.Generator) -> Floats:
    """A stretch of a recording under another equaliser, now and then without bass."""
    if rng.random() < _CROPPED and len(heard) > _SHORTEST + 2:
        length = int(rng.integers(_SHORTEST, len(heard) + 1))
        start = int(rng.integers(0, len(heard) - length + 1))
        heard = heard[start : start + length]
    gains = np.exp(rng.normal(0.0, _REGISTER_SPREAD, (1, REGISTERS, 1)))
    if rng.random() < _NO_BASS:
        gains[:, 0] = 0.0
    return np.asarray(heard * gains * np.exp(rng.normal(0.0, _PITCH_SPREAD, heard.shape)), dtype=np.float32)


class _Voter(nn.Module):
    """The same as `KeyNetwork.read`, for a batch of recordings of unequal length."""

    def __init__(self) -> None:
        super().__init__()
        size = REGISTERS * 12
        self.frame, self.time = nn.Linear(size, _HIDDEN), nn.Linear(3 * _HIDDEN, _HIDDEN)
        self.sum, self.out = nn.Linear(4 * _HIDDEN + size, _HIDDEN), nn.Linear(_HIDDEN, 2)
        self.drop = nn.Dropout(_DROPOUT)
        self.register_buffer(
            "turns", torch.tensor([[(pitch + tonic) % 12 for pitch in range(12)] for tonic in range(12)])
        )

    def forward(self, slots: torch.Tensor, whole: torch.Tensor, there: torch.Tensor) -> torch.Tensor:
        """Scores (batch, 24) of slots (batch, slots, 4, 12), registers (batch, 4, 12) and which slots are there."""
        turns = self.get_buffer("turns")
        seen = slots[..., turns].permute(0, 3, 1, 2, 4).flatten(3)
        mask = there[:, None, :, None]
        frames = _gelu(self.frame(seen)) * mask
        padded = functional.pad(frames, (0, 0, 1, 1))
        near = torch.cat([padded[:, :, :-2], padded[:, :, 1:-1], padded[:, :, 2:]], dim=-1)
        moves = _gelu(self.time(self.drop(near)))
        count = mask.sum(dim=2)
        mean = (moves * mask).sum(dim=2) / count
        strongest = (moves * mask - 1e3 * (1 - mask)).amax(dim=2)
        first = (moves * mask)[:, :, :_FIRST_SLOTS].mean(dim=2)
        spread = torch.sqrt((moves**2 * mask).sum(dim=2) / count + 1e-4)
        register = whole[..., turns].permute(0, 2, 1, 3).flatten(2)
        summed = torch.cat([mean, strongest, first, spread, register], dim=-1)
        scores = self.out(self.drop(_gelu(self.sum(self.drop(summed)))))
        return torch.cat([scores[..., 0], scores[..., 1]], dim=1)


def _gelu(values: torch.Tensor) -> torch.Tensor:
    return functional.gelu(values, approximate="tanh")


def _batch(heard: Sequence[Floats]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    longest = max(len(one) for one in heard)
    slots = np.zeros((len(heard), longest, REGISTERS, 12), np.float32)
    whole = np.zeros((len(heard), REGISTERS, 12), np.float32)
    there = np.zeros((len(heard), longest), np.float32)
    for row, one in enumerate(heard):
        slots[row, : len(one)], whole[row] = inputs(one)
        there[row, : len(one)] = 1.0
    return torch.from_numpy(slots), torch.from_numpy(whole), torch.from_numpy(there)


def train(
    found: Sequence[Example], *, voters: int = 2, epochs: int = 40, seed: int = 0, report: Report | None = None
) -> Arrays:
    """Weights for `segue.analysis.key_network.KeyNetwork`, temperature 1."""
    trained = [_train_voter(found, epochs, seed + number, report) for number in range(voters)]
    weights: Arrays = {"temperature": np.ones(1)}
    for name in ("frame", "time", "sum", "out"):
        layers: list[nn.Linear] = [getattr(voter, name) for voter in trained]
        weights[f"{name}.weight"] = np.stack([layer.weight.detach().numpy().T for layer in layers])
        weights[f"{name}.bias"] = np.stack([layer.bias.detach().numpy() for layer in layers])
    return weights


def _train_voter(found: Sequence[Example], epochs: int, seed: int, report: Report | None) -> _Voter:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    voter = _Voter()
    optimiser = torch.optim.AdamW(voter.parameters(), lr=_RATE, weight_decay=_DECAY)
    steps = epochs * -(-len(found) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for _ in range(epochs):
        order = rng.permutation(len(found))
        for start in range(0, len(found), _BATCH):
            picked = [found[row] for row in order[start : start + _BATCH]]
            scores = voter(*_batch([_changed(one.heard, rng) for one in picked]))
            answers = torch.tensor([one.answer for one in picked])
            loss = functional.cross_entropy(scores, answers, reduction="none", label_smoothing=_SMOOTHING)
            weighted = (loss * torch.tensor([one.weight for one in picked])).mean()
            optimiser.zero_grad()
            weighted.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        if report is not None:
            report()
    return voter.eval()
