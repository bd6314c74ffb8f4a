"""The shim for Mixxx: what is on its decks, and suggestions in four of its playlists."""
