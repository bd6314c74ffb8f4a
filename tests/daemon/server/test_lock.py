import os
import subprocess
import sys
import threading

import pytest

from segue.errors import DaemonRunningError, HomeNotWritableError
from segue.home import Home
from segue.server.lock import HomeLock
from segue.server.lock import holder as holder_of

HOLDER = """
import sys
from segue.home import Home
from segue.server.lock import HomeLock
lock = HomeLock(Home.locate(sys.argv[1]))
lock.acquire()
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def dj(tmp_path):
    home = Home.locate(tmp_path)
    home.create()
    return home


@pytest.fixture
def holder(dj):
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(dj.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_second_daemon_hears_who_holds_it(dj, holder):
    with pytest.raises(DaemonRunningError, match=rf"process {holder.pid}\b.*segue down"):
        HomeLock(dj).acquire()


def test_lock_of_a_killed_daemon_is_just_taken(dj, holder):
    holder.kill()
    holder.wait()
    lock = HomeLock(dj)
    lock.acquire()
    assert lock.held
    assert dj.lock_file.read_text() == f"{os.getpid()}\n"
    lock.release()


def test_waits_for_one_that_is_about_to_end(dj, holder):
    threading.Timer(0.2, holder.kill).start()
    lock = HomeLock(dj)
    lock.acquire(timeout=10.0)
    lock.release()


def test_two_in_one_process(dj):
    first, second = HomeLock(dj), HomeLock(dj)
    first.acquire()
    first.acquire()
    with pytest.raises(DaemonRunningError):
        second.acquire()
    assert not second.held
    first.release()
    first.release()
    second.acquire()
    second.release()


def test_worker_processes_do_not_keep_it(dj):
    lock = HomeLock(dj)
    lock.acquire()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False) as child:
        lock.release()
        again = HomeLock(dj)
        # The child lives on, but a moment may pass before its exec has closed what it inherited.
        again.acquire(timeout=30.0)
        again.release()
        child.communicate(b"\n")


def test_lock_that_cannot_be_opened(dj):
    dj.lock_file.mkdir()
    with pytest.raises(HomeNotWritableError, match="--home"):
        HomeLock(dj).acquire()


def test_other_homes_are_free(dj, tmp_path):
    lock, other = HomeLock(dj), Home.locate(tmp_path / "other")
    other.create()
    lock.acquire()
    second = HomeLock(other)
    second.acquire()
    second.release()
    lock.release()


def test_a_removed_lock_file_is_taken_anew(dj):
    lock = HomeLock(dj)
    lock.acquire()
    lock.keep()
    dj.lock_file.unlink()
    lock.keep()
    with pytest.raises(DaemonRunningError, match=rf"process {os.getpid()}\b"):
        HomeLock(dj).acquire()
    lock.release()
    assert holder_of(dj) is None


def test_a_removed_lock_file_that_another_has_taken(dj):
    lock = HomeLock(dj)
    lock.acquire()
    dj.lock_file.unlink()
    other = HomeLock(dj)
    other.acquire()
    with pytest.raises(DaemonRunningError):
        lock.keep()
    lock.release()
    other.release()


def test_who_holds_it(dj, holder):
    assert holder_of(dj) == holder.pid
    holder.kill()
    holder.wait()
    assert holder_of(dj) is None
