"""The command ``simple-db snapshot diff``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from rich.text import Text

from simple_db.cli import console, options, reading
from simple_db.cli.snapshot import difference, tables

if TYPE_CHECKING:
    from pathlib import Path

    from simple_db.store import Cut

_SAME, _DIFFERENT = 0, 1

_EXAMPLES = """\b
Examples:
  simple-db snapshot diff before.json after.json
  simple-db snapshot diff --unsealed glance.json edited.json
  simple-db snapshot diff --json before.json after.json | jq '.groups[].changes[].kind'

\b
Exit codes: 0 they hold the same, 1 they do not, 2 one or both cannot be read.
"""


@click.command(epilog=_EXAMPLES)
@click.argument("old", type=options.FILE_OR_DIRECTORY)
@click.argument("new", type=options.FILE_OR_DIRECTORY)
@options.reveal
@options.unsealed
@options.max_bytes
@options.as_json
def diff(old: Path, new: Path, reveal: bool, unsealed: bool, max_bytes: int, as_json: bool) -> int:
    """Show what differs between two snapshots, image by image.

    A row that is only in NEW is marked with +, one that is gone or deleted with -, and one that has
    changed with ~ and the columns that have another value. Formats and releases may differ.
    """

    def contents(path: Path) -> Cut:
        return reading.replayed(path, max_bytes, alone=unsealed).decoded.cut

    before, after = reading.every((old, new), contents)
    found = difference.between(before, after)
    if as_json:
        paths = {"old": str(old), "new": str(new)}
        console.print_json(paths | difference.document(found, reveal=reveal))
    elif found:
        console.print_lines(tables.difference(found, reveal=reveal))
    else:
        same = Text("They hold the same: ").append_text(tables.summary(after))
        console.print_lines([same])
    return _DIFFERENT if found else _SAME
