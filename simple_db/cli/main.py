"""The command ``simple-db``.

This module needs nothing but Python, so that it can say what is missing; the commands themselves
are in `simple_db.cli.commands`.
"""

from __future__ import annotations

import sys

from simple_db.cli.console import (
    USAGE_ERROR,
    interruptible,
    refuse_without_extra,
    show_version,
    warned,
)


def main(program: str = "simple-db") -> None:
    """Run the command line; its exit code is 2, with one line on stderr, when it cannot start.

    Args:
        program: How it was called, for the line on its usage.
    """
    if sys.argv[1:] == [
        "--version"
    ]:  # works without click, and says why the rest cannot be imported
        show_version()
        sys.exit()
    try:
        with interruptible():
            from simple_db.cli import commands  # noqa: PLC0415 - click may not be there
    except ModuleNotFoundError:
        code = refuse_without_extra("the command line", "cli")
    except ImportError:
        if not warned():
            raise
        code = USAGE_ERROR
    else:
        code = commands.run(program=program)
    sys.exit(code)
