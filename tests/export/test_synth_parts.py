"""Harmony, melody, MIDI, drums, mastering and singing, each for itself."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from synth_support import RATE, speech

from segue_export.synth import drums, mastering, midi, progressions, singing, sound, voices, world
from segue_export.synth.band_styles import BAND_STYLES, BANDS
from segue_export.synth.clips import STYLES
from segue_export.synth.composition import choose_chords, choose_key
from segue_export.synth.melody import melody
from segue_export.synth.singing import Sung
from segue_export.synth.step_styles import PATTERNS, STEP_STYLES
from segue_export.synth.styles import INSTRUMENTS
from segue_export.synth.theory import Key, Note, hertz

needs_world = pytest.mark.skipif(not world.available(), reason="pyworld is not installed")
NOISE = np.random.default_rng(0)


def test_every_progression_can_be_read_and_has_the_tonic_of_its_mode() -> None:
    for mode, table in (("major", progressions.MAJOR), ("minor", progressions.MINOR)):
        key = Key(4, mode)
        for family, lines in table.items():
            for line in lines:
                chords = progressions.parse(line, key)
                tonic = any(chord.root == key.tonic for chord in chords)
                assert tonic, (family, line)
                # Thirds of the tonic chord are those of the mode, but in a blues and where power chords have none.
                thirds = {key.scale[2] in chord.pitch_classes for chord in chords if chord.root == key.tonic}
                assert True in thirds or "5" in line, (family, line)


def test_degrees_are_spelt_as_musicians_do() -> None:
    chords = progressions.parse("i bVI7 V7 #Idim7 iim7b5", Key(9, "minor"))
    assert [chord.name for chord in chords] == ["Am", "F7", "E7", "A#dim7", "Bm7b5"]
    with pytest.raises(ValueError, match="no degree"):
        progressions.parse("i H", Key(0, "minor"))
    with pytest.raises(ValueError, match="no quality"):
        progressions.parse("i13", Key(0, "minor"))


def test_every_style_has_harmony_and_patterns() -> None:
    assert {style.name for style in STEP_STYLES} == set(PATTERNS)
    assert {style.name for style in BAND_STYLES} == set(BANDS)
    for style in STYLES.values():
        rng = np.random.default_rng(1)
        for _ in range(8):
            key = choose_key(style, rng)
            assert len(choose_chords(style, key, 16, rng)) == 16
        assert style.tempo[0] < style.tempo[1]
        assert style.sung + style.rapped + style.spoken <= 1.0
    for style in STYLES.values():
        if style.engine == "mma":
            assert style.grooves
            assert set(style.leads) <= set(INSTRUMENTS)


def test_lines_of_a_bar_have_its_steps() -> None:
    for name, pattern in PATTERNS.items():
        for part in ("kick", "snare", "clap", "hat", "open", "perc"):
            assert {len(line) for line in getattr(pattern, part)} <= {0, 16}, (name, part)
    for name, band in BANDS.items():
        lines = [line for part in band.parts for line in part.lines]
        lines += [line.partition(":")[2] for kit in band.drums for line in kit.split()]
        assert {len(line) for line in lines} == {band.steps}, name


def test_a_melody_keeps_to_its_scale_and_repeats_itself() -> None:
    key = Key(2, "major")
    chords = progressions.parse("I IV V7 I", key) * 4
    notes = melody(chords, key, 4, np.random.default_rng(5), centre=69)
    allowed = set(key.scale) | {pitch for chord in chords for pitch in chord.pitch_classes}
    assert {note.pitch % 12 for note in notes} <= allowed
    assert all(50 <= note.pitch <= 88 and note.length > 0 for note in notes)
    rhythm = [[round(n.beat % 8, 3) for n in notes if n.beat // 8 == part] for part in range(8)]
    assert rhythm[0] == rhythm[4]
    assert notes == melody(chords, key, 4, np.random.default_rng(5), centre=69)
    assert notes != melody(chords, key, 4, np.random.default_rng(6), centre=69)


def test_midi_tracks_are_as_the_standard_says() -> None:
    track = midi.track([Note(0, 1, 60, 90), Note(200, 0.5, 64, 90)], 3, 12)
    assert track[:4] == b"MTrk"
    assert struct.unpack(">I", track[4:8])[0] == len(track) - 8
    assert b"\xc3\x0c" in track
    # 199 quarters of 192 ticks between the end of the first and the second note: 38 208, in groups of seven bits.
    assert bytes((0x82, 0xAA, 0x40, 0x93, 64, 90)) in track
    data = midi.file([midi.tempo_track(120.0), track])
    assert data[8:14] == struct.pack(">HHH", 1, 2, 192)
    assert b"\xff\x51\x03" + (500_000).to_bytes(3, "big") in data
    faster = midi.with_tempo(data, 122.7)
    assert faster.replace(round(60e6 / 122.7).to_bytes(3, "big"), (500_000).to_bytes(3, "big")) == data != faster
    with pytest.raises(ValueError, match="no tempo"):
        midi.with_tempo(midi.file([track]), 120.0)
    more = midi.with_tracks(data, [track])
    assert more[10:12] == struct.pack(">H", 3)
    assert more.endswith(track)
    with pytest.raises(ValueError, match="no MIDI"):
        midi.with_tracks(b"RIFF" + bytes(20), [track])
    with pytest.raises(ValueError, match="format 1"):
        midi.with_tracks(data[:8] + struct.pack(">HHH", 0, 2, 96) + data[14:], [track])


@pytest.mark.parametrize("part", drums.PARTS)
def test_a_synthesised_drum_begins_at_once_and_ends(part: str) -> None:
    for seed in range(5):
        hit = drums.synthesised(part, RATE, np.random.default_rng(seed))
        assert np.isfinite(hit).all()
        assert np.abs(hit).max() == pytest.approx(1.0, rel=1e-3)
        loud = np.flatnonzero(np.abs(hit) > 0.1)
        assert loud[0] < 0.004 * RATE
        assert np.abs(hit[-RATE // 200 :]).max() < 0.1


def test_drum_samples_are_found_by_name_and_begin_at_their_onset(tmp_path: Path) -> None:
    burst = drums.synthesised("snare", RATE, np.random.default_rng(1))
    late = np.concatenate([np.zeros(RATE // 4, np.float32), 0.5 * burst])
    (tmp_path / "kit").mkdir()
    for name in ("Kick-hard.flac", "sn_dolf.flac", "HiHat_closed.flac", "loop_amen.flac", "notes.txt"):
        (tmp_path / "kit" / name).write_bytes(sound.encode(late, RATE, "flac", "flac"))
    found = drums.sample_library(tmp_path)
    assert {part: len(paths) for part, paths in found.items() if paths} == {"kick": 1, "snare": 1, "hat": 1}
    hit = drums.sampled(tmp_path / "kit" / "sn_dolf.flac", RATE)
    assert np.flatnonzero(np.abs(hit) > 0.2)[0] < 0.002 * RATE
    kit, used = drums.kit(RATE, np.random.default_rng(0), tmp_path, real=1.0, hard=0.0)
    assert set(kit) == set(drums.PARTS)
    assert {path.name for path in used} == {"Kick-hard.flac", "sn_dolf.flac", "HiHat_closed.flac"}
    assert {credit.source for credit in drums.credits_of(used, tmp_path)} == {"kit"}


def test_effects_do_what_they_say() -> None:
    rng = np.random.default_rng(2)
    noise = sound.as_wave(0.1 * rng.standard_normal(RATE * 3))

    def share(wave: sound.Wave, low: float, high: float) -> float:
        power = np.abs(np.fft.rfft(wave)) ** 2
        hz = np.fft.rfftfreq(len(wave), 1 / RATE)
        return float(power[(hz >= low) & (hz < high)].sum() / power.sum())

    narrow = mastering.band(noise, RATE, 200.0, 4500.0)
    assert share(narrow, 200, 4500) > 0.85 > share(noise, 200, 4500)
    for decibels in (-8.0, -20.0):
        level = 20 * np.log10(np.sqrt(np.mean(mastering.loudness(noise, decibels) ** 2)))
        assert level == pytest.approx(decibels, abs=1.0)
    assert np.abs(mastering.loudness(noise, -3.0)).max() < 1.0
    swell = noise * np.linspace(0.05, 1, len(noise), dtype=np.float32)
    flat = mastering.compress(swell, RATE, 1.0)
    assert flat[:RATE].std() / flat[-RATE:].std() > 2 * swell[:RATE].std() / swell[-RATE:].std()
    click = np.zeros(RATE * 2, np.float32)
    click[100] = 1
    room = mastering.reverberate(click, RATE, 1.0, 0.5, rng)
    assert np.allclose(room[:100], click[:100], atol=1e-6)
    assert room[RATE // 4 : RATE // 2].std() > 3 * room[RATE * 3 // 4 : RATE].std() > 0.0
    assert len(mastering.varispeed(noise, 1.25)) == pytest.approx(len(noise) / 1.25, abs=2)


def test_speech_is_found_and_trimmed(tmp_path: Path) -> None:
    folder = tmp_path / "package" / "anna"
    folder.mkdir(parents=True)
    padded = np.concatenate([np.zeros(8000, np.float32), speech(200.0), np.zeros(8000, np.float32)])
    for number in range(10):
        (folder / f"{number}.flac").write_bytes(sound.encode(padded, voices.RATE, "flac", "flac"))
    doc = tmp_path / "package" / "usr/share/doc/package"
    doc.mkdir(parents=True)
    (doc / "copyright").write_text("Files: *\nLicense: CC0\n\nLicense: CC0\n text\n")
    (speaker,) = voices.find_speakers(tmp_path)
    assert (speaker.name, speaker.source, speaker.licence, len(speaker.files)) == ("package/anna", "package", "CC0", 10)
    wave = voices.load(speaker.files[0])
    assert len(wave) < len(padded) - 8000
    assert np.abs(wave).max() == pytest.approx(0.5, rel=0.01)
    (tmp_path / "silent.flac").write_bytes(sound.encode(np.zeros(20_000, np.float32), voices.RATE, "flac", "flac"))
    with pytest.raises(ValueError, match="silent"):
        voices.load(tmp_path / "silent.flac")
    with pytest.raises(ValueError, match="no folder"):
        voices.find_speakers(doc)


@needs_world
@pytest.mark.parametrize(("source", "female"), [(110.0, False), (215.0, True)])
def test_speech_sings_the_notes_it_is_given(source: float, female: bool) -> None:
    taken = singing.take_apart(speech(source))
    assert taken is not None
    assert taken.female is female
    assert 6 <= len(taken.syllables) <= 10
    pitches = (57, 60, 64, 62)
    notes = [Sung(number * 0.6, 0.5, hertz(pitch)) for number, pitch in enumerate(pitches)]
    wave = singing.perform(taken, notes, 2.6, np.random.default_rng(3), vibrato=0.0)
    assert np.isfinite(wave).all()
    vocoder = world.world()
    f0, times = vocoder.dio(wave.astype(np.float64), voices.RATE, f0_floor=70.0, f0_ceil=700.0)
    for note in notes:
        inside = f0[(times > note.start + 0.2) & (times < note.start + 0.4)]
        voiced = inside[inside > 0]
        assert len(voiced) > 10
        assert abs(12 * np.log2(np.median(voiced) / note.hertz)) < 0.5


@needs_world
def test_noise_has_no_syllables() -> None:
    hiss = sound.as_wave(0.1 * np.random.default_rng(0).standard_normal(voices.RATE))
    assert singing.take_apart(hiss) is None
