"""Searching and resolving, also what nobody should type."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from library_support import analysis, probe
from segue.errors import DamagedAudioError, TrackNotFoundError, TrackNotReadyError
from segue.library.store import Library


@pytest.fixture
def songs(library: Library) -> dict[str, int]:
    known = {
        "/m/a.mp3": {"title": "Jóga", "artist": "Björk", "album": "Homogenic", "genre": "Electronic"},
        "/m/b.mp3": {"title": "Around the World", "artist": "Daft Punk", "comment": "8A energy 7"},
        "/m/c.mp3": {"title": "World", "artist": "Some Band"},
        "/m/d.mp3": {"title": "東京の夜", "artist": "誰か"},
        "/m/techno/Unknown_Tool-100%.wav": {},
    }
    return {path: library.store(path, probe(path, **tags), analysis(path)) for path, tags in known.items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bjork joga", ["/m/a.mp3"]),
        ("BJÖRK", ["/m/a.mp3"]),
        ("Bjo\u0308rk", ["/m/a.mp3"]),
        ("homog", ["/m/a.mp3"]),
        ("punk around", ["/m/b.mp3"]),
        ("energy 7", ["/m/b.mp3"]),
        ("unknown tool", ["/m/techno/Unknown_Tool-100%.wav"]),
        ("techno/Unk", ["/m/techno/Unknown_Tool-100%.wav"]),
        ("100%", ["/m/techno/Unknown_Tool-100%.wav"]),
        ("の夜", ["/m/d.mp3"]),
        ("no such thing", []),
        ("%", ["/m/techno/Unknown_Tool-100%.wav"]),
        ("_", ["/m/techno/Unknown_Tool-100%.wav"]),
    ],
)
def test_words_find_tracks(library: Library, songs: dict[str, int], text: str, expected: list[str]) -> None:
    assert library.search(text, 10) == [songs[path] for path in expected]


def test_a_title_outranks_and_missing_tracks_come_last(library: Library, songs: dict[str, int]) -> None:
    assert library.search("world", 10) == [songs["/m/c.mp3"], songs["/m/b.mp3"]]
    library.mark_missing(["/m/c.mp3"])
    assert library.search("world", 10) == [songs["/m/b.mp3"], songs["/m/c.mp3"]]
    assert library.search("world", 1) == [songs["/m/b.mp3"]]


def test_no_words_give_the_newest(library: Library, songs: dict[str, int]) -> None:
    assert library.search("  ", 2) == sorted(songs.values(), reverse=True)[:2]


@pytest.mark.parametrize(
    "text",
    [
        '"*(',
        "NEAR(a b)",
        "title:x OR",
        "-",
        "a AND",
        "^x",
        "{title}:",
        "*",
        "\0",
        "\ud800",
        "'",
        "x" * 4096,
        "a " * 2000,
    ],
)
def test_hostile_words_harm_nothing(library: Library, songs: dict[str, int], text: str) -> None:
    assert isinstance(library.search(text, 10), list)
    with pytest.raises((TrackNotFoundError, TrackNotReadyError)) as caught:
        library.resolve("zz" + text)
    str(caught.value).encode()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(), max_size=40))
def test_any_text_may_be_searched(library: Library, text: str) -> None:
    assert library.search(text, 5) == []


def test_references_are_resolved(library: Library, songs: dict[str, int]) -> None:
    assert library.resolve(f"#{songs['/m/b.mp3']}") == songs["/m/b.mp3"]
    assert library.resolve("/m/a.mp3") == songs["/m/a.mp3"]
    assert library.resolve("world") == songs["/m/c.mp3"]
    assert library.resolve("around the") == songs["/m/b.mp3"]
    for unknown in ("#999", "/m/not-there.mp3", "qqqq", "  "):
        with pytest.raises(TrackNotFoundError):
            library.resolve(unknown)


@pytest.fixture
def bounces(library: Library) -> dict[str, int]:
    files = {
        "/music/flac/night_bus_v10.wav": {},
        "/music/flac/night_bus_v1.wav": {},
        "/music/flac/night_bus_v12_long.wav": {},
        "/music/flac/Copper.flac": {"title": "Copper Rain (Live at the Sea)"},
        "/music/flac/02 - Ada - Rain.flac": {"title": "Other", "artist": "Vela"},
        "/music/flac/rain_dub.wav": {"title": "Rain Dub"},
    }
    stored = {path: library.store(path, probe(path, **tags), analysis(path)) for path, tags in files.items()}
    return {path.rpartition("/")[2]: track for path, track in stored.items()}


@pytest.mark.parametrize(
    ("ref", "file"),
    [
        ("night_bus_v1", "night_bus_v1.wav"),
        ("Night Bus v1", "night_bus_v1.wav"),
        ("night_bus_v1.wav", "night_bus_v1.wav"),
        ("night_bus_v12_long", "night_bus_v12_long.wav"),
        ("night bus v12", "night_bus_v12_long.wav"),
        ("copper", "Copper.flac"),
        ("02 - ada - rain", "02 - Ada - Rain.flac"),
        ("rain", "rain_dub.wav"),
        ("vela", "02 - Ada - Rain.flac"),
        ("ight_bus_v1", "night_bus_v1.wav"),
    ],
)
def test_the_nearest_name_is_meant(library: Library, bounces: dict[str, int], ref: str, file: str) -> None:
    assert library.resolve(ref) == bounces[file]


@pytest.mark.parametrize("ref", ["music", "flac", "wav", "flac/night", "x.flac", "."])
def test_folders_and_suffixes_name_no_track(library: Library, bounces: dict[str, int], ref: str) -> None:
    library.enqueue("/music/flac/Fresh.flac", 1, 1)
    with pytest.raises(TrackNotFoundError):
        library.resolve(ref)


def test_an_exact_title_is_found_among_many_that_begin_so(library: Library) -> None:
    for number in range(60):
        library.store(f"/m/{number}.mp3", probe(str(number), title=f"Same Sun {number}"), analysis(str(number)))
    last = library.store("/m/x.mp3", probe("x", title="Same Sun", album="Long " * 30), analysis("x"))
    assert library.resolve("same_sun") == last


def test_a_file_in_the_queue_is_not_ready(library: Library) -> None:
    library.enqueue("/m/Fresh Tune.mp3", 1, 1)
    library.enqueue("/m/broken tune.mp3", 1, 1)
    library.fail("/m/broken tune.mp3", DamagedAudioError("It ends early."))
    for ref in ("/m/Fresh Tune.mp3", "fresh tune"):
        with pytest.raises(TrackNotReadyError, match="waits"):
            library.resolve(ref)
    for ref in ("/m/broken tune.mp3", "broken tune"):
        with pytest.raises(TrackNotReadyError, match="It ends early"):
            library.resolve(ref)


def test_of_two_equal_words_the_track_that_is_ready_is_meant(library: Library) -> None:
    gone = library.store("/m/1.mp3", probe("1", title="Same"), analysis("1"))
    here = library.store("/m/2.mp3", probe("2", title="Same"), analysis("2"))
    assert library.resolve("same") == gone
    library.mark_missing(["/m/1.mp3"])
    assert library.resolve("same") == here
