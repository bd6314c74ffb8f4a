import shutil
import struct
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pytest
from audio_support import RATE, Encode, Samples
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC, Picture
from mutagen.id3 import APIC, ID3, TIT2
from mutagen.mp4 import MP4, MP4Cover

from segue.audio.identity import identify
from segue.audio.probe import probe
from segue.demo.files import Tags, write_audio

PICTURE = bytes(range(256)) * 900
TAGS = Tags(title="First title", artist="Someone", comment="before", bpm=128.0, key="Am")


def identity(path: Path) -> str:
    return identify(path).identity


def test_a_copy_and_a_rename_are_the_same_recording(encode: Encode, tmp_path: Path, kind: str) -> None:
    path = encode(kind, tags=TAGS)
    before = identity(path)
    copy = Path(shutil.copy(path, tmp_path / f"copy{path.suffix}"))
    assert identity(copy) == before
    assert identity(path.rename(tmp_path / "another name.bin")) == before


def test_retagging_leaves_the_recording(encode: Encode, kind: str) -> None:
    path = encode(kind)
    before = identity(path)
    for title in ("short", "a much longer title " * 2000, "é"):
        _retag(path, title)
        assert probe(path).tags.title is not None
        assert identity(path) == before


def test_removing_all_tags_leaves_the_recording(encode: Encode, kind: str) -> None:
    path = encode(kind, tags=TAGS)
    before = identity(path)
    mutagen.File(path).delete()
    assert probe(path).tags.title is None
    assert identity(path) == before


@pytest.mark.parametrize("kind", ["mp3", "wav", "aiff", "flac", "m4a"])
def test_cover_art_leaves_the_recording(encode: Encode, kind: str) -> None:
    path = encode(kind, tags=TAGS)
    before = identity(path)
    _add_cover(path)
    assert path.stat().st_size > len(PICTURE)
    assert identity(path) == before


def test_tags_behind_an_mp3_leave_the_recording(encode: Encode) -> None:
    path = encode("mp3")
    before = identity(path)
    untagged = path.stat().st_size

    ape = APEv2()
    ape["Title"] = "behind"
    # Binary data with the sync word of an MPEG frame must not be taken for audio.
    ape["Cover Art (Front)"] = mutagen.apev2.APEValue(b"\xff\xfb\x90\x64" * 5000, mutagen.apev2.BINARY)
    ape.save(path)
    with path.open("ab") as file:
        file.write(_lyrics3(b"IND00002" + b"00" + b"LYR00005" + b"words"))
        file.write(b"TAG" + bytes(125))
    assert path.stat().st_size > untagged + 20_000
    assert identity(path) == before
    _retag(path, "front")
    assert identity(path) == before


def test_id3_around_a_flac_leaves_the_recording(encode: Encode) -> None:
    path = encode("flac")
    before = identity(path)
    tags = ID3()
    tags.add(TIT2(encoding=3, text=["a flac with ID3"]))
    tags.save(path)
    with path.open("ab") as file:
        file.write(b"TAG" + bytes(125))
    assert identity(path) == before


@pytest.mark.parametrize("padding", [0, 100_000])
def test_flac_padding_leaves_the_recording(encode: Encode, padding: int) -> None:
    path = encode("flac")
    before, size = identity(path), path.stat().st_size
    FLAC(path).save(padding=lambda _: padding)
    assert path.stat().st_size != size
    assert identity(path) == before


def test_moving_the_atoms_of_an_m4a_leaves_the_recording(encode: Encode) -> None:
    path = encode("m4a")
    before = identity(path)
    data = path.read_bytes()
    assert data.index(b"mdat") < data.index(b"moov")
    path.write_bytes(_moov_first(data))
    assert identity(path) == before


def test_another_take_is_another_recording(encode: Encode, samples: Samples, kind: str) -> None:
    other = samples.copy()
    other[RATE : RATE + 2000] *= 0.5
    assert identity(encode(kind)) != identity(encode(kind, other, name="other"))


def test_the_same_bytes_at_another_rate_are_another_recording(tmp_path: Path, samples: Samples) -> None:
    normal = write_audio(tmp_path / "a.wav", samples, 44_100)
    faster = write_audio(tmp_path / "b.wav", samples, 48_000)
    assert identity(normal) != identity(faster)


def test_the_duration_is_that_of_the_music(encode: Encode, kind: str) -> None:
    assert identify(encode(kind)).duration == pytest.approx(6.0, abs=0.06)


def _retag(path: Path, title: str) -> None:
    file: Any = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    if isinstance(file.tags, ID3):
        file.tags.add(TIT2(encoding=3, text=[title]))
    else:
        file.tags["\xa9nam" if isinstance(file, MP4) else "title"] = [title]
    file.save()


def _add_cover(path: Path) -> None:
    file: Any = mutagen.File(path)
    if isinstance(file.tags, ID3):
        file.tags.add(APIC(encoding=3, mime="image/jpeg", type=3, desc="", data=PICTURE))
    elif isinstance(file, MP4):
        file.tags["covr"] = [MP4Cover(PICTURE)]
    else:
        picture = Picture()
        picture.data, picture.mime, picture.type = PICTURE, "image/jpeg", 3
        file.add_picture(picture)
    file.save()


def _lyrics3(fields: bytes) -> bytes:
    body = b"LYRICSBEGIN" + fields
    return body + b"%06d" % len(body) + b"LYRICS200"


def _moov_first(data: bytes) -> bytes:
    """The file with its index in front, every chunk offset moved with the data."""
    atoms = {}
    at = 0
    while at < len(data):
        (size,) = struct.unpack_from(">I", data, at)
        atoms[data[at + 4 : at + 8]] = data[at : at + size]
        at += size
    moov = bytearray(atoms.pop(b"moov"))
    table = moov.index(b"stco")
    (count,) = struct.unpack_from(">I", moov, table + 8)
    offsets = np.frombuffer(moov, ">u4", count, table + 12) + len(moov)
    moov[table + 12 : table + 12 + 4 * count] = offsets.astype(">u4").tobytes()
    ftyp = atoms.pop(b"ftyp")
    return ftyp + bytes(moov) + b"".join(atoms.values())
