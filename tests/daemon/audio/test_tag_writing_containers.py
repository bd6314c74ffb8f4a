"""Tags are written into chunks, pages, blocks and atoms, and all others stay."""

from __future__ import annotations

from pathlib import Path

import av
import mutagen
import pytest
from audio_support import Encode
from mutagen.flac import FLAC, Picture
from mutagen.mp4 import MP4, MP4Cover, MP4FreeForm
from tag_support import PICTURE, TAGS, decoded, frame_of, says, tag_of, written

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
