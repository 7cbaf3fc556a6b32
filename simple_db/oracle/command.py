"""What the command does around a run: set up the target, show the result, write the files."""

from __future__ import annotations

import contextlib
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from simple_db.oracle import run
from simple_db.oracle.faults import FAULTS, self_test
from simple_db.oracle.findings import register
from simple_db.oracle.report import exports
from simple_db.oracle.report import terminal as report
from simple_db.oracle.report.progress import progress
from simple_db.oracle.targets.named import resolve
from simple_db.oracle.targets.target import SQL_DRIVER, CannotRun, DriverTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simple_db.oracle.findings.register import Entry
    from simple_db.oracle.request import Request

AGREE, DIVERGE = 0, 1
"""Exit codes."""

_LONGEST_FOR_A_FAULT = 60.0  # seconds
_ENOUGH = 0.95  # of the faults have to be found
_WIDTH = 100  # columns, if the output is no terminal


def compare(request: Request) -> int:
    """Compare the target with the reference, report, and return the exit code.

    Raises:
        CannotRun: there is no such target, or it cannot be set up; or a file of the report cannot
            be written, which is found out before the search if possible.
        RegisterError: the register cannot be read.
        OSError: a test cannot be written, though its directory could.
    """
    errors = Console(stderr=True, highlight=False)
    known = register.holding(_register(request), request.database)
    with _set_up(request) as target:
        _check_files(request)
        result = run.begun(request, target, known)
        with _printing() as console:
            report.show_signatures(result, console)
        result = run.searched(result, target, errors)
        if request.threads is not None:
            result = run.raced(result, target, request.threads, errors)
        try:
            if request.emit is not None:
                result = run.written(result, target, request.emit)
        finally:  # the result is shown even if the tests cannot be written
            with _printing() as console:
                report.show(result, console)
    _write("--json", request.json_path, lambda: exports.as_json(result))
    _write("--junit", request.junit_path, lambda: exports.as_junit(result))
    return AGREE if result.agrees else DIVERGE


def find_faults(budget: float, seed: int) -> int:
    """Search for every seeded fault, show which were found, and return the exit code.

    Args:
        budget: How long to search for each, in seconds; a minute at most.
        seed: Determines the programs.
    """
    errors = Console(stderr=True, highlight=False)
    longest = min(budget, _LONGEST_FOR_A_FAULT)
    with progress("Searching for seeded faults", len(FAULTS), errors) as say:
        done: list[self_test.Trial] = []

        def note(trial: self_test.Trial) -> None:
            done.append(trial)
            say(len(done), trial.fault.name)

        trials = self_test.run(longest, seed, note, faults=FAULTS)
    with _printing() as console:
        console.print(self_test.table(trials))
    found = sum(trial.divergence is not None for trial in trials)
    return AGREE if found >= _ENOUGH * len(trials) else DIVERGE


def _register(request: Request) -> list[Entry]:
    if request.known is not None:
        return register.read(request.known)
    return register.of_sql_driver() if request.target == SQL_DRIVER else []


@contextlib.contextmanager
def _set_up(request: Request) -> Iterator[DriverTarget]:
    """Import and set up the target, and close it at the end."""
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))  # as `python -m` does
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # imported modules warn of things that are not ours
        target = resolve(request.target, setup=request.setup, url=request.url)
    try:
        yield target
    finally:
        target.close()


def _check_files(request: Request) -> None:
    """Check that the files can be written, before the search, which takes its time.

    Raises:
        CannotRun: one cannot.
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


def _write(option: str, path: Path | None, text: Callable[[], str]) -> None:
    if path is not None:
        with _named(option, path):
            path.write_text(text(), encoding="utf-8")


@contextlib.contextmanager
def _named(option: str, path: Path) -> Iterator[None]:
    """Name the option in the error of a file that cannot be written."""
    try:
        yield
    except OSError as error:
        raise CannotRun(f"{option} {path} cannot be written: {error.strerror}") from error


@contextlib.contextmanager
def _printing() -> Iterator[Console]:
    """Yield a console of the standard output; in a file, lines do not end in spaces."""
    console = Console(highlight=False)
    if console.is_terminal:
        yield console
        return
    plain = Console(highlight=False, width=_WIDTH)
    with plain.capture() as captured:
        yield plain
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())
