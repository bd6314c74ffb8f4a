"""XML from strangers: read as a stream, with no entities, no matter how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from xml.parsers import expat

from segue.errors import SetFileError

_CHUNK: Final = 1 << 20
_DEEPEST: Final = 256
_LONGEST: Final = 8 << 20
"""Bytes of a tag or comment. One that never ends would be looked through again with each chunk."""

Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[str], None]


def stream(content: bytes, start: Start, end: End) -> str | None:
    """Tell of every element's beginning and end.

    Args:
        content: the file.
        start: takes an element's name and attributes.
        end: takes its name.

    Returns:
        Where the file breaks off or is damaged, as a sentence; None when it is whole.

    Raises:
        SetFileError: it declares entities, is nested beyond reason or has a tag without end: nothing that a DJ program writes.

    """
    parser = expat.ParserCreate()
    depth = 0

    def refuse(*_: object) -> int:
        raise SetFileError("The file declares entities, which no DJ program writes: it is not read.")

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise SetFileError("The file is nested deeper than any DJ program writes it: it is not read.")
        start(name, attributes)

    def finish(name: str) -> None:
        nonlocal depth
        depth -= 1
        end(name)

    parser.EntityDeclHandler = refuse
    parser.UnparsedEntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    parser.StartElementHandler = begin
    parser.EndElementHandler = finish
    try:
        for at in range(0, len(content), _CHUNK):
            parser.Parse(content[at : at + _CHUNK])
            if at + _CHUNK - parser.CurrentByteIndex > _LONGEST:
                raise SetFileError("The file has a tag longer than any DJ program writes it: it is not read.")
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        return f"the file is damaged or breaks off in line {error.lineno}: what comes before was read"
    return None
