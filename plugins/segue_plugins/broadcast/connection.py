"""One client of the listener, as bytes in and bytes out; sockets are the listener's business."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from segue_plugins.broadcast.ogg import OggComments
from segue_plugins.broadcast.request import LONGEST_HEAD, Request, head_of, parse
from segue_plugins.broadcast.song import Song, song

_UPDATES: Final = frozenset({"/admin/metadata", "/admin/metadata.xsl", "/admin.cgi"})
_OK: Final = (
    b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n"
    b'<?xml version="1.0"?>\n<iceresponse><message>Metadata update successful</message><return>1</return></iceresponse>\n'
)
_REFUSED: Final = (
    b'HTTP/1.0 401 Authentication Required\r\nWWW-Authenticate: Basic realm="Segue"\r\n'
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)
_BAD: Final = b"HTTP/1.0 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_NOT_ON_AIR: Final = b"HTTP/1.0 400 Source does not exist\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_NO_WEB_PAGES: Final = b"HTTP/1.0 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_NOTHING_HERE: Final = b"HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_OPTIONS: Final = b"Allow: GET, OPTIONS, PUT, SOURCE\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

State = Literal["head", "stream", "closing"]


class Connection:
    """The conversation with one client."""

    def __init__(
        self, password: str, on_song: Callable[[Song | None], None], is_on_air: Callable[[], bool] = lambda: True
    ) -> None:
        """Begin one; ``is_on_air``: whether any client broadcasts, for a title without a broadcast would never end."""
        self._password = password
        self._on_song = on_song
        self._is_on_air = is_on_air
        self._buffer = bytearray()
        self._ogg = OggComments()
        self._chunks: _Chunks | None = None
        self._icy_headers = False
        """Shoutcast's headers come before the sound, after the password was taken."""
        self.state: State = "head"

    def feed(self, data: bytes) -> bytes:
        """Take what came; returns what is to be answered."""
        if self.state == "head":
            return self._begin(data)
        if self.state == "stream":
            self._listen(data)
        return b""

    def _begin(self, data: bytes) -> bytes:
        """Wait for the head and answer it; the sound may begin in the same piece."""
        self._buffer += data
        found = head_of(self._buffer)
        if found is None:
            return self._close(_BAD) if len(self._buffer) > LONGEST_HEAD else b""
        head, end = found
        rest = bytes(self._buffer[end:])
        self._buffer.clear()
        request = parse(head) if len(head) <= LONGEST_HEAD else None
        answer = self._close(_BAD) if request is None else self._answer(request)
        return answer + self.feed(rest) if rest else answer

    def _answer(self, request: Request) -> bytes:
        if request.is_of_a_web_page:
            return self._close(_NO_WEB_PAGES)
        if request.method == "OPTIONS":
            return self._close(b"HTTP/1.1 200 OK\r\n" + _OPTIONS)
        if not request.is_allowed(self._password):
            return self._close(_REFUSED if request.method else b"invalid password\r\n")
        if not request.method:
            self.state = "stream"
            self._icy_headers = True
            return b"OK2\r\nicy-caps:11\r\n\r\n"
        if request.method in {"SOURCE", "PUT"}:
            self.state = "stream"
            if "chunked" in request.headers.get("transfer-encoding", "").lower():
                self._chunks = _Chunks()
            waits = "100-continue" in request.headers.get("expect", "").lower()
            return (b"HTTP/1.1 100 Continue\r\n\r\n" if waits else b"") + b"HTTP/1.0 200 OK\r\n\r\n"
        if request.path in _UPDATES and request.method in {"GET", "POST"}:
            fields = request.fields()
            if fields.get("mode", "") != "updinfo":
                return self._close(_BAD)
            if not self._is_on_air():
                return self._close(_NOT_ON_AIR)
            self._on_song(song(fields))
            return self._close(_OK)
        return self._close(_NOTHING_HERE)

    def _close(self, answer: bytes) -> bytes:
        self.state = "closing"
        return answer

    def _listen(self, data: bytes) -> None:
        """Look for titles in the sound; the rest is thrown away."""
        if self._chunks is not None:
            data = self._chunks.feed(data)
        for fields in self._ogg.feed(data):
            # Comments without a title say nothing new: some programs send the title beside the stream only.
            if (found := song(fields)) is not None:
                self._on_song(found)


class _Chunks:
    """Undoes HTTP's chunked transfer; what is none is passed as it is."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._left = 0
        self._broken = False

    def feed(self, data: bytes) -> bytes:
        out = bytearray()
        while data and not self._broken:
            if self._left:
                out += data[: self._left]
                data, self._left = data[self._left :], max(0, self._left - len(data))
                continue
            head, newline, data = data.partition(b"\n")
            self._line += head
            if not newline:
                self._broken = len(self._line) > 64
                break
            text, _, _ = bytes(self._line).strip().partition(b";")
            self._line.clear()
            if text:  # the empty line is the end of the chunk before
                try:
                    self._left = int(text, 16)
                except ValueError:
                    self._broken = True
        return bytes(out + data) if self._broken else bytes(out)
