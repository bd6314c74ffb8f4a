"""How surely a sample of a record is found inside another track, and how often different tracks are taken for one.

    python benchmarks/closeness.py [FOLDER] [--records 48] [--cases 24] [--level -6] [--seed 9000]

Records are rendered, or taken from FOLDER. Each case is a rendered track in which, where only its drums play, twenty seconds of a
record sound too: played a semitone faster or slower as a record is, or as they are, so many dB under the drums. Two
detectors answer for the pair: Segue's nearness, and the best cosine of the networks' vectors of ten-second windows of the two.
For false alarms the same track without the sample is compared with that record and others of its style, and records with others
of their style; from a FOLDER, with those of the same folder in it. What is found is also told of the first step alone: whether
the record is among those that `recommend.check` would lay the file over. Needs the synthesiser of `segue_export`.
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from structure import BEAT, FULL, RATE, STYLES, FormedSong, Part, club, song

from segue.analysis.ear import Ear
from segue.analysis.likeness import NEAR, likenesses
from segue.analysis.texture import texture
from segue.audio.decode import decode_stream
from segue.audio.formats import is_audio_name
from segue.errors import SegueError
from segue.frontend.mel import mel_db, stft_stream
from segue.networks.models import models_dir
from segue.networks.sessions import Networks
from segue_export.synth.step_styles import STEP_STYLES

SAMPLE_SECONDS = 20
SPEEDS = (1.0, 2.0, 0.5, 1.5, 2 / 3)
LEAST_SECONDS, MOST_SECONDS = 90, 240


@dataclass
class Heard:
    """A recording as the two detectors know it."""

    wave: np.ndarray
    bpm: float | None
    group: str

    def listen(self, networks: Networks) -> None:
        self.texture = texture([self.wave])
        ear = Ear(networks)
        for power in stft_stream([self.wave]):
            ear.see(power, mel_db(power, 96))
        whole = ear.result()
        self.parts = np.stack([whole.vector, whole.head, whole.tail])
        self.windows = np.stack([moment.vector for moment in ear.moments()])


@dataclass
class Case:
    """A track with a sample, and the same without it."""

    sampled: Heard
    plain: Heard
    record: int
    at: float


def rendered(style: str, form: list[Part], rng: np.random.Generator) -> Heard:
    low, high = next(one.tempo for one in STEP_STYLES if one.name == style)
    bpm = round(float(rng.uniform(low, high)), 2)
    wave = FormedSong(form, style, bpm, rng).wave
    wave = soxr.resample(np.tanh(1.5 * wave / np.abs(wave).max()), RATE, 16_000)
    return Heard((0.7 * wave).astype(np.float32), bpm, style)


def records_of(count: int, folder: Path | None) -> list[Heard]:
    if folder is None:
        return [
            rendered(STYLES[seed % len(STYLES)], (club, song)[seed % 2](rng), rng)
            for seed, rng in ((seed, np.random.default_rng(seed)) for seed in range(count))
        ]
    paths = sorted(path for path in folder.rglob("*") if is_audio_name(path.name))
    random.Random(3).shuffle(paths)
    found: list[Heard] = []
    for path in paths:
        try:
            wave = np.concatenate(list(decode_stream(path)))
        except SegueError:
            continue
        if len(wave) >= LEAST_SECONDS * 16_000:
            group = path.relative_to(folder).parts[0]
            found.append(Heard(wave[: MOST_SECONDS * 16_000], None, group))
        if len(found) == count:
            break
    return found


def case_of(seed: int, records: list[Heard], level: float) -> Case:
    rng = np.random.default_rng(seed)
    number = int(rng.integers(len(records)))
    record = records[number]
    style = record.group if record.group in STYLES else STYLES[seed % len(STYLES)]
    high = next(one.tempo for one in STEP_STYLES if one.name == style)[1]
    bars = 4 * int(np.ceil(SAMPLE_SECONDS * high / 240 / 4))
    form = [
        Part("intro", 16, frozenset(BEAT)),
        Part("main", 16, frozenset(FULL)),
        Part("sample", bars, frozenset(BEAT)),
        Part("drop", 16, frozenset(FULL | {"lead"})),
    ]
    plain = rendered(style, form, np.random.default_rng(100_000 + seed))
    assert plain.bpm is not None
    at = 32 * 240 / plain.bpm
    ratio = 2.0 ** (float(rng.choice([-1, 0, 1])) / 12)
    start = int(16_000 * rng.uniform(20, len(record.wave) / 16_000 - 50))
    sample = soxr.resample(record.wave[start : start + int(16_000 * SAMPLE_SECONDS * ratio)], 16_000 * ratio, 16_000)
    first = int(16_000 * at)
    drums = plain.wave[first : first + len(sample)]
    sample = sample[: len(drums)]
    gain = np.sqrt(np.mean(drums**2) / max(np.mean(sample**2), 1e-9)) * 10 ** (level / 20)
    wave = plain.wave.copy()
    wave[first : first + len(sample)] += gain * sample
    return Case(Heard(wave, plain.bpm, style), plain, number, at)


def nearness(one: Heard, other: Heard) -> float:
    known = one.bpm is not None and other.bpm is not None
    speeds = [one.bpm / other.bpm * times for times in SPEEDS] if known else [0.9, 0.97, 1.02, 1.05, 1.1]
    return max((found.nearness for found in likenesses(one.texture, other.texture, speeds, least=-2.0)), default=-1.0)


def cosine(one: Heard, other: Heard) -> float:
    return float((one.windows @ other.windows.T).max())


def rank(file: Heard, records: list[Heard], wanted: int) -> int:
    """Place of a record among those that a file's windows sound most like, as `recommend.closeness` ranks them."""
    cosines = np.stack([(file.windows @ record.parts.T).max(axis=1) for record in records])
    ranks = np.argsort(np.argsort(-cosines, axis=0, kind="stable"), axis=0, kind="stable").min(axis=1)
    order = np.lexsort((-cosines.max(axis=1), ranks))
    return int(np.flatnonzero(order == wanted)[0])


def told(name: str, right: list[float], wrong: list[float], threshold: float | None) -> None:
    positive, negative = np.array(right), np.array(wrong)
    above = (positive[:, None] > negative).mean() + 0.5 * (positive[:, None] == negative).mean()
    line = f"  {name:22} area under the curve {above:.3f}; found without a false alarm {(positive > negative.max()).mean():.0%}"
    if threshold is not None:
        alarms = int((negative >= threshold).sum())
        line += f"; from {threshold} on {(positive >= threshold).mean():.0%} found, {alarms} of {len(negative)} false alarms"
    print(line)
    print(
        f"  {'':22} found at least {np.sort(positive)[:4].round(2)}; the highest of different tracks {np.sort(negative)[:-5:-1].round(2)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--records", type=int, default=48)
    parser.add_argument("--cases", type=int, default=24)
    parser.add_argument("--level", type=float, default=-6.0)
    parser.add_argument("--seed", type=int, default=9000)
    options = parser.parse_args()
    networks = Networks.load(models_dir(), "cpu")
    records = records_of(options.records, options.folder)
    cases = [case_of(options.seed + number, records, options.level) for number in range(options.cases)]
    for heard in [*records, *(one for case in cases for one in (case.sampled, case.plain))]:
        heard.listen(networks)
    pairs = [(case.plain, records[case.record]) for case in cases]
    for number, one in enumerate(records):
        pairs += [(one, other) for other in [o for o in records[number + 1 :] if o.group == one.group][:2]]
    pairs += [
        (case.plain, other) for case in cases for other in [o for o in records if o.group == case.plain.group][:3]
    ]
    begin = time.process_time()
    right = [nearness(case.sampled, records[case.record]) for case in cases]
    wrong = [nearness(one, other) for one, other in pairs]
    spent = time.process_time() - begin
    print(f"{len(cases)} samples {options.level:+.0f} dB to the drums, {len(pairs)} pairs of different tracks")
    told("Segue's nearness", right, wrong, NEAR)
    told(
        "networks' windows",
        [cosine(case.sampled, records[case.record]) for case in cases],
        [cosine(*pair) for pair in pairs],
        None,
    )
    ranks = np.array([rank(case.sampled, records, case.record) for case in cases])
    shares = ", ".join(f"{count}: {(ranks < count).mean():.0%}" for count in (12, 24, 48) if count <= len(records))
    print(f"  the record is among the first of {len(records)} to be compared, {shares}")
    print(f"  {spent / (len(right) + len(wrong)):.2f} CPU seconds a pair, decoding not counted")


if __name__ == "__main__":
    main()
