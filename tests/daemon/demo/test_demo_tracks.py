"""The demo's synthesiser and file writer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest

from segue.demo.files import FORMATS, write_audio, write_track
from segue.demo.sounds import RATE
from segue.demo.styles import STYLES
from segue.demo.synth import TrackSpec, parse_key, render
from segue.demo.tracks import DEMO_TRACKS

SPEC = TrackSpec("A", "B", "House", 120.0, "A minor", "house", seconds=8.0)


def decode(path: Path) -> tuple[np.ndarray, int]:
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp")
        blocks = [block.to_ndarray() for frame in container.decode(stream) for block in resampler.resample(frame)]
        return np.concatenate(blocks, axis=1), stream.rate


@pytest.mark.parametrize("style", STYLES)
def test_every_style_makes_sound_of_the_length_asked_for(style):
    samples = render(replace(SPEC, style=style))
    assert samples.shape == (8 * RATE, 2)
    assert samples.dtype == np.float32
    assert 0.5 < np.abs(samples).max() <= 1.0
    assert np.sqrt(np.mean(samples**2)) > 0.05


def test_the_same_specification_gives_the_same_samples():
    assert np.array_equal(render(SPEC), render(SPEC))
    assert not np.array_equal(render(SPEC), render(replace(SPEC, seed=1)))


@pytest.mark.parametrize("bpm", [90.0, 124.5, 174.0])
def test_kicks_stand_where_the_tempo_says(bpm):
    samples = render(replace(SPEC, bpm=bpm, style="techno", seconds=40.0)).mean(axis=1)
    energy = np.abs(np.diff(samples[: 4 * RATE], prepend=0.0))
    for beat in range(1, 5):
        start = round(beat * 60.0 / bpm * RATE)
        assert energy[start : start + 400].max() > 3 * energy[start - 800 : start - 100].max()


def test_a_track_in_a_major_has_the_triad_of_a_major():
    spectrum = np.abs(np.fft.rfft(render(replace(SPEC, key="A major", style="ambient")).mean(axis=1)))
    level = [spectrum[round(frequency * 8) - 4 : round(frequency * 8) + 5].max() for frequency in (220.0, 277.18)]
    outside = spectrum[round(233.08 * 8) - 4 : round(233.08 * 8) + 5].max()
    assert min(level) > 5 * outside


@pytest.mark.parametrize(("text", "parsed"), [("C major", (0, "major")), ("F# minor", (6, "minor")), ("Cb major", (11, "major"))])  # fmt: skip
def test_keys_are_parsed(text, parsed):
    assert parse_key(text) == parsed


@pytest.mark.parametrize("text", ["H minor", "A", "Am", "A dorian", ""])
def test_a_wrong_key_is_refused(text):
    with pytest.raises(ValueError, match="is no key"):
        parse_key(text)


@pytest.mark.parametrize("suffix", [*FORMATS, "alac"])
def test_written_files_play_what_was_rendered(tmp_path, suffix):
    codec = "alac" if suffix == "alac" else None
    samples = render(SPEC)
    path = write_audio(tmp_path / f"x.{'m4a' if codec else suffix}", samples, RATE, codec=codec)
    decoded, rate = decode(path)
    assert decoded.shape[0] == 2
    assert decoded.shape[1] / rate == pytest.approx(8.0, abs=0.1)
    rms = np.sqrt(np.mean(decoded**2))
    assert rms == pytest.approx(np.sqrt(np.mean(samples**2)), rel=0.1)


@pytest.mark.parametrize("suffix", FORMATS)
def test_tags_are_written(tmp_path, suffix):
    tags = {"title": "Fjörd", "artist": "B", "album": "C", "genre": "House", "comment": "d", "bpm": 124.0, "key": "8A"}
    path = write_audio(tmp_path / f"x.{suffix}", render(SPEC), RATE, tags=tags)
    found = str(mutagen.File(path).tags.pprint())
    for text in ("Fjörd", "House", "124", "8A"):
        assert text in found


def test_the_same_track_gives_the_same_file(tmp_path):
    first = write_track(tmp_path, SPEC, "mp3").read_bytes()
    assert write_track(tmp_path, SPEC, "mp3").read_bytes() == first


def test_mono_and_other_rates_can_be_written(tmp_path):
    mono = render(SPEC).mean(axis=1)[::2].copy()
    for suffix in FORMATS:
        decoded, rate = decode(write_audio(tmp_path / f"x.{suffix}", mono, RATE // 2))
        assert decoded.shape[1] / rate == pytest.approx(8.0, abs=0.1)


def test_the_dozen_are_different_and_valid():
    assert len(DEMO_TRACKS) == 12
    assert len({spec.title for spec in DEMO_TRACKS}) == 12
    for spec in DEMO_TRACKS:
        parse_key(spec.key)
        assert spec.style in STYLES
