"""What many tests need: real audio files, real daemons, patience with an end."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

import psutil

from segue.demo.files import write_track
from segue.demo.tracks import DEMO_TRACKS
from segue.home import Home

_EXTRA: Final = (
    replace(DEMO_TRACKS[0], title="Night Bus (Late Mix)", seed=21),
    replace(DEMO_TRACKS[4], title="Thaw", key="E minor", seed=22),
)
MUSIC: Final = tuple(replace(spec, seconds=12.0) for spec in (*DEMO_TRACKS, *_EXTRA))
"""What the `music` fixture renders."""
SUFFIXES: Final = ("mp3", "m4a", "flac", "ogg", "opus", "wav", "aiff")
ALAC: Final = "Pylon"
"""The title of the track that is an m4a with ALAC inside."""


def render_music(folder: Path) -> list[Path]:
    """Fourteen tracks of 12 s, each of the seven suffixes twice and one of the two m4a files with ALAC."""
    paths = []
    for number, spec in enumerate(MUSIC):
        suffix = "m4a" if spec.title == ALAC else SUFFIXES[number % len(SUFFIXES)]
        paths.append(write_track(folder, spec, suffix, codec="alac" if spec.title == ALAC else None))
    return paths


def wait_until(happened: Callable[[], object], seconds: float = 30.0, *, what: str = "it") -> None:
    """Ask again and again until the answer is true; AssertionError when it is not in time."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(0.05)


class RunningDaemon:
    """A real `segued` process on a home of its own."""

    def __init__(self, home: Path, *, environment: Mapping[str, str] | None = None) -> None:
        self.home = home
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[str] | None = None

    def start(self, seconds: float = 30.0) -> Self:
        """Start it and wait for its connection file."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "segue.server.main", "--home", str(self.home)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environment,
            start_new_session=True,
        )
        connection_file = Home.locate(self.home).connection_file

        def is_up() -> bool:
            if self.process.poll() is not None:
                raise AssertionError(f"segued ended with {self.process.returncode}: {self.process.communicate()[0]}")
            with contextlib.suppress(OSError):
                return f'"pid": {self.process.pid}' in connection_file.read_text()
            return False

        wait_until(is_up, seconds, what="the daemon's connection file")
        return self

    @property
    def process(self) -> subprocess.Popen[str]:
        """The process that was started."""
        assert self._process is not None, "start() it first"
        return self._process

    def stop(self, seconds: float = 20.0) -> int:
        """Ask it to stop (SIGTERM) and return its exit code."""
        self.process.terminate()
        try:
            self.process.communicate(timeout=seconds)
        finally:
            self.kill()
        return self.process.returncode

    def kill(self) -> None:
        """End it and all its workers at once (SIGKILL)."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            if self._process.stdout:
                self._process.stdout.close()


def end_processes_of(home: Path) -> None:
    """Kill whatever still runs on a home, with its children: a daemon that `segue up` started, say."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if str(home) in process.cmdline() and process.pid != os.getpid():
                family = [*process.children(recursive=True), process]
                for member in family:
                    member.kill()
                psutil.wait_procs(family, timeout=5)


def remove_home(home: Path) -> None:
    """End what runs on a home and delete it."""
    end_processes_of(home)
    shutil.rmtree(home, ignore_errors=True)
