"""Nothing is lost: kills, damage, a full disk, a second daemon, hostile messages."""

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest
import zmq

from command import segue
from loop import Loop
from segue.client import Client
from segue.errors import LibraryDamagedError
from segue.home import Home
from support import remove_home, wait_until


@pytest.fixture
def loop(home, tmp_path):
    with Loop(home, tmp_path / "music") as loop:
        yield loop


def test_kill_at_any_moment_loses_nothing_that_was_reported(home, tmp_path, music):
    loop = Loop(home, tmp_path / "music")
    loop.bring(sorted(music.iterdir()))
    reported: set[str] = set()
    chance = random.Random(4)
    with loop:
        for _ in range(4):
            with contextlib.suppress(StopIteration), loop.client.events(["track.indexed"], timeout=60) as events:
                for _ in range(chance.randint(1, 2)):
                    reported.add(next(event for name, event in events if name != "gap").data["path"])
            loop.daemon.kill()
            loop.restart()
            assert reported <= {track.path for track in loop.tracks()}
        loop.settle(indexed=14)
        assert len(loop.tracks()) == 14
    assert len(reported) >= 4


def test_a_killed_worker_loses_no_file_but_its_own(loop, music):
    loop.bring(sorted(music.iterdir())[:5])
    wait_until(lambda: loop.status().analysing, what="work")
    worker = max(psutil.Process(loop.daemon.process.pid).children(recursive=True), key=lambda p: p.memory_info().rss)
    worker.kill()
    counts = loop.status().tracks

    def all_done() -> bool:  # the queue may be empty before the last file has come into it
        nonlocal counts
        counts = loop.status().tracks
        return counts.indexed + counts.failed == 5 and not counts.queued

    wait_until(all_done, 90, what="the end of all five")
    assert counts.indexed >= 4
    assert {failure.code for failure in loop.client.failures().failures} <= {"worker-crashed"}


def test_workers_die_with_a_killed_daemon(loop, music):
    loop.bring(sorted(music.iterdir())[:3])
    wait_until(lambda: loop.status().analysing, what="work")
    workers = psutil.Process(loop.daemon.process.pid).children(recursive=True)
    assert workers
    os.kill(loop.daemon.process.pid, signal.SIGKILL)  # the daemon alone, not its group
    _, alive = psutil.wait_procs(workers, timeout=30)
    assert not alive


def test_a_second_daemon_says_who_is_there_and_leaves(loop):
    second = subprocess.run(
        [sys.executable, "-m", "segue.server.main", "--home", str(loop.home)],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert second.returncode == 3
    assert str(loop.daemon.process.pid) in second.stderr
    assert "Traceback" not in second.stderr
    assert loop.status().pid == loop.daemon.process.pid


def test_sigterm_saves_and_ends_with_zero_and_nothing_is_analysed_again(loop, music):
    loop.bring(sorted(music.iterdir())[:3])
    before = loop.settle(indexed=3)
    assert loop.daemon.stop() == 0
    assert not Home.locate(loop.home).connection_file.exists()
    loop.restart()
    status = loop.status()
    assert (status.tracks.indexed, status.tracks.queued) == (3, 0)
    assert status.index.generation == before.index.generation
    assert len(loop.client.next(loop.tracks()[0].title).suggestions) == 1, "two of the three are versions of one work"


def test_a_stop_while_analysing_keeps_the_rest_queued(loop, music):
    loop.bring(sorted(music.iterdir())[:6])
    wait_until(lambda: loop.status().tracks.indexed >= 1, what="the first track")
    assert loop.daemon.stop(40) == 0
    loop.restart()
    loop.settle(indexed=6)


def _damage(path: Path) -> None:
    chance = random.Random(path.name)
    blob = bytearray(path.read_bytes())
    for start in range(0, len(blob), max(len(blob) // 40, 1)):
        blob[start : start + 64] = chance.randbytes(min(64, len(blob) - start))
    path.write_bytes(bytes(blob))


def test_a_damaged_index_is_built_again(loop, music):
    loop.bring(sorted(music.iterdir())[:4])
    loop.settle(indexed=4)
    title = loop.tracks()[0].title
    before = loop.client.next(title)
    loop.daemon.stop()
    files = [path for path in Home.locate(loop.home).index_dir.rglob("*") if path.is_file()]
    assert files, "the index must have been saved"
    for path in files:
        _damage(path)
    loop.restart()
    assert loop.client.next(title).suggestions == before.suggestions


def test_a_library_of_which_nothing_is_left_is_put_aside_and_everything_is_indexed_again(loop, music):
    loop.bring(sorted(music.iterdir())[:2])
    loop.settle(indexed=2)
    loop.daemon.stop()
    library = Home.locate(loop.home).library_file
    library.write_bytes(b"this was a library once" * 500)
    loop.restart()
    assert any("damaged" in problem for problem in loop.status().problems)
    assert list(library.parent.glob("library.damaged-*.db"))
    loop.settle(indexed=2)  # in the folder that a copy of the list still names


def _overwrite_first_page(library: Path, table: str) -> None:
    with contextlib.closing(sqlite3.connect(f"file:{library}?mode=ro", uri=True)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with library.open("r+b", buffering=0) as file:
        file.seek((page - 1) * size)
        file.write(random.Random(table).randbytes(size))


def test_a_damaged_page_costs_no_more_than_itself(loop, music):
    loop.bring(sorted(music.iterdir())[:3])
    loop.settle(indexed=3)
    played = loop.tracks()[0]
    loop.client.mark_played(f"#{played.id}")
    before = {track.id: track.title for track in loop.tracks()}
    loop.daemon.stop()
    library = Home.locate(loop.home).library_file
    _overwrite_first_page(library, "vectors")
    loop.restart()
    (problem,) = loop.status().problems
    assert "1 plays" in problem
    assert "3 files are analysed again" in problem
    loop.settle(indexed=3)
    assert [play.track for play in loop.client.history().plays] == [played.id]
    assert {track.id: track.title for track in loop.tracks()} == before
    loop.daemon.stop()
    loop.restart()
    assert loop.status().problems == []


def test_damage_under_a_running_daemon_is_said_and_rescued_by_the_next_start(loop, music):
    loop.bring(sorted(music.iterdir())[:2])
    loop.settle(indexed=2)
    played = loop.tracks()[0]
    loop.client.mark_played(f"#{played.id}")
    loop.daemon.stop()
    loop.restart()
    library = Home.locate(loop.home).library_file
    _overwrite_first_page(library, "plays")
    assert loop.status().problems == []
    loop.client.set_crate("any", [f"#{played.id}"])  # a write: what readers have read before is read again
    with pytest.raises(LibraryDamagedError, match="segue down"):
        loop.client.history()
    assert any("segue down" in problem for problem in loop.status().problems)
    assert len(loop.client.next(f"#{played.id}").suggestions) == 1
    loop.daemon.stop()
    loop.restart()
    (problem,) = loop.status().problems
    assert "1 plays" in problem
    loop.settle(indexed=2)
    assert [play.track for play in loop.client.history().plays] == [played.id]
    assert not library.with_suffix(".suspect").exists()


def test_a_home_with_a_long_path_works(tmp_path, music):
    deep = Path(tempfile.mkdtemp(prefix="segue-")) / ("a-long-name-" * 8) / ("and-another-" * 6)
    try:
        with Loop(deep, tmp_path / "music") as loop:
            assert len(str(Home.locate(deep).runtime_dir)) > 107
            loop.bring(sorted(music.iterdir())[:1])
            loop.settle(indexed=1)
            assert loop.daemon.stop() == 0
    finally:
        remove_home(deep)


def _start_and_fail(home: Path) -> str:
    started = subprocess.run(
        [sys.executable, "-m", "segue.server.main", "--home", str(home)],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert started.returncode == 1
    assert "Traceback" not in started.stderr
    return started.stderr


def test_a_home_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert "cannot" in _start_and_fail(tmp_path / "file" / "home")


@contextlib.contextmanager
def _small_disk(folder: Path, kilobytes: int, options: str = ""):
    folder.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k{options}", "tmpfs", str(folder)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs rights that this user does not have")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


@pytest.mark.skipif(shutil.which("mount") is None, reason="this system has no mount command")
class TestDisks:
    def test_a_read_only_home_is_one_sentence(self, tmp_path):
        with _small_disk(tmp_path / "disk", 256, ",ro") as disk:
            assert "disk" in _start_and_fail(disk / "home")

    def test_a_disk_that_is_full_from_the_beginning_is_one_sentence(self, tmp_path):
        with _small_disk(tmp_path / "disk", 256) as disk:
            with contextlib.suppress(OSError):
                (disk / "filler").write_bytes(bytes(1 << 20))
            outcome = segue("up", "--no-wait", home=disk / "h")
            assert "is full" in outcome.err
            assert outcome.err.count("\n") == 1, outcome.err

    def test_a_full_disk_holds_indexing_up_and_loses_nothing(self, tmp_path, music):
        with _small_disk(tmp_path / "disk", 8000) as disk, Loop(disk / "h", tmp_path / "music") as loop:
            loop.bring(sorted(music.iterdir())[:1])
            loop.settle(indexed=1)
            stuffing = disk / "stuffing"
            with contextlib.suppress(OSError), stuffing.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
            loop.bring(sorted(music.iterdir())[1:5])
            wait_until(lambda: any("full" in problem for problem in loop.status().problems), 60, what="the complaint")
            assert loop.status().tracks.failed == 0
            assert loop.client.track(loop.tracks()[0].title)
            stuffing.unlink()
            loop.client.rescan()
            loop.settle(indexed=5, seconds=120)

    def test_an_unmounted_folder_loses_nothing(self, home, tmp_path, music):
        with _small_disk(tmp_path / "stick", 40_000) as stick, Loop(home, stick) as loop:
            loop.bring(sorted(music.iterdir())[:2])
            loop.settle(indexed=2)
            before = loop.client.next(loop.tracks()[0].title)
            subprocess.run(["umount", "-l", str(stick)], check=True)
            loop.client.rescan()
            wait_until(lambda: loop.status().folders[0].watch == "away", what="the folder to be away")
            assert loop.status().tracks.indexed == 2
            assert loop.client.next(loop.tracks()[0].title) == before
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(stick)], check=True)  # for the clean-up


def test_fuzzed_messages_do_not_keep_the_daemon_from_answering(loop):
    endpoint = loop.status().endpoints["query"]
    chance = random.Random(11)
    method = b'{"jsonrpc":"2.0","id":1,"method":"'
    context = zmq.Context()
    try:
        for round_ in range(30):
            socket = context.socket(zmq.DEALER)
            socket.linger = 0
            socket.connect(endpoint)
            for _ in range(40):
                size = chance.choice([0, 1, 7, 100, 5_000, 300_000]) if round_ % 10 == 0 else chance.choice([0, 3, 90])
                frames = [
                    chance.choice(
                        [
                            chance.randbytes(size),
                            method + chance.randbytes(size) + b'"}',
                            b"[" * size,
                            b'{"jsonrpc":"2.0","id":[],"method":5,"params":NaN}',
                            method + b'recommend.next","params":{"track":"#99999999999999999999","limit":-1}}',
                            method + b'library.search","params":{"text":"\\"*(NEAR AND OR","limit":3}}',
                            method + b'track.analyse","params":{"path":"/dev/zero"}}',
                            method + b'recommend.similar","params":{"path":"/proc/self/mem\\u0000"}}',
                        ]
                    )
                    for _ in range(chance.choice([1, 1, 1, 2, 12]))
                ]
                socket.send_multipart(frames)
            socket.close()
        with Client(loop.home) as client:
            assert client.ping(timeout=30).version
            assert client.status().tracks.failed == 0
    finally:
        context.term()
