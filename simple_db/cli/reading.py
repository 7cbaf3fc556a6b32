"""How the commands read files: with a progress bar, and all of several or none."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Literal, TypeVar

import click

from simple_db import snapshot
from simple_db.cli import console
from simple_db.model.errors import SimpleDBError, SnapshotError
from simple_db.persistence import database_file, files
from simple_db.persistence.journal import Replayed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

T = TypeVar("T")

# A file of fewer bytes is read before anybody could look at a progress bar.
_BIG = 4_000_000


def replayed(path: Path, max_bytes: int, *, alone: bool = False) -> Replayed:
    """Return what a snapshot and its journal hold; or what the snapshot alone holds.

    Raises:
        SnapshotError: one of them cannot be read.
    """
    with progress(path) as done:
        if not alone:
            return database_file.contents(path, done, max_bytes)
        found = snapshot.read(path, ignore_checksum=True, max_bytes=max_bytes, progress=done)
        return Replayed(found)


def every(paths: Iterable[Path], read: Callable[[Path], T]) -> list[T]:
    """Return the contents of all files, in their order.

    Args:
        paths: The files.
        read: Reads one.

    Raises:
        UsageError: some cannot be read; it names each of them.
    """
    found, problems = [], []
    for path in paths:
        try:
            found.append(read(path))
        except SimpleDBError as error:
            problems.append(str(error))
    if problems:
        raise click.UsageError("; ".join(problems))
    return found


def size(path: Path) -> int:
    """Return how many bytes a file has; 0 if there is none.

    Raises:
        SnapshotError: it cannot be looked at.
    """
    status = files.found(path)
    return status.st_size if status else 0


@contextlib.contextmanager
def progress(
    path: Path, doing: Literal["Reading", "Writing"] = "Reading"
) -> Iterator[Callable[[int, int], object]]:
    """Give a function that shows the progress of a big file in a bar, on a terminal."""
    if _is_big(path):
        with console.progress(f"{doing} {path.name}") as done:
            yield done
    else:
        yield snapshot.no_progress


def _is_big(path: Path) -> bool:
    try:
        return size(path) >= _BIG
    except SnapshotError:  # the command that reads the file says why
        return False
