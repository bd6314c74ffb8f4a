"""Folders, files and counts of the library."""

from __future__ import annotations

from segue.protocol.messages.base import Message, Result, Text


class Folder(Result):
    """A watched folder."""

    path: str
    watch: str
    """``events`` (the system tells of changes), ``polling`` or ``away`` (unmounted or unreadable)."""
    detail: str | None = None
    files: int = 0
    private: bool = False
    """Its tracks are suggested to nobody, but those that are promoted."""


class FolderList(Result):
    """All watched folders."""

    folders: list[Folder]


class FileFailure(Result):
    """A file that could not be analysed."""

    path: str
    code: str
    message: str


class FailureList(Result):
    """Files that could not be analysed, latest first."""

    failures: list[FileFailure]


class IndexState(Result):
    """The vector index."""

    state: str
    """``ready``, ``rebuilding`` or ``empty``."""
    vectors: int
    generation: int
    dim: int | None = None


class Counts(Result):
    """Files and tracks by state."""

    indexed: int
    """Tracks that are analysed and there, those of private folders too."""
    queued: int
    """Files that wait for analysis, the ones in work among them."""
    failed: int
    """Files that could not be analysed."""
    missing: int = 0
    """Tracks whose files are not there now."""


class FolderParams(Message):
    """``path``: an absolute path of a folder."""

    path: Text


class AddFolderParams(Message):
    """``path``: an absolute path of a folder."""

    path: Text
    private: bool | None = None
    """Its tracks are suggested to nobody (but those that are promoted); without it, a folder stays as it is, and a new one is
    as the watched folder around it."""


class RescanParams(Message):
    """``path``: a folder or file below a watched folder; all folders without it."""

    path: Text | None = None
