"""The watcher on real folders with real events and a real library."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe, wait_until
from segue.errors import DiskFullError, FolderNotFoundError
from segue.library.files import Enqueued
from segue.library.store import Library
from segue.watch import watcher as watcher_module
from segue.watch.observer import EventSource, WatchLimitError
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

    def new_watcher(self, **options: float) -> Watcher:
        return Watcher(
            self.library,
            settle_seconds=SETTLE,
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

    def wait_states(self, expected: dict[str, str], seconds: float = 10.0) -> None:
        try:
            wait_until(lambda: self.states() == expected, seconds)
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


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.watcher.stop()
    made.library.close()


def test_what_was_there_before_is_queued_at_once(bench: Bench) -> None:
    bench.write("a.mp3", "deep/er/b.flac", "cover.jpg", "._a.mp3")
    for path in bench.root.rglob("*.*"):
        os.utime(path, (1, 1))
    bench.start()
    assert bench.states() == {"a.mp3": "queued", "deep/er/b.flac": "queued"}
    (folder,) = bench.watcher.folders()
    assert (folder.path, folder.watch, folder.files) == (str(bench.root), "events", 2)
    assert bench.watcher.problems() == []
    assert sum(bench.queued) == 2


def test_changes_while_it_did_not_run_are_found(bench: Bench) -> None:
    bench.write("stays.mp3", "goes.mp3", "moves.mp3", "changes.mp3")
    bench.start()
    before = bench.index()
    bench.watcher.stop()
    (bench.root / "goes.mp3").unlink()
    (bench.root / "moves.mp3").rename(bench.root / "moved.mp3")
    bench.write("new.mp3")
    (bench.root / "changes.mp3").write_bytes(b"other audio")
    bench.watcher = bench.new_watcher()
    bench.start()
    expected = {"stays.mp3": "indexed", "goes.mp3": "missing", "moved.mp3": "queued"}
    bench.wait_states({**expected, "changes.mp3": "queued", "new.mp3": "queued"})
    assert bench.changed == [before[str(bench.root / "goes.mp3")]]
    assert bench.index()[str(bench.root / "moved.mp3")] == before[str(bench.root / "moves.mp3")]


def test_a_burst_of_files_is_taken_whole(bench: Bench) -> None:
    bench.start()
    names = [f"{n}.mp3" for n in range(200)]
    bench.write(*names)
    bench.wait_states(dict.fromkeys(names, "queued"), SETTLE + 3)
    assert sum(bench.queued) == 200


def test_a_growing_file_waits_until_it_stands_still(bench: Bench) -> None:
    bench.start()
    with (bench.root / "a.mp3").open("wb") as file:
        for _ in range(8):
            file.write(b"x" * 100)
            file.flush()
            time.sleep(SETTLE / 3)
            assert bench.states() == {}
    bench.wait_states({"a.mp3": "queued"})
    assert bench.library.file(str(bench.root / "a.mp3")).size == 800
    assert bench.queued == [1]


def test_a_download_is_taken_when_it_gets_its_name(bench: Bench) -> None:
    bench.start()
    bench.write("a.mp3.part", "b.mp3.crdownload", "c.mp3.download/c.mp3")
    time.sleep(SETTLE * 2)
    assert bench.states() == {}
    (bench.root / "a.mp3.part").rename(bench.root / "a.mp3")
    (bench.root / "c.mp3.download" / "c.mp3").rename(bench.root / "c.mp3")
    bench.wait_states({"a.mp3": "queued", "c.mp3": "queued"})


def test_an_empty_file_waits_for_the_download_beside_it(bench: Bench) -> None:
    bench.start()
    (bench.root / "a.mp3").touch()
    (bench.root / "alone.mp3").touch()
    bench.write("a.mp3.part")
    bench.wait_states({"alone.mp3": "queued"})
    time.sleep(SETTLE * 2)
    assert "a.mp3" not in bench.states()
    (bench.root / "a.mp3.part").replace(bench.root / "a.mp3")
    bench.wait_states({"alone.mp3": "queued", "a.mp3": "queued"})


def test_a_folder_moved_in_and_out_again(bench: Bench, tmp_path: Path) -> None:
    bench.start()
    names = [f"deep/{n}.mp3" for n in range(30)]
    bench.write(*names, folder=tmp_path / "outside")
    (tmp_path / "outside").rename(bench.root / "in")
    bench.wait_states({f"in/{name}": "queued" for name in names}, SETTLE + 3)
    tracks = set(bench.index().values())
    (bench.root / "in").rename(tmp_path / "outside")
    bench.wait_states({f"in/{name}": "missing" for name in names}, SETTLE + 3)
    wait_until(lambda: set(bench.changed) == tracks)
    bench.changed.clear()
    (tmp_path / "outside").rename(bench.root / "in")
    bench.wait_states({f"in/{name}": "indexed" for name in names}, SETTLE + 3)
    wait_until(lambda: set(bench.changed) == tracks)
    assert bench.library.take(1, []) == []


def test_a_renamed_folder_keeps_its_tracks_present(bench: Bench) -> None:
    names = [f"{n % 7}/{n}.mp3" for n in range(100)]
    bench.write(*(f"old/{name}" for name in names))
    bench.start()
    before = bench.index()
    (bench.root / "old").rename(bench.root / "new")
    deadline = time.monotonic() + SETTLE + 3
    while bench.states() != {f"new/{name}": "queued" for name in names}:
        assert bench.missing() == 0
        assert time.monotonic() < deadline
        time.sleep(0.02)
    after = bench.index()
    assert {path.replace("/old/", "/new/"): track for path, track in before.items()} == after
    bench.wait_idle()
    assert bench.changed == []


def test_a_renamed_and_a_copied_file_are_the_same_track(bench: Bench) -> None:
    bench.write("a.mp3")
    bench.start()
    (track,) = bench.index().values()
    (bench.root / "a.mp3").rename(bench.root / "b.mp3")
    bench.wait_states({"b.mp3": "queued"})
    assert list(bench.index().values()) == [track]
    shutil.copy(bench.root / "b.mp3", bench.root / "c.mp3")
    bench.wait_states({"b.mp3": "indexed", "c.mp3": "queued"})
    assert list(bench.index().values()) == [track, track]
    assert bench.library.counts().indexed == 1
    assert bench.missing() == 0


def test_two_files_that_swap_their_names_are_looked_at_again(bench: Bench) -> None:
    bench.write("a.mp3", "bb.mp3")
    bench.start()
    before = bench.index()
    a, b = bench.root / "a.mp3", bench.root / "bb.mp3"
    a.rename(bench.root / "t.tmp")
    b.rename(a)
    (bench.root / "t.tmp").rename(b)
    bench.wait_states({"a.mp3": "queued", "bb.mp3": "queued"})
    after = bench.index()
    assert (after[str(a)], after[str(b)]) == (before[str(b)], before[str(a)])


def test_a_deleted_file_is_missing_even_when_it_was_the_last(bench: Bench) -> None:
    bench.write("a.mp3")
    bench.start()
    tracks = list(bench.index().values())
    (bench.root / "a.mp3").unlink()
    bench.wait_states({"a.mp3": "missing"}, SETTLE + 3)
    wait_until(lambda: bench.changed == tracks)
    assert bench.watcher.folders()[0].watch == "events"


def test_a_deleted_subfolder_is_missing(bench: Bench) -> None:
    bench.write("x/a.mp3", "x/y/b.mp3", "c.mp3")
    bench.start()
    bench.index()
    shutil.rmtree(bench.root / "x")
    bench.wait_states({"x/a.mp3": "missing", "x/y/b.mp3": "missing", "c.mp3": "indexed"}, SETTLE + 3)


def test_a_folder_that_goes_away_takes_nothing_and_is_watched_again(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher_module, "CHECK_SECONDS", 0.2)
    bench.write("a.mp3")
    bench.start()
    bench.index()
    bench.root.rename(tmp_path / "unplugged")
    wait_until(lambda: bench.watcher.folders()[0].watch == "away")
    assert bench.states() == {"a.mp3": "indexed"}
    assert "not there" in bench.watcher.problems()[0]
    bench.root.mkdir()
    wait_until(lambda: "empty" in bench.watcher.problems()[0])
    bench.wait_idle()
    assert bench.states() == {"a.mp3": "indexed"}
    bench.root.rmdir()
    (tmp_path / "unplugged").rename(bench.root)
    wait_until(lambda: bench.watcher.folders()[0].watch == "events")
    assert bench.states() == {"a.mp3": "indexed"}
    bench.wait_idle()
    bench.write("new.mp3")
    bench.wait_states({"a.mp3": "indexed", "new.mp3": "queued"}, SETTLE + 3)
    assert bench.changed == []
    wait_until(lambda: bench.folder_news[-1] == "events")


def test_a_folder_that_was_removed_and_made_anew_is_watched_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher_module, "CHECK_SECONDS", 0.2)
    bench.write("sub/a.mp3")
    bench.start()
    shutil.rmtree(bench.root)
    bench.write("sub/b.mp3")
    bench.wait_states({"sub/b.mp3": "queued"})
    bench.wait_idle()
    bench.write("sub/c.mp3")
    bench.wait_states({"sub/b.mp3": "queued", "sub/c.mp3": "queued"}, SETTLE + 3)


def test_an_empty_folder_at_the_start_takes_nothing(bench: Bench) -> None:
    bench.write("a.mp3")
    bench.start()
    bench.index()
    bench.watcher.stop()
    (bench.root / "a.mp3").unlink()
    bench.watcher = bench.new_watcher()
    bench.start()
    assert bench.states() == {"a.mp3": "indexed"}
    assert bench.watcher.folders()[0].watch == "away"


@pytest.fixture
def drive(bench: Bench) -> Iterator[list[str]]:
    """The command that mounts a drive on the watched folder."""
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "segue-test", str(bench.root)]
    if sys.platform != "linux" or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    yield command
    bench.watcher.stop()
    while subprocess.run(["umount", "-l", str(bench.root)], check=False, capture_output=True).returncode == 0:
        pass


def test_an_unmounted_drive_takes_nothing_and_is_watched_again(
    bench: Bench, drive: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watcher_module, "CHECK_SECONDS", 0.2)
    bench.write("a.mp3", "b.mp3")
    bench.start()
    before = bench.index()
    subprocess.run(["umount", "-l", str(bench.root)], check=True)
    wait_until(lambda: bench.watcher.folders()[0].watch == "away")
    assert set(bench.states().values()) == {"indexed"}
    subprocess.run(drive, check=True)
    bench.write("a.mp3", "c.mp3")
    wait_until(lambda: "c.mp3" in bench.states())
    bench.wait_idle()
    assert bench.index()[str(bench.root / "a.mp3")] == before[str(bench.root / "a.mp3")]
    bench.write("d.mp3")
    wait_until(lambda: bench.states().get("d.mp3") == "queued", SETTLE + 3)


def test_a_drive_unmounted_inside_a_folder_takes_nothing(bench: Bench) -> None:
    point = bench.root / "usb"
    point.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "segue-test", str(point)]
    if sys.platform != "linux" or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting is not permitted here")
    try:
        bench.write("a.mp3", "usb/b.mp3")
        bench.start()
        bench.index()
    finally:
        subprocess.run(["umount", "-l", str(point)], check=True)
    bench.watcher.rescan()
    bench.wait_idle()
    assert bench.states() == {"a.mp3": "indexed", "usb/b.mp3": "indexed"}


def test_without_events_the_folder_is_polled(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: EventSource, _folder: str) -> None:
        raise WatchLimitError

    monkeypatch.setattr(EventSource, "arm", refuse)
    monkeypatch.setattr(watcher_module, "CHECK_SECONDS", 0.1)
    bench.watcher = bench.new_watcher(poll_seconds=0.2)
    bench.start()
    (folder,) = bench.watcher.folders()
    assert folder.watch == "polling"
    assert "max_user_watches" in bench.watcher.problems()[0]
    bench.write("a.mp3")
    bench.wait_states({"a.mp3": "queued"})
    (bench.root / "a.mp3").unlink()
    bench.wait_states({})


def test_lost_events_are_made_good_by_a_scan(bench: Bench) -> None:
    bench.start()
    bench.watcher._events._observer.unschedule_all()
    bench.watcher._events._armed = {}
    bench.write("a.mp3")
    bench.watcher._on_overflow()
    bench.wait_states({"a.mp3": "queued"})


def test_an_overflow_is_heard_of(bench: Bench) -> None:
    bench.start()
    scanned_at = bench.watcher._roots[str(bench.root)].scanned_at
    logging.getLogger("watchdog.observers.inotify_c").warning("Inotify queue overflowed; filesystem events were lost")
    wait_until(lambda: bench.watcher._roots[str(bench.root)].scanned_at > scanned_at)


@pytest.mark.skipif(sys.platform != "linux", reason="only inotify has a reading thread of its own")
def test_a_dead_reading_thread_is_replaced(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher_module, "CHECK_SECONDS", 0.2)
    bench.start()
    deaf = bench.watcher._events._observer
    deaf._inotify_fd.stop()
    deaf._inotify_fd.join()
    wait_until(lambda: bench.watcher._events._observer not in {deaf, None})
    bench.wait_idle()
    bench.write("a.mp3")
    bench.wait_states({"a.mp3": "queued"}, SETTLE + 3)


def test_folders_come_and_go_and_nested_ones_are_watched_once(bench: Bench, tmp_path: Path) -> None:
    bench.start()
    other = tmp_path / "other"
    bench.write("a.mp3", folder=other)
    bench.write("sub/b.mp3")
    for folder in (other, bench.root / "sub"):
        bench.library.add_folder(folder)
        bench.watcher.add(folder)
    wait_until(lambda: bench.library.counts().queued == 2)
    assert len(bench.watcher._events.armed()) == 2
    assert [(f.watch, f.files) for f in bench.watcher.folders()] == [("events", 1), ("events", 1), ("events", 1)]
    bench.library.remove_folder(other)
    bench.watcher.remove(other)
    wait_until(lambda: len(bench.watcher._events.armed()) == 1)
    bench.write("c.mp3", folder=other)
    bench.library.remove_folder(bench.root)
    bench.watcher.remove(bench.root)
    wait_until(lambda: bench.watcher._events.armed() == [str(bench.root / "sub")])
    bench.wait_idle()
    bench.write("sub/d.mp3")
    wait_until(lambda: bench.library.counts().queued == 2)
    assert set(bench.library.files_under(tmp_path)) == {str(bench.root / "sub" / n) for n in ("b.mp3", "d.mp3")}


def test_a_folder_removed_while_it_is_scanned_leaves_no_file(bench: Bench) -> None:
    bench.write(*(f"{n}/{n}.mp3" for n in range(400)))
    bench.watcher.start()
    bench.watcher.remove(bench.root)
    bench.library.remove_folder(bench.root)
    bench.wait_idle()
    assert bench.watcher.folders() == []
    assert bench.states() == {}


def test_a_rescan_of_a_place_in_no_folder_is_refused(bench: Bench, tmp_path: Path) -> None:
    bench.start()
    with pytest.raises(FolderNotFoundError, match="segue folders add"):
        bench.watcher.rescan(tmp_path)
    bench.watcher.rescan(bench.root / "not-there")
    bench.watcher.rescan(bench.root)
    bench.wait_idle()


def test_a_rescan_of_one_file_finds_it(bench: Bench) -> None:
    bench.start()
    bench.watcher._events.disarm(str(bench.root))
    bench.write("a.mp3", "b.mp3")
    bench.watcher.rescan(bench.root / "a.mp3")
    bench.wait_states({"a.mp3": "queued"})


def test_a_full_disk_is_told_and_made_good_later(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher_module, "_TROUBLE_SECONDS", 0.2)
    monkeypatch.setattr(watcher_module, "CHECK_SECONDS", 0.1)
    bench.start()
    real = bench.library.enqueue_many

    def full(*_args: object) -> Enqueued:
        raise DiskFullError("The disk is full.")

    monkeypatch.setattr(bench.library, "enqueue_many", full)
    bench.write("a.mp3")
    wait_until(lambda: bench.watcher.problems() == ["The disk is full."])
    monkeypatch.setattr(bench.library, "enqueue_many", real)
    bench.wait_states({"a.mp3": "queued"})
    wait_until(lambda: bench.watcher.problems() == [])


def test_a_listener_that_fails_does_not_end_the_watch(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher_module, "_TROUBLE_SECONDS", 0.2)
    monkeypatch.setattr(watcher_module, "CHECK_SECONDS", 0.1)
    bench.start()
    bench.queued = None
    bench.watcher._changes._on_queued = lambda _count: bench.queued.append(1)
    bench.write("a.mp3")
    wait_until(lambda: "stumbled" in "".join(bench.watcher.problems()))
    bench.queued = []
    bench.write("b.mp3")
    bench.wait_states({"a.mp3": "queued", "b.mp3": "queued"})


@pytest.mark.skipif(sys.platform == "win32", reason="file names are text on Windows")
def test_a_name_that_is_no_unicode_is_watched(bench: Bench) -> None:
    bench.start()
    path = Path(os.fsdecode(os.fsencode(bench.root) + b"/Bj\xf6rk.mp3"))
    path.write_bytes(b"x")
    wait_until(lambda: bench.library.file(str(path)) is not None)
    path.unlink()
    wait_until(lambda: bench.library.file(str(path)) is None)


def test_it_sleeps_when_nothing_happens(bench: Bench) -> None:
    bench.write("a.mp3")
    bench.start()
    begun, cpu = time.monotonic(), time.process_time()
    time.sleep(2.5)
    assert (time.process_time() - cpu) / (time.monotonic() - begun) < 0.02


def test_stopping_before_starting_harms_nothing(bench: Bench) -> None:
    bench.watcher.stop()
