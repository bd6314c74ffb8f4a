"""The watcher's pure parts: event lists and stats in, what to do out. No file system, no clock."""

from __future__ import annotations

import time

import pytest
from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirModifiedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
)

from segue.library.files import FileRow, FileStat
from segue.watch import mounts
from segue.watch.hints import Hints, outermost
from segue.watch.naming import is_wanted
from segue.watch.reconcile import compare, pair_moves
from segue.watch.scan import Scan
from segue.watch.settle import Settler


def cleaned(*events: FileSystemEvent) -> tuple[list[str], list[str]]:
    hints = Hints()
    for event in events:
        hints.add(event, "/m")
    clean = hints.cleaned()
    return sorted(clean.files), sorted(clean.folders)


@pytest.mark.parametrize(
    ("events", "files", "folders"),
    [
        ([FileCreatedEvent("/m/a.mp3"), FileModifiedEvent("/m/a.mp3"), FileClosedEvent("/m/a.mp3")], ["/m/a.mp3"], []),
        ([FileCreatedEvent("/m/a.mp3.part"), FileModifiedEvent("/m/a.mp3.crdownload")], [], []),
        ([FileMovedEvent("/m/a.mp3.part", "/m/a.mp3")], ["/m/a.mp3"], []),
        ([FileMovedEvent("/m/a.mp3", "/m/b.MP3")], ["/m/a.mp3", "/m/b.MP3"], []),
        ([FileMovedEvent("/m/a.mp3", "/m/a.mp3.bak")], ["/m/a.mp3"], []),
        ([FileMovedEvent("/m/a.mp3", "/n/a.mp3"), DirMovedEvent("/n/x", "/m/x")], ["/m/a.mp3"], ["/m/x"]),
        ([FileCreatedEvent("/m/._a.mp3"), FileCreatedEvent("/m/.a.mp3"), FileCreatedEvent("/m/cover.jpg")], [], []),
        ([DirModifiedEvent("/m"), DirModifiedEvent("/m/x")], [], []),
        ([DirCreatedEvent("/m/x")], [], ["/m/x"]),
        ([DirCreatedEvent("/m/a.mp3.download"), FileCreatedEvent("/m/a.mp3.download/a.mp3")], [], []),
        ([DirCreatedEvent("/m/.Trash"), FileCreatedEvent("/m/.Trash/x/a.mp3")], [], []),
        ([DirDeletedEvent("/m/x"), FileDeletedEvent("/m/x/a.mp3")], [], ["/m/x"]),
        ([DirMovedEvent("/m/x", "/m/y"), FileMovedEvent("/m/x/1.mp3", "/m/y/1.mp3")], [], ["/m/x", "/m/y"]),
        ([DirCreatedEvent("/m/x/y"), DirCreatedEvent("/m/x"), DirCreatedEvent("/m/xy")], [], ["/m/x", "/m/xy"]),
        ([DirDeletedEvent("/m"), FileDeletedEvent("/m/a.mp3")], [], ["/m"]),
        ([FileDeletedEvent("/m/folder")], [], ["/m/folder"]),
    ],
)
def test_events_become_few_looks(events: list[FileSystemEvent], files: list[str], folders: list[str]) -> None:
    assert cleaned(*events) == (files, folders)


def test_an_event_that_says_nothing_new_is_told_apart() -> None:
    hints = Hints()
    assert hints.add(FileCreatedEvent("/m/a.mp3"), "/m") is True
    assert hints.add(FileModifiedEvent("/m/a.mp3"), "/m") is False
    assert hints.add(FileModifiedEvent("/m/b.txt"), "/m") is False


def test_folders_inside_others_are_dropped() -> None:
    assert outermost(["/m/a", "/m", "/n", "/m/b/c", "/mm", "/n"]) == ["/m", "/mm", "/n"]
    assert outermost(["/", "/m"]) == ["/"]


def test_outermost_of_an_unpacked_archive_takes_no_time() -> None:
    folders = [f"/m/{number}" for number in range(20_000)]
    start = time.perf_counter()
    assert len(outermost(folders)) == len(folders)
    assert time.perf_counter() - start < 2.0


@pytest.mark.parametrize(
    "path", ["/m/.x/a.mp3", "/m/@eaDir/a.mp3", "/m/a.tmp", "/m/x.part/a.mp3", "/m/a", "/m/$RECYCLE.BIN/a.mp3"]
)
def test_what_is_no_music_is_not_wanted(path: str) -> None:
    assert not is_wanted(path, "/m")


def test_a_hidden_root_is_the_users_choice() -> None:
    assert is_wanted("/home/.music/a.mp3", "/home/.music")


def stat(path: str, size: int = 1, mtime: int = 1) -> FileStat:
    return FileStat(path, size, mtime)


def test_a_file_is_taken_when_it_stood_still() -> None:
    settler = Settler(2.0)
    settler.see(stat("a"), 10.0)
    settler.see(stat("b"), 11.0)
    assert settler.next_due() == 12.0
    assert settler.due(11.9) == []
    assert settler.due(12.0) == ["a"]
    assert settler.settle([stat("a")], 12.0) == [stat("a")]
    assert (len(settler), settler.next_due()) == (1, 13.0)


def test_a_growing_file_waits() -> None:
    settler = Settler(2.0)
    settler.see(stat("a", 1), 0.0)
    settler.see(stat("a", 2), 1.5)
    assert settler.due(2.0) == []
    assert settler.settle([stat("a", 3)], 3.5) == []
    settler.see(stat("a", 3), 4.0)
    assert settler.due(5.4) == []
    assert settler.settle([stat("a", 3)], 5.5) == [stat("a", 3)]


def test_a_file_of_one_size_that_is_written_again_waits() -> None:
    settler = Settler(2.0)
    settler.see(stat("a", 9, 1), 0.0)
    assert settler.settle([stat("a", 9, 2)], 2.0) == []
    assert settler.next_due() == 4.0


def test_dropped_and_held_files() -> None:
    settler = Settler(2.0)
    settler.see(stat("a"), 0.0)
    settler.see(stat("b"), 0.0)
    settler.drop("a")
    settler.drop("a")
    settler.hold("b", 5.0)
    settler.hold("a", 5.0)
    assert (settler.due(6.9), settler.due(7.0)) == ([], ["b"])


def row(path: str, state: str = "indexed", size: int = 1, mtime: int = 1) -> FileRow:
    return FileRow(path, size, mtime, state)


def test_a_scan_is_compared_with_the_library() -> None:
    known = {
        r.path: r
        for r in (
            row("/m/same.mp3"),
            row("/m/changed.mp3"),
            row("/m/failed.mp3", "failed"),
            row("/m/back.mp3", "missing"),
            row("/m/gone.mp3"),
            row("/m/long gone.mp3", "missing"),
            row("/m/locked/x.mp3"),
            row("/m/usb/x.mp3"),
            row("/m/usb2/x.mp3"),
        )
    }
    there = [
        stat("/m/same.mp3"),
        stat("/m/changed.mp3", 2),
        stat("/m/failed.mp3"),
        stat("/m/back.mp3"),
        stat("/m/new.mp3"),
    ]
    found = Scan("/m", files={s.path: s for s in there}, unreadable=["/m/locked"])
    difference = compare(known.values(), found, away=["/m/usb"])
    assert [s.path for s in difference.fresh] == ["/m/changed.mp3", "/m/back.mp3", "/m/new.mp3"]
    assert [r.path for r in difference.vanished] == ["/m/gone.mp3", "/m/usb2/x.mp3"]


def test_a_scan_that_was_stopped_finds_nothing_vanished() -> None:
    assert compare([row("/m/a.mp3")], Scan("/m", complete=False)).vanished == []


def test_moves_are_paired_only_when_sure() -> None:
    vanished = [
        row("/m/a/1.mp3", size=5),
        row("/m/a/2.mp3", size=6),
        row("/m/b/2.mp3", size=6),
        row("/m/c/3.mp3", size=7),
    ]
    fresh = [stat("/m/x/renamed.mp3", 5), stat("/m/x/2.mp3", 6), stat("/m/3.mp3", 7, 2)]
    assert pair_moves(vanished, fresh) == [("/m/a/1.mp3", "/m/x/renamed.mp3")]
    assert pair_moves(vanished[:2], fresh)[1] == ("/m/a/2.mp3", "/m/x/2.mp3")
    twins = [row("/m/p.mp3", size=8), row("/m/q.mp3", size=8)]
    assert pair_moves(twins, [stat("/n/p.mp3", 8), stat("/n/q.mp3", 8)]) == [
        ("/m/p.mp3", "/n/p.mp3"),
        ("/m/q.mp3", "/n/q.mp3"),
    ]
    assert pair_moves(twins[:1], [stat("/n/1.mp3", 8), stat("/n/2.mp3", 8)]) == [("/m/p.mp3", "/n/1.mp3")]


MOUNTINFO = (
    rb"""22 28 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw
28 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw
90 28 0:45 / /home/dj/My\040Music rw shared:9 - fuse.sshfs nas:/music rw
91 28 8:17 / /media/USB rw - fuseblk /dev/sdb1 rw
95 28 0:50 / /nas rw master:3 propagate_from:1 - nfs4 nas:/export rw
96 28 0:51 / /media/USB rw - ext4 /dev/sdc1 rw
nonsense
"""
    b"97 28 0:52 / /Bj\xf6rk rw - ext4 /dev/sdd1 rw\n"
)


@pytest.mark.parametrize(
    ("path", "kind", "silent"),
    [
        ("/home/dj/Music", "ext4", False),
        ("/home/dj/My Music/House", "fuse.sshfs", True),
        ("/home/dj/My Music 2", "ext4", False),
        ("/nas", "nfs4", True),
        ("/media/USB/x", "ext4", False),
    ],
)
def test_the_drive_of_a_folder_is_known(path: str, kind: str, silent: bool) -> None:
    mount = mounts.covering(path, mounts.parse_mountinfo(MOUNTINFO))
    assert (mount.kind, mount.is_silent) == (kind, silent)


def test_drives_below_a_folder_are_known() -> None:
    found = mounts.parse_mountinfo(MOUNTINFO)
    assert [m.number for m in mounts.below("/media", found)] == [91, 96]
    assert mounts.below("/nas", found) == []
    assert found[-1].point == "/Bj\udcf6rk"
    assert not mounts.Mount("/media/USB", "fuseblk", 1).is_silent
