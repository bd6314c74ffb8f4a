"""The filters of ``segue next``, as options of a shim."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from segue.protocol.messages import Filters

LANES: Final = ("best", "stay", "lift", "ease", "turn", "rescue")
PRESETS: Final = ("dj", "warm-up", "peak", "after-hours", "producer")
_RANGE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)?\s*(-)?\s*(\d+(?:\.\d+)?)?\s*")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add lane, preset and filters."""
    parser.add_argument("--lane", choices=LANES, help="where the floor should go (default: as `segue wish` says)")
    parser.add_argument("--preset", choices=PRESETS, help="weights for a moment of the night")
    group = parser.add_argument_group("filters", "as those of `segue next`; without any: as `segue wish` says")
    group.add_argument(
        "--crate", action="append", default=[], dest="crates", metavar="NAME", help="only tracks of this crate"
    )
    group.add_argument(
        "--folder",
        action="append",
        default=[],
        dest="folders",
        metavar="DIR",
        type=_folder,
        help="only tracks in this folder",
    )
    group.add_argument(
        "--genre", action="append", default=[], dest="genres", metavar="NAME", help="only files of this genre"
    )
    group.add_argument(
        "--tag", action="append", default=[], dest="tags", metavar="TAG", help="only tracks that sound so"
    )
    group.add_argument("--stars", type=int, choices=range(6), dest="rating", help="so many stars, or more")
    group.add_argument("--bpm", type=_range(float, 20, 999), metavar="A-B", help="tempi in this range")
    group.add_argument("--energy", type=_range(float, 1, 10), metavar="A-B", help="energies in this range")
    group.add_argument("--year", type=_range(int, 1, 9999), metavar="A-B", help="of these years")


def filters_of(options: argparse.Namespace) -> Filters | None:
    """The filters that were given; None: none."""
    given: dict[str, Any] = {name: getattr(options, name) for name in ("crates", "folders", "genres", "tags", "rating")}
    for name in ("bpm", "energy", "year"):
        given[f"{name}_from"], given[f"{name}_to"] = getattr(options, name) or (None, None)
    return Filters(**given) if any(value not in (None, []) for value in given.values()) else None


def told(filters: Filters) -> str:
    """Filters in words; empty where there are none."""
    lists = {"crate": filters.crates, "folder": filters.folders, "genre": filters.genres, "tag": filters.tags}
    parts = [f"{what} {' or '.join(names)}" for what, names in lists.items() if names]
    if filters.rating is not None:
        parts.append(f"stars {filters.rating} or more")
    ends = (
        ("BPM", filters.bpm_from, filters.bpm_to),
        ("energy", filters.energy_from, filters.energy_to),
        ("year", filters.year_from, filters.year_to),
    )
    for what, low, high in ends:
        if low is not None or high is not None:
            parts.append(f"{what} {'' if low is None else f'{low:g}'}-{'' if high is None else f'{high:g}'}")
    return ", ".join(parts)


def _folder(text: str) -> str:
    """A path made absolute; a bare name stays one, for it is looked for anywhere."""
    is_path = os.sep in text or "/" in text or text.startswith((".", "~")) or Path(text).is_dir()
    return str(Path(text).expanduser().absolute()) if is_path else text


def _range(kind: type[int | float], least: float, most: float) -> Callable[[str], tuple[float | None, float | None]]:
    """A reader of ``120-128``, ``120-``, ``-128`` or ``125``."""

    def read(text: str) -> tuple[float | None, float | None]:
        found = _RANGE.fullmatch(text)
        if found is None or not (found[1] or found[3]):
            raise argparse.ArgumentTypeError(f"“{text}” is no range: write 120-128, 120- or -128")
        try:
            low, high = (None if part is None else kind(part) for part in (found[1], found[3]))
        except ValueError:
            raise argparse.ArgumentTypeError(f"“{text}”: only whole numbers are meant here") from None
        given = [number for number in (low, high) if number is not None]
        if given != sorted(given) or not all(least <= number <= most for number in given):
            raise argparse.ArgumentTypeError(f"“{text}”: from the lower to the higher one, {least:g} to {most:g}")
        return (low, high) if found[2] else (low, low)

    return read
