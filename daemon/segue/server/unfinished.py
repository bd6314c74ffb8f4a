"""Copies of files that are being made: noted before they are there, so that the next start finds what a killed daemon left."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"\.segue-[0-9a-f]{16}(\.\w+)?")


class Unfinished:
    """The list of copies, in a file of the home. One at a time makes copies."""

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger

    def begin(self, path: Path) -> Path:
        """Note and return where a copy of a file is to be made: beside it, under a name that no scan takes for music."""
        copy = path.with_name(f".segue-{secrets.token_hex(8)}{path.suffix}")
        self._write([*self._read(), copy])
        return copy

    def end(self, copy: Path) -> None:
        """Delete a copy, if it is there still, and its note."""
        self._forget([copy])

    def tidy(self) -> None:
        """Delete what was left behind. A copy on a drive that is away is kept in mind."""
        left = self._read()
        if left:
            self._forget(left)

    def _forget(self, copies: list[Path]) -> None:
        done = set()
        for copy in copies:
            with contextlib.suppress(OSError):
                # Whatever stands in the list, nothing is deleted but what has such a name.
                if _NAME.fullmatch(copy.name) and not copy.is_dir():
                    copy.unlink(missing_ok=copy.parent.is_dir())
                done.add(copy)
        self._write([copy for copy in self._read() if copy not in done])

    def _read(self) -> list[Path]:
        try:
            lines = self._ledger.read_bytes().split(b"\0")
        except FileNotFoundError:
            return []
        return [Path(os.fsdecode(line)) for line in lines if line]

    def _write(self, copies: list[Path]) -> None:
        if not copies:
            self._ledger.unlink(missing_ok=True)
            return
        fresh = self._ledger.with_suffix(".new")
        with fresh.open("wb") as file:
            file.write(b"".join(os.fsencode(copy) + b"\0" for copy in copies))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._ledger)
