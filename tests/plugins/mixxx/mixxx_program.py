"""Which Mixxx the tests run: this system's own, or one that lies below a folder of its own.

``SEGUE_MIXXX_ROOT`` names the root of another system (one that ``debootstrap`` made, say) with a Mixxx in it. It is entered as
a sandbox of Flatpak is: the root is exchanged in a name space of mounts, so that paths are the same inside and outside, and no
mount is left behind. That needs root.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

_NEEDED: Final = ("Xvfb", "openbox", "jackd", "xdotool", "wmctrl", "import", "gcc")
_RESOURCES: Final = "/usr/share/mixxx/"
_ENTER: Final = """set -e
root=$1; shift
mount --bind "$root" "$root"
cd "$root"
for place in dev proc sys tmp; do mount --rbind "/$place" "$root/$place"; done
pivot_root . mnt
cd /
umount -l mnt
exec "$@"
"""
_OLD_EXTENSIONS: Final = (
    "3g2,3gp,aac,aif,aiff,caf,flac,it,m4a,m4v,med,mj2,mod,mov,mp3,mp4,ogg,okt,opus,s3m,stm,wav,wv,xm"
)
_EXTENSIONS: Final = (
    "3g2,3gp2,3gpp2,3gp,3gpp,3ga,aac,adts,ass,aiff,aif,caf,flac,it,m4a,f4a,mj2,mjp2,mod,ult,uni,m15,mtm,669,med,qt,mov,"
    "moov,qtvr,mp3,mpga,mp4,m4v,f4v,lrv,oga,ogg,opus,spx,ogv,okt,s3m,stm,wav,wv,wvp,xm"
)
_SKIN: Final = """[Skin]
show_samplers 0
show_microphones 0
"""
"""Since 2.4 these are shown at first, and take the place of the list."""


@dataclass(frozen=True)
class Program:
    """A Mixxx that can be started."""

    root: Path | None = None

    @classmethod
    def chosen(cls) -> Program:
        """The one that the environment names, or this system's."""
        root = os.environ.get("SEGUE_MIXXX_ROOT")
        return cls(Path(root)) if root else cls()

    def missing(self) -> list[str]:
        """What is needed and not installed."""
        absent = [name for name in _NEEDED if shutil.which(name) is None]
        if self.root is None:
            there = shutil.which("mixxx") is not None
        else:
            there = (self.root / "usr" / "bin" / "mixxx").exists()
        return absent if there else ["mixxx", *absent]

    @cached_property
    def version(self) -> str:
        """As it says itself, of two numbers: ``2.3``."""
        environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        said = subprocess.run(
            [*self._entering(), "mixxx", "--help"],
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        )
        found = re.search(r"Mixxx v(\d+\.\d+)|mixxx\.org/(\d+\.\d+)/", said.stdout + said.stderr)
        assert found, said
        return found[1] or found[2]

    @property
    def is_old(self) -> bool:
        """Whether it is of before 2.4, which spells its flags otherwise."""
        return self.version == "2.3"

    @property
    def schema(self) -> str:
        """Version of its data base."""
        return "32" if self.is_old else "39"

    @property
    def extensions(self) -> str:
        """What this build reads: when the settings say otherwise it looks through all folders first."""
        return _OLD_EXTENSIONS if self.is_old else _EXTENSIONS

    @property
    def playlists(self) -> int:
        """Height on the screen of the item of all playlists; each of them follows below, by name."""
        return 551 if self.is_old else 594

    @property
    def line(self) -> int:
        """Height of a name in the side bar."""
        return 16 if self.is_old else 14

    @property
    def skin(self) -> str:
        """Settings with which the list of tracks is at about the same place in all."""
        return "" if self.is_old else _SKIN

    @property
    def milestones(self) -> tuple[str, ...]:
        """Words in its log, after which its window is soon complete."""
        return ("Found input device",) if self.is_old else ("Scanning USB HID devices", "Loaded skin")

    def command(self, settings: Path) -> list[str]:
        """How it is started on a settings folder."""
        if self.is_old:
            flags = ["--settingsPath", f"{settings}/", "--resourcePath", _RESOURCES, "--controllerDebug", "--logLevel"]
        else:
            flags = ["--settings-path", f"{settings}/", "--resource-path", _RESOURCES, "--controller-debug"]
            flags.append("--log-level")
        return [*self._entering(), "mixxx", *flags, "debug", "--developer"]

    def _entering(self) -> list[str]:
        if self.root is None:
            return []
        enter = ["unshare", "--mount", "--propagation", "private"]
        return [*enter, "sh", "-c", _ENTER, "sh", str(self.root)]
