import asyncio
import json
import threading
import time

import pytest

from segue.client import AsyncClient, Client
from segue.client.sequence import GAP, EventSequence
from segue.errors import DaemonNotRunningError, ProtocolError
from stub_server import StubServer


def frames(seq: int, name: str = "progress") -> list[bytes]:
    body = {"jsonrpc": "2.0", "method": name, "params": {"seq": seq, "at": 1.0, "data": {"n": seq}}}
    return [name.encode(), json.dumps(body).encode()]


def taken(sequence: EventSequence, *numbers: int, name: str = "progress") -> list[tuple[str, int]]:
    return [(name_, event.seq) for number in numbers for name_, event in sequence.take(frames(number, name))]


def test_events_in_order_have_no_gap():
    sequence = EventSequence()
    sequence.begin(4)
    assert taken(sequence, 5, 6, 7) == [("progress", 5), ("progress", 6), ("progress", 7)]


def test_missing_events_make_a_gap():
    sequence = EventSequence()
    sequence.begin(4)
    [(name, gap), (_, event)] = sequence.take(frames(8))
    assert (name, gap.data, event.seq) == (GAP, {"missed": 3}, 8)
    assert taken(sequence, 9) == [("progress", 9)]


def test_events_before_the_snapshot_are_dropped():
    sequence = EventSequence()
    sequence.begin(4)
    assert taken(sequence, 3, 4, 5) == [("progress", 5)]


def test_numbers_that_go_back_are_a_restart():
    sequence = EventSequence()
    sequence.begin(4)
    assert taken(sequence, 5) == [("progress", 5)]
    [(name, gap), (_, event)] = sequence.take(frames(2))
    assert (name, gap.data, event.seq) == (GAP, {"missed": None}, 2)
    assert taken(sequence, 3) == [("progress", 3)]


def test_low_numbers_long_after_the_snapshot_are_a_restart():
    sequence = EventSequence()
    sequence.begin(40)
    body = {"jsonrpc": "2.0", "method": "progress", "params": {"seq": 2, "at": time.time() + 60, "data": {}}}
    [(name, gap), (_, event)] = sequence.take([b"progress", json.dumps(body).encode()])
    assert (name, gap.data, event.seq) == (GAP, {"missed": None}, 2)
    assert taken(sequence, 3) == [("progress", 3)]


def test_filter_lets_gaps_through_and_counts_what_it_holds_back():
    sequence = EventSequence({"deck.changed"})
    sequence.begin(0)
    assert taken(sequence, 1, 2) == []
    assert taken(sequence, 3, name="deck.changed") == [("deck.changed", 3)]
    assert taken(sequence, 5) == [(GAP, 5)]


def test_restart_is_a_gap_of_unknown_size():
    sequence = EventSequence()
    sequence.begin(40)
    [(name, gap)] = sequence.restart()
    assert (name, gap.data) == (GAP, {"missed": None})
    assert taken(sequence, 1) == [("progress", 1)]


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b'{"method":"x","params":{"seq":"1"}}'])
def test_what_is_no_event(body):
    with pytest.raises(ProtocolError):
        EventSequence().take([b"progress", body])


@pytest.fixture
def busy(home):
    """A server that publishes all the time."""
    with StubServer(home) as server:
        done = threading.Event()

        def publish():
            while not done.wait(0.005):
                server.events.publish("progress", {"done": 1})
                server.events.publish("track.indexed", {"id": 5})

        thread = threading.Thread(target=publish)
        thread.start()
        yield server
        done.set()
        thread.join()


def test_stream_follows_without_holes(busy, home):
    with Client(home) as client, client.events() as stream:
        heard = [event.seq for name, event in (next(stream) for _ in range(60)) if name != GAP]
    assert heard == list(range(heard[0], heard[0] + len(heard)))


def test_stream_of_some_names(busy, home):
    with Client(home) as client, client.events({"track.indexed"}) as stream:
        names = {next(stream)[0] for _ in range(20)}
    assert names <= {"track.indexed", GAP}


def test_calls_go_on_beside_a_stream(busy, home):
    with Client(home) as client, client.events() as stream:
        next(stream)
        assert client.ping().version == "stub"
        next(stream)


def test_quiet_stream_ends_after_its_timeout(home):
    with StubServer(home), Client(home) as client, client.events(timeout=0.1) as stream:
        assert list(stream) == []


def test_stream_without_a_daemon(home):
    with Client(home) as client, pytest.raises(DaemonNotRunningError):
        client.events()


def stop_after_first_event(server: StubServer, heard: threading.Event, *, word: bool) -> threading.Thread:
    def run():
        while not heard.wait(0.01):
            server.events.publish("progress")
        if word:
            server.events.publish("daemon.stopping")
        server.stop()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_stream_ends_when_the_daemon_says_goodbye(home):
    server, heard = StubServer(home).start(), threading.Event()
    stopper = stop_after_first_event(server, heard, word=True)
    names = []
    with Client(home) as client, client.events({"progress"}) as stream:
        for name, _ in stream:
            heard.set()
            names.append(name)
    stopper.join()
    assert set(names) <= {"progress", GAP}


def test_stream_says_when_the_daemon_goes_without_a_word(home):
    server, heard = StubServer(home).start(), threading.Event()
    stopper = stop_after_first_event(server, heard, word=False)

    def listen():
        with Client(home) as client, client.events() as stream:
            for _ in stream:
                heard.set()

    with pytest.raises(DaemonNotRunningError):
        listen()
    stopper.join()


def test_stream_goes_on_after_a_restart(home):
    first, client = StubServer(home).start(), Client(home)
    stream = client.events()
    first.stop()
    with StubServer(home) as second:
        second.events._seq = 7  # else the first event could be the one that would have come next
        done = threading.Event()

        def publish():
            while not done.wait(0.01):
                second.events.publish("progress")

        thread = threading.Thread(target=publish)
        thread.start()
        assert next(stream)[0] == GAP
        assert "progress" in [next(stream)[0] for _ in range(2)]
        done.set()
        thread.join()
        stream.close()
        client.close()


def test_async_stream(busy, home):
    async def listen() -> list[str]:
        names = []
        async with AsyncClient(home) as client:
            stream = client.events()
            async for name, _ in stream:
                names.append(name)
                if len(names) == 30:
                    break
            await stream.aclose()
        return names

    assert set(asyncio.run(listen())) <= {"progress", "track.indexed", GAP}


def test_async_stream_ends_with_the_daemon(home):
    server, heard = StubServer(home).start(), threading.Event()
    stopper = stop_after_first_event(server, heard, word=True)

    async def listen() -> list[str]:
        names = []
        async with AsyncClient(home) as client:
            async for name, _ in client.events():
                names.append(name)
                heard.set()
        return names

    assert asyncio.run(listen())[-1] == "daemon.stopping"
    stopper.join()
