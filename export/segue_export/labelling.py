"""Have teachers label views: ``segue-train label --dataset DIR[:SHARE] ... --views DIR``.

Labelling may run beside a training, before it, or on another machine; a training takes in what is there.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from segue_export.augment import Mixer
from segue_export.interrupts import interruptible
from segue_export.shards import SPLITS, Corpus
from segue_export.teachers import NAMES, folder, load_teachers
from segue_export.views import BATCH, ViewMaker

_REOPEN_SECONDS = 120.0
"""Datasets that are still growing are read again this often."""


@interruptible("interrupted; what is labelled is kept, and the same command goes on from there")
def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _options(arguments)
    teachers = load_teachers(folder(options.teachers), options.views / "teachers", options.names, options.device)
    maker = ViewMaker(need_mixer(options.dataset, options.split), teachers, options.views, options.worker, options.seed)
    started = opened = reported = time.monotonic()
    made = 0
    while (now := time.monotonic()) < started + 60 * options.minutes and made < options.count:
        if now > opened + _REOPEN_SECONDS:
            maker.mixer, opened = need_mixer(options.dataset, options.split), now
        maker.make()
        made += BATCH
        if now > reported + 30:
            print(f"{made} views in {(now - started) / 60:.1f} min", flush=True)
            reported = now
    print(f"{made} views labelled", flush=True)
    return 0


def read_datasets(datasets: list[str], split: str = "train") -> list[tuple[Corpus, float]]:
    """One split of datasets, each ``FOLDER`` or ``FOLDER:SHARE``, with the shares.

    A dataset without audio yet is left out. Raises SystemExit for a folder that is not there, or a share that is no number.
    """
    sources = []
    for text in datasets:
        whole = ":" not in text or Path(text).is_dir()  # a folder's name may hold a colon
        place, _, share = (text, "", "1") if whole else text.rpartition(":")
        try:
            weight = float(share)
        except ValueError:
            raise SystemExit(f"{text}: after the colon a number should follow, the dataset's share") from None
        if not 0 < weight < float("inf"):
            raise SystemExit(f"{text}: a dataset's share is a number above 0")
        if not Path(place).is_dir():
            raise SystemExit(f"{place}: there is no dataset in this folder (make one with segue-dataset)")
        try:
            sources.append((Corpus(Path(place), split), weight))
        except (ValueError, FileNotFoundError) as error:
            print(f"left out for now: {error}", file=sys.stderr)
    return sources


def open_mixer(datasets: list[str], split: str = "train") -> Mixer | None:
    """A mixer of one split of datasets; None when there is no track in it."""
    sources = read_datasets(datasets, split)
    return Mixer(sources) if sources else None


def need_mixer(datasets: list[str], split: str = "train") -> Mixer:
    """A mixer of one split. Raises SystemExit when there is no track in it."""
    mixer = open_mixer(datasets, split)
    if mixer is None:
        raise SystemExit(f"none of the datasets holds a track of the split '{split}'")
    return mixer


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="segue-train label", description=__doc__)
    parser.add_argument(
        "--dataset", action="append", required=True, help="folder of a dataset, with ':SHARE' if wanted"
    )
    parser.add_argument("--views", type=Path, required=True, help="the store of labelled views")
    parser.add_argument("--split", choices=SPLITS, default="train", help="which split to label (default: train)")
    parser.add_argument("--teachers", type=Path, help="folder of teachers (default: $SEGUE_TEACHERS)")
    parser.add_argument("--names", nargs="+", default=NAMES, help="teachers to ask (default: all five)")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--count", type=int, default=sys.maxsize, help="stop after so many views")
    parser.add_argument("--worker", default="label", help="name of this process; two at work need two names")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
