"""Errors of the library, the models, settings, and of what is measured and written from them."""

from __future__ import annotations

from segue.errors.base import SegueError

# Models ---------------------------------------------------------------------------------------------------------------


class ModelError(SegueError):
    """A model cannot be used."""

    code = "model"


class ModelMissingError(ModelError):
    """The model's files are not where they should be."""

    code = "model-missing"


class ModelMismatchError(ModelError):
    """The model's manifest disagrees with this version's signal chain, or the file with its manifest."""

    code = "model-mismatch"


# Library and index ----------------------------------------------------------------------------------------------------


class LibraryError(SegueError):
    """The library cannot do what was asked."""

    code = "library"


class LibraryDamagedError(LibraryError):
    """The library file is damaged."""

    code = "library-damaged"


class LibraryTooNewError(LibraryError):
    """The library was written by a newer version."""

    code = "library-too-new"


class DiskFullError(LibraryError):
    """The disk with the library, or with a file whose tags are written, is full."""

    code = "disk-full"


class HomeNotWritableError(LibraryError):
    """The home folder cannot be written."""

    code = "home-not-writable"


class TrackNotFoundError(LibraryError):
    """No track matches."""

    code = "track-not-found"


class TrackNotReadyError(LibraryError):
    """The track is known but not analysed yet, or its analysis failed."""

    code = "track-not-ready"


class FolderNotFoundError(LibraryError):
    """There is no such folder, or it is not watched."""

    code = "folder-not-found"


class CrateNotFoundError(LibraryError):
    """There is no crate of this name."""

    code = "crate-not-found"


class LibraryEmptyError(LibraryError):
    """There is nothing to suggest from yet."""

    code = "library-empty"


class SetFileError(LibraryError):
    """A file with sets or playlists cannot be read as one."""

    code = "set-file"


# Settings -------------------------------------------------------------------------------------------------------------


class ConfigError(SegueError):
    """The settings file cannot be used."""

    code = "config"


# Playlists ------------------------------------------------------------------------------------------------------------


class PlaylistError(SegueError):
    """A playlist could not be written."""

    code = "playlist"


class PlaylistExistsError(PlaylistError):
    """There is a playlist of this name already."""

    code = "playlist-exists"


# Measuring ------------------------------------------------------------------------------------------------------------


class BenchError(SegueError):
    """The accuracy cannot be measured."""

    code = "bench"


class BenchFileError(BenchError):
    """A table of true values, or of another program's answers, cannot be used."""

    code = "bench-file"


class BenchOutputError(BenchError):
    """A result cannot be written."""

    code = "bench-output"
