import json
import threading

import pytest
import zmq

from segue.server.doors import Door
from segue.server.events import Events
from stub_server import StubServer


@pytest.fixture
def server(home):
    with StubServer(home) as started:
        yield started


@pytest.fixture
def subscribe(context, server):
    def subscribe(topic: bytes = b"") -> zmq.Socket[bytes]:
        socket = context.socket(zmq.SUB)
        socket.subscribe(topic)
        socket.connect(server.info.endpoints.events)
        # Until the first arrives, for a subscription takes its time; then all others, to the last.
        name = topic.decode() or "progress"
        while not socket.poll(20):
            server.events.publish(name, {"last": False})
        server.events.publish(name, {"last": True})
        while not take(socket, 1)[0]["params"]["data"]["last"]:
            pass
        return socket

    return subscribe


def take(socket: zmq.Socket[bytes], count: int) -> list[dict]:
    got = []
    while len(got) < count:
        assert socket.poll(20_000), f"{len(got)} of {count} events arrived"
        got.append(json.loads(socket.recv_multipart()[1]))
    return got


def is_quiet(socket: zmq.Socket[bytes]) -> bool:
    return not socket.poll(200)


def test_event_is_topic_and_notification(server, subscribe):
    socket = subscribe()
    server.events.publish("track.indexed", {"id": 7})
    assert socket.poll(20_000)
    topic, body = socket.recv_multipart()
    event = json.loads(body)
    assert topic == b"track.indexed"
    assert (event["jsonrpc"], event["method"]) == ("2.0", "track.indexed")
    assert event["params"]["data"] == {"id": 7}
    assert event["params"]["seq"] == server.events.seq


def test_topics_are_filtered(server, subscribe):
    socket = subscribe(b"deck.changed")
    server.events.publish("progress")
    server.events.publish("deck.changed")
    assert [event["method"] for event in take(socket, 1)] == ["deck.changed"]
    assert is_quiet(socket)


def test_numbers_from_many_threads_have_no_hole_and_no_repeat(server, subscribe):
    socket = subscribe()
    first = server.events.seq + 1
    threads = [
        threading.Thread(target=lambda: [server.events.publish("progress", {"n": n}) for n in range(50)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [event["params"]["seq"] for event in take(socket, 400)] == list(range(first, first + 400))
    assert is_quiet(socket)


def test_slow_subscriber_loses_only_its_own(server, subscribe, context):
    deaf = context.socket(zmq.SUB)
    deaf.rcvhwm = 1
    deaf.subscribe(b"")
    deaf.connect(server.info.endpoints.events)
    socket = subscribe()
    for _ in range(20):
        first = server.events.seq + 1
        for _ in range(200):
            server.events.publish("progress", {"filler": "x" * 2000})
        assert [event["params"]["seq"] for event in take(socket, 200)] == list(range(first, first + 200))
    assert is_quiet(socket)


def test_without_a_start_it_only_counts(context):
    events = Events([Door("inproc://events")], context)
    events.publish("progress")
    assert events.seq == 1
    events.start()
    events.stop()
    events.publish("progress")
    events.stop()
    assert events.seq == 2
