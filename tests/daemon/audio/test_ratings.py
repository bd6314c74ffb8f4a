from __future__ import annotations

import mutagen
import pytest
from audio_support import Encode
from mutagen.id3 import ID3, POPM, TXXX
from mutagen.mp4 import MP4

from segue.audio import ratings
from segue.audio.metadata import read_tags


@pytest.mark.parametrize(
    ("byte", "by", "stars"),
    [
        *((byte, "Windows Media Player 9 Series", stars) for stars, byte in enumerate((1, 64, 128, 196, 255), 1)),
        *((51 * stars, "traktor@native-instruments.de", stars) for stars in range(1, 6)),
        *((51 * stars, "", (2, 3, 3, 4, 5)[stars - 1]) for stars in range(1, 6)),
        (0, "", None),
        (0, "traktor@native-instruments.de", None),
        (256, "", None),
    ],
)
def test_bytes(byte: int, by: str, stars: int | None) -> None:
    assert ratings.of_byte(byte, by) == stars


@pytest.mark.parametrize(
    ("share", "text", "stars"),
    [
        ("0.8", "", 4), ("1.0", "2", 5), ("0", "2", 2), ("nan", "4", 4), ("", "4.5", 5), ("", "80", 4), ("", "100", 5),
        ("", "196", 4), ("", "-1", None), ("", "inf", None), ("", "good", None), ("", "★★★", 3), ("", "0", None),
        ("", "1000", None), ("0,6", "", 3), ("", "", None), ("", "3", 3),
    ],
)  # fmt: skip
def test_texts(share: str, text: str, stars: int | None) -> None:
    assert ratings.of_texts([share], [text]) == stars


def test_stars_of_files(encode: Encode) -> None:
    mp3, flac, m4a = encode("mp3"), encode("flac"), encode("m4a")
    tags = ID3()
    tags.add(POPM(email="traktor@native-instruments.de", rating=102, count=0))
    tags.save(mp3)
    file = mutagen.File(flac)
    file["FMPS_RATING"] = ["0.6"]
    file.save()
    atoms = MP4(m4a)
    atoms["----:com.apple.iTunes:RATING"] = [b"80"]
    atoms.save()
    assert [read_tags(path).rating for path in (mp3, flac, m4a)] == [2, 3, 4]
    tags.add(TXXX(encoding=3, desc="FMPS_Rating", text=["1.0"]))
    tags.save(mp3)
    assert read_tags(mp3).rating == 5
