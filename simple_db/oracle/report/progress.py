"""Progress: a bar on a terminal, and elsewhere a line now and then."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Protocol

from attrs import Factory, define
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

A_WHILE = 15.0
"""Seconds between two lines where there is no terminal."""


class Say(Protocol):
    """Reports progress."""

    def __call__(self, done: float, text: str, /) -> None:
        """Report how much of the whole is done, and a text about it."""
        ...


@contextlib.contextmanager
def progress(what: str, whole: float, console: Console) -> Iterator[Say]:
    """Yield a function that reports progress.

    Args:
        what: What is done, as in ``Comparing``.
        whole: How much there is to do.
        console: Where it is reported: that of the standard error.
    """
    if not console.is_terminal:
        yield _Lines(what, console)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=whole)
        yield lambda done, text: bar.update(task, completed=done, description=f"{what}: {text}")


@define
class _Lines:
    """A line now and then."""

    what: str
    console: Console
    last: float = Factory(time.monotonic)

    def __call__(self, _done: float, text: str) -> None:
        if time.monotonic() - self.last >= A_WHILE:
            self.last = time.monotonic()
            self.console.print(f"{self.what}: {text}", soft_wrap=True)
