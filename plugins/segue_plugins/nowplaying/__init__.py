"""A shim for every program that says what is playing: into a text file, or by broadcasting."""
