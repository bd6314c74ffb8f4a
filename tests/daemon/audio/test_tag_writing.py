"""New tags in copies of real files: everything else in them stays as it was, to the byte where the format allows."""

from __future__ import annotations

import errno
import os
import shutil
import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import mutagen
import pytest
from audio_support import Encode
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, COMM, GEOB, ID3, PRIV, TALB, TIT2, TXXX, UFID
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm

from segue.audio.identity import identify
from segue.audio.metadata import read_tags
from segue.audio.tag_writing import id3
from segue.audio.tag_writing import retag as module
from segue.audio.tag_writing.guard import as_tags_error
from segue.audio.tag_writing.plan import TagOutcome, TagRequest
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

TAGS = Tags(title="Nïght Bus", artist="Léa & Ōta", comment="opens well")
VALUES = {"bpm": 174.017, "key": "A minor", "energy": 6.5}
PICTURE = os.urandom(60_000)


def copy_of(path: Path) -> Path:
    return path.with_name(f".copy{path.suffix}")


def ask(path: Path, **options: Any) -> TagOutcome:
    status = path.stat()
    request = {
        "copy": os.fsencode(copy_of(path)), "identity": identify(path).identity, "size": status.st_size,
        "mtime_ns": status.st_mtime_ns, "values": VALUES, "skipped": {}, "overwrite": [], **options,
    }  # fmt: skip
    return retag(path, TagRequest(**request))


def written(path: Path, **options: Any) -> Path:
    """The copy, after a look at the file, which must be as it was."""
    before = path.read_bytes()
    assert ask(path, **options).probe is not None
    assert path.read_bytes() == before
    return copy_of(path)


def says(path: Path) -> tuple[float | None, str | None, float | None]:
    tags = read_tags(path)
    return tags.bpm, tags.key, tags.energy


def decoded(path: Path) -> bytes:
    with av.open(str(path)) as container:
        return b"".join(frame.to_ndarray().tobytes() for frame in container.decode(audio=0))


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


# ID3 ----------------------------------------------------------------------------------------------------------------


def rich_id3(path: Path, version: int) -> None:
    tags = ID3()
    for frame in (
        TIT2(encoding=1, text=["Nïght Bus"]), TALB(encoding=0, text=["Depot"]),
        APIC(encoding=0, mime="image/png", type=3, desc="cover", data=PICTURE),
        APIC(encoding=0, mime="image/png", type=4, desc="back", data=PICTURE[:99]),
        GEOB(encoding=0, mime="application/octet-stream", filename="", desc="Serato Markers2", data=b"\x01\x01" * 99),
        GEOB(encoding=0, mime="application/octet-stream", filename="", desc="Serato Overview", data=PICTURE[:3000]),
        PRIV(owner="TRAKTOR4", data=PICTURE[:500]), UFID(owner="http://x", data=b"\xff\xfe\x00"),
        TXXX(encoding=1, desc="Näme", text=["ü", "two"]), COMM(encoding=1, lang="eng", desc="", text=["hello"]),
    ):  # fmt: skip
        tags.add(frame)
    tags.save(path, v2_version=version, v23_sep=None)


def frames_of(path: Path) -> dict[str, bytes]:
    data = path.read_bytes()
    tag = data[: id3.tag_size(data[:10])]
    return {frame.name + str(number): frame.raw for number, frame in enumerate(id3._frames(tag[10:], tag[3]))}


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("kind", ["mp3", "wav", "aiff"])
def test_every_other_frame_keeps_its_bytes_and_the_tag_its_version(encode: Encode, version: int, kind: str) -> None:
    path = encode(kind)
    if kind == "mp3":
        rich_id3(path, version)
        before = list(frames_of(path).values())
        assert list(frames_of(written(path)).values())[: len(before)] == before
    else:
        tagged = mutagen.File(path)
        tagged.add_tags()
        rich_id3(path.with_name("tag"), version)
        tagged.tags.update(dict(ID3(path.with_name("tag")).items()))
        tagged.save(v2_version=version)
        written(path)
    tags = mutagen.File(copy_of(path)).tags
    assert tags.version == (2, version, 0)
    ours = {"TBPM", "TKEY", "TXXX:EnergyLevel"}
    assert {key: vars(frame) for key, frame in tags.items() if key not in ours} == {
        key: vars(frame) for key, frame in mutagen.File(path).tags.items()
    }
    assert ours <= tags.keys()


def test_id3v1_and_ape_behind_the_audio_stay(encode: Encode) -> None:
    path = encode("mp3", tags=TAGS)
    ape = APEv2()
    ape["Mood"] = "dark"
    ape.save(path)
    ID3(path).save(path, v1=2)
    tail = path.read_bytes()[-400:]
    assert b"APETAGEX" in tail
    assert b"TAG" in tail
    assert written(path).read_bytes()[-400:] == tail


def test_a_file_with_nothing_but_audio_gets_a_tag_that_every_player_reads(encode: Encode) -> None:
    path = encode("mp3")
    ID3(path).delete(path)
    bare = path.read_bytes()
    copy = written(path)
    assert ID3(copy).version == (2, 3, 0)
    assert copy.read_bytes().endswith(bare)


def tag_of(version: int, flags: int, body: bytes) -> bytes:
    return b"ID3" + bytes((version, 0, flags)) + id3._as_syncsafe(len(body)) + body


def frame_of(name: str, content: bytes) -> bytes:
    return name.encode() + struct.pack(">I", len(content)) + b"\0\0" + content


def with_tag(path: Path, tag: bytes) -> Path:
    ID3(path).delete(path)
    path.write_bytes(tag + path.read_bytes())
    return path


def test_version_2_2(encode: Encode) -> None:
    title = b"TT2" + (6).to_bytes(3, "big") + b"\0Title"
    tempo = b"TBP" + (4).to_bytes(3, "big") + b"\x00120"
    copy = written(with_tag(encode("mp3"), tag_of(2, 0, title + tempo + bytes(300))), overwrite=["bpm"])
    assert copy.read_bytes()[10:].startswith(title + b"TBP")
    assert copy.read_bytes()[3] == 2
    assert says(copy) == (174.02, "A minor", 7.0)


def test_a_tag_without_false_starts_of_audio_stays_so(encode: Encode) -> None:
    body = frame_of("TIT2", b"\0Title") + frame_of("PRIV", b"x\0\xff\xe0\xff\x00\xff") + frame_of("TALB", b"\0\xff")
    path = with_tag(encode("mp3"), tag_of(3, 0x80, id3._unsynchronised(body)))
    copy = written(path)
    data = copy.read_bytes()
    assert data[5] == 0x80
    content = id3._synchronised(data[10 : id3.tag_size(data[:10])])
    assert content.startswith(body)
    assert says(copy) == (174.02, "A minor", 7.0)


def test_an_extended_header_with_a_checksum_goes(encode: Encode) -> None:
    extended = struct.pack(">IHII", 10, 0x8000, 0, 0xDEADBEEF)
    body = frame_of("TIT2", b"\0Title")
    copy = written(with_tag(encode("mp3"), tag_of(3, 0x40, extended + body)))
    assert copy.read_bytes()[10:].startswith(body)
    assert (read_tags(copy).title, copy.read_bytes()[5]) == ("Title", 0)


@pytest.mark.parametrize(
    "tag",
    [
        tag_of(3, 0, frame_of("TIT2", b"\0Title")[:-2]),
        tag_of(3, 0, b"\x00\x00junk"),
        tag_of(3, 0, frame_of("TIT2", b"\0Title") + b"!!!!" + bytes(20)),
        tag_of(4, 0, b"APIC\x00\x00\x00\xc8\x00\x00" + bytes(200)),
        tag_of(4, 0x10, frame_of("TIT2", b"\0Title")) + bytes(10),
        tag_of(9, 0, b""),
    ],
)
def test_tags_that_are_not_understood_are_left_alone(encode: Encode, tag: bytes) -> None:
    path = with_tag(encode("mp3"), tag)
    before = path.read_bytes()
    with pytest.raises(TagsUnsupportedError):
        ask(path)
    assert path.read_bytes() == before
    assert not copy_of(path).exists()


# The other formats --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["wav", "aiff"])
def test_all_other_chunks_stay(encode: Encode, kind: str) -> None:
    path = encode(kind)
    order = "little" if kind == "wav" else "big"
    data = path.read_bytes()
    odd = b"note" + (5).to_bytes(4, order) + b"hello\0"
    last = b"last" + (3).to_bytes(4, order) + b"end"
    body = data[12:] + odd + last
    path.write_bytes(data[:4] + (4 + len(body)).to_bytes(4, order) + data[8:12] + body)
    copy = written(path)
    assert copy.read_bytes()[12 : 12 + len(body)] == body
    assert says(copy) == (174.02, "A minor", 7.0)
    copy.replace(path)
    size = path.stat().st_size
    assert written(path, values={"bpm": 99.0}, overwrite=["bpm"]).stat().st_size == size


def test_pictures_and_blocks_of_a_flac(encode: Encode) -> None:
    path = encode("flac", tags=TAGS)
    file = FLAC(path)
    picture = Picture()
    picture.data, picture.mime, picture.type = PICTURE, "image/png", 3
    file.add_picture(picture)
    file["TRAKTOR4"] = ["x" * 500]
    file["CUSTOM"] = ["one", "two"]
    file.save(padding=lambda _: 0)
    copy = written(path)
    made = FLAC(copy)
    assert [one.write() for one in made.pictures] == [picture.write()]
    assert [pair for pair in made.tags if pair[0].upper() not in {"BPM", "INITIALKEY", "ENERGYLEVEL"}] == list(
        file.tags
    )
    assert made.tags.vendor == file.tags.vendor
    assert copy.stat().st_size - path.stat().st_size > 1000  # room for the next time
    copy.replace(path)
    assert written(path, values={"bpm": 99.5}, overwrite=["bpm"]).stat().st_size == path.stat().st_size


def test_an_id3_tag_before_a_flac_stays(encode: Encode) -> None:
    path = encode("flac", tags=TAGS)
    tag = tag_of(3, 0, frame_of("TIT2", b"\0Title") + bytes(50))
    path.write_bytes(tag + path.read_bytes())
    copy = written(path)
    assert copy.read_bytes().startswith(tag)
    assert says(copy) == (174.02, "A minor", 7.0)


@pytest.mark.parametrize("kind", ["ogg", "opus"])
@pytest.mark.parametrize("size", [10, 64_000, 300_000])
def test_comments_over_many_pages(encode: Encode, kind: str, size: int) -> None:
    path = encode(kind, tags=TAGS)
    file = mutagen.File(path)
    file["METADATA_BLOCK_PICTURE"] = ["A" * size]
    file.save()
    copy = written(path)
    assert mutagen.File(copy)["METADATA_BLOCK_PICTURE"] == ["A" * size]
    assert says(copy) == (174.02, "A minor", 7.0)
    assert decoded(copy) == decoded(path)


def rich_mp4(path: Path) -> None:
    file = MP4(path)
    file["covr"] = [MP4Cover(PICTURE, MP4Cover.FORMAT_PNG), MP4Cover(PICTURE[:99], MP4Cover.FORMAT_JPEG)]
    file["----:com.serato.dj:markersv2"] = [MP4FreeForm(b"\x01\x02" * 50)]
    file["----:com.apple.iTunes:iTunNORM"] = [MP4FreeForm(b" 00001", 1), MP4FreeForm(b"second", 1)]
    file["trkn"], file["cpil"], file["\xa9too"] = [(3, 9)], True, ["Encoder"]
    file.save()


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("tight", [False, True])
def test_items_of_an_mp4_and_where_its_audio_begins(encode: Encode, first: bool, tight: bool, tmp_path: Path) -> None:
    path = encode("m4a", tags=TAGS)
    if first:
        fast = tmp_path / "fast.m4a"
        with (
            av.open(str(path)) as source,
            av.open(str(fast), "w", format="ipod", options={"movflags": "faststart"}) as to,
        ):
            stream = to.add_stream_from_template(source.streams.audio[0])
            for packet in source.demux(audio=0):
                if packet.dts is not None:
                    packet.stream = stream
                    to.mux(packet)
        path = fast
    rich_mp4(path)
    if tight:
        file = MP4(path)
        file.save(padding=lambda _: 0)
    assert (path.read_bytes().index(b"moov") < path.read_bytes().index(b"mdat")) is first
    before = dict(MP4(path).items())
    copy = written(path)
    made = dict(MP4(copy).items())
    assert made.pop("tmpo") == [174]
    for name, text in (("BPM", b"174.02"), ("initialkey", b"8A"), ("EnergyLevel", b"7")):
        assert made.pop(f"----:com.apple.iTunes:{name}") == [text]
    assert made == before
    assert [cover.imageformat for cover in made["covr"]] == [MP4Cover.FORMAT_PNG, MP4Cover.FORMAT_JPEG]
    assert decoded(copy) == decoded(path)


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
