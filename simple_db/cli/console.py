"""What every command of ``simple-db`` needs and Python alone has: refusals, SIGINT, the version.

It can say what is missing where the packages are that the commands need.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

INTERRUPTED = 130
"""The exit code after SIGINT, as shells have it."""

USAGE_ERROR = 2
_STDERR = 2


def show_version() -> None:
    """Print the version and where simple_db is installed, and on stderr what is wrong with that."""
    from simple_db.installed import distribution  # noqa: PLC0415 - as in `refuse_without_extra`

    print(distribution.description())  # noqa: T201 - the command line
    warned()


def warned() -> bool:
    """Say on stderr what is wrong with the installation; return whether there is anything."""
    from simple_db.installed import distribution  # noqa: PLC0415 - as in `refuse_without_extra`

    problems = distribution.problems()
    for problem in problems:
        print(f"simple-db: warning: {problem}", file=sys.stderr)  # noqa: T201 - the command line
    return bool(problems)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT end the process at once, in one line, during a block that has nothing to undo.

    Imports are such a block: they take seconds, and an exception in the middle of one can come out
    as another, or not at all.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _end(number: int, frame: FrameType | None) -> NoReturn:
    os.write(_STDERR, b"simple-db: stopped\n")
    os._exit(INTERRUPTED)


def refuse(why: str, code: int = USAGE_ERROR) -> int:
    """Say on stderr, in one line, why a command does not go on, and return its exit code."""
    print(f"simple-db: {' '.join(why.splitlines())}", file=sys.stderr)  # noqa: T201 - the command line
    return code


def refuse_without_extra(what: str, extra: str) -> int:
    """Say on stderr which extra brings what is missing, and how; return the exit code."""
    from simple_db.installed import distribution  # noqa: PLC0415 - few calls need it, and all would wait

    return refuse(distribution.needs(what, extra))
