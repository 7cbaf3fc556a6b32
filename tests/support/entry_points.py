"""The entry points as pyproject.toml has them, whatever distribution is installed."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from tests.support.pages import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

PYPROJECT = PROJECT / "pyproject.toml"


def declared() -> dict[str, dict[str, str]]:
    """Give the entry points of the project by their group."""
    groups: dict[str, dict[str, str]] = tomllib.loads(PYPROJECT.read_text())["project"][
        "entry-points"
    ]
    return groups


def installed(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the distribution of the project have the entry points of pyproject.toml.

    It is found before the installed one, whose entry points are those of its installation.
    """
    metadata = directory / "glance_simple_db-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: glance-simple-db\nVersion: 0\n"
    )
    lines = [
        line
        for group, points in declared().items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (metadata / "entry_points.txt").write_text("\n".join(lines) + "\n")
    monkeypatch.syspath_prepend(str(directory))


def loaded(group: str) -> Any:
    """Load the entry point ``simple_db`` of a group, as Glance's loader does."""
    from stevedore import driver  # noqa: PLC0415 - it comes with Glance

    return driver.DriverManager(group, "simple_db").driver
