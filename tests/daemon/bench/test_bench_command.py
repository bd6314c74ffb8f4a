"""`segue bench` on real files: what it prints and writes, what it says of bad ones, and Ctrl-C."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
from xml.etree import ElementTree as ET

import pytest

from command import SEGUE, segue
from segue.bench.report import FILE_COLUMNS
from segue.keys import camelot
from support import MUSIC, wait_until

SVG = "{http://www.w3.org/2000/svg}"
CHOSEN = tuple(
    number
    for number, spec in enumerate(MUSIC)
    if spec.title in {"Night Bus", "Undertow", "Garage Door", "Cold Storage"}
)


def file_of(music, spec):
    (path,) = (path for path in music.iterdir() if spec.title == path.stem.partition(" - ")[2])
    return path


@pytest.fixture(scope="module")
def bench(tmp_path_factory, music):
    """One run of all options: four good files, a broken one, one that is not there, and a row of nonsense."""
    folder = tmp_path_factory.mktemp("bench")
    specs = [MUSIC[number] for number in CHOSEN]
    rows = [(file_of(music, spec).name, f"{spec.bpm:g}", camelot(spec.key), spec.style, "yes") for spec in specs]
    rows[0] = (*rows[0][:4], "no")
    (folder / "broken.mp3").write_text("this is no music\n" * 100)
    rows.insert(1, (str(folder / "broken.mp3"), "120", "", "", ""))
    rows.insert(3, ("missing.ogg", "120", "8A", "house", "yes"))
    rows.append((rows[0][0], "123", "", "", ""))
    with (folder / "truth.csv").open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows([("path", "tempo", "key", "style", "key_trusted"), *rows])
    with (folder / "other.csv").open("w", newline="") as file:
        said = [(name, float(bpm) * 2, key, 60, 3) for name, bpm, key, _, _ in rows[2:4]]
        csv.writer(file).writerows([("path", "bpm", "key", "seconds", "cpu_seconds"), *said])
    arguments = ["bench", "--truth", folder / "truth.csv", "--audio", music, "--workers", "2"]
    arguments += [
        "--csv",
        folder / "files.csv",
        "--plot",
        folder / "picture.svg",
        "--compare",
        f"twice={folder / 'other.csv'}",
    ]
    return folder, arguments, segue(*arguments, "--json"), rows[:-1]


def test_the_exit_code_says_that_files_failed_and_nothing_else_is_printed(bench):
    _, _, outcome, _ = bench
    assert outcome.code == 1
    assert outcome.err == ""
    assert len(outcome.out.splitlines()) == 1


def test_the_figures(bench):
    _, _, outcome, rows = bench
    found = outcome.json
    assert (found["files"], found["wanted"], found["interrupted"]) == (6, 6, False)
    assert [problem["line"] for problem in found["problems"]] == [8]
    assert "again" in found["problems"][0]["message"]
    ours = found["programs"][0]
    assert ours["name"].startswith("Segue ")
    assert (ours["files"], ours["answered"]) == (6, 4)
    assert ours["tempo"]["acc1"]["of"] == 6
    assert ours["tempo"]["acc2"]["share"] == pytest.approx(4 / 6, abs=1e-4)
    assert ours["tempo"]["octaves"]["none"] == 2
    assert (ours["key"]["exact"]["of"], ours["every_key"]["exact"]["of"]) == (4, 5)
    assert 0.0 < ours["cpu_seconds_per_minute"] < 20.0
    assert ours["minutes"] == pytest.approx(4 * 12 / 60, abs=0.02)
    assert set(ours["groups"]) == {"", *(row[3] for row in rows)}
    assert [failure["path"] for failure in ours["failures"]] == [rows[1][0], "missing.ogg"]
    assert [failure["error"].partition(":")[0] for failure in ours["failures"]] == ["not-audio", "file-missing"]
    low, high = ours["tempo"]["acc2"]["interval"]
    assert 0.0 < low < 4 / 6 < high < 1.0


def test_another_program_is_judged_by_the_same_rules(bench):
    _, _, outcome, _ = bench
    other = outcome.json["programs"][1]
    assert other["name"] == "twice"
    assert other["tempo"]["octaves"] == {"1": 0, "2": 2, "1/2": 0, "3": 0, "1/3": 0, "other": 0, "none": 4}
    assert other["key"]["exact"]["share"] == pytest.approx(2 / 4)
    assert other["cpu_seconds_per_minute"] == pytest.approx(3.0)
    assert other["tempo_confidence"] is None
    assert len(other["failures"]) == 4


def test_file_by_file_in_the_order_of_the_truth(bench):
    folder, _, outcome, rows = bench
    with (folder / "files.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert list(found[0]) == list(FILE_COLUMNS)
    assert [row["path"] for row in found] == [row[0] for row in rows]
    for row, (_, bpm, key, _, trusted) in zip(found, rows, strict=True):
        assert float(row["true_bpm"]) == float(bpm)
        assert row["key_trusted"] == (trusted if key else "")
        if row["error"]:
            assert row["bpm"] == row["octave"] == row["error_percent"] == ""
        else:
            assert float(row["bpm"]) / float(bpm) - 1 == pytest.approx(float(row["error_percent"]) / 100, abs=1e-5)
            assert abs(float(row["octave_error_percent"])) <= 4
            assert float(row["cpu_seconds"]) > 0
    again = segue(
        "bench", "--truth", folder / "truth.csv", "--audio", folder, "--compare", folder / "files.csv", "--json"
    )
    before, after = outcome.json["programs"][0], again.json["programs"][1]
    assert after["name"] == "files"
    assert after["tempo"]["acc1"] == before["tempo"]["acc1"]
    assert after["key"] == before["key"]


def test_the_picture_has_a_dot_for_each_tempo(bench):
    folder, _, outcome, _ = bench
    tree = ET.parse(folder / "picture.svg")
    titles = [title.text for title in tree.iter(f"{SVG}title")]
    dots = [title for title in titles if ", true " in title]
    assert len(dots) == 4 + 2
    assert any("Undertow" in title for title in dots)
    cells = [title for title in titles if " taken for " in title]
    right = sum(
        int(title.rpartition(" ")[2])
        for title in cells
        if title.partition(" taken for ")[0] in title.partition(" taken for ")[2]
    )
    assert right == sum(program["key"]["relations"]["same"] for program in outcome.json["programs"])


def test_the_table_for_people(bench):
    _, arguments, _, _ = bench
    outcome = segue(*arguments, "--stages")
    assert outcome.code == 1
    for words in ("Acc1: within 4 %", "MIREX score", "Trusted keys: 4 files", "All keys: 5 files", "Confidence of the tempo", "twice", "drum-and-bass",
                  "decode", "networks", "2 files counted as wrong", "file-missing: There is no file", "line 8:",
                  "twice has no answer to 4 files"):  # fmt: skip
        assert words in outcome.out
    assert max(map(len, outcome.out.split("counted as wrong")[0].splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--truth", "nowhere.csv"), "bench-file", "cannot be read"),
        (("--truth", "t.csv", "--compare", "nowhere.csv"), "bench-file", "cannot be read"),
        (("--truth", "t.csv", "--csv", "no/where.csv"), "bench-output", "cannot be written"),
        (("--truth", "t.csv", "--plot", "p.png"), "bench", "p.svg"),
    ],
)
def test_mistakes_are_told_before_anything_is_analysed(tmp_path, arguments, code, said):
    (tmp_path / "t.csv").write_text("path,bpm\na.mp3,120\n")
    outcome = segue("bench", "--json", *arguments, cwd=tmp_path)
    assert outcome.code == 1
    assert outcome.json["error"]["code"] == code
    assert said in outcome.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["t.csv"]


@pytest.mark.slow
def test_ctrl_c_prints_what_is_done(tmp_path, music):
    wav = next(path for path in music.iterdir() if path.suffix == ".wav")
    names = [f"{number:04}.wav" for number in range(2000)]
    for name in names:
        (tmp_path / name).symlink_to(wav)
    (tmp_path / "truth.csv").write_text("\n".join(["path,bpm", *(f"{name},120" for name in names)]))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [*SEGUE, "bench", "--truth", "truth.csv", "--json", "--csv", "files.csv", "--workers", "1"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch)},
    ) as process:
        try:
            wait_until(lambda: any(path.stat().st_size > 500 for path in scratch.rglob("*.jsonl")), 90, what="analysis")
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 130
    assert err == ""
    found = json.loads(out)
    assert found["interrupted"] is True
    assert 0 < found["files"] < found["wanted"] == 2000
    assert found["programs"][0]["tempo"]["acc1"]["of"] == found["files"]
    assert found["programs"][0]["failures"] == []
    assert len((tmp_path / "files.csv").read_text().splitlines()) == found["files"] + 1
    assert list(scratch.iterdir()) == []
