"""Tags are written into ID3, and every other frame keeps its bytes."""

from __future__ import annotations

import struct
from pathlib import Path

import mutagen
import pytest
from audio_support import Encode
from mutagen.apev2 import APEv2
from mutagen.id3 import APIC, COMM, GEOB, ID3, PRIV, TALB, TIT2, TXXX, UFID
from tag_support import PICTURE, TAGS, ask, copy_of, frame_of, says, tag_of, written

from segue.audio.metadata import read_tags
from segue.audio.tag_writing import id3
from segue.errors import TagsUnsupportedError


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
