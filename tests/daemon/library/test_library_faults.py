"""Damaged, foreign, newer, full, read-only, killed: nothing that was reported as stored is lost, and the sentence helps."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe, wait_until
from segue.errors import (
    DiskFullError,
    HomeNotWritableError,
    LibraryDamagedError,
    LibraryError,
    LibraryTooNewError,
    ShuttingDownError,
)
from segue.library import schema
from segue.library.store import Library

TESTS = Path(__file__).parents[2]


def fill(library: Library, count: int) -> list[int]:
    return library.store_many(
        [(f"/m/{n}.mp3", probe(str(n), title=f"Song {n}"), analysis(str(n))) for n in range(count)]
    )


def use(path: Path) -> None:
    """Open a library and read all of it."""
    library = Library(path)
    try:
        ids = library.columns().ids.tolist()
        library.tracks(ids)
        library.search("song", 50)
        library.files_under("/m")
        library.counts()
    finally:
        library.close()


def cut(content: bytearray) -> bytes:
    return bytes(content[: len(content) // 2])


def scatter(content: bytearray) -> bytes:
    chance = random.Random(1)
    for _ in range(len(content) // 20):
        content[chance.randrange(len(content))] = chance.randrange(256)
    return bytes(content)


def behead(content: bytearray) -> bytes:
    content[:100] = random.Random(2).randbytes(100)
    return bytes(content)


def blank_middle(content: bytearray) -> bytes:
    content[8192:] = bytes(len(content) - 8192)
    return bytes(content)


@pytest.mark.parametrize("harm", [cut, scatter, behead, blank_middle, lambda _: b"This is a letter, no library. " * 99])
def test_a_damaged_library_says_what_to_do(
    library: Library, library_file: Path, harm: Callable[[bytearray], bytes]
) -> None:
    fill(library, 200)
    library.close()
    library_file.write_bytes(harm(bytearray(library_file.read_bytes())))
    with pytest.raises(LibraryDamagedError, match="what can be read is rescued"):
        use(library_file)


def test_a_damaged_write_ahead_log_costs_no_more_than_itself(library: Library, library_file: Path) -> None:
    fill(library, 20)
    library.close()
    Path(f"{library_file}-wal").write_bytes(random.Random(3).randbytes(50_000))
    Path(f"{library_file}-shm").write_bytes(random.Random(4).randbytes(32_768))
    again = Library(library_file)
    assert again.counts().indexed == 20
    again.close()


def test_an_empty_file_becomes_a_library(library_file: Path) -> None:
    library_file.parent.mkdir()
    library_file.touch()
    use(library_file)


def test_a_newer_library_is_left_alone(library: Library, library_file: Path) -> None:
    library.close()
    db = sqlite3.connect(library_file)
    db.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    db.close()
    before = library_file.read_bytes()
    with pytest.raises(LibraryTooNewError, match="newer version"):
        Library(library_file)
    assert library_file.read_bytes() == before


def test_a_strangers_data_base_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "photos.sqlite"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE photos (id)")
    db.commit()
    db.close()
    with pytest.raises(LibraryDamagedError, match="not a Segue library"):
        Library(path)
    db = sqlite3.connect(path)
    assert db.execute("SELECT count(*) FROM photos").fetchone() == (0,)
    db.close()


def test_an_interrupted_migration_begins_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "library.sqlite"
    broken = (*schema.MIGRATIONS, ("CREATE TABLE extra (id)", "CREATE TABLE extra (id)"))
    with monkeypatch.context() as patch:
        patch.setattr(schema, "MIGRATIONS", broken)
        with pytest.raises(LibraryError):
            Library(path)
    db = sqlite3.connect(path)
    assert db.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)
    assert db.execute("SELECT count(*) FROM sqlite_master WHERE name = 'extra'").fetchone() == (0,)
    db.close()
    use(path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 3 MB."""
    point = tmp_path / "disk"
    point.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "segue-test", str(point)]
    if sys.platform != "linux" or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small disk is not permitted here")
    yield point
    subprocess.run(["umount", "-l", str(point)], check=True)


def test_a_full_disk_loses_nothing_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(1_000_000))
    library = Library(small_disk / "library.sqlite")
    library.set_model(MODEL, LABELS, DIM)
    stored: list[int] = []

    def store_on() -> None:
        for n in range(10_000):
            stored.append(library.store(f"/m/{n}.mp3", probe(str(n)), analysis(str(n))))  # noqa: PERF401

    with pytest.raises(DiskFullError, match="make room"):
        store_on()
    assert len(stored) > 10
    assert library.columns().ids.tolist() == stored
    with pytest.raises(DiskFullError):
        library.store_many([(f"/n/{n}.mp3", probe(f"n{n}"), analysis(f"n{n}")) for n in range(2000)])
    ballast.unlink()
    stored.append(library.store("/m/last.mp3", probe("last"), analysis("last")))
    library.close()
    again = Library(small_disk / "library.sqlite")
    assert again.columns().ids.tolist() == stored
    again.close()


def test_no_room_for_a_new_library_is_said(small_disk: Path) -> None:
    room = os.statvfs(small_disk)
    (small_disk / "ballast").write_bytes(bytes(room.f_bavail * room.f_frsize))
    with pytest.raises(DiskFullError, match="make room"):
        Library(small_disk / "library.sqlite")


def test_a_read_only_home_is_said(small_disk: Path) -> None:
    library = Library(small_disk / "home" / "library.sqlite")
    library.close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for path in (small_disk / "home" / "library.sqlite", small_disk / "new" / "library.sqlite"):
        with pytest.raises(HomeNotWritableError, match="writable"):
            Library(path)


def test_a_home_below_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HomeNotWritableError):
        Library(tmp_path / "file" / "library.sqlite")


def test_a_closed_library_says_so(library: Library) -> None:
    library.close()
    library.close()
    with pytest.raises(ShuttingDownError):
        library.counts()
    with pytest.raises(ShuttingDownError):
        library.enqueue("/m/x.mp3", 1, 1)


def test_readers_see_whole_states_while_one_writes(library: Library) -> None:
    done = threading.Event()
    troubles: list[object] = []

    def read() -> None:
        seen = 0
        while not done.is_set():
            columns = library.columns()
            tracks = library.tracks(columns.ids.tolist())
            if len(columns.ids) < seen or len(columns.ids) % 5 or any(not track.files for track in tracks):
                troubles.append(columns.ids)
            seen = len(columns.ids)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for start in range(0, 200, 5):
        names = [f"{start + n}" for n in range(5)]
        library.store_many([(f"/m/{n}.mp3", probe(n), analysis(n)) for n in names])
    done.set()
    for reader in readers:
        reader.join()
    assert troubles == []
    assert library.counts().indexed == 200


def test_many_writers_take_turns(library: Library) -> None:
    def write(writer: int) -> None:
        for n in range(20):
            library.store(f"/m/{writer}-{n}.mp3", probe(f"{writer}-{n}"), analysis(f"{writer}-{n}"))

    before = library.generation()
    writers = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert library.counts().indexed == 80
    assert library.generation() == before + 80


CHILD = """
import sys
from pathlib import Path
from library_support import DIM, LABELS, MODEL, analysis, probe
from segue.library.store import Library
library = Library(Path(sys.argv[1]))
library.set_model(MODEL, LABELS, DIM)
first = int(sys.argv[2])
for n in range(first, first + 100_000):
    path = f"/m/{n}.mp3"
    library.enqueue(path, n, n)
    print("stored", n, library.store(path, probe(str(n)), analysis(str(n))), flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL on Windows")
def test_what_was_reported_survives_kill_nine(library_file: Path) -> None:
    reported: dict[int, int] = {}
    for round_number in range(3):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(library_file), str(round_number * 1_000_000)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=TESTS,
        )
        lines: list[str] = []
        reader = threading.Thread(target=lambda out, to: to.extend(out), args=(child.stdout, lines))
        reader.start()
        wait_until(lambda lines=lines, n=round_number: len(lines) > 20 + 17 * n, 30)
        child.send_signal(signal.SIGKILL)
        child.wait()
        reader.join()
        child.stdout.close()
        reported |= {int(n): int(track) for _, n, track in (line.split() for line in lines if line.endswith("\n"))}
        library = Library(library_file)
        ids = library.columns().ids.tolist()
        assert set(reported.values()) <= set(ids)
        assert len(ids) <= len(reported) + round_number + 1  # One more may be stored and not yet reported.
        assert all(library.resolve(f"/m/{n}.mp3") == track for n, track in reported.items())
        library.close()
