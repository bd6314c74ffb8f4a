"""A daemon with a folder of its own and a client on it, for tests of the whole loop."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from segue.client import Client
from segue.protocol.messages import Status, Track
from support import RunningDaemon, wait_until


class Loop:
    """`music` is watched by a daemon on `home`; `client` asks it."""

    def __init__(self, home: Path, music: Path, settings: str = "") -> None:
        self.home = home
        self.music = music
        music.mkdir(parents=True, exist_ok=True)
        home.mkdir(parents=True, exist_ok=True)
        (home / "config.toml").write_text(f"settle_seconds = 0.4\nworkers = 1\n{settings}\n")
        self.daemon = RunningDaemon(home)
        self.client = Client(home)

    def __enter__(self) -> Self:
        self.daemon.start()
        self.client.add_folder(self.music)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        self.daemon.kill()

    def bring(self, files: Iterable[Path]) -> list[Path]:
        """Copy files into the folder; returns their new paths."""
        return [Path(shutil.copy(path, self.music)) for path in files]

    def restart(self) -> None:
        """A new daemon process on the same home; the old one must have ended."""
        self.daemon = RunningDaemon(self.home).start()

    def status(self) -> Status:
        return self.client.status()

    def settle(self, indexed: int, failed: int = 0, seconds: float = 150.0) -> Status:
        """Wait until nothing is queued and so many tracks are indexed and files failed."""

        def done() -> bool:
            status = self.status()
            counts = status.tracks
            return not (status.scanning or counts.queued or status.analysing) and (counts.indexed, counts.failed) == (
                indexed,
                failed,
            )

        try:
            wait_until(done, seconds, what=f"{indexed} indexed and {failed} failed")
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {self.status()}, {self.client.failures()}") from None
        return self.status()

    def titles(self) -> set[str]:
        return {track.title for track in self.tracks()}

    def tracks(self) -> list[Track]:
        return self.client.search("", limit=200).tracks
