"""SQLite: the truth about tracks, files, folders and plays."""
