"""What is put behind the Auto DJ queue, and when nothing is; the answers of the daemon are made up, the data base is one of Mixxx's layout."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import mixxx_tables
import pytest
from mixxx_tables import execute

from segue.errors import DaemonNotRunningError, TrackNotFoundError
from segue.protocol.messages import Deck, DeckList, Filters, Mix, Seed, Suggestion, Suggestions, Wishes
from segue_plugins.mixxx import autodj, filters
from segue_plugins.mixxx.autodj import Feeder, Wish
from segue_plugins.mixxx.database import Database
from segue_plugins.mixxx.voice import Voice

ARTISTS = {4: "Ada", 5: "Ada", 6: "Bo", 7: "Bo", 8: "Cy", 9: "Di"}


def path(number: int) -> str:
    return f"/music/{number}.flac"


class Daemon:
    """Suggests the tracks 4 to 9 in their order, whatever the seed; an odd one does not mix with an odd one."""

    def __init__(self) -> None:
        self.seeds: list[str] = []
        self.on_decks: list[Deck] = []
        self.asked: dict[str, Any] = {}
        self.unknown: set[str] = set()
        self.is_there = True
        self.fits: dict[str, set[int]] = {}
        """Tracks of a lane that has not all of them, or of what was asked for with filters."""

    def decks(self) -> DeckList:
        if not self.is_there:
            raise DaemonNotRunningError("Segue is not running.")
        return DeckList(decks=self.on_decks)

    def wishes(self) -> Wishes:
        return Wishes(lane="lift", preset="peak")

    def next(self, seed: str, limit: int, **asked: Any) -> Suggestions:
        if seed in self.unknown:
            raise TrackNotFoundError("no such track")
        self.seeds.append(seed)
        self.asked = asked
        fits = self.fits.get(asked["lane"], set(ARTISTS))
        if asked["filters"] != Filters():
            fits = fits & self.fits.get("filters", fits)
        number = int(Path(seed).stem) if Path(seed).stem.isdigit() else 0
        made = Seed(
            id=1,
            path=seed,
            title=Path(seed).stem,
            artist=ARTISTS.get(number),
            bpm=None,
            camelot=None,
            energy=None,
            duration=None,
            tags=[],
        )
        return Suggestions(
            seed=made,
            suggestions=[self.suggestion(one, number) for one in ARTISTS if one != number and one in fits][:limit],
        )

    @staticmethod
    def suggestion(number: int, seed: int) -> Suggestion:
        return Suggestion(
            id=number, path=path(number), title=str(number), artist=ARTISTS[number], bpm=None, camelot=None, energy=None,
            duration=None, similarity=0.5, score=0.5, tags_in_common=[], why="it fits",
            mix=Mix(mixes=number % 2 == 0 or seed % 2 == 0),
        )  # fmt: skip


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """Tracks 1 and 2, and 4 to 9 that are suggested; nobody has played anything."""
    mixxx_tables.make(tmp_path / "mixxxdb.sqlite")
    for number, artist in ARTISTS.items():
        execute(tmp_path / "mixxxdb.sqlite", "INSERT INTO track_locations VALUES(?, ?, 0)", number, path(number))
        execute(
            tmp_path / "mixxxdb.sqlite",
            "INSERT INTO library(id, artist, title, location, mixxx_deleted) VALUES(?, ?, ?, ?, 0)",
            *(number, artist, str(number), number),
        )
    execute(tmp_path / "mixxxdb.sqlite", "DELETE FROM PlaylistTracks")
    return Database(tmp_path / "mixxxdb.sqlite")


def queue(database: Database) -> list[int]:
    return [entry.id for entry in database.auto_dj()]


def take(database: Database, *tracks: int) -> None:
    """Mixxx, or the user, takes tracks out of the queue."""
    for track in tracks:
        execute(database.path, "DELETE FROM PlaylistTracks WHERE playlist_id = 1 AND track_id = ?", track)


def feeder(daemon: Daemon, database: Database, wish: Wish | None = None) -> Feeder:
    return Feeder(daemon, database, wish or Wish(), Voice())  # type: ignore[arg-type]


def test_one_after_the_other_by_others_and_only_what_mixes(database: Database) -> None:
    daemon = Daemon()
    database.append_auto_dj([1])
    feeder(daemon, database, Wish(ahead=5)).step()
    # 5 is by the artist of 4; 6 mixes, 7 is by its artist, 8 by another one; then 9, who was not heard yet.
    assert queue(database) == [1, 4, 6, 8, 9]
    assert daemon.seeds == ["/music/a.flac", path(4), path(6), path(8)]
    assert daemon.asked == {"lane": "lift", "filters": Filters(), "preset": "peak"}


def test_what_was_heard_or_is_on_a_deck_is_left_out(database: Database) -> None:
    daemon = Daemon()
    daemon.on_decks = [Deck(deck="mixxx 1", path=path(4), playing=True), Deck(deck="mixxx 2", path=path(6))]
    execute(database.path, "INSERT INTO PlaylistTracks(playlist_id, track_id, position) VALUES(2, 8, 1)")
    feeder(daemon, database, Wish(ahead=2, lane="stay", filters=Filters(rating=3))).step()
    assert daemon.seeds[0] == path(4), "after what plays"
    assert queue(database) == [7, 5], "nothing is left that mixes and is by another artist"
    assert (daemon.asked["lane"], daemon.asked["filters"]) == ("stay", Filters(rating=3))


def test_a_track_that_was_played_or_taken_out_does_not_come_again(database: Database) -> None:
    database.append_auto_dj([1])
    feeding = feeder(Daemon(), database)
    feeding.step()
    assert queue(database) == [1, 4, 6]
    take(database, 1)
    feeding.step()
    assert queue(database) == [4, 6, 8]
    take(database, 6)
    for _ in range(3):
        feeding.step()
    assert 6 not in queue(database)
    take(database, 4)
    feeding.step()
    assert not {4, 6} & set(queue(database))


def test_a_queue_that_the_user_empties_stays_empty_until_he_fills_it(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    database.append_auto_dj([1])
    feeding = feeder(Daemon(), database)
    feeding.step()
    take(database, *queue(database))
    for _ in range(3):
        feeding.step()
    assert queue(database) == []
    assert capsys.readouterr().out.count("The queue was emptied") == 1
    database.append_auto_dj([2])
    feeding.step()
    assert queue(database)[0] == 2
    assert len(queue(database)) == 3


def test_a_queue_that_was_played_to_its_end_goes_on(database: Database) -> None:
    daemon = Daemon()
    database.append_auto_dj([1])
    feeding = feeder(daemon, database, Wish(ahead=2))
    feeding.step()
    daemon.is_there = False
    for track in (1, 4):
        take(database, track)
        feeding.step()
    execute(database.path, "INSERT INTO PlaylistTracks(playlist_id, track_id, position) VALUES(2, 1, 1), (2, 4, 2)")
    daemon.is_there = True
    feeding.step()
    assert len(queue(database)) == 2


def test_the_last_track_that_is_taken_out_and_not_heard(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(autodj.time, "monotonic", lambda: now)
    daemon = Daemon()
    daemon.is_there = False
    database.append_auto_dj([1])
    feeding = feeder(daemon, database)
    feeding.step()
    daemon.is_there = True
    take(database, 1)
    for now in (1.0, 5.0, 9.1, 20.0):  # noqa: B007 - the clock
        feeding.step()
        assert queue(database) == []


def test_a_track_that_segue_does_not_have_is_passed_over_as_a_seed(database: Database) -> None:
    daemon = Daemon()
    daemon.unknown = {"/music/b.flac"}
    database.append_auto_dj([1, 2])
    feeder(daemon, database).step()
    assert daemon.seeds == ["/music/a.flac"]
    assert queue(database) == [1, 2, 4]
    execute(database.path, "DELETE FROM PlaylistTracks")
    assert queue(database) == []
    feeder(daemon, database).step()
    assert queue(database) == [], "after nothing comes nothing"


def test_rather_another_lane_or_no_filters_than_silence(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    daemon = Daemon()
    daemon.fits = {"stay": {4}, "filters": {4, 6}}
    database.append_auto_dj([1])
    feeding = feeder(daemon, database, Wish(ahead=8, lane="stay", filters=Filters(rating=3)))
    for _ in range(3):
        feeding.step()
    assert queue(database)[:3] == [1, 4, 6]
    assert set(queue(database)[3:]) == {5, 7, 8, 9}
    said = capsys.readouterr().out
    assert said.count("Nothing new is left in the lane stay: the best of all others comes") == 1
    assert (
        said.count(
            "Nothing new is left in the lane stay and the filters (stars 3 or more): the best of all others comes"
        )
        == 1
    )
    assert said.count("Nothing is left that was not played, queued or taken out") == 1


def test_without_anything_to_go_on_from_it_says_so(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    feeder(Daemon(), database).step()
    assert "load a track, and Segue goes on from it" in capsys.readouterr().out


def test_options() -> None:
    parser = argparse.ArgumentParser()
    autodj.add_options(parser)
    given = parser.parse_args(
        [
            "--ahead",
            "4",
            "--bpm",
            "120-128",
            "--energy",
            "5-",
            "--year",
            "1999",
            "--crate",
            "A",
            "--crate",
            "B",
            "--stars",
            "3",
        ]
    )
    assert given.ahead == 4
    assert filters.filters_of(given) == Filters(
        crates=["A", "B"], bpm_from=120.0, bpm_to=128.0, energy_from=5.0, year_from=1999, year_to=1999, rating=3
    )
    assert (
        filters.told(filters.filters_of(given))
        == "crate A or B, stars 3 or more, BPM 120-128, energy 5-, year 1999-1999"
    )
    assert filters.filters_of(parser.parse_args([])) is None
    for wrong in ("--ahead 1", "--ahead x", "--bpm 128-120", "--bpm x", "--year 19.5", "--energy 0-5"):
        with pytest.raises(SystemExit):
            parser.parse_args(wrong.split())
