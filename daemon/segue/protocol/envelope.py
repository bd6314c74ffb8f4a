"""JSON-RPC 2.0 envelopes as bytes: parsing that never raises, encoding, and errors there and back.

https://www.jsonrpc.org/specification. Parameters go by name; an ``id`` is a string, an integer or null.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from segue.errors import (
    BusyError,
    InvalidParamsError,
    InvalidRequestError,
    MessageTooLargeError,
    ParseError,
    ProtocolError,
    SegueError,
    ShuttingDownError,
    UnknownMethodError,
    error_kinds,
)
from segue.protocol.messages import Message
from segue.protocol.methods import MAX_BATCH, METHODS, Method

Id = int | str | None

NUMBERS: Final[dict[str, int]] = {
    ParseError.code: -32700,
    InvalidRequestError.code: -32600,
    UnknownMethodError.code: -32601,
    InvalidParamsError.code: -32602,
    "internal": -32603,
    MessageTooLargeError.code: -32001,
    BusyError.code: -32002,
    ShuttingDownError.code: -32003,
}
"""JSON-RPC number by stable code."""
OTHER_NUMBER: Final = -32000
"""JSON-RPC number of all other codes: programs look at ``error.data.code``."""

_BROKEN: Final = (msgspec.MsgspecError, RecursionError, ValueError)
"""What msgspec raises on bytes that are no JSON, or JSON of another shape; UnicodeError is a ValueError."""
_MAX_ID_LENGTH: Final = 256
_FIELD: Final = re.compile(r"^(?P<problem>.*?)(?: - at `\$\.?(?P<field>.*)`)?$", re.DOTALL)


class Request(NamedTuple):
    """One request, or a notification when `id` is UNSET: nobody waits for its answer."""

    id: Id | UnsetType
    method: str
    params: Raw


class Fault(NamedTuple):
    """Something in the place of a request, and what is wrong with it."""

    id: Id
    error: ProtocolError


class Parsed(NamedTuple):
    """What a message holds."""

    items: list[Request | Fault]
    batch: bool
    """The answers go into a JSON array."""


class Answer(NamedTuple):
    """One answer as a client sees it: `error`, or else `result` as raw JSON."""

    id: Id
    result: Raw
    error: SegueError | None


class _Incoming(Struct, forbid_unknown_fields=True):
    jsonrpc: Literal["2.0"]
    method: str
    id: int | str | UnsetType | None = UNSET
    params: Raw = Raw(b"")


class _AnyId(Struct):
    id: int | str | None = None


class _ErrorData(Struct, frozen=True):
    code: str = SegueError.code


class _Error(Struct):
    code: int
    message: str
    data: _ErrorData = _ErrorData()


class _Success(Struct, tag_field="jsonrpc", tag="2.0"):
    id: Id
    result: Any


class _Failure(Struct, tag_field="jsonrpc", tag="2.0"):
    id: Id
    error: _Error


class _Reply(Struct):
    id: Id = None
    result: Raw = Raw(b"")
    error: _Error | None = None


class _Notification(Struct, tag_field="jsonrpc", tag="2.0"):
    method: str
    params: Any


class _Call(Struct, tag_field="jsonrpc", tag="2.0"):
    id: Id
    method: str
    params: Any


# The daemon's side --------------------------------------------------------------------------------------------------


def parse(body: bytes) -> Parsed:
    """Take a message apart. Whatever the bytes are, this returns: what is wrong becomes a `Fault`."""
    if not body.lstrip(b" \t\r\n").startswith(b"["):
        return Parsed([_parse_one(body)], batch=False)
    try:
        parts = msgspec.json.decode(body, type=list[Raw])
    except _BROKEN as error:
        return Parsed([Fault(None, ParseError(f"The message is not JSON: {error}."))], batch=False)
    if not 1 <= len(parts) <= MAX_BATCH:
        problem = f"A batch holds from 1 to {MAX_BATCH} requests, and this one {len(parts)}."
        return Parsed([Fault(None, InvalidRequestError(problem))], batch=False)
    return Parsed([_parse_one(part) for part in parts], batch=True)


def _parse_one(body: bytes | Raw) -> Request | Fault:
    try:
        incoming = msgspec.json.decode(body, type=_Incoming)
    except msgspec.ValidationError as error:
        return Fault(_find_id(body), InvalidRequestError(f"The message is no JSON-RPC 2.0 request: {error}."))
    except _BROKEN as error:
        return Fault(None, ParseError(f"The message is not JSON: {error}."))
    if len(str(incoming.id)) > _MAX_ID_LENGTH:
        return Fault(None, InvalidRequestError(f"An id has at most {_MAX_ID_LENGTH} characters."))
    return Request(incoming.id, incoming.method, incoming.params)


def _find_id(body: bytes | Raw) -> Id:
    try:
        found = msgspec.json.decode(body, type=_AnyId).id
    except _BROKEN:
        return None
    return None if len(str(found)) > _MAX_ID_LENGTH else found


def find_method(name: str) -> Method:
    """Look a method up.

    Raises
    ------
    UnknownMethodError
        There is none of this name.

    """
    method = METHODS.get(name)
    if method is None:
        raise UnknownMethodError(f"There is no method `{name[:64]}`. The methods are {', '.join(METHODS)}.")
    return method


def decode_params(method: Method, params: Raw) -> Message:
    """Decode parameters strictly; absent and null are no parameters.

    Raises
    ------
    InvalidParamsError
        Names the field and what was expected.

    """
    raw = bytes(params).strip()
    try:
        return msgspec.json.decode(b"{}" if raw in {b"", b"null"} else raw, type=method.params)
    except _BROKEN as error:
        raise InvalidParamsError(_explain(str(error), method)) from error


def _explain(problem: str, method: Method) -> str:
    fields = ", ".join(f"`{name}`" for name in method.params.__struct_fields__) or "none"
    found = _FIELD.match(problem)
    place = f" `{found['field']}`:" if found and found["field"] else ""
    return f"{method.name}:{place} {found['problem'] if found else problem}. Its parameters, by name: {fields}."


def encode_result(request_id: Id, result: Any) -> bytes:
    """Encode a successful answer.

    Raises
    ------
    TypeError
        `result` holds something that JSON has not: a mistake in a handler.

    """
    return msgspec.json.encode(_Success(request_id, result))


def encode_error(request_id: Id, error: SegueError) -> bytes:
    """Encode an error: ``{"code": number, "message": sentence, "data": {"code": stable code}}``."""
    number = NUMBERS.get(error.code, OTHER_NUMBER)
    return msgspec.json.encode(_Failure(request_id, _Error(number, _utf8(error.message), _ErrorData(error.code))))


def encode_batch(answers: Iterable[bytes]) -> bytes:
    """Join encoded answers to one array."""
    return b"[" + b",".join(answers) + b"]"


def encode_notification(name: str, params: Any) -> bytes:
    """Encode an event."""
    return msgspec.json.encode(_Notification(name, params))


# The client's side --------------------------------------------------------------------------------------------------


def encode_request(request_id: Id, method: str, params: Any) -> bytes:
    """Encode a request."""
    return msgspec.json.encode(_Call(request_id, method, params))


def parse_answer(body: bytes) -> Answer:
    """Take an answer apart.

    Raises
    ------
    ProtocolError
        It is no JSON-RPC 2.0 answer.

    """
    try:
        reply = msgspec.json.decode(body, type=_Reply)
    except _BROKEN as error:
        raise ProtocolError(f"The daemon's answer was not understood: {error}.") from error
    failure = reply.error
    return Answer(reply.id, reply.result, None if failure is None else make_error(failure.data.code, failure.message))


def make_error(code: str, message: str) -> SegueError:
    """Build the error that has the stable code; one that this version does not know becomes a `SegueError`."""
    kind = error_kinds().get(code)
    return kind(message) if kind else SegueError(f"{message} ({code})")


def _utf8(text: str) -> str:
    """Return `text` without the lone surrogates by which Python spells file names that are no UTF-8."""
    return text.encode("utf-8", "replace").decode()
