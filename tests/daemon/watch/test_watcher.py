"""The watcher and files: what comes, goes, moves and grows."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import pytest
from watch_support import SETTLE, Bench

from library_support import wait_until


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
    bench.wait_idle()
    assert bench.changed == [before[str(bench.root / "goes.mp3")]]
    assert bench.index()[str(bench.root / "moved.mp3")] == before[str(bench.root / "moves.mp3")]


def test_a_burst_of_files_is_taken_whole(bench: Bench) -> None:
    bench.start()
    names = [f"{n}.mp3" for n in range(200)]
    bench.write(*names)
    bench.wait_states(dict.fromkeys(names, "queued"))
    bench.wait_idle()
    assert sum(bench.queued) == 200


def test_a_growing_file_waits_until_it_stands_still(bench: Bench) -> None:
    settle = 2.0  # a machine that is busy for a moment must not make it stand still
    bench.watcher = bench.new_watcher(settle)
    bench.start()
    with (bench.root / "a.mp3").open("wb") as file:
        for _ in range(8):
            file.write(b"x" * 100)
            file.flush()
            time.sleep(settle / 6)
            assert bench.states() == {}
    bench.wait_states({"a.mp3": "queued"})
    bench.wait_idle()
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
    bench.write("a.mp3.part")
    (bench.root / "a.mp3").touch()
    (bench.root / "alone.mp3").touch()
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
    bench.wait_states({f"in/{name}": "queued" for name in names})
    tracks = set(bench.index().values())
    (bench.root / "in").rename(tmp_path / "outside")
    bench.wait_states({f"in/{name}": "missing" for name in names})
    wait_until(lambda: set(bench.changed) == tracks)
    bench.changed.clear()
    (tmp_path / "outside").rename(bench.root / "in")
    bench.wait_states({f"in/{name}": "indexed" for name in names})
    wait_until(lambda: set(bench.changed) == tracks)
    assert bench.library.take(1, []) == []


def test_a_renamed_folder_keeps_its_tracks_present(bench: Bench) -> None:
    names = [f"{n % 7}/{n}.mp3" for n in range(100)]
    bench.write(*(f"old/{name}" for name in names))
    bench.start()
    before = bench.index()
    (bench.root / "old").rename(bench.root / "new")
    deadline = time.monotonic() + 30
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
    bench.wait_states({"a.mp3": "missing"})
    wait_until(lambda: bench.changed == tracks)
    assert bench.watcher.folders()[0].watch == "events"


def test_a_deleted_subfolder_is_missing(bench: Bench) -> None:
    bench.write("x/a.mp3", "x/y/b.mp3", "c.mp3")
    bench.start()
    bench.index()
    shutil.rmtree(bench.root / "x")
    bench.wait_states({"x/a.mp3": "missing", "x/y/b.mp3": "missing", "c.mp3": "indexed"})


@pytest.mark.skipif(sys.platform == "win32", reason="file names are text on Windows")
def test_a_name_that_is_no_unicode_is_watched(bench: Bench) -> None:
    bench.start()
    path = Path(os.fsdecode(os.fsencode(bench.root) + b"/Bj\xf6rk.mp3"))
    path.write_bytes(b"x")
    wait_until(lambda: bench.library.file(str(path)) is not None)
    path.unlink()
    wait_until(lambda: bench.library.file(str(path)) is None)
