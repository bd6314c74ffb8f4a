"""The Debian packages whose sounds the synthesiser uses: fetched with apt-get, unpacked without installing them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from segue_export.datasets.build import DatasetError

FONTS: Final = ("fluid-soundfont-gm", "musescore-general-soundfont-lossless", "timgm6mb-soundfont")
VOICES: Final = (
    *(f"asterisk-core-sounds-{language}-g722" for language in ("en", "es", "fr", "it", "ru")),
    "asterisk-prompt-it-menardi-wav",
    *("tuxpaint-stamps-default", "klettres-data", "ktuberling-data"),
)
DRUMS: Final = ("hydrogen-drumkits", "sonic-pi-samples")
KINDS: Final = {"soundfonts": FONTS, "voices": VOICES, "drums": DRUMS}
"""Packages by the folder that they are unpacked into. All are in Debian's main section."""
TOOLS: Final = ("fluidsynth", "mma")
"""Programs, which must be installed."""


def fetch(folder: Path, debs: Path, say: Callable[[str], None]) -> list[str]:
    """Unpack all packages into ``folder/soundfonts``, ``voices`` and ``drums``; what is there stays.

    Packages are taken from `debs`, and downloaded into it when they are not there. Returns the names of those that this
    system's package lists do not have. Raises DatasetError when apt-get is missing or a package is damaged.
    """
    missing = []
    for kind, names in KINDS.items():
        for name in names:
            target = folder / kind / name
            if target.is_dir():
                continue
            say(f"fetching {name}")
            deb = _download(name, debs)
            if deb is None:
                missing.append(name)
            else:
                _unpack(deb, target)
    return missing


def _download(name: str, debs: Path) -> Path | None:
    debs.mkdir(parents=True, exist_ok=True)
    if found := sorted(debs.glob(f"{name}_*.deb")):
        return found[-1]
    try:
        done = subprocess.run(["apt-get", "download", name], cwd=debs, check=False, capture_output=True)
    except FileNotFoundError as error:
        raise DatasetError(f"apt-get is needed to fetch {name}; or give --debs a folder that has it") from error
    found = sorted(debs.glob(f"{name}_*.deb")) if done.returncode == 0 else []
    return found[-1] if found else None


def _unpack(deb: Path, target: Path) -> None:
    partial = target.with_name(f"{target.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    done = subprocess.run(["dpkg", "-x", str(deb), str(partial)], check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise DatasetError(f"{deb} cannot be unpacked ({done.stderr.strip()}): delete it, then run the command again")
    partial.rename(target)
