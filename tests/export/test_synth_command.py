"""The command: what it renders, how it goes on, and what it says when something is missing."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from synth_support import speech

from segue.keys import KEYS
from segue_export.datasets.command import main
from segue_export.shards import Corpus, read_manifest
from segue_export.synth import accompaniment, midi, sound, voices
from segue_export.synth.clips import STYLES
from segue_export.synth.fluid import ToolError
from segue_export.synth.theory import Chord

FONTS = os.environ.get("SEGUE_SOUNDFONTS", "")
needs_fonts = pytest.mark.skipif(
    not FONTS or shutil.which("fluidsynth") is None or shutil.which("mma") is None,
    reason="needs fluidsynth, mma, and a General MIDI sound font named by SEGUE_SOUNDFONTS",
)


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "segue_export.datasets.command", "synth", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def render(*arguments: str | Path) -> int:
    return main(["synth", *map(str, arguments)])


def test_a_dataset_with_exact_labels_without_any_tool(tmp_path: Path) -> None:
    done = run("--out", tmp_path / "a", "--clips", 3, "--seed", 4)
    assert done.returncode == 0, done.stderr
    assert "3 clips" in done.stdout
    assert "without the mma styles" in done.stderr
    corpus = Corpus(tmp_path / "a")
    assert len(corpus) == 3
    for index, track in enumerate(corpus.tracks):
        labels = track.labels
        assert 25 < track.seconds < 50
        assert labels.style in STYLES
        assert labels.key is None or labels.key in KEYS
        assert (labels.key_trusted is None) is (labels.key is None)
        assert labels.voice == 0.0
        assert "instrumental" in labels.tags
        assert labels.tags_known is not None
        assert "male vocalists" in labels.tags_known
        assert track.licence == "Apache-2.0"
        assert np.abs(corpus.audio(index)).max() > 0.05
        if labels.tempo is not None:
            low, high = STYLES[labels.style].tempo
            assert low / 1.13 < labels.tempo < high * 1.13
            assert labels.metre == 4
            assert labels.first_beat == 0.0


def test_it_goes_on_where_it_stopped_and_gives_the_same(tmp_path: Path) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert render("--out", whole, "--clips", 4, "--styles", "techno,trap") == 0
    assert render("--out", parts, "--clips", 2, "--styles", "techno,trap") == 0
    # What an interruption leaves: audio without its row.
    with (parts / "audio.i16").open("ab") as file:
        file.write(bytes(1000))
    assert render("--out", parts, "--clips", 4, "--styles", "techno,trap") == 0
    assert (whole / "audio.i16").read_bytes() == (parts / "audio.i16").read_bytes()
    assert (whole / "manifest.csv").read_text() == (parts / "manifest.csv").read_text()
    assert {row.labels.style for row in read_manifest(whole / "manifest.csv")} == {"techno", "trap"}
    assert render("--out", tmp_path / "other", "--clips", 1, "--seed", 2, "--styles", "techno") == 0
    assert read_manifest(tmp_path / "other" / "manifest.csv")[0].sha256 not in {
        row.sha256 for row in read_manifest(whole / "manifest.csv")
    }


def test_hours_count_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert render("--out", tmp_path, "--hours", 0.015, "--styles", "electro") == 0
    first = len(read_manifest(tmp_path / "manifest.csv"))
    assert first == 2
    assert render("--out", tmp_path, "--hours", 0.015, "--styles", "electro") == 0
    assert len(read_manifest(tmp_path / "manifest.csv")) == first
    assert "0 clips" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.slow
def test_files_of_every_format_with_their_truth(tmp_path: Path) -> None:
    assert render("--out", tmp_path / "d", "--clips", 4, "--styles", "old school rap", "--full", tmp_path / "f") == 0
    with (tmp_path / "f" / "truth.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    tracks = Corpus(tmp_path / "d").tracks
    assert [Path(row["path"]).suffix for row in rows] == [".mp3", ".flac", ".ogg", ".m4a"]
    for row, track in zip(rows, tracks, strict=True):
        assert float(row["tempo"]) == track.labels.tempo
        assert (row["key"] or None) == track.labels.key
        assert row["style"] == "old school rap"
        assert row["key_trusted"] in ({"yes", "no"} if row["key"] else {""})
        assert abs(float(row["cents"])) <= 50
        with av.open(str(tmp_path / "f" / row["path"])) as container:
            assert container.duration is not None
            assert container.duration / av.time_base == pytest.approx(track.seconds, abs=0.2)
        assert np.abs(sound.read(tmp_path / "f" / row["path"], 16_000)).max() > 0.05


def test_the_truth_of_an_older_version_is_not_added_to(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "truth.csv").write_text("path,tempo,key\n")
    assert render("--out", tmp_path / "d", "--clips", 1, "--styles", "techno", "--full", tmp_path / "f") == 1
    assert "new folder" in capsys.readouterr().err
    assert (tmp_path / "f" / "truth.csv").read_text() == "path,tempo,key\n"


@pytest.mark.slow
def test_voices_are_mixed_in_and_labelled(tmp_path: Path) -> None:
    speaker = tmp_path / "voices" / "package" / "bruno"
    speaker.mkdir(parents=True)
    for number in range(10):
        words = sound.encode(speech(112.0 + number), voices.RATE, "flac", "flac")
        (speaker / f"{number}.flac").write_bytes(words)
    arguments = ("--clips", 6, "--styles", "boom bap,synth-pop", "--voices", tmp_path / "voices")
    assert render("--out", tmp_path / "d", *arguments) == 0
    rows = read_manifest(tmp_path / "d" / "manifest.csv")
    with_voice = [row for row in rows if row.labels.voice == 1.0]
    assert len(with_voice) >= 2
    for row in rows:
        sung = row.labels.voice == 1.0
        assert ("package" in row.source) is sung
        assert row.labels.instrumentalness == 1.0 - row.labels.voice
        assert bool({"male vocalists", "female vocalists"} & set(row.labels.tags)) is sung
        assert ("instrumental" in row.labels.tags) is not sung


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--styles", "polkatronica"), "no style"),
        (("--styles", "reggae"), "no sound font"),
        (("--clips", "0"), "above nothing"),
        (("--voices", "nowhere"), "not there"),
        (("--soundfonts", "{here}"), "no sound font"),
        (("--voices", "{here}"), "no folder with ten recordings"),
    ],
)
def test_what_is_missing_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    given = [word.format(here=tmp_path) for word in arguments]
    assert render("--out", tmp_path / "d", *given) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "d" / "audio.i16").exists()


def test_a_broken_sound_font_ends_the_run_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which("fluidsynth") is None:
        pytest.skip("fluidsynth is not installed")
    font = tmp_path / "broken.sf2"
    font.write_bytes(b"RIFF" + bytes(1000))
    assert render("--out", tmp_path / "d", "--soundfonts", font, "--styles", "piano", "--clips", 9) == 1
    said = capsys.readouterr().err
    assert "5 clips one after the other failed" in said
    assert "broken.sf2" in said
    assert {row.status[:3] for row in read_manifest(tmp_path / "d" / "manifest.csv")} == {"bad"}


def test_the_styles_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert render("--list-styles") == 0
    said = capsys.readouterr().out
    assert "reggae" in said
    assert "techno" in said


@needs_fonts
@pytest.mark.slow
@pytest.mark.parametrize("engine", ["band", "mma"])
def test_a_sound_font_plays(tmp_path: Path, engine: str) -> None:
    done = run("--out", tmp_path, "--clips", 3, "--styles", engine, "--soundfonts", FONTS)
    assert done.returncode == 0, done.stderr
    assert "3 clips" in done.stdout
    assert all(STYLES[row.labels.style or ""].engine == engine for row in Corpus(tmp_path).tracks)


@pytest.mark.skipif(shutil.which("mma") is None, reason="mma is not installed")
def test_mma_has_a_groove_for_each_of_its_styles() -> None:
    played = {style.name: [accompaniment.groove_file(name) for name in style.grooves] for style in STYLES.values()}
    assert not [name for name, found in played.items() if found and not any(found)]


@pytest.mark.skipif(shutil.which("mma") is None, reason="mma is not installed")
def test_mma_keeps_a_tempo_that_is_no_whole_number() -> None:
    song = accompaniment.song([("stdlib/march:March", [Chord(0, "")] * 4)], 111.54, 3)
    data = midi.with_tempo(accompaniment.arrange(song), 111.54)
    at = data.index(b"\xff\x51\x03") + 3
    assert 60e6 / int.from_bytes(data[at : at + 3], "big") == pytest.approx(111.54, abs=0.001)
    with pytest.raises(ToolError, match="refused"):
        accompaniment.arrange("Groove NoSuchGroove\nC\n")
