"""Every error that Segue raises on purpose: one base class, a stable code, a sentence that says what to do.

The codes are part of the machine-readable contract (`docs/protocol.md`): they are never renamed and never reused.
"""

from __future__ import annotations

from typing import ClassVar


class SegueError(Exception):
    """Base of all errors that a user or a client may see. `str(error)` is a sentence for a DJ."""

    code: ClassVar[str] = "internal"

    @property
    def message(self) -> str:
        """The sentence alone."""
        return str(self)


def error_kinds() -> dict[str, type[SegueError]]:
    """Every class of error by its code, for errors that come from another process."""
    kinds: dict[str, type[SegueError]] = {}
    waiting: list[type[SegueError]] = [SegueError]
    while waiting:
        kind = waiting.pop()
        kinds.setdefault(kind.code, kind)
        waiting.extend(kind.__subclasses__())
    return kinds


# Reading audio ------------------------------------------------------------------------------------------------------


class AudioError(SegueError):
    """A file could not become audio."""

    code = "audio"


class FileMissingError(AudioError):
    """There is no such file."""

    code = "file-missing"


class FileUnreadableError(AudioError):
    """The file is there but the system does not let us read it."""

    code = "file-unreadable"


class NotAudioError(AudioError):
    """The file holds no audio that can be decoded."""

    code = "not-audio"


class DamagedAudioError(AudioError):
    """The file begins like audio, but too little of it can be decoded."""

    code = "damaged-audio"


class SilentAudioError(AudioError):
    """The file decodes to nothing but digital silence, or to no samples at all."""

    code = "silent-audio"


# Analysis workers ---------------------------------------------------------------------------------------------------


class WorkerError(SegueError):
    """An analysis worker did not bring its file to an end."""

    code = "worker"


class WorkerStartError(WorkerError):
    """No analysis worker starts: the installation is at fault, not a file."""

    code = "worker-start"


class AnalysisTimeoutError(WorkerError):
    """The analysis took longer than its limit and was stopped."""

    code = "analysis-timeout"


class AnalysisMemoryError(WorkerError):
    """The analysis took more memory than its limit and was stopped."""

    code = "analysis-memory"


class WorkerCrashedError(WorkerError):
    """The worker process died on this file."""

    code = "worker-crashed"


# Models -------------------------------------------------------------------------------------------------------------


class ModelError(SegueError):
    """A model cannot be used."""

    code = "model"


class ModelMissingError(ModelError):
    """The model's files are not where they should be."""

    code = "model-missing"


class ModelMismatchError(ModelError):
    """The model's manifest disagrees with this version's signal chain, or the file with its manifest."""

    code = "model-mismatch"


# Library and index --------------------------------------------------------------------------------------------------


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


# Settings -----------------------------------------------------------------------------------------------------------


class ConfigError(SegueError):
    """The settings file cannot be used."""

    code = "config"


# Playlists ----------------------------------------------------------------------------------------------------------


class PlaylistError(SegueError):
    """A playlist could not be written."""

    code = "playlist"


class PlaylistExistsError(PlaylistError):
    """There is a playlist of this name already."""

    code = "playlist-exists"


# Measuring ----------------------------------------------------------------------------------------------------------


class BenchError(SegueError):
    """The accuracy cannot be measured."""

    code = "bench"


class BenchFileError(BenchError):
    """A table of true values, or of another program's answers, cannot be used."""

    code = "bench-file"


class BenchOutputError(BenchError):
    """A result cannot be written."""

    code = "bench-output"


# Writing tags ------------------------------------------------------------------------------------------------------


class TagsError(SegueError):
    """Tags could not be written; the file is as it was."""

    code = "tags"


class TagsUnsupportedError(TagsError):
    """The file is of a kind, or its tags are built in a way, that Segue does not write."""

    code = "tags-unsupported"


class TagsNotKeptError(TagsError):
    """The copy with the new tags was not the same file but for them, and was thrown away."""

    code = "tags-not-kept"


class FileReadOnlyError(TagsError):
    """The file, or its folder, may not be written."""

    code = "file-read-only"


class FileChangedError(TagsError):
    """The file has changed since Segue looked at it."""

    code = "file-changed"


class FileLinkedError(TagsError):
    """The path is a link, or the file has several names: writing would part them."""

    code = "file-linked"


class FileInUseError(TagsError):
    """A deck plays the file, or another program holds it."""

    code = "file-in-use"


# DJ programs --------------------------------------------------------------------------------------------------------


class ProgramError(SegueError):
    """A DJ program cannot be connected."""

    code = "program"


class ProgramNotFoundError(ProgramError):
    """The DJ program, or what was set up in it, is not there."""

    code = "program-not-found"


class ProgramUnknownError(ProgramError):
    """The DJ program's data base has a layout that we do not know."""

    code = "program-unknown"


class ProgramRunningError(ProgramError):
    """The DJ program is open, and must be closed for this."""

    code = "program-running"


class ProgramBusyError(ProgramError):
    """The DJ program writes to its data base just now."""

    code = "program-busy"


class ProgramSetupError(ProgramError):
    """It is not set up, or something of the user's is in the way."""

    code = "program-setup"


class ProgramTakenError(ProgramError):
    """Another shim follows the DJ program already."""

    code = "program-taken"


class ProgramLinkError(ProgramError):
    """The way to or from the DJ program cannot be opened: a MIDI port, or a port for its broadcast."""

    code = "program-link"


# Daemon and protocol ------------------------------------------------------------------------------------------------


class DaemonError(SegueError):
    """The daemon cannot be started or reached."""

    code = "daemon"


class DaemonRunningError(DaemonError):
    """Another daemon holds this home."""

    code = "daemon-running"


class DaemonStartError(DaemonError):
    """The daemon was started but did not come up."""

    code = "daemon-start"


class DaemonNotRunningError(DaemonError):
    """No daemon answers for this home."""

    code = "daemon-not-running"


class RequestTimeoutError(DaemonError):
    """The daemon did not answer in time."""

    code = "request-timeout"


class ShuttingDownError(DaemonError):
    """The daemon is stopping."""

    code = "shutting-down"


class ProtocolError(SegueError):
    """A message was not understood."""

    code = "protocol"


class ParseError(ProtocolError):
    """The message is not JSON."""

    code = "parse-error"


class InvalidRequestError(ProtocolError):
    """The message is JSON but no JSON-RPC 2.0 request."""

    code = "invalid-request"


class UnknownMethodError(ProtocolError):
    """There is no such method."""

    code = "unknown-method"


class InvalidParamsError(ProtocolError):
    """The method's parameters are wrong."""

    code = "invalid-params"


class MessageTooLargeError(ProtocolError):
    """The message is larger than the limit."""

    code = "message-too-large"


class BusyError(ProtocolError):
    """Too much was asked for at once."""

    code = "busy"


class PathNotAllowedError(ProtocolError):
    """The path is outside the folders that this daemon may read."""

    code = "path-not-allowed"
