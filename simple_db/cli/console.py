"""What the commands of ``simple-db`` share on a terminal: refusals, progress, JSON, colour, counts.

The module needs nothing but Python, so that the command can name a package that is missing. The
functions that need one import it themselves.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

    from rich.console import Console, RenderableType

INTERRUPTED = 130
"""The exit code after SIGINT, as shells have it."""

USAGE_ERROR = 2
_STDERR = 2

# The width of what is printed to no terminal, unless COLUMNS says another: nothing is cut there.
_WIDTH = 160

# pathlib takes the two slashes of a URL that is given for a path for one.
_URL_AS_PATH = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/(?=[^\s/]\S*[@=])")


# --- text ------------------------------------------------------------------------------------


def printable(text: str) -> str:
    """Return a text with each character escaped that a terminal would obey or not show."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def number(count: int, thing: str) -> str:
    """Return how many there are, as ``1 image`` or ``1,000 images``."""
    things = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{count:,} {thing if count == 1 else things}"


def safe(text: str) -> str:
    """Return a text for a terminal: credentials in URLs masked, control characters escaped."""
    from simple_db.model import credentials  # noqa: PLC0415 - it needs packages

    return printable(credentials.masked_text(_URL_AS_PATH.sub(r"\1://", text)))


def in_a_line(message: str) -> str:
    """Return the message of an error: one line that is `safe`, with options for parameters."""
    from simple_db.model import wording  # noqa: PLC0415 - few calls need it

    return wording.in_options(safe(" ".join(message.split())))


# --- stderr ----------------------------------------------------------------------------------


def warn(message: str) -> None:
    """Print a line on stderr, as it is."""
    print(f"simple-db: {message}", file=sys.stderr)  # noqa: T201 - the command line


def refuse(why: str, code: int = USAGE_ERROR) -> int:
    """Print on stderr, in one line, why a command does not go on, and return its exit code."""
    warn(in_a_line(why))
    return code


def refuse_without_extra(what: str, extra: str) -> int:
    """Print on stderr which extra has what is missing, and return the exit code.

    Nothing is masked, because the packages for that may be what is missing. Installers leave
    credentials out of the URL that the command for the installation is made of (PEP 610).
    """
    from simple_db.installed import distribution  # noqa: PLC0415 - few calls need it, and all would wait

    warn(printable(distribution.needs(what, extra)))
    return USAGE_ERROR


def warned() -> bool:
    """Print on stderr what is wrong with the installation, and return whether anything is."""
    from simple_db.installed import distribution  # noqa: PLC0415 - as in `refuse_without_extra`

    problems = distribution.problems()
    for problem in problems:
        warn(f"warning: {problem}")
    return bool(problems)


# --- stdout ----------------------------------------------------------------------------------


def show_version() -> None:
    """Print the version and where simple_db is installed, and on stderr what is wrong with that."""
    from simple_db.installed import distribution  # noqa: PLC0415 - as in `refuse_without_extra`

    print(distribution.description())  # noqa: T201 - the command line
    warned()


def print_json(document: Any) -> None:
    """Print a document for programs."""
    print(json.dumps(document, indent=2, ensure_ascii=False))  # noqa: T201 - the command line


def print_lines(lines: Iterable[RenderableType], *, soft_wrap: bool = False) -> None:
    """Print texts and tables for people; with `soft_wrap` a long line is not broken."""
    console = terminal()
    for line in lines:
        console.print(line, soft_wrap=soft_wrap)


def flush() -> None:
    """Write what is printed, so that an error of that has an exit code.

    Raises:
        OSError: it cannot be written.
    """
    if sys.stdout is not None:
        sys.stdout.flush()


def give_up_stdout() -> None:
    """Drop what is still to be printed, so that Python does not try again at the end."""
    with contextlib.suppress(OSError, AttributeError), open(os.devnull, "wb") as nothing:  # noqa: PTH123 - no path of a user's
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def colourless() -> bool:
    """Return whether nothing is coloured, on a terminal either: https://no-color.org."""
    return "NO_COLOR" in os.environ


def _is_terminal(stream: TextIO | None) -> bool:
    """Return whether the stream is a terminal; a closed one is None."""
    return stream is not None and stream.isatty()


def terminal(*, stderr: bool = False) -> Console:
    """Return a console that is coloured on a terminal only, and never where NO_COLOR is set."""
    from rich.console import Console  # noqa: PLC0415 - it may be missing

    stream = sys.stderr if stderr else sys.stdout
    wide = not _is_terminal(stream) and "COLUMNS" not in os.environ
    return Console(
        stderr=stderr, no_color=colourless(), highlight=False, width=_WIDTH if wide else None
    )


# --- progress and SIGINT ---------------------------------------------------------------------


@contextlib.contextmanager
def progress(doing: str) -> Iterator[Callable[[int, int], object]]:
    """Give a function that shows how much is done, and of how much, in a bar on a terminal.

    Args:
        doing: What is done, as in ``Reading glance.json``.
    """
    if not _is_terminal(sys.stderr):
        yield _show_nothing
        return
    from rich.markup import escape  # noqa: PLC0415 - it may be missing
    from rich.progress import Progress  # noqa: PLC0415 - as above

    with Progress(console=terminal(stderr=True), transient=True) as bar:
        task = bar.add_task(escape(printable(doing)), total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)


def _show_nothing(_done: int, _whole: int) -> None:
    """Take how much is done where there is no terminal."""


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let SIGINT end the process at once, in one line, during a block that has nothing to undo.

    Imports are such a block: they take seconds, and an exception in the middle of one can be
    replaced by another, or be lost.
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
