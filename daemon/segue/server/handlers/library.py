"""`library.*`: folders, search and what went wrong."""

from __future__ import annotations

import os
from concurrent.futures import Executor, Future
from pathlib import Path

from segue.errors import FolderNotFoundError, PathNotAllowedError
from segue.library.paths import found, shown
from segue.library.store import Library
from segue.protocol.messages import (
    AddFolderParams,
    Done,
    FailureList,
    FolderList,
    FolderParams,
    LimitParams,
    Nothing,
    RescanParams,
    SearchParams,
    TrackList,
)
from segue.server.mirror import Mirror
from segue.server.router import Origin
from segue.watch.watcher import Watcher


class LibraryHandlers:
    """Folders in and out, search, failures.

    What looks at a drive or writes to the library runs in another thread: either may take long, and questions must not wait.
    """

    def __init__(self, library: Library, watcher: Watcher, mirror: Mirror, executor: Executor) -> None:
        self._library = library
        self._executor = executor
        self._watcher = watcher
        self._mirror = mirror

    def search(self, params: SearchParams, origin: Origin) -> Future[TrackList]:
        """Tracks by words, best first; all by newest when no words are given."""
        del origin
        return self._executor.submit(self._found, params.text, params.limit)

    def folders(self, params: Nothing, origin: Origin) -> FolderList:
        """The watched folders."""
        del params, origin
        return FolderList(folders=self._watcher.folders())

    def add_folder(self, params: AddFolderParams, origin: Origin) -> Future[FolderList]:
        """Watch a folder from now on; FolderNotFoundError when there is none that can be read."""
        if not origin.local:
            raise PathNotAllowedError("Folders can only be added on the machine that Segue runs on.")
        return self._executor.submit(self._added, params.path, params.private)

    def _added(self, text: str, private: bool | None) -> FolderList:
        folder = _absolute(text)
        try:
            readable = folder.is_dir() and os.access(folder, os.R_OK | os.X_OK)
        except OSError:  # a name longer than the file system's names, say
            readable = False
        if not readable:
            raise FolderNotFoundError(f"There is no folder {shown(folder)} that can be read.")
        folder = folder.resolve()
        self._library.add_folder(folder)
        if private is not None:
            self._mirror.refresh(self._library.set_private(folder, private))
        self._watcher.add(folder)
        return FolderList(folders=self._watcher.folders())

    def remove_folder(self, params: FolderParams, origin: Origin) -> Future[FolderList]:
        """Stop watching a folder and forget what only it held: of a large folder that takes seconds."""
        if not origin.local:
            raise PathNotAllowedError("Folders can only be removed on the machine that Segue runs on.")
        return self._executor.submit(self._removed, params.path)

    def _removed(self, text: str) -> FolderList:
        folder = _absolute(text)
        watched = self._library.folders()
        # realpath, unlike resolve(), takes a loop of links as it is.
        chosen = next((path for path in (folder, Path(os.path.realpath(folder))) if path in watched), None)
        if chosen is None:
            raise FolderNotFoundError(f"{shown(folder)} is not watched; `segue folders` lists those that are.")
        self._watcher.remove(chosen)
        # Those that a folder around it holds as well are private or not as that one is.
        others = self._library.set_private(chosen, False) if chosen in self._library.private_folders() else []
        self._mirror.refresh([*others, *self._library.remove_folder(chosen)])
        return FolderList(folders=self._watcher.folders())

    def rescan(self, params: RescanParams, origin: Origin) -> Done | Future[Done]:
        """Compare a folder, or all, with the library now."""
        del origin
        if params.path is None:
            self._watcher.rescan(None)
            return Done(detail="Looking through all folders.")
        return self._executor.submit(self._rescanned, params.path)

    def _rescanned(self, text: str) -> Done:
        path = _absolute(text)
        if not any(path.is_relative_to(folder) for folder in self._library.folders()):
            raise FolderNotFoundError(f"{shown(path)} is not below a watched folder.")
        self._watcher.rescan(path)
        return Done(detail=f"Looking through {shown(path)}.")

    def failures(self, params: LimitParams, origin: Origin) -> FailureList:
        """Files that could not be analysed, latest first."""
        del origin
        return FailureList(failures=self._library.failures(params.limit))

    def _found(self, text: str, limit: int) -> TrackList:
        return TrackList(tracks=self._library.tracks(self._library.search(text, limit)))


def _absolute(text: str) -> Path:
    path = Path(found(text))
    if not path.is_absolute() or "\0" in text:
        raise FolderNotFoundError(f"“{text}” is not an absolute path of a folder.")
    return path
