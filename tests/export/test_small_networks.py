"""The small networks learn what they are shown, and numpy answers as PyTorch does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from small_support import key_of, onsets, pitches, rounded, written

from segue.analysis.grid import GridFinder
from segue.analysis.key import SLOT_SECONDS
from segue.analysis.key_network import NAMES, KeyNetwork, semitones, tuning
from segue.analysis.levels import LevelChooser
from segue.errors import ModelMismatchError
from segue_export.small import beats, key, tempo
from segue_export.small.kinds import Weights

METRES = (3, 4)


def tempo_examples(count: int, seed: int, variants: int = 1) -> list[tempo.Example]:
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        bpm, metre = float(rng.uniform(85, 170)), METRES[number % 2]
        heard = onsets(bpm, metre, float(rng.uniform(0, 0.5)), seed=seed + number)
        found += tempo.examples(str(number), heard, bpm, metre, rng, variants=variants)
    return found


def beats_examples(count: int, seed: int) -> list[beats.Example]:
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        bpm, metre, first = float(rng.uniform(85, 170)), METRES[number % 2], float(rng.uniform(0, 0.5))
        found += beats.examples(onsets(bpm, metre, first, seed=seed + number), bpm, metre, first, rng)
    return found


def key_examples(tonics: range) -> list[key.Example]:
    found = []
    for number in tonics:
        tonic, mode, name = key_of(number)
        example = key.example(pitches(tonic, mode, seed=number), name, trusted=True)
        assert example is not None
        found.append(example)
    return found


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def tempo_weights() -> Weights:
    return tempo.train(tempo_examples(24, 100), voters=2, epochs=30)


@pytest.fixture(scope="module")
def beats_weights() -> Weights:
    return beats.train(beats_examples(24, 200), epochs=20)


@pytest.fixture(scope="module")
def key_weights() -> Weights:
    # No key above F of either mode: what is learnt of one tonic holds for all.
    return key.train(key_examples(range(6)) * 4 + key_examples(range(12, 18)) * 4, voters=2, epochs=25)


def test_the_level_of_the_beat_is_learnt(tempo_weights: Weights) -> None:
    chooser = LevelChooser(rounded(tempo_weights))
    fresh = tempo_examples(12, 900, variants=0)
    choices = [chooser.choose(example.levels) for example in fresh]
    right = [int(choice.probability.argmax()) == example.answer for choice, example in zip(choices, fresh, strict=True)]
    assert np.mean(right) >= 0.9
    assert all(choice.probability.sum() == pytest.approx(1.0, abs=1e-5) for choice in choices)
    triple = [choice.triple[example.answer] > 0.5 for choice, example in zip(choices, fresh, strict=True)]
    assert np.mean([said == (example.metre == 3) for said, example in zip(triple, fresh, strict=True)]) >= 0.8


def test_numpy_chooses_the_level_as_pytorch_does(tempo_weights: Weights) -> None:
    mean, scale = tempo_weights["mean"], tempo_weights["scale"]
    found = tempo_examples(24, 100)
    table = tempo._table([example for example in found if example.answer >= 0], mean, scale)
    voters = [tempo._train_voter(table, 30, seed, None) for seed in range(2)]  # as trained for the fixture
    chooser = LevelChooser(rounded(tempo_weights))
    for example in tempo_examples(6, 900, variants=0):
        inputs = np.clip((example.levels.features - mean) / scale, -5, 5).astype(np.float32)
        with torch.no_grad():
            votes = [torch.log_softmax(voter(torch.from_numpy(inputs))[:, 0], 0) for voter in voters]
        wanted = torch.softmax(torch.stack(votes).mean(0), 0).numpy()
        assert chooser.choose(example.levels).probability == pytest.approx(wanted, abs=1e-3)


def test_training_again_gives_the_same(tempo_weights: Weights) -> None:
    steps = []
    again = tempo.train(tempo_examples(24, 100), voters=2, epochs=30, report=lambda: steps.append(1))
    assert len(steps) == 60
    assert all(np.array_equal(again[name], array) for name, array in tempo_weights.items())


def test_beats_and_bars_are_learnt(beats_weights: Weights) -> None:
    finder = GridFinder(rounded(beats_weights))
    rng = np.random.default_rng(7)
    for number in range(12):
        bpm, metre, first = float(rng.uniform(85, 170)), METRES[number % 2], float(rng.uniform(0, 1.0))
        said = finder.find(onsets(bpm, metre, first, seed=900 + number), bpm, metre)
        period = 60 / bpm
        off = (said.first_downbeat - first + metre * period / 2) % (metre * period) - metre * period / 2
        assert abs(off) < 0.1 * period
        assert said.beats_per_bar == metre
        assert 0 <= said.first_beat < period
        assert 1 / metre <= said.confidence <= 1


def test_numpy_scores_beats_as_pytorch_does() -> None:
    folded = [example.beat for example in beats_examples(6, 300)]
    network = beats._train(folded, beats.BEAT_BINS, 4, 0, None)
    values = {"temperature": np.ones(1), **beats._layers("beat", network)}
    finder = GridFinder(rounded(values))
    for one in folded[:4]:
        with torch.no_grad():
            wanted = torch.softmax(network(torch.from_numpy(beats.turned(one, beats.BEAT_BINS)))[:, 0], 0).numpy()
        said = finder._score("beat", one, beats.BEAT_BINS)
        assert np.exp(said) / np.exp(said).sum() == pytest.approx(wanted, abs=1e-3)


def test_keys_are_learnt_in_all_keys(key_weights: Weights) -> None:
    network = KeyNetwork(rounded(key_weights))
    for number in range(24):
        tonic, mode, name = key_of(number)
        said = network.key(pitches(tonic, mode, seed=50 + number), SLOT_SECONDS)
        assert said.name == name
        assert name not in said.alternatives


@pytest.mark.parametrize("steps", [1, 5, 11])
def test_turning_the_pitches_turns_the_key(key_weights: Weights, steps: int) -> None:
    network = KeyNetwork(rounded(key_weights))
    heard = pitches(3, "minor", seed=4)
    before = network.read(semitones(heard, tuning(heard)))
    turned = np.roll(heard, 10 * steps, axis=-1)
    after = network.read(semitones(turned, tuning(turned)))
    expected = np.concatenate([np.roll(half, steps) for half in (before[:12], before[12:])])
    assert after == pytest.approx(expected, abs=1e-4)
    assert NAMES[int(after.argmax())] == key_of((3 + steps) % 12)[2]


def test_numpy_reads_keys_as_pytorch_does() -> None:
    found = key_examples(range(0, 24, 5)) * 2
    weights = key.train(found, voters=1, epochs=6)
    voter = key._train_voter(found, 6, 0, None)
    network = KeyNetwork(rounded(weights))
    long = [np.concatenate([example.heard] * 2)[:31] for example in found[:2]]
    for heard in [*(example.heard for example in found[:4]), *long]:
        with torch.no_grad():
            # Beside a longer recording: what only fills up must not count.
            slots, whole, there = key._batch([heard, np.concatenate([heard, heard])])
            wanted = torch.softmax(voter(slots, whole, there)[0], 0).numpy()
        assert np.exp(network.read(heard)) == pytest.approx(wanted, abs=1e-3)


def test_a_key_that_cannot_be_heard_counts_less_and_silence_not_at_all() -> None:
    heard = pitches(0, "major")
    weights = [key.example(heard, "C major", trusted=trusted) for trusted in (True, None, False)]
    assert [example.weight for example in weights if example is not None] == [1.0, 1.0, 0.4]
    assert key.example(np.zeros_like(heard), "C major", trusted=True) is None


def test_the_temperature_is_found_at_which_probabilities_are_as_often_right() -> None:
    rng = np.random.default_rng(3)
    logits = rng.normal(0, 1.5, (4000, 6))
    true = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    answers = [int(rng.choice(6, p=row)) for row in true]
    boastful = np.exp(2 * logits) / np.exp(2 * logits).sum(axis=1, keepdims=True)
    assert tempo.calibrate(boastful, answers) == pytest.approx(2.0, abs=0.2)
    assert tempo.calibrate(true, answers) == pytest.approx(1.0, abs=0.1)


LOADERS = {"tempo": LevelChooser.load, "beats": GridFinder.load, "key": KeyNetwork.load}


@pytest.mark.parametrize("kind", LOADERS)
def test_a_file_of_another_network_or_half_of_it_is_refused(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    weights: Weights = request.getfixturevalue(f"{kind}_weights")
    load: Callable[[Path], object] = LOADERS[kind]
    load(written(tmp_path, weights))
    for other in set(LOADERS) - {kind}:
        with pytest.raises(ModelMismatchError, match="install Segue's models again"):
            LOADERS[other](written(tmp_path, weights))
    for name in weights:
        less = {key: array for key, array in weights.items() if key != name}
        with pytest.raises(ModelMismatchError, match=f"has no {name} of shape"):
            load(written(tmp_path, less))
    path = written(tmp_path, {name: array[..., :-1] for name, array in weights.items()})
    with pytest.raises(ModelMismatchError):
        load(path)
    content = json.loads(written(tmp_path, weights).read_text())
    content["arrays"]["temperature"]["values"] = "not base64"
    path.write_text(json.dumps(content))
    with pytest.raises(ModelMismatchError, match="is not a manifest"):
        load(path)
