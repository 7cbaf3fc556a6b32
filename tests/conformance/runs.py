"""Glance's unit and functional tests on simple_db and on what Glance itself tests with.

A run is a process for each module of tests, in a directory that looks like a checkout of Glance's
sources. What a driver must pass is what the baseline passes in the same environment: tests that
want the internet, or a tool that is not installed, fail there too and are no matter of a driver.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING

import glance
from attrs import field, frozen

from tests.conformance import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

PACKAGE = Path(glance.__file__).parent
REPOSITORY = Path(__file__).parents[2]
# Where pip puts what Glance's wheel has beside the package.
DATA_FILES = Path(sys.prefix) / "etc" / "glance"

TEST_SECONDS = 120
MODULE_SECONDS = 1500
WORKERS = min(2, os.cpu_count() or 1)


@frozen
class Ending:
    """How a test ended: passed, failed or skipped, and the traceback or reason."""

    outcome: str
    why: str = ""

    @property
    def last_line(self) -> str:
        """What a person wants to see first."""
        return (self.why.strip().splitlines() or [self.outcome])[-1]


@frozen
class Suite:
    """Modules of Glance's tests.

    Attributes:
        title: what it is called in a table.
        baseline: the driver that Glance runs it on.
        substitution: how the child process puts simple_db there.
        listed: the tests that simple_db need not pass, with the reason.
    """

    title: str
    baseline: str
    substitution: str
    listed: Mapping[str, str]
    _folder: str
    _word: str = field(default="")

    def modules(self) -> list[str]:
        """Return the modules, the largest first: they take longest."""
        files = [
            path
            for path in (PACKAGE / "tests" / self._folder).rglob("test_*.py")
            if self._word in path.read_text()
        ]
        files.sort(key=lambda path: (-path.stat().st_size, path))
        return [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in files]


UNIT = Suite(
    title="Glance's unit tests that use FakeDB",
    baseline="glance.db.simple",
    substitution="fake",
    listed=listed.reasons(listed.UNIT),
    folder="unit",
    word="FakeDB",
)
FUNCTIONAL = Suite(
    title="Glance's functional API tests",
    baseline="glance.db.sqlalchemy",
    substitution="sql driver",
    listed=listed.reasons(listed.FUNCTIONAL),
    folder="functional/v2",
)


@frozen
class Comparison:
    """How the tests of a suite ended on simple_db and on the baseline."""

    suite: Suite
    held: Mapping[str, Ending]
    baseline: Mapping[str, Ending]

    def regressions(self) -> list[str]:
        """Return the tests that the baseline passes, that are not listed, and that we do not."""
        return [
            test
            for test, ending in self.baseline.items()
            if ending.outcome == "passed"
            and test not in self.suite.listed
            and self.ending(test).outcome != "passed"
        ]

    def needless(self) -> list[str]:
        """Return the tests that are listed and pass."""
        return [test for test in self.suite.listed if self.ending(test).outcome == "passed"]

    def ending(self, test: str) -> Ending:
        """Return how a test ended on simple_db."""
        return self.held.get(test, Ending("failed", "the test did not run"))


def compare(suite: Suite, tell: Callable[[str, int, int], None]) -> Comparison:
    """Run a suite on both drivers.

    Args:
        suite: which one.
        tell: is called with what is done, how many modules are done and how many there are.
    """
    jobs = [(name, how) for name in suite.modules() for how in (suite.substitution, "nothing")]
    held: dict[str, Ending] = {}
    baseline: dict[str, Ending] = {}
    with ThreadPoolExecutor(WORKERS) as pool:
        running = {pool.submit(run, name, how): (name, how) for name, how in jobs}
        for done, future in enumerate(as_completed(running), 1):
            name, how = running[future]
            (baseline if how == "nothing" else held).update(future.result())
            driver = suite.baseline if how == "nothing" else "simple_db"
            tell(f"{name} on {driver}", done, len(jobs))
    once = Comparison(suite, held, baseline)
    for name, tests in _by_module(suite, once.regressions()).items():
        # Some tests wait for threads, and a loaded machine is no failure of a driver.
        held.update(run(name, suite.substitution, tests))
    return Comparison(suite, held, baseline)


def check(suite: Suite, module: str) -> Comparison:
    """Run a module on simple_db, and on the baseline only what fails there."""
    held = run(module, suite.substitution)
    failed = [
        test
        for test, ending in held.items()
        if ending.outcome != "passed" and test not in suite.listed
    ]
    if not failed:
        return Comparison(suite, held, {})
    # A process that died says so under the name of its module: then all are asked.
    names = [] if module in failed else failed
    held.update(run(module, suite.substitution, names))
    return Comparison(suite, held, run(module, "nothing", names))


def run(module: str, substitution: str, tests: Iterable[str] = ()) -> dict[str, Ending]:
    """Run a module, or some of its tests, in a process of its own, and return how each ended."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        directory = Path(name)
        _prepare(directory)
        return _run(directory, module, [substitution, str(TEST_SECONDS), module, *tests])


def _run(directory: Path, module: str, arguments: list[str]) -> dict[str, Ending]:
    endings: dict[str, Ending] = {}
    with (directory / "log").open("w+") as log:
        process = subprocess.Popen(  # noqa: S603 - the arguments are ours
            [sys.executable, "-P", "-W", "ignore", "-m", f"{__package__}.child", *arguments],
            cwd=directory / "checkout",
            env=_environment(directory),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        timer = threading.Timer(MODULE_SECONDS, _end, [process])
        timer.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                test, outcome, why = json.loads(line)
                if outcome == "done":
                    return endings
                endings[test] = Ending(outcome, why)
        finally:
            timer.cancel()
            # Its threads, and the processes that its tests began, may be at work for long.
            _end(process)
            process.communicate()
        log.seek(0)
        return endings | {module: Ending("failed", f"the process ended too early: {log.read()}")}


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _prepare(directory: Path) -> None:
    """Lay out what Glance's tests look for in the working directory."""
    checkout = directory / "checkout"
    shutil.copytree(PACKAGE / "tests" / "etc", checkout / "glance" / "tests" / "etc")
    if DATA_FILES.is_dir():
        shutil.copytree(DATA_FILES, checkout / "etc")
    (directory / "tmp").mkdir()


def _environment(directory: Path) -> dict[str, str]:
    # The child is not measured: coverage would double its time.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return kept | {"PYTHONPATH": str(REPOSITORY), "TMPDIR": str(directory / "tmp")}


def _by_module(suite: Suite, tests: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for test in tests:
        for module in suite.modules():
            if test.startswith(f"{module}."):
                found.setdefault(module, []).append(test)
    return found
