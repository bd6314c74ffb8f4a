from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

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
