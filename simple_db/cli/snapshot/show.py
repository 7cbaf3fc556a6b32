"""The command ``simple-db snapshot show``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.text import Text

from simple_db.cli import console, options, reading
from simple_db.cli.snapshot import outline, tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import RenderableType

    from simple_db.persistence.journal import Replayed

_EXAMPLES = """\b
Examples:
  simple-db snapshot show glance.json
  simple-db snapshot show glance.json --image 1f0a     (as much of the id as is unique)
  simple-db snapshot show glance.json --deleted --limit 20
  simple-db snapshot show glance.json --json | jq -r '.images[] | select(.deleted | not) | .name'
"""


@click.command(epilog=_EXAMPLES)
@click.argument("path", metavar="FILE", type=options.FILE_OR_DIRECTORY)
@click.option("--image", "image_id", metavar="ID", help="Show everything of this image.")
@click.option("--deleted", is_flag=True, help="List deleted images and tasks too.")
@click.option(
    "--limit",
    default=1000,
    show_default=True,
    type=click.IntRange(min=0),
    help="List this many at most of each kind; 0 for all of them.",
)
@options.reveal
@options.unsealed
@options.max_bytes
@options.as_json
def show(
    path: Path,
    image_id: str | None,
    deleted: bool,
    limit: int,
    reveal: bool,
    unsealed: bool,
    max_bytes: int,
    as_json: bool,
) -> None:
    """Show what is in a snapshot.

    That is its counts, images, tasks and namespaces; or, with --image, one image with all its
    rows, deleted ones too. With --json it is everything.
    """
    found = reading.replayed(path, max_bytes, alone=unsealed)
    if image_id is not None:
        _show_image(outline.image(found.decoded.cut, image_id), reveal=reveal, as_json=as_json)
    elif as_json:
        console.print_json(outline.document(found.decoded, reveal=reveal))
    else:
        width = console.terminal().width
        lists = tables.listing(found.decoded.cut, width=width, deleted=deleted, limit=limit or None)
        console.print_lines([*_header(path, found), tables.counts(found.decoded.cut), *lists])


def _show_image(image: outline.ImageOutline, *, reveal: bool, as_json: bool) -> None:
    if as_json:
        console.print_json(outline.image_document(image, reveal=reveal))
    else:
        console.print_lines(tables.image(image, reveal=reveal))


def _header(path: Path, found: Replayed) -> Iterator[RenderableType]:
    yield Text(console.safe(str(path)), "bold")
    yield tables.origin(found)
    yield tables.extent(found, reading.size(path))
    if found.decoded.checksum:
        yield Text(f"SHA-256 {found.decoded.checksum}", "dim")
    yield Text()
