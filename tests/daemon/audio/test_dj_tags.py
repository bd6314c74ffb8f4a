"""What DJ programs write: Mixed In Key, Traktor, Serato, rekordbox, Mixxx."""

import base64
import json
from pathlib import Path
from typing import Any

import mutagen
import pytest
from audio_support import Encode
from mutagen.id3 import COMM, GEOB, TBPM, TKEY, TXXX
from mutagen.mp4 import MP4FreeForm

from segue.analysis.result import FileTags
from segue.audio.dj_tags import Noted, noted
from segue.audio.metadata import read_tags


def mixed_in_key(**said: object) -> str:
    return base64.b64encode(json.dumps({"algorithm": 13, **said, "source": "mixedinkey"}).encode()).decode()


def write(path: Path, kind: str, **fields: str) -> Path:
    """Write texts under the names that Mixed In Key has for them in each format."""
    file = mutagen.File(path)
    if file.tags is None:
        file.add_tags()
    for name, text in fields.items():
        if kind in {"mp3", "wav", "aiff"}:
            frames: dict[str, Any] = {
                "bpm": TBPM(encoding=3, text=[text]),
                "key": TKEY(encoding=3, text=[text]),
                "level": TXXX(encoding=3, desc="EnergyLevel", text=[text]),
                "energy": TXXX(encoding=3, desc="ENERGY", text=[text]),
                "comment": COMM(encoding=3, lang="eng", desc="", text=[text]),
            }
            file.tags.add(frames[name])
        elif kind in {"m4a", "alac"}:
            if name in {"level", "energy"}:
                title = {"level": "EnergyLevel", "energy": "ENERGY"}[name]
                file[f"----:com.apple.iTunes:{title}"] = [MP4FreeForm(text.encode())]
            elif name == "key":
                file["----:com.apple.iTunes:initialkey"] = [MP4FreeForm(text.encode())]
            else:
                atom = {"bpm": "tmpo", "comment": "\xa9cmt"}[name]
                file[atom] = [int(text)] if name == "bpm" else [text]
        else:
            names = {"key": "INITIALKEY", "level": "ENERGYLEVEL"}
            file[names.get(name, name.upper())] = [text]
    file.save()
    return path


def test_mixed_in_key_in_every_format(encode: Encode, kind: str) -> None:
    tags = read_tags(write(encode(kind), kind, bpm="174", key="8A", level="7", comment="8A - Energy 7"))
    assert tags == FileTags(comment="8A - Energy 7", bpm=174.0, bpm_rounded=True, key="A minor", energy=7.0)


def test_its_comment_alone_is_enough(encode: Encode, kind: str) -> None:
    tags = read_tags(write(encode(kind), kind, comment="4A - 124 - 6"))
    assert (tags.key, tags.bpm, tags.bpm_rounded, tags.energy) == ("F minor", 124.0, True, 6.0)


def test_a_field_outranks_the_comment(encode: Encode, kind: str) -> None:
    tags = read_tags(write(encode(kind), kind, key="Am", level="5", comment="4A - Energy 9"))
    assert (tags.key, tags.energy) == ("A minor", 5.0)


@pytest.mark.parametrize(
    ("text", "energy"),
    [("7", 7.0), ("10", 10.0), ("0.7", None), ("73", None), ("7.5", None), ("high", None), ("0", None)],
)
def test_a_field_that_other_programs_fill_too(encode: Encode, kind: str, text: str, energy: float | None) -> None:
    assert read_tags(write(encode(kind), kind, energy=text)).energy == energy


@pytest.mark.parametrize(("text", "energy"), [("6", 6.0), ("6.5", 6.5), ("11", None), ("nan", None), ("", None)])
def test_the_field_that_only_holds_energies(encode: Encode, text: str, energy: float | None) -> None:
    assert read_tags(write(encode("mp3"), "mp3", level=text)).energy == energy


def test_json_in_a_flac_and_in_objects_of_an_mp3(encode: Encode) -> None:
    flac = encode("flac")
    file = mutagen.File(flac)
    file["KEY"], file["ENERGY"] = [mixed_in_key(key="3A")], [mixed_in_key(energyLevel=6)]
    file.save()
    assert (read_tags(flac).key, read_tags(flac).energy) == ("A# minor", 6.0)

    mp3 = encode("mp3")
    tagged = mutagen.File(mp3)
    for name, said in (("Key", mixed_in_key(key="3A")), ("Energy", mixed_in_key(energyLevel=6))):
        tagged.tags.add(GEOB(encoding=0, mime="application/json", filename="", desc=name, data=said.encode()))
    tagged.save()
    assert (read_tags(mp3).key, read_tags(mp3).energy) == ("A# minor", 6.0)


@pytest.mark.parametrize("text", ["eyJ", "ey!!!", mixed_in_key(), "ey" * 4000])
def test_json_that_says_nothing(encode: Encode, text: str) -> None:
    path = encode("flac")
    file = mutagen.File(path)
    file["KEY"], file["ENERGY"] = [text], [text]
    file.save()
    assert (read_tags(path).key, read_tags(path).energy) == (None, None)


@pytest.mark.parametrize("exact", ["174.02", "173,6"])
def test_the_exact_tempo_beside_the_whole_one(encode: Encode, exact: str) -> None:
    path = write(encode("m4a"), "m4a", bpm="174")
    file = mutagen.File(path)
    file["----:com.apple.iTunes:BPM"] = [MP4FreeForm(exact.encode())]
    file.save()
    tags = read_tags(path)
    assert (tags.bpm, tags.bpm_rounded) == (float(exact.replace(",", ".")), False)


def test_another_tempo_beside_the_whole_one_is_not_its_exact_form(encode: Encode) -> None:
    path = write(encode("m4a"), "m4a", bpm="174")
    file = mutagen.File(path)
    file["----:com.apple.iTunes:BPM"] = [MP4FreeForm(b"87.01")]
    file.save()
    assert (read_tags(path).bpm, read_tags(path).bpm_rounded) == (174.0, True)


@pytest.mark.parametrize(("text", "rounded"), [("128", True), ("128.00", False), ("127.9", False), (" 90 BPM ", True)])
def test_decimals_say_that_a_tempo_is_exact(encode: Encode, text: str, rounded: bool) -> None:
    assert read_tags(write(encode("mp3"), "mp3", bpm=text)).bpm_rounded is rounded


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("8A - Energy 7", Noted("A minor", None, 7.0)),
        ("8A - Energy 10 - crowd loved it", Noted("A minor", None, 10.0)),
        ("Am - energy 7", Noted("A minor", None, 7.0)),
        ("8A - 124 - 7", Noted("A minor", 124.0, 7.0)),
        ("8A - 124.5 - Energy 7", Noted("A minor", 124.5, 7.0)),
        ("F#m - 95", Noted("F# minor", 95.0)),
        ("9A - 5", Noted("E minor", None, 5.0)),
        ("8A/9A - Energy 6", Noted("A minor", None, 6.0)),
        ("Energy 7", Noted(energy=7.0)),
        ("crowd loved it - Energy 7", Noted(energy=7.0)),
        ("", Noted()),
        ("8A", Noted()),
        ("2B", Noted()),
        ("A", Noted()),
        ("A - 1", Noted()),
        ("8A - 7 inch", Noted()),
        ("8A - 124 - 7 stars", Noted()),
        ("high energy 7 inch mix", Noted()),
        ("Energy 70", Noted()),
        ("Energy 7.5", Noted()),
        ("/* House / Peak Time */", Noted()),
        ("13A - Energy 7", Noted(energy=7.0)),
    ],
)
def test_comments(comment: str, said: Noted) -> None:
    assert noted(comment) == said
