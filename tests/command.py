"""Running `segue` as users and scripts do: in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

SEGUE = (sys.executable, "-m", "segue.cli.main")


class Outcome(NamedTuple):
    """How a run of `segue` ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on stdout."""
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """One object a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def segue(*arguments: str | Path, home: Path | None = None, seconds: float = 120.0, cwd: Path | None = None) -> Outcome:
    """Run `segue` to its end, with ``SEGUE_HOME`` set when a home is given; AssertionError if it shows a traceback."""
    environment = {**os.environ, "COLUMNS": "80"} | ({"SEGUE_HOME": str(home)} if home else {})
    done = subprocess.run(
        [*SEGUE, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=seconds,
        env=environment,
        cwd=cwd,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Outcome(done.returncode, done.stdout, done.stderr)
