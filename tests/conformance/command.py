"""Run Glance's tests on simple_db and on Glance's own drivers, and print how many each passes.

    python -m tests.conformance [MODULE ...]          the suites for drivers: seconds
    python -m tests.conformance --unit                the unit tests that use FakeDB: minutes
    python -m tests.conformance --functional          the functional API tests: many minutes

A MODULE has the functions of Glance's database API and `reset`, and is tested as well. The exit
code is 1 if one of the modules fails a test for drivers, or if simple_db fails a test that it need
pass: any test for drivers, and each test that Glance's own driver passes in the same environment,
less those in `tests.conformance.listed`.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import logging
import sys
import unittest
import warnings
from collections import Counter
from typing import TYPE_CHECKING

from attrs import frozen
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.conformance import listed, runs, sqlalchemy_suites, suites
from tests.conformance.suites import IN_TREE_FAKE, SIMPLE_DB, SQL, Driver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tests.conformance.runs import Comparison, Ending, Suite

HEADER = ("driver", "passed", "failed", "skipped", "total")

DRIVER_SUITES = "Glance's driver suites"
SQL_SUITES = "Glance's suites for the SQL driver"


@frozen
class Outcome:
    """How a driver did."""

    driver: str
    total: int
    failed: list[str]
    skipped: int = 0

    @property
    def row(self) -> tuple[str, ...]:
        failed = len(self.failed)
        passed = self.total - failed - self.skipped
        return (self.driver, *map(str, (passed, failed, self.skipped, self.total)))


def outcome(driver: Driver) -> Outcome:
    """Run the suites for all drivers on one."""
    return _outcome(driver, [suites.on(driver, name) for name in suites.SUITES])


def sql_outcome(driver: Driver) -> Outcome:
    """Run the suites for the SQL driver on any."""
    cases = [sqlalchemy_suites.on(driver, name) for name in sqlalchemy_suites.CLASSES]
    return _outcome(driver, cases)


def _outcome(driver: Driver, cases: Iterable[type[unittest.TestCase]]) -> Outcome:
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    suite = unittest.TestSuite(load(case) for case in cases)
    result = unittest.TextTestRunner(io.StringIO(), verbosity=0, warnings="ignore").run(suite)
    failed = [test.id() for test, _ in (*result.failures, *result.errors)]
    return Outcome(driver.name, result.testsRun, failed, len(result.skipped))


def outcome_of(driver: str, endings: Mapping[str, Ending]) -> Outcome:
    """Count how the tests of a run ended."""
    count = Counter(ending.outcome for ending in endings.values())
    failed = [test for test, ending in endings.items() if ending.outcome == "failed"]
    return Outcome(driver, count.total(), failed, count["skipped"])


def show(title: str, outcomes: list[Outcome]) -> None:
    """Print the table: drawn on a terminal, plain columns elsewhere."""
    console = Console()
    if not console.is_terminal:
        say(title)
        for row in (HEADER, *(each.row for each in outcomes)):
            say("{:<22}{:>8}{:>8}{:>9}{:>8}".format(*row))
        return
    table = Table(*HEADER, title=title)
    for each in outcomes:
        table.add_row(*each.row)
    console.print(table)


def show_listed(table: Mapping[str, tuple[str, ...]]) -> None:
    """Print the tests that simple_db need not pass."""
    for reason, tests in table.items():
        say(f"listed: {reason}")
        for test in tests:
            say(f"    {test}")


def say(line: str, *, error: bool = False) -> None:
    print(line, file=sys.stderr if error else sys.stdout, flush=True)


def run_driver_suites(drivers: list[Driver]) -> bool:
    """Run both sets of suites for drivers; return whether all of the drivers pass."""
    good = True
    for title, run, others in (
        (DRIVER_SUITES, outcome, [SQL, IN_TREE_FAKE]),
        (SQL_SUITES, sql_outcome, [SQL]),
    ):
        held = [run(driver) for driver in drivers]
        show(title, [*held, *map(run, others)])
        for each in held:
            for name in each.failed:
                say(f"{each.driver} failed {name}", error=True)
            good = good and not each.failed
    show_listed(listed.SQL_DRIVER)
    return good


def run_suite(suite: Suite, table: Mapping[str, tuple[str, ...]]) -> bool:
    """Run a suite of modules on simple_db and the baseline; return whether simple_db is as good."""
    with progress() as tell:
        told = runs.compare(suite, tell)
    baseline = outcome_of(suite.baseline, told.baseline)
    show(suite.title, [outcome_of("simple_db", told.held), baseline])
    show_listed(table)
    for test in baseline.failed:
        say(f"no matter, as {suite.baseline} fails it here: {test}")
    return judge(told)


def judge(told: Comparison) -> bool:
    """Print what is not as it has to be; return whether there is nothing."""
    for test in told.regressions():
        say(f"simple_db failed {test}: {told.ending(test).last_line}", error=True)
    for test in told.needless():
        say(f"listed for nothing, as simple_db passes it: {test}", error=True)
    return not told.regressions() and not told.needless()


@contextlib.contextmanager
def progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show how far a run is: a bar on a terminal, a line for each module elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda what, done, total: say(f"[{done}/{total}] {what}", error=True)
        return
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("{task.description}"), console=console) as bar:
        task = bar.add_task("Glance's modules of tests", total=None)
        yield lambda what, done, total: bar.update(
            task, description=what, completed=done, total=total
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("modules", metavar="MODULE", nargs="*", type=imported)
    parser.add_argument("--unit", action="store_true", help="only the unit tests that use FakeDB")
    parser.add_argument("--functional", action="store_true", help="only the functional API tests")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")
    logging.disable()
    good = []
    if chosen.modules or not (chosen.unit or chosen.functional):
        good.append(run_driver_suites([SIMPLE_DB, *chosen.modules]))
    if chosen.unit:
        good.append(run_suite(runs.UNIT, listed.UNIT))
    if chosen.functional:
        good.append(run_suite(runs.FUNCTIONAL, listed.FUNCTIONAL))
    return 0 if all(good) else 1


def imported(name: str) -> Driver:
    try:
        module = importlib.import_module(name)
        return Driver(name, module, module.reset)
    except (ImportError, AttributeError) as error:
        raise argparse.ArgumentTypeError(f"{name} cannot be tested: {error}") from error


if __name__ == "__main__":
    sys.exit(main())
