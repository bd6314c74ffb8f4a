"""Other programs' playlists and histories: files → sets of entries."""
