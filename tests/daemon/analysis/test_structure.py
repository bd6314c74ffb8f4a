"""Sections and mix points of made-up music whose form is known: noise for hats, thumps for kicks, tones for music and bass."""

from itertools import pairwise

import numpy as np
import pytest
from music_support import blocks

from segue.analysis import bars as bars_module
from segue.analysis.downbeat import settle_downbeat
from segue.analysis.energy import energy_curve
from segue.analysis.loudness import LoudnessMeter
from segue.analysis.result import LocalTempo, Structure, Tempo
from segue.analysis.structure import find_structure
from segue.analysis.timeline import Timeline
from segue.frontend.mel import Waveform, mel_db, stft_stream

RATE = 16_000
BPM = 120.0
BAR = 2.0
NO_TEMPO = Tempo(None, 0.0)
CLUB = [("beat", 16), ("beat bass music", 32), ("music", 16), ("beat bass music", 32), ("beat", 16)]
KINDS = ["intro", "main", "breakdown", "drop", "outro"]


def render(form: list[tuple[str, int]], lead: float = 0.0, bar: float = BAR) -> Waveform:
    """A form, as groups and their bars, after so many seconds of silence."""
    rng = np.random.default_rng(5)
    beat = round(bar / 4 * RATE)
    at = np.arange(beat) / RATE
    kick = 0.7 * np.sin(2 * np.pi * 55 * at) * np.exp(-12 * at)
    hat = np.roll(0.1 * rng.standard_normal(beat) * np.exp(-60 * at), beat // 2)
    parts = [np.zeros(round(lead * RATE))]
    for groups, count in form:
        time = np.arange(count * 4 * beat) / RATE
        part = np.zeros(len(time))
        if "beat" in groups:
            part += np.tile(kick + hat, count * 4)
        if "bass" in groups:
            part += 0.2 * np.sin(2 * np.pi * 55 * time) * (np.sin(2 * np.pi * time * 4 / bar) < 0)
        if "music" in groups:
            part += 0.08 * sum(np.sin(2 * np.pi * hertz * time) for hertz in (220, 262, 330, 440, 523, 660, 880))
        parts.append(part)
    wave = np.concatenate(parts)
    return (0.5 * wave + 1e-5 * rng.standard_normal(len(wave))).astype(np.float32)


def rendered(form: list[tuple[str, int]], lead: float = 0.0, tail: float = 0.0) -> Waveform:
    """As `render`, with silence on both sides."""
    rng = np.random.default_rng(6)
    end = 1e-5 * rng.standard_normal(round(tail * RATE))
    return np.concatenate([render(form, lead), end.astype(np.float32)])


def structure(wave: Waveform, tempo: Tempo) -> Structure:
    timeline, loudness = Timeline(), LoudnessMeter()
    for power in stft_stream(blocks(wave)):
        timeline.add(power, mel_db(power, 96))
        loudness.add(power)
    found = find_structure(timeline, tempo, energy_curve(timeline, loudness.steps()))
    duration = timeline.frames / 62.5
    assert 0.0 <= found.sections[0].start < found.sections[-1].end <= duration + 1e-6
    assert all(one.end == other.start for one, other in pairwise(found.sections))
    assert all(1.0 <= section.energy <= 10.0 for section in found.sections)
    return found


def grid(lead: float = 0.0, bpm: float = BPM) -> Tempo:
    bar = 240 / bpm
    return Tempo(bpm, 1.0, first_beat=lead % (bar / 4), first_downbeat=lead % bar, bar_confidence=1.0)


@pytest.mark.parametrize("lead", [0.0, 0.3, 1.7])
def test_the_form_of_club_music_on_its_grid(lead: float) -> None:
    found = structure(render(CLUB, lead), grid(lead))
    assert [section.kind for section in found.sections] == KINDS
    assert found.sections[0].start == (lead if lead > BAR / 4 else 0.0)
    assert found.sections[-1].end == pytest.approx(lead + 112 * BAR, abs=0.02)
    starts = [section.start for section in found.sections[1:]]
    assert starts == pytest.approx([lead + BAR * bars for bars in (16, 48, 64, 96)], abs=1e-6)
    assert found.mix_in is not None
    assert found.mix_out is not None
    assert (found.mix_in.at, found.mix_in.bars) == (pytest.approx(lead), 16)
    assert (found.mix_out.at, found.mix_out.bars) == (pytest.approx(lead + 96 * BAR), 16)
    energies = {section.kind: section.energy for section in found.sections}
    assert energies["breakdown"] < min(energies["main"], energies["drop"]) - 0.5


def test_without_a_grid_the_same_form_is_cut_to_seconds() -> None:
    wave = render(CLUB)
    local = (LocalTempo(0.0, 60.0, 118.0), LocalTempo(60.0, 200.0, 122.0))
    for tempo in (NO_TEMPO, Tempo(BPM, 0.8, first_beat=0.1, local=local)):
        found = structure(wave, tempo)
        assert [section.kind for section in found.sections] == KINDS
        starts = [section.start for section in found.sections[1:]]
        assert starts == pytest.approx([32, 96, 128, 192], abs=2.1)
        assert found.mix_in is not None
        assert found.mix_out is not None
        assert (found.mix_in.bars, found.mix_out.bars) == (0, 0)
        assert found.mix_out.at == pytest.approx(192, abs=2.1)


def test_a_grid_without_a_known_one_is_cut_to_its_beats() -> None:
    found = structure(render(CLUB), Tempo(BPM, 0.9, first_beat=0.0))
    assert [section.kind for section in found.sections] == KINDS


def test_a_song_that_begins_at_once_gives_eight_bars_at_both_ends() -> None:
    form = [("beat bass music", 40), ("music", 8), ("beat bass music", 24)]
    found = structure(render(form), grid())
    assert [section.kind for section in found.sections] == ["main", "breakdown", "drop"]
    assert found.mix_in is not None
    assert found.mix_out is not None
    assert (found.mix_in.at, found.mix_in.bars) == (0.0, 8)
    assert found.mix_out.bars in (8, 16)
    assert found.mix_out.at % (8 * BAR) == pytest.approx(0.0)
    assert found.mix_out.at + found.mix_out.bars * BAR <= 72 * BAR


@pytest.mark.parametrize(("bars", "at"), [(16, 8), (17, None), (20, None), (23, None), (24, 16), (32, 16), (40, 24)])
def test_a_short_track_is_mixed_out_of_late_or_not_at_all(bars: int, at: int | None) -> None:
    found = structure(render([("beat bass music", bars)]), grid())
    assert [section.kind for section in found.sections] == ["main"]
    assert found.mix_in is not None
    assert (found.mix_in.at, found.mix_in.bars) == (0.0, 8)
    mix_out = None if found.mix_out is None else (found.mix_out.at, found.mix_out.bars)
    assert mix_out == (None if at is None else (at * BAR, 16 if bars >= 32 else 8))


def test_nothing_is_mixed_out_of_before_the_mix_in_is_over() -> None:
    form = [
        ("beat", 16),
        ("beat bass music", 8),
    ]  # the intro's sixteen bars, and the last phrase begins with the seventeenth
    found = structure(render(form), grid())
    assert found.mix_in is not None
    assert found.mix_out is not None
    assert found.mix_out.at >= found.mix_in.at + found.mix_in.bars * BAR


@pytest.mark.parametrize("off", [0.0, -0.06, 0.06])
def test_silence_at_the_ends_is_no_part_of_the_form(off: float) -> None:
    found = structure(rendered([("beat bass music", 64)], 60.0, 60.0), grid(60.0 + off))
    assert [section.kind for section in found.sections] == ["main"]
    assert found.sections[0].start == pytest.approx(60.0 + off)
    assert found.sections[-1].end == pytest.approx(188.0 + off)
    assert found.mix_in is not None
    assert found.mix_out is not None
    assert found.mix_in.at == found.sections[0].start
    assert (found.mix_out.at, found.mix_out.bars) == (pytest.approx(156.0 + off), 16)


def test_silence_at_the_ends_is_no_part_without_a_grid() -> None:
    found = structure(rendered(CLUB, 40.0, 50.0), NO_TEMPO)
    assert [section.kind for section in found.sections] == KINDS
    assert found.sections[0].start == pytest.approx(40.0, abs=2.1)
    assert found.sections[-1].end == pytest.approx(264.0, abs=2.1)
    assert found.mix_in is not None
    assert found.mix_in.at == found.sections[0].start


@pytest.mark.parametrize("late", [1, 2])
def test_an_upbeat_is_heard_but_not_mixed_on(late: int) -> None:
    wave = rendered([("beat bass music", 64)], 20.0)
    wave[round(20.0 * RATE) : round((20.0 + late * BAR / 4) * RATE)] *= 1e-4
    found = structure(wave, grid())
    assert found.sections[0].start == 20.0
    assert found.mix_in is not None
    assert found.mix_in.at == 22.0


def test_a_guessed_tempo_is_no_grid() -> None:
    guess = Tempo(BPM, 0.05, first_beat=0.0, first_downbeat=0.0)
    assert not guess.has_grid
    found = structure(render(CLUB), guess)
    assert found == structure(render(CLUB), NO_TEMPO)
    assert found.mix_out is not None
    assert found.mix_out.bars == 0
    assert Tempo(BPM, 0.1, first_beat=0.0).has_grid


def test_a_recording_that_was_cut_on_its_first_downbeat_begins_with_it() -> None:
    tempo = Tempo(BPM, 1.0, first_beat=0.49, first_downbeat=1.99)  # a moment before the first sample
    found = structure(render(CLUB), tempo)
    assert [section.kind for section in found.sections] == KINDS
    assert found.mix_in is not None
    assert (found.mix_in.at, found.mix_in.bars) == (0.0, 16)


def test_a_fill_is_no_part() -> None:
    wave = render([("beat bass music", 64)])
    for bar in (7, 31, 47):
        wave[round((bar + 0.5) * BAR * RATE) : round((bar + 1) * BAR * RATE)] *= 0.1
    assert [section.kind for section in structure(wave, grid()).sections] == ["main"]


def test_triple_time_has_bars_of_three_beats() -> None:
    form = [("beat", 16), ("beat bass music", 32), ("beat", 16)]
    tempo = Tempo(BPM, 1.0, first_beat=0.0, beats_per_bar=3, first_downbeat=0.0)
    found = structure(render(form, bar=1.5), tempo)
    assert [section.start for section in found.sections] == pytest.approx([0.0, 24.0, 72.0])


@pytest.mark.parametrize("tempo", [NO_TEMPO, grid()])
def test_a_beatless_piece_a_jingle_and_silence_have_a_structure(tempo: Tempo) -> None:
    calm = structure(render([("music", 60)]), tempo)
    assert [section.kind for section in calm.sections] == ["main"]
    assert calm.mix_in is not None
    jingle = structure(render([("beat bass music", 10)]), tempo)
    assert [section.kind for section in jingle.sections] == ["main"]
    assert (jingle.mix_in, jingle.mix_out) == (None, None)
    for seconds in (0.1, 1.0, 40.0):
        silent = structure(np.zeros(round(seconds * RATE), np.float32), tempo)
        assert len(silent.sections) == 1


def test_a_long_mix_is_looked_at_in_longer_bars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bars_module, "MOST_BARS", 60)
    found = structure(render(CLUB), grid())
    assert [section.kind for section in found.sections] == KINDS
    assert [section.start % (2 * BAR) for section in found.sections] == pytest.approx([0.0] * 5)
    assert found.mix_in is not None
    assert found.mix_in.bars == 16


def test_a_quiet_master_has_the_same_form() -> None:
    wave = render(CLUB)
    loud, quiet = structure(wave, grid()), structure(0.1 * wave, grid())
    assert [(part.kind, part.start) for part in loud.sections] == [(part.kind, part.start) for part in quiet.sections]


@pytest.mark.parametrize("late", [0, 1, 2, 3])
def test_the_form_tells_which_beat_is_the_first_of_a_bar(late: int) -> None:
    timeline = Timeline()
    for power in stft_stream(blocks(render(CLUB, 0.3))):
        timeline.add(power, mel_db(power, 96))
    wrong = Tempo(BPM, 1.0, first_beat=0.3, first_downbeat=(0.3 + late * BAR / 4) % BAR, bar_confidence=0.4)
    settled = settle_downbeat(timeline, wrong)
    assert settled.first_downbeat == pytest.approx(0.3)
    assert settled.bar_confidence > 0.5
    assert (settled.bpm, settled.first_beat) == (wrong.bpm, wrong.first_beat)


def test_music_without_borders_keeps_the_downbeat_that_was_heard() -> None:
    timeline = Timeline()
    for power in stft_stream(blocks(render([("beat bass music", 48)]))):
        timeline.add(power, mel_db(power, 96))
    for tempo in (Tempo(BPM, 1.0, first_beat=0.0, first_downbeat=0.5, bar_confidence=0.4), NO_TEMPO):
        assert settle_downbeat(timeline, tempo) == tempo
