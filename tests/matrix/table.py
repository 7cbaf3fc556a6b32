"""The table of docs/compatibility.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.matrix.runs import GROUPS, SUITES
from tests.support.pages import with_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.matrix.cells import Cell
    from tests.matrix.runs import Result

HEADER = (
    "Glance",
    "Python",
    "oslo.db",
    "SQLAlchemy",
    "eventlet",
    *SUITES,
    *GROUPS,
    "run on",
)

BEGIN = "<!-- make matrix -->\n"


def table(results: Mapping[Cell, Result | None]) -> str:
    """Return the table in Markdown, a line for each cell."""
    lines = [HEADER, ("---",) * len(HEADER), *(_row(*each) for each in results.items())]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(cell: Cell, result: Result | None) -> tuple[str, ...]:
    series = f"({cell.series})"
    if result is None:
        unknown = len(HEADER) - 3
        return (f"{cell.glance} {series}", cell.python, *[""] * unknown, "not run")
    glance, *others = result.releases.values()
    outcomes = map(str, result.outcomes.values())
    return (f"{glance} {series}", cell.python, *others, *outcomes, result.day)


def write(page: Path, text: str) -> None:
    """Put the table into the page, in the place of the one before."""
    page.write_text(with_table(page.read_text(), BEGIN, text))
