"""Under which names tempo, key and energy are written in each format. Names are compared in upper case."""

from __future__ import annotations

from typing import Final, NamedTuple

VALUES: Final = ("bpm", "key", "energy")


class Names(NamedTuple):
    """Where one value stands."""

    first: str
    """The name that is written."""
    others: tuple[str, ...] = ()
    """Names that are written as well where they are there, lest two fields contradict each other."""


TEXT_FRAMES: Final = {"bpm": "TBPM", "key": "TKEY"}
"""ID3: frames with a name of their own."""
USER_FRAMES: Final = {
    "bpm": ("BPM", "TEMPO"),
    "key": ("INITIALKEY", "INITIAL KEY", "KEY"),
    "energy": ("ENERGYLEVEL", "ENERGY LEVEL"),
}
"""ID3: descriptions of ``TXXX`` frames."""
ENERGY_FRAME: Final = "EnergyLevel"
"""As Mixed In Key spells it."""

COMMENTS: Final = {
    "bpm": Names("BPM", ("TEMPO", "TBPM")),
    "key": Names("INITIALKEY", ("INITIAL KEY", "KEY", "TKEY")),
    "energy": Names("ENERGYLEVEL", ("ENERGY LEVEL",)),
}
"""Vorbis comments."""

FREEFORM: Final = {
    "bpm": Names("BPM", ("TEMPO",)),
    "key": Names("initialkey", ("KEY",)),
    "energy": Names("EnergyLevel"),
}
"""MP4: names below ``com.apple.iTunes``. The whole number of a tempo stands in ``tmpo`` besides."""
