import json

import pytest
import zmq

from segue.config import Config
from segue.server.doors import Keys, choose_doors
from stub_server import StubServer

PING = b'{"jsonrpc":"2.0","id":1,"method":"daemon.ping"}'


@pytest.fixture
def server(home):
    with StubServer(home, config=Config(tcp="127.0.0.1:0")) as started:
        yield started


def connect(context, endpoint, kind, *, server_key=None, public=None, secret=None):
    socket = context.socket(kind)
    if server_key:
        socket.curve_serverkey, socket.curve_publickey, socket.curve_secretkey = server_key, public, secret
    if kind == zmq.SUB:
        socket.subscribe(b"")
    socket.connect(endpoint)
    return socket


def answered(socket, seconds) -> bool:
    socket.send(PING, zmq.NOBLOCK)
    return bool(socket.poll(round(1000 * seconds))) and "result" in json.loads(socket.recv())


def hears(socket, server, attempts) -> bool:
    for _ in range(attempts):
        server.events.publish("progress")
        if socket.poll(50):
            return True
    return False


def right_keys(server) -> dict[str, bytes]:
    curve = server.info.curve
    return {
        "server_key": curve.server_public.encode(),
        "public": curve.client_public.encode(),
        "secret": curve.client_secret.encode(),
    }


def other_keys(server) -> dict[str, bytes]:
    """Those of somebody who has the server's key but not the client's."""
    public, secret = zmq.curve_keypair()
    return {"server_key": server.info.curve.server_public.encode(), "public": public, "secret": secret}


def test_with_the_keys_of_the_connection_file(server, context):
    keys = right_keys(server)
    assert answered(connect(context, server.info.tcp.query, zmq.DEALER, **keys), 5)
    assert hears(connect(context, server.info.tcp.events, zmq.SUB, **keys), server, 100)


@pytest.mark.parametrize("keys", [lambda server: {}, other_keys], ids=["none", "others"])
def test_without_them_no_answer_and_no_event(server, context, keys):
    stranger = connect(context, server.info.tcp.query, zmq.DEALER, **keys(server))
    listener = connect(context, server.info.tcp.events, zmq.SUB, **keys(server))
    assert not answered(stranger, 0.7)
    assert not hears(listener, server, 10)
    assert not server.origins
    assert answered(connect(context, server.info.tcp.query, zmq.DEALER, **right_keys(server)), 5)


def test_local_socket_needs_none(server, context):
    assert answered(connect(context, server.info.endpoints.query, zmq.DEALER), 5)


def test_every_start_makes_new_keys_and_hides_the_secret():
    first, second = Keys.generate(), Keys.generate()
    assert first.client != second.client
    assert first.server_secret not in repr(first)


def test_addresses_beyond_this_machine_are_no_local_origin(home):
    server = StubServer(home)
    server.home.create()
    doors = choose_doors(server.home, Config(tcp="0.0.0.0:0", allow_remote=True))
    assert [door.local for door in doors.query] == [True, False]
    assert all(door.keys for door in doors.query if door.endpoint.startswith("tcp"))
