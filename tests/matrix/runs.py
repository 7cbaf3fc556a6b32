"""What is run in an environment, and what came of it."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import asdict, frozen

from tests.matrix.cells import REPOSITORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import IO

    from tests.matrix.cells import Cell

PACKAGES = ("glance", "oslo.db", "SQLAlchemy", "eventlet")
"""The packages whose releases are told."""

GROUPS: dict[str, tuple[str, ...]] = {
    "quirks and differences": (
        "test_quirks.py",
        "test_differences.py",
        "test_other_releases.py",
        "test_api.py",
        "glance/test_metadata_backend.py",
        "property/test_agreement_with_sql_driver.py",
    ),
    "fixtures": ("test_pytest_plugin.py", "glance/test_install.py"),
    "server": (
        "glance/test_server_flows.py",
        "glance/test_downloads.py",
        "glance/test_staged_files.py",
    ),
}
"""Files of tests; Glance's own suites come before them, in a process of their own."""

SUITES = ("Glance's driver suites", "Glance's suites for the SQL driver")


@frozen
class Outcome:
    """How a group did: so many passed of so many; those that cannot run here are left out."""

    passed: int
    total: int

    @property
    def is_good(self) -> bool:
        return 0 < self.passed == self.total

    def __str__(self) -> str:
        return str(self.passed) if self.is_good else f"**{self.passed}** of {self.total}"


@frozen
class Result:
    """What came of a cell.

    Attributes:
        day: when it was run.
        releases: those of `PACKAGES`.
        outcomes: of `SUITES` and `GROUPS`, by name.
    """

    day: str
    releases: dict[str, str]
    outcomes: dict[str, Outcome]

    @property
    def is_good(self) -> bool:
        return all(outcome.is_good for outcome in self.outcomes.values())

    def save(self, cell: Cell) -> None:
        _path(cell).write_text(json.dumps(asdict(self), indent=1))


def saved(cell: Cell) -> Result | None:
    """Return the result of the last run of a cell, or None if there is none."""
    if not _path(cell).exists():
        return None
    text: dict[str, Any] = json.loads(_path(cell).read_text())
    outcomes = {name: Outcome(**outcome) for name, outcome in text["outcomes"].items()}
    return Result(text["day"], text["releases"], outcomes)


def result_of(cell: Cell, python: Path, log: IO[str], tell: Callable[[str], None]) -> Result:
    """Run everything in an environment."""
    tell("Glance's own suites")
    outcomes = _suites(python, log)
    for name, files in GROUPS.items():
        tell(name)
        outcomes[name] = _tests(python, files, log)
    return Result(dt.datetime.now(dt.UTC).date().isoformat(), _releases(python), outcomes)


def outcomes_of_suites(printed: str) -> dict[str, Outcome]:
    """Read what ``python -m tests.conformance`` prints: simple_db against the SQL driver.

    What simple_db has to pass is what the SQL driver of that release passes.
    """
    found = {}
    for title in SUITES:
        _, _, table = printed.partition(f"{title}\n")
        found_rows = re.findall(r"^(simple_db|glance\.db\.sqlalchemy) +(\d+) ", table, re.MULTILINE)
        rows = dict(reversed(found_rows))  # the first of each: what follows is of the next suites
        passed, expected = (
            int(rows.get(name, 0)) for name in ("simple_db", "glance.db.sqlalchemy")
        )
        found[title] = Outcome(passed, max(passed, expected))
    return found


def outcome_of_tests(report: str) -> Outcome:
    """Read a report of pytest, in JUnit XML."""
    counts = {"tests": 0, "errors": 0, "failures": 0, "skipped": 0}
    for suite in ET.fromstring(report).iter("testsuite"):  # noqa: S314 - our own pytest's
        for name in counts:
            counts[name] += int(suite.get(name, 0))
    total = counts["tests"] - counts["skipped"]
    return Outcome(total - counts["errors"] - counts["failures"], total)


def _suites(python: Path, log: IO[str]) -> dict[str, Outcome]:
    command = [str(python), "-W", "ignore", "-m", "tests.conformance"]
    done = subprocess.run(  # noqa: S603 - ours
        command,
        check=False,
        cwd=REPOSITORY,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    log.write(done.stdout)
    log.flush()
    return outcomes_of_suites(done.stdout)


def _tests(python: Path, files: tuple[str, ...], log: IO[str]) -> Outcome:
    with tempfile.TemporaryDirectory() as directory:
        report = Path(directory, "report.xml")
        # Glance's earlier releases come with libraries that warn of what is long history by now.
        options = ["-q", "-W", "ignore", "-p", "no:cacheprovider", f"--junitxml={report}"]
        paths = [str(REPOSITORY / "tests" / file) for file in files]
        subprocess.run(  # noqa: S603 - ours
            [str(python), "-m", "pytest", *options, *paths],
            check=False,
            cwd=REPOSITORY,
            env=_environment(),
            stdout=log,
            stderr=log,
        )
        return outcome_of_tests(report.read_text()) if report.exists() else Outcome(0, 1)


def _releases(python: Path) -> dict[str, str]:
    code = f"""
import json
from importlib import metadata
print(json.dumps({{name: metadata.version(name) for name in {PACKAGES!r}}}))
"""
    done = subprocess.run([str(python), "-c", code], check=True, capture_output=True, text=True)  # noqa: S603 - ours
    found: dict[str, str] = json.loads(done.stdout)
    return found


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(REPOSITORY)}


def _path(cell: Cell) -> Path:
    return cell.environment / "matrix.json"
