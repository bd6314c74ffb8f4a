"""Comparing a scan with the library. Pure logic."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from segue.library import paths
from segue.library.files import FileRow, FileStat
from segue.watch.scan import Scan


class Difference(NamedTuple):
    """What the library does not know yet."""

    fresh: list[FileStat]
    """New, changed or returned files."""
    vanished: list[FileRow]
    """Files that were there and are not."""


def compare(known: Iterable[FileRow], found: Scan, away: Iterable[str] = ()) -> Difference:
    """Compare what the library knows below a folder with what a scan found there.

    Args:
        known: the library's files below the scanned folder.
        found: the scan.
        away: folders below which another drive was mounted that is not there now: nothing below them has vanished.

    """
    unknown = [*found.unreadable, *away]
    fresh = dict(found.files)
    vanished: list[FileRow] = []
    for row in known:
        stat = found.files.get(row.path)
        if stat is None:
            if row.state != "missing" and not _is_below_any(row.path, unknown):
                vanished.append(row)
        elif not is_news(row, stat):
            del fresh[row.path]
    return Difference(list(fresh.values()), vanished if found.complete else [])


def pair_moves(vanished: Iterable[FileRow], fresh: Iterable[FileStat]) -> list[tuple[str, str]]:
    """Pair vanished files with new ones of the same size and mtime: they were moved or renamed.

    Where several fit, one of the same name is meant; without such a name there is no pair.

    Returns:
        Old and new path of each.

    """
    candidates: dict[tuple[int, int], list[str]] = {}
    for row in vanished:
        candidates.setdefault((row.size, row.mtime_ns), []).append(row.path)
    pairs: list[tuple[str, str]] = []
    for stat in fresh:
        fitting = candidates.get((stat.size, stat.mtime_ns), [])
        named = [path for path in fitting if _name(path) == _name(stat.path)] or fitting
        if len(named) == 1:
            pairs.append((named[0], stat.path))
            fitting.remove(named[0])
    return pairs


def is_news(row: FileRow | None, stat: FileStat) -> bool:
    """Whether the library must be told of a file: it is new, changed, or there again."""
    return row is None or row.state == "missing" or (row.size, row.mtime_ns) != (stat.size, stat.mtime_ns)


def _is_below_any(path: str, folders: list[str]) -> bool:
    return any(paths.is_below(path, folder) for folder in folders)


def _name(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]
