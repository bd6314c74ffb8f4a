"""Whom the library believes: exact tempi behind whole numbers, our own echo, and what is doubtful."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from library_support import analysis, probe
from segue.analysis.result import Key, Tempo
from segue.errors import InvalidParamsError, TrackNotFoundError
from segue.library.files import FileStat
from segue.library.rescue import rescue
from segue.library.store import Library


def heard(name: str, bpm: float | None, sure: float, key: str = "A minor", key_sure: float = 0.9):
    return replace(
        analysis(name), tempo=Tempo(bpm, sure, (62.0,)), key=Key(key, "8A", key_sure, ("C major",)), energy=6.5
    )


def doubts_of(library: Library, track: int) -> list[tuple[str, str]]:
    return [(doubt.about, doubt.kind) for doubt in library.track(track).doubts]


@pytest.mark.parametrize(
    ("written", "rounded", "ours", "sure", "held"),
    [
        (174.0, True, 174.02, 0.9, 174.02),  # the file says 174.5 at the most
        (174.0, True, 173.51, 0.9, 173.51),
        (174.0, True, 174.02, 0.4, 174.0),  # a guess is no better than a rounded number
        (174.0, True, 174.6, 0.9, 174.0),
        (174.0, True, 87.01, 0.9, 174.02),  # the octave is the file's word
        (87.0, True, 174.04, 0.9, 87.02),
        (174.0, False, 174.02, 0.9, 174.0),  # it says 174.00
        (174.01, False, 174.02, 0.9, 174.01),
    ],
)
def test_the_exact_tempo_behind_a_whole_number(
    library: Library, written: float, rounded: bool, ours: float, sure: float, held: float
) -> None:
    track = library.store("/m/x.mp3", probe("x", bpm=written, bpm_rounded=rounded), heard("x", ours, sure))
    told = library.track(track)
    assert told.bpm == pytest.approx(held)
    assert (told.sources["bpm"][0].source, told.sources["bpm"][0].value) == ("file", written)
    assert told.bpm_confidence == 1.0
    library.set_value(track, "energy", 3.0, "user")  # settled again, without the file's tags at hand
    assert library.track(track).bpm == pytest.approx(held)


def test_the_word_of_a_user_is_never_touched(library: Library) -> None:
    track = library.store("/m/x.mp3", probe("x"), heard("x", 174.02, 0.9))
    for source in ("dj", "user"):
        library.set_value(track, "bpm", 174, source)
        assert library.track(track).bpm == 174.0


def test_energy_has_sources_too(library: Library) -> None:
    track = library.store("/m/x.mp3", probe("x", energy=8.0), heard("x", 124.0, 0.9))
    told = library.track(track)
    assert (told.energy, [value.source for value in told.sources["energy"]]) == (8.0, ["file", "segue"])
    assert library.columns().energy[0] == 8.0


def test_what_was_set_can_be_taken_back(library: Library) -> None:
    track = library.store("/m/x.mp3", probe("x", bpm=120.0), heard("x", 124.0, 0.9))
    library.set_values(track, {"bpm": 60.0, "key": "D minor"}, "user")
    library.set_values(track, {"energy": 9.0}, "user", clear=["bpm"])
    told = library.track(track)
    assert (told.bpm, told.key, told.open_key, told.energy) == (120.0, "D minor", "12m", 9.0)


def test_all_is_set_or_nothing(library: Library) -> None:
    track = library.store("/m/x.mp3", probe("x"), heard("x", 124.0, 0.9))
    with pytest.raises(InvalidParamsError):
        library.set_values(track, {"bpm": 60.0, "key": "H# minor"}, "user")
    assert library.track(track).bpm == 124.0
    with pytest.raises(TrackNotFoundError):
        library.set_values(99, {"bpm": 60.0}, "user")


def test_what_we_wrote_into_a_file_does_not_come_back_as_its_own_word(library: Library) -> None:
    track = library.store("/m/x.mp3", probe("x"), heard("x", 124.017, 0.9))
    tagged = probe("x", bpm=124.02, key="A minor", energy=7.0)
    library.enqueue("/m/x.mp3", 1, 1)
    assert library.wrote_tags("/m/x.mp3", FileStat("/m/x.mp3", 2, 2), tagged, {"bpm": 0.9, "key": 0.9}) == track
    told = library.track(track)
    assert (told.bpm, [value.source for value in told.sources["bpm"]]) == (124.017, ["segue", "file"])
    assert told.sources["energy"][0].source == "file"

    library.store("/m/x.mp3", tagged, heard("x", 124.5, 0.9))  # a better analysis, and the file as it was
    assert library.track(track).bpm == 124.5
    library.attach("/m/x.mp3", probe("x", bpm=125.0, key="A minor"))  # somebody else has written since
    assert library.track(track).bpm == 125.0


def test_a_file_that_holds_something_else_meanwhile_is_left_to_the_next_scan(library: Library) -> None:
    library.store("/m/x.mp3", probe("x"), heard("x", 124.0, 0.9))
    assert library.wrote_tags("/m/x.mp3", FileStat("/m/x.mp3", 2, 2), probe("y"), {}) is None
    assert library.wrote_tags("/m/z.mp3", FileStat("/m/z.mp3", 2, 2), probe("x"), {}) is None


@pytest.mark.parametrize(
    ("tags", "ours", "found"),
    [
        ({"bpm": 87.0}, heard("x", 174.02, 0.9), [("bpm", "half-double")]),
        ({"bpm": 696.0}, heard("x", 174.02, 0.9), [("bpm", "half-double")]),
        ({"bpm": 120.0}, heard("x", 174.02, 0.9), [("bpm", "tempo")]),
        ({"bpm": 173.0}, heard("x", 174.02, 0.9), []),
        ({"key": "C major"}, heard("x", 124.0, 0.9), [("key", "key")]),
        ({"energy": 3.5}, heard("x", 124.0, 0.9), [("energy", "energy")]),
        ({"energy": 5.0}, heard("x", 124.0, 0.9), []),
        ({}, heard("x", 124.0, 0.4), [("bpm", "unsure")]),
        ({}, heard("x", 124.0, 0.9, key_sure=0.2), [("key", "unsure")]),
        ({}, heard("x", None, 0.0), [("bpm", "unknown")]),
        ({"bpm": 124.0}, heard("x", None, 0.0), []),
        ({"bpm": 62.0, "key": "D minor", "energy": 1.0}, heard("x", 124.0, 0.1),
         [("bpm", "half-double"), ("key", "key"), ("energy", "energy")]),
    ],
)  # fmt: skip
def test_doubts(library: Library, tags: dict[str, object], ours: object, found: list[tuple[str, str]]) -> None:
    track = library.store("/m/x.mp3", probe("x", **tags), ours)
    assert doubts_of(library, track) == found
    assert library.doubtful() == ([track] if found else [])
    for name in ("bpm", "key", "energy"):
        assert library.doubtful([name]) == ([track] if name in {about for about, _ in found} else [])
    library.set_values(track, {"bpm": 124.0, "key": "A minor", "energy": 5.0}, "user")
    assert doubts_of(library, track) == []
    assert library.doubtful() == []


def test_a_doubt_in_words_and_numbers(library: Library) -> None:
    track = library.store("/m/x.mp3", probe("x", bpm=87.0, key="E minor"), heard("x", 174.02, 0.9))
    tempo, key = library.doubts([track])[track]
    assert tempo.text == "tempo: the file says 87, Segue hears 174.02, double time"
    assert (tempo.held, tempo.held_source, tempo.other_source, tempo.distance) == (87.0, "file", "segue", 2.0002)
    assert key.text == "key: the file says 9A (E minor), Segue hears 8A (A minor), one step on the wheel"
    assert key.distance == 1


def test_tempi_come_first_and_missing_tracks_do_not_come(library: Library) -> None:
    names = {
        "energy": probe("energy", energy=1.0),
        "key": probe("key", key="C major"),
        "fine": probe("fine"),
        "bpm": probe("bpm", bpm=62.0),
        "gone": probe("gone", bpm=62.0),
    }
    tracks = {name: library.store(f"/m/{name}.mp3", tags, heard(name, 124.0, 0.9)) for name, tags in names.items()}
    library.mark_missing(["/m/gone.mp3"])
    assert library.doubtful() == [tracks["bpm"], tracks["key"], tracks["energy"]]


def test_a_rescue_keeps_who_said_what_and_how(library: Library, library_file: Path, tmp_path: Path) -> None:
    track = library.store("/m/x.mp3", probe("x", bpm=174.0, bpm_rounded=True, energy=7.0), heard("x", 174.02, 0.9))
    library.wrote_tags(
        "/m/x.mp3", FileStat("/m/x.mp3", 2, 2), probe("x", bpm=174.0, bpm_rounded=True, key="A minor"), {"key": 0.9}
    )
    library.set_values(track, {"energy": 3.0}, "user")
    library.set_values(track, {"key": "D minor"}, "dj")
    before = library.track(track)
    library.close()
    rescue(library_file, tmp_path / "fresh.db")
    fresh = Library(tmp_path / "fresh.db")
    after = fresh.track(track)
    assert (after.bpm, after.key, after.energy) == (174.02, "D minor", 3.0)
    assert after.sources == before.sources
    fresh.set_values(track, {}, "dj", clear=["key"])
    assert fresh.track(track).sources["key"][0].source == "segue"  # what was written of ours ranks last, still
    fresh.close()
