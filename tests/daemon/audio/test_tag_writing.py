"""New tags in copies of real files: everything else in them stays as it was, to the byte where the format allows."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import pytest
from audio_support import Encode
from mutagen.id3 import ID3
from tag_support import TAGS, VALUES, ask, copy_of, decoded, says, written

from segue.audio.metadata import read_tags
from segue.audio.tag_writing import retag as module
from segue.audio.tag_writing.guard import as_tags_error
from segue.audio.tag_writing.plan import TagRequest
from segue.audio.tag_writing.retag import retag
from segue.demo.files import Tags
from segue.errors import (
    DiskFullError,
    FileChangedError,
    FileLinkedError,
    FileMissingError,
    FileReadOnlyError,
    TagsNotKeptError,
    TagsUnsupportedError,
)


@pytest.mark.parametrize("tagged", [False, True])
def test_every_format(encode: Encode, kind: str, tagged: bool) -> None:
    path = encode(kind, tags=TAGS if tagged else None)
    copy = written(path)
    assert says(copy) == (174.02, "A minor", 7.0)
    assert decoded(copy) == decoded(path)
    before, after = read_tags(path), read_tags(copy)
    assert (after.title, after.artist, after.comment) == (before.title, before.artist, before.comment)


@pytest.mark.parametrize(("notation", "text"), [("camelot", "8A"), ("openkey", "1m"), ("name", "Am")])
def test_notations(encode: Encode, notation: str, text: str) -> None:
    assert str(ID3(written(encode("mp3"), notation=notation))["TKEY"]) == text


def test_what_a_file_says_already_stays(encode: Encode, kind: str) -> None:
    path = encode(kind, tags=Tags(title="x", bpm=120.0, key="Dm"))
    outcome = ask(path)
    assert [(change.value, change.state, change.before) for change in outcome.changes] == [
        ("bpm", "kept", "120"), ("key", "kept", "D minor"), ("energy", "written", None),
    ]  # fmt: skip
    assert says(copy_of(path)) == (120.0, "D minor", 7.0)


def test_overwriting_leaves_no_second_word(encode: Encode, kind: str) -> None:
    path = encode(kind, tags=Tags(title="x", bpm=120.0, key="Dm"))
    path = written(path).rename(path)
    assert says(written(path, overwrite=["bpm", "key", "energy"])) == (174.02, "A minor", 7.0)
    again = copy_of(path).rename(path)
    assert ask(again, overwrite=["bpm", "key", "energy"]).probe is None
    assert not copy_of(path).exists()


def test_a_whole_number_is_the_same_until_the_exact_one_is_asked_for(encode: Encode) -> None:
    path = encode("mp3", tags=Tags(bpm=174.0))
    values = {"bpm": 174.02}
    assert [change.state for change in ask(path, values=values).changes] == ["same"]
    assert says(written(path, values=values, overwrite=["bpm"]))[0] == 174.02


def test_a_key_in_another_notation(encode: Encode) -> None:
    path = encode("mp3", tags=Tags(key="Am"))
    values = {"key": "A minor"}
    assert [change.state for change in ask(path, values=values).changes] == ["same"]
    assert str(ID3(written(path, values=values, overwrite=["key"]))["TKEY"]) == "8A"


def test_a_plan_makes_no_copy(encode: Encode) -> None:
    path = encode("flac")
    outcome = ask(path, dry_run=True, skipped={"key": "unsure"}, values={"bpm": 100.0})
    assert [(change.value, change.state, change.after) for change in outcome.changes] == [
        ("bpm", "written", "100"), ("key", "unsure", None),
    ]  # fmt: skip
    assert not copy_of(path).exists()


def test_other_kinds_are_refused(tmp_path: Path, encode: Encode) -> None:
    raw = tmp_path / "raw.aac"
    with av.open(str(encode("m4a"))) as source, av.open(str(raw), "w", format="adts") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(audio=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    with pytest.raises(TagsUnsupportedError, match="mp3, m4a"):
        ask(raw)


# Refusals -----------------------------------------------------------------------------------------------------------


def test_permissions_and_times(encode: Encode) -> None:
    path = encode("mp3")
    path.chmod(0o640)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    status = written(path).stat()
    assert status.st_mode & 0o777 == 0o640
    assert status.st_mtime > 1_500_000_000  # it changes, and backups should know


def test_refusals(encode: Encode, tmp_path: Path) -> None:
    path = encode("mp3", tags=TAGS)
    with pytest.raises(FileChangedError):
        ask(path, size=5)
    with pytest.raises(FileChangedError):
        ask(path, mtime_ns=5)
    path.chmod(0o444)
    with pytest.raises(FileReadOnlyError):
        ask(path)
    path.chmod(0o644)
    link = tmp_path / "link.mp3"
    link.symlink_to(path)
    with pytest.raises(FileLinkedError):
        ask(link)
    link.unlink()
    link.hardlink_to(path)
    with pytest.raises(FileLinkedError):
        ask(path)
    link.unlink()
    request = TagRequest(copy=b"/x", identity="", size=1, mtime_ns=1, values=VALUES, skipped={}, overwrite=[])
    with pytest.raises(FileMissingError):
        retag(tmp_path / "none.mp3", request)


def test_a_full_disk(encode: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode("mp3")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(DiskFullError, match="full"):
        ask(path)
    assert isinstance(as_tags_error(path, OSError(errno.ENOSPC, "no")), DiskFullError)
    assert isinstance(as_tags_error(path, OSError(errno.EROFS, "no")), FileReadOnlyError)


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(encode: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill_up(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no room")

    path = encode("mp3")
    monkeypatch.setattr(os, "fsync", fill_up)
    with pytest.raises(DiskFullError):
        ask(path)
    assert not copy_of(path).exists()


def test_a_copy_that_lost_something_is_thrown_away(encode: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode("flac", tags=TAGS)
    with pytest.raises(TagsNotKeptError, match="audio"):
        ask(path, identity="0" * 40)

    def forgetful(source: Any, target: Any, texts: Any) -> None:
        target.write(source.seek(0) * b"" + path.read_bytes().replace(b"opens well", b"opens weak"))

    monkeypatch.setattr(module.vorbis, "rewrite_flac", forgetful)
    with pytest.raises(TagsNotKeptError, match="other tags"):
        ask(path)
    assert not copy_of(path).exists()


def test_a_file_that_changes_meanwhile(encode: Encode, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode("mp3")
    real = module._verified

    def meddle(*arguments: Any) -> Any:
        os.utime(path, (1, 1))
        return real(*arguments)

    monkeypatch.setattr(module, "_verified", meddle)
    with pytest.raises(FileChangedError):
        ask(path)
    assert not copy_of(path).exists()
