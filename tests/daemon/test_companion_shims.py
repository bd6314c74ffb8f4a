"""A shim that somebody else's package brings, kept by a real daemon: started, started again, ended with it however it ends."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from segue.client import Client
from segue.home import Home
from support import RunningDaemon, wait_until

SHIM = """
import argparse, time
from segue.client import Client
from segue.protocol.messages import DeckParams
from segue_plugins.companion import end_with_daemon

parser = argparse.ArgumentParser()
for name in ("--home", "--settings"):
    parser.add_argument(name)
parser.add_argument("--companion", action="store_true")
options = parser.parse_args()
assert options.companion
end_with_daemon()
with Client(options.home) as client:
    client.update_deck(DeckParams(deck=f"of {options.settings}", playing=True, volume=0.0, client="made-up"))
    print("told", flush=True)
    try:
        while True:
            time.sleep(0.05)
    except KeyboardInterrupt:
        client.update_deck(DeckParams(deck=f"of {options.settings}", client="made-up"))
        print("left in good order", flush=True)
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Where a package with a shim is installed."""
    package, about = tmp_path / "somebodys_shim", tmp_path / "somebodys_shim-1.0.dist-info"
    for folder in (package, about):
        folder.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(SHIM)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: somebodys-shim\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[segue.companions]\nsomebodys = somebodys_shim.__main__:main\n")
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))}


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_shim_lives_and_dies_with_the_daemon(
    home: Path, start_daemon: Callable[..., RunningDaemon], environment: dict[str, str]
) -> None:
    log = Home.locate(home).log_dir / "somebodys.log"

    def pid() -> int:
        """Of the shim, once it has told of its deck."""
        wait_until(lambda: [shim.state for shim in client.status().shims] == ["running"])
        return client.status().shims[0].pid

    def told(times: int) -> None:
        wait_until(lambda: log.exists() and log.read_text().count("told") == times)

    daemon = start_daemon(environment=environment)
    with Client(home) as client:
        assert {"mixxx", "somebodys"} <= {shim.name for shim in client.shims().shims}
        client.start_shim("somebodys", "/somewhere")
        told(1)
        first = pid()
        status = client.status()
        assert [(deck.deck, deck.playing, deck.volume) for deck in status.decks] == [("of /somewhere", True, 0.0)]
        assert status.gig_mode

        os.kill(first, signal.SIGKILL)
        told(2)
        second = pid()
        assert (lives(first), lives(second)) == (False, True)

        os.kill(daemon.process.pid, signal.SIGKILL)  # not its group: nobody but the pipe tells the shim
        daemon.process.wait()
        wait_until(lambda: not lives(second))
        daemon.kill()

        daemon = start_daemon(environment=environment)
        told(3)
        third = pid()
        assert [(shim.settings, shim.always) for shim in client.status().shims] == [("/somewhere", True)]
    assert daemon.stop() == 0
    assert not lives(third)
    assert log.read_text().endswith("left in good order\n")
