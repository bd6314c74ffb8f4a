"""Errors of the daemon and of its protocol."""

from __future__ import annotations

from segue.errors.base import SegueError


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
