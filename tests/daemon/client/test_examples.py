import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from segue.errors import TrackNotFoundError
from segue.protocol import messages as m
from stub_server import StubServer

EXAMPLES = Path(__file__).parents[3] / "examples"
PICTURE = "0.90  Thaw: same key, 2 bpm up\n"


def suggest(params: m.NextParams) -> m.Suggestions:
    if params.track != "night bus":
        raise TrackNotFoundError("No track matches.")
    empty = {"artist": None, "bpm": None, "camelot": None, "energy": None, "duration": None}
    thaw = m.Suggestion(
        id=2, path="/m/thaw.mp3", title="Thaw", similarity=0.8, score=0.9, tags_in_common=[], why="same key, 2 bpm up",
        **empty,
    )  # fmt: skip
    seed = m.Seed(id=1, path="/m/bus.mp3", title="Night Bus", tags=[], **empty)
    return m.Suggestions(seed=seed, suggestions=[thaw])


@pytest.fixture
def run(home):
    def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "SEGUE_HOME": str(home)}
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=30, check=False)

    with StubServer(home, recommend__next=suggest):
        yield run


def check(run, *command: str | Path) -> None:
    found = run(*command, "night bus")
    assert (found.returncode, found.stdout) == (0, PICTURE), found.stderr
    missing = run(*command, "no such")
    assert (missing.returncode, missing.stdout, missing.stderr) == (1, "", "No track matches.\n")


def test_python(run):
    check(run, sys.executable, EXAMPLES / "next.py")


@pytest.mark.skipif(
    not (shutil.which("node") and os.environ.get("SEGUE_NODE_MODULES")),
    reason="needs Node and, in SEGUE_NODE_MODULES, a node_modules folder with the package zeromq",
)
def test_node(run, tmp_path):
    shutil.copy(EXAMPLES / "next.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(os.environ["SEGUE_NODE_MODULES"])
    check(run, "node", tmp_path / "next.mjs")


def test_python_example_is_ten_lines():
    lines = (EXAMPLES / "next.py").read_text().splitlines()[1:]
    assert len([line for line in lines if line.strip()]) <= 10
