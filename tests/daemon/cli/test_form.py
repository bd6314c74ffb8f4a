"""The lines that say how a recording goes: readable by a DJ, whatever is known and whatever is not."""

from segue.cli.form import form_lines, sparkline
from segue.protocol.messages import Details, Grid, KeySection, LocalTempo, MixPoint, Section

SECTIONS = [
    Section(start=0.0, end=32.0, kind="intro", energy=4.0),
    Section(start=32.0, end=96.1, kind="main", energy=7.0),
]


def test_parts_are_told_in_minutes_and_bars() -> None:
    details = Details(
        grid=Grid(bpm=120.0, first_beat=0.0),
        sections=SECTIONS,
        mix_in=MixPoint(at=0.0, bars=16),
        mix_out=MixPoint(at=64.4, bars=8),
        energy_curve=[1.0, 5.5, 10.0],
    )
    assert form_lines(details) == [
        "▁▅█",
        "0:00 intro 16 bars · 0:32 main 32 bars",
        "mix in at 0:00 for 16 bars, mix out at 1:04 for 8 bars",
    ]


def test_without_a_grid_there_are_no_bars() -> None:
    details = Details(
        sections=SECTIONS,
        mix_in=MixPoint(at=0.0, bars=0),
        tempi=[LocalTempo(start=0.0, end=50.0, bpm=119.96), LocalTempo(start=50.0, end=96.0, bpm=124.0)],
        keys=[KeySection(start=0.0, end=96.0, key="A minor", confidence=0.9)],
    )
    assert form_lines(details) == [
        "0:00 intro · 0:32 main",
        "mix in at 0:00",
        "tempo changes: 0:00 120.0 bpm · 0:50 124.0 bpm",
        "key changes: 0:00 A minor",
    ]


def test_nothing_known_is_nothing_said() -> None:
    assert form_lines(Details()) == []


def test_a_long_curve_fits_into_a_line() -> None:
    assert sparkline([2.0] * 1800 + [9.9] * 1800) == "▁" * 30 + "█" * 30
    assert len(sparkline([3.0] * 61)) == 60
    assert sparkline([0.0, 11.0]) == "▁█"
