"""`segue mixxx setup` for somebody new, and where things are not as they should be; with a daemon that knows nothing yet."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import mixxx_tables
import psutil
import pytest
from mixxx_tables import BUS, MARKET, execute

from loop import Loop
from segue.errors import ProgramBusyError
from segue.home import Home
from segue.sets import mixxx as lists
from segue_plugins.mixxx import importing, interview, process, setup
from segue_plugins.mixxx.__main__ import main
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.settings import Settings
from segue_plugins.one_at_a_time import one_at_a_time
from support import remove_home, wait_until


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loop]:
    """A daemon whose only folder is empty."""
    home = Path(os.path.realpath(tmp_path_factory.mktemp("h", numbered=True)))
    with Loop(home, tmp_path_factory.mktemp("collection")) as loop:
        yield loop
    remove_home(home)


@pytest.fixture
def mixxx(tmp_path: Path) -> Settings:
    """A settings folder of a beginner: two tracks, no playlists, no nights."""
    place = Settings(tmp_path / "mixxx")
    place.folder.mkdir()
    mixxx_tables.make(place.database)
    for table in ("PlaylistTracks", "crate_tracks", "Playlists WHERE hidden != 1", "library WHERE id = 3"):
        execute(place.database, f"DELETE FROM {table}")
    place.config.write_text("[Config]\nVersion 2.3.3\n\n[Controller]\n\n[ControllerPreset]\n")
    return place


def nowhere(mixxx: Settings) -> list[str]:
    """Options for a home where no daemon runs."""
    return ["--settings", str(mixxx.folder), "--home", str(mixxx.folder / "home")]


def test_music_that_segue_has_just_been_told_of_waits_and_is_taken_over_by_itself(
    mixxx: Settings, loop: Loop, music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = tmp_path / "new"
    new.mkdir()
    for number, name in ((1, BUS), (2, MARKET)):
        shutil.copy(music / name, new)
        (new / name).touch()
        execute(mixxx.database, "UPDATE track_locations SET location = ? WHERE id = ?", f"{new}/{name}", number)
    execute(mixxx.database, "INSERT INTO crate_tracks VALUES(1, 1)")
    execute(mixxx.database, "UPDATE directories SET directory = ?", str(new))
    shared = ["--settings", str(mixxx.folder), "--home", str(loop.home)]
    loop.client.pause()
    try:
        assert main(["setup", *shared, "--yes", "--no-link", "--start", "yes"]) == 0
        said = capsys.readouterr().out
        assert "Segue has 0 of Mixxx's 2 tracks; nothing was new." in said
        assert "Segue is still listening: 2 tracks to go." in said
        assert "Segue takes that over by itself when it has listened to everything." in said
        assert "--wait" not in said
        assert "no folder" not in said
        assert "0 playlists, 0 nights" in said
        assert "Start Mixxx, load a track" in said, "the rest starts by itself"
        # Segue's own lists are no lesson.
        record = setup.read(mixxx)
        assert record.unfinished is not None
        importing.patiently(lambda: Database(mixxx.database).write({record.playlist("next"): [1, 2]}))
        (companion,) = (shim for shim in loop.client.shims().shims if shim.always)
        assert companion.pid is not None
        os.kill(companion.pid, signal.SIGSTOP)
    finally:
        loop.client.resume()
    loop.settle(2)
    os.kill(companion.pid, signal.SIGKILL)  # the next one finishes it
    wait_until(lambda: setup.read(mixxx).unfinished is None, 120, what="the rest of the import")
    log = Home.locate(loop.home).log_dir / "mixxx.log"
    wait_until(lambda: "Mixxx's values of 2 more tracks taken over." in log.read_text(), 60, what="its words")
    bus = loop.client.track(f"{new}/{BUS}")
    assert (bus.bpm, bus.key, bus.rating, bus.sources["bpm"][0].source) == (124.0, "A minor", 4, "user")
    assert [(crate.name, crate.tracks) for crate in loop.client.crates().crates] == [("Mine", 1)]
    assert loop.client.memory().total == 0
    assert main(["import", "--wait", *shared]) == 0
    said = capsys.readouterr().out
    assert "Segue has 2 of Mixxx's 2 tracks; nothing was new." in said
    assert "1 crate copied." in said
    assert "learned" not in said

    # The user gives one of them another name: what is in it was no choice of his, also when setup has made a new one.
    execute(mixxx.database, "UPDATE Playlists SET name = 'Mine now' WHERE id = ?", record.ids["next"])
    assert main(["setup", *shared, "--no-input", "--start", "no"]) == 0
    assert setup.read(mixxx).ids["next"] != record.ids["next"]
    assert lists.read(mixxx.database).sets == []
    assert main(["import", *shared]) == 0


def test_undo_without_a_daemon_can_be_finished_later(
    mixxx: Settings, loop: Loop, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = ["--settings", str(mixxx.folder), "--home", str(loop.home)]
    assert main(["setup", *shared, "--no-input", "--start", "yes"]) == 0
    loop.daemon.stop()  # and with it what it has started, which would be in the way
    assert main(["setup", "--undo", *shared]) == 1
    loop.restart()
    assert any(shim.always for shim in loop.client.shims().shims)
    assert main(["setup", "--undo", *shared]) == 0
    assert not any(shim.always for shim in loop.client.shims().shims)
    assert "Nothing else was set up" in capsys.readouterr().out
    assert not mixxx.own.exists()
    assert main(["setup", "--undo", *shared]) == 1


def test_a_crate_that_is_not_there_and_a_second_auto_dj(
    mixxx: Settings, loop: Loop, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = ["--settings", str(mixxx.folder), "--home", str(loop.home)]
    setup.set_up(mixxx)
    assert main(["autodj", "--crate", "Nope", *shared]) == 1
    assert "no crate “Nope”" in capsys.readouterr().err
    with one_at_a_time(mixxx.own / "autodj.lock", "Mixxx's Auto DJ"):
        assert main(["autodj", *shared]) == 3
    said = capsys.readouterr().err
    assert "one is enough" in said
    assert "daemon" not in said


def test_a_locked_playlist_is_named(mixxx: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["setup", "--no-input", *nowhere(mixxx)]) == 0
    assert "is locked" not in capsys.readouterr().out
    execute(mixxx.database, "UPDATE Playlists SET locked = 1 WHERE name = 'Segue: stay'")
    assert main(["setup", "--no-input", *nowhere(mixxx)]) == 0
    assert "Segue: stay is locked: unlock it in Mixxx" in capsys.readouterr().out


def test_the_link_is_taken_back_by_itself(mixxx: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    before = mixxx.config.read_bytes()
    main(["setup", "--no-input", "--link", *nowhere(mixxx)])
    assert mixxx.config.read_bytes() != before
    if sys.platform == "linux" and not Path("/dev/snd/seq").exists():
        assert "there is no /dev/snd/seq" in capsys.readouterr().out
    assert main(["setup", "--no-input", "--no-link", *nowhere(mixxx)]) == 0
    assert "taken back" in capsys.readouterr().out
    assert mixxx.config.read_bytes() == before
    assert main(["setup", "--no-input", "--no-link", *nowhere(mixxx)]) == 0
    assert "taken back" not in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["setup", "--no-link", "--link", *nowhere(mixxx)])


def test_without_preferences_no_link_and_nothing_is_made(mixxx: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    mixxx.config.unlink()
    assert main(["setup", "--no-input", "--link", *nowhere(mixxx)]) == 1
    assert not mixxx.own.exists()
    assert "mixxx.cfg cannot be read" in capsys.readouterr().err
    assert main(["setup", "--no-input", *nowhere(mixxx)]) == 0
    assert f"Mixxx in {mixxx.folder} is set up." in capsys.readouterr().out


def test_what_fails_holds_nothing_else_up(
    mixxx: Settings, loop: Loop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shared = ["--settings", str(mixxx.folder), "--home", str(loop.home)]

    def fails(*_: object) -> None:
        raise ProgramBusyError("somebody writes")

    monkeypatch.setattr(importing, "run", fails)
    assert main(["setup", "--no-input", "--mapping", "Nope", "--import", "--start", "yes", *shared]) == 1
    told = capsys.readouterr()
    assert "no mapping “Nope”" in told.err
    assert "somebody writes" in told.err
    assert "runs from now on" in told.out
    assert main(["setup", "--start", "no", *shared]) == 0


def test_setup_waits_for_whoever_writes(mixxx: Settings) -> None:
    db = sqlite3.connect(mixxx.database, isolation_level=None, check_same_thread=False)
    with closing(db):
        db.execute("BEGIN EXCLUSIVE")
        threading.Timer(1.0, db.execute, ("ROLLBACK",)).start()
        assert main(["setup", "--no-input", *nowhere(mixxx)]) == 0


def test_words_for_what_is_wrong(
    mixxx: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["setpu", *nowhere(mixxx)])
    assert "there is no word “setpu”: the words are run, setup, autodj, import" in capsys.readouterr().err
    assert main(["setup", "--settings", str(mixxx.database)]) == 1
    assert f"is a file: name the folder that it is in, {mixxx.folder}." in capsys.readouterr().err
    setup.set_up(mixxx)
    with monkeypatch.context() as patch:
        patch.setattr(process, "find", lambda _: object())
        assert main(["setup", "--undo", *nowhere(mixxx)]) == 1
        assert "writes its preferences when it is closed" in capsys.readouterr().err
    (mixxx.own / "setup.json").write_text("{")
    assert main(["setup", "--undo", *nowhere(mixxx)]) == 1
    assert "mixxx.cfg" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of one's own")
def test_an_interruption_says_what_is_left(mixxx: Settings) -> None:
    import pty  # noqa: PLC0415 - not on Windows

    arguments = ["-m", "segue_plugins.mixxx", "setup", "--no-link", *nowhere(mixxx)]
    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # whatever the tests were started from
        os.execv(sys.executable, [sys.executable, *arguments])
    heard = b""

    def hears(what: bytes) -> bool:
        nonlocal heard
        heard += os.read(terminal, 65536)
        return what in heard

    wait_until(lambda: hears(b"Go on? [Y/n]"), 30, what="a question")
    assert b"segue-link.js" in heard, "all files are named"
    os.write(terminal, b"y\n")
    wait_until(lambda: hears(b"Let Segue listen"), 30, what="a question")
    wait_until(lambda: psutil.Process(pid).status() == psutil.STATUS_SLEEPING, what="that it waits for the answer")
    os.kill(pid, signal.SIGINT)
    wait_until(lambda: hears(b"repeated at any time."), 30, what="the last words")
    assert b"Mixxx is set up; not done yet: Mixxx's music, what it knows, starting by itself." in heard
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == interview.INTERRUPTED
    os.close(terminal)
