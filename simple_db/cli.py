"""The command ``simple-db``.

This module needs nothing but Python, so that it can say what is missing; the commands themselves
are in `simple_db.commands`.
"""

import sys

_USAGE_ERROR = 2


def main() -> None:
    """Run the command line; its exit code is 2, with one line on stderr, when it cannot start."""
    try:
        from simple_db import commands  # noqa: PLC0415 - click may not be there
    except ModuleNotFoundError:
        code = refuse_without_extra("the command line", "cli")
    else:
        code = commands.run()
    sys.exit(code)


def refuse(why: str, code: int = _USAGE_ERROR) -> int:
    """Say on stderr, in one line, why a command does not go on, and return its exit code."""
    print(f"simple-db: {' '.join(why.split())}", file=sys.stderr)  # noqa: T201 - the command line
    return code


def refuse_without_extra(what: str, extra: str) -> int:
    """Say on stderr which extra of the package brings what is missing; return the exit code."""
    return refuse(f"{what} needs the {extra} extra: pip install 'simple-db[{extra}]'")
