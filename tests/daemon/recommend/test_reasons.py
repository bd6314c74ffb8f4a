from __future__ import annotations

import math
import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from segue.keys import camelot_name
from segue.recommend import mixability
from segue.recommend.reasons import Common, Mix, tempo_doubt, why

nan = math.nan
NOTHING = Common(None)
mixes = st.builds(
    Mix,
    bpm=st.one_of(st.just(nan), st.floats(50, 220)),
    bpm_confidence=st.floats(0, 1),
    camelot=st.integers(-1, 23),
    energy=st.one_of(st.just(nan), st.floats(1, 10)),
)
tags = st.lists(st.sampled_from(["deep house", "ambient", "jazz", "vocal"]), unique=True)


def reason(seed: Mix, track: Mix, shared: list[str]) -> tuple[str, float, float]:
    match = mixability.tempo(
        seed.bpm, seed.bpm_confidence, np.array([track.bpm], np.float32), np.array([track.bpm_confidence], np.float32)
    )
    change, factor = float(match.change[0]), float(match.factor[0])
    return why(seed, track, change, factor, Common(shared)), change, factor


def test_as_a_dj_says_it() -> None:
    seed = Mix(124.0, 1.0, 14, 6.0)
    assert reason(seed, Mix(126.0, 1.0, 16, 7.0), ["deep house", "ambient"])[0] == (
        "8A → 9A, pitch -1.6 %, shares deep house, ambient; more energy (6 → 7)"
    )
    assert reason(Mix(174.0, 1.0, 14, nan), Mix(87.3, 1.0, 14, 5.0), [])[0] == (
        "8A → 8A, half time (174 → 87), pitch -0.3 %, no tag in common"
    )
    assert reason(seed, Mix(87.0, 0.2, -1, 4.0), ["jazz"])[0] == (
        "key unknown, tempo unsure: 87 or 174, shares jazz; less energy (6 → 4)"
    )
    assert "double time (87 → 174)" in reason(Mix(87.0, 1.0, 14, 6.0), Mix(174.0, 1.0, 14, 6.0), [])[0]
    assert "3:2 time (132 → 88), pitch -0.3 %" in reason(Mix(132.0, 1.0, 14, 6.0), Mix(88.3, 1.0, 14, 6.0), [])[0]
    assert "2:3 time (88 → 132)," in reason(Mix(88.0, 1.0, 14, 6.0), Mix(132.0, 1.0, 14, 6.0), [])[0]
    assert "tempo jumps 124 → 90" in reason(seed, Mix(90.0, 1.0, 14, 6.0), [])[0]
    assert reason(seed, Mix(124.0, 1.0, 14, 6.0), [])[0] == "8A → 8A, same tempo, no tag in common; same energy (6)"
    assert why(seed, Mix(124.0, 1.0, 14, 6.0), 0.0, 1.0, NOTHING) == "8A → 8A, same tempo; same energy (6)"
    assert reason(seed, Mix(nan, 0.0, 14, 6.0), [])[0].startswith("8A → 8A, tempo unknown")


def test_a_voice_over_a_voice_is_said() -> None:
    one, other = Mix(128.0, 1.0, 14, 6.0), Mix(128.0, 1.0, 14, 7.0)
    assert why(one, other, 0.0, 1.0, Common(["soul"], vocals=True)) == (
        "8A → 8A, same tempo, shares soul, both have vocals; more energy (6 → 7)"
    )
    assert ", shares soul, no vocals;" in why(one, other, 0.0, 1.0, Common(["soul"], unsung=True))
    assert ", no tag in common, no vocals;" in why(one, other, 0.0, 1.0, Common([], unsung=True))


def test_what_has_been_played_together_is_said() -> None:
    one, other = Mix(128.0, 1.0, 14, 6.6), Mix(128.0, 1.0, 14, 7.2)
    assert why(one, other, 0.0, 1.0, Common(None, proven=4)) == (
        "8A → 8A, same tempo; a little more energy (7); played together 4 times"
    )
    assert why(other, one, 0.0, 1.0, Common(None, proven=1)).endswith(
        "; a little less energy (7); played together before"
    )


def test_a_key_that_is_unsure_is_said_to_be() -> None:
    assert why(Mix(128.0, 1.0, 14, nan), Mix(128.0, 1.0, 16, nan, key_confidence=0.3), 0.0, 1.0, NOTHING) == (
        "8A → 9A (unsure), same tempo"
    )


def test_a_key_that_the_pitch_has_moved_is_the_one_that_is_heard() -> None:
    plain, pitched = Mix(128.0, 1.0, 14, nan), Mix(128.0, 1.0, 16, nan, pitched=True)
    assert why(plain, pitched, 0.0, 1.0, NOTHING) == "8A → 9A (as played), same tempo"
    assert why(pitched, plain, 0.0, 1.0, NOTHING) == "9A → 8A (as played), same tempo"
    assert why(plain._replace(camelot=-1), pitched, 0.0, 1.0, NOTHING) == "9A (as played), same tempo"
    assert why(pitched, plain._replace(camelot=-1), 0.0, 1.0, NOTHING) == "key unknown, same tempo"


def test_doubt_names_the_runner_up_or_the_octave() -> None:
    assert tempo_doubt(87.0) == tempo_doubt(174.0) == "tempo unsure: 87 or 174"
    assert tempo_doubt(128.0, (96.0, 64.0)) == "tempo unsure: 96 or 128"


@given(mixes, mixes, tags)
def test_a_reason_agrees_with_the_numbers(seed: Mix, track: Mix, shared: list[str]) -> None:
    line, change, factor = reason(seed, track, shared)

    assert "\n" not in line
    assert "nan" not in line
    assert line.count(";") <= 1
    if track.camelot < 0:
        assert line.startswith("key unknown")
    else:
        assert camelot_name(track.camelot) in line.split(",")[0]
        assert ("→" in line.split(",")[0]) == (seed.camelot >= 0)
    said = re.search(r"pitch ([+-]\d+\.\d) %", line)
    if said:
        assert abs(track.bpm * factor * (1 + float(said[1]) / 100) / seed.bpm - 1) < 0.0007
        assert track.bpm_confidence >= 0.5
        assert ("time (" in line) == (factor != 1.0)
    assert ("tempo unknown" in line) == math.isnan(track.bpm)
    assert ("tempo unsure" in line) == (not math.isnan(track.bpm) and track.bpm_confidence < 0.5)
    if "tempo jumps" in line:
        assert abs(change) > (0.1 if factor in {1.0, 2.0, 0.5} else 0.07)
    assert ("no tag in common" in line) == (not shared)
    assert all(tag in line for tag in shared[:3])
    energy = re.search(r"; (more|less) energy \((\d+) → (\d+)\)", line)
    if energy:
        assert (energy[1] == "more") == (int(energy[3]) > int(energy[2]))
        assert (int(energy[2]), int(energy[3])) == (round(seed.energy), round(track.energy))
    elif not (math.isnan(seed.energy) or math.isnan(track.energy)):
        step = track.energy - seed.energy
        told = "same" if abs(step) < 0.5 else "a little more" if step > 0 else "a little less"
        assert f"{told} energy ({round(track.energy)})" in line
