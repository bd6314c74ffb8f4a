"""Crates and promoted tracks, as a client asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe
from segue.errors import CrateNotFoundError, InvalidParamsError, PathNotAllowedError, SetFileError, TrackNotFoundError
from segue.index.vectors import VectorIndex
from segue.library.store import Library
from segue.protocol.messages import (
    AddFolderParams,
    CrateNameParams,
    CrateParams,
    FolderParams,
    Nothing,
    PromoteParams,
    SetCrateParams,
)
from segue.recommend.catalogue import Catalogue
from segue.server.handlers.collection import CollectionHandlers
from segue.server.handlers.library import LibraryHandlers
from segue.server.handlers.references import References
from segue.server.mirror import Mirror
from segue.server.router import Origin
from segue.watch.watcher import Watcher

LOCAL, REMOTE = Origin("test", local=True), Origin("test", local=False)


class Bench:
    """Both handlers over a library of five tracks in a folder."""

    def __init__(self, folder: Path, executor: ThreadPoolExecutor) -> None:
        self.music = folder / "music"
        self.music.mkdir()
        self.library = Library(folder / "library.db")
        self.library.set_model(MODEL, LABELS, DIM)
        self.library.add_folder(self.music)
        for name in "abcde":
            path = self.music / f"{name}.mp3"
            path.write_bytes(b"")
            self.library.store(str(path), probe(name, title=f"Title {name}", artist="X"), analysis(name))
        self.catalogue = Catalogue(self.library.columns())
        index = VectorIndex(folder / "index", dim=DIM, model=MODEL)
        mirror = Mirror(self.library, self.catalogue, index, lambda *_: None)
        watcher = Watcher(self.library, on_queued=lambda _: None, on_changed=mirror.refresh, on_folder=lambda: None)
        self.folders = LibraryHandlers(self.library, watcher, mirror, executor)
        self.crates = CollectionHandlers(
            self.library, References(self.library, executor), mirror, executor, ThreadPoolExecutor(1)
        )

    def suggestable(self) -> int:
        return int(self.catalogue.snapshot().suggestable.sum())

    def set(self, **said: Any) -> Any:
        return answer(self.crates.set_crate(SetCrateParams(**said), LOCAL))

    def held(self, name: str) -> list[str]:
        return [track.title[-1] for track in answer(self.crates.crate(CrateParams(name=name), LOCAL)).tracks]


def answer(given: Any) -> Any:
    return given.result(10) if isinstance(given, Future) else given


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with ThreadPoolExecutor(1) as executor:
        made = Bench(tmp_path, executor)
        yield made
        made.crates._one_by_one.shutdown()
        made.library.close()


def test_a_crate_of_tracks(bench: Bench) -> None:
    change = bench.set(name="Friday", tracks=["#2", str(bench.music / "a.mp3"), "title c", "nothing like it"])
    assert [(crate.name, crate.source, crate.tracks) for crate in change.crates] == [("Friday", "user", 3)]
    assert (change.entries, change.matched, change.unmatched) == (4, 3, ["nothing like it"])
    bench.set(name="friday", tracks=["#5"], add=True)
    assert bench.held("FRIDAY") == ["b", "a", "c", "e"]
    bench.set(name="Friday", tracks=["#1"], take_out=True)
    assert bench.held("Friday") == ["b", "c", "e"]
    assert [crate.tracks for crate in answer(bench.crates.crates(Nothing(), LOCAL)).crates] == [3]
    assert answer(bench.crates.remove_crate(CrateNameParams(name="Friday"), LOCAL)).crates == []
    with pytest.raises(CrateNotFoundError):
        bench.held("Friday")


def test_a_crate_that_a_program_keeps_beside_the_users(bench: Bench) -> None:
    bench.set(name="Friday", tracks=["#1"])
    change = bench.set(name="Friday", tracks=["#2", "#3"], source="mixxx")
    assert [(crate.name, crate.source, crate.tracks) for crate in change.crates] == [("Friday", "mixxx", 2)]
    bench.set(name="Friday", tracks=["#3"], source="mixxx")
    assert set(bench.held("Friday")) == {"a", "c"}
    bench.set(name="friday", source="mixxx")
    assert bench.held("Friday") == ["a"]
    bench.set(name="Saturday", tracks=["#3"], source="mixxx")
    bench.set(name="Saturday", source="mixxx")
    with pytest.raises(CrateNotFoundError):
        bench.held("Saturday")


def test_a_crate_of_a_playlist(bench: Bench, tmp_path: Path) -> None:
    playlist = tmp_path / "friday.m3u8"
    playlist.write_text("#EXTM3U\nmusic/c.mp3\nmusic/a.mp3\nmusic/gone.mp3\n")
    change = bench.set(name="Friday", playlist=str(playlist))
    assert (change.entries, change.matched, change.unmatched) == (3, 2, ["gone.mp3"])
    assert bench.held("Friday") == ["c", "a"]
    change = bench.set(playlist=str(playlist))
    assert [(crate.name, crate.source != "user") for crate in change.crates] == [("friday", True)]
    playlist.write_text("#EXTM3U\nmusic/c.mp3\nmusic/d.mp3\n")
    bench.set(playlist=str(playlist))
    bench.set(name="Other", playlist=str(playlist), add=True)
    bench.crates.remove_crate(CrateNameParams(name="nothing"), LOCAL).exception(10)
    assert bench.held("other") == ["c", "d"]
    assert set(bench.held("friday")) == {"a", "c", "d"}  # the user's crate and the file's


def test_a_playlist_with_a_strange_name_does_not_cost_the_others(bench: Bench, tmp_path: Path) -> None:
    nodes = "".join(f'<NODE Type="1" Name="{name}"><TRACK Key="1"/></NODE>' for name in ("Good", "x" * 201, "\u0301"))
    track = f'<TRACK TrackID="1" Location="file://localhost{bench.music}/a.mp3"/>'
    (tmp_path / "c.xml").write_text(
        f"<DJ_PLAYLISTS><COLLECTION>{track}</COLLECTION><PLAYLISTS>{nodes}</PLAYLISTS></DJ_PLAYLISTS>", "utf-8"
    )
    change = bench.set(playlist=str(tmp_path / "c.xml"))
    assert sorted(crate.name for crate in change.crates) == ["Good", "c", "x" * 200]
    assert "cut" in change.notes[0]


def test_a_crate_is_not_changed_by_what_is_not_understood(bench: Bench, tmp_path: Path) -> None:
    bench.set(name="Friday", tracks=["#1"])
    (tmp_path / "empty.m3u").write_text("")
    (tmp_path / "strange.m3u").write_text("elsewhere/x.mp3\n")
    for said, error in (
        ({"name": "Friday", "tracks": ["nothing like it"]}, TrackNotFoundError),
        ({"name": "Friday", "playlist": str(tmp_path / "strange.m3u")}, TrackNotFoundError),
        ({"name": "Friday", "playlist": str(tmp_path / "empty.m3u")}, SetFileError),
        ({"name": "Friday"}, InvalidParamsError),
        ({"name": "Friday", "source": "mixxx", "add": True}, InvalidParamsError),
        ({"source": "mixxx"}, InvalidParamsError),
        ({"tracks": ["#1"]}, InvalidParamsError),
        ({"name": "Friday", "playlist": "friday.m3u"}, InvalidParamsError),
        ({"name": "Friday", "tracks": ["#1"], "playlist": "/x.m3u"}, InvalidParamsError),
        ({"name": "Friday", "tracks": ["#1"], "add": True, "take_out": True}, InvalidParamsError),
        ({"name": "\0", "tracks": ["#1"]}, InvalidParamsError),
    ):
        with pytest.raises(error):
            bench.set(**said)
    assert bench.held("Friday") == ["a"]
    with pytest.raises(PathNotAllowedError):
        bench.crates.set_crate(SetCrateParams(name="x", playlist="/x.m3u"), REMOTE)


def test_a_private_folder_and_a_promoted_track(bench: Bench) -> None:
    path = str(bench.music)

    def add(private: bool | None) -> list[bool]:
        listed = answer(bench.folders.add_folder(AddFolderParams(path=path, private=private), LOCAL))
        return [folder.private for folder in listed.folders]

    assert (add(True), bench.suggestable()) == ([True], 0)
    assert (add(None), bench.suggestable()) == ([True], 0)
    promoted = answer(bench.crates.promote(PromoteParams(track="title b"), LOCAL))
    assert (promoted.promoted, bench.suggestable()) == (True, 1)
    answer(bench.crates.promote(PromoteParams(track="#2", promoted=False), LOCAL))
    assert bench.suggestable() == 0
    assert (add(False), bench.suggestable()) == ([False], 5)
    with pytest.raises(InvalidParamsError, match="“Title b” is not private"):
        answer(bench.crates.promote(PromoteParams(track="#2"), LOCAL))


def test_what_a_public_folder_holds_too_is_public_when_the_private_one_goes(bench: Bench) -> None:
    inner = bench.music / "bounces"
    inner.mkdir()
    (inner / "f.mp3").write_bytes(b"")
    bench.library.store(str(inner / "f.mp3"), probe("f", title="Title f"), analysis("f"))
    answer(bench.folders.add_folder(AddFolderParams(path=str(inner), private=True), LOCAL))
    assert bench.suggestable() == 5
    answer(bench.folders.remove_folder(FolderParams(path=str(inner)), LOCAL))
    assert bench.suggestable() == 6
