"""What an analysis says from moment to moment, the vectors of both ends, and how an older library learns them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe, vector
from segue.analysis.result import (
    ANALYSIS,
    KeySection,
    LocalTempo,
    MixPoint,
    Section,
    Structure,
    Tempo,
    TrackAnalysis,
)
from segue.errors import AudioError, ModelMismatchError
from segue.library import schema
from segue.library.files import RENEWAL_PRIORITY
from segue.library.store import Library


def rich(name: str) -> TrackAnalysis:
    made = analysis(name)
    structure = Structure(
        sections=(Section(0.5, 32.5, "intro", 4.0), Section(32.5, 180.0, "main", 7.26)),
        mix_in=MixPoint(0.5, 16),
        mix_out=MixPoint(150.0, 8),
    )
    return replace(
        made,
        tempo=Tempo(124.0, 0.8, (62.0,), first_beat=0.0161, first_downbeat=0.5, bar_confidence=0.7),
        key=replace(made.key, tuning=-12.34, sections=(KeySection(0.0, 90.0, "A minor", 0.9),)),
        structure=structure,
        energy_curve=tuple(np.linspace(1, 10, 45).tolist()),
        voice_curve=tuple(np.linspace(0, 1, 45).tolist()),
    )


def test_a_track_has_its_details_and_a_list_of_tracks_has_none(library: Library) -> None:
    track = library.store("/m/x.mp3", probe("x"), rich("x"))
    found = library.track(track).details
    assert found is not None
    assert found.grid is not None
    assert (found.grid.bpm, found.grid.first_beat, found.grid.first_downbeat) == (124.0, 0.0161, 0.5)
    assert [(part.start, part.end, part.kind, part.energy) for part in found.sections] == [
        (0.5, 32.5, "intro", 4.0),
        (32.5, 180.0, "main", 7.3),
    ]
    assert (found.mix_in.at, found.mix_in.bars, found.mix_out.at, found.mix_out.bars) == (0.5, 16, 150.0, 8)
    assert (found.tuning, found.keys[0].key) == (-12.3, "A minor")
    assert len(found.energy_curve) == len(found.voice_curve) == 45
    assert library.tracks([track])[0].details is None


def test_mix_points_of_many_tracks_are_had_at_once(library: Library, library_file: Path) -> None:
    one, two, bad = (library.store(f"/m/{name}.mp3", probe(name), rich(name)) for name in "xyz")
    with sqlite3.connect(library_file) as db:
        db.execute("UPDATE track_details SET details = x'789c00' WHERE track_id = ?", (bad,))
    found = library.mix_points([one, two, bad, 999])
    assert set(found) == {one, two}
    assert found[two].mix_in is not None
    assert found[two].mix_out is not None
    assert (found[two].mix_in.at, found[two].mix_out.at, found[two].mix_out.bars) == (0.5, 150.0, 8)


def test_a_recording_without_one_tempo_has_no_grid_but_its_tempi(library: Library) -> None:
    tempo = Tempo(124.0, 0.8, first_beat=0.1, local=(LocalTempo(0.0, 60.0, 120.0), LocalTempo(60.0, 180.0, 128.0)))
    track = library.store("/m/x.mp3", probe("x"), replace(analysis("x"), tempo=tempo))
    found = library.track(track).details
    assert found.grid is None
    assert [part.bpm for part in found.tempi] == [120.0, 128.0]


def test_head_and_tail_are_loaded_beside_the_vectors(library: Library) -> None:
    for name in ("x", "y"):
        library.store(f"/m/{name}.mp3", probe(name), analysis(name))
    columns = library.columns()
    assert columns.heads.dtype == columns.tails.dtype == np.float16
    for row, name in enumerate(("x", "y")):
        np.testing.assert_allclose(columns.heads[row], vector(f"head of {name}"), atol=1e-3)
        np.testing.assert_allclose(columns.tails[row], vector(f"tail of {name}"), atol=1e-3)


@pytest.mark.parametrize("which", ["head", "tail"])
def test_unsound_ends_are_refused(library: Library, which: str) -> None:
    for bad in (np.full(DIM, np.nan, np.float32), np.zeros(DIM, np.float32), vector("x", DIM + 1)):
        with pytest.raises(ModelMismatchError):
            library.store("/m/x.mp3", probe("x"), replace(analysis("x"), **{which: bad}))


@pytest.mark.parametrize("harm", ["NULL", "zeroblob(10)", f"zeroblob({4 * DIM})", "randomblob(7)"])
def test_damaged_ends_and_details_do_no_harm(library: Library, library_file: Path, harm: str) -> None:
    track = library.store("/m/x.mp3", probe("x"), rich("x"))
    with sqlite3.connect(library_file) as db:
        db.execute(f"UPDATE vectors SET ends = {harm}")
        db.execute("UPDATE track_details SET details = x'789c00'")
    columns = library.columns()
    np.testing.assert_allclose(columns.heads[0], vector("x"), atol=1e-3)
    np.testing.assert_allclose(columns.tails[0], vector("x"), atol=1e-3)
    assert library.track(track).details is None


def older(path: Path, names: str) -> None:
    """A library of the version before details, with some tracks."""
    library = Library(path)
    library.set_model(MODEL, LABELS, DIM)
    for name in names:
        library.store(f"/m/{name}.mp3", probe(name, title=name), analysis(name))
    library.close()
    with closing(sqlite3.connect(path)) as db:
        for table in ("night_starts", "transitions", "opinions", "imports", "settings", "crate_tracks", "crates"):
            db.execute(f"DROP TABLE {table}")
        db.execute("DROP INDEX tracks_work")
        for column in ("tracks.rating", "tracks.promoted", "tracks.work_key", "folders.private"):
            db.execute("ALTER TABLE {} DROP COLUMN {}".format(*column.split(".")))
        db.execute("DROP TABLE track_details")
        db.execute("ALTER TABLE tracks DROP COLUMN analysis")
        db.execute("ALTER TABLE vectors DROP COLUMN ends")
        db.execute("ALTER TABLE other_vectors DROP COLUMN ends")
        db.execute("PRAGMA user_version = 2")
        db.commit()


def test_an_older_library_answers_as_ever_and_is_analysed_again_behind_everything_else(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    older(path, "ab")
    library = Library(path)
    assert library.renew_analyses() == 2
    columns = library.columns()
    np.testing.assert_allclose(columns.heads, columns.vectors, atol=1e-3)
    assert columns.present.all()
    assert library.counts().indexed == 2
    assert {(row.path, row.priority) for row in library.take(9)} == {
        ("/m/a.mp3", RENEWAL_PRIORITY),
        ("/m/b.mp3", RENEWAL_PRIORITY),
    }
    row = next(row for row in library.take(9) if row.path == "/m/a.mp3")
    assert library.known(probe("a").identity) is None
    track = library.store(row.path, probe("a", title="a"), rich("a"), as_of=row)
    assert track == columns.ids[0]
    assert library.track(track).details is not None
    assert library.known(probe("a").identity) == track
    np.testing.assert_allclose(library.columns().heads[0], vector("head of a"), atol=1e-3)
    assert library.renew_analyses() == 0  # the other one waits already
    library.close()


def test_what_cannot_be_analysed_again_keeps_what_was_heard(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    older(path, "a")
    library = Library(path)
    library.renew_analyses()
    (row,) = library.take(9)
    library.fail(row.path, AudioError("It takes too long."), as_of=row)
    assert library.columns().ids.tolist() == [row.track_id]
    assert (library.counts().queued, library.counts().failed) == (0, 0)
    library.close()
    library = Library(path)  # a new daemon does not spend the time once more
    assert library.renew_analyses() == 0
    assert library.columns().ids.tolist() == [row.track_id]
    library.enqueue(row.path, 5, 5)  # it changed: what was heard is of another recording
    (row,) = library.take(9)
    library.fail(row.path, AudioError("It is broken."), as_of=row)
    assert library.counts().failed == 1
    library.close()


def test_a_library_of_this_version_has_nothing_to_renew(library: Library) -> None:
    library.store("/m/x.mp3", probe("x"), analysis("x"))
    assert ANALYSIS > 0
    assert library.renew_analyses() == 0
    assert len(schema.MIGRATIONS) == 4
