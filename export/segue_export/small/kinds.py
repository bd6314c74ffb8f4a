"""The three small networks to the command that trains them: what each learns from, and how well it answers."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Final, NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt

from segue.analysis.grid import BAR_BINS, BEAT_BINS, METRES, GridFinder
from segue.analysis.key import SLOT_SECONDS
from segue.analysis.key_network import KeyNetwork
from segue.analysis.levels import LevelChooser
from segue.analysis.onsets import BANDS, ROWS
from segue.analysis.tempo import estimate_tempo
from segue.bench.measures import MIREX, Relation, is_tempo, relation
from segue.networks.arrays import Array, Arrays
from segue_export.datasets.build import DatasetError
from segue_export.datasets.labels import TrackLabels
from segue_export.small import beats, key, tempo
from segue_export.small.recordings import Heard, Recording
from segue_export.small.tempo import Report

Weights = dict[str, npt.NDArray[np.floating]]
Metrics = dict[str, float]

_SURE: Final = 0.9
_NEAR: Final = 0.1
"""Of a beat: so near is a beat or the beginning of a bar right."""
_LONGEST: Final = 45


class Kind(ABC):
    """One of the networks."""

    name: ClassVar[str]
    needs: ClassVar[str]
    """What labels a recording must have."""
    epochs: ClassVar[int]
    voters: ClassVar[int]
    networks: ClassVar[int] = 1
    """Networks that are trained one after another for each voter."""

    @abstractmethod
    def wants(self, labels: TrackLabels) -> bool:
        """Whether it can learn from a recording with these labels."""

    @abstractmethod
    def examples(self, seed: int, recording: Recording, heard: Heard) -> list[Any]:
        """Examples of a recording; of one for validation only the recording as it is."""

    @abstractmethod
    def train(self, found: Sequence[Any], *, voters: int, epochs: int, seed: int, report: Report) -> Weights:
        """Weights. Raises DatasetError when the examples do not suffice."""

    @abstractmethod
    def temperature(self, weights: Arrays, found: Sequence[Any]) -> float:
        """The temperature at which the probabilities fit how often they are right, by examples that were not learnt from."""

    @abstractmethod
    def answer(self, weights: Arrays, recording: Recording, heard: Heard) -> Any:
        """What the daemon says of a recording with these weights, beside the truth."""

    @abstractmethod
    def metrics(self, answers: Sequence[Any]) -> Metrics:
        """How well it answers; not a number where there was nothing to measure."""


def _rng(seed: int, recording: Recording) -> np.random.Generator:
    """Chance that depends on nothing but the seed and the recording."""
    return np.random.default_rng([seed, crc32(recording.name.encode(errors="surrogateescape"))])


def _share(right: Sequence[bool] | Sequence[float]) -> float:
    """The mean to four places; not a number where there is nothing to measure."""
    return round(float(np.mean(right)), 4) if right else math.nan


class _TempoAnswer(NamedTuple):
    said: float | None
    true: float
    confidence: float


class TempoKind(Kind):
    """Which metrical level is the beat (`segue.analysis.levels`)."""

    name = "tempo"
    needs = "a tempo"
    epochs = 30
    voters = 3

    def wants(self, labels: TrackLabels) -> bool:
        """A tempo is needed."""
        return labels.tempo is not None

    def examples(self, seed: int, recording: Recording, heard: Heard) -> list[tempo.Example]:
        """The recording, and stretches of it at other speeds."""
        labels = recording.labels
        assert labels.tempo is not None
        more = {"variants": 0} if recording.valid else {}
        rng = _rng(seed, recording)
        return tempo.examples(recording.name, heard.onsets, labels.tempo, labels.metre, rng, **more)

    def train(self, found: Sequence[tempo.Example], *, voters: int, epochs: int, seed: int, report: Report) -> Weights:
        """Weights for `LevelChooser`."""
        if not any(example.answer >= 0 for example in found):
            raise DatasetError("no recording repeats at its labelled tempo: are the labels right?")
        return tempo.train(found, voters=voters, epochs=epochs, seed=seed, report=report)

    def temperature(self, weights: Arrays, found: Sequence[tempo.Example]) -> float:
        """By the probabilities of levels."""
        chooser, rows = LevelChooser(weights), [example for example in found if example.answer >= 0]
        return tempo.calibrate(
            [chooser.choose(example.levels).probability for example in rows], [example.answer for example in rows]
        )

    def answer(self, weights: Arrays, recording: Recording, heard: Heard) -> _TempoAnswer:
        """The tempo."""
        assert recording.labels.tempo is not None
        said = estimate_tempo(heard.onsets, LevelChooser(weights), _no_grid())
        return _TempoAnswer(said.bpm, recording.labels.tempo, said.confidence)

    def metrics(self, answers: Sequence[_TempoAnswer]) -> Metrics:
        """Acc1 and Acc2 (Gouyon et al., 2006), within 1 % and 0.1 %, and what a confidence of 0.9 and more is worth."""
        near = [is_tempo(one.said, one.true) for one in answers]
        sure = [one.confidence >= _SURE for one in answers]
        return {
            "clips": len(answers),
            "acc1": _share(near),
            "acc2": _share([is_tempo(one.said, one.true, octaves=True) for one in answers]),
            "within 1 %": _share([is_tempo(one.said, one.true, 0.01) for one in answers]),
            "within 0.1 %": _share([is_tempo(one.said, one.true, 0.001) for one in answers]),
            "sure (0.9)": _share(sure),
            "acc1 of the sure": _share([right for right, is_sure in zip(near, sure, strict=True) if is_sure]),
        }


def _no_grid() -> GridFinder:
    """Any grid will do: no tempo depends on it."""
    rows = len(ROWS) + BANDS
    inputs = {"beat": rows * BEAT_BINS, **{f"bar{beats}": rows * beats * BAR_BINS for beats in METRES}}
    values: dict[str, Array] = {"temperature": np.ones(1, np.float32)}
    for name, size in inputs.items():
        values |= {f"{name}.in.weight": np.zeros((size, 1), np.float32), f"{name}.in.bias": np.zeros(1, np.float32)}
        values |= {f"{name}.out.weight": np.zeros((1, 1), np.float32), f"{name}.out.bias": np.zeros(1, np.float32)}
    return GridFinder(Arrays("none", "", values))


class _BeatsAnswer(NamedTuple):
    metre: int | None
    beat: float
    """Beats from the true beat to the one that was said, -0.5..0.5."""
    bar: float
    """The same of the beginning of the bar, up to half a bar."""
    confidence: float


class BeatsKind(Kind):
    """Where beats lie and bars begin (`segue.analysis.grid`)."""

    name = "beats"
    needs = "a tempo and the first beat"
    epochs = 12
    voters = 1
    networks = 1 + len(METRES)

    def wants(self, labels: TrackLabels) -> bool:
        """Tempo and first beat are needed; the metre where bars are to be learnt."""
        return labels.tempo is not None and labels.first_beat is not None

    def examples(self, seed: int, recording: Recording, heard: Heard) -> list[beats.Example]:
        """The recording and stretches of it."""
        labels = recording.labels
        assert labels.tempo is not None
        assert labels.first_beat is not None
        more = {"variants": 1} if recording.valid else {}
        rng = _rng(seed, recording)
        return beats.examples(heard.onsets, labels.tempo, labels.metre, labels.first_beat, rng, **more)

    def train(self, found: Sequence[beats.Example], *, voters: int, epochs: int, seed: int, report: Report) -> Weights:
        """Weights for `GridFinder`; it has no voters."""
        del voters
        for metre in METRES:
            if not any(example.metre == metre for example in found):
                raise DatasetError(
                    f"no recording to learn from has {metre} beats in a bar (the label 'metre'): add some"
                )
        return beats.train(found, epochs=epochs, seed=seed, report=report)

    def temperature(self, weights: Arrays, found: Sequence[beats.Example]) -> float:
        """The one that it has."""
        del found
        return float(weights["temperature"][0])

    def answer(self, weights: Arrays, recording: Recording, heard: Heard) -> _BeatsAnswer:
        """Beats and bars at the true tempo and metre."""
        labels = recording.labels
        assert labels.tempo is not None
        assert labels.first_beat is not None
        metre = labels.metre if labels.metre in METRES else None
        said = GridFinder(weights).find(heard.onsets, labels.tempo, metre or METRES[-1])
        period = 60.0 / labels.tempo
        beat, bar = ((one - labels.first_beat) / period for one in (said.first_beat, said.first_downbeat))
        return _BeatsAnswer(metre, _off(beat, 1), _off(bar, metre or 1), said.confidence)

    def metrics(self, answers: Sequence[_BeatsAnswer]) -> Metrics:
        """Beats within a tenth of a beat, bars that begin as near to where they should, and how good their confidence is."""
        found: Metrics = {"clips": len(answers), "beat right": _share([abs(one.beat) < _NEAR for one in answers])}
        known = [one for one in answers if one.metre is not None]
        found["downbeat right"] = _share([abs(one.bar) < _NEAR for one in known])
        for metre in METRES:
            found[f"downbeat right, {metre} beats"] = _share(
                [abs(one.bar) < _NEAR for one in known if one.metre == metre]
            )
        sure = [one for one in known if one.confidence >= _SURE]
        found["sure (0.9)"] = _share([one.confidence >= _SURE for one in known])
        found["downbeat right of the sure"] = _share([abs(one.bar) < _NEAR for one in sure])
        return found


def _off(beats_off: float, beats_per_bar: int) -> float:
    half = beats_per_bar / 2
    return (beats_off + half) % beats_per_bar - half


class _KeyAnswer(NamedTuple):
    relation: Relation
    confidence: float
    trusted: bool
    """It is known that a listener can hear the true key."""


class KeyKind(Kind):
    """Which key it is (`segue.analysis.key_network`)."""

    name = "key"
    needs = "a key"
    epochs = 40
    voters = 2

    def wants(self, labels: TrackLabels) -> bool:
        """A key is needed."""
        return labels.key is not None

    def examples(self, seed: int, recording: Recording, heard: Heard) -> list[key.Example]:
        """The recording; it is changed anew in each epoch."""
        del seed
        labels = recording.labels
        assert labels.key is not None
        example = key.example(heard.pitches, labels.key, trusted=labels.key_trusted)
        return [] if example is None else [example]

    def train(self, found: Sequence[key.Example], *, voters: int, epochs: int, seed: int, report: Report) -> Weights:
        """Weights for `KeyNetwork`."""
        return key.train(found, voters=voters, epochs=epochs, seed=seed, report=report)

    def temperature(self, weights: Arrays, found: Sequence[key.Example]) -> float:
        """By the probabilities of keys, of the middle of long recordings."""
        network = KeyNetwork(weights)
        middles = [_middle(example.heard) for example in found]
        return tempo.calibrate([np.exp(network.read(heard)) for heard in middles], [one.answer for one in found])

    def answer(self, weights: Arrays, recording: Recording, heard: Heard) -> _KeyAnswer:
        """The key."""
        labels = recording.labels
        assert labels.key is not None
        said = KeyNetwork(weights).key(heard.pitches, SLOT_SECONDS)
        return _KeyAnswer(relation(said.name, labels.key), said.confidence, labels.key_trusted is True)

    def metrics(self, answers: Sequence[_KeyAnswer]) -> Metrics:
        """Exact keys and MIREX's weighted score, of all and of those that can be heard."""
        trusted = [one for one in answers if one.trusted]
        sure = [one for one in answers if one.confidence >= _SURE]
        return {
            "clips": len(answers),
            "exact": _share([one.relation is Relation.SAME for one in answers]),
            "mirex": _mirex(answers),
            "clips with a key that can be heard": len(trusted),
            "exact of those": _share([one.relation is Relation.SAME for one in trusted]),
            "mirex of those": _mirex(trusted),
            "sure (0.9)": _share([one.confidence >= _SURE for one in answers]),
            "exact of the sure": _share([one.relation is Relation.SAME for one in sure]),
        }


def _middle(heard: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    spare = max(len(heard) - _LONGEST, 0) // 2
    return heard[spare : spare + _LONGEST]


def _mirex(answers: Sequence[_KeyAnswer]) -> float:
    return _share([MIREX.get(one.relation, 0.0) for one in answers])


KINDS: Final[dict[str, Kind]] = {kind.name: kind for kind in (TempoKind(), BeatsKind(), KeyKind())}
"""The networks by name."""
