"""What a dataset holds: hours by split and group, how many tracks have which label, licences, problems."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from segue_export.datasets.build import DatasetError
from segue_export.shards import AUDIO, SPLITS, Track, read_tracks

_SAMPLE_BYTES = 2


@dataclass(frozen=True)
class Summary:
    """Figures of a dataset."""

    hours: dict[str, float]
    """By split."""
    tracks: dict[str, int]
    groups: dict[str, int]
    largest: list[tuple[str, str, float]]
    """Group, split, hours; the longest first."""
    labels: dict[str, int]
    """Tracks that have the label."""
    tags: list[tuple[str, int]]
    licences: list[tuple[str, float]]
    """Licence, hours."""
    left_out: dict[str, int]
    problems: list[str]


def summarise(folder: Path) -> Summary:
    """The figures of a dataset folder. Raises DatasetError when there is none."""
    try:
        rows = read_tracks(folder)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{folder} cannot be read as a dataset: {error}") from error
    used = [row for row in rows if row.status == "ok"]
    return Summary(
        hours={split: _hours([row for row in used if row.split == split]) for split in SPLITS},
        tracks=dict(Counter(row.split for row in used)),
        groups={split: len({row.group for row in used if row.split == split}) for split in SPLITS},
        largest=_largest(used),
        labels=dict(Counter(name for row in used for name in row.labels.known()).most_common()),
        tags=Counter(tag for row in used for tag in row.labels.tags).most_common(),
        licences=_licences(used),
        left_out=dict(Counter(row.status.partition(":")[0] for row in rows if row.status != "ok").most_common()),
        problems=_problems(folder, rows, used),
    )


def _hours(rows: Sequence[Track]) -> float:
    return sum(row.seconds for row in rows) / 3600


def _largest(used: Sequence[Track]) -> list[tuple[str, str, float]]:
    hours: defaultdict[tuple[str, str], float] = defaultdict(float)
    for row in used:
        hours[row.group, row.split] += row.seconds / 3600
    return [(group, split, hour) for (group, split), hour in sorted(hours.items(), key=lambda entry: -entry[1])]


def _licences(used: Sequence[Track]) -> list[tuple[str, float]]:
    hours: defaultdict[str, float] = defaultdict(float)
    for row in used:
        hours[row.licence or "not said"] += row.seconds / 3600
    return sorted(hours.items(), key=lambda entry: -entry[1])


def _problems(folder: Path, rows: Sequence[Track], used: Sequence[Track]) -> list[str]:
    problems = [] if used else ["no track can be used"]
    held = (folder / AUDIO).stat().st_size // _SAMPLE_BYTES if (folder / AUDIO).exists() else 0
    end = max((row.end for row in used), default=0)
    if held < end:
        problems.append(f"{AUDIO} is cut short by {end - held} samples: run the command that built the dataset again")
    if held > end:
        problems.append(f"{AUDIO} has {held - end} samples that no row names: a build was interrupted, or is at work")
    splits: defaultdict[str, set[str]] = defaultdict(set)
    for row in used:
        splits[row.group].add(row.split)
    if divided := [group for group, found in splits.items() if len(found) > 1]:
        problems.append(f"{len(divided)} groups are in more than one split: {', '.join(sorted(divided)[:3])}")
    if used and not any(row.split == "valid" for row in used):
        problems.append("no track is for validation")
    problems += [f"{row.group}: {row.path}: {row.status}" for row in rows if row.status.startswith("bad")]
    return problems


def show(summary: Summary, console: Console, most: int = 15) -> None:
    """Print the figures as tables; of long lists the first `most`."""
    splits = Table("split", "hours", "tracks", "groups", title="Splits")
    for split in SPLITS:
        if summary.tracks.get(split):
            splits.add_row(split, f"{summary.hours[split]:.2f}", str(summary.tracks[split]), str(summary.groups[split]))
    splits.add_row(
        "all",
        f"{sum(summary.hours.values()):.2f}",
        str(sum(summary.tracks.values())),
        str(sum(summary.groups.values())),
    )
    console.print(splits)
    _list(console, "Groups", ("group", "split", "hours"), [(g, s, f"{h:.2f}") for g, s, h in summary.largest], most)
    tracks = sum(summary.tracks.values()) or 1
    shares = [(name, str(count), f"{100 * count / tracks:.0f} %") for name, count in summary.labels.items()]
    _list(console, "Labels", ("label", "tracks", "share"), shares, len(shares))
    _list(console, "Tags", ("tag", "tracks"), [(tag, str(count)) for tag, count in summary.tags], most)
    _list(console, "Licences", ("licence", "hours"), [(name, f"{hours:.2f}") for name, hours in summary.licences], most)
    _list(console, "Left out", ("why", "files"), [(why, str(count)) for why, count in summary.left_out.items()], most)
    _list(console, "Problems", ("problem",), [(problem,) for problem in summary.problems], most)


def _list(console: Console, title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], most: int) -> None:
    if not rows:
        return
    more = len(rows) - most
    table = Table(*columns, title=title, caption=f"and {more} more" if more > 0 else None)
    for row in rows[:most]:
        table.add_row(*(cell.replace("[", r"\[") for cell in row))
    console.print(table)
