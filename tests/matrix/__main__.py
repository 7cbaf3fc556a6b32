"""simple_db beside each Glance and on each Python: environments, tests, a table.

    python -m tests.matrix [--only CELL ...] [--write]

A CELL is 2026.2-py3.11, say. Environments are made once and kept, ``.venv-CELL`` in the repository,
each with its last result; the log is beside it. A Python that is not installed is left out.
The exit code is 1 if a cell that was run has failed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.matrix import cells, environments, runs, table

if TYPE_CHECKING:
    from pathlib import Path

PAGE = cells.REPOSITORY / "docs" / "compatibility.md"


def run(cell: cells.Cell, interpreter: Path) -> bool:
    """Run a cell, and return whether all is well."""
    path = cells.REPOSITORY / f".venv-{cell.name}.log"
    with path.open("w") as log:
        say(f"{cell.name}: the environment (log: {path.name})")
        try:
            python = environments.made(cell, interpreter, log)
        except subprocess.CalledProcessError as error:
            say(f"{cell.name}: it cannot be made: {error}")
            return False
        result = runs.result_of(cell, python, log, lambda what: say(f"{cell.name}: {what}"))
    result.save(cell)
    for name, outcome in result.outcomes.items():
        say(f"{cell.name}: {name}: {outcome.passed} of {outcome.total} passed")
    return result.is_good


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.matrix",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    every = cells.all_cells()
    names = [cell.name for cell in every]
    parser.add_argument("--only", metavar="CELL", action="append", choices=names)
    parser.add_argument("--write", action="store_true", help=f"put the table into docs/{PAGE.name}")
    chosen = parser.parse_args()
    good = True
    for cell in every:
        if chosen.only and cell.name not in chosen.only:
            continue
        interpreter = cells.interpreter(cell.python)
        if interpreter is None:
            say(f"{cell.name}: left out, there is no Python {cell.python} here")
        else:
            good = run(cell, interpreter) and good
    text = table.table({cell: runs.saved(cell) for cell in every})
    sys.stdout.write(text)
    if chosen.write:
        table.write(PAGE, text)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
