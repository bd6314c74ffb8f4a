"""An import that left tracks waiting is noted, and the shim finishes it; with a real daemon, and a clock of the test's own."""

from __future__ import annotations

import io
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path

import mixxx_tables
import msgspec
import pytest
from mixxx_shim import Shim as Process
from mixxx_tables import BUS, MARKET, execute

from loop import Loop
from segue.client import Client
from segue.errors import DaemonNotRunningError, ProgramBusyError, ProgramError, ProgramSetupError
from segue.protocol.messages import DeckParams
from segue_plugins.mixxx import finishing, importing, setup
from segue_plugins.mixxx import record as records
from segue_plugins.mixxx.__main__ import main
from segue_plugins.mixxx.board import Board
from segue_plugins.mixxx.decks import Deck, Decks
from segue_plugins.mixxx.finishing import Finisher
from segue_plugins.mixxx.record import Unfinished
from segue_plugins.mixxx.settings import SHIM_LOCK, Settings
from segue_plugins.mixxx.shim import Shim
from segue_plugins.one_at_a_time import one_at_a_time
from support import wait_until

TOLD = ["Mixxx's values of 1 more track taken over."]


@pytest.fixture
def mixxx(tmp_path: Path, loop: Loop) -> Iterator[Settings]:
    """A Mixxx that is set up and has both tracks; nothing that a test took over from it stays."""
    place = Settings(tmp_path / "mixxx")
    place.folder.mkdir()
    mixxx_tables.make(place.database)
    for number, name in ((1, BUS), (2, MARKET)):
        execute(place.database, "UPDATE track_locations SET location = ? WHERE id = ?", f"{loop.music}/{name}", number)
    execute(place.database, "UPDATE library SET rating = 2 WHERE id = 2")
    setup.set_up(place)
    yield place
    for name in (BUS, MARKET):
        loop.client.set_values(f"{loop.music}/{name}", clear=("rating",), source="dj")


@pytest.fixture
def unfinished(mixxx: Settings, loop: Loop) -> Unfinished:
    """An import has left one of the tracks waiting."""
    noted = Unfinished(home=loop.status().home, known=1, since=time.time())
    assert records.note(mixxx, noted)
    return noted


@pytest.fixture
def finisher(mixxx: Settings, loop: Loop) -> Finisher:
    """Without its thread, and no deck plays."""
    finisher = Finisher(mixxx, loop.home)
    finisher.hold(plays=False)
    return finisher


def left(place: Settings) -> Unfinished | None:
    record = setup.read(place)
    assert record is not None
    return record.unfinished


def ratings(loop: Loop) -> list[int | None]:
    held = {track.title: track.rating for track in loop.tracks()}
    return [held["Night Bus"], held["Sunday Market"]]


def shared(place: Settings, loop: Loop) -> list[str]:
    return ["--settings", str(place.folder), "--home", str(loop.home)]


@pytest.fixture
def waiting(loop: Loop, music: Path) -> Iterator[Path]:
    """One more file, that the daemon does not get to."""
    loop.client.pause()
    (new,) = loop.bring([next(path for path in sorted(music.iterdir()) if path.name not in {BUS, MARKET})])
    wait_until(lambda: loop.status().tracks.queued == 1, 60, what="the new file")
    yield new
    new.unlink(missing_ok=True)
    wait_until(lambda: not (loop.status().tracks.queued or loop.status().scanning), 60, what="the file to go")
    loop.client.resume()


# The record -----------------------------------------------------------------------------------------------------------


def test_a_record_of_before_is_read(mixxx: Settings) -> None:
    file = mixxx.own / "setup.json"
    content = msgspec.json.decode(file.read_bytes())
    del content["unfinished"]
    file.write_bytes(msgspec.json.encode(content))
    assert left(mixxx) is None
    assert records.note(mixxx, Unfinished(home="/h", known=1, since=1.0))
    assert left(mixxx) == Unfinished(home="/h", known=1, since=1.0)


def test_setup_and_the_note_do_not_undo_each_other(mixxx: Settings, unfinished: Unfinished) -> None:
    before = setup.read(mixxx)
    assert before is not None
    later = msgspec.structs.replace(unfinished, since=unfinished.since + 1)
    assert records.note(mixxx, later)
    records.write(mixxx, msgspec.structs.replace(before, start=True))  # what it has read is older than the note
    assert left(mixxx) == later
    assert not records.strike_out(mixxx, unfinished), "another import was noted meanwhile"
    assert records.strike_out(mixxx, later)
    assert not records.strike_out(mixxx, later)
    after = setup.read(mixxx)
    assert after == msgspec.structs.replace(before, start=True, unfinished=None)


def test_who_writes_waits_for_whoever_writes(mixxx: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = Unfinished(home="/h", known=1, since=1.0)
    writer = threading.Thread(target=records.note, args=(mixxx, noted))
    with one_at_a_time(mixxx.own / "record.lock", "Mixxx"):
        with monkeypatch.context() as patch:
            patch.setattr(records, "_LOCK_SECONDS", 0.0)
            with pytest.raises(ProgramSetupError, match="try again"):
                records.note(mixxx, noted)
        writer.start()
        assert left(mixxx) is None
    writer.join(30)
    assert left(mixxx) == noted


def test_undo_strikes_it_out_and_nothing_is_noted_where_nothing_is_set_up(
    mixxx: Settings, unfinished: Unfinished, finisher: Finisher
) -> None:
    setup.undo(mixxx)
    assert not mixxx.own.exists()
    assert not records.note(mixxx, unfinished)
    finisher.look(0.0)
    assert not mixxx.own.exists()
    setup.set_up(mixxx)
    assert left(mixxx) is None


# What an import says and notes ----------------------------------------------------------------------------------------


def test_what_waits_is_noted_and_told_as_it_will_be(
    mixxx: Settings, loop: Loop, waiting: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(mixxx.database, "UPDATE track_locations SET location = ? WHERE id = 2", str(waiting))
    assert main(["import", *shared(mixxx, loop)]) == 0
    said = capsys.readouterr().out
    assert "1 track to go." in said
    assert "`segue mixxx import --wait` does that" in said, "nobody follows this Mixxx"
    assert "by itself" not in said
    first = left(mixxx)
    assert first is not None
    assert (first.home, first.known) == (loop.status().home, 1)

    with one_at_a_time(mixxx.own / SHIM_LOCK, "Mixxx"):  # as `segue mixxx` holds it
        assert main(["import", *shared(mixxx, loop)]) == 0
    said = capsys.readouterr().out
    assert "Segue takes that over by itself when it has listened to everything." in said
    assert "--wait" not in said
    second = left(mixxx)
    assert second is not None
    assert second.since > first.since

    waiting.unlink()
    wait_until(lambda: not (loop.status().tracks.queued or loop.status().scanning), 60, what="the file to go")
    assert main(["import", *shared(mixxx, loop)]) == 0
    assert left(mixxx) is None, "nothing waits any more"


def test_without_a_setup_nothing_is_noted(
    mixxx: Settings, loop: Loop, waiting: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    setup.undo(mixxx)
    execute(mixxx.database, "UPDATE track_locations SET location = ? WHERE id = 2", str(waiting))
    assert main(["import", *shared(mixxx, loop)]) == 0
    assert "`segue mixxx import --wait` does that" in capsys.readouterr().out
    assert not mixxx.own.exists()


def test_no_import_calls_it_off(
    mixxx: Settings, unfinished: Unfinished, loop: Loop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["setup", "--no-input", *shared(mixxx, loop)]) == 0
    assert left(mixxx) == unfinished, "nobody was asked"
    assert main(["setup", "--no-input", "--no-import", *shared(mixxx, loop)]) == 0
    assert "not taken over by itself any more" in capsys.readouterr().out
    assert left(mixxx) is None
    assert main(["setup", "--no-input", "--no-import", *shared(mixxx, loop)]) == 0
    assert "any more" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("by_itself", "words"), [(True, "taken over by itself"), (False, "`segue mixxx import --wait`")]
)
def test_words_while_segue_looks_through_its_folders(by_itself: bool, words: str) -> None:
    done = importing.Imported(3, 1, 0, 0, 0, None, looking=True)
    assert not done.complete
    assert words in " ".join(done.told(by_itself=by_itself))


# When it is finished --------------------------------------------------------------------------------------------------


def test_it_is_finished_once_nothing_waits_and_no_deck_plays(
    mixxx: Settings, unfinished: Unfinished, finisher: Finisher, loop: Loop, waiting: Path
) -> None:
    finisher.look(0.0)
    assert left(mixxx) == unfinished, "a file waits"
    waiting.unlink()
    wait_until(lambda: not (loop.status().tracks.queued or loop.status().scanning), 60, what="the file to go")

    finisher.hold(plays=True)
    finisher.look(1.0)
    finisher.hold(plays=False)
    deck = DeckParams(deck="other 1", path=f"{loop.music}/{BUS}", playing=True)
    loop.client.update_deck(deck)
    finisher.look(2.0)
    assert (left(mixxx), ratings(loop)) == (unfinished, [None, None]), "a deck plays, seen here or elsewhere"

    loop.client.update_deck(msgspec.structs.replace(deck, path=None, playing=False))
    finisher.look(3.0)
    assert (left(mixxx), ratings(loop)) == (None, [4, 2])
    assert finisher.said() == TOLD
    finisher.look(4.0)
    assert finisher.said() == []


def test_nothing_begins_before_it_is_known_that_no_deck_plays(
    mixxx: Settings, unfinished: Unfinished, loop: Loop
) -> None:
    finisher = Finisher(mixxx, loop.home)
    finisher.look(0.0)
    assert left(mixxx) == unfinished


def test_another_daemon_takes_nothing_over(mixxx: Settings, finisher: Finisher, loop: Loop) -> None:
    elsewhere = Unfinished(home="/elsewhere", known=1, since=1.0)
    records.note(mixxx, elsewhere)
    finisher.look(0.0)
    assert (left(mixxx), ratings(loop)) == (elsewhere, [None, None])


def test_a_deck_that_begins_to_play_stops_it_and_nothing_is_doubled(
    mixxx: Settings, unfinished: Unfinished, finisher: Finisher, loop: Loop, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_over = Client.take_over

    def and_play(client: Client, tracks: list[object]) -> object:
        finisher.hold(plays=True)
        return take_over(client, tracks)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "_AT_ONCE", 1)
    with monkeypatch.context() as patch:
        patch.setattr(Client, "take_over", and_play)
        finisher.look(0.0)
    assert left(mixxx) == unfinished
    assert ratings(loop).count(None) == 1, "one of two pieces was done"
    assert finisher.said() == []
    finisher.hold(plays=False)
    finisher.look(0.1)  # nothing went wrong: it is not put off
    assert (left(mixxx), ratings(loop)) == (None, [4, 2])
    assert finisher.said() == TOLD
    assert [(crate.name, crate.tracks) for crate in loop.client.crates().crates] == [("Mine", 1)]


def test_what_was_noted_meanwhile_is_not_struck_out(
    mixxx: Settings, unfinished: Unfinished, finisher: Finisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = msgspec.structs.replace(unfinished, since=unfinished.since + 1)
    run = importing.run

    def and_note(*arguments: object, **more: object) -> object:
        done = run(*arguments, **more)  # type: ignore[arg-type]
        records.note(mixxx, newer)
        return done

    with monkeypatch.context() as patch:
        patch.setattr(importing, "run", and_note)
        finisher.look(0.0)
    assert (left(mixxx), finisher.said()) == (newer, [])
    finisher.look(0.1)
    assert (left(mixxx), finisher.said()) == (None, TOLD)


def test_a_data_base_that_is_locked_or_away_is_tried_again(
    mixxx: Settings, unfinished: Unfinished, finisher: Finisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_TRIES", 1)
    with closing(sqlite3.connect(mixxx.database, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ProgramBusyError):
            finisher.look(0.0)
    away = mixxx.database.rename(mixxx.folder / "away")
    with pytest.raises(ProgramError):
        finisher.look(1000.0)
    away.rename(mixxx.database)
    assert left(mixxx) == unfinished
    finisher.look(2000.0)
    assert (left(mixxx), finisher.said()) == (None, TOLD)


def test_what_goes_wrong_again_and_again_is_tried_ever_more_seldom(
    mixxx: Settings, unfinished: Unfinished, finisher: Finisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[float] = []
    now = 0.0

    def fails(*_: object, **__: object) -> None:
        tries.append(now)
        raise ProgramBusyError("somebody writes")

    def go_on(until: float) -> None:
        nonlocal now
        while now <= until:
            with suppress(ProgramBusyError):
                finisher.look(now)
            now += 30.0

    with monkeypatch.context() as patch:
        patch.setattr(importing, "run", fails)
        go_on(4 * 3600.0)
        assert tries[:4] == [0.0, 60.0, 180.0, 420.0]
        assert tries[-1] - tries[-2] == 1800.0
        records.note(mixxx, msgspec.structs.replace(unfinished, since=unfinished.since + 1))
        tries.clear()
        began = now
        go_on(now)
        assert tries == [began], "another import is another matter"


def test_a_daemon_that_is_away_is_asked_again(
    mixxx: Settings, unfinished: Unfinished, finisher: Finisher, loop: Loop
) -> None:
    loop.daemon.kill()
    with pytest.raises(DaemonNotRunningError):
        finisher.look(0.0)
    assert left(mixxx) == unfinished
    loop.restart()

    def is_done() -> bool:
        finisher.look(0.0)  # it may look through its folders first
        return left(mixxx) is None

    wait_until(is_done, 90, what="the rest of the import")
    assert finisher.said() == TOLD


# Beside the shim ------------------------------------------------------------------------------------------------------


@pytest.fixture
def hangs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], bool]]:
    """An import that takes for ever; tells whether it has begun."""
    began, let_go = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> None:
        began.set()
        let_go.wait(120)
        raise ProgramBusyError("somebody writes")

    monkeypatch.setattr(importing, "run", hang)
    monkeypatch.setattr(finishing, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(finishing, "LOOK_SECONDS", 0.05)
    yield began.is_set
    let_go.set()


def test_an_import_that_hangs_holds_up_nobody(
    mixxx: Settings, unfinished: Unfinished, loop: Loop, hangs: Callable[[], bool]
) -> None:
    record = setup.read(mixxx)
    assert record is not None
    said = io.StringIO()
    with Finisher(mixxx, loop.home) as finisher:
        shim = Shim(loop.client, mixxx, record, Board(said), finisher)

        def has_begun() -> bool:
            shim.step()
            return hangs()

        wait_until(has_begun, 60, what="the import")
        for _ in range(20):  # it hangs all the while
            shim.step()
    assert "Mixxx is not open" in said.getvalue()
    assert left(mixxx) == unfinished, "and the end did not wait for it"


def test_the_shim_tells_whether_a_deck_plays(mixxx: Settings, loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[bool] = []
    monkeypatch.setattr(Finisher, "hold", lambda _, *, plays: held.append(plays))
    record = setup.read(mixxx)
    assert record is not None
    shim = Shim(loop.client, mixxx, record, Board(io.StringIO()), Finisher(mixxx, loop.home))
    stopped = Deck("mixxx 1", f"{loop.music}/{BUS}")
    for decks in ([], [stopped], [stopped, Deck("mixxx 2", None, playing=True)], [stopped]):
        with monkeypatch.context() as patch:
            patch.setattr(Decks, "decks", lambda *_, decks=decks: decks)
            shim.step()
    shim.step()  # without decks, for the daemon
    assert held == [False, False, True, False, False]


def test_the_shim_finishes_it_and_says_so(mixxx: Settings, unfinished: Unfinished, loop: Loop) -> None:
    class Profile:
        folder = mixxx.folder

    shim = Process(loop.home, Profile())  # type: ignore[arg-type]
    shim.start()
    try:
        wait_until(lambda: shim.says(TOLD[0]), 120, what="its words")
    finally:
        assert shim.stop() == 0
    assert (left(mixxx), ratings(loop)) == (None, [4, 2])
    assert shim.log.read_text().count("taken over") == 1
