"""Wishes: what holds, who hears of it, and that it outlives the daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from library_support import wait_until
from segue.errors import InvalidParamsError
from segue.library.store import Library
from segue.protocol.messages import Filters, Wishes, WishParams
from segue.server.wishing import SETTING, Wishing

HOUSE = Filters(genres=["house"], bpm_from=120.0)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    opened = Library(tmp_path / "library.db")
    yield opened
    opened.close()


@pytest.fixture
def make(library: Library) -> Iterator[Callable[[], tuple[Wishing, list]]]:
    with ThreadPoolExecutor(1) as executor:

        def make() -> tuple[Wishing, list]:
            events: list = []
            return Wishing(library, lambda name, data: events.append((name, data)), executor), events

        yield make


def test_what_is_not_named_stays_and_all_of_it_is_published(make: Callable[[], tuple[Wishing, list]]) -> None:
    wishing, events = make()
    assert wishing.now == Wishes()
    wishing.wish(WishParams(lane="lift", filters=HOUSE))
    assert wishing.wish(WishParams(preset="peak")) == Wishes(lane="lift", filters=HOUSE, preset="peak")
    assert wishing.wish(WishParams(lane="best", filters=Filters())) == Wishes(preset="peak") == wishing.now
    wishing.wish(WishParams(lane="best"))  # that is so already
    assert wishing.wish(WishParams(preset="")) == Wishes()
    assert [name for name, _ in events] == ["wishes.changed"] * 4
    assert [(data["lane"], data["filters"]["genres"], data["preset"]) for _, data in events] == [
        ("lift", ["house"], None),
        ("lift", ["house"], "peak"),
        ("best", [], "peak"),
        ("best", [], None),
    ]


def test_they_outlive_a_restart_and_can_be_cleared(library: Library, make: Callable[[], tuple[Wishing, list]]) -> None:
    make()[0].wish(WishParams(lane="ease", filters=HOUSE, preset="warm-up"))
    wait_until(lambda: library.setting(SETTING) is not None)
    again, _ = make()
    assert again.now == Wishes(lane="ease", filters=HOUSE, preset="warm-up")
    assert again.wish(WishParams(lane="turn", clear=True)) == Wishes(lane="turn")
    again.wish(WishParams(clear=True))
    wait_until(lambda: library.setting(SETTING) is None)


def test_nobody_waits_for_a_long_write(library: Library, make: Callable[[], tuple[Wishing, list]]) -> None:
    wishing, _ = make()
    with library._database.writing():
        assert wishing.wish(WishParams(lane="lift")).lane == "lift"
    wait_until(lambda: library.setting(SETTING) is not None)


@pytest.mark.parametrize("kept", [b'{"lane":"sideways"}', b'{"preset":"of another time"}'])
def test_what_another_version_kept_does_no_harm(
    library: Library, make: Callable[[], tuple[Wishing, list]], kept: bytes
) -> None:
    library.settle(SETTING, kept)
    assert make()[0].now == Wishes()


def test_a_preset_that_there_is_not_is_refused(make: Callable[[], tuple[Wishing, list]]) -> None:
    wishing, events = make()
    with pytest.raises(InvalidParamsError, match="no preset"):
        wishing.wish(WishParams(lane="lift", preset="nonsense"))
    assert (wishing.now, events) == (Wishes(), [])
