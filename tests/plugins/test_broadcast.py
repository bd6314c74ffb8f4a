"""The listener for a DJ program's broadcast: words, streams, and real sockets with good, bad and dead clients."""

from __future__ import annotations

import base64
import contextlib
import io
import random
import shutil
import socket
import subprocess
import time

import av
import numpy as np
import pytest

from segue.errors import ProgramLinkError
from segue_plugins.broadcast import PASSWORD, Listener, listener
from segue_plugins.broadcast.connection import Connection
from segue_plugins.broadcast.ogg import OggComments
from support import wait_until

BASIC = "Authorization: Basic " + base64.b64encode(f"source:{PASSWORD}".encode()).decode()
WRONG = "Authorization: Basic " + base64.b64encode(b"source:hackme").decode()


def ogg(codec="vorbis", seconds=0.3, **tags):
    """A stream of noise with comments."""
    file = io.BytesIO()
    with av.open(file, "w", format="ogg") as container:
        container.metadata.update(tags)
        stream = container.add_stream(codec, rate=48000, layout="stereo", options={"strict": "experimental"})
        noise = np.random.default_rng(1).normal(0, 0.1, (2, int(48000 * seconds))).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(noise, format="fltp", layout="stereo")
        frame.sample_rate = 48000
        frame.pts = 0
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return file.getvalue()


@pytest.fixture(scope="module")
def night_bus():
    return ogg(artist="Ada Lantern", title="Night Bus")


def converse(*pieces):
    """What a connection answers, what it hears, and its state."""
    songs = []
    connection = Connection(PASSWORD, songs.append)
    answers = [connection.feed(piece if isinstance(piece, bytes) else piece.encode()) for piece in pieces]
    return b"".join(answers), [song.text if song else None for song in songs], connection.state


# Ogg ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["vorbis", "libopus", "flac"])
@pytest.mark.parametrize("size", [1, 997, 10**6])
def test_comments_come_out_of_a_stream_in_pieces_of_any_size(codec, size):
    data = ogg(codec, 0.1, artist="Björk", title="Jóga = 1")
    reader = OggComments()
    found = [fields for at in range(0, len(data), size) for fields in reader.feed(data[at : at + size])]
    assert [(fields["artist"], fields["title"]) for fields in found] == [("Björk", "Jóga = 1")]


def test_every_part_of_a_chain_has_its_title(night_bus):
    chain = night_bus + ogg("libopus", artist="B", title="2") + b"garbage OggS garbage" * 9 + ogg(title="Three")
    assert [fields.get("title") for fields in OggComments().feed(chain)] == ["Night Bus", "2", "Three"]


def test_a_comment_with_a_picture_is_read(night_bus):
    found = OggComments().feed(ogg(artist="A", title="T", metadata_block_picture="x" * 300_000))
    assert [(fields["artist"], fields["title"]) for fields in found] == [("A", "T")]


def test_damaged_streams_neither_raise_nor_grow(night_bus):
    source = random.Random(5)
    reader = OggComments()
    for _ in range(300):
        data = bytearray(night_bus[: source.randrange(1, len(night_bus))])
        for _ in range(source.randrange(1, 30)):
            data[source.randrange(min(len(data), 5000))] = source.randrange(256)
        reader.feed(bytes(data))
    assert len(reader._buffer) <= 2 * 65_536
    assert len(reader._streams) <= 8
    # What was lost in the noise ends with the next page that is whole.
    assert "Night Bus" in [fields.get("title") for fields in reader.feed(night_bus * 3)]


# Words --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("hello", ["SOURCE /live ICE/1.0", "SOURCE /live HTTP/1.0", "PUT /live HTTP/1.1"])
def test_a_source_is_taken(hello, night_bus):
    answer, songs, state = converse(f"{hello}\r\n{BASIC}\r\nContent-Type: application/ogg\r\n\r\n", night_bus)
    assert answer == b"HTTP/1.0 200 OK\r\n\r\n"
    assert (songs, state) == (["Ada Lantern - Night Bus"], "stream")


def test_a_head_comes_in_pieces_and_with_the_sound(night_bus):
    whole = f"SOURCE /live HTTP/1.0\r\n{BASIC}\r\n\r\n".encode() + night_bus
    _, songs, _ = converse(*(whole[at : at + 50] for at in range(0, len(whole), 50)))
    assert songs == ["Ada Lantern - Night Bus"]


def test_a_put_that_waits_is_told_to_go_on_and_its_chunks_are_undone(night_bus):
    chunks = b"".join(
        f"{len(night_bus[at : at + 700]):x}\r\n".encode() + night_bus[at : at + 700] + b"\r\n"
        for at in range(0, len(night_bus), 700)
    )
    head = f"PUT /live HTTP/1.1\r\n{BASIC}\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer, songs, _ = converse(head, chunks[:3], chunks[3:])
    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 200")
    assert songs == ["Ada Lantern - Night Bus"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("song=Ada%20Lantern+-+Night+Bus", "Ada Lantern - Night Bus"),
        ("artist=Ada+Lantern&title=Night+Bus", "Ada Lantern - Night Bus"),
        ("title=Night%20Bus", "Night Bus"),
        ("song=Bj%C3%B6rk+-+J%C3%B3ga", "Björk - Jóga"),
        ("song=Bj%F6rk", "Björk"),
        ("song=%82%A0&charset=shift_jis", "あ"),
        ("song=%C3%B6&charset=nonsense", "ö"),
        ("song=a%00b%0Ac", "a b c"),
        ("song=", None),
        ("song=%20&title=", None),
    ],
)
def test_titles_beside_the_stream(query, text):
    answer, songs, state = converse(f"GET /admin/metadata?mode=updinfo&mount=/live&{query} HTTP/1.0\r\n{BASIC}\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 200")
    assert (songs, state) == ([text], "closing")


@pytest.mark.parametrize(
    "head",
    [
        "SOURCE /live HTTP/1.0\r\n" + WRONG,
        "SOURCE /live HTTP/1.0",
        "SOURCE /live HTTP/1.0\r\nAuthorization: Basic !!!",
        "PUT /live HTTP/1.1\r\nExpect: 100-continue\r\n" + WRONG,
        "GET /admin/metadata?mode=updinfo&song=A HTTP/1.0\r\n" + WRONG,
        "GET /admin.cgi?mode=updinfo&pass=hackme&song=A HTTP/1.0",
    ],
)
def test_a_wrong_password_gets_401(head, night_bus):
    answer, songs, state = converse(head + "\r\n\r\n", night_bus)
    assert answer.startswith(b"HTTP/1.0 401 ")
    assert b"WWW-Authenticate: Basic" in answer
    assert (songs, state) == ([], "closing")


def test_shoutcast(night_bus):
    answer, songs, state = converse(f"{PASSWORD}\r\n", "icy-name:Me\r\nicy-br:128\r\n\r\n", night_bus)
    assert (answer, songs, state) == (b"OK2\r\nicy-caps:11\r\n\r\n", ["Ada Lantern - Night Bus"], "stream")
    assert converse("wrong\n") == (b"invalid password\r\n", [], "closing")
    answer, songs, _ = converse(f"GET /admin.cgi?pass={PASSWORD}&mode=updinfo&song=A+-+B HTTP/1.0\r\n\r\n")
    assert songs == ["A - B"]


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (f"GET / HTTP/1.0\r\n{BASIC}", b"404"),
        (f"GET /admin/metadata?mode=other HTTP/1.0\r\n{BASIC}", b"400"),
        ("OPTIONS * HTTP/1.1", b"200"),
        ("GET HTTP/1.0", b"400"),
        (f"GET http://[ HTTP/1.0\r\n{BASIC}", b"400"),
        ("GET / HTTP/1.0\r\nX: " + "x" * 20_000, b"400"),
    ],
)
def test_other_requests(head, code):
    answer, songs, state = converse(head + "\r\n\r\n")
    assert answer.split()[1] == code
    assert (songs, state) == ([], "closing")


@pytest.mark.parametrize(
    "header", ["Origin: http://a.example", "Sec-Fetch-Mode: no-cors", "sec-fetch-site: cross-site"]
)
@pytest.mark.parametrize("hello", ["GET /admin.cgi?mode=updinfo&song=A&pass=segue", "PUT /live", "OPTIONS *"])
def test_a_web_page_is_refused_with_the_right_password_too(header, hello, night_bus):
    answer, songs, state = converse(f"{hello} HTTP/1.1\r\n{BASIC}\r\n{header}\r\n\r\n", night_bus)
    assert answer.startswith(b"HTTP/1.0 403 ")
    assert (songs, state) == ([], "closing")


def test_garbage_closes_the_conversation():
    source = random.Random(7)
    for _ in range(300):
        pieces = [source.randbytes(source.randrange(1, 400)) for _ in range(8)]
        _, songs, state = converse(*pieces, b"\n\r\n\r\n")
        assert (songs, state) == ([], "closing")


# Sockets ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def air():
    with Listener(0) as listener:
        yield listener


def connect(air, port=None):
    return socket.create_connection(("127.0.0.1", port or air.port), timeout=30)


def ask(air, text):
    """Send a request and read the answer to its end."""
    with connect(air) as sock:
        sock.sendall(text.encode())
        return b"".join(iter(lambda: sock.recv(4096), b""))


def says(air, text):
    song = air.latest()
    return (song.text if song else None) == text


def source(air, *pieces):
    sock = connect(air)
    sock.sendall(f"SOURCE /live ICE/1.0\r\n{BASIC}\r\n\r\n".encode())
    assert b"200 OK" in sock.recv(100)
    for piece in pieces:
        sock.sendall(piece)
    return sock


def test_a_broadcast_from_its_beginning_to_its_end(air, night_bus):
    assert air.latest() is None
    with source(air, night_bus):
        wait_until(lambda: says(air, "Ada Lantern - Night Bus"))
        assert air.is_on_air
        first = air.latest()
        assert b"200 OK" in ask(air, f"GET /admin/metadata?mode=updinfo&song=A+-+B HTTP/1.0\r\n{BASIC}\r\n\r\n")
        assert says(air, "A - B")
        assert air.latest().at >= first.at
        assert b" 401 " in ask(air, f"SOURCE /live HTTP/1.0\r\n{WRONG}\r\n\r\n")
        assert says(air, "A - B")
    wait_until(lambda: air.latest() is None, what="the end")
    assert not air.is_on_air


def test_a_title_without_a_broadcast_is_refused(air, night_bus):
    update = f"GET /admin/metadata?mode=updinfo&song=A+-+B HTTP/1.0\r\n{BASIC}\r\n\r\n"
    assert b" 400 " in ask(air, update)
    assert air.latest() is None
    with source(air, night_bus):
        assert b" 200 " in ask(air, update)
    wait_until(lambda: air.latest() is None, what="the end")
    assert b" 400 " in ask(air, update)
    assert air.latest() is None


def test_shoutcast_sends_its_sound_to_the_next_port(air, night_bus):
    if len(air._servers) == 1:
        pytest.skip("the next port is somebody else's")
    with connect(air, air.port + 1) as sock:
        sock.sendall(f"{PASSWORD}\r\n".encode())
        assert sock.recv(100).startswith(b"OK2")
        sock.sendall(b"icy-name:Me\r\n\r\n")
        assert b" 200 " in ask(air, f"GET /admin.cgi?pass={PASSWORD}&mode=updinfo&song=A+-+B HTTP/1.0\r\n\r\n")
        assert says(air, "A - B")
    wait_until(lambda: air.latest() is None)


def test_a_mistake_of_ours_costs_one_client_only(air, night_bus, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Connection, "feed", lambda *_: 1 / 0)
        assert ask(air, "GET / HTTP/1.0\r\n\r\n") == b""
    with source(air, night_bus):
        wait_until(lambda: says(air, "Ada Lantern - Night Bus"))


def test_only_this_computer_is_listened_to(air):
    assert all(server.getsockname()[0] == "127.0.0.1" for server in air._servers)


def test_a_port_that_is_taken_is_said_so(air):
    with pytest.raises(ProgramLinkError, match="--broadcast"):
        Listener(air.port)
    with pytest.raises(ProgramLinkError):
        Listener(70_000)


def test_bad_clients_hold_nobody_up(air, night_bus, monkeypatch):
    with contextlib.ExitStack() as stack:
        good = stack.enter_context(source(air, night_bus))
        wait_until(lambda: says(air, "Ada Lantern - Night Bus"))
        idle = [stack.enter_context(connect(air)) for _ in range(10)]  # say nothing
        slow = stack.enter_context(connect(air))
        slow.sendall(b"SOURCE /li")  # and no more
        wait_until(lambda: len(air._clients) == 12)  # before the door no more than eight can wait
        for _ in range(5):  # gone before the answer
            with connect(air) as dead:
                dead.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                dead.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with connect(air) as noise:
            noise.sendall(random.Random(3).randbytes(30_000) + b"\n")
        began = time.monotonic()
        assert b"200 OK" in ask(air, f"GET /admin/metadata?mode=updinfo&song=Next HTTP/1.0\r\n{BASIC}\r\n\r\n")
        assert time.monotonic() - began < 0.5
        assert says(air, "Next")
        monkeypatch.setattr(listener, "_HEAD_SECONDS", 0.1)
        for sock in (*idle, slow):  # they had their time
            assert sock.recv(10) == b""
        good.sendall(ogg(artist="A", title="After"))
        wait_until(lambda: says(air, "A - After"))


def test_more_clients_than_any_program_opens_are_sent_away(air):
    with contextlib.ExitStack() as stack:
        for _ in range(24):
            stack.enter_context(connect(air))
        wait_until(lambda: len(air._clients) == 16)
    assert b" 404 " in ask_patiently(air)


def ask_patiently(air):
    """As `ask`, until the others are gone."""
    wait_until(lambda: not air._clients)
    return ask(air, f"GET / HTTP/1.0\r\n{BASIC}\r\n\r\n")


def test_a_dead_broadcast_ends(air, night_bus, monkeypatch):
    with source(air, night_bus):
        wait_until(lambda: says(air, "Ada Lantern - Night Bus"))
        monkeypatch.setattr(listener, "_SILENT_SECONDS", 0.5)
        wait_until(lambda: air.latest() is None, what="the end")


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg here")
@pytest.mark.parametrize("legacy", ["0", "1"])
def test_a_real_program_broadcasts(air, legacy):
    """With PUT, and with SOURCE."""
    command = [
        *("ffmpeg", "-nostdin", "-loglevel", "error", "-re", "-f", "lavfi", "-i", "sine=220:duration=20"),
        *("-metadata", "artist=Ada Lantern", "-metadata", "title=Night Bus", "-c:a", "libvorbis"),
        *("-f", "ogg", "-content_type", "application/ogg", "-legacy_icecast", legacy),
    ]
    with subprocess.Popen([*command, f"icecast://source:{PASSWORD}@127.0.0.1:{air.port}/live"]) as program:
        try:
            wait_until(lambda: says(air, "Ada Lantern - Night Bus"))
        finally:
            program.kill()
    wait_until(lambda: air.latest() is None, what="the end")
    if legacy == "1":
        return  # who sends SOURCE the old way does not wait for an answer
    refused = subprocess.run(
        [*command, f"icecast://source:hackme@127.0.0.1:{air.port}/live"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert refused.returncode != 0
    assert "401" in refused.stderr
