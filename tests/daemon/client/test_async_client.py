import asyncio
from concurrent.futures import Future

import pytest

from segue.client import AsyncClient
from segue.config import Config
from segue.errors import DaemonNotRunningError, InvalidParamsError, RequestTimeoutError, TrackNotFoundError
from segue.protocol import messages as m
from stub_server import StubServer


@pytest.fixture
def server(home):
    with StubServer(home) as started:
        yield started


def test_typed_answers_and_errors(server, home):
    async def main():
        async with AsyncClient(home) as client:
            assert await client.ping() == m.Pong(version="stub", protocol=1)
            assert (await client.status()).version == "stub"
            assert await client.call("daemon.ping") == await client.ping()
            with pytest.raises(TrackNotFoundError):
                await client.track("x")
            with pytest.raises(InvalidParamsError, match="limit"):
                await client.next("x", limit=0)

    asyncio.run(main())


def test_calls_run_side_by_side(server, home):
    futures: dict[str, Future[m.TrackList]] = {}

    def search(params):
        future = futures[params.text] = Future()
        if len(futures) == 20:
            for text, waiting in reversed(futures.items()):
                waiting.set_result(m.TrackList(tracks=[m.Track(id=1, path=text, title="")]))
        return future

    server.handlers["library.search"] = search

    async def main():
        async with AsyncClient(home) as client:
            return await asyncio.gather(*(client.search(str(n)) for n in range(20)))

    assert [found.tracks[0].path for found in asyncio.run(main())] == [str(n) for n in range(20)]


def test_timeout_and_cancelling_harm_no_other_call(server, home):
    server.handlers["track.get"] = lambda _: Future()

    async def main():
        async with AsyncClient(home) as client:
            with pytest.raises(RequestTimeoutError):
                await client.call("track.get", {"track": "x"}, timeout=0.05)
            task = asyncio.create_task(client.track("x"))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await client.ping()
            assert not client._answers

    asyncio.run(main())


def test_no_daemon(home):
    async def main():
        async with AsyncClient(home) as client:
            with pytest.raises(DaemonNotRunningError, match="segue up"):
                await client.ping()

    asyncio.run(main())


def test_survives_a_restart(home):
    async def main():
        async with AsyncClient(home) as client:
            for _ in range(3):
                with StubServer(home):
                    await asyncio.gather(*(client.ping() for _ in range(5)))
                with pytest.raises(DaemonNotRunningError):
                    await client.ping()

    asyncio.run(main())


def test_over_tcp_with_the_keys(home):
    async def main():
        async with AsyncClient(home, transport="tcp") as client:
            assert (await client.ping()).version == "stub"

    with StubServer(home, config=Config(tcp="127.0.0.1:0")):
        asyncio.run(main())
