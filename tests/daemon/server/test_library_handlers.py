"""Folders while the library is being written: the router's thread never waits for that, nor for a drive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from library_support import DIM, LABELS, MODEL
from segue.errors import FolderNotFoundError, PathNotAllowedError
from segue.index.vectors import VectorIndex
from segue.library.store import Library
from segue.protocol.messages import AddFolderParams, FolderParams, RescanParams
from segue.recommend.catalogue import Catalogue
from segue.server.handlers.library import LibraryHandlers
from segue.server.mirror import Mirror
from segue.server.router import Origin
from segue.watch.watcher import Watcher

LOCAL, REMOTE = Origin("test", local=True), Origin("test", local=False)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    opened = Library(tmp_path / "library.db")
    opened.set_model(MODEL, LABELS, DIM)
    yield opened
    opened.close()


@pytest.fixture
def handlers(library: Library, tmp_path: Path) -> Iterator[LibraryHandlers]:
    index = VectorIndex(tmp_path / "index", dim=DIM, model=MODEL)
    mirror = Mirror(library, Catalogue(library.columns()), index, lambda *_: None)
    watcher = Watcher(library, on_queued=lambda _: None, on_changed=mirror.refresh, on_folder=lambda: None)
    with ThreadPoolExecutor(1) as executor:
        yield LibraryHandlers(library, watcher, mirror, executor)


def test_folders_come_and_go_without_keeping_anybody_waiting(
    library: Library, handlers: LibraryHandlers, tmp_path: Path
) -> None:
    music = tmp_path / "music"
    music.mkdir()
    changes = (
        (handlers.add_folder, AddFolderParams(path=str(music)), [str(music)]),
        (handlers.remove_folder, FolderParams(path=str(music)), []),
    )
    for change, params, left in changes:
        with library._database.writing():
            answer = change(params, LOCAL)
            assert isinstance(answer, Future)
            assert not answer.done()
        assert [folder.path for folder in answer.result(10).folders] == left
        assert [str(folder) for folder in library.folders()] == left


@pytest.mark.parametrize(
    "ask",
    [
        lambda handlers, path: handlers.add_folder(AddFolderParams(path=path), LOCAL),
        lambda handlers, path: handlers.remove_folder(FolderParams(path=path), LOCAL),
        lambda handlers, path: handlers.rescan(RescanParams(path=path), LOCAL),
    ],
)
@pytest.mark.parametrize("path", ["relative", "/no/such/folder"])
def test_what_is_no_folder_is_said_in_the_answer(
    handlers: LibraryHandlers, ask: Callable[[LibraryHandlers, str], Future], path: str
) -> None:
    with pytest.raises(FolderNotFoundError):
        ask(handlers, path).result(10)


def test_folders_are_changed_on_this_machine_only(handlers: LibraryHandlers, tmp_path: Path) -> None:
    for change in (handlers.add_folder, handlers.remove_folder):
        with pytest.raises(PathNotAllowedError):
            change(FolderParams(path=str(tmp_path)), REMOTE)
