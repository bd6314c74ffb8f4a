"""A watcher on a real folder with real events and a real library."""

from __future__ import annotations

import os
from pathlib import Path

from library_support import DIM, LABELS, MODEL, analysis, probe, wait_until
from segue.library.store import Library
from segue.watch.watcher import Watcher

SETTLE = 0.3


class Bench:
    """A library with one watched folder, and what the watcher said."""

    def __init__(self, tmp_path: Path) -> None:
        self.root = tmp_path / "music"
        self.root.mkdir()
        self.library = Library(tmp_path / "library.sqlite")
        self.library.set_model(MODEL, LABELS, DIM)
        self.library.add_folder(self.root)
        self.queued: list[int] = []
        self.changed: list[int] = []
        self.folder_news: list[str] = []
        self.watcher = self.new_watcher()

    def new_watcher(self, settle_seconds: float = SETTLE, **options: float) -> Watcher:
        return Watcher(
            self.library,
            settle_seconds=settle_seconds,
            on_queued=self.queued.append,
            on_changed=self.changed.extend,
            on_folder=lambda: self.folder_news.extend(folder.watch for folder in self.watcher.folders()),
            **options,
        )

    def start(self) -> None:
        self.watcher.start()
        self.wait_idle()

    def wait_idle(self) -> None:
        wait_until(lambda: self.watcher.idle)

    def write(self, *names: str, folder: Path | None = None) -> None:
        for name in names:
            path = (folder or self.root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(name.encode())

    def states(self) -> dict[str, str]:
        rows = self.library.files_under(self.root)
        return {os.path.relpath(path, self.root): row.state for path, row in rows.items()}

    def wait_states(self, expected: dict[str, str]) -> None:
        """Wait for what the library says; who listens is told only then: see `wait_idle`."""
        try:
            wait_until(lambda: self.states() == expected)
        except AssertionError:
            assert self.states() == expected

    def index(self) -> dict[str, int]:
        """Do as the analysis does: store all that waits, each file's bytes being its audio."""
        for row in self.library.take(1000, []):
            name = Path(row.path).read_bytes().decode()
            if self.library.attach(row.path, probe(name), as_of=row) is None:
                self.library.store(row.path, probe(name), analysis(name), as_of=row)
        return {path: row.track_id for path, row in self.library.files_under(self.root).items()}

    def missing(self) -> int:
        return self.library.counts().missing
