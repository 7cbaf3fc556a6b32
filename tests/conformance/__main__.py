"""Run Glance's suites on three drivers, and on others, and print how many tests each passes.

    python -m tests.conformance [MODULE ...]

A module has the functions of Glance's database API and `reset`. The exit code is 1 if simple_db, or
one of the modules, fails any test.
"""

import importlib
import io
import logging
import sys
import unittest
import warnings

from attrs import frozen
from rich.console import Console
from rich.table import Table

from tests.conformance.suites import IN_TREE_FAKE, SIMPLE_DB, SQL, SUITES, Driver, on

HEADER = ("driver", "passed", "failed", "total")


@frozen
class Outcome:
    """How a driver did."""

    driver: Driver
    total: int
    failed: list[str]

    @property
    def row(self) -> tuple[str, ...]:
        failed = len(self.failed)
        return (self.driver.name, str(self.total - failed), str(failed), str(self.total))


def outcome(driver: Driver) -> Outcome:
    """Run all suites on a driver."""
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    suite = unittest.TestSuite(load(on(driver, name)) for name in SUITES)
    result = unittest.TextTestRunner(io.StringIO(), verbosity=0, warnings="ignore").run(suite)
    failed = [test.id() for test, _ in (*result.failures, *result.errors)]
    return Outcome(driver, result.testsRun, failed)


def show(outcomes: list[Outcome]) -> None:
    """Print the table: drawn on a terminal, plain columns elsewhere."""
    console = Console()
    if not console.is_terminal:
        for row in (HEADER, *(outcome.row for outcome in outcomes)):
            print("{:<22}{:>8}{:>8}{:>8}".format(*row))  # noqa: T201 - the command's output
        return
    table = Table(*HEADER, title="Glance's driver suites")
    for each in outcomes:
        table.add_row(*each.row)
    console.print(table)


def main() -> int:
    warnings.simplefilter("ignore")
    logging.disable()
    held = [outcome(driver) for driver in (SIMPLE_DB, *map(imported, sys.argv[1:]))]
    show([*held, *(outcome(driver) for driver in (SQL, IN_TREE_FAKE))])
    for each in held:
        for name in each.failed:
            print(f"{each.driver.name} failed {name}", file=sys.stderr)  # noqa: T201 - likewise
    return 1 if any(each.failed for each in held) else 0


def imported(name: str) -> Driver:
    module = importlib.import_module(name)
    return Driver(name, module, module.reset)


if __name__ == "__main__":
    sys.exit(main())
