"""What a DJ program broadcasts: a listener on this computer that takes the titles and throws the sound away."""

from __future__ import annotations

from segue_plugins.broadcast.listener import PASSWORD, Listener
from segue_plugins.broadcast.song import Song

__all__ = ["PASSWORD", "Listener", "Song"]
