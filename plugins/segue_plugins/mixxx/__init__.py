"""The shim for Mixxx: what is on its decks, and suggestions in three of its playlists."""
