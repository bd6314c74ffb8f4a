"""Mappings of controllers: found where Mixxx has them, and copied with our script in the copy. The originals are never touched."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple
from xml.etree import ElementTree as ET

from segue.errors import ProgramNotFoundError, ProgramSetupError
from segue_plugins.mixxx.settings import Settings

SCRIPT_LINE: Final = '<file filename="segue.js" functionprefix="Segue"/>'
MARK: Final = " with Segue"
_KIND: Final = re.compile(r"(.+?)((?:\.(?:midi|hid|bulk))?\.xml)", re.IGNORECASE | re.DOTALL)
_COMMENT: Final = re.compile(r"<!--.*?-->|<!\[CDATA\[.*?\]\]>", re.DOTALL)


class Copy(NamedTuple):
    """A mapping with our script, and what it needs beside it; nothing is written yet."""

    source: Path
    name: str
    """Of the file, in the user's folder."""
    content: bytes
    scripts: list[Path]
    """That must be copied with it: Mixxx would not find them."""


def system_folders(platform: str = sys.platform, home: Path | None = None) -> list[Path]:
    """Where Mixxx's own mappings are on a platform."""
    if platform == "win32":
        return [Path("C:/Program Files/Mixxx/controllers"), Path("C:/Program Files (x86)/Mixxx/controllers")]
    if platform == "darwin":
        return [Path("/Applications/Mixxx.app/Contents/Resources/controllers")]
    flatpak = Path("app", "org.mixxx.Mixxx", "current", "active", "files")
    roots = [Path("/usr"), Path("/usr/local"), Path("/var/lib/flatpak") / flatpak]
    roots.append((home or Path.home()) / ".local" / "share" / "flatpak" / flatpak)
    return [root / "share" / "mixxx" / "controllers" for root in roots]


def find(settings: Settings, wanted: str) -> Path:
    """A mapping by its path, its file, its file without the suffix, or the name that Mixxx shows; the user's own come first.

    Raises
    ------
    ProgramNotFoundError
        There is none.

    """
    named = Path(wanted).expanduser()
    folders = [settings.controllers, *system_folders()]
    if len(named.parts) > 1:
        # A path of Mixxx's preferences may be one that only its sandbox has.
        found = next((path for path in (named, *(folder / named.name for folder in folders)) if path.is_file()), None)
    else:
        found = next((path for folder in folders for path in _called(folder, wanted)), None)
    if found is None:
        raise ProgramNotFoundError(
            f"There is no mapping “{wanted}” in {settings.controllers} or among Mixxx's own: name its file (*.midi.xml)."
        )
    return found


def copy(settings: Settings, source: Path) -> Copy:
    """Read a mapping and add our script.

    Raises
    ------
    ProgramSetupError
        It is no mapping, has the script already, or its copy would not be what the original is.

    """
    kind = _KIND.fullmatch(source.name)
    try:
        original = source.read_bytes()
    except OSError as error:
        raise ProgramSetupError(f"{source} cannot be read ({error.strerror}).") from error
    if kind is None:
        raise ProgramSetupError(f"{source} is no mapping: its name should end in .midi.xml or .hid.xml.")
    try:
        content = with_script(original)
    except ValueError as error:
        raise ProgramSetupError(f"{source} {error}. Nothing was changed.") from error
    return Copy(source, f"{kind[1]}{MARK}{kind[2]}", content, _needed(settings, source, original))


def with_script(mapping: bytes) -> bytes:
    """A mapping that loads our script too, and says so in its name; all other bytes are as they were.

    Raises
    ------
    ValueError
        It is none, or loads it already; the words go behind the file's name.

    """
    text = mapping.decode("latin-1")  # tags are ASCII in all encodings but UTF-16, which ends as "no mapping"
    before = _scripts(mapping)
    if "segue.js" in before:
        raise ValueError("has Segue's script already")
    newline = "\r\n" if "\r\n" in text else "\n"
    bare = _COMMENT.sub(lambda found: " " * len(found[0]), text)
    controller = re.search(r"<controller\b[^>]*(?<!/)>", bare)
    if controller is None:
        raise ValueError("has no <controller>")
    place, said = _insertion(bare, controller.end(), newline)
    text = text[: place[0]] + said + text[place[1] :]
    info = re.search(r"<info\b.*?<name>[^<]*", bare[: place[0]], re.DOTALL)
    if info is not None:
        text = text[: info.end()] + MARK + text[info.end() :]
    changed = text.encode("latin-1")
    if _scripts(changed) != [*before, "segue.js"]:
        raise ValueError("is written in a way that Segue cannot change safely")
    return changed


def _insertion(bare: str, start: int, newline: str) -> tuple[tuple[int, int], str]:
    """What is to be replaced, and by what."""
    empty = re.compile(r"<scriptfiles\s*/>").search(bare, start)
    end = re.compile(r"</scriptfiles\s*>").search(bare, start)
    if end is not None and (empty is None or end.start() < empty.start()):
        line = bare.rindex("\n", 0, end.start()) + 1 if "\n" in bare[: end.start()] else 0
        if bare[line : end.start()].strip():
            return (end.start(), end.start()), SCRIPT_LINE
        files = re.findall(r"^([ \t]*)<file\b", bare[start : end.start()], re.MULTILINE)
        indent = files[-1] if files else f"{bare[line : end.start()]}    "
        return (line, line), f"{indent}{SCRIPT_LINE}{newline}"
    block = f"<scriptfiles>{SCRIPT_LINE}</scriptfiles>"
    if empty is not None:
        return empty.span(), block
    return (start, start), f"{newline}        {block}"


def _scripts(mapping: bytes) -> list[str]:
    """The script files that Mixxx would load; ValueError when this is no mapping."""
    try:
        root = ET.fromstring(mapping)  # noqa: S314 - a file that the user plays with already
    except (ET.ParseError, ValueError, LookupError) as error:
        raise ValueError(f"is no mapping that Segue can read ({error})") from error
    controller = root.find("controller")
    files = controller.find("scriptfiles") if controller is not None else None
    return [file.get("filename", "") for file in files.iterfind("file")] if files is not None else []


def _needed(settings: Settings, source: Path, mapping: bytes) -> list[Path]:
    """Scripts that lie beside the original, and that Mixxx would not find for the copy.

    It looks beside the mapping, and then among its own.
    """
    needed = []
    for name in _scripts(mapping):
        script = source.parent / name
        if not name or Path(name).name != name or not script.is_file():
            continue
        beside = settings.controllers / name
        if source.parent in system_folders() and not beside.exists():
            continue
        if not beside.exists():
            needed.append(script)
        elif not beside.samefile(script) and beside.read_bytes() != script.read_bytes():
            raise ProgramSetupError(
                f"{beside} is another script than {script}, and the copy of the mapping would use it. Move it away first, "
                "or name the mapping that belongs to it."
            )
    return needed


def _called(folder: Path, name: str) -> Iterator[Path]:
    """Mappings of this name in a folder, best first."""
    if not folder.is_dir():
        return
    wanted = name.casefold()
    paths = sorted(path for path in folder.iterdir() if _KIND.fullmatch(path.name) and path.suffix.lower() == ".xml")
    for path in paths:
        kind = _KIND.fullmatch(path.name)
        if kind is not None and wanted in {path.name.casefold(), kind[1].casefold()}:
            yield path
    for path in paths:
        if (title(path) or "").casefold() == wanted:
            yield path


def title(path: Path) -> str | None:
    """The name that Mixxx shows for a mapping."""
    try:
        root = ET.parse(path).getroot()  # noqa: S314 - as above
    except (OSError, ET.ParseError, ValueError, LookupError):
        return None
    return (root.findtext("info/name") or "").strip() or None
