"""The file of a test."""

from pathlib import Path

import pytest

from tests.support.kept import NAME


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give the path of a file that is not there yet."""
    return tmp_path / NAME
