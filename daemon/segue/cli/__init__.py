"""The `segue` command: a client with tables and progress bars."""
