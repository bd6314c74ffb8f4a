"""Questions about files, asked again and again: what is listened to how often, and what counts as shown to somebody."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe, wait_until
from segue.errors import DamagedAudioError, SegueError, ShuttingDownError, WorkerStartError
from segue.index.vectors import VectorIndex
from segue.library.store import Library
from segue.protocol.messages import AnalyseParams, NextParams, SimilarParams, Suggestions
from segue.recommend.catalogue import Catalogue
from segue.recommend.memory import Memory
from segue.recommend.recommender import Recommender
from segue.recommend.tonight import Tonight
from segue.recommend.weights import DEFAULT
from segue.server import listening
from segue.server.decks import Decks
from segue.server.handlers.recommend import RecommendHandlers
from segue.server.handlers.references import References
from segue.server.handlers.suggest import SuggestHandlers
from segue.server.listening import FAILED_SECONDS, Listening
from segue.server.router import Origin
from segue.server.taste import Taste

HERE = Origin("here", local=True)


class Workers:
    """Workers that are done when they are told to be."""

    def __init__(self) -> None:
        self.work: list[tuple[str, str, Future[Any]]] = []

    def probe(self, path: Path) -> Future[Any]:
        return self._begin("probe", path)

    def analyse(self, path: Path, duration: float, *, asked: bool = False) -> Future[Any]:
        assert asked
        assert duration
        return self._begin("analyse", path)

    def _begin(self, task: str, path: Path) -> Future[Any]:
        self.work.append((task, path.name, Future()))
        return self.work[-1][2]

    @property
    def analysed(self) -> list[str]:
        return [name for task, name, _ in self.work if task == "analyse"]

    def finish(self, task: str, error: SegueError | None = None) -> None:
        """Finish all that is to do of a kind, when there is something."""
        wait_until(lambda: [one for one in self.work if one[0] == task and not one[2].done()])
        for kind, name, future in list(self.work):
            if kind == task and not future.done():
                if error is not None:
                    future.set_exception(error)
                else:
                    future.set_result(probe(name) if task == "probe" else analysis(name))


class Desk:
    """The handlers over a library of six tracks, and a file that no folder of it holds."""

    def __init__(self, folder: Path, executor: ThreadPoolExecutor) -> None:
        self.file = folder / "mix.flac"
        self.file.write_bytes(b"sound")
        self.workers = Workers()
        self.now = 0.0
        self.offered: list[Suggestions] = []
        self.library = Library(folder / "library.db")
        self.library.set_model(MODEL, LABELS, DIM)
        for name in "abcdef":
            self.library.store(f"/music/{name}.mp3", probe(name, title=f"Title {name}"), analysis(name))
        catalogue = Catalogue(self.library.columns())
        recommender = Recommender(catalogue, VectorIndex(folder / "index", dim=DIM, model=MODEL))
        spaces: Any = SimpleNamespace(current=SimpleNamespace(recommender=recommender, listens=True, model_id=MODEL))
        references = References(self.library, executor)
        heard = Listening(self.workers, lambda: self.now)  # type: ignore[arg-type]
        self.recommend = RecommendHandlers(self.library, references, spaces, heard, Decks(), executor)
        taste = Taste(Tonight, Memory.empty, dict, lambda: DEFAULT)
        self.suggest = SuggestHandlers(
            self.library, references, spaces, Decks(), taste, self.recommend, executor, self.offered.append
        )

    def next(self, *, path: Path | None = None) -> Future[Suggestions]:
        answer = self.suggest.next(NextParams(track=str(path or self.file)), HERE)
        assert isinstance(answer, Future)
        return answer

    def begun(self, task: str, times: int) -> None:
        wait_until(lambda: [one[0] for one in self.workers.work].count(task) == times)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with ThreadPoolExecutor(2) as executor:
        made = Desk(tmp_path, executor)
        yield made
        made.library.close()


def test_who_asks_again_joins_what_is_under_way_and_finds_it_done_afterwards(desk: Desk) -> None:
    gave_up = desk.next()
    desk.workers.finish("probe")
    desk.begun("analyse", 1)
    rest = [desk.next(), desk.recommend.similar(SimilarParams(path=str(desk.file)), HERE)]
    told = desk.recommend.analyse(AnalyseParams(path=str(desk.file)), HERE)
    desk.workers.finish("analyse")
    first, second, alike = (one.result(10) for one in (gave_up, *rest))
    assert first == second
    assert len(first.suggestions) == len(alike.suggestions) == 6
    assert told.result(10).path == str(desk.file)
    assert desk.next().result(10) == first
    assert [task for task, _, _ in desk.workers.work] == ["probe", "analyse"]


def test_a_file_that_has_changed_is_listened_to_anew(desk: Desk) -> None:
    for times in (1, 2):
        answer = desk.next()
        desk.workers.finish("probe")
        desk.workers.finish("analyse")
        assert answer.result(10).seed.path == str(desk.file)
        assert len(desk.workers.analysed) == times
        os.utime(desk.file, ns=(times, times))


def test_other_networks_listen_anew(desk: Desk) -> None:
    heard = Listening(desk.workers)  # type: ignore[arg-type]
    heard.analyse(desk.file, 1.0, "networks-1")
    heard.analyse(desk.file, 1.0, "networks-2")
    assert len(desk.workers.analysed) == 2


def test_a_few_dozen_results_are_kept_and_nothing_under_way_is_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listening, "KEPT", 3)
    heard = Listening(desk.workers)  # type: ignore[arg-type]
    files = [desk.file.with_name(f"{number}.wav") for number in range(5)]
    for file in files:
        file.touch()
    under_way = heard.analyse(files[0], 1.0, MODEL)
    for file in files[1:]:
        heard.analyse(file, 1.0, MODEL)
        desk.workers.work[-1][2].set_result(analysis(file.name))
    assert heard.analyse(files[0], 1.0, MODEL) is under_way
    heard.analyse(files[4], 1.0, MODEL)
    assert len(desk.workers.analysed) == 5
    heard.analyse(files[1], 1.0, MODEL)
    assert len(desk.workers.analysed) == 6


def test_a_broken_file_is_not_tried_at_once_again_and_what_was_not_its_fault_is(desk: Desk) -> None:
    def fail(error: SegueError) -> None:
        answer = desk.next()
        if not any(task == "probe" and future.done() for task, _, future in desk.workers.work):
            desk.workers.finish("probe")
        desk.workers.finish("analyse", error)
        with pytest.raises(type(error)):
            answer.result(10)

    fail(WorkerStartError("no worker"))
    fail(DamagedAudioError("broken"))
    with pytest.raises(DamagedAudioError):
        desk.next().result(10)
    desk.now = FAILED_SECONDS + 1.0
    fail(ShuttingDownError("stopping"))
    assert len(desk.workers.analysed) == 3


def test_only_what_somebody_picks_from_is_an_offer(desk: Desk) -> None:
    answer = desk.suggest.next(NextParams(track="#1", limit=3), HERE)  # as Auto DJ and `segue next` ask
    assert isinstance(answer, Suggestions)
    assert desk.offered == []
    answer = desk.suggest.next(NextParams(track="#1", limit=3, offer=True), HERE)
    assert desk.offered == [answer]
