"""The watcher in trouble: lost events, full disks, listeners that fail."""

from __future__ import annotations

import logging
import sys
import time

import pytest
from watch_support import Bench

from library_support import wait_until
from segue.errors import DiskFullError
from segue.library.files import Enqueued
from segue.watch import watcher as watcher_module
from segue.watch.observer import EventSource, WatchLimitError


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
    monkeypatch.setattr(watcher_module, "_TROUBLE_SECONDS", 1.5)  # it is to be seen meanwhile
    monkeypatch.setattr(watcher_module, "CHECK_SECONDS", 0.1)
    bench.start()
    bench.queued = None
    bench.watcher._changes._on_queued = lambda _count: bench.queued.append(1)
    bench.write("a.mp3")
    wait_until(lambda: "stumbled" in "".join(bench.watcher.problems()))
    bench.queued = []
    bench.write("b.mp3")
    bench.wait_states({"a.mp3": "queued", "b.mp3": "queued"})


def test_it_sleeps_when_nothing_happens(bench: Bench) -> None:
    bench.write("a.mp3")
    bench.start()
    begun, cpu = time.monotonic(), time.process_time()
    time.sleep(1.5)
    assert (time.process_time() - cpu) / (time.monotonic() - begun) < 0.02


def test_stopping_before_starting_harms_nothing(bench: Bench) -> None:
    bench.watcher.stop()
