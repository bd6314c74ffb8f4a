"""Who may import whom: the rooms of the daemon, the folders beside it, and what must stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DAEMON = ROOT / "daemon" / "segue"

LEAVES = {
    "errors",
    "keys",
    "protocol",
    "analysis.details",
    "analysis.result",
    "library.columns",
    "library.paths",
    "library.places",
    "library.vocabulary",
}
"""What everybody may import: errors, messages and plain values, which import nothing but each other."""
ROOMS = {
    "errors": set(),
    "keys": set(),
    "protocol": set(),
    "home": set(),
    "config": {"home", "recommend.weights"},
    "demo": set(),
    "frontend": set(),
    "audio": {"frontend"},
    "networks": {"frontend"},
    "analysis": {"audio", "frontend", "networks"},
    "library": {"audio.formats"},
    "index": set(),
    "recommend": {"index"},
    "sets": set(),
    "watch": {"audio.formats", "library"},
    "bench": {"analysis", "audio.tag_writing.plan", "server.futures"},
    "client": {"home", "server.connection"},
    "server": {
        "audio.tag_writing.guard",
        "audio.tag_writing.plan",
        "config",
        "home",
        "analysis",
        "index",
        "library",
        "networks",
        "recommend",
        "sets",
        "watch",
    },
    "cli": {"config", "home", "client", "demo", "audio", "bench", "analysis", "library", "networks", "server"},
}
"""What else each room of the daemon may import: another room, or one module of it. Only `server` wires them all."""
HEAVY = {"numpy", "onnxruntime", "hnswlib", "scipy", "soxr", "av", "librosa", "torch", "watchdog"}
LIGHT = ("segue.client", "segue.client.aio", "segue.protocol.methods", "segue.home", "segue.config", "segue.errors")
LIGHT_PROGRAMS = (
    "segue.cli.main",
    "segue_plugins.nowplaying.__main__",
    "segue_plugins.nowplaying.shim",
    "segue_plugins.mixxx.__main__",
)
LINES_AT_MOST = 420


def sources(folder: Path) -> list[Path]:
    found = sorted(folder.rglob("*.py"))
    assert found, f"nothing in {folder}"
    return found


def imports(path: Path) -> Iterator[str]:
    """Full names of the modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room_of(path: Path) -> str:
    return path.relative_to(DAEMON).with_suffix("").parts[0]


def test_every_room_is_known() -> None:
    assert {room_of(path) for path in sources(DAEMON)} == {*ROOMS, "__init__"}


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_a_room_imports_only_what_it_may(room: str) -> None:
    allowed = {f"segue.{name}" for name in {room, *LEAVES, *ROOMS[room]}}
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources(DAEMON)
        if room_of(path) == room
        for name in imports(path)
        if name.startswith("segue.") and name != "segue.__version__"
        if not any(name == one or name.startswith(f"{one}.") for one in allowed)
    ]
    assert wrong == []


@pytest.mark.parametrize("leaf", sorted(LEAVES))
def test_what_everybody_may_import_imports_no_room(leaf: str) -> None:
    place = DAEMON.joinpath(*leaf.split("."))
    allowed = tuple(f"segue.{name}" for name in LEAVES)
    assert [
        f"{path.relative_to(ROOT)}: {name}"
        for path in (sources(place) if place.is_dir() else [place.with_suffix(".py")])
        for name in imports(path)
        if name.startswith("segue.") and not name.startswith(allowed)
    ] == []


def test_the_daemon_knows_neither_torch_nor_training_nor_any_dj_program() -> None:
    strangers = {"torch", "segue_export", "segue_plugins", "librosa"}
    assert [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources(DAEMON)
        for name in imports(path)
        if name.partition(".")[0] in strangers
    ] == []


def test_shims_know_nothing_of_the_daemon_but_its_client() -> None:
    allowed = ("segue.client", "segue.protocol", "segue.errors")
    assert [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sources(ROOT / "plugins")
        for name in imports(path)
        if name.partition(".")[0] in {"segue", *HEAVY} and not name.startswith(allowed)
    ] == []


@pytest.mark.parametrize("module", [*LIGHT, *LIGHT_PROGRAMS])
def test_what_starts_often_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, {module}; print(*sorted({sorted(HEAVY)!r} & sys.modules.keys()))".replace("[", "{").replace(
        "]", "}"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert loaded.stdout.split() == []


def test_the_daemon_itself_never_loads_onnxruntime() -> None:
    code = (
        "import sys, segue.server.daemon; print(*sorted({'onnxruntime', 'av', 'torch', 'scipy'} & sys.modules.keys()))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert loaded.stdout.split() == []


def test_modules_are_short() -> None:
    long = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in sources(DAEMON)}
    assert {path: lines for path, lines in long.items() if lines > LINES_AT_MOST} == {}
