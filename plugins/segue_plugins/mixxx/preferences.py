"""Mixxx's preferences (``mixxx.cfg``): which controllers it opens with which mapping, changed line by line and changed back.

Groups in brackets, then lines of a key, blanks and a value; of two lines of a key Mixxx takes the later one. It writes the whole
file anew when it is closed, so that nothing may be changed while it runs. Bytes that are not ours are never touched.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from segue.errors import ProgramSetupError
from segue_plugins.mixxx.settings import Settings

OPENED: Final = "[Controller]"
"""Whether Mixxx opens a controller: 1 or 0."""
MAPPINGS: Final = "[ControllerPreset]"
"""Which mapping it has; all versions call it so. A bare file name is looked for in the user's folder, then in Mixxx's own."""
_UNFIT: Final = re.compile(r"[ /\\]")
_ENDING: Final = re.compile(r"\r?\n?\Z")


class Choice(msgspec.Struct, frozen=True):
    """A controller that we gave a mapping, and what was there before."""

    key: str
    file: str
    mapping: str | None = None
    opened: str | None = None
    made: tuple[str, ...] = ()
    """Groups that were not there."""
    opens: bool = True
    """Mixxx was told to open it, too."""
    lines: dict[str, str] = {}
    """Whole lines of values that were empty, by group: only they know which blanks were behind the key."""


class Controller(NamedTuple):
    """A controller that Mixxx knows."""

    key: str
    """Its name, as the preferences write it."""
    mapping: str
    """A file, or its path."""
    opened: bool


def key_of(name: str) -> str:
    """The name of a controller as the preferences write it."""
    return _UNFIT.sub("_", name)


class Preferences:
    """The lines of the file. Nothing is written before `save`.

    Raises
    ------
    ProgramSetupError
        The file cannot be read.

    """

    def __init__(self, settings: Settings) -> None:
        self._path = settings.config
        try:
            text = self._path.read_bytes().decode("utf-8", "surrogateescape")
        except OSError as error:
            raise ProgramSetupError(
                f"{self._path} cannot be read ({error.strerror}). Start Mixxx once and close it, then try again."
            ) from error
        self._lines = re.findall(r"[^\n]*\n|[^\n]+", text)

    def controllers(self) -> list[Controller]:
        """All controllers that have a mapping, by name."""
        found = {}
        for number in self._keys(MAPPINGS):
            key, mapping = _parts(self._lines[number])
            found[key] = Controller(key, mapping, self._value(OPENED, key) == "1")
        return sorted(found.values())

    def choose(self, key: str, file: str, *, opens: bool = True) -> Choice | None:
        """Give a controller a mapping, and (`opens`) let Mixxx open it; None: it is so already."""
        groups = (OPENED, MAPPINGS) if opens else (MAPPINGS,)
        choice = Choice(
            key,
            file,
            self._value(MAPPINGS, key),
            self._value(OPENED, key),
            tuple(group for group in groups if self._header(group) is None),
            opens,
            {group: self._line(group, key) for group in groups if self._value(group, key) == ""},
        )
        if _name(choice.mapping) == file and (choice.opened == "1" or not opens):
            return None
        if opens:
            self._put(OPENED, key, "1")
        self._put(MAPPINGS, key, file)
        return choice

    def take_back(self, choice: Choice) -> bool:
        """Restore what was there before; not where somebody has chosen another mapping since. Returns whether it was done."""
        now = self._value(MAPPINGS, choice.key)
        if _name(now) != choice.file and (now, choice.mapping) != (None, None):
            return False
        for group, before in ((MAPPINGS, choice.mapping), (OPENED, choice.opened)):
            if group == OPENED and not choice.opens:
                continue
            if before is None:
                self._remove(group, choice.key, whole=group in choice.made)
            elif group in choice.lines:
                self._write_line(group, choice.key, choice.lines[group])
            else:
                self._put(group, choice.key, before)
        return True

    def save(self) -> None:
        """Write the file, whole or not at all. ProgramSetupError when it cannot be written."""
        target = Path(os.path.realpath(self._path))
        part = target.with_name(f"{target.name}.segue")
        try:
            with part.open("wb") as file:
                file.write("".join(self._lines).encode("utf-8", "surrogateescape"))
                file.flush()
                os.fsync(file.fileno())
            part.chmod(target.stat().st_mode & 0o7777)
            part.replace(target)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise ProgramSetupError(f"{target} cannot be written ({error.strerror}); it is as it was.") from error

    # Lines ----------------------------------------------------------------------------------------------------------

    def _keys(self, wanted: str) -> Iterator[int]:
        """The lines of a group that have a key."""
        group = ""
        for number, line in enumerate(self._lines):
            said = line.strip()
            if _is_header(said):
                group = said
            elif said and group == wanted:
                yield number

    def _find(self, group: str, key: str) -> int | None:
        return max((number for number in self._keys(group) if _parts(self._lines[number])[0] == key), default=None)

    def _header(self, group: str) -> int | None:
        return max((number for number, line in enumerate(self._lines) if line.strip() == group), default=None)

    def _value(self, group: str, key: str) -> str | None:
        found = self._find(group, key)
        return None if found is None else _parts(self._lines[found])[1]

    def _line(self, group: str, key: str) -> str:
        """The whole line of a key that is there, without its end."""
        found = self._find(group, key)
        return "" if found is None else _ENDING.sub("", self._lines[found])

    def _write_line(self, group: str, key: str, said: str) -> None:
        """Put a whole line in the place of the one that a key has, if it has one."""
        found = self._find(group, key)
        if found is not None:
            self._lines[found] = f"{said}{_ENDING.findall(self._lines[found])[0]}"

    def _put(self, group: str, key: str, value: str) -> None:
        found = self._find(group, key)
        if found is not None:
            line = self._lines[found]
            if _parts(line)[1] != value:
                head = line[: line.index(key) + len(key)]
                blanks = re.match(r"[ \t]+(?=\S)", line[len(head) :])
                self._lines[found] = f"{head}{blanks[0] if blanks else ' '}{value}{_ENDING.findall(line)[0]}"
            return
        header = self._header(group)
        if header is None:
            self._add(len(self._lines), "")
            self._add(len(self._lines), group)
            header = len(self._lines) - 1
        self._add(max([header, *self._keys(group)]) + 1, f"{key} {value}")

    def _remove(self, group: str, key: str, *, whole: bool) -> None:
        """Remove a key's line; with `whole` the group too when nothing is left in it, and the empty line above."""
        found = self._find(group, key)
        if found is not None:
            self._cut(found)
        header = self._header(group)
        if whole and header is not None and not any(self._keys(group)):
            self._cut(header)
            if header and not self._lines[header - 1].strip():
                self._cut(header - 1)

    def _add(self, place: int, said: str) -> None:
        """Insert a line. A file whose last line has no end keeps it so."""
        end = "\r\n" if any(line.endswith("\r\n") for line in self._lines) else "\n"
        before = self._lines[place - 1] if place else "\n"
        if before.endswith("\n"):
            self._lines.insert(place, f"{said}{end}")
        else:
            self._lines[place - 1] += end
            self._lines.insert(place, said)

    def _cut(self, place: int) -> None:
        line = self._lines.pop(place)
        if place == len(self._lines) and place and not line.endswith("\n"):
            self._lines[-1] = _ENDING.sub("", self._lines[-1])


def _is_header(said: str) -> bool:
    return said.startswith("[") and said.endswith("]")


def _parts(line: str) -> tuple[str, str]:
    """Key and value."""
    key, *rest = line.split(None, 1)
    return key, rest[0].strip() if rest else ""


def _name(mapping: str | None) -> str:
    """The file of a mapping, of which Mixxx writes the whole path when it has used it."""
    return re.split(r"[/\\]", mapping or "")[-1]
