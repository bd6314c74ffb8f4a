import os
import stat
import sys
from pathlib import Path

import pytest

from segue.errors import HomeNotWritableError
from segue.home import SOCKET_PATH_LIMIT, Home, make_private

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and sockets are POSIX matters")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_one_folder_holds_everything(tmp_path):
    home = Home.locate(tmp_path / "dj")
    places = (home.config_file, home.library_file, home.index_dir, home.connection_file, home.log_file, home.lock_file)
    assert all(place.is_relative_to(tmp_path / "dj") for place in places)


def test_option_before_variable_before_platform(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    if sys.platform == "linux":
        assert Home.locate().library_file == tmp_path / "data" / "segue" / "library.db"
        assert Home.locate().connection_file == tmp_path / "state" / "segue" / "run" / "connection.json"
    monkeypatch.setenv("SEGUE_HOME", str(tmp_path / "variable"))
    assert Home.locate().path == tmp_path / "variable"
    assert Home.locate(tmp_path / "option").path == tmp_path / "option"


def test_empty_variable_is_none(monkeypatch):
    monkeypatch.setenv("SEGUE_HOME", "")
    assert Home.locate() != Home.locate(Path.cwd())


def test_relative_and_tilde_become_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Home.locate("dj").path == Path.cwd() / "dj"
    assert Home.locate("~/dj").path == tmp_path / "dj"
    with pytest.raises(HomeNotWritableError, match="no such user"):
        Home.locate("~nobody-has-this-name/dj")


@posix
def test_create_is_for_the_user_alone(tmp_path):
    old = os.umask(0)
    try:
        home = Home.locate(tmp_path / "a" / "dj")
        home.create()
    finally:
        os.umask(old)
    assert {mode(folder) for folder in (home.path, home.index_dir, home.runtime_dir, home.log_dir)} == {0o700}
    home.create()
    assert sorted(path.name for path in home.path.iterdir()) == ["index", "logs", "run"]


@posix
def test_create_repairs_the_mode_of_what_is_ours(tmp_path):
    home = Home.locate(tmp_path)
    home.runtime_dir.mkdir(mode=0o777)
    home.runtime_dir.chmod(0o777)
    home.create()
    assert mode(home.runtime_dir) == 0o700


@posix
def test_linked_runtime_folder_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    home = Home.locate(tmp_path / "dj")
    home.path.mkdir()
    home.runtime_dir.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HomeNotWritableError, match="no link"):
        home.create()


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() != 0, reason="only root can give a folder away")
def test_somebody_elses_runtime_folder_is_refused(tmp_path):
    home = Home.locate(tmp_path)
    home.runtime_dir.mkdir()
    os.chown(home.runtime_dir, 12345, 12345)
    with pytest.raises(HomeNotWritableError, match="another user"):
        home.create()


def test_home_that_is_a_file_is_refused_with_a_way_out(tmp_path):
    (tmp_path / "dj").write_text("")
    with pytest.raises(HomeNotWritableError, match="--home") as caught:
        Home.locate(tmp_path / "dj").create()
    assert str(tmp_path / "dj") in str(caught.value)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a file system that nobody can write")
def test_home_that_cannot_be_made_is_refused():
    with pytest.raises(HomeNotWritableError, match="cannot write"):
        Home.locate("/proc/segue").create()


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() == 0, reason="root writes everywhere")
def test_read_only_home_is_refused(tmp_path):
    home = Home.locate(tmp_path / "dj")
    home.create()
    home.path.chmod(0o500)
    with pytest.raises(HomeNotWritableError, match="Make it writable"):
        home.create()
    home.path.chmod(0o700)


@posix
def test_sockets_of_a_short_home_are_in_it(home):
    located = Home.locate(home)
    assert located.socket_dir() == located.runtime_dir


@posix
@pytest.mark.parametrize("name", ["n" * 120, "\udce9"], ids=["long", "not-utf-8"])
def test_sockets_of_other_homes_are_in_a_short_private_folder(tmp_path, name):
    first, second = Home.locate(tmp_path / name / "one"), Home.locate(tmp_path / name / "two")
    folder = first.socket_dir()
    try:
        assert not folder.is_relative_to(first.path)
        assert len(os.fsencode(folder / "events.sock")) <= SOCKET_PATH_LIMIT
        assert mode(folder) == 0o700
        assert first.socket_dir() == folder
        other = second.socket_dir()
        other.rmdir()
        assert other != folder
    finally:
        folder.rmdir()


@posix
def test_folder_for_sockets_that_was_laid_as_a_trap_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/tmp")  # else there is a second candidate, in TMPDIR
    home = Home.locate(tmp_path / ("n" * 120))
    folder = home.socket_dir()
    folder.rmdir()
    folder.symlink_to(tmp_path)
    try:
        with pytest.raises(HomeNotWritableError, match="shorter --home"):
            home.socket_dir()
    finally:
        folder.unlink()


@posix
def test_private_folder_with_parents(tmp_path):
    make_private(tmp_path / "a" / "b")
    assert mode(tmp_path / "a" / "b") == 0o700
