"""`segue wish`: options in, words out."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import pytest
from click.testing import CliRunner, Result

import segue.client
from segue.cli.main import main
from segue.cli.wish import in_words
from segue.library.store import Library
from segue.protocol.messages import Filters, Wished, Wishes, WishParams
from segue.server.wishing import Wishing

TRACKS = 12
YEAR_OF_NOTHING = 1901


@pytest.fixture(autouse=True)
def wishing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    library, executor = Library(tmp_path / "library.db"), ThreadPoolExecutor(1)
    found = Wishing(library, lambda *_: None, executor)

    class Direct:
        """Answers as a client would."""

        is_empty = False

        def __init__(self, home: object) -> None:
            del home

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def wishes(self) -> Wishes:
            return found.now

        def wish(self, *, lane: Any, filters: Any, preset: str | None, clear: bool) -> Wished:
            said = None if filters is None else Filters(**filters)
            holds = found.wish(WishParams(lane=lane, filters=said, preset=preset, clear=clear))
            tracks = 0 if self.is_empty or holds.filters.year_from == YEAR_OF_NOTHING else TRACKS
            return Wished(lane=holds.lane, filters=holds.filters, preset=holds.preset, tracks=tracks)

    monkeypatch.setattr(segue.client, "Client", Direct)
    yield found
    executor.shutdown()
    library.close()


def wish(*words: str) -> Result:
    return CliRunner().invoke(main, ["wish", *words], catch_exceptions=False)


def test_it_says_what_holds() -> None:
    assert "Nothing is wished for" in wish().output
    said = wish(
        "--lane", "lift", "--crate", "Warm-up", "--genre", "house", "--bpm", "120-128", "--preset", "peak"
    ).output
    assert said == wish().output == "lift, crate Warm-up, genre house, 120 to 128 BPM, preset peak\n"


def test_filters_replace_filters_and_the_rest_stays() -> None:
    wish("--lane", "lift", "--genre", "house", "--preset", "peak")
    assert wish("--stars", "4").output == "lift, 4 stars or more, preset peak\n"
    assert wish("--preset", "none").output == "lift, 4 stars or more\n"
    assert wish("--clear", "--lane", "ease").output == "ease\n"
    assert "Nothing is wished for" in wish("--clear").output


def test_json_is_the_answer() -> None:
    answer = json.loads(wish("--lane", "turn", "--year", "1990-", "--json").output)
    assert answer["tracks"] == TRACKS
    assert (answer["lane"], answer["filters"]["year_from"], answer["filters"]["year_to"]) == ("turn", 1990, None)


def test_it_says_when_no_track_meets_it() -> None:
    assert "No track" not in wish("--year", "1990-").output
    result = wish("--year", f"{YEAR_OF_NOTHING}-")
    assert "No track meets all of this yet" in result.stderr
    assert result.stdout == f"from {YEAR_OF_NOTHING}\n"


def test_an_empty_library_is_no_fault_of_a_wish_without_filters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segue.client.Client, "is_empty", True)
    assert wish("--lane", "lift").stderr == wish("--clear").stderr == ""
    assert "No track meets" in wish("--stars", "4").stderr


def test_ranges_in_words() -> None:
    wishes = Wishes(
        filters=Filters(bpm_to=120.0, energy_from=7.0, energy_to=7.0, year_from=2001, tags=["loud", "slow"])
    )
    assert in_words(wishes) == "tag loud, tag slow, up to 120 BPM, energy 7, from 2001"
