"""`segue-train plot`: a picture of what runs logged."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_export.curves import main, read_log
from segue_export.trainer import CHECKPOINT


def test_runs_are_drawn_and_what_is_empty_is_left_out(tmp_path: Path) -> None:
    for name, column in (("a", "steps"), ("b", "features")):
        (tmp_path / name / "run").mkdir(parents=True)
        rows = f"step,minutes,views,crops,loss,{column}\n20,0.5,4,9,2.0,\n40,1.0,4,18,1.5,0.3\n"
        (tmp_path / name / "run" / "log.csv").write_text(rows)
    assert read_log(tmp_path / "a" / "run" / "log.csv") == {"loss": ([0.5, 1.0], [2.0, 1.5]), "steps": ([1.0], [0.3])}
    out = tmp_path / "curves.svg"
    assert main([str(tmp_path / "a" / "run"), str(tmp_path / "b" / "run"), "--out", str(out)]) == 0
    assert b"<svg" in out.read_bytes()


def test_a_folder_without_a_log_is_said(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="the folder of a run"):
        main([str(tmp_path), "--out", str(tmp_path / "x.png")])


def test_a_run_that_has_not_logged_yet_is_one(tmp_path: Path) -> None:
    (tmp_path / CHECKPOINT).touch()
    with pytest.raises(SystemExit, match="nothing was logged yet"):
        main([str(tmp_path), "--out", str(tmp_path / "x.png")])
