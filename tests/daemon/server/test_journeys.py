"""`recommend.path` and `recommend.set` through a socket: a real library, the real handlers, the real command."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from command import segue
from library_support import DIM, LABELS, MODEL, analysis, probe, vector
from segue.analysis.result import Key, MixPoint, Structure, Tempo
from segue.client import Client
from segue.client.aio import AsyncClient
from segue.errors import InvalidParamsError, LibraryEmptyError, TrackNotFoundError
from segue.index.vectors import VectorIndex
from segue.keys import KEYS, camelot_name
from segue.library.store import Library
from segue.protocol.messages import Filters, Route
from segue.recommend.catalogue import Catalogue
from segue.recommend.memory import Memory
from segue.recommend.tonight import Tonight
from segue.recommend.weights import DEFAULT
from segue.server.daemon import Daemon
from segue.server.handlers.journeys import JourneyHandlers
from segue.server.handlers.references import References
from segue.server.taste import Taste
from stub_server import StubServer

TRACKS = 60


def record(number: int) -> Any:
    """One of sixty house tracks of six minutes, three tempi, five keys and many energies."""
    near = vector("house") + np.float32(0.3) * vector(f"track {number}")
    key = 14 + number % 5
    return replace(
        analysis(f"{number}"),
        duration=360.0,
        tempo=Tempo(122.0 + number % 3, 0.9),
        key=Key(KEYS[key], camelot_name(key), 0.9),
        energy=2.0 + 7.5 * ((7 * number) % TRACKS) / TRACKS,
        vector=near / np.linalg.norm(near),
        structure=Structure(sections=(), mix_in=MixPoint(4.0, 16), mix_out=MixPoint(304.0, 16))
        if number % 4
        else Structure(),
    )


class Served:
    """A library behind a socket."""

    def __init__(self, folder: Path, executor: ThreadPoolExecutor) -> None:
        self.home = folder / "home"
        self.library = Library(folder / "library.db")
        self.library.set_model(MODEL, LABELS, DIM)
        for number in range(TRACKS):
            path = folder / "music" / f"{number:02}.mp3"
            tags = {"title": f"Title {number:02}", "artist": f"Artist {number // 2}"}
            self.library.store(str(path), replace(probe(f"{number}", **tags), duration=360.0), record(number))
        catalogue = Catalogue(self.library.columns())
        space = SimpleNamespace(catalogue=catalogue, index=VectorIndex(folder, dim=DIM, model=MODEL))
        self.tonight = Tonight()
        taste = Taste(
            lambda: self.tonight, Memory.empty, lambda: {"best": np.arange(1, 31, dtype=np.int64)}, lambda: DEFAULT
        )
        spaces: Any = SimpleNamespace(current=space)
        handlers = JourneyHandlers(self.library, References(self.library, executor), spaces, taste, executor)
        self.server = StubServer(
            self.home,
            recommend__path=lambda params: handlers.path(params, None),  # type: ignore[arg-type]
            recommend__set=lambda params: handlers.set(params, None),  # type: ignore[arg-type]
        )


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with ThreadPoolExecutor(2) as executor:
        made = Served(tmp_path_factory.mktemp("served"), executor)
        with made.server:
            yield made
        made.library.close()


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    served.tonight = Tonight()
    with Client(served.home) as made:
        yield made


def test_a_path_tells_of_each_step_how_it_mixes(client: Client) -> None:
    route = client.path("#1", "Title 40", 5)
    assert [step.title for step in route.tracks][0::5] == ["Title 00", "Title 40"]
    assert len(route.tracks) == 6
    first, *steps = route.tracks
    assert (first.why, first.score, first.similarity, first.mix) == ("start", None, None, None)
    for step in steps:
        assert "→" in step.why
        assert step.mix is not None
        assert step.mix.mixes
        assert abs(step.mix.pitch or 0.0) <= 2.0
        assert step.begins is None
    assert route.weakest == min(step.score for step in steps if step.score is not None)
    assert route.relaxed == []
    assert route.seconds is None


def test_a_set_counts_from_where_tracks_are_mixed(client: Client) -> None:
    route = client.make_set(40, "3,8,5", start="#2")
    assert route.tracks[0].id == 2
    assert route.seconds is not None
    assert abs(route.seconds - 2400) <= 180
    begins = 0.0
    for step in route.tracks:
        assert step.begins == pytest.approx(begins, abs=0.2)
        heard = (4.0, 304.0) if (step.id - 1) % 4 else (0.0, 330.0)
        assert (step.mix_in, step.mix_out) == heard
        begins += heard[1] - heard[0]
    last = route.tracks[-1]
    assert last.begins is not None
    assert last.mix_in is not None
    assert route.seconds == pytest.approx(last.begins + 360.0 - last.mix_in, abs=0.2)
    assert [step.arc for step in route.tracks[1:4]] == sorted(step.arc or 0.0 for step in route.tracks[1:4])


def test_what_was_played_tonight_is_left_out_unless_it_may_come_again(served: Served, client: Client) -> None:
    served.tonight = Tonight(tuple(range(1, 50)))
    route = client.path("#1", "#60", 4)
    assert all(step.id >= 50 for step in route.tracks[1:])
    again = client.path("#1", "#60", 4, tonight=False)
    assert any(step.id < 50 for step in again.tracks[1:])
    assert all(step.id >= 50 for step in client.make_set(20).tracks)


def test_filters_and_presets_hold_for_paths_and_sets(client: Client) -> None:
    crate = Filters(crates=["best"])
    for route in (client.path("#3", "#55", 6, filters=crate), client.make_set(30, filters=crate, preset="peak")):
        assert all(step.id <= 30 for step in route.tracks[:-1])
        assert not any("crate" in one for one in route.relaxed)
    narrow = client.path("#3", "#55", 6, filters=Filters(crates=["best"], bpm_from=200))
    assert len(narrow.tracks) == 7
    assert narrow.relaxed[0] == "BPM from 200"
    with pytest.raises(InvalidParamsError, match="no preset"):
        client.path("#3", "#55", preset="disco")


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"arc": "disco"}, "no arc"),
        ({"arc": [0.5]}, "arc"),
        ({"arc": []}, "arc"),
        ({"minutes": 4}, "minutes"),
        ({"start": "#1", "end": "#1"}, "twice"),
    ],
)
def test_impossible_wishes_are_refused_in_words(client: Client, wish: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidParamsError, match=says):
        client.make_set(**{"minutes": 30, **wish})


@pytest.mark.parametrize("steps", [0, 33])
def test_a_path_has_1_to_32_steps(client: Client, steps: int) -> None:
    with pytest.raises(InvalidParamsError, match="steps"):
        client.path("#1", "#2", steps)


def test_an_unknown_end_is_not_found(client: Client) -> None:
    with pytest.raises(TrackNotFoundError):
        client.path("#1", "no such thing")


def test_journeys_are_made_one_after_the_other_in_a_thread_of_their_own() -> None:
    nothing: Any = None
    with ExitStack() as stack:
        executor: Any = Daemon._journeys(stack, nothing, nothing, nothing, nothing)._executor
        assert executor.submit(lambda: threading.current_thread().name).result(10).startswith("journeys")
        assert executor._max_workers == 1


def test_the_same_question_has_the_same_answer(client: Client) -> None:
    assert client.make_set(60) == client.make_set(60)
    assert client.path("#1", "#2", 8) == client.path("#1", "#2", 8)


def test_the_client_for_asyncio_asks_alike(served: Served, client: Client) -> None:
    async def ask() -> tuple[Route, Route]:
        async with AsyncClient(served.home) as asking:
            return await asking.path("#1", "#2", 3), await asking.make_set(20, [5, 7], preset="warm-up")

    assert asyncio.run(ask()) == (client.path("#1", "#2", 3), client.make_set(20, [5, 7], preset="warm-up"))


def test_two_ends_may_both_be_words(client: Client) -> None:
    made = client.make_set(30, start="title 07", end="title 08")
    assert (made.tracks[0].title, made.tracks[-1].title) == ("Title 07", "Title 08")


def test_the_commands_print_json_and_write_playlists(served: Served, tmp_path: Path) -> None:
    served.tonight = Tonight()
    file = tmp_path / "way.m3u8"
    outcome = segue("path", "#1", "Title 40", "--steps", "5", "--m3u8", file, "--json", home=served.home)
    assert outcome.code == 0, outcome.err
    tracks = outcome.json["tracks"]
    assert (len(tracks), tracks[0]["id"], tracks[-1]["title"]) == (6, 1, "Title 40")
    assert all(track["why"] for track in tracks)
    assert file.read_text().splitlines()[2::2] == [track["path"] for track in tracks]

    again = segue("path", "#1", "#2", "--m3u8", file, "--json", home=served.home)
    assert (again.code, again.json["error"]["code"]) == (1, "playlist-exists")

    outcome = segue("set", "--minutes", "30", "--arc", "3,8", "--m3u8", file, "--force", home=served.home)
    assert outcome.code == 0, outcome.err
    assert f"written to {file}" in outcome.out
    assert "0:00" in outcome.out
    assert all(len(line) <= 80 for line in outcome.out.splitlines() if str(file) not in line)

    narrow = ("--bpm", "122-123", "--energy", "4-8", "--crate", "best", "--again", "--preset", "peak")
    outcome = segue("set", "--minutes", "20", "--arc", "6", *narrow, "--json", home=served.home)
    assert outcome.json["relaxed"] == []
    assert all(
        122 <= track["bpm"] <= 123 and 4 <= track["energy"] <= 8 and track["id"] <= 30
        for track in outcome.json["tracks"]
    )
    wrong = segue("path", "#1", "#2", "--year", "0-5", home=served.home)
    assert wrong.code == 2
    assert "1 to 9999" in wrong.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--arc", "peak"], "--minutes"),
        (["Title", "--minutes", "30"], "no TRACK"),
        (["--minutes", "30", "--rating", "4"], "no TRACK"),
        (["Title", "--bpm", "120-128"], "not a range"),
        (["Title", "--bpm", "120", "--again"], "--minutes"),
        ([], "TRACK"),
        (["Title", "--start", "#2"], "--minutes"),
    ],
)
def test_both_meanings_of_set_are_told_apart(served: Served, arguments: list[str], says: str) -> None:
    outcome = segue("set", *arguments, home=served.home)
    assert outcome.code == 2
    assert says in outcome.err


def test_an_empty_library_is_said(tmp_path: Path) -> None:
    library = Library(tmp_path / "library.db")
    library.set_model(MODEL, LABELS, DIM)
    space = SimpleNamespace(catalogue=Catalogue(library.columns()), index=VectorIndex(tmp_path, dim=DIM, model=MODEL))
    spaces: Any = SimpleNamespace(current=space)
    taste = Taste(Tonight, Memory.empty, dict, lambda: DEFAULT)
    with ThreadPoolExecutor(1) as executor:
        handlers = JourneyHandlers(library, References(library, executor), spaces, taste, executor)
        with (
            StubServer(tmp_path / "home", recommend__set=lambda params: handlers.set(params, None)),  # type: ignore[arg-type]
            Client(tmp_path / "home") as client,
            pytest.raises(LibraryEmptyError, match="no track to make a set of"),
        ):
            client.make_set(30)
    library.close()
