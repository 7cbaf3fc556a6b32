"""What the command does: set a target up, search, let threads race, write and show what came."""

from __future__ import annotations

import contextlib
import re
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen
from rich.console import Console

from simple_db.oracle import run
from simple_db.oracle.emission import fixtures
from simple_db.oracle.faults import FAULTS, self_test
from simple_db.oracle.findings import register
from simple_db.oracle.programs.strategies import OPS
from simple_db.oracle.report import exports
from simple_db.oracle.report import terminal as report
from simple_db.oracle.report.progress import progress
from simple_db.oracle.report.result import Task
from simple_db.oracle.targets.named import resolve
from simple_db.oracle.targets.target import SQL_DRIVER, CannotRun, DriverTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simple_db.oracle.findings.register import Entry
    from simple_db.oracle.report.result import Result

AGREE, DIVERGE = 0, 1
"""Exit codes."""

_LONGEST_FOR_A_FAULT = 60.0  # seconds
_ENOUGH = 0.95  # of the faults have to be found
_WIDTH = 100  # columns, where there is no terminal


@frozen
class Request:
    """What a user asks for; each attribute is the option of that name.

    Attributes:
        target: ``package.module`` or ``package.module:attribute``.
        setup: ``package.module:function``, or None.
        url: The database of Glance's SQL driver, or None.
        ops: Parts of the API with commas between them; None for all.
        budget: How long to look, in seconds.
        seed: What makes the programs.
        known: A register of divergences to pass over; None for what is known of Glance's SQL
            driver, and nothing of others.
        emit: The directory for tests, or None.
        json_path: The file for JSON, or None.
        junit_path: The file for JUnit XML, or None.
        threads: How many threads race, or None.
    """

    target: str
    setup: str | None = None
    url: str | None = None
    ops: str | None = None
    budget: float = 120.0
    seed: int = 0
    known: Path | None = None
    emit: Path | None = None
    json_path: Path | None = None
    junit_path: Path | None = None
    threads: int | None = None

    @property
    def database(self) -> str | None:
        """The kind of database of Glance's SQL driver, as its URL names it."""
        if self.target != SQL_DRIVER:
            return None
        return re.split(r"[+:]", self.url or "sqlite:")[0]


def hold(request: Request) -> int:
    """Hold the target against the reference, report, and return the exit code.

    Raises:
        CannotRun: there is no such target, or it cannot be set up, or has no such parts; or a file
            of the report cannot be written, which is found out before the search if it can be.
        RegisterError: the register cannot be read.
        OSError: a test cannot be written, though its directory could.
    """
    errors = Console(stderr=True, highlight=False)
    known = register.holding(_register(request), request.database)
    task = Task(request.target, parsed_ops(request.ops), request.budget, request.seed)
    with _set_up(request) as target:
        _check_files(request)
        result = run.begun(task, target, known)
        with _printing() as console:
            report.show_signatures(result, console)
        result = run.searched(result, target, errors)
        if request.threads is not None:
            result = run.raced(result, target, request.threads, errors)
        try:
            result = _with_tests(result, target, request)
        finally:  # what was found is shown, whatever cannot be written
            with _printing() as console:
                report.show(result, console)
    _write("--json", request.json_path, lambda: exports.as_json(result))
    _write("--junit", request.junit_path, lambda: exports.as_junit(result))
    return AGREE if result.agrees else DIVERGE


def _check_files(request: Request) -> None:
    """Find out before the search, which takes its time, whether its report can be written.

    Raises:
        CannotRun: it cannot.
    """
    for option, path in (("--json", request.json_path), ("--junit", request.junit_path)):
        if path is not None:
            with _named(option, path):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.open("a").close()
    if request.emit is not None:
        with _named("--emit", request.emit):
            request.emit.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=request.emit).close()


def _with_tests(result: Result, target: DriverTarget, request: Request) -> Result:
    if request.emit is None:
        return result
    fixture = fixtures.Fixture(
        request.target, request.setup, request.url, hasattr(target.driver, "reset")
    )
    return run.written(result, target, fixture, request.emit)


def _write(option: str, path: Path | None, text: Callable[[], str]) -> None:
    if path is not None:
        with _named(option, path):
            path.write_text(text(), encoding="utf-8")


@contextlib.contextmanager
def _named(option: str, path: Path) -> Iterator[None]:
    """Say which option has named a file that cannot be written."""
    try:
        yield
    except OSError as error:
        raise CannotRun(f"{option} {path} cannot be written: {error.strerror}") from error


def _register(request: Request) -> list[Entry]:
    if request.known is not None:
        return register.read(request.known)
    return register.of_sql_driver() if request.target == SQL_DRIVER else []


def catch_faults(budget: float, seed: int) -> int:
    """Look for every seeded fault, show which were found, and return the exit code.

    Args:
        budget: For how long to look for each, in seconds; a minute at most.
        seed: What makes the programs.
    """
    errors = Console(stderr=True, highlight=False)
    longest = min(budget, _LONGEST_FOR_A_FAULT)
    with progress("Looking for seeded faults", len(FAULTS), errors) as say:
        done: list[self_test.Caught] = []

        def note(caught: self_test.Caught) -> None:
            done.append(caught)
            say(len(done), caught.fault.name)

        found = self_test.run(longest, seed, note, faults=FAULTS)
    with _printing() as console:
        console.print(self_test.table(found))
    caught = sum(one.divergence is not None for one in found)
    return AGREE if caught >= _ENOUGH * len(found) else DIVERGE


def parsed_ops(text: str | None) -> tuple[str, ...]:
    """Return the parts of the API that a user names; all by default.

    Raises:
        CannotRun: one of them is none.
    """
    named = list(OPS) if text is None else [op.strip() for op in text.split(",")]
    unknown = [op for op in named if op not in OPS]
    if unknown:
        raise CannotRun(f"--ops takes {','.join(OPS)}, not {', '.join(map(repr, unknown))}")
    return tuple(op for op in OPS if op in named)


@contextlib.contextmanager
def _set_up(request: Request) -> Iterator[DriverTarget]:
    """Import and set up the target, and leave nothing of it behind."""
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # as `python -m` does
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what modules say of themselves as they are imported
        target = resolve(request.target, setup=request.setup, url=request.url)
    try:
        yield target
    finally:
        target.close()


@contextlib.contextmanager
def _printing() -> Iterator[Console]:
    """Give a console of the standard output; in a file lines do not end in spaces."""
    console = Console(highlight=False)
    if console.is_terminal:
        yield console
        return
    plain = Console(highlight=False, width=_WIDTH)
    with plain.capture() as captured:
        yield plain
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())
