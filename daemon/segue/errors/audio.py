"""Errors of audio files: reading them, listening to them, writing their tags."""

from __future__ import annotations

from segue.errors.base import SegueError

# Reading audio --------------------------------------------------------------------------------------------------------


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


# Analysis workers -----------------------------------------------------------------------------------------------------


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


# Writing tags ---------------------------------------------------------------------------------------------------------


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
