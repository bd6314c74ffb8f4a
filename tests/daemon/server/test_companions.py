"""Shims that live with the daemon: each of them a real process, a made-up one."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from library_support import wait_until
from segue.errors import ProgramNotFoundError
from segue.home import Home
from segue.library.store import Library
from segue.protocol.messages import Shim
from segue.server import companions
from segue.server.companions import Companion
from segue.server.shims import SETTING, Shims

Make = Callable[[str], Companion]
STAYS = "import sys; print('here I am', flush=True); sys.stdin.read()"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.setattr(companions, "BACK_OFF_SECONDS", (0.02, 0.05))
    made: list[Companion] = []

    def make(code: str) -> Companion:
        command = [sys.executable, "-S", "-c", code]
        made.append(Companion(Shim(name="made-up", always=True), command, tmp_path / "made-up.log", lambda: None))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def runs(companion: Companion) -> bool:
    return companion.shim.state == "running"


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def lines(tmp_path: Path) -> int:
    log = tmp_path / "made-up.log"
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_a_shim_that_is_killed_starts_again_and_ends_when_it_should(make: Make, tmp_path: Path) -> None:
    companion = make(STAYS)
    wait_until(lambda: lines(tmp_path) == 1)
    first = companion.shim.pid
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: lines(tmp_path) == 2)
    second = companion.shim.pid
    assert (first == second, alive(first), alive(second)) == (False, False, True)
    companion.stop()
    assert companion.shim == Shim(name="made-up", always=True, starts=2)
    assert not alive(second)
    assert (tmp_path / "made-up.log").read_text() == "here I am\n" * 2


def test_one_that_does_not_listen_is_ended_all_the_same(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(companions, "STOP_SECONDS", 0.5)
    companion = make(DEAF)
    wait_until(lambda: lines(tmp_path) == 1)
    pid = companion.shim.pid
    companion.stop()
    wait_until(lambda: not alive(pid))  # after the last word `stop` waits no longer than after the others


def test_one_that_always_ends_at_once_is_left_alone_and_the_status_says_so(make: Make) -> None:
    companion = make("import sys; sys.exit('Mixxx is not set up.')")
    wait_until(lambda: companion.shim.state == "given-up")
    assert (companion.shim.starts, companion.shim.detail) == (10, "Mixxx is not set up.")
    assert "made-up ended 10 times at once" in companion.problem
    assert "Mixxx is not set up." in companion.problem


def test_one_that_has_nothing_to_follow_is_left_alone_at_once(make: Make) -> None:
    companion = make("import sys; print('segue: Mixxx is not set up.'); sys.exit(4)")
    wait_until(lambda: companion.shim.state == "given-up")
    assert companion.shim.starts == 1
    assert (
        "made-up has nothing to follow, and is left alone until Segue starts again: Mixxx is not" in companion.problem
    )


def test_one_that_finds_another_one_at_work_waits_for_its_end_for_ever(make: Make, tmp_path: Path) -> None:
    code = f"import pathlib, sys; sys.exit(3) if not pathlib.Path({str(tmp_path / 'free')!r}).exists() else sys.stdin.read()"
    companion = make(code)
    wait_until(lambda: companion.shim.starts > 12)
    assert companion.problem is None
    (tmp_path / "free").touch()
    wait_until(lambda: runs(companion) and companion.shim.detail == "")


def test_what_cannot_even_be_started_is_left_alone_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Make
) -> None:
    del make
    companion = Companion(Shim(name="gone"), [str(tmp_path / "gone")], tmp_path / "gone.log", lambda: None)
    wait_until(lambda: companion.shim.state == "given-up")
    assert "No such file" in companion.problem


@pytest.fixture
def shims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Shims]]:
    """Shims of a home, as often as a daemon is started; installed is one that stays."""
    home = Home.locate(tmp_path)
    home.create()
    library = Library(home.library_file)
    monkeypatch.setattr(companions, "installed", lambda: {"made-up": "made_up"})
    monkeypatch.setattr(companions, "command", lambda *said: [sys.executable, "-S", "-c", f"{STAYS} or {said!r}"])
    made: list[Shims] = []

    def make() -> Shims:
        made.append(Shims(home, library, lambda *_: None))
        return made[-1]

    yield make
    for one in made:
        one.close()
    library.close()


def test_a_yes_holds_for_the_next_daemon_and_a_no_too(shims: Callable[[], Shims]) -> None:
    first = shims()
    assert first.every() == [Shim(name="made-up")]
    first.start("made-up", "/home/ada/.mixxx", always=True)
    wait_until(lambda: first.state()[0].state == "running")
    first.close()
    second = shims()
    assert second.every() == [Shim(name="made-up", always=True)]
    second.start_kept()
    wait_until(lambda: second.state()[0].state == "running")
    shim = second.state()[0]
    assert (shim.always, shim.settings) == (True, "/home/ada/.mixxx")
    second.stop("made-up")
    assert (second.state(), second._library.setting(SETTING)) == ([], None)
    assert not alive(shim.pid)
    shims().start_kept()


def test_there_is_never_more_than_one(shims: Callable[[], Shims]) -> None:
    one = shims()
    one.start("made-up", None, always=False)
    wait_until(lambda: one.state()[0].state == "running")
    before = one.state()[0].pid
    one.start("made-up", None, always=False)
    assert one.state()[0].pid == before
    one.start("made-up", "/other", always=False)  # it follows another Mixxx now
    assert not alive(before)
    wait_until(lambda: one.state()[0].state == "running")
    assert [(shim.settings, shim.always) for shim in one.state()] == [("/other", False)]
    assert one._library.setting(SETTING) is None


def test_a_shim_that_is_not_installed_is_refused_and_harms_no_start(shims: Callable[[], Shims]) -> None:
    one = shims()
    with pytest.raises(ProgramNotFoundError, match="no shim “nothing”"):
        one.start("nothing", None, always=True)
    one._library.settle(SETTING, b"[1]")
    one.start_kept()
    assert one.state() == []
    one._library.settle(SETTING, b'{"nothing":{"settings":null},"made-up":{"settings":null}}')
    one.start_kept()
    assert [shim.name for shim in one.state()] == ["made-up"]


def test_only_a_home_in_one_folder_is_named_and_nothing_of_the_working_folder_is_run(tmp_path: Path) -> None:
    told = companions.command("segue_plugins.mixxx", Home.locate(tmp_path), "/m")
    assert told[1:] == ["-P", "-m", "segue_plugins.mixxx", "--home", str(tmp_path), "--settings", "/m", "--companion"]
    apart = Home(tmp_path / "a", tmp_path / "b", tmp_path / "c")
    assert "--home" not in companions.command("segue_plugins.mixxx", apart, None)


def test_the_shim_for_mixxx_is_found() -> None:
    assert companions.installed()["mixxx"] == "segue_plugins.mixxx"


def test_a_shim_that_knows_no_companion_is_none_that_the_daemon_starts() -> None:
    assert "now-playing" not in companions.installed()
