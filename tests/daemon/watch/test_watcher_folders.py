"""The watcher and folders: drives that go, folders that nest, rescans."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from watch_support import Bench

from library_support import wait_until
from segue.errors import FolderNotFoundError
from segue.watch import watcher as watcher_module


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
    wait_until(lambda: "empty" in "".join(bench.watcher.problems()))  # for a moment, before the scan, nothing is said
    bench.wait_idle()
    assert bench.states() == {"a.mp3": "indexed"}
    bench.root.rmdir()
    (tmp_path / "unplugged").rename(bench.root)
    wait_until(lambda: bench.watcher.folders()[0].watch == "events")
    assert bench.states() == {"a.mp3": "indexed"}
    bench.wait_idle()
    bench.write("new.mp3")
    bench.wait_states({"a.mp3": "indexed", "new.mp3": "queued"})
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
    bench.wait_states({"sub/b.mp3": "queued", "sub/c.mp3": "queued"})


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
    wait_until(lambda: bench.states().get("d.mp3") == "queued")


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
