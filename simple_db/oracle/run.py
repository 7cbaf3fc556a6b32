"""The steps of a run: search, let threads race, write tests."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from attrs import evolve

from simple_db.api import FUNCTIONS
from simple_db.oracle.comparing import signatures
from simple_db.oracle.comparing.comparison import sides
from simple_db.oracle.emission import divergences as emission
from simple_db.oracle.emission import races as race_emission
from simple_db.oracle.emission.divergences import EmittedTest
from simple_db.oracle.findings import register
from simple_db.oracle.findings.evidence import gathered
from simple_db.oracle.findings.search import Findings, search
from simple_db.oracle.programs.strategies import op_of
from simple_db.oracle.races import search as race_search
from simple_db.oracle.report.progress import progress
from simple_db.oracle.report.result import Result, Task
from simple_db.oracle.targets.target import CannotRun, DriverTarget, reference, silence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from simple_db.oracle.emission.fixtures import Fixture
    from simple_db.oracle.findings.register import Entry
    from simple_db.oracle.races.search import RaceFindings, Violation

HISTORIES = 1000
"""How many histories of threads are checked at most."""


def begun(task: Task, target: DriverTarget, known: Sequence[Entry]) -> Result:
    """Return what can be told before anything runs: the differences of signature."""
    return Result(task, signatures.differences(target), known)


def searched(result: Result, target: DriverTarget, console: Console) -> Result:
    """Search until the budget is spent or someone interrupts it, and add what was found.

    Args:
        result: Says for how long to look, and what to pass over.
        target: What is held against the reference.
        console: Where it is said how far it is.

    Raises:
        CannotRun: the time was not enough for a single program, so there is nothing to tell.
    """
    findings = _findings(result.task, target, result.known, console)
    if not findings.programs:
        raise CannotRun("no program was run; give it more time with --budget")
    with silence():
        both = sides(reference(), target)
        evidence = [gathered(divergence, both) for divergence in findings.divergences]
    return evolve(result, evidence=evidence, findings=findings)


def _findings(
    task: Task, target: DriverTarget, known: Sequence[Entry], console: Console
) -> Findings:
    latest = Findings()
    with progress("Comparing", task.budget, console) as say:

        def note(findings: Findings) -> None:
            nonlocal latest
            latest = findings
            told = f"{findings.programs:,} programs, {findings.calls:,} calls"
            say(findings.seconds, f"{told}, {len(findings.divergences)} divergences")

        with contextlib.suppress(KeyboardInterrupt):
            search(
                reference(),
                target,
                ops=task.ops,
                budget=task.budget,
                seed=task.seed,
                known=register.fingerprints(known),
                progress=note,
            )
    return latest


def raced(result: Result, target: DriverTarget, lanes: int, console: Console) -> Result:
    """Let threads race, for as long as the budget says at most, and add what they came to.

    Raises:
        CannotRun: calls of the target wait for each other.
    """
    begin = time.monotonic()
    with progress("Racing", HISTORIES, console) as say, silence():

        def goes_on(found: RaceFindings) -> bool:
            say(found.histories, f"{found.histories:,} histories, {len(found.violations)} refused")
            return time.monotonic() - begin < result.task.budget

        races = race_search.search(
            target,
            histories=HISTORIES,
            lanes=lanes,
            seed=result.task.seed,
            functions=[one for one in FUNCTIONS if op_of(one) in result.task.ops],
            goes_on=goes_on,
        )
    return evolve(result, races=races)


def written(result: Result, target: DriverTarget, fixture: Fixture, directory: Path) -> Result:
    """Write a test for each divergence and race, and run those of divergences on both sides."""
    tests = [emission.emitted(evidence, fixture) for evidence in result.evidence]
    races = result.true_races if fixture.is_module else []
    files = [*tests, *(_of_race(violation, fixture) for violation in races)]
    paths = emission.write(files, directory)
    with silence():
        shown = [_shows(test, target) for test in tests]
    of_divergences, of_races = paths[: len(tests)], paths[len(tests) :]
    unproven = [path for path, proven in zip(of_divergences, shown, strict=True) if not proven]
    return evolve(result, paths=of_divergences, unproven=unproven, race_paths=of_races)


def _of_race(violation: Violation, fixture: Fixture) -> EmittedTest:
    name = f"test_race_of_{'_and_'.join(sorted(violation.functions))}"
    return EmittedTest(name, race_emission.text_of_test(violation, fixture))


def _shows(test: EmittedTest, target: DriverTarget) -> bool:
    """Return whether the test passes on the reference and fails on the target."""
    target.reset()
    return test.passes_on(reference().driver) and not test.passes_on(target.driver)
