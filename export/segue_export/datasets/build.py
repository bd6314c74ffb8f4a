"""Decode planned recordings into a dataset: in parallel, in order, with progress, and on from where it stopped."""

from __future__ import annotations

import errno
import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Final, NamedTuple

from segue_export.datasets.items import Item, Limits, load
from segue_export.decode import Samples
from segue_export.interrupts import deaf_to_interrupts
from segue_export.shards import (
    AUDIO,
    MANIFEST,
    ShardWriter,
    SplitError,
    Track,
    is_dataset,
    read_tracks,
    write_manifest,
)

_AHEAD: Final = 3
"""Recordings in flight for each worker: enough to keep them busy, and few enough to hold in memory."""
CRASHED: Final = "bad: the decoder crashed"


class DatasetError(Exception):
    """A dataset cannot be built; the message says what to do."""


class Decoded(NamedTuple):
    """A recording that was decoded, or the reason why not."""

    item: Item
    sha256: str
    samples: Samples | str


Report = Callable[[Item, str], None]
"""Is told of every recording with its status."""


def build(
    items: Iterable[Item],
    out: Path,
    *,
    limits: Limits | None = None,
    workers: int = 1,
    report: Report | None = None,
    not_in: Sequence[Path] = (),
) -> Counter[str]:
    """Decode recordings into a dataset folder; returns how many got which status.

    Recordings that the folder has already, by group and path, are not looked at again, so an interrupted build goes on
    and gives the same dataset as one that was not. A recording that is the same, sample for sample, as one in this
    dataset or in one of `not_in` is a duplicate. Raises DatasetError when the disk is full or a folder cannot be used.
    """
    elsewhere = set[str]().union(*(_hashes(folder) for folder in not_in))
    try:
        writer = ShardWriter(out)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{out} cannot be used as a dataset folder: {error}") from error
    counts: Counter[str] = Counter()
    for done in decoded(_new(items, writer), limits or Limits(), workers):
        samples = "duplicate" if done.sha256 in elsewhere and not isinstance(done.samples, str) else done.samples
        status = _add(writer, done.item, done.sha256, samples, out)
        counts[status.split(":")[0]] += 1
        if report is not None:
            report(done.item, status)
    return counts


def _hashes(folder: Path) -> set[str]:
    try:
        return {row.sha256 for row in read_tracks(folder) if row.status == "ok"}
    except (OSError, ValueError) as error:
        raise DatasetError(f"{folder} cannot be read as a dataset: {error}") from error


def relabel(items: Iterable[Item], out: Path) -> int:
    """Give recordings that the dataset has already the labels and licences of the items; returns how many changed.

    Raises DatasetError when the manifest is damaged or cannot be written.
    """
    if not is_dataset(out):
        return 0
    planned = {(item.group, item.path): item for item in items}
    try:
        rows = read_tracks(out)
        fresh = [_relabelled(row, planned.get((row.group, row.path))) for row in rows]
        changed = sum(new is not old for new, old in zip(fresh, rows, strict=True))
        if changed:
            write_manifest(out / MANIFEST, fresh)
    except (OSError, ValueError) as error:
        raise DatasetError(f"{out} cannot be used as a dataset folder: {error}") from error
    return changed


def _relabelled(row: Track, item: Item | None) -> Track:
    if item is None or (item.labels, item.licence) == (row.labels, row.licence):
        return row
    return replace(row, labels=item.labels, licence=item.licence)


def pending(items: Iterable[Item], out: Path) -> list[Item]:
    """Recordings that the dataset does not have yet. Raises ValueError when its manifest is damaged."""
    known = {(row.group, row.path) for row in read_tracks(out)} if is_dataset(out) else set()
    return [item for item in items if (item.group, item.path) not in known]


def _new(items: Iterable[Item], writer: ShardWriter) -> Iterator[Item]:
    seen = set(writer.known)
    for item in items:
        if (item.group, item.path) not in seen:
            seen.add((item.group, item.path))
            yield item


def _add(writer: ShardWriter, item: Item, sha256: str, samples: Samples | str, out: Path) -> str:
    try:
        return writer.add(
            item.group,
            item.path,
            item.licence,
            sha256,
            samples,
            split=item.split,
            source=item.source,
            labels=item.labels,
        )
    except SplitError as error:
        raise DatasetError(
            f"{error}. It was put there by an earlier run; make the dataset in a new folder, or use the splits of then"
        ) from error
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise DatasetError(
                f"the disk is full: {out / AUDIO} could not grow. What is there is whole; make room and run the same command again"
            ) from error
        raise DatasetError(f"{out} cannot be written: {error}") from error


def decoded(items: Iterable[Item], limits: Limits, workers: int) -> Iterator[Decoded]:
    """Recordings in the order of the items, decoded by so many processes; few are in memory at a time.

    A recording on which the decoder crashes is reported as bad, and the others are not hurt.
    """
    if workers <= 1:
        yield from (_decode(item, limits) for item in items)
        return
    remaining = iter(items)
    waiting: list[Item] = []
    while True:
        try:
            yield from _in_pool(waiting, remaining, limits, workers)
        except BrokenProcessPool:
            # One of those in flight did it: they are tried again one at a time.
            while waiting:
                yield from _one_at_a_time(waiting, limits)
        else:
            return


@contextmanager
def processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Worker processes; left early, what they have not begun is not done."""
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"))
    try:
        with deaf_to_interrupts():
            for _ in range(count):
                pool.submit(int)  # each starts one: none is idle before it has started
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _in_pool(waiting: list[Item], remaining: Iterator[Item], limits: Limits, workers: int) -> Iterator[Decoded]:
    """Decode what remains; when a process crashes, `waiting` holds what was not yet handed over."""
    waiting.extend(islice(remaining, workers * _AHEAD))
    if not waiting:
        return
    with processes(workers) as pool:
        futures = deque(pool.submit(_decode, item, limits) for item in waiting)
        while futures:
            done = futures.popleft().result()
            waiting.pop(0)
            yield done
            for item in islice(remaining, 1):
                waiting.append(item)
                futures.append(pool.submit(_decode, item, limits))


def _one_at_a_time(waiting: list[Item], limits: Limits) -> Iterator[Decoded]:
    """Empty the list, or up to the first recording on which the process crashes."""
    with processes(1) as pool:
        while waiting:
            item = waiting.pop(0)
            try:
                done = pool.submit(_decode, item, limits).result()
            except BrokenProcessPool:
                yield Decoded(item, "", CRASHED)
                return
            yield done


def _decode(item: Item, limits: Limits) -> Decoded:
    samples = load(item, limits)
    return Decoded(item, "" if isinstance(samples, str) else hashlib.sha256(samples.tobytes()).hexdigest(), samples)
