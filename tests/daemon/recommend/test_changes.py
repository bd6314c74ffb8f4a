"""What changed between two versions."""

import pytest

from segue.protocol.messages import Change, Details, Grid, Section, Track
from segue.recommend.changes import changes


def track(**values: object) -> Track:
    known: dict[str, object] = {
        "duration": 200.0,
        "bpm": 124.0,
        "key": "A minor",
        "camelot": "8A",
        "energy": 6.1,
        "loudness": -9.4,
        "features": {"danceability": 0.5, "energy": 0.4},
        "tags": {"house": 0.6, "dark": 0.2, "vocal": 0.05},
    }
    return Track(id=1, path="/b/song.wav", title="song", **(known | values))


def details(*lengths: float, kinds: str = "intro drop outro", bpm: float | None = 120.0) -> Details:
    starts = [sum(lengths[:place]) for place in range(len(lengths))]
    return Details(
        grid=None if bpm is None else Grid(bpm=bpm, first_beat=0.0),
        sections=[
            Section(start=start, end=start + length, kind=kind, energy=5.0)
            for start, length, kind in zip(starts, lengths, kinds.split(), strict=True)
        ],
    )


def told(before: Track, after: Track) -> list[str]:
    return [change.text for change in changes(before, after, {"house": 0.5, "dark": 0.3, "vocal": 0.3})]


def test_nothing_changed_where_nothing_can_be_heard() -> None:
    assert told(track(), track()) == []
    # As much as the same mix differs when it is encoded anew.
    near = track(
        duration=200.3, bpm=124.02, energy=6.2, loudness=-9.2, tags={"house": 0.62, "dark": 0.21, "vocal": 0.05}
    )
    assert told(track(), near) == []


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"duration": 215.5}, "length 200.0 → 215.5 s (+15.5 s)"),
        ({"bpm": 126.0}, "tempo 124.0 → 126.0 bpm (+2.0 bpm)"),
        ({"key": "B minor", "camelot": "10A"}, "key 8A (A minor) → 10A (B minor)"),
        ({"key": None, "camelot": None}, "key 8A (A minor) → unknown"),
        ({"energy": 7.0}, "energy 6.1 → 7.0 (+0.9)"),
        ({"loudness": -7.9}, "loudness -9.4 → -7.9 LUFS (+1.5 LU)"),
        ({"bpm": None}, "tempo unknown, 124.0 bpm before"),
        ({"tags": {"house": 0.6, "dark": 0.45, "vocal": 0.05}}, "came: dark 0.20 → 0.45 (+0.25)"),
        ({"tags": {"house": 0.3, "dark": 0.2, "vocal": 0.05}}, "went: house 0.60 → 0.30 (-0.30)"),
        ({"tags": {"house": 0.7, "dark": 0.2, "vocal": 0.05}}, "house 0.60 → 0.70 (+0.10)"),
        ({"features": {"danceability": 0.6, "energy": 0.4}}, "danceability 0.50 → 0.60 (+0.10)"),
        # It is told as the energy from 1 to 10.
        ({"features": {"danceability": 0.5, "energy": 0.9}}, None),
    ],
)
def test_a_change_is_told_in_a_line(values: dict[str, object], text: str | None) -> None:
    assert told(track(), track(**values)) == ([] if text is None else [text])


def test_the_other_way_round_is_the_opposite() -> None:
    one, other = track(), track(energy=7.4, tags={"house": 0.2, "dark": 0.5, "vocal": 0.05}, bpm=126.0)
    there, back = changes(one, other, {}), changes(other, one, {})
    assert [(change.about, change.name, change.before, change.after) for change in there] == [
        (change.about, change.name, change.after, change.before) for change in back
    ]


def test_the_largest_change_of_a_tag_comes_first() -> None:
    found = changes(track(), track(tags={"house": 0.5, "dark": 0.5, "vocal": 0.25}), {})
    assert [change.name for change in found] == ["dark", "vocal", "house"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (details(32, 64, 32), details(32, 64.4, 32), None),
        (
            details(32, 64, 32),
            details(32, 96, 32),
            "form intro 16 · drop 32 · outro 16 → intro 16 · drop 48 · outro 16",
        ),
        (
            details(32, 64, 32),
            details(32, 96, kinds="intro drop"),
            "form intro 16 · drop 32 · outro 16 → intro 16 · drop 48",
        ),
        (
            details(32, 64, 32, bpm=None),
            details(32, 70, 32, bpm=None),
            "form intro 32 s · drop 64 s · outro 32 s → intro 32 s · drop 70 s · outro 32 s",
        ),
        (details(32, 64, 32), Details(), None),
    ],
)
def test_the_form_is_told_where_a_part_changed(before: Details, after: Details, expected: str | None) -> None:
    found = told(track(details=before), track(details=after))
    assert found == ([] if expected is None else [expected])


def test_a_change_has_its_numbers() -> None:
    (change,) = changes(track(), track(loudness=-7.9), {})
    assert change == Change(
        about="loudness", name="loudness", before=-9.4, after=-7.9, text="loudness -9.4 → -7.9 LUFS (+1.5 LU)"
    )
