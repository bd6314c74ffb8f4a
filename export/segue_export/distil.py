"""Teach a network by distillation: ``python -m segue_export.distil crnn|shortchunk --data DIR --out DIR --minutes N``.

The run labels views while it learns (see `segue_export.views`); two runs may share one store. It writes checkpoints every
few minutes and a CSV log; the same command with ``--resume`` goes on where the last checkpoint stands.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import torch

from segue_export.shards import Corpus
from segue_export.students import SHIPPED_WIDTH
from segue_export.teachers import folder, load_teachers
from segue_export.trainer import Settings, Trainer
from segue_export.views import ViewMaker, ViewStore


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _options(arguments)
    torch.set_num_threads(options.threads)
    torch.backends.cudnn.benchmark = True
    corpus = Corpus(options.data, "train")
    teachers = load_teachers(folder(options.teachers), options.data / "teachers", device=options.device)
    views = options.views or options.data / "views"
    maker = ViewMaker(corpus, teachers, views, f"{options.kind}{options.seed}", options.seed)
    settings = Settings(
        kind=options.kind,
        minutes=options.minutes,
        seed=options.seed,
        width=options.width,
        device=options.device,
        half=not options.full_precision,
        label_share=options.label_share,
        first_views=options.first_views,
        batch_scale=options.batch_scale,
    )
    store = ViewStore(views)
    trainer = Trainer(settings, store, maker.make, teachers[0].tags, options.out)
    if options.resume:
        trainer.restore()
    print(
        f"{corpus.hours:.1f} hours to learn from, {len(store)} labelled views, starting at step {trainer.step}",
        flush=True,
    )
    trainer.run(time.monotonic)
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m segue_export.distil", description=__doc__)
    parser.add_argument("kind", choices=["crnn", "shortchunk"])
    parser.add_argument("--data", type=Path, required=True, help="a corpus folder (see segue_export.corpus)")
    parser.add_argument("--out", type=Path, required=True, help="the run's folder: checkpoints and log")
    parser.add_argument("--minutes", type=float, required=True, help="length of the run, earlier parts of it included")
    parser.add_argument("--teachers", type=Path, help="folder of teachers (default: $SEGUE_TEACHERS)")
    parser.add_argument("--views", type=Path, help="store of labelled views (default: DATA/views)")
    parser.add_argument(
        "--first-views", type=int, default=320, help="views to label before learning starts (default: 320)"
    )
    parser.add_argument(
        "--label-share", type=float, default=0.35, help="share of the time spent labelling (default: 0.35)"
    )
    parser.add_argument(
        "--width", type=int, default=SHIPPED_WIDTH, help="width of the Short-Chunk network (default: 32)"
    )
    parser.add_argument(
        "--batch-scale", type=float, default=1.0, help="multiply the batch sizes, for a GPU (default: 1)"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--full-precision", action="store_true", help="no bfloat16 in the convolutions")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint in OUT")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
