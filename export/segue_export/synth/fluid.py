"""FluidSynth and sound fonts: MIDI → audio."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import numpy as np

from segue_export.synth.sound import Wave, as_wave

_LICENCES: Final = {"FluidR3": "MIT", "MuseScore": "MIT", "TimGM6mb": "GPL-2"}
"""Of the sound fonts that Debian packages, by the beginning of their names."""
_LIMIT: Final = 300.0


class ToolError(Exception):
    """A program that renders is not there, or failed; the sentence says what to do."""


def available() -> bool:
    """Whether FluidSynth is installed."""
    return shutil.which("fluidsynth") is not None


def find_fonts(folder: Path) -> tuple[Path, ...]:
    """Sound fonts below a folder, or the one file. Raises ValueError when there is none."""
    found = (
        (folder,)
        if folder.is_file()
        else tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in {".sf2", ".sf3"}))
    )
    if not found:
        raise ValueError(f"{folder} holds no sound font (.sf2, .sf3)")
    return found


def font_licence(font: Path) -> str:
    """Licence of a sound font, by its name."""
    return next((licence for name, licence in _LICENCES.items() if font.name.startswith(name)), f"see {font.name}")


def render_midi(data: bytes, font: Path, rate: int) -> Wave:
    """A MIDI file → mono audio at a rate. Raises ToolError."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "song.mid", Path(folder) / "song.raw"
        source.write_bytes(data)
        command = [
            "fluidsynth",
            "-ni",
            "-q",
            "-r",
            str(rate),
            "-g",
            "0.4",
            "-O",
            "float",
            "-T",
            "raw",
            "-F",
            str(target),
        ]
        # Only the presets of this song are loaded: seconds of a clip's time with a large font. Rooms come with the mastering.
        command += [
            "-o",
            "synth.dynamic-sample-loading=1",
            "-o",
            "synth.chorus.active=0",
            "-o",
            "synth.reverb.active=0",
        ]
        # Without its own default it cannot put another font in the place of one that is broken.
        command += ["-o", "synth.polyphony=128", "-o", "synth.default-soundfont=", str(font), str(source)]
        try:
            done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_LIMIT)
        except FileNotFoundError as error:
            raise ToolError(
                "fluidsynth is not installed: `apt-get install fluidsynth`, or choose styles that do without it (--styles)"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise ToolError(f"fluidsynth took longer than {_LIMIT:g} s with {font.name}") from error
        if done.returncode or not target.exists():
            raise ToolError(f"fluidsynth failed with {font.name}: {done.stderr.strip()[-300:]}")
        stereo = np.fromfile(target, dtype=np.float32)
    if len(stereo) < 2 or not stereo.any():
        raise ToolError(f"fluidsynth made no sound with {font.name}: is it a General MIDI sound font?")
    return as_wave(stereo[: len(stereo) // 2 * 2].reshape(-1, 2).mean(axis=1))
