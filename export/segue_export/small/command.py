"""Teach a small network: ``segue-train tempo|beats|key --dataset DIR[:SHARE] ... --out models``.

They learn which metrical level is the beat, where beats lie and bars begin, and which key it is, from the labels of datasets. What the
daemon hears in a recording is kept (``--cache``, else inside the datasets), so that the same command goes on where it stopped. The
validation split says how sure a network may be, and how well it answers; both are written into its file, ``OUT/tempo.json``.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from segue.analysis.grid import GridFinder
from segue.analysis.key_network import KeyNetwork
from segue.analysis.levels import LevelChooser
from segue.networks.arrays import Arrays, write_arrays
from segue_export.datasets.build import DatasetError
from segue_export.datasets.progress import Progress
from segue_export.export import VERSION
from segue_export.interrupts import interruptible
from segue_export.small.kinds import KINDS, Kind, Metrics, Weights
from segue_export.small.recordings import Recording, each, find_recordings

_LARGEST: Final = float(np.finfo(np.float16).max)
_LOADERS: Final = {"tempo": LevelChooser.load, "beats": GridFinder.load, "key": KeyNetwork.load}


@interruptible("interrupted; what was heard is kept, and the same command goes on from there")
def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _options(sys.argv[1:] if arguments is None else arguments)
    torch.set_num_threads(options.threads)
    try:
        run(options)
    except DatasetError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def run(options: argparse.Namespace) -> None:
    """Hear, learn, measure and write. Raises DatasetError with a sentence that says what to do."""
    kind = KINDS[options.kind]
    epochs, voters = options.epochs or kind.epochs, options.voters or kind.voters
    recordings = find_recordings(options.dataset, kind.wants, options.cache, options.valid_share)
    if all(one.valid for one in recordings):
        raise DatasetError(f"the datasets hold no recording to learn from that has {kind.needs} among its labels")
    _make_folder(options.out)
    learnt, kept = _examples(kind, recordings, options)
    print(f"{len(learnt)} examples to learn from, {len(kept)} recordings to measure with", flush=True)
    if not learnt:
        raise DatasetError("there is nothing to learn from in these recordings: they are silent, or too short")
    with Progress("epochs", epochs * voters * kind.networks) as progress:
        weights = kind.train(learnt, voters=voters, epochs=epochs, seed=options.seed, report=progress.advance)
    rounded = _rounded(weights)
    if kept:
        weights["temperature"] = np.array([kind.temperature(rounded, kept)])
        rounded = _rounded(weights)
    metrics = _measured(kind, rounded, [one for one in recordings if one.valid], options.workers)
    training = _training(recordings, options, len(learnt), epochs, voters)
    path = _written(options.out, kind, weights, training, metrics)
    _say(path, metrics)


def _examples(kind: Kind, recordings: Sequence[Recording], options: argparse.Namespace) -> tuple[list[Any], list[Any]]:
    """Examples to learn from, and those of the validation split."""
    learnt, kept = list[Any](), list[Any]()
    make = partial(kind.examples, options.seed)
    with Progress("recordings", len(recordings)) as progress:
        made = progress.count(each(recordings, make, options.workers))
        for recording, examples in zip(recordings, made, strict=True):
            (kept if recording.valid else learnt).extend(examples)
    return learnt, kept


def _rounded(weights: Weights) -> Arrays:
    """Weights as the daemon will read them. Raises DatasetError for those that no file can hold."""
    for name, array in weights.items():
        if not np.isfinite(array).all() or np.abs(array).max() > _LARGEST:
            raise DatasetError(
                f"the training went astray: {name} has grown beyond {_LARGEST:g}; try another --seed, or fewer --epochs"
            )
    return Arrays("trained", VERSION, {name: array.astype("<f2").astype(np.float32) for name, array in weights.items()})


def _measured(kind: Kind, weights: Arrays, recordings: Sequence[Recording], workers: int) -> Metrics:
    if not recordings:
        return {}
    with Progress("recordings measured", len(recordings)) as progress:
        answers = list(progress.count(each(recordings, partial(kind.answer, weights), workers)))
    return {name: value for name, value in kind.metrics(answers).items() if math.isfinite(value)}


def _training(
    recordings: Sequence[Recording], options: argparse.Namespace, examples: int, epochs: int, voters: int
) -> dict[str, int | float | str]:
    learnt = [one for one in recordings if not one.valid]
    return {
        "datasets": ", ".join(f"{Path(text).name}" for text in options.dataset),
        "clips": len(learnt),
        "hours": round(sum(one.hours for one in learnt), 2),
        "examples": examples,
        "epochs": epochs,
        "voters": voters,
        "seed": options.seed,
        "measured on": "the datasets' validation split"
        if options.valid_share is None
        else "groups set apart by a hash",
    }


def _written(out: Path, kind: Kind, weights: Weights, training: dict[str, int | float | str], metrics: Metrics) -> Path:
    """Write the file, whole or not at all, and let the daemon read it."""
    path, part = out / f"{kind.name}.json", out / f"{kind.name}.json.part"
    try:
        write_arrays(part, kind.name, VERSION, weights, training=training, metrics=metrics)
        _LOADERS[kind.name](part)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise DatasetError(f"{path} cannot be written: {error}") from error
    return path


def _make_folder(out: Path) -> None:
    """Now, and not when everything has been learnt."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetError(f"--out {out} cannot be a folder: {error}") from error


def _say(path: Path, metrics: Metrics) -> None:
    print(f"{path}, {path.stat().st_size / 1024:.0f} KiB")
    if not metrics:
        print("there was no validation split: nothing is measured, and how sure the network is was not adjusted")
        return
    table = Table("measured on recordings that it did not learn from", "", box=None)
    for name, value in metrics.items():
        table.add_row(name, f"{value:g}")
    Console(highlight=False).print(table)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="segue-train", description=__doc__)
    add = parser.add_argument
    add("kind", choices=sorted(KINDS))
    add(
        "--dataset",
        action="append",
        required=True,
        help="folder of a dataset, with ':SHARE' for a part of it; may be repeated",
    )
    add("--out", type=Path, required=True, help="the folder in which the network's file is written")
    add("--cache", type=Path, help="the folder that keeps how recordings sound (default: 'heard' in each dataset)")
    add("--epochs", type=_positive, help="how often all examples are seen (default: by network)")
    add("--voters", type=_positive, help="networks that are asked together, of tempo and key (default: 3 and 2)")
    add(
        "--valid-share",
        type=_share,
        help="share of the groups to measure with, 0 for none (default: the validation split)",
    )
    add("--seed", type=int, default=0)
    add("--workers", type=_positive, default=2, help="processes that listen (default: 2)")
    add("--threads", type=_positive, default=1, help="threads that learn (default: 1)")
    options = parser.parse_args(arguments)
    if options.voters is not None and KINDS[options.kind].voters == 1:
        parser.error(f"{options.kind} has no voters")
    return options


def _positive(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text}: a whole number above 0 is expected")
    return int(text)


def _share(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"{text}: a share from 0 up to 1 is expected")
    return number
