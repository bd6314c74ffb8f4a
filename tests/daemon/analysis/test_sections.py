from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from music_support import blocks, synthesise

from segue.analysis import wire
from segue.analysis.ear import WINDOW_SECONDS, Ear
from segue.analysis.result import Heard, Likeness, Moment, Section, Structure
from segue.analysis.sections import section_spans
from segue.frontend.mel import mel_db, stft_stream
from segue.networks.sessions import Networks

CLUB = (
    Section(2.0, 34.0, "intro", 4.0),
    Section(34.0, 66.0, "main", 7.0),
    Section(66.0, 98.0, "breakdown", 2.0),
    Section(98.0, 130.0, "drop", 9.0),
    Section(130.0, 140.0, "breakdown", 2.0),
    Section(140.0, 172.0, "drop", 9.5),
    Section(172.0, 200.0, "outro", 4.0),
)
SONG = (
    Section(0.0, 20.0, "main", 5.0),
    Section(20.0, 50.0, "main", 8.0),
    Section(50.0, 60.0, "breakdown", 3.0),
    Section(60.0, 64.0, "main", 9.0),
)


@pytest.mark.parametrize(
    ("parts", "duration", "intro", "drop", "outro"),
    [
        (CLUB, 205.0, ((2.0, 34.0),), ((98.0, 130.0), (140.0, 172.0)), ((172.0, 200.0),)),
        # The loudest main part that is long enough, and half minutes for the ends that are not there.
        (SONG, 64.0, ((0.0, 30.0),), ((20.0, 50.0),), ((34.0, 64.0),)),
        ((), 20.0, ((0.0, 10.0),), ((0.0, 20.0),), ((10.0, 20.0),)),
        ((Section(0.0, 50.0, "breakdown", 2.0),), 50.0, ((0.0, 25.0),), ((0.0, 50.0),), ((25.0, 50.0),)),
    ],
)
def test_every_recording_has_three_sections(parts, duration, intro, drop, outro) -> None:
    assert section_spans(Structure(parts), duration) == (intro, drop, outro)


@pytest.fixture(scope="module")
def ear(checkout_models: Path) -> Ear:
    """Half a minute of techno, then as much ambient."""
    ear = Ear(Networks.load(checkout_models, "cpu"))
    wave = np.concatenate(
        [synthesise("techno", 130.0, seconds=30.0), synthesise("ambient", 80.0, "C major", seconds=30.0)]
    )
    for power in stft_stream(blocks(wave)):
        ear.see(power, mel_db(power, 96))
    return ear


def test_a_moment_is_what_sounds_there(ear: Ear) -> None:
    whole = ear.result()
    np.testing.assert_allclose(ear.moment("all", [(0.0, 90.0)]).vector, whole.vector, atol=1e-5)
    first, last = ear.moment("intro", [(0.0, 30.0)]).vector, ear.moment("outro", [(30.0, 61.0)]).vector
    assert first @ whole.head > 0.99
    assert last @ whole.tail > 0.99
    assert first @ last < first @ whole.vector
    # A span between two chunks is heard all the same.
    assert np.linalg.norm(ear.moment("", [(10.0, 10.01)]).vector) == pytest.approx(1.0, abs=1e-5)


def test_windows_cover_the_recording(ear: Ear) -> None:
    windows = list(ear.moments())
    spans = [window.spans[0] for window in windows]
    assert spans[0][0] == 0.0
    assert spans[-1][1] == pytest.approx(60.0, abs=0.1)
    assert all(end - start == pytest.approx(WINDOW_SECONDS) for start, end in spans)
    assert all(0.0 < after - before <= WINDOW_SECONDS / 2 for (before, _), (after, _) in pairwise(spans))
    vectors = np.stack([window.vector for window in windows])
    assert (vectors @ vectors[0])[:3].min() > (vectors @ vectors[0])[-3:].max()


def test_what_was_heard_crosses_the_pipe() -> None:
    from pool_engines import VECTOR, analysis  # noqa: PLC0415 - engines are for workers

    moment = Moment("drop", ((1.0, 2.5), (3.0, 4.0)), VECTOR)
    reply = wire.decode_reply(wire.encode(wire.Listened(Heard(analysis(), (moment,), (moment, moment)))))
    assert isinstance(reply, wire.Listened)
    assert reply.heard.sections[0].spans == moment.spans
    np.testing.assert_array_equal(reply.heard.windows[1].vector, VECTOR)
    likeness = Likeness(1.0, 11.0, 30.0, 40.5, 0.5, -1.0, 0.944)
    assert wire.decode_reply(wire.encode(wire.Compared((likeness,)))) == wire.Compared((likeness,))
    job = wire.Job("compare", b"/a.wav", other=b"/b.wav", speeds=(1.5,))
    assert wire.decode_job(wire.encode(job)).other_path == Path("/b.wav")
