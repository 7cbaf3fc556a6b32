"""The cells of the matrix: which Glance with which Python, each in an environment of its own."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from attrs import frozen

from simple_db.installed.glance_release import SERIES

REPOSITORY = Path(__file__).parents[2]

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The Pythons that are supported; one that is not installed is left out of a run."""


@frozen
class Cell:
    """A series of OpenStack, such as 2026.2, and a Python, such as 3.11."""

    series: str
    python: str

    @property
    def name(self) -> str:
        return f"{self.series}-py{self.python}"

    @property
    def glance(self) -> int:
        """The major release of Glance."""
        return next(release for release, series in SERIES.items() if series == self.series)

    @property
    def constraints(self) -> Path:
        """The releases of the time, for pip."""
        return REPOSITORY / "constraints" / f"{self.series}.txt"

    @property
    def environment(self) -> Path:
        return REPOSITORY / f".venv-{self.name}"


def all_cells() -> list[Cell]:
    """Return each Glance on the oldest Python, and the newest Glance on each Python."""
    newest = list(SERIES.values())[-1]
    oldest_python, *later = PYTHONS
    return [
        *(Cell(series, oldest_python) for series in SERIES.values()),
        *(Cell(newest, python) for python in later),
    ]


def interpreter(python: str) -> Path | None:
    """Return a Python of this version from the PATH or from pyenv, or None if there is none."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    of_pyenv = sorted(root.glob(f"versions/{python}.*/bin/python3"))
    if of_pyenv:
        return of_pyenv[-1]
    found = shutil.which(f"python{python}")
    return Path(found) if found else None
