"""The mirror keeps memory in step with the library, and tells of many tracks in few events."""

import pytest

from library_support import DIM, LABELS, MODEL, analysis, probe
from segue.index.vectors import VectorIndex
from segue.library.store import Library
from segue.recommend.catalogue import Catalogue
from segue.server.mirror import Mirror

TRACKS = 2100


@pytest.fixture
def told():
    return []


@pytest.fixture
def library(tmp_path):
    opened = Library(tmp_path / "library.db")
    opened.set_model(MODEL, LABELS, DIM)
    yield opened
    opened.close()


@pytest.fixture
def catalogue(library):
    return Catalogue(library.columns())


@pytest.fixture
def mirror(library, catalogue, told, tmp_path):
    index = VectorIndex(tmp_path / "index", dim=DIM, model=MODEL)
    index.open(catalogue, library.generation())
    yield Mirror(library, catalogue, index, lambda name, data: told.append((name, data["state"], len(data["ids"]))))
    index.close()


def test_a_drive_that_comes_and_goes_is_a_handful_of_events(mirror, library, catalogue, told):
    names = [f"/drive/{number}.wav" for number in range(TRACKS)]
    ids = library.store_many((name, probe(name), analysis(name)) for name in names)
    mirror.refresh(ids)
    assert told == [("tracks.changed", "present", size) for size in (1000, 1000, 100)]
    told.clear()
    mirror.refresh(library.mark_missing(names[:5]))
    assert told == [("tracks.changed", "missing", 5)]
    assert catalogue.rows().count == TRACKS
    told.clear()
    mirror.refresh(library.forget(names[:2]))
    assert told == [("tracks.changed", "gone", 2)]
    assert catalogue.rows().count == TRACKS - 2
