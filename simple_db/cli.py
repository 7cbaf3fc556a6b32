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


def main() -> None:
    """Run the command line; its exit code is 2, with one line on stderr, when it cannot start."""
    try:
        with interruptible():
            from simple_db import commands  # noqa: PLC0415 - click may not be there
    except ModuleNotFoundError:
        code = refuse_without_extra("the command line", "cli")
    else:
        code = commands.run()
    sys.exit(code)


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
    print(f"simple-db: {' '.join(why.split())}", file=sys.stderr)  # noqa: T201 - the command line
    return code


def refuse_without_extra(what: str, extra: str) -> int:
    """Say on stderr which extra of the package brings what is missing; return the exit code."""
    return refuse(f"{what} needs the {extra} extra: pip install 'simple-db[{extra}]'")
