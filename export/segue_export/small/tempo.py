"""Training of the network that chooses the metrical level (`segue.analysis.levels`), on music whose tempo is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from segue.analysis.levels import FEATURES, Levels, levels
from segue.analysis.onsets import Onsets
from segue.analysis.pulse import periodicity, pulses

Arrays = dict[str, npt.NDArray[np.floating]]
Report = Callable[[], None]
"""Is called after each epoch."""

_VARIANTS: Final = 3
_STRETCH: Final = 0.1
_MIN_SHARE: Final = 0.6
_RIGHT: Final = 0.02
_HIDDEN: Final = (64, 32)
_DROPOUT: Final = (0.1, 0.3)
_LIMIT: Final = 5.0
_BATCH: Final = 64
_RATE: Final = 4e-3
_DECAY: Final = 3e-3
_METRE_WEIGHT: Final = 0.3


class Example(NamedTuple):
    """One recording, or a stretch of it at another speed."""

    name: str
    """Of the recording."""
    levels: Levels
    tempo: float
    answer: int
    """Which of the levels is the beat; -1 where none is."""
    metre: int | None
    whole: bool
    """The recording as it is."""


def examples(
    name: str, onsets: Onsets, tempo: float, metre: int | None, rng: np.random.Generator, *, variants: int = _VARIANTS
) -> list[Example]:
    """A recording as it is and, in variants, stretches of it at speeds 0.9 to 1.1; `onsets` has shape (16, frames)."""
    found = [_example(name, onsets, tempo, metre, whole=True)]
    for _ in range(variants):
        speed = float(np.exp(rng.uniform(-_STRETCH, _STRETCH)))
        frames = onsets.shape[1]
        length = int(frames * rng.uniform(_MIN_SHARE, 1.0))
        start = int(rng.integers(0, frames - length + 1))
        part = _sped(onsets[:, start : start + length], speed)
        found.append(_example(name, part, tempo * speed, metre, whole=False))
    return [example for example in found if example is not None]


def _sped(onsets: Onsets, speed: float) -> Onsets:
    frames = onsets.shape[1]
    places = np.linspace(0, frames - 1, int(frames / speed))
    return np.stack([np.interp(places, np.arange(frames), row) for row in onsets]).astype(np.float32)


def _example(name: str, onsets: Onsets, tempo: float, metre: int | None, *, whole: bool) -> Example | None:
    found = pulses(onsets)
    scores = periodicity(found.joined)
    if scores is None:
        return None
    described = levels(onsets, found, scores)
    off = np.abs(described.bpm / tempo - 1.0)
    return Example(name, described, tempo, int(off.argmin()) if off.min() < _RIGHT else -1, metre, whole)


class _Voter(nn.Module):
    """Scores of a level, and the logit of three beats in a bar."""

    def __init__(self) -> None:
        super().__init__()
        first, second = _HIDDEN
        self.enter, self.mid, self.out = nn.Linear(FEATURES, first), nn.Linear(first, second), nn.Linear(second, 2)
        self.drop_in, self.drop = nn.Dropout(_DROPOUT[0]), nn.Dropout(_DROPOUT[1])

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        hidden = functional.gelu(self.enter(self.drop_in(features)), approximate="tanh")
        scores: torch.Tensor = self.out(functional.gelu(self.mid(self.drop(hidden)), approximate="tanh"))
        return scores


class _Table(NamedTuple):
    """Examples side by side, padded to the longest list of levels."""

    features: torch.Tensor
    absent: torch.Tensor
    answers: torch.Tensor
    triple: torch.Tensor
    metred: torch.Tensor


def train(
    found: Sequence[Example], *, voters: int = 3, epochs: int = 30, seed: int = 0, report: Report | None = None
) -> Arrays:
    """Weights for `segue.analysis.levels.LevelChooser`, temperature 1 (see `calibrate`)."""
    features = np.concatenate([example.levels.features for example in found])
    mean, scale = features.mean(axis=0), features.std(axis=0) + 1e-3
    table = _table([example for example in found if example.answer >= 0], mean, scale)
    trained = [_train_voter(table, epochs, seed + number, report) for number in range(voters)]
    weights: Arrays = {"mean": mean, "scale": scale, "temperature": np.ones(1)}
    for ours, theirs in (("in", "enter"), ("mid", "mid"), ("out", "out")):
        layers: list[nn.Linear] = [getattr(voter, theirs) for voter in trained]
        weights[f"{ours}.weight"] = np.stack([layer.weight.detach().numpy().T for layer in layers])
        weights[f"{ours}.bias"] = np.stack([layer.bias.detach().numpy()[None] for layer in layers])
    return weights


def _table(found: Sequence[Example], mean: npt.NDArray[np.floating], scale: npt.NDArray[np.floating]) -> _Table:
    longest = max(len(example.levels.bpm) for example in found)
    features = np.zeros((len(found), longest, FEATURES), np.float32)
    absent = np.full((len(found), longest), -1e9, np.float32)
    for row, example in enumerate(found):
        count = len(example.levels.bpm)
        features[row, :count] = np.clip((example.levels.features - mean) / scale, -_LIMIT, _LIMIT)
        absent[row, :count] = 0.0
    return _Table(
        torch.from_numpy(features),
        torch.from_numpy(absent),
        torch.tensor([example.answer for example in found]),
        torch.tensor([float(example.metre == 3) for example in found]),
        torch.tensor([float(example.metre in (3, 4)) for example in found]),
    )


def _train_voter(table: _Table, epochs: int, seed: int, report: Report | None) -> _Voter:
    torch.manual_seed(seed)
    voter = _Voter()
    optimiser = torch.optim.AdamW(voter.parameters(), lr=_RATE, weight_decay=_DECAY)
    count = len(table.answers)
    steps = epochs * -(-count // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    for _ in range(epochs):
        for rows in torch.split(torch.randperm(count), _BATCH):
            loss = _loss(voter(table.features[rows]), table, rows)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
        if report is not None:
            report()
    return voter.eval()


def _loss(scores: torch.Tensor, table: _Table, rows: torch.Tensor) -> torch.Tensor:
    answers = table.answers[rows]
    level = functional.cross_entropy(scores[..., 0] + table.absent[rows], answers)
    triple = scores[torch.arange(len(rows)), answers, 1]
    metre = functional.binary_cross_entropy_with_logits(triple, table.triple[rows], weight=table.metred[rows])
    return level + _METRE_WEIGHT * metre


def calibrate(probabilities: Iterable[npt.NDArray[np.floating]], right: Iterable[int]) -> float:
    """The temperature at which the probabilities of levels fit how often they are right (Guo et al., ICML 2017).

    For recordings that were not trained on; `right` is the row of the beat.
    """
    logs = [np.log(np.maximum(row, 1e-9)) for row in probabilities]
    answers = list(right)

    def surprise(temperature: float) -> float:
        scaled = [row / temperature for row in logs]
        return float(
            np.mean([np.logaddexp.reduce(row) - row[answer] for row, answer in zip(scaled, answers, strict=True)])
        )

    return float(min(np.arange(0.6, 3.0, 0.05), key=surprise))
