"""What `segue show` says of a track: values first, then how it goes, then where it is."""

from rich.console import Console

from segue.cli.show import paragraph
from segue.protocol.messages import Details, Grid, KeySection, LocalTempo, MixPoint, Section, Track


def shown(details: Details | None, loudness: float | None = None) -> list[str]:
    track = Track(id=7, path="/m/x.mp3", title="X", artist="Y", duration=96.0, loudness=loudness, details=details)
    console = Console(width=200, color_system=None)
    with console.capture() as capture:
        console.print(paragraph(track), soft_wrap=True)
    return [line.rstrip() for line in capture.get().splitlines()]


def test_the_form_of_a_track_is_shown() -> None:
    details = Details(
        grid=Grid(bpm=120.0, first_beat=0.0),
        sections=[Section(start=0.0, end=96.0, kind="main", energy=7.0)],
        mix_in=MixPoint(at=0.0, bars=8),
        mix_out=MixPoint(at=64.0, bars=16),
        energy_curve=[1.0, 5.5, 10.0],
        keys=[KeySection(start=0.0, end=96.0, key="A minor", confidence=0.9)],
        tempi=[LocalTempo(start=0.0, end=96.0, bpm=120.0)],
    )
    lines = shown(details, -8.34)
    assert lines[-7:] == [
        "  loudness -8.3 LUFS",
        "  ▁▅█",
        "  0:00 main 48 bars",
        "  mix in at 0:00 for 8 bars, mix out at 1:04 for 16 bars",
        "  tempo changes: 0:00 120.0 bpm",
        "  key changes: 0:00 A minor",
        "  /m/x.mp3",
    ]


def test_a_track_without_details_is_shown_without_them() -> None:
    assert shown(None) == shown(Details())
    assert shown(None)[-1] == "  /m/x.mp3"
