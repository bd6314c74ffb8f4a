"""`segue analyse`: the machine-readable contract, on real files."""

from __future__ import annotations

import json
import shutil
import subprocess

import numpy as np
import pytest

from command import SEGUE, segue
from segue.demo.files import write_audio
from segue.networks.models import ModelSet, models_dir

FIELDS = {
    "path": str, "duration": float, "bpm": float, "bpm_confidence": float, "bpm_alternatives": list, "key": str,
    "camelot": str, "key_confidence": float, "key_alternatives": list, "energy": float, "loudness": float,
    "features": dict, "tags": dict, "details": dict, "model": str, "tiled": bool, "damaged": bool,
}  # fmt: skip
FILES = ("Ada Lantern - Night Bus.mp3", "Ferrous - Last Platform.m4a", "Sable & Finch - Undertow.mp3")


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, music):
    """Good files with broken ones between them, and one that is not there."""
    folder = tmp_path_factory.mktemp("mixed")
    good = [shutil.copy(music / name, folder) for name in FILES]
    (folder / "text.mp3").write_text("this is no music\n" * 100)
    (folder / "empty.flac").write_bytes(b"")
    write_audio(folder / "silence.wav", np.zeros((44_100 * 5, 2), dtype=np.float32), 44_100)
    return [good[0], folder / "text.mp3", good[1], folder / "missing.ogg", folder / "empty.flac", good[2],
            folder / "silence.wav"]  # fmt: skip


@pytest.fixture(scope="module")
def outcome(mixed):
    return segue("analyse", "--json", "--vector", "--jobs", "2", *mixed)


def test_one_line_a_file_in_the_order_of_the_files(outcome, mixed):
    assert [line["path"] for line in outcome.lines] == [str(path) for path in mixed]


def test_the_exit_code_says_that_one_failed(outcome):
    assert outcome.code == 1
    assert outcome.err == ""


def test_errors_have_a_stable_code_and_a_sentence(outcome):
    errors = [line["error"] for line in outcome.lines if "error" in line]
    assert [error["code"] for error in errors] == ["not-audio", "file-missing", "not-audio", "silent-audio"]
    for error in errors:
        assert set(error) == {"code", "message"}
        assert error["message"].endswith(".")
    assert all(set(line) == {"path", "error"} for line in outcome.lines if "error" in line)


def test_good_files_have_every_field_with_its_type(outcome):
    good = [line for line in outcome.lines if "error" not in line]
    assert len(good) == 3
    for line in good:
        assert set(line) == {*FIELDS, "vector", "head", "tail"}
        for name, kind in FIELDS.items():
            assert isinstance(line[name], kind), name
        assert 11.5 < line["duration"] < 12.5
        assert 1.0 <= line["energy"] <= 10.0
        assert line["loudness"] < 0.0
        assert line["tiled"] is True
        assert all(0.0 <= value <= 1.0 for group in ("features", "tags") for value in line[group].values())
        assert set(line["tags"]) == set(ModelSet.load(models_dir()).labels)
        assert 0.0 <= line["bpm_confidence"] <= 1.0
        assert 0.0 <= line["key_confidence"] <= 1.0


def test_the_vector_is_normalised_and_of_one_model(outcome):
    good = [line for line in outcome.lines if "vector" in line]
    vectors = np.array([line[name] for line in good for name in ("vector", "head", "tail")])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(9), abs=1e-4)
    assert len({line["model"] for line in good}) == 1


def test_two_house_tracks_are_nearer_than_house_and_drum_and_bass(outcome):
    house, other_house, drums = (np.array(line["vector"]) for line in outcome.lines if "vector" in line)
    assert house @ other_house > house @ drums


def test_tempo_and_key_are_those_that_were_rendered(outcome):
    first = outcome.lines[0]
    assert first["bpm"] == pytest.approx(124.0, rel=0.02)
    assert (first["key"], first["camelot"]) == ("A minor", "8A")


def test_without_vector_there_is_none_and_all_good_is_zero(mixed):
    outcome = segue("analyse", "--json", mixed[0])
    assert outcome.code == 0
    assert set(outcome.json) == set(FIELDS)


def test_folders_are_expanded_and_other_files_in_them_left_out(tmp_path, music):
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    shutil.copy(music / FILES[0], below)
    (tmp_path / "cover.jpg").write_bytes(b"\xff\xd8")
    outcome = segue("analyse", "--json", tmp_path)
    assert outcome.code == 0
    assert [line["path"] for line in outcome.lines] == [str(below / FILES[0])]


def test_an_empty_folder_is_no_failure(tmp_path):
    assert segue("analyse", "--json", tmp_path) == (0, "", "")


def test_names_that_are_no_unicode_are_printed_all_the_same(tmp_path, music):
    name = bytes(tmp_path) + b"/caf\xe9.mp3"
    shutil.copy(music / FILES[0], name)
    done = subprocess.run([*SEGUE, "analyse", "--json", name], capture_output=True, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout)["path"].endswith("caf\N{REPLACEMENT CHARACTER}.mp3")


def test_people_get_a_paragraph_a_file(mixed):
    outcome = segue("analyse", mixed[0], mixed[1])
    assert outcome.code == 1
    assert FILES[0] in outcome.out.replace("\n", "")
    assert "A minor, 8A" in outcome.out
    assert "(not-audio)" in outcome.out


def test_a_reader_that_goes_away_is_no_error(mixed):
    command = [*SEGUE, "analyse", "--json", "--jobs", "1", *map(str, [mixed[0]] * 3)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert '"duration"' in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 141
