"""Where processor time is put down to."""

from __future__ import annotations

import time

import numpy as np
import pytest

from segue.bench.stages import REST, can_watch, watched
from segue.frontend.mel import mel_db, stft_power

pytestmark = pytest.mark.skipif(not can_watch(), reason="no profiling timer here")


def spend(seconds, work):
    began = time.process_time()
    while time.process_time() - began < seconds:
        work()


def test_all_time_is_put_down_to_whoever_of_ours_spent_it():
    wave = np.random.default_rng(0).normal(size=16_000 * 10).astype(np.float32)
    began = time.process_time()
    with watched() as seconds:
        spend(0.3, lambda: mel_db(stft_power(wave), 96))  # long calls into numpy
        spend(0.15, lambda: sum(range(1000)))  # nobody of ours
    took = time.process_time() - began
    assert sum(seconds.values()) == pytest.approx(took, rel=0.1)
    assert seconds["spectra"] == pytest.approx(0.3, rel=0.25)
    assert seconds[REST] == pytest.approx(0.15, rel=0.35)


def test_the_timer_stops_afterwards():
    with watched() as seconds:
        spend(0.02, lambda: sum(range(1000)))
    before = dict(seconds)
    spend(0.05, lambda: sum(range(1000)))
    assert seconds == before
