"""Teach a network: ``segue-train crnn|shortchunk --dataset DIR[:SHARE] ... --out DIR --minutes N``.

With teachers, the run learns from views that they label (see `segue_export.labelling`), in its own process or in others that
fill the same store. Without any (``--no-teachers``), it learns from the datasets' own labels alone. It writes checkpoints every few minutes
and a CSV log; the same command with ``--resume`` goes on where the last checkpoint stands. Every option may stand in a
TOML file instead (``--config``): names as below, with underscores; what is given on the command line wins.

The small networks for tempo, beats and key learn by themselves, without teachers (see `segue_export.small.command`).
"""

from __future__ import annotations

import argparse
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import torch

from segue_export import curves, heads, labelling
from segue_export.datasets.labels import TrackLabels
from segue_export.interrupts import INTERRUPTED, interruptible, stopping
from segue_export.labelling import need_mixer, open_mixer, read_datasets
from segue_export.memory import keep_freed_memory
from segue_export.small import command as small
from segue_export.small.kinds import KINDS
from segue_export.students import SHIPPED_WIDTHS
from segue_export.teachers import NAMES, Teacher, folder, load_teachers
from segue_export.trainer import TERMS, Ended, Settings, Trainer
from segue_export.views import ViewMaker, ViewStore
from segue_export.vocabulary import Vocabulary, is_jamendo, known_tags

_VALID_VIEWS = 96
_STOPPED = "interrupted; the same command with --resume goes on from here"


@interruptible("interrupted; the same command with --resume goes on from the last checkpoint")
def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["label"]:
        return labelling.main(words[1:])
    if words[:1] == ["heads"]:
        return heads.main(words[1:])
    if words[:1] == ["plot"]:
        return curves.main(words[1:])
    if words[:1] and words[0] in KINDS:
        return small.main(words)
    options = _options(words)
    keep_freed_memory()
    torch.set_num_threads(options.threads)
    torch.backends.cudnn.benchmark = True
    views = options.views or options.out / "views"
    teachers = _teachers(options, views)
    vocabulary = _vocabulary(teachers, options.dataset)
    mixer = need_mixer(options.dataset)
    maker = ViewMaker(mixer, teachers, views, f"{options.kind}{options.seed}", options.seed)
    store, valid = ViewStore(views), _validation(options, teachers, views)
    trainer = Trainer(
        _settings(options), store, vocabulary, options.out, maker.make if options.label_share else None, valid
    )
    _begin(trainer, options)
    print(f"{mixer.hours:.1f} hours to learn from, {len(store)} views, starting at step {trainer.step}", flush=True)
    with stopping(trainer.stop):
        ended = trainer.run(time.monotonic)
    if ended == Ended.STOPPED:
        print(_STOPPED, file=sys.stderr)
        return INTERRUPTED
    print(f"step {trainer.step}, {trainer.minutes:.1f} min: {ended.value}")
    return 0


def _begin(trainer: Trainer, options: argparse.Namespace) -> None:
    """Restore the run, or start it from another one's weights when it is new and that is wanted."""
    if options.resume and trainer.restore():
        return
    if options.start is not None:
        trainer.fill()
        print(f"{trainer.start_from(options.start)} tensors taken from {options.start}")


def _teachers(options: argparse.Namespace, views: Path) -> list[Teacher]:
    if options.no_teachers:
        return []
    return load_teachers(folder(options.teachers), views / "teachers", options.names, options.device)


def _vocabulary(teachers: list[Teacher], datasets: list[str]) -> Vocabulary:
    if not teachers:
        labels: list[TrackLabels] = [track.labels for corpus, _ in read_datasets(datasets) for track in corpus.tracks]
        return Vocabulary.of(known_tags(labels))
    first = next((teacher.tags for teacher in teachers if not is_jamendo(teacher.name)), [])
    second = next((teacher.tags for teacher in teachers if is_jamendo(teacher.name)), [])
    return Vocabulary.join(first, second)


def _validation(options: argparse.Namespace, teachers: list[Teacher], views: Path) -> ViewStore | None:
    """Labelled views of the validation split, made once; None when the datasets have no such split."""
    mixer = open_mixer(options.dataset, "valid")
    if mixer is None:
        return None
    place = views.parent / f"{views.name}-valid"
    store = ViewStore(place)
    maker = ViewMaker(mixer, teachers, place, f"valid-{options.kind}", 0)
    while len(store) < _VALID_VIEWS:
        maker.make()
        store.refresh()
    return store


def _settings(options: argparse.Namespace) -> Settings:
    names = (
        "kind",
        "minutes",
        "seed",
        "width",
        "device",
        "rate",
        "label_share",
        "first_views",
        "batch_scale",
        "patience",
    )
    return Settings(
        **{name: getattr(options, name) for name in names},
        half=not options.full_precision,
        weights=_weights(options),
        teachers=() if options.no_teachers else tuple(options.names),
    )


def _weights(options: argparse.Namespace) -> dict[str, float]:
    """Weights of loss terms that the command line changes; without teachers, the tags that are known count."""
    weights = {"known_tags": 1.0} if options.no_teachers else {}
    for text in options.weight:
        name, _, value = text.partition("=")
        try:
            weights[name] = float(value)
        except ValueError:
            raise SystemExit(f"--weight {text}: a term, '=' and a number are expected") from None
    if unknown := sorted(set(weights) - set(TERMS)):
        raise SystemExit(f"--weight: there is no term {', '.join(unknown)}; the terms are {', '.join(TERMS)}")
    return weights


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="segue-train", description=__doc__)
    add = parser.add_argument
    add(
        "kind",
        choices=["crnn", "shortchunk"],
        help="or 'tempo', 'beats', 'key', 'heads', 'label' or 'plot', which have options of their own",
    )
    add("--config", type=Path, help="a TOML file of options")
    add("--dataset", action="append", default=[], help="folder of a dataset, with ':SHARE' if wanted; may be repeated")
    add("--out", type=Path, help="the run's folder: checkpoints and log")
    add("--minutes", type=float, default=60.0, help="length of the run, earlier parts of it included (default: 60)")
    add("--teachers", type=Path, help="folder of teachers (default: $SEGUE_TEACHERS)")
    add("--names", nargs="+", default=NAMES, help="teachers to ask (default: all five)")
    add("--no-teachers", action="store_true", help="learn from the datasets' labels alone")
    add("--views", type=Path, help="store of labelled views (default: OUT/views)")
    add("--first-views", type=int, default=320, help="views to label before learning starts (default: 320)")
    add("--label-share", type=float, default=0.35, help="share of the time spent labelling; 0: others label")
    shipped = ", ".join(f"{kind} {width}" for kind, width in SHIPPED_WIDTHS.items())
    add("--width", type=int, help=f"channels: of the CRNN's last block, of the other's first (default: {shipped})")
    add("--rate", type=float, help="highest learning rate (default: the recipe's)")
    add("--weight", action="append", default=[], metavar="TERM=N", help="weight of a term of the loss")
    add("--patience", type=int, default=0, help="stop after so many validations without gain (default: never)")
    add("--batch-scale", type=float, default=1.0, help="multiply the batch sizes, for a GPU (default: 1)")
    add("--threads", type=int, default=1)
    add("--seed", type=int, default=1)
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    add("--full-precision", action="store_true", help="no bfloat16 in the convolutions")
    add("--start", type=Path, help="a checkpoint of an earlier run to take weights from")
    add("--resume", action="store_true", help="go on from the last checkpoint in OUT")
    options = parser.parse_args(arguments)
    if options.config is not None:
        for name, value in _read_config(options.config, parser).items():
            if getattr(options, name) == parser.get_default(name):
                setattr(options, name, value)
    if options.out is None or not options.dataset:
        parser.error("--out and at least one --dataset are needed")
    return options


def _read_config(path: Path, parser: argparse.ArgumentParser) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        parser.error(f"{path} cannot be read: {error}")
    known = {action.dest: action for action in parser._actions}  # noqa: SLF001  # argparse tells its options nowhere else
    if unknown := sorted(set(values) - set(known)):
        parser.error(f"{path}: there is no option {', '.join(unknown)}")
    for name, value in values.items():
        if known[name].type is Path:
            values[name] = Path(value)
        elif isinstance(known[name].default, list) and not isinstance(value, list):
            values[name] = [value]
    return values


if __name__ == "__main__":
    sys.exit(main())
