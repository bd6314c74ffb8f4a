"""What the watcher needs of the library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from segue.library.files import Enqueued, FileRow, FileStat


class Ledger(Protocol):
    """The part of `segue.library.store.Library` that the watcher uses."""

    def folders(self) -> list[Path]:
        """Return the watched folders."""

    def private_folders(self) -> list[Path]:
        """Return those of them whose tracks are suggested to nobody."""

    def file(self, path: str) -> FileRow | None:
        """Return one file."""

    def each_file_under(self, folder: str | Path) -> Iterator[FileRow]:
        """Go through the files below a folder."""

    def count_under(self, folder: str | Path) -> int:
        """Count the files below a folder that are there."""

    def enqueue_many(self, found: Iterable[FileStat], priority: int = 0) -> Enqueued:
        """Queue what is new or changed."""

    def move_many(self, pairs: Iterable[tuple[str, str]]) -> int:
        """Follow files to new paths."""

    def mark_missing(self, paths: Iterable[str]) -> list[int]:
        """Remember that files are not there."""
