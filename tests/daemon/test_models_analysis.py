"""One worker, several sets of networks."""

from __future__ import annotations

import numpy as np
import pytest

from models_support import add_set
from segue.analysis.engine import AnalysisEngine
from segue.analysis.pool import AnalysisPool
from segue.errors import ModelMissingError, NotAudioError
from segue.networks.models import models_dir


@pytest.fixture(scope="module")
def file(music):
    return min(music.iterdir())


@pytest.fixture
def other(home):
    return add_set(home)


def test_an_embedding_is_the_networks_part_of_an_analysis(file, other):
    engine = AnalysisEngine(models_dir(), "cpu")
    whole = engine.analyse(file)
    part = engine.embed(file)
    assert np.array_equal(part.vector, whole.vector)
    assert (part.tags, part.features, part.model) == (whole.tags, whole.features, whole.model)
    elsewhere = engine.embed(file, other.folder)
    assert elsewhere.model == other.id == engine.analyse(file, other.folder).model
    assert elsewhere.vector.shape == (other.load().dim,) != part.vector.shape


def test_no_more_than_two_sets_are_kept_open(file, home, other):
    engine = AnalysisEngine(models_dir(), "cpu")
    third = add_set(home, "third", shift=1.0)
    for folder in (other.folder, third.folder, None):
        engine.embed(file, folder)
        assert len(engine._open) <= 2
    with pytest.raises(ModelMissingError):
        engine.embed(file, home / "nowhere")


def test_the_pool_embeds_beside_and_changes_over(file, other, tmp_path):
    with AnalysisPool(models_dir(), workers=1) as pool:
        beside = pool.embed(file, 12.0, other.folder)
        assert pool.analyse(file, 12.0).result(120).model != other.id
        assert beside.result(120).model == other.id
        (tmp_path / "x.wav").write_bytes(b"no audio")
        with pytest.raises(NotAudioError):
            pool.embed(tmp_path / "x.wav", 1.0, other.folder).result(120)
        pool.use(other.folder)
        assert pool.analyse(file, 12.0).result(120).model == other.id
