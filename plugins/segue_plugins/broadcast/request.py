"""The first lines of a connection: HTTP as broadcasting programs speak it, and Shoutcast's older words."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

LONGEST_HEAD: Final = 16 * 1024
_METHODS: Final = frozenset({"GET", "POST", "PUT", "SOURCE", "OPTIONS", "HEAD", "STATS"})


class Request(NamedTuple):
    """A request's head."""

    method: str
    """In capitals; empty: Shoutcast's line with nothing but the password."""
    path: str
    query: Mapping[str, bytes]
    headers: Mapping[str, str]
    """Names in lower case."""
    line: str
    """The first line as it is."""

    def is_allowed(self, password: str) -> bool:
        """Whether it knows the password: as HTTP's Basic authentication, as ``pass=``, or as a line of its own."""
        given = [self.query.get("pass", b"")]
        if not self.method:
            given.append(self.line.encode("latin-1").rpartition(b":")[2])  # newer ones send user:password
        kind, _, code = self.headers.get("authorization", "").partition(" ")
        if kind.lower() == "basic":
            try:
                given.append(base64.b64decode(code.strip(), validate=True).partition(b":")[2])
            except (binascii.Error, ValueError):
                return False
        wanted = password.encode()
        return any([hmac.compare_digest(one, wanted) for one in given])  # noqa: C419 - all of them, in equal time

    @property
    def is_of_a_web_page(self) -> bool:
        """Whether a browser sends it in a page's name, which any page of the web can make it do; the password is no secret."""
        return any(name == "origin" or name.startswith("sec-fetch-") for name in self.headers)

    def fields(self) -> dict[str, str]:
        """The query as text: in the character set that it names, else UTF-8, else Latin-1."""
        named = self.query.get("charset", b"utf-8").decode("ascii", errors="replace")
        return {name: _decoded(value, named) for name, value in self.query.items()}


def head_of(data: bytes | bytearray) -> tuple[bytes, int] | None:
    """Find the head in what has come so far: its bytes, and where the rest begins; None: it is not whole yet."""
    line_end = data.find(b"\n")
    if line_end < 0:
        return None
    if not _is_http(bytes(data[:line_end])):
        return bytes(data[:line_end]), line_end + 1
    ends = [(place, len(mark)) for mark in (b"\r\n\r\n", b"\n\n") if (place := data.find(mark)) >= 0]
    if not ends:
        return None
    place, length = min(ends)
    return bytes(data[:place]), place + length


def parse(head: bytes) -> Request | None:
    """Read a head; None: it is none."""
    lines = head.decode("latin-1").replace("\r\n", "\n").split("\n")
    first = lines[0].strip("\r")
    if not _is_http(first.encode("latin-1")):
        return Request("", "", {}, {}, first) if first.isprintable() and 0 < len(first) <= 256 else None
    words = first.split()
    if len(words) < 3:
        return None
    try:
        parts = urlsplit(words[1])
    except ValueError:
        return None
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return Request(words[0].upper(), parts.path, _query(parts.query), headers, first)


def _is_http(line: bytes) -> bool:
    words = line.split()
    if not words or words[0].decode("latin-1").upper() not in _METHODS:
        return False
    return words[-1].upper().startswith((b"HTTP/", b"ICE/"))


def _query(text: str) -> dict[str, bytes]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, encoding="latin-1", max_num_fields=64)
    except ValueError:
        return {}
    return {name.lower(): value.encode("latin-1") for name, value in pairs}


def _decoded(value: bytes, named: str) -> str:
    for encoding in (named, "utf-8"):
        try:
            return value.decode(encoding)
        except (LookupError, UnicodeDecodeError, ValueError):
            continue
    return value.decode("latin-1")
