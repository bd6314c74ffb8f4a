"""Opening a library at start, in whatever state the last end has left it."""

from __future__ import annotations

import random
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe
from segue.errors import DiskFullError
from segue.library.connection import PAGE_BYTES, suspicion
from segue.library.store import Library
from segue.server.recovery import Opened, open_library


@dataclass
class Networks:
    id: str = MODEL
    labels: tuple[str, ...] = LABELS
    dim: int = DIM


def fill(path: Path, count: int = 400) -> Path:
    library = Library(path)
    library.set_model(MODEL, LABELS, DIM)
    library.add_folder(Path("/m"))
    comment = "as long as real ones are " * 12
    library.store_many(
        [(f"/m/{n}.mp3", probe(str(n), title=f"Song {n}", comment=comment), analysis(str(n))) for n in range(count)]
    )
    library.add_play(1, 1.0, "user")
    library.close()
    return path


def damage(path: Path) -> None:
    """Every third page, the first one excepted."""
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // PAGE_BYTES, 3):
        content[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = random.Random(page).randbytes(PAGE_BYTES)
    path.write_bytes(bytes(content))


def opened(path: Path) -> Opened:
    found = open_library(path, Networks())
    found.library.close()
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return fill(tmp_path / "library.db")


def test_a_sound_library_is_only_opened(path: Path) -> None:
    found = opened(path)
    assert found.trouble is None
    assert len(found.columns.ids) == 400
    assert sorted(file.name for file in path.parent.iterdir()) == ["folders.json", "library.db"]


def test_what_an_older_analysis_heard_is_queued_again_and_stays(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("UPDATE tracks SET analysis = 0 WHERE id <= 7")
    found = open_library(path, Networks())
    assert len(found.columns.ids) == 400
    assert found.library.counts().queued == 7
    found.library.close()


def test_a_new_library_is_begun(tmp_path: Path) -> None:
    assert opened(tmp_path / "new" / "library.db").trouble is None


def test_damage_in_mid_file_is_rescued_and_the_damaged_file_kept(path: Path) -> None:
    damage(path)
    before = path.read_bytes()
    found = opened(path)
    assert "was damaged" in (found.trouble or "")
    assert 0 < len(found.columns.ids) < 400
    (aside,) = path.parent.glob("library.damaged-*.db")
    assert aside.name in (found.trouble or "")
    assert aside.read_bytes() == before
    assert opened(path).trouble is None
    damage(path)
    opened(path)
    assert len(list(path.parent.glob("library.damaged-*.db"))) == 2


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_rescue_that_was_killed_while_files_changed_places_is_finished(path: Path, suffix: str) -> None:
    shutil.copy(path, path.with_suffix(".rescued"))
    Path(f"{path}{suffix}").write_bytes(b"of the damaged library")
    if suffix:
        path.unlink()
    else:
        Path(f"{path}-wal").write_bytes(b"")
    found = opened(path)
    assert len(found.columns.ids) == (400 if suffix else 0)
    assert not path.with_suffix(".rescued").exists()
    assert list(path.parent.glob("library.damaged-*"))
    assert len(opened(path).columns.ids) == len(found.columns.ids)


def test_a_rescue_that_was_killed_earlier_begins_anew(path: Path) -> None:
    damage(path)
    path.with_suffix(".rescuing").write_bytes(b"half a library")
    Path(f"{path.with_suffix('.rescuing')}-wal").write_bytes(b"half a log")
    assert len(opened(path).columns.ids) > 0
    assert not list(path.parent.glob("*.rescuing*"))


def test_a_mark_makes_the_start_look_through_the_whole_file(path: Path) -> None:
    suspicion(path).touch()
    assert opened(path).trouble is None
    assert not suspicion(path).exists()
    content = bytearray(path.read_bytes())
    library = Library(path)
    with library._database.writing() as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'plays'").fetchone()
    library.close()
    content[(page - 1) * PAGE_BYTES : page * PAGE_BYTES] = bytes(PAGE_BYTES)
    path.write_bytes(bytes(content))
    assert opened(path).trouble is None  # nobody has read that page
    suspicion(path).touch()
    found = opened(path)
    assert "400 analysed tracks, 1 plays" in (found.trouble or "")
    assert not suspicion(path).exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run([mount, "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], check=False)
    if not made or made.returncode:
        pytest.skip("mounting a small disk is not permitted here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_without_room_for_the_rescue_the_damaged_library_stays_where_it_is(small_disk: Path, path: Path) -> None:
    damage(path)
    there = Path(shutil.copy(path, small_disk))
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(4_000_000 - there.stat().st_size - 250_000))
    with pytest.raises(DiskFullError, match="make room"):
        opened(there)
    assert there.read_bytes() == path.read_bytes()
    assert not list(small_disk.glob("*.rescu*"))
    ballast.unlink()
    assert "rescued" in (opened(there).trouble or "")
