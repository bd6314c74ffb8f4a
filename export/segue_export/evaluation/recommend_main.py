"""``segue-evaluate recommend``: how good the suggestions are, on what was really played or on made-up nights."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import segue
from segue.errors import SegueError
from segue.home import Home
from segue_export.evaluation.output import About, print_report, write_report
from segue_export.evaluation.recommend_history import History, from_home, synthetic
from segue_export.evaluation.recommend_measure import measure
from segue_export.evaluation.recommend_plots import draw
from segue_export.evaluation.recommend_rankers import Study
from segue_export.interrupts import interruptible


@interruptible("interrupted; nothing was written")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    options = _options(arguments)
    try:
        history = _history(options)
        tables = measure(Study(history), options.limit, _say)
    except (ValueError, OSError, SegueError) as error:
        print(f"segue-evaluate: {error}", file=sys.stderr)
        return 1
    careers = history.careers.values()
    about: About = {
        "source": f"made up, seed {options.seed}" if options.synthetic else "your own history",
        "tracks": len(history.columns.ids),
        "nights to learn from": sum(len(one.earlier) for one in careers),
        "nights asked about": sum(len(one.later) for one in careers),
        "segue": segue.__version__,
    }
    plots = [] if options.no_plots else draw(tables, options.out)
    write_report(options.out, "recommend", "Suggestions", about, tables, plots)
    print_report(tables, about, as_json=options.json)
    return 0


def _history(options: argparse.Namespace) -> History:
    if options.synthetic:
        return synthetic(options.tracks, options.nights, options.seed)
    return from_home(Home.locate(options.home), options.truth)


def _say(name: str) -> None:
    print(f"asking: {name}", file=sys.stderr, flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="segue-evaluate recommend", description=__doc__)
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--home", type=Path, help="the home with your library and history; it is only read")
    source.add_argument("--synthetic", action="store_true", help="a made-up library and four made-up DJs")
    parser.add_argument("--truth", type=Path, help="with --home: a CSV file with the columns path and style")
    parser.add_argument("--tracks", type=_at_least(200), default=2000, help="of the made-up library (default: 2000)")
    parser.add_argument("--nights", type=_at_least(4), default=40, help="of each made-up DJ (default: 40)")
    parser.add_argument("--seed", type=int, default=1, help="of all that is made up (default: 1)")
    parser.add_argument("--limit", type=_at_least(1), help="ask about so many transitions only, evenly spread")
    parser.add_argument(
        "--out", type=Path, default=Path("evaluation"), help="folder of the report (default: evaluation)"
    )
    parser.add_argument("--no-plots", action="store_true", help="draw nothing")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    if options.truth and options.synthetic:
        parser.error("--truth belongs to --home: a made-up library knows its styles")
    return options


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"it should be at least {least}")
        return int(text)

    return number


if __name__ == "__main__":
    sys.exit(main())
