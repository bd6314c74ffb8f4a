"""Which licence a file of a Debian package has, from its machine-readable copyright file (DEP-5)."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, NamedTuple

UNKNOWN: Final = "see copyright"
_SHORT_NAME = re.compile(r"[A-Za-z0-9.+-]+(?: (?:or|and|with) [A-Za-z0-9.+-]+)*")
"""A licence line that is a name; other lines begin the text of a licence."""
_MOST_NAMES: Final = 8


class _Stanza(NamedTuple):
    patterns: tuple[str, ...]
    licence: str


class Licences:
    """The licences of an unpacked package.

    The copyright file names paths of the source package, which is laid out otherwise than what is installed; a file is
    matched by the end of its path, as long an end as there is, and the last stanza that fits holds, as in DEP-5.
    """

    def __init__(self, root: Path) -> None:
        self._stanzas: list[_Stanza] = []
        names: list[str] = []
        for path in sorted(root.glob("usr/share/doc/*/copyright")):
            for block in re.split(r"\n\s*\n", path.read_text(errors="replace")):
                stanza = _stanza(block)
                if stanza is None:
                    continue
                if stanza.patterns:
                    self._stanzas.append(stanza)
                if stanza.licence not in names:
                    names.append(stanza.licence)
        self.all = "; ".join(names) if 1 <= len(names) <= _MOST_NAMES else UNKNOWN
        """Every licence of the package, joined with ``;``, or ``see copyright`` when there are none or very many."""

    def of(self, name: str) -> str:
        """The licence of an installed file (with ``!`` before a container's member); all of them when none fits better."""
        inside = name.replace("!", "/")
        best, depth = self.all, 0
        for stanza in self._stanzas:
            fit = max((_fit(pattern, inside) for pattern in stanza.patterns), default=0)
            if fit and fit >= depth:
                best, depth = stanza.licence, fit
        return best


def _stanza(block: str) -> _Stanza | None:
    fields: dict[str, str] = {}
    field = ""
    for line in block.splitlines():
        if line[:1].isspace():
            if field:
                fields[field] += "\n" + line.strip()
        elif ":" in line:
            field, _, value = line.partition(":")
            field = field.strip().lower()
            fields[field] = value.strip()
    name = fields.get("license", "").partition("\n")[0].strip()
    if not _SHORT_NAME.fullmatch(name):
        return None
    return _Stanza(tuple(fields.get("files", "").replace(",", " ").split()), name)


def _fit(pattern: str, path: str) -> int:
    """How many parts of a pattern, counted from its end, fit the end of a path or one of its folders; 0 for none.

    ``*`` alone fits everything and says nothing, so it counts as none: the package may be a part of its source.
    """
    parts = pattern.removeprefix("./").split("/")
    for start in range(len(parts)):
        rest = parts[start:]
        if all(set(part) <= {"*", "?"} for part in rest):
            return 0
        if fnmatchcase(f"/{path}", f"*/{'/'.join(rest)}"):
            return len(rest)
    return 0
