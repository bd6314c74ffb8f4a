"""Power cuts and murder while tags are written: a file is as it was or whole, and nothing is left beside it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from loop import Loop
from segue.errors import SegueError
from segue.home import Home
from segue.protocol.messages import TagWrites
from segue.server.unfinished import Unfinished
from support import wait_until

_FILLING = 300 * 1024 * 1024


@pytest.fixture
def loop(home: Path, tmp_path: Path, music: Path) -> Iterator[Loop]:
    with Loop(home, tmp_path / "collection") as loop:
        yield loop


def big_file(loop: Loop, music: Path) -> Path:
    """A wav that takes a while to copy: behind the music lies a chunk of nothing, which takes no room on the disk."""
    source = next(music.glob("*.wav"))
    data = source.read_bytes()
    path = loop.music / "big.wav"
    with path.open("wb") as file:
        file.write(data[:4] + (len(data) + _FILLING).to_bytes(4, "little") + data[8:])
        file.write(b"fill" + _FILLING.to_bytes(4, "little"))
        file.truncate(len(data) + 8 + _FILLING)
    loop.settle(1)
    return path


class Asking(threading.Thread):
    """Asks for tags to be written; `done` is what came of it."""

    def __init__(self, loop: Loop, path: Path) -> None:
        super().__init__()
        self._loop, self._path = loop, path
        self.done: TagWrites | SegueError | None = None

    def run(self) -> None:
        try:
            self.done = self._loop.client.write_tags(str(self._path))
        except SegueError as error:
            self.done = error


def begin(loop: Loop, path: Path) -> Asking:
    """Ask, and return when the copy has begun to be written."""
    asking = Asking(loop, path)
    asking.start()
    end = time.monotonic() + 90
    while not any(copy.stat().st_size > 1024 * 1024 for copy in loop.music.glob(".segue-*")):
        assert time.monotonic() < end, "no copy was begun"
    return asking


@pytest.mark.slow
def test_a_killed_daemon(loop: Loop, music: Path) -> None:
    path = big_file(loop, music)
    loop.client.set_values(str(path), bpm=99.5)
    before = path.stat()
    asking = begin(loop, path)
    loop.daemon.kill()
    asking.join(30)
    assert isinstance(asking.done, SegueError)
    assert len(list(loop.music.iterdir())) == 2
    after = path.stat()
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)

    loop.restart()
    wait_until(lambda: list(loop.music.iterdir()) == [path], what="the copy's end")
    ledger = Home.locate(loop.home).unfinished_file
    wait_until(lambda: not ledger.exists(), what="the ledger's end")  # it is struck out after the copies are gone
    loop.settle(1)
    done = loop.client.write_tags(str(path))
    assert [file.state for file in done.files] == ["written"]
    assert list(loop.music.iterdir()) == [path]
    assert loop.client.track(str(path)).sources["bpm"][1].source == "file"


@pytest.mark.slow
def test_a_killed_worker(loop: Loop, music: Path) -> None:
    path = big_file(loop, music)
    loop.client.set_values(str(path), bpm=99.5)
    before = path.stat()
    asking = begin(loop, path)
    for worker in psutil.Process(loop.daemon.process.pid).children():
        os.kill(worker.pid, signal.SIGKILL)
    asking.join(30)
    assert isinstance(asking.done, TagWrites)
    assert [file.code for file in asking.done.files] == ["worker-crashed"]
    assert list(loop.music.iterdir()) == [path]
    assert path.stat().st_ino == before.st_ino
    assert [file.state for file in loop.client.write_tags(str(path)).files] == ["written"]


def test_only_copies_are_tidied_away(tmp_path: Path) -> None:
    ledger, song, away = tmp_path / "ledger", tmp_path / "song.mp3", tmp_path / "away" / ".segue-0123456789abcdef.mp3"
    song.write_bytes(b"music")
    unfinished = Unfinished(ledger)
    copy = unfinished.begin(song)
    copy.write_bytes(b"half")
    ledger.write_bytes(ledger.read_bytes() + os.fsencode(song) + b"\0" + os.fsencode(away) + b"\0")
    unfinished.tidy()
    assert (copy.exists(), song.exists()) == (False, True)
    assert ledger.read_bytes() == os.fsencode(away) + b"\0"  # its drive may come back
    away.parent.mkdir()
    away.write_bytes(b"half")
    unfinished.tidy()
    assert not away.exists()
    assert not ledger.exists()
