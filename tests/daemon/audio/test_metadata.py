from pathlib import Path
from typing import Any

import mutagen
import pytest
from audio_support import Encode
from mutagen.id3 import COMM, ID3, TBPM, TCON, TDRC, TIT2, TKEY, TXXX
from mutagen.mp4 import MP4

from segue.analysis.result import FileTags
from segue.audio.metadata import read_tags
from segue.demo.files import Tags
from segue.errors import FileMissingError

TAGS = Tags(
    title="Night Bus", artist="Léa & Ōta", album="Depot", genre="Deep House", comment="opens well", bpm=123.0, key="8A"
)


def test_every_format_says_the_same(encode: Encode, kind: str) -> None:
    assert read_tags(encode(kind, tags=TAGS)) == FileTags(
        title="Night Bus",
        artist="Léa & Ōta",
        album="Depot",
        genre="Deep House",
        comment="opens well",
        bpm=123.0,
        bpm_rounded=True,
        key="A minor",
    )


def test_the_file_is_only_read(encode: Encode, kind: str) -> None:
    path = encode(kind, tags=TAGS)
    path.chmod(0o400)
    before = path.read_bytes(), path.stat().st_mtime_ns
    read_tags(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


def test_a_file_without_tags(encode: Encode, kind: str) -> None:
    tags = read_tags(encode(kind))
    assert (tags.title, tags.artist, tags.bpm, tags.key) == (None, None, None, None)


@pytest.mark.parametrize("text", ["0", "29.9", "301", "1e400", "nan", "-120", "fast", ""])
def test_an_absurd_tempo_is_none(encode: Encode, text: str) -> None:
    path = encode("mp3")
    _save(path, TBPM(encoding=3, text=[text]))
    assert read_tags(path).bpm is None


@pytest.mark.parametrize(("text", "bpm"), [("128", 128.0), ("127.98", 127.98), ("127,98", 127.98), (" 90 BPM ", 90.0)])
def test_tempo_spellings(encode: Encode, text: str, bpm: float) -> None:
    path = encode("flac", tags=Tags(title="x"))
    file = mutagen.File(path)
    file["BPM"] = [text]
    file.save()
    assert read_tags(path).bpm == bpm


@pytest.mark.parametrize("text", ["Am", "8A", "1m", "A minor", "a-moll", "am"])
def test_key_spellings(encode: Encode, text: str) -> None:
    path = encode("mp3")
    _save(path, TKEY(encoding=3, text=[text]))
    assert read_tags(path).key == "A minor"


def test_a_key_that_is_none(encode: Encode) -> None:
    path = encode("mp3")
    _save(path, TKEY(encoding=3, text=["o"]))
    assert read_tags(path).key is None


def test_user_text_frames_hold_tempo_and_key_too(encode: Encode) -> None:
    path = encode("mp3")
    _save(path, TXXX(encoding=3, desc="initialkey", text=["Gm"]), TXXX(encoding=3, desc="bpm", text=["99.5"]))
    tags = read_tags(path)
    assert (tags.key, tags.bpm) == ("G minor", 99.5)


def test_the_whole_number_of_an_mp4_gives_way_to_nothing(encode: Encode) -> None:
    path = encode("m4a", tags=Tags(title="x"))
    file = MP4(path)
    file["tmpo"] = [0]
    file.save()
    assert read_tags(path).bpm is None


def test_year_and_genre(encode: Encode) -> None:
    path = encode("mp3")
    _save(path, TDRC(encoding=3, text=["2019-05-01"]), TCON(encoding=3, text=["(35)"]))
    tags = read_tags(path)
    assert (tags.year, tags.genre) == (2019, "House")


def test_text_is_cleaned(encode: Encode) -> None:
    path = encode("flac", tags=Tags(title="  a\x00b\r\n\tc\x07  ", artist=" \x00 ", comment="x" * 5000))
    tags = read_tags(path)
    assert tags.title == "a b c"
    assert tags.artist is None
    assert len(tags.comment or "") == 1000


def test_the_djs_comment_not_a_programs(encode: Encode) -> None:
    path = encode("mp3")
    _save(
        path,
        COMM(encoding=3, lang="eng", desc="iTunNORM", text=["0000 1111"]),
        COMM(encoding=3, lang="eng", desc="", text=["crowd loved it"]),
    )
    assert read_tags(path).comment == "crowd loved it"


def test_broken_tags_are_no_tags(encode: Encode) -> None:
    path = encode("mp3")
    _save(path, TIT2(encoding=3, text=["x"]))
    data = bytearray(path.read_bytes())
    data[10:40] = b"\xff" * 30
    path.write_bytes(data)
    assert read_tags(path).title is None


def test_no_audio_has_no_tags(tmp_path: Path) -> None:
    path = tmp_path / "x.mp3"
    path.write_bytes(b"text")
    assert read_tags(path) == FileTags()
    with pytest.raises(FileMissingError):
        read_tags(tmp_path / "gone.mp3")


def _save(path: Path, *frames: Any) -> None:
    tags = ID3()
    for frame in frames:
        tags.add(frame)
    tags.save(path)
