"""`segue mixxx setup` as a DJ meets it, and what Segue then knows of Mixxx's library."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

import mixxx_tables
import pytest
from mixxx_tables import BUS, MARKET, execute

from loop import Loop
from segue_plugins.mixxx import errands, importing, setup
from segue_plugins.mixxx.__main__ import main
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.preferences import Preferences
from segue_plugins.mixxx.settings import Settings
from support import wait_until

BOX = '<M><info><name>Box</name></info><controller id="x"><scriptfiles/></controller></M>'


@pytest.fixture
def mixxx(tmp_path: Path) -> Settings:
    """A settings folder with a controller in use."""
    place = Settings(tmp_path / "mixxx")
    place.controllers.mkdir(parents=True)
    mixxx_tables.make(place.database)
    (place.controllers / "Box.midi.xml").write_text(BOX)
    place.config.write_text("[Config]\nVersion 2.3.3\n\n[Controller]\nBox 1\n\n[ControllerPreset]\nBox Box.midi.xml\n")
    return place


def has(place: Settings, loop: Loop) -> None:
    """Let Mixxx have the tracks of the daemon, and one more."""
    for number, name in ((1, BUS), (2, MARKET)):
        execute(place.database, "UPDATE track_locations SET location = ? WHERE id = ?", f"{loop.music}/{name}", number)
    execute(place.database, "UPDATE library SET bpm = 87.31, key_id = 5, rating = 2 WHERE id = 2")
    execute(place.database, "UPDATE track_locations SET fs_deleted = 0 WHERE id = 3")
    execute(place.database, "UPDATE directories SET directory = ?", str(loop.music))


def test_yes_to_all(mixxx: Settings, loop: Loop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    has(mixxx, loop)
    more = tmp_path / "more"
    more.mkdir()
    execute(mixxx.database, "INSERT INTO directories VALUES(?), (?)", str(more), f"{loop.music}/inside")
    shared = ["--settings", str(mixxx.folder), "--home", str(loop.home)]
    assert main(["setup", *shared, "--yes", "--no-link", "--start", "no"]) == 0
    said = capsys.readouterr().out
    for words in (
        "Found Mixxx 2.3.3",
        "3 tracks, 1 playlist, 1 night, 2 crates",
        "Box (Box.midi.xml)",
        "Segue: next, Segue: stay, Segue: lift, Segue: turn",
        "Box with Segue.midi.xml: chosen for Box",
        f"Listening to {more}",
        "Segue has 2 of Mixxx's 3 tracks; 2 of them brought something new.",
        "1 is in no folder that Segue watches",
        "1 crate copied.",
    ):
        assert words in said
    assert {folder.path for folder in loop.client.folders().folders} == {str(loop.music), str(more)}
    loop.client.remove_folder(more)

    held = {track.title: track for track in loop.tracks()}
    assert (held["Night Bus"].bpm, held["Night Bus"].key, held["Night Bus"].rating) == (124.0, "A minor", 4)
    assert held["Night Bus"].sources["bpm"][0].source == "user", "its tempo is locked in Mixxx"
    assert (held["Sunday Market"].bpm, held["Sunday Market"].key) == (87.31, "E major")
    assert held["Sunday Market"].sources["bpm"][0].source == "dj"
    assert [(crate.name, crate.source, crate.tracks) for crate in loop.client.crates().crates] == [("Mine", "mixxx", 1)]
    learned = loop.client.memory().total

    assert main(["import", "--wait", *shared]) == 0
    assert "; nothing was new." in capsys.readouterr().out
    assert loop.client.memory().total == learned
    assert len(loop.client.crates().crates) == 1


def test_it_is_started_by_itself_until_setup_is_undone(mixxx: Settings, loop: Loop) -> None:
    shared = ["--settings", str(mixxx.folder), "--home", str(loop.home)]

    def shim() -> tuple[bool, str | None]:
        return next((one.always, one.settings) for one in loop.client.shims().shims if one.name == "mixxx")

    assert main(["setup", *shared, "--no-input", "--start", "yes"]) == 0
    assert shim() == (True, str(mixxx.folder))
    assert main(["setup", "--undo", *shared]) == 0
    assert shim()[0] is False
    assert sorted(path.name for path in mixxx.folder.iterdir()) == ["controllers", "mixxx.cfg", "mixxxdb.sqlite"]
    assert main(["setup", *shared, "--no-input", "--start", "yes"]) == 0
    assert main(["setup", *shared, "--no-input", "--start", "no"]) == 0
    assert shim()[0] is False


def test_no_start_alone_sets_nothing_up(
    mixxx: Settings, loop: Loop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sorted(mixxx.folder.rglob("*"))
    shared = ["--settings", str(mixxx.folder), "--home", str(loop.home)]
    loop.client.start_shim("mixxx", mixxx.folder)
    assert main(["setup", *shared, "--start", "no"]) == 0
    assert "no longer started by itself" in capsys.readouterr().out
    assert not any(shim.always for shim in loop.client.shims().shims)
    assert sorted(mixxx.folder.rglob("*")) == before
    assert main(["setup", "--settings", str(mixxx.folder), "--home", str(tmp_path / "home"), "--start", "no"]) == 1


def test_a_daemon_that_does_not_start_in_time(
    mixxx: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(errands, "_START_SECONDS", 0.01)
    assert main(["setup", "--no-input", "--watch", "--settings", str(mixxx.folder), "--home", str(tmp_path / "h")]) == 1
    assert "did not start within" in capsys.readouterr().err


def test_crates_that_are_emptied_renamed_or_written_alike(mixxx: Settings, loop: Loop) -> None:
    has(mixxx, loop)
    database = Database(mixxx.database)

    def crates() -> dict[str, set[str]]:
        importing.run(loop.client, database)
        held = loop.client.crates().crates
        return {one.name: {track.title for track in loop.client.crate(one.name).tracks} for one in held}

    execute(mixxx.database, "INSERT INTO crates(id, name) VALUES(5, ' MINE'), (6, ?), (7, ?)", "x" * 300, "x" * 299)
    execute(mixxx.database, "INSERT INTO crate_tracks VALUES(5, 2), (6, 1), (7, 2)")
    both = {"Night Bus", "Sunday Market"}
    found = crates()
    assert list(found.values()) == [both, both]
    assert {name.strip().casefold() for name in found} == {"mine", "x" * 200}
    loop.client.set_crate("Mine", [f"{loop.music}/{MARKET}"])
    execute(mixxx.database, "DELETE FROM crate_tracks")
    execute(mixxx.database, "DELETE FROM crates WHERE id > 5")
    assert crates() == {"Mine": {"Sunday Market"}}, "what was put in here stays"
    loop.client.remove_crate("Mine")


def test_texts_that_are_too_long_cost_nothing_else(mixxx: Settings, loop: Loop) -> None:
    has(mixxx, loop)
    execute(mixxx.database, "UPDATE library SET artist = ?, title = ?, key = ?, key_id = 0", *("x" * 5000,) * 3)
    assert importing.run(loop.client, Database(mixxx.database)).known == 2


def test_waiting_ends_where_nothing_is_listened_to(
    loop: Loop, music: Path, mixxx: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    loop.client.pause()
    try:
        new = loop.bring([next(path for path in sorted(music.iterdir()) if path.name not in {BUS, MARKET})])
        wait_until(lambda: loop.status().tracks.queued > 0, 20, what="the new file")
        assert main(["import", "--wait", "--settings", str(mixxx.folder), "--home", str(loop.home)]) == 0
        assert "it is paused (`segue resume`). 1 is not waited for." in capsys.readouterr().out
        new[0].unlink()
        wait_until(lambda: loop.status().tracks.queued == 0, 20, what="the file to go")
    finally:
        loop.client.resume()


def test_no_input_does_what_options_say_alone(
    mixxx: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = mixxx.config.read_bytes()
    nowhere = ["--home", str(tmp_path / "home"), "--settings", str(mixxx.folder)]
    assert main(["setup", "--no-input", *nowhere]) == 0
    assert mixxx.config.read_bytes() == before
    assert sorted(path.name for path in mixxx.controllers.iterdir()) == [
        "Box.midi.xml", "Segue.midi.xml", "segue-link.js", "segue.js",
    ]  # fmt: skip
    assert main(["setup", "--no-input", "--link", "My Port", "--mapping", "box", *nowhere]) == int(
        find_spec("rtmidi") is None
    )
    assert "My Port" in capsys.readouterr().out
    chosen = {one.key: one.mapping for one in Preferences(mixxx).controllers()}
    assert chosen == {"Box": "Box with Segue.midi.xml", "My_Port": "Segue.midi.xml"}
    assert main(["setup", "--undo", *nowhere]) == 0
    assert mixxx.config.read_bytes() == before
    assert not (tmp_path / "home").exists(), "no daemon was started"


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of one's own")
@pytest.mark.parametrize(("answers", "done"), [("n\n", False), ("y\nwhat?\n\nn\nn\nn\n", True)])
def test_questions_at_a_terminal(mixxx: Settings, tmp_path: Path, answers: str, done: bool) -> None:
    import pty  # noqa: PLC0415 - not on Windows

    folders = ["--settings", str(mixxx.folder), "--home", str(tmp_path / "home")]
    arguments = ["-m", "segue_plugins.mixxx", "setup", "--no-link", *folders]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, *arguments])
    os.write(terminal, answers.encode())
    heard = b""

    def ended() -> bool:
        nonlocal heard
        try:
            heard += os.read(terminal, 65536)
        except OSError:
            return True
        return False

    wait_until(ended, 30, what="the end of it")
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, heard.decode()
    assert b"Go on? [Y/n]" in heard
    assert (setup.read(mixxx) is not None) == done
    if done:
        assert b"Please answer y or n." in heard
        assert b"Let Segue listen to the music in /music? [Y/n]" in heard
        assert (mixxx.controllers / "Box with Segue.midi.xml").exists()
