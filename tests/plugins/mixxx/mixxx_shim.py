"""`segue mixxx` as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from mixxx_desk import Profile


@dataclass
class Shim:
    """`segue mixxx`, as a user starts it."""

    home: Path
    profile: Profile
    process: subprocess.Popen[bytes] | None = None
    environment: dict[str, str] = field(default_factory=dict)
    """On top of ours."""

    def command(self, *arguments: str) -> list[str]:
        return [
            *(sys.executable, "-m", "segue.cli.main", "--home", str(self.home)),
            *("mixxx", *arguments, "--settings", str(self.profile.folder)),
        ]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        return subprocess.run(self.command(*arguments), check=False, capture_output=True, text=True, timeout=60)

    def start(self) -> None:
        """Follow Mixxx; what it says goes into a file."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, env={**os.environ, **self.environment}
            )

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(20)

    @property
    def log(self) -> Path:
        return self.profile.folder.parent / "shim.log"

    def says(self, words: str) -> bool:
        return self.log.exists() and words in self.log.read_text()
