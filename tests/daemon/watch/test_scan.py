"""Walking real folders."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.watch.scan import look, scan


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * len(name))


def names_of(root: Path) -> list[str]:
    return sorted(os.path.relpath(path, root) for path in scan(str(root)).files)


def test_only_music_is_found(tmp_path: Path) -> None:
    make(tmp_path, "a.mp3", "B.FLAC", "sub/deep/c.aiff", "d.mp3.part", "e.jpg", "._a.mp3", ".f.mp3", ".trash/g.mp3")
    make(tmp_path, "h.mp3.download/h.mp3", "@eaDir/i.mp3", "__MACOSX/j.mp3", "folder.mp3/k.ogg")
    assert names_of(tmp_path) == ["B.FLAC", "a.mp3", "folder.mp3/k.ogg", "sub/deep/c.aiff"]
    stat = scan(str(tmp_path)).files[str(tmp_path / "a.mp3")]
    assert stat == look(str(tmp_path / "a.mp3"))
    assert stat.size == 5


def test_links_are_walked_once_and_loops_end(tmp_path: Path) -> None:
    make(tmp_path, "music/real/a.mp3", "outside/b.mp3")
    root = tmp_path / "music"
    (root / "real" / "loop").symlink_to(root)
    (root / "again").symlink_to(root / "real")
    (root / "usb").symlink_to(tmp_path / "outside")
    (root / "usb2").symlink_to(tmp_path / "outside")
    (root / "link.mp3").symlink_to(tmp_path / "outside" / "b.mp3")
    (root / "nowhere.mp3").symlink_to(tmp_path / "nothing")
    found = names_of(root)
    assert found[0:2] == ["link.mp3", "real/a.mp3"]
    assert found[2:] in (["usb/b.mp3"], ["usb2/b.mp3"])
    assert scan(str(root)).follows_links


def test_a_link_whose_drive_is_away_is_unknown_not_gone(tmp_path: Path) -> None:
    (tmp_path / "usb").symlink_to(tmp_path / "not-mounted")
    assert scan(str(tmp_path)).unreadable == [str(tmp_path / "usb")]


def test_a_folder_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    assert scan(str(tmp_path / "no")).unreadable == [str(tmp_path / "no")]


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user may read, unlike `tmp_path`."""
    folder = Path(tempfile.mkdtemp(prefix="segue-scan-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_a_locked_folder_is_reported_and_the_rest_found(open_folder: Path) -> None:
    make(open_folder, "a.mp3", "locked/b.mp3")
    (open_folder / "locked").chmod(0)
    if os.getuid() != 0:
        found = scan(str(open_folder))
        assert (found.unreadable, len(found.files)) == ([str(open_folder / "locked")], 1)
        return
    # Locks do not hold root back: let nobody look.
    code = (
        "import os, sys; from segue.watch.scan import scan; os.chdir('/'); os.setgid(65534); os.setuid(65534);"
        "found = scan(sys.argv[1]); print(found.unreadable, len(found.files))"
    )
    command = [sys.executable, "-c", code, str(open_folder)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if "ModuleNotFoundError" in result.stderr or "PermissionError" in result.stderr:
        pytest.skip("nobody may not read this checkout")
    assert result.stdout.split() == [f"['{open_folder / 'locked'}']", "1"], result.stderr


def test_a_link_to_itself_hides_nothing_beside_it(tmp_path: Path) -> None:
    make(tmp_path, "a.mp3", "sub/b.mp3", "z.mp3")
    for name in ("loop", "loop.mp3", "sub/loop"):
        (tmp_path / name).symlink_to(tmp_path / name)
    found = scan(str(tmp_path))
    assert len(found.files) == 3
    assert str(tmp_path) not in found.unreadable


@pytest.mark.skipif(sys.platform == "win32", reason="file names are text on Windows")
def test_a_name_that_is_no_unicode_is_found(tmp_path: Path) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/Bj\xf6rk.mp3"))).touch()
    (path,) = scan(str(tmp_path)).files
    assert os.fsencode(path).endswith(b"Bj\xf6rk.mp3")


def test_a_very_long_path_is_found(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["x" * 100] * 12)
    deep.mkdir(parents=True)
    (deep / "a.mp3").touch()
    assert len(scan(str(tmp_path)).files) == 1


def test_emptiness_and_pausing(tmp_path: Path) -> None:
    (tmp_path / ".keep").touch()
    assert scan(str(tmp_path)).empty
    make(tmp_path, *[f"{n}/a.mp3" for n in range(300)])
    assert not scan(str(tmp_path)).empty
    stopped = scan(str(tmp_path), lambda: True)
    assert not stopped.complete
    assert len(stopped.files) < 300


def test_a_look_tells_gone_from_unknown(tmp_path: Path) -> None:
    make(tmp_path, "a.mp3")
    assert look(str(tmp_path / "b.mp3")) is None
    assert look(str(tmp_path / "a.mp3" / "c.mp3")) is None
