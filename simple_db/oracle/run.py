"""The steps of a run: search, let threads race, write tests."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from attrs import evolve

from simple_db.api import FUNCTIONS
from simple_db.oracle.comparing import signatures
from simple_db.oracle.comparing.comparison import sides
from simple_db.oracle.emission import divergences, files
from simple_db.oracle.emission import races as race_tests
from simple_db.oracle.emission.fixtures import Fixture
from simple_db.oracle.findings import register
from simple_db.oracle.findings.evidence import gathered
from simple_db.oracle.findings.search import Findings, search
from simple_db.oracle.programs.strategies import op_of
from simple_db.oracle.races import search as race_search
from simple_db.oracle.report.progress import progress
from simple_db.oracle.report.result import Result
from simple_db.oracle.targets.target import CannotRun, DriverTarget, reference, silence

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.console import Console

    from simple_db.oracle.emission.files import EmittedTest
    from simple_db.oracle.findings.register import Entry
    from simple_db.oracle.races.search import RaceFindings
    from simple_db.oracle.request import Request

HISTORIES = 1000
"""How many histories of threads are checked at most."""


def begun(request: Request, target: DriverTarget, known: Sequence[Entry]) -> Result:
    """Return what is known before anything runs: the differences of signature."""
    return Result(request, signatures.differences(target), known)


def searched(result: Result, target: DriverTarget, console: Console) -> Result:
    """Search until the budget is spent or the user interrupts it, and add what was found.

    Args:
        result: What is known so far.
        target: What is compared with the reference.
        console: Shows the progress.

    Raises:
        CannotRun: the budget was too short for a single program.
    """
    findings = _findings(result, target, console)
    if not findings.programs:
        raise CannotRun("no program was run; give it more time with --budget")
    with silence():
        both = sides(reference(), target)
        evidence = [gathered(divergence, both) for divergence in findings.divergences]
    return evolve(result, evidence=evidence, findings=findings)


def _findings(result: Result, target: DriverTarget, console: Console) -> Findings:
    request, latest = result.request, Findings()
    with progress("Comparing", request.budget, console) as say:

        def note(findings: Findings) -> None:
            nonlocal latest
            latest = findings
            done = f"{findings.programs:,} programs, {findings.calls:,} calls"
            say(findings.seconds, f"{done}, {len(findings.divergences)} divergences")

        with contextlib.suppress(KeyboardInterrupt):
            search(
                reference(),
                target,
                ops=request.ops,
                budget=request.budget,
                seed=request.seed,
                known=register.fingerprints(result.known),
                progress=note,
            )
    return latest


def raced(result: Result, target: DriverTarget, lanes: int, console: Console) -> Result:
    """Let threads race until the budget is spent at most, and add what was found.

    Raises:
        CannotRun: calls of the target wait for each other.
    """
    begin, request = time.monotonic(), result.request
    with progress("Racing", HISTORIES, console) as say, silence():

        def goes_on(found: RaceFindings) -> bool:
            races = f"{len(found.violations)} races"
            say(found.histories, f"{found.histories:,} histories, {races}")
            return time.monotonic() - begin < request.budget

        races = race_search.search(
            target,
            histories=HISTORIES,
            lanes=lanes,
            seed=request.seed,
            functions=[one for one in FUNCTIONS if op_of(one) in request.ops],
            goes_on=goes_on,
        )
    return evolve(result, races=races)


def written(result: Result, target: DriverTarget, directory: Path) -> Result:
    """Write a test for each divergence and race, and run those of divergences on both sides."""
    request = result.request
    fixture = Fixture(
        request.target, request.setup, request.url, resets=hasattr(target.driver, "reset")
    )
    tests = [divergences.emitted(evidence, fixture) for evidence in result.evidence]
    races = result.true_races if fixture.is_module else []
    race_files = [race_tests.emitted(violation, fixture) for violation in races]
    paths = files.write([*tests, *race_files], directory)
    with silence():
        shown = [_shows(test, target) for test in tests]
    of_divergences, of_races = paths[: len(tests)], paths[len(tests) :]
    unproven = [path for path, proven in zip(of_divergences, shown, strict=True) if not proven]
    return evolve(result, paths=of_divergences, unproven=unproven, race_paths=of_races)


def _shows(test: EmittedTest, target: DriverTarget) -> bool:
    """Return whether the test passes on the reference and fails on the target."""
    target.reset()
    return test.passes_on(reference().driver) and not test.passes_on(target.driver)
