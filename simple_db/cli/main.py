"""The command ``simple-db``.

This module needs nothing but Python, so that it can say what is missing; the commands themselves
are in `simple_db.cli.commands`.
"""

from __future__ import annotations

import errno
import sys

from simple_db.cli.console import (
    USAGE_ERROR,
    flush,
    give_up_stdout,
    interruptible,
    refuse,
    refuse_without_extra,
    show_version,
    warned,
)

# What writing to a full disk, a broken one or a closed descriptor fails with.
_OF_OUTPUT = {errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC}


def main(program: str = "simple-db") -> None:
    """Run the command line; its exit code is 2, with one line on stderr, when it cannot start.

    Args:
        program: How it was called, for the line on its usage.
    """
    try:
        code = _run(program)
        flush()
    except OSError as error:  # a command makes the errors of its files its own
        if error.errno not in _OF_OUTPUT:
            raise
        give_up_stdout()
        code = refuse(f"the output cannot be written: {error.strerror or error}")
    sys.exit(code)


def _run(program: str) -> int:
    if sys.argv[1:] == ["--version"]:  # without click, it says why the rest cannot be imported
        show_version()
        return 0
    try:
        with interruptible():
            from simple_db.cli import commands  # noqa: PLC0415 - click may not be there
    except ModuleNotFoundError:
        return refuse_without_extra("the command line", "cli")
    except ImportError:
        if not warned():
            raise
        return USAGE_ERROR
    return commands.run(program=program)
