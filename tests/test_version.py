import tomllib
from pathlib import Path

from simple_db import version

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def test_the_release_that_a_snapshot_names_is_that_of_the_distribution() -> None:
    assert version.__version__ == tomllib.loads(PROJECT.read_text())["project"]["version"]
