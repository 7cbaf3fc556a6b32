"""The command ``simple-db``.

This module needs nothing but Python, so that it can say what is missing; the commands themselves
are in `simple_db.commands`.
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

_USAGE_ERROR = 2
_STDERR = 2


def main(program: str = "simple-db") -> None:
    """Run the command line; its exit code is 2, with one line on stderr, when it cannot start.

    Args:
        program: How it was called, for the line on its usage.
    """
    if sys.argv[1:] == ["--version"]:  # needs no click, and tells why the rest cannot be imported
        show_version()
        sys.exit()
    try:
        with interruptible():
            from simple_db import commands  # noqa: PLC0415 - click may not be there
    except ModuleNotFoundError:
        code = refuse_without_extra("the command line", "cli")
    except ImportError:
        if not _warned():
            raise
        code = _USAGE_ERROR
    else:
        code = commands.run(program=program)
    sys.exit(code)


def show_version() -> None:
    """Print the version and where simple_db is installed, and on stderr what is wrong with that."""
    from simple_db import distribution  # noqa: PLC0415 - as in `refuse_without_extra`

    print(distribution.description())  # noqa: T201 - the command line
    _warned()


def _warned() -> bool:
    """Say on stderr what is wrong with the installation; return whether there is anything."""
    from simple_db import distribution  # noqa: PLC0415 - as in `refuse_without_extra`

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


def refuse(why: str, code: int = _USAGE_ERROR) -> int:
    """Say on stderr, in one line, why a command does not go on, and return its exit code."""
    print(f"simple-db: {' '.join(why.splitlines())}", file=sys.stderr)  # noqa: T201 - the command line
    return code


def refuse_without_extra(what: str, extra: str) -> int:
    """Say on stderr which extra brings what is missing, and how; return the exit code."""
    from simple_db import distribution  # noqa: PLC0415 - few calls need it, and all would wait

    return refuse(distribution.needs(what, extra))
