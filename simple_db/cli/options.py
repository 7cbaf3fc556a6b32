"""The types, options and defaults that several commands of ``simple-db`` have."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from simple_db import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., object]")

# click does not look at the files: the command does, and one bad file does not stop it from reading
# the others.
FILE = click.Path(dir_okay=False, readable=False, path_type=Path)
DIRECTORY = click.Path(file_okay=False, readable=False, path_type=Path)
FILE_OR_DIRECTORY = click.Path(readable=False, path_type=Path)

SNAPSHOT = "glance.json"
"""The default file of every command, so that all of them use the same one."""

max_bytes = click.option(
    "--max-bytes",
    default=snapshot.MAX_BYTES,
    show_default=True,
    type=click.IntRange(min=1),
    help="The largest snapshot, and journal, that is read or written, in bytes.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
reveal = click.option(
    "--reveal", is_flag=True, help="Show the credentials in URLs, and the metadata of locations."
)
unsealed = click.option(
    "--unsealed",
    is_flag=True,
    help="Read the file alone, without its journal, even if it was edited by hand.",
)


def snapshot_file(text: str) -> Callable[[F], F]:
    """Return the option ``--snapshot`` with this help text."""
    return click.option(
        "--snapshot",
        default=SNAPSHOT,
        show_default=True,
        type=FILE,
        help=text,
    )
