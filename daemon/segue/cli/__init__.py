"""The `segue` command. Modules import what is heavy inside the functions that need it: `--help` answers at once."""
