"""The dozen tracks of `segue demo`: some mix well with each other, some do not."""

from __future__ import annotations

from typing import Final

from segue.demo.synth import TrackSpec

DEMO_TRACKS: Final[tuple[TrackSpec, ...]] = (
    # Four to blend: neighbours in tempo and on the Camelot wheel (8A, 8A, 9A, 8B).
    TrackSpec("Night Bus", "Ada Lantern", "House", 124.0, "A minor", "house", seed=1),
    TrackSpec("Last Platform", "Ferrous", "House", 123.0, "A minor", "house", seed=2),
    TrackSpec("Copper Rain", "Ada Lantern", "House", 125.0, "E minor", "house", seed=3),
    TrackSpec("Sunday Market", "Oleander", "House", 122.0, "C major", "house", seed=4),
    # Harder and a little faster, still within reach of the pitch fader.
    TrackSpec("Cold Storage", "Kilnworks", "Techno", 130.0, "A minor", "techno", seed=5),
    TrackSpec("Pylon", "Kilnworks", "Techno", 132.0, "D minor", "techno", seed=6),
    TrackSpec("Glass Meridian", "Vela Norte", "Trance", 136.0, "F# minor", "trance", seed=7),
    # Half and double time of each other.
    TrackSpec("Undertow", "Sable & Finch", "Drum & Bass", 174.0, "F minor", "drum-and-bass", seed=8),
    TrackSpec("Corner Store", "Mr. Pockets", "Hip-Hop", 87.0, "F minor", "hip-hop", seed=9),
    # Further away.
    TrackSpec("Harbour Dub", "Low Ceiling", "Dub", 72.0, "G minor", "dub", seed=10),
    TrackSpec("Snow on the Dish", "Vela Norte", "Ambient", 90.0, "D major", "ambient", seed=11),
    TrackSpec("Garage Door", "The Spare Keys", "Rock", 148.0, "E major", "rock", seed=12),
)
