import os
import stat
import subprocess
import sys

import msgspec
import pytest

from segue.errors import DaemonNotRunningError, DiskFullError, HomeNotWritableError
from segue.home import Home
from segue.server import connection
from segue.server.connection import ConnectionInfo, Endpoints

ENDPOINTS = Endpoints(query="ipc:///run/q", events="ipc:///run/e")


@pytest.fixture
def dj(tmp_path):
    home = Home.locate(tmp_path)
    home.create()
    return home


def info(pid: int | None = None, started: float = 1.5) -> ConnectionInfo:
    return ConnectionInfo(pid=pid or os.getpid(), started=started, version="1", protocol=1, endpoints=ENDPOINTS)


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_what_is_written_is_read(dj):
    connection.write(dj, info())
    connection.write(dj, info(started=2.5))
    assert connection.read(dj) == info(started=2.5)
    assert [path.name for path in dj.runtime_dir.iterdir()] == ["connection.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a POSIX matter")
def test_nobody_else_can_read_it(dj):
    old = os.umask(0)
    try:
        connection.write(dj, info())
    finally:
        os.umask(old)
    assert stat.S_IMODE(dj.connection_file.stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a POSIX matter")
def test_what_others_could_have_written_is_not_believed(dj):
    connection.write(dj, info())
    dj.connection_file.chmod(0o666)
    with pytest.raises(DaemonNotRunningError, match="another user"):
        connection.read(dj)


def test_no_file_says_what_to_do(dj):
    with pytest.raises(DaemonNotRunningError, match="segue up"):
        connection.read(dj)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"[]", b'{"pid": "one"}', b"{}" * 100_000, msgspec.json.encode(info())[:-1]],
)
def test_damaged_file(dj, content):
    dj.connection_file.write_bytes(content)
    dj.connection_file.chmod(0o600)
    with pytest.raises(DaemonNotRunningError, match="damaged"):
        connection.read(dj)


@pytest.mark.parametrize("pid", ["ended", -1, 0, 10**30])
def test_file_of_a_daemon_that_is_gone(dj, pid):
    if pid == "ended":
        pid = ended_process()  # only now, for the system gives numbers anew
    dj.connection_file.write_bytes(
        msgspec.json.encode(info()).replace(f'"pid":{os.getpid()}'.encode(), f'"pid":{pid}'.encode())
    )
    dj.connection_file.chmod(0o600)
    with pytest.raises(DaemonNotRunningError):
        connection.read(dj)


def test_only_its_owner_removes_it(dj):
    connection.write(dj, info(started=2.5))
    connection.remove(dj, info(started=1.5))
    assert dj.connection_file.exists()
    connection.remove(dj, info(started=2.5))
    assert not dj.connection_file.exists()
    connection.remove(dj, info())


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")  # noqa: PTH110
def test_no_room(dj):
    with pytest.raises(OSError) as caught, open("/dev/full", "wb", buffering=0) as full:  # noqa: PTH123
        full.write(b"x")
    assert isinstance(dj.cannot_write(caught.value), DiskFullError)


def test_place_that_is_taken(dj):
    dj.connection_file.mkdir()
    (dj.connection_file / "full").touch()
    with pytest.raises(HomeNotWritableError):
        connection.write(dj, info())
    assert [path.name for path in dj.runtime_dir.iterdir()] == ["connection.json"]


def test_pid_of_another_program_does_not_listen(dj, tmp_path):
    assert not connection.listens(f"ipc://{tmp_path / 'nobody.sock'}")
    assert not connection.listens("tcp://127.0.0.1:1")
    assert not connection.listens("nonsense")
