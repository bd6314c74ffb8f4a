"""A shim for every program that writes what is playing into a text file."""
