"""Recordings of voices: folders of speech, a speaker each, with sex by the pitch of the voice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from segue_export.synth import sound
from segue_export.synth.sound import Wave, as_wave

RATE: Final = 16_000
"""Sample rate that voices are worked on."""
SUFFIXES: Final = {".wav", ".ogg", ".flac", ".mp3", ".g722", ".opus"}
_NO_SPEECH: Final = ("silence", "tone", "beep", "click", "vm-tempgreetactive")
_MIN_BYTES: Final = 7_000


@dataclass(frozen=True)
class Speaker:
    """Recordings of one voice (or of one language's many voices, where a folder mixes them)."""

    name: str
    files: tuple[Path, ...]
    source: str
    licence: str


def find_speakers(folder: Path) -> list[Speaker]:
    """Speakers below a folder, one for each folder of speech with ten recordings or more. Raises ValueError when there are none."""
    found: dict[Path, list[Path]] = defaultdict(list)
    for path in sorted(folder.rglob("*")):
        if (
            path.suffix.lower() in SUFFIXES
            and path.is_file()
            and path.stat().st_size >= _MIN_BYTES
            and _is_speech(path)
        ):
            found[_home(path)].append(path)
    speakers = [_speaker(folder, home, paths) for home, paths in sorted(found.items()) if len(paths) >= 10]
    if not speakers:
        raise ValueError(
            f"{folder} holds no folder with ten recordings of speech or more ({', '.join(sorted(SUFFIXES))})"
        )
    return speakers


def _is_speech(path: Path) -> bool:
    if "stamps" in path.parts:
        return "_desc" in path.stem
    return not any(word in path.stem.lower() for word in _NO_SPEECH) and "sounds/phonetic" not in str(path.parent)


def _home(path: Path) -> Path:
    """The folder that is a speaker: below it, the folders of digits, letters and dates belong to the same voice."""
    if "stamps" in path.parts:
        language = path.stem.partition("_desc")[2].strip("_") or "en"
        return Path(*path.parts[: path.parts.index("stamps") + 1]) / language
    if "sounds" in path.parts and "asterisk" in path.parts:
        return Path(*path.parts[: path.parts.index("sounds") + 2])
    if "klettres" in path.parts:
        return Path(*path.parts[: path.parts.index("klettres") + 2])
    return path.parent


def _speaker(root: Path, home: Path, paths: list[Path]) -> Speaker:
    relative = home.relative_to(root)
    package = relative.parts[0] if relative.parts else root.name
    return Speaker(str(relative), tuple(paths), package, package_licence(root, package))


@cache
def package_licence(root: Path, package: str) -> str:
    """Short licence names of an unpacked Debian package below a folder, joined with ``;``."""
    path = root / package / "usr/share/doc" / package / "copyright"
    if not path.is_file():
        return f"see {package}"
    names = [
        line.partition(":")[2].strip()
        for line in path.read_text(errors="replace").splitlines()
        if line.startswith("License:")
    ]
    return "; ".join(dict.fromkeys(name for name in names if name)) or f"see {package}"


def load(path: Path) -> Wave:
    """One recording, mono float32 at 16 kHz, silence at its ends cut off, peak at 0.5. Raises av.FFmpegError, ValueError when it is silent."""
    wave = sound.read(path, RATE)
    loud = np.flatnonzero(np.abs(wave) > 0.04 * (np.abs(wave).max() if len(wave) else 0.0))
    if not len(loud) or np.abs(wave).max() < 1e-3:
        raise ValueError(f"{path} is silent")
    wave = wave[max(loud[0] - 400, 0) : loud[-1] + 1200]
    return as_wave(wave * (0.5 / np.abs(wave).max()))
