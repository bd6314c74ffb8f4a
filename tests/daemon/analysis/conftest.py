from pathlib import Path

import pytest

from segue.errors import ModelMissingError
from segue.networks.models import models_dir


@pytest.fixture(scope="session")
def checkout_models() -> Path:
    """The shipped models."""
    try:
        return models_dir()
    except ModelMissingError as error:
        pytest.skip(str(error))
