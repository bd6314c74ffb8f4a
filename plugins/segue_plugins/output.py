"""What is written by a program that the daemon started, or into a file: titles in any alphabet."""

from __future__ import annotations

import io
import sys


def speak_utf8() -> None:
    """Let standard output and errors take every character.

    Into a file or a pipe that is UTF-8: on Windows it would be the code page of the country, and the first title in another alphabet
    would end the program. A terminal keeps its encoding, and shows a code for what it does not have.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")
