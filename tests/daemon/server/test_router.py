import gc
import json
import random
import socket as plain
import stat
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path

import msgspec
import pytest
import zmq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue.config import Config
from segue.errors import ConfigError, DaemonError, TrackNotReadyError
from segue.protocol import messages as m
from segue.protocol.methods import MAX_REQUEST_BYTES
from segue.server.doors import Door, bind
from segue.server.router import MAX_IN_FLIGHT, Router
from stub_server import StubServer
from support import wait_until

PING = b'{"jsonrpc":"2.0","id":1,"method":"daemon.ping"}'
PONG = {"jsonrpc": "2.0", "id": 1, "result": {"version": "stub", "protocol": 1}}


def call(method: str, request_id: object = 1, **params: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}).encode()


class Peer:
    """A bare ZeroMQ client."""

    def __init__(self, context, endpoint, kind=zmq.DEALER):
        self.socket = context.socket(kind)
        self.socket.connect(endpoint)

    def send(self, *frames: bytes) -> None:
        self.socket.send_multipart(frames)

    def receive(self, seconds: float = 20.0) -> list[bytes]:
        assert self.socket.poll(round(1000 * seconds)), "no answer"
        return self.socket.recv_multipart()

    def ask(self, body: bytes) -> dict:
        self.send(body)
        return json.loads(self.receive()[-1])

    def silent(self, seconds: float = 0.1) -> bool:
        return not self.socket.poll(round(1000 * seconds))


@pytest.fixture
def server(home):
    with StubServer(home) as started:
        yield started


@pytest.fixture
def connect(context, server):
    return lambda kind=zmq.DEALER: Peer(context, server.info.endpoints.query, kind)


def assert_alive(connect) -> None:
    start = time.monotonic()
    assert connect().ask(PING) == PONG
    assert time.monotonic() - start < 1.0


def test_dealer_and_req_are_both_answered_in_their_own_envelope(connect):
    dealer, req = connect(), connect(zmq.REQ)
    dealer.send(PING)
    assert [json.loads(frame) for frame in dealer.receive()] == [PONG]
    dealer.send(b"", PING)
    assert dealer.receive()[0] == b""
    dealer.send(b"tag", b"", PING)
    assert dealer.receive()[:2] == [b"tag", b""]
    assert req.ask(PING) == PONG


def test_origin_says_who_asks_and_from_where(connect, server):
    first, second = connect(), connect()
    for peer in (first, second, first):
        assert peer.ask(PING) == PONG
    clients = [origin.client for origin in server.origins]
    assert clients[0] == clients[2] != clients[1]
    assert all(origin.local for origin in server.origins)


def test_batch_is_answered_in_order_and_without_its_notifications(connect):
    batch = [json.loads(call("daemon.ping", 1)), {"jsonrpc": "2.0", "method": "daemon.ping"}, 5]
    answers = connect().ask(json.dumps([*batch, json.loads(call("no.such", "b"))]).encode())
    assert [answer["id"] for answer in answers] == [1, None, "b"]
    assert answers[0] == PONG
    assert [answer["error"]["data"]["code"] for answer in answers[1:]] == ["invalid-request", "unknown-method"]


@pytest.mark.parametrize("method", ["daemon.ping", "no.such", "track.get"])
def test_notifications_get_no_answer(connect, method):
    peer = connect()
    note = json.dumps({"jsonrpc": "2.0", "method": method}).encode()
    peer.send(note)
    peer.send(b"[" + note + b"]")
    assert peer.ask(PING) == PONG
    assert peer.silent()


def test_errors_of_handlers_come_with_their_code(connect):
    error = connect().ask(call("track.get", track="x"))["error"]
    assert error == {"code": -32000, "message": "The stub knows no track.", "data": {"code": "track-not-found"}}


@pytest.mark.parametrize("failure", [ValueError("secret detail"), RecursionError(), KeyError("x"), MemoryError()])
def test_mistakes_in_handlers_are_internal_and_logged(server, connect, caplog, failure):
    def handler(_):
        raise failure

    server.handlers["track.get"] = handler
    error = connect().ask(call("track.get", track="x"))["error"]
    assert error["data"]["code"] == "internal"
    assert "secret detail" not in error["message"]
    assert "track.get failed" in caplog.text
    assert_alive(connect)


@pytest.mark.parametrize("result", [object(), m.Done(detail=b"x\xff".decode(errors="surrogateescape")), {1: {2j}}])
def test_results_that_json_cannot_say_are_internal(server, connect, result):
    server.handlers["track.get"] = lambda _: result
    assert connect().ask(call("track.get", track="x"))["error"]["data"]["code"] == "internal"


def test_futures_are_answered_when_they_are_done(server, connect):
    future: Future[m.Done] = Future()
    server.handlers["track.get"] = lambda _: future
    slow, quick = connect(), connect()
    slow.send(call("track.get", "slow", track="x"))
    slow.send(PING)
    assert json.loads(slow.receive()[0]) == PONG
    assert quick.ask(PING) == PONG
    threading.Thread(target=future.set_result, args=(m.Done(detail="at last"),)).start()
    assert json.loads(slow.receive()[0])["result"] == {"detail": "at last"}


def test_futures_fail_with_their_error(server, connect):
    future: Future[m.Done] = Future()
    future.set_exception(TrackNotReadyError("Wait a little."))
    server.handlers["track.get"] = lambda _: future
    assert connect().ask(call("track.get", track="x"))["error"]["data"]["code"] == "track-not-ready"
    cancelled: Future[m.Done] = Future()
    cancelled.cancel()
    server.handlers["track.get"] = lambda _: cancelled
    assert connect().ask(call("track.get", track="x"))["error"]["data"]["code"] == "shutting-down"


def test_batch_waits_for_its_futures(server, connect):
    future: Future[m.Done] = Future()
    server.handlers["track.get"] = lambda _: future
    peer = connect()
    peer.send(b"[" + call("track.get", 1, track="x") + b"," + call("daemon.ping", 2) + b"]")
    assert peer.silent()
    future.set_result(m.Done())
    assert [answer["id"] for answer in json.loads(peer.receive()[0])] == [1, 2]


def test_too_much_at_once_is_refused_and_others_are_served(server, connect):
    futures: list[Future[m.Done]] = []

    def handler(_):
        futures.append(Future())
        return futures[-1]

    server.handlers["track.get"] = handler
    greedy = connect()
    for number in range(MAX_IN_FLIGHT + 3):
        greedy.send(call("track.get", number, track="x"))
    busy = [json.loads(greedy.receive()[0]) for _ in range(3)]
    assert [answer["error"]["data"]["code"] for answer in busy] == ["busy"] * 3
    assert_alive(connect)
    for future in futures:
        future.set_result(m.Done())
    assert {json.loads(greedy.receive()[0])["id"] for _ in futures} == set(range(MAX_IN_FLIGHT))
    server.handlers["track.get"] = lambda _: m.Done()
    assert "result" in greedy.ask(call("track.get", track="x"))


def test_size_limits(connect):
    filler = b" " * (MAX_REQUEST_BYTES - len(PING))
    assert connect().ask(PING + filler) == PONG
    assert connect().ask(PING + filler + b" ")["error"]["data"]["code"] == "message-too-large"
    absurd = connect()
    absurd.send(b"x" * (64 * MAX_REQUEST_BYTES))
    assert absurd.silent()
    assert_alive(connect)


def test_too_many_frames(connect):
    dealer, req_like = connect(), connect()
    dealer.send(*[b"x"] * 1000)
    assert json.loads(dealer.receive()[0])["error"]["data"]["code"] == "invalid-request"
    req_like.send(b"", *[b"x"] * 1000)
    assert req_like.receive()[0] == b""
    assert_alive(connect)


NASTY = st.one_of(
    st.binary(max_size=400),
    st.text(max_size=200).map(str.encode),
    st.sampled_from([PING, PING[:-1], PING + PING, b"", b"[]", b"NaN", b"[" * 5000, b'{"a":' * 5000, b"\xff" * 50]),
    st.dictionaries(
        st.sampled_from(["jsonrpc", "id", "method", "params", "result"]),
        st.sampled_from(["2.0", "recommend.next", "track.get", 1, -1.5, None, True, [], {}, {"track": "\0"}, 10**400]),
    ).map(lambda value: json.dumps(value).encode()),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(NASTY, min_size=1, max_size=10))
def test_whatever_is_sent_a_ping_is_answered(connect, frames):
    peer = connect()
    peer.send(*frames)
    peer.send(call("daemon.ping", "after"))
    start = time.monotonic()
    while json.loads(peer.receive()[-1]) != {**PONG, "id": "after"}:
        assert time.monotonic() - start < 1.0
    peer.socket.close()


def test_stream_of_random_bytes_and_changed_requests(connect, caplog):
    dice = random.Random(7)
    peer = connect()
    for _ in range(2000):
        body = bytearray(call("recommend.next", dice.randrange(9), track="night bus", limit=dice.randrange(300)))
        for _ in range(dice.randrange(6)):
            body[dice.randrange(len(body))] = dice.randrange(256)
        peer.send(bytes(body) if dice.random() < 0.7 else dice.randbytes(dice.randrange(300)))
        while peer.socket.poll(0):
            peer.socket.recv_multipart()
    assert_alive(connect)
    assert "unexpected error" not in caplog.text


def test_strangers_who_do_not_speak_zeromq(server, connect):
    path = server.info.endpoints.query.removeprefix("ipc://")
    strangers = [plain.socket(plain.AF_UNIX) for _ in range(20)]
    for number, stranger in enumerate(strangers):
        stranger.connect(path)
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n" * number)
    assert_alive(connect)
    for stranger in strangers:
        stranger.close()
    assert_alive(connect)


def test_client_that_never_reads_harms_nobody(server, connect, context):
    server.handlers["track.get"] = lambda _: m.Done(detail="x" * 100_000)
    deaf = context.socket(zmq.DEALER)
    deaf.rcvhwm = 1
    deaf.connect(server.info.endpoints.query)
    for _ in range(500):
        deaf.send(call("track.get", track="x"))
    assert_alive(connect)
    wait_until(lambda: len(server.origins) > 500)
    assert_alive(connect)


def test_client_that_vanishes_before_its_answer(server, connect):
    future: Future[m.Done] = Future()
    server.handlers["track.get"] = lambda _: future
    peer = connect()
    peer.send(call("track.get", track="x"))
    wait_until(lambda: server.origins)
    peer.socket.close()
    time.sleep(0.05)
    future.set_result(m.Done(detail="x" * 10_000))
    assert_alive(connect)
    # It may see to the ping first.
    wait_until(lambda: not (server.router._waiting or server.router._in_flight))


def test_stop_tells_those_who_wait(home, context):
    server = StubServer(home, track__get=lambda _: Future()).start()
    peer = Peer(context, server.info.endpoints.query)
    peer.send(call("track.get", track="x"))
    wait_until(lambda: server.origins)
    server.stop()
    assert json.loads(peer.receive()[0])["error"]["data"]["code"] == "shutting-down"


def test_answer_to_shutdown_arrives(home, context):
    server = StubServer(home)
    server.handlers["daemon.shutdown"] = lambda _: server.router.stop() or m.Done(detail="bye")
    server.start()
    assert Peer(context, server.info.endpoints.query).ask(call("daemon.shutdown"))["result"] == {"detail": "bye"}
    server.stop()


def test_stop_leaves_nothing(home):
    threads = set(threading.enumerate())
    server = StubServer(home)
    server.start()
    server.stop()
    server.router.stop()
    assert sorted(path.name for path in server.home.runtime_dir.iterdir()) == []
    assert set(threading.enumerate()) <= threads
    gc.collect()


def test_router_that_never_started_stops(context):
    Router([Door("inproc://never")], lambda *_: m.Done(), context).stop()
    gc.collect()


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a POSIX matter")
def test_nobody_else_can_reach_the_sockets(server):
    for endpoint in (server.info.endpoints.query, server.info.endpoints.events):
        path = Path(endpoint.removeprefix("ipc://"))
        assert stat.S_ISSOCK(path.stat().st_mode)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_home_with_a_long_path(tmp_path, context):
    with StubServer(tmp_path / ("n" * 120)) as server:
        folder = Path(server.info.endpoints.query.removeprefix("ipc://")).parent
        assert Peer(context, server.info.endpoints.query).ask(PING) == PONG
    folder.rmdir()


def test_socket_of_a_killed_daemon_is_replaced(home, context):
    server = StubServer(home)
    server.home.create()
    stale = plain.socket(plain.AF_UNIX)
    stale.bind(str(server.home.runtime_dir / "query.sock"))
    stale.close()
    with server:
        assert Peer(context, server.info.endpoints.query).ask(PING) == PONG


def test_socket_of_a_living_daemon_is_not_stolen(server, context):
    with context.socket(zmq.ROUTER) as thief, pytest.raises(DaemonError, match="not ours to replace"):
        bind(thief, Door(server.info.endpoints.query))


def test_what_is_no_socket_is_not_removed(home, context):
    server = StubServer(home)
    server.home.create()
    precious = server.home.runtime_dir / "query.sock"
    precious.write_text("precious")
    with pytest.raises(DaemonError, match="no socket"):
        server.start()
    assert precious.read_text() == "precious"
    server.context.term()
    server.lock.release()


def test_taken_port_is_named_and_nothing_stays_bound(home):
    with plain.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = StubServer(home, config=Config(tcp=f"127.0.0.1:{taken.getsockname()[1]}"))
        with pytest.raises(ConfigError, match="Choose another"):
            server.start()
    assert list(server.home.runtime_dir.iterdir()) == []
    server.context.term()
    server.lock.release()


def test_idle_router_uses_no_time(server):
    before = time.process_time()
    time.sleep(0.5)
    assert time.process_time() - before < 0.1


def test_answers_are_quick(connect):
    peer = connect()
    times = []
    for _ in range(300):
        start = time.perf_counter()
        peer.ask(PING)
        times.append(time.perf_counter() - start)
    assert (
        sorted(times)[len(times) // 10] < 0.005
    )  # a tenth of a millisecond; the others may have waited for a busy machine


def test_pong_decodes_as_its_struct(connect):
    assert msgspec.convert(connect().ask(PING)["result"], m.Pong) == m.Pong(version="stub", protocol=1)
