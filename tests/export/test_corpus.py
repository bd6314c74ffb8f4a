"""The corpus builder on folders like unpacked packages."""

from __future__ import annotations

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import av
import numpy as np
import pytest
from export_support import tune

from segue.frontend.constants import SAMPLE_RATE
from segue_export.corpus import build, is_held_out, package_names
from segue_export.corpus import main as corpus_main
from segue_export.datasets.command import main as dataset
from segue_export.decode import UndecodableError, decode
from segue_export.licences import Licences
from segue_export.music_files import find_music, is_music
from segue_export.shards import Corpus, ShardWriter, read_manifest

COPYRIGHT = (
    "Files: *\nLicense: GPL-2+\n\nFiles: music/*\nLicense: CC-BY-SA-3.0\n\nLicense: GPL-2+\n This program is free\n"
)


def encode(samples: np.ndarray, container: str, codec: str, rate: int = SAMPLE_RATE) -> bytes:
    target = io.BytesIO()
    with av.open(target, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.rate = SAMPLE_RATE
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return target.getvalue()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six files, of which two are usable music: one in a zip container, one Ogg without an extension."""
    root = tmp_path_factory.mktemp("unpacked") / "tuneful-data"
    games = root / "usr/share/games/tuneful"
    games.mkdir(parents=True)
    docs = root / "usr/share/doc/tuneful-data"
    docs.mkdir(parents=True)
    (docs / "copyright").write_text(COPYRIGHT)
    first, second = (encode(tune(seed, 21), "ogg", "libopus", 48_000) for seed in (1, 2))
    (games / "theme").write_bytes(first)
    (games / "copy.ogg").write_bytes(first)
    (games / "jingle.wav").write_bytes(encode(tune(3, 2), "wav", "pcm_s16le"))
    (games / "broken.ogg").write_bytes(b"OggS" + bytes(400))
    (games / "readme.ogg").write_text("this is no music")
    with zipfile.ZipFile(games / "data.pk3", "w") as container:
        container.writestr("music/level1", second)
        container.writestr("maps/level1.bsp", b"IBSP" + bytes(100))
    return root


def test_music_is_found_by_its_first_bytes(package: Path) -> None:
    names = [Path(file.name).name for file in find_music(package)]
    assert sorted(names) == ["broken.ogg", "copy.ogg", "jingle.wav", "level1", "theme"]
    assert [file.member for file in find_music(package) if file.member] == ["music/level1"]


@pytest.mark.parametrize(
    ("head", "music"),
    [
        (b"OggS\0\0\0\0\0\0\0\0", True),
        (b"RIFF\0\0\0\0WAVE", True),
        (b"RIFF\0\0\0\0AVI ", False),
        (b"ID3\x03\0\0\0\0\0\0\0\0", True),
        (b"\xff\xfb\x90\x00" + bytes(8), True),
        (b"\xff\xd8\xff\xe0" + bytes(8), False),
        (b"PK\x03\x04" + bytes(8), False),
        (b"", False),
    ],
)
def test_first_bytes(head: bytes, music: bool) -> None:
    assert is_music(head) is music


def test_build_keeps_each_recording_once(package: Path, tmp_path: Path) -> None:
    counts = build([package], tmp_path)
    assert counts == {"ok": 2, "duplicate": 1, "short": 1, "bad": 1}
    corpus = Corpus(tmp_path)
    assert [round(track.seconds) for track in corpus.tracks] == [21, 21]
    assert {track.licence for track in corpus.tracks} == {"GPL-2+; CC-BY-SA-3.0", "CC-BY-SA-3.0"}
    wave = corpus.audio(1, start=1000, length=5000)
    assert wave.dtype == np.float32
    assert wave.shape == (5000,)
    assert np.abs(wave).max() > 0.05


def test_build_goes_on_where_it_stopped(package: Path, tmp_path: Path) -> None:
    build([package], tmp_path)
    whole = (tmp_path / "audio.i16").read_bytes()
    rows = (tmp_path / "manifest.csv").read_text().splitlines(keepends=True)
    # As if interrupted while the last track was being written: its row is missing, some of its audio is there.
    last = max(number for number, row in enumerate(rows) if row.rstrip().endswith("ok,"))
    (tmp_path / "manifest.csv").write_text("".join(rows[:last]))
    (tmp_path / "audio.i16").write_bytes(whole[:-1000])
    build([package], tmp_path)
    assert (tmp_path / "audio.i16").read_bytes() == whole
    assert build([package], tmp_path) == {}


def test_a_wrong_row_is_named(tmp_path: Path) -> None:
    ShardWriter(tmp_path).add("p", "a", "GPL", "0", np.zeros(3, np.int16))
    with (tmp_path / "manifest.csv").open("a") as file:
        file.write("p,b,train,GPL,,0,many,3,ok,\n")
    with pytest.raises(ValueError, match="row 3"):
        read_manifest(tmp_path / "manifest.csv")
    (tmp_path / "other.csv").write_text("a,b\n")
    with pytest.raises(ValueError, match="no dataset manifest"):
        read_manifest(tmp_path / "other.csv")


def test_decoding_resamples_and_mixes_down() -> None:
    wave = decode(encode(tune(1, 3), "wav", "pcm_s16le", 44_100))
    assert len(wave) == pytest.approx(3 * SAMPLE_RATE, abs=50)
    with pytest.raises(UndecodableError):
        decode(b"OggS" + bytes(100))


def test_evaluation_packages_are_refused() -> None:
    assert is_held_out("lmms-common")
    assert is_held_out("fretsonfire-songs-muldjord")
    assert not is_held_out("wesnoth-1.16-music")


DEP5 = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2010 A
License: GPL-2+

Files: data/music/*
 data/sounds/bell.ogg
Copyright: 2011 B
License: CC-BY-SA-3.0

Files: data/music/boss.ogg
Copyright: 2012 C
License: CC0-1.0

Files: debian/*
License: Expat

License: GPL-2+
 This package is free software
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("usr/share/games/tuneful/data/music/level.ogg", "CC-BY-SA-3.0"),
        ("usr/share/games/tuneful/music/level.ogg", "CC-BY-SA-3.0"),
        ("usr/share/games/tuneful/music/boss.ogg", "CC0-1.0"),
        ("usr/share/games/tuneful/base.pk3!music/boss.ogg", "CC0-1.0"),
        ("usr/share/games/tuneful/sounds/bell.ogg", "CC-BY-SA-3.0"),
        ("usr/share/games/tuneful/elsewhere/level.ogg", "GPL-2+; CC-BY-SA-3.0; CC0-1.0; Expat"),
    ],
)
def test_the_licence_of_a_file(tmp_path: Path, name: str, expected: str) -> None:
    path = tmp_path / "usr/share/doc/tuneful-data/copyright"
    path.parent.mkdir(parents=True)
    path.write_text(DEP5)
    assert Licences(tmp_path).of(name) == expected


@pytest.fixture
def debs(package: Path, tmp_path: Path) -> Path:
    """A folder with a real package."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("dpkg-deb is not here")
    tree, folder = tmp_path / "tree", tmp_path / "debs"
    shutil.copytree(package, tree)
    (tree / "DEBIAN").mkdir()
    (tree / "DEBIAN/control").write_text(
        "Package: tuneful-data\nVersion: 1:2.0-3\nArchitecture: all\nMaintainer: A <a@b.c>\nDescription: music\n"
    )
    folder.mkdir()
    deb = folder / "tuneful-data_1%3a2.0-3_all.deb"
    subprocess.run(["dpkg-deb", "--build", "-Znone", tree, deb], check=True, capture_output=True)
    return folder


def test_from_packages_to_a_dataset(debs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = tmp_path / "packages.txt"
    names.write_text("# music\ntuneful-data  # the best\n\nlmms-common\n")
    command = [
        "corpus",
        "--packages",
        str(names),
        "--debs",
        str(debs),
        "--out",
        str(tmp_path / "out"),
        "--workers",
        "1",
    ]
    assert dataset(command) == 0
    said = capsys.readouterr()
    assert "kept for evaluation: lmms-common" in said.err
    assert set(said.out.strip().split(", ")) == {"2 ok", "1 short", "1 duplicate", "1 bad"}
    corpus = Corpus(tmp_path / "out")
    assert {track.source for track in corpus.tracks} == {"tuneful-data 1:2.0-3"}
    assert {track.group for track in corpus.tracks} == {"tuneful-data"}
    assert dataset(command) == 0
    assert "nothing new" in capsys.readouterr().out


def test_a_damaged_package_is_named(debs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    deb = next(debs.iterdir())
    deb.write_bytes(deb.read_bytes()[:2000])
    names = tmp_path / "packages.txt"
    names.write_text("tuneful-data\n")
    command = ["--packages", str(names), "--debs", str(debs), "--out", str(tmp_path / "out")]
    assert corpus_main(command) == 1
    assert f"{deb} cannot be unpacked" in capsys.readouterr().err
    assert corpus_main([*command, "--packages", str(tmp_path / "no.txt")]) == 1
    assert "the list of packages cannot be read" in capsys.readouterr().err


def test_our_own_list() -> None:
    names = package_names(None)
    assert len(names) == len(set(names)) > 100
    assert "wesnoth-1.16-music" in names
    assert not [name for name in names if is_held_out(name)]


def test_licence_without_names(tmp_path: Path) -> None:
    assert Licences(tmp_path).of("usr/share/games/a.ogg") == "see copyright"
