"""How well sections are found: tracks of a known form are rendered, and the form is asked for.

    python benchmarks/structure.py [--tracks 60] [--seed 1000] [--estimated]

Half of the tracks have the form of club music (long intro and outro of the beat alone, breakdowns, drops), half that of songs.
The grid that the analysis is given is the true one, or with --estimated its own. Beside Segue there are two simple rivals on the
true grid: a border every 32 bars, and librosa's agglomerative clustering of bar-wise mel spectra into as many parts as there are.
Needs the synthesiser of `segue_export` and librosa.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing import Pool
from typing import NamedTuple

import librosa
import numpy as np
import soxr

from segue.analysis.downbeat import settle_downbeat
from segue.analysis.energy import energy_curve
from segue.analysis.loudness import LoudnessMeter
from segue.analysis.onsets import OnsetMeter
from segue.analysis.result import Structure, Tempo
from segue.analysis.structure import find_structure
from segue.analysis.tempo import estimate_tempo
from segue.analysis.timeline import Timeline
from segue.frontend.mel import mel_db, stft_stream
from segue_export.synth.step_styles import STEP_STYLES
from segue_export.synth.steps import StepSong

RATE = 24_000
BEAT, BASS, MUSIC = {"drums", "kick"}, {"bass"}, {"music"}
FULL = BEAT | BASS | MUSIC
STYLES = ("house", "deep house", "techno", "trance", "eurodance", "drum and bass", "breakbeat", "garage", "electro",
          "synth-pop", "nu disco", "boom bap")  # fmt: skip


class Part(NamedTuple):
    """A part of a form."""

    kind: str
    bars: int
    groups: frozenset[str]


def club(rng: np.random.Generator) -> list[Part]:
    """Intro, main, one or two breakdowns with a drop each, outro."""

    def bars(*choices: int) -> int:
        return int(rng.choice(choices))

    thin = frozenset(BEAT | (BASS if rng.random() < 0.5 else set()))
    form = [Part("intro", bars(16, 32), thin), Part("main", bars(16, 32), frozenset(FULL))]
    for _ in range(bars(1, 2)):
        form.append(Part("breakdown", bars(8, 16, 32), frozenset(MUSIC | ({"lead"} if rng.random() < 0.7 else set()))))
        if rng.random() < 0.5:
            form.append(Part("breakdown", 8, frozenset({"drums", "music", "lead"})))
        form.append(Part("drop", bars(16, 32), frozenset(FULL | {"lead"})))
    return [*form, Part("outro", bars(16, 32), thin)]


def song(rng: np.random.Generator) -> list[Part]:
    """Intro, verses and choruses, a bridge, the last chorus, an ending."""

    def bars(*choices: int) -> int:
        return int(rng.choice(choices))

    end = frozenset(MUSIC if rng.random() < 0.6 else BEAT | BASS)
    form = [Part("intro", bars(4, 8), end)]
    for _ in range(2):
        form += [Part("main", bars(8, 16), frozenset(FULL)), Part("main", 8, frozenset(FULL | {"lead"}))]
    form += [Part("breakdown", 8, frozenset(MUSIC | {"lead"})), Part("drop", bars(8, 16), frozenset(FULL | {"lead"}))]
    return [*form, Part("outro", bars(4, 8), end)]


class FormedSong(StepSong):
    """A song of the step synthesiser whose form is given."""

    def __init__(self, form: list[Part], style: str, tempo: float, rng: np.random.Generator) -> None:
        self.form = form
        described = next(one for one in STEP_STYLES if one.name == style)
        super().__init__(described, tempo, sum(part.bars for part in form) * 240 / tempo, RATE, rng, None)

    def _sections(self) -> list[frozenset[str]]:
        return [part.groups for part in self.form for _ in range(part.bars)]


@dataclass
class Truth:
    """A rendered track."""

    wave: np.ndarray
    tempo: Tempo
    form: list[Part]
    starts: list[float]
    """Of each part, and the end."""


def render(seed: int) -> Truth:
    """The track of a seed."""
    rng = np.random.default_rng(seed)
    form = (club, song)[seed % 2](rng)
    style = STYLES[int(rng.integers(len(STYLES)))]
    low, high = next(one.tempo for one in STEP_STYLES if one.name == style)
    bpm = round(float(rng.uniform(low, high)), 2)
    made = FormedSong(form, style, bpm, rng)
    lead = float(rng.uniform(0.0, 2.5)) if rng.random() < 0.5 else 0.0
    wave = np.concatenate([np.zeros(round(lead * RATE), np.float32), made.wave])
    wave += 1e-5 * rng.standard_normal(len(wave)).astype(np.float32)
    wave = soxr.resample(np.tanh(1.5 * wave / np.abs(wave).max()), RATE, 16_000)
    bar = 240 / bpm
    starts = lead + bar * np.concatenate([[0], np.cumsum([part.bars for part in form])])
    grid = Tempo(bpm, 1.0, (), lead % (bar / 4), 4, lead % bar, 1.0)
    return Truth(np.asarray(0.7 * wave, dtype=np.float32), grid, form, starts.tolist())


def analyse(truth: Truth, estimated: bool) -> tuple[Structure, float, list[np.ndarray]]:
    """Segue's structure, the CPU seconds it took by itself, and mel spectra for the rival."""
    timeline, loudness, onsets, mels = Timeline(), LoudnessMeter(), OnsetMeter(), []
    spent = 0.0
    for power in stft_stream([truth.wave[at : at + 64_000] for at in range(0, len(truth.wave), 64_000)]):
        mel = mel_db(power, 96)
        mels.append(mel)
        onsets.add(mel)
        begin = time.process_time()
        timeline.add(power, mel)
        loudness.add(power)
        spent += time.process_time() - begin
    tempo = settle_downbeat(timeline, estimate_tempo(onsets.result())) if estimated else truth.tempo
    begin = time.process_time()
    found = find_structure(timeline, tempo, energy_curve(timeline, loudness.steps()))
    return found, spent + time.process_time() - begin, mels


def scores(truth: Truth, borders: list[float]) -> np.ndarray:
    """Recall and precision of borders within half a second, and within a bar."""
    bar = 240 / truth.tempo.bpm
    kinds = [part.kind for part in truth.form]
    wanted = [at for at, (one, other) in zip(truth.starts[1:-1], pairwise(kinds), strict=True) if one != other]
    allowed = truth.starts[1:-1]
    found = [border for border in borders if 0.5 < border < truth.starts[-1] - 0.5]
    result = []
    for near in (0.5, bar + 0.01):
        result.append(np.mean([min((abs(at - one) for one in found), default=9e9) <= near for at in wanted]))
        result.append(np.mean([min(abs(one - at) for at in allowed) <= near for one in found]) if found else 0.0)
    return np.array(result)


def labels(truth: Truth, found: Structure) -> float:
    """Share of the time that has its true label."""
    times = np.arange(truth.starts[0], truth.starts[-1], 0.1)
    true = np.searchsorted(truth.starts, times, "right") - 1
    ours = np.searchsorted([section.start for section in found.sections[1:]], times, "right")
    return float(np.mean([truth.form[a].kind == found.sections[b].kind for a, b in zip(true, ours, strict=True)]))


def rival(truth: Truth, mels: list[np.ndarray]) -> list[float]:
    """Borders by librosa's agglomerative clustering of bar-wise mel spectra, with the true number of parts."""
    bar = 240 / truth.tempo.bpm
    edges = np.arange(truth.tempo.first_downbeat, len(truth.wave) / 16_000, bar)
    mel = np.concatenate(mels, axis=1)
    frames = librosa.util.fix_frames((edges * 62.5).astype(int), x_min=0, x_max=mel.shape[1])
    starts = librosa.segment.agglomerative(librosa.util.sync(mel, frames, aggregate=np.mean), len(truth.form))
    return [float(frames[start] / 62.5) for start in starts]


def one(job: tuple[int, bool]) -> tuple[np.ndarray, np.ndarray, np.ndarray, float, float, float, bool, bool]:
    """All figures of one track."""
    seed, estimated = job
    truth = render(seed)
    found, spent, mels = analyse(truth, estimated)
    bar = 240 / truth.tempo.bpm
    every = np.arange(truth.starts[0], truth.starts[-1], 32 * bar).tolist()
    has_room, outro = truth.form[-1].bars >= 8, truth.starts[-2]
    return (
        scores(truth, [section.start for section in found.sections[1:]]),
        scores(truth, every),
        scores(truth, rival(truth, mels)),
        labels(truth, found),
        spent,
        len(truth.wave) / 960_000,
        found.mix_in is not None and abs(found.mix_in.at - truth.starts[0]) < 0.5,
        found.mix_out is not None and (abs(found.mix_out.at - outro) < 0.5 if has_room else found.mix_out.at < outro),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tracks", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--estimated", action="store_true")
    options = parser.parse_args()
    seeds = [(options.seed + number, options.estimated) for number in range(options.tracks)]
    with Pool(options.jobs) as pool:
        rows = pool.map(one, seeds, chunksize=1)
    print(
        f"{options.tracks} tracks, {sum(row[5] for row in rows):.0f} minutes; per cent of borders, club music / songs\n"
    )
    print(f"  {'':28} {'+-0.5 s: found':>16} {'right':>14} {'+-1 bar: found':>16} {'right':>14}")
    for place, name in enumerate(("Segue", "every 32 bars", "librosa, true number of parts")):
        by_form = [100 * np.mean([row[place] for row in rows[form::2]], axis=0) for form in (0, 1)]
        cells = [f"{a:6.1f} / {b:5.1f}" for a, b in zip(*by_form, strict=True)]
        print(f"  {name:28} {cells[0]:>16} {cells[1]:>14} {cells[2]:>16} {cells[3]:>14}")
    for place, name in (
        (3, "time with the true label"),
        (6, "mix-in within half a second"),
        (7, "mix-out at the outro, or before a short one"),
    ):
        club_share, song_share = (100 * np.mean([row[place] for row in rows[form::2]]) for form in (0, 1))
        print(f"  {name:44} {club_share:6.1f} / {song_share:5.1f}")
    print(f"  CPU seconds a minute of audio {sum(row[4] for row in rows) / sum(row[5] for row in rows):.4f}")


if __name__ == "__main__":
    main()
