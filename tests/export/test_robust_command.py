"""``segue-robustness``: how far changes move what is heard, by hand and from a dataset to its report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from evaluation_support import write_dataset

from segue_export.evaluation import listening, robustness
from segue_export.evaluation.changes import CHANGES, Change
from segue_export.evaluation.hearing import Heard
from segue_export.evaluation.robustness import moved, transposed
from segue_export.evaluation.robustness_main import main

FASTER = Change("time stretch", 1.2, "x", lambda wave: wave, tempo=1.2)
HIGHER = Change("pitch shift", 2, "semitones", lambda wave: wave, semitones=2)
BETWEEN = Change("varispeed", 1.04, "x", lambda wave: wave, tempo=1.04, semitones=0.68)


def heard(vector: list[float], bpm: float | None, key: str | None, rock: float = 0.8) -> Heard:
    return Heard(
        bpm=bpm, key=key, energy=5.0, tags={"rock": rock, "jazz": 0.1}, features={"voice": rock}, vector=vector
    )


@pytest.mark.parametrize(
    ("key", "semitones", "higher"),
    [
        ("A minor", 2.0, "B minor"),
        ("B major", 2.0, "C# major"),
        ("C major", -1.0, "B major"),
        ("C major", 0.68, None),
        (None, 2.0, None),
    ],
)
def test_transposed_keys(key: str | None, semitones: float, higher: str | None) -> None:
    assert transposed(key, semitones) == higher


def test_what_moved_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(robustness, "CHANGES", (FASTER, HIGHER, BETWEEN))
    original = [heard([1, 0, 0], 100, "A minor"), heard([0, 1, 0], 120, None), heard([0.9, 0.1, 0], None, "C major")]
    stays, finds_another = heard([1, 0, 0], 120, "B minor", 0.6), heard([1, 0, 0], 72, "D major")
    changed = [[stays, stays, stays], [finds_another] * 3, [stays, finds_another, stays]]
    faster, higher, between = moved(original, changed)
    # The first finds itself; the second finds the first; so does the third.
    assert faster.itself.value == pytest.approx(1 / 3)
    # Of the two tempi, 100 became 120 as it should, and 120 became half of 144.
    assert (faster.acc1.value, faster.acc2.value, faster.acc1.size) == (0.5, 1.0, 2)
    assert (higher.acc1.value, higher.acc2.value) == (0.0, 0.0)
    # A minor and C major, two semitones up, are B minor and D major; neither was left as it was.
    assert (higher.key.value, higher.key_score.value, higher.key.size) == (1.0, 1.0, 2)
    assert faster.key.value == 0.0
    assert between.key is None
    assert faster.tags.value == pytest.approx((0.1 + 0.0 + 0.1) / 3)
    assert faster.features.value == pytest.approx((0.2 + 0.0 + 0.2) / 3)
    assert faster.top_tags.value == 1.0
    assert faster.cosine.value == pytest.approx((1 + 0 + 0.9 / (0.82**0.5)) / 3)
    assert faster.energy.value == 0.0


def test_a_dataset_gives_tables_and_curves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    some = [change for change in CHANGES if change.name in {"time stretch 1.2 x", "gain -6 dB", "low-pass 1000 Hz"}]
    for module in (listening, robustness):
        monkeypatch.setattr(module, "CHANGES", tuple(some))
    write_dataset(tmp_path / "dataset", each=2)
    arguments = [str(tmp_path / "dataset"), "--out", str(tmp_path / "out"), "--json"]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((tmp_path / "out" / "robustness.json").read_text())
    sound, music = (report["figures"][name] for name in ("sound", "music"))
    assert report["about"]["clips"] == 6
    assert [*sound] == [*music] == ["time stretch 1.2 x", "gain -6 dB", "low-pass 1000 Hz"]
    # Half the level is nearly the same recording; one without its top is less so.
    assert sound["gain -6 dB"]["cosine"] > 0.8
    assert sound["gain -6 dB"]["cosine"] > sound["low-pass 1000 Hz"]["cosine"]
    assert sound["gain -6 dB"]["finds itself"]["value"] > 0.5  # by chance: a sixth
    assert music["gain -6 dB"]["Acc1"]["value"] == 1.0
    assert music["gain -6 dB"]["key exact"]["value"] == 1.0
    assert music["time stretch 1.2 x"]["Acc2"]["value"] >= 0.5
    assert "robustness.png" in (tmp_path / "out" / "robustness.md").read_text()
    assert (tmp_path / "out" / "robustness.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_wrong_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "nowhere")]) == 1
    assert "check the path" in capsys.readouterr().err
