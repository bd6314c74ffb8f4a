"""What a DJ program says of many tracks at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe
from segue.index.vectors import VectorIndex
from segue.library.store import Library
from segue.protocol.messages import Said, TakenOver, TakeOverParams
from segue.recommend.catalogue import Catalogue
from segue.server.handlers.references import References
from segue.server.handlers.trust import TrustHandlers
from segue.server.mirror import Mirror
from segue.server.router import Origin


class Bench:
    """The handlers over a library of two tracks, and a file that waits."""

    def __init__(self, folder: Path, executor: ThreadPoolExecutor) -> None:
        self.events: list[Any] = []
        self.library = Library(folder / "library.db")
        self.library.set_model(MODEL, LABELS, DIM)
        self.library.add_folder(Path("/music"))
        for name in "ab":
            self.library.store(f"/music/{name}.mp3", probe(name, title=f"Title {name}", artist="X"), analysis(name))
        self.library.enqueue("/music/new.mp3", 1, 1)
        catalogue = Catalogue(self.library.columns())
        mirror = Mirror(
            self.library,
            catalogue,
            VectorIndex(folder / "index", dim=DIM, model=MODEL),
            lambda name, data: self.events.append(data["ids"]),
        )
        self.handlers = TrustHandlers(
            self.library,
            References(self.library, executor),
            mirror,
            None,
            executor,
            executor,  # type: ignore[arg-type]
        )

    def take_over(self, *said: Said) -> TakenOver:
        return self.handlers.take_over(TakeOverParams(tracks=list(said)), Origin("test", local=True)).result(10)

    def held(self, track: int) -> dict[str, tuple[float | str, str]]:
        values = self.library.track(track).sources
        return {name: (known[0].value, known[0].source) for name, known in values.items() if known}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with ThreadPoolExecutor(1) as executor:
        made = Bench(tmp_path, executor)
        yield made
        made.library.close()


def test_values_of_many_tracks(bench: Bench) -> None:
    said = (
        Said(path="/music/a.mp3", bpm=87.5, settled=True, key="8A", rating=4),
        Said(path="/elsewhere/b.mp3", title="Title b", duration=181.0, bpm=130.0, key="no key"),
        Said(path="/music/new.mp3", bpm=99.0),
        Said(path="/music/nothing.mp3", bpm=99.0),
    )
    assert bench.take_over(*said) == TakenOver(tracks=[1, 2, None, None], changed=2, waiting=1)
    assert bench.held(1) | {"energy": None} == {
        "bpm": (87.5, "user"),
        "key": ("A minor", "dj"),
        "rating": (4, "dj"),
        "energy": None,
    }
    assert bench.held(2)["bpm"] == (130.0, "dj")
    assert bench.held(2)["key"] == ("A minor", "segue")
    assert bench.library.track(1).bpm == 87.5
    assert bench.events == [[1, 2]]


def test_a_tempo_that_is_locked_gives_way_to_what_the_user_said(bench: Bench) -> None:
    bench.library.set_values(1, {"bpm": 128.0}, "user")
    locked = Said(path="/music/a.mp3", bpm=64.0, settled=True)
    assert bench.take_over(locked).changed == 1
    assert bench.held(1)["bpm"] == (128.0, "user")
    assert bench.take_over(locked).changed == 0
    bench.library.set_values(1, {}, "user", ["bpm"])
    assert bench.held(1)["bpm"] == (64.0, "dj")


def test_doing_it_again_changes_nothing_and_tells_nobody(bench: Bench) -> None:
    said = Said(path="/music/a.mp3", bpm=125.0, key="Am", rating=3)
    assert bench.take_over(said).changed == 1
    assert bench.take_over(said).changed == 0
    assert bench.events == [[1]]
    assert bench.take_over(Said(path="/music/a.mp3")).changed == 0
    assert bench.held(1)["bpm"] == (125.0, "dj"), "what is not said stays"
    bench.library.set_values(1, {"bpm": 124.0}, "user")
    assert bench.take_over(Said(path="/music/a.mp3", bpm=126.0)).changed == 1
    assert bench.held(1)["bpm"] == (124.0, "user"), "the user's word holds"
