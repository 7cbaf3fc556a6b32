"""What several commands of ``simple-db`` have: options, and how files are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from simple_db import snapshot
from simple_db.model.errors import SimpleDBError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
F = TypeVar("F", bound="Callable[..., object]")

# What cannot be read is told by whoever reads it: one file must not keep the others from it.
FILE = click.Path(dir_okay=False, readable=False, path_type=Path)
DIRECTORY = click.Path(file_okay=False, readable=False, path_type=Path)
FILE_OR_DIRECTORY = click.Path(readable=False, path_type=Path)

SNAPSHOT = "glance.json"
"""The file of every command that is given no other, so that all of them mean the same one."""

max_bytes = click.option(
    "--max-bytes",
    default=snapshot.MAX_BYTES,
    show_default=True,
    type=click.IntRange(min=1),
    help="The largest snapshot, and journal, that is read or written, in bytes.",
)


def snapshot_file(told: str) -> Callable[[F], F]:
    """Return the option ``--snapshot``, with what its help says of it."""
    return click.option(
        "--snapshot",
        default=SNAPSHOT,
        show_default=True,
        type=FILE,
        help=told,
    )


def all_read(
    paths: Iterable[Path],
    read: Callable[[Path], T],
    told: Callable[[SimpleDBError], str] = str,
) -> list[T]:
    """Return what files hold, or say of each that cannot be read why, in one line together.

    Args:
        paths: The files.
        read: Reads one.
        told: What is said of an error that it raises.

    Raises:
        UsageError: one of them cannot be read.
    """
    found, problems = [], []
    for path in paths:
        try:
            found.append(read(path))
        except SimpleDBError as error:
            problems.append(told(error))
    if problems:
        raise click.UsageError("; ".join(problems))
    return found
