"""Fixtures that all tests share."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

import support

# The same examples in every run, however long one takes on a busy machine: a test that fails does so for everybody.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def _no_home_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEGUE_HOME", raising=False)


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with fourteen tracks of 12 s in all seven formats: read it, copy from it, never change it."""
    folder = tmp_path_factory.mktemp("music")
    support.render_music(folder)
    return folder


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty home with a path short enough for sockets; whatever runs on it is ended."""
    folder = Path(tempfile.mkdtemp(prefix="segue-"))
    yield folder
    support.remove_home(folder)


@pytest.fixture
def start_daemon(home: Path) -> Iterator[Callable[..., support.RunningDaemon]]:
    """Call it to start a daemon on `home` (or on another home); all are killed at the end."""
    daemons: list[support.RunningDaemon] = []

    def start(on: Path = home, **options: dict[str, str]) -> support.RunningDaemon:
        daemons.append(support.RunningDaemon(on, **options))
        return daemons[-1].start()

    yield start
    for daemon in daemons:
        daemon.kill()
