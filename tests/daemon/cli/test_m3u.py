"""Playlists: what is in them, and that no other one is harmed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from segue.cli import m3u
from segue.errors import PlaylistError, PlaylistExistsError
from segue.protocol.messages import Step


def step(path: str | Path, title: str = "Title", artist: str | None = "Artist", duration: float | None = 61.6) -> Step:
    return Step(
        id=1,
        path=str(path),
        title=title,
        artist=artist,
        bpm=None,
        camelot=None,
        energy=None,
        duration=duration,
        why="start",
    )


def write(file: Path, *tracks: Step, relative: bool = False, force: bool = False) -> list[str]:
    return m3u.write(file, tracks, relative=relative, force=force)


def test_a_playlist_has_a_line_about_each_track_and_its_path(tmp_path: Path) -> None:
    file = tmp_path / "night.m3u8"
    assert write(file, step("/m/ä b.mp3", "Título"), step("/m/c.flac", artist=None, duration=None)) == []
    assert file.read_text("utf-8").splitlines() == [
        "#EXTM3U",
        "#EXTINF:62,Artist - Título",
        "/m/ä b.mp3",
        "#EXTINF:-1,Title",
        "/m/c.flac",
    ]
    assert list(tmp_path.iterdir()) == [file], "nothing is left beside it"


def test_relative_paths_are_seen_from_the_playlist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lists").mkdir()
    write(Path("lists/x.m3u8"), step(tmp_path / "music" / "a.mp3"), step(tmp_path / "lists" / "#1.mp3"), relative=True)
    paths = (tmp_path / "lists" / "x.m3u8").read_text().splitlines()[2::2]
    assert paths == ["../music/a.mp3".replace("/", os.sep), "./#1.mp3".replace("/", os.sep)]


def test_a_playlist_that_is_there_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "x.m3u8"
    file.write_text("mine")
    with pytest.raises(PlaylistExistsError, match="--force"):
        m3u.refuse_existing(file, force=False)
    with pytest.raises(PlaylistExistsError, match="--force"):
        write(file, step("/m/a.mp3"))
    assert file.read_text() == "mine"
    m3u.refuse_existing(file, force=True)
    write(file, step("/m/a.mp3"), force=True)
    assert "/m/a.mp3" in file.read_text()
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other links and rights")
def test_a_dangling_link_is_there_and_rights_are_as_of_any_new_file(tmp_path: Path) -> None:
    file, other = tmp_path / "x.m3u8", tmp_path / "other"
    file.symlink_to(tmp_path / "nowhere")
    with pytest.raises(PlaylistExistsError):
        write(file, step("/m/a.mp3"))
    other.write_text("")
    write(file, step("/m/a.mp3"), force=True)
    assert not file.is_symlink()
    assert file.stat().st_mode == other.stat().st_mode


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(PlaylistError, match="cannot be written"):
        write(tmp_path / "no" / "x.m3u8", step("/m/a.mp3"))


def test_without_links_a_playlist_is_written_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_names: str) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", none)
    file = tmp_path / "x.m3u8"
    write(file, step("/m/a.mp3"))
    assert "/m/a.mp3" in file.read_text()
    with pytest.raises(PlaylistExistsError):
        write(file, step("/m/b.mp3"))


def test_names_cannot_break_the_lines(tmp_path: Path) -> None:
    file = tmp_path / "x.m3u8"
    assert write(file, step("/m/a\nb.mp3"), step("/m/c.mp3", "A\n/etc/passwd\x1b")) == ["/m/a\nb.mp3"]
    assert file.read_text().splitlines()[1:] == ["#EXTINF:62,Artist - A /etc/passwd ", "/m/c.mp3"]


@pytest.mark.skipif(os.name == "nt", reason="names are bytes on other systems")
def test_a_name_that_is_no_text_keeps_its_bytes(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.mp3")).touch()
    file = tmp_path / "x.m3u8"
    write(file, step(f"{tmp_path}/caf\ufffd.mp3"))
    assert file.read_bytes().splitlines()[2].endswith(b"caf\xe9.mp3")
