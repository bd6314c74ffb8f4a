"""Errors of DJ programs, as their shims meet them."""

from __future__ import annotations

from segue.errors.base import SegueError


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
