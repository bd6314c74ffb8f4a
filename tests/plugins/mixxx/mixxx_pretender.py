"""A process that a shim takes for Mixxx: it has the name, names a settings folder, and holds audio files open.

For what is the shim's own business alone; what Mixxx itself does is tested in Mixxx.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_PROGRAM: Final = """
import sys
print("open", flush=True)
decks = {}
for line in sys.stdin:
    word, deck, *path = line.rstrip("\\n").split(" ", 2)
    if deck in decks:
        for handle in decks.pop(deck):
            handle.close()
    if word == "load":
        decks[deck] = [open(path[0], "rb"), open(path[0], "rb")]  # the deck's, and the analyser's
    print(word, flush=True)
"""


class Pretender:
    """Something called ``mixxx``."""

    def __init__(self, folder: Path, settings: Path) -> None:
        self._name = folder / "mixxx"
        if not self._name.exists():
            self._name.symlink_to(sys.executable)
        self._settings = settings
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        command = [str(self._name), "-c", _PROGRAM, "--settingsPath", str(self._settings)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._hear()  # before, it may have neither its name nor its words yet
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.quit()

    def load(self, path: str | Path, deck: int = 1) -> None:
        """Open a file, and close the one that the deck has."""
        self._say(f"load {deck} {path}")

    def eject(self, deck: int = 1) -> None:
        """Close a deck's file."""
        self._say(f"eject {deck}")

    def quit(self) -> None:
        """End."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()

    def _say(self, line: str) -> None:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        process.stdin.write(f"{line}\n")
        process.stdin.flush()
        self._hear()

    def _hear(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        assert self._process.stdout.readline()
