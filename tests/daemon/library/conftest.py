from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rescue_support import Places, make_sound_library, places_in

from library_support import DIM, LABELS, MODEL
from segue.library.store import Library


@pytest.fixture
def library_file(tmp_path: Path) -> Path:
    return tmp_path / "home" / "library.sqlite"


@pytest.fixture
def library(library_file: Path) -> Iterator[Library]:
    opened = Library(library_file)
    opened.set_model(MODEL, LABELS, DIM)
    yield opened
    opened.close()


@pytest.fixture(scope="package")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of 600 tracks, closed: copy it before you damage it."""
    return make_sound_library(tmp_path_factory.mktemp("sound"))


@pytest.fixture(scope="package")
def places(sound: Path) -> Places:
    return places_in(sound)
