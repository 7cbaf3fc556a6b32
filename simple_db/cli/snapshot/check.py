"""The command ``simple-db snapshot check``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from attrs import frozen
from rich.text import Text

from simple_db.cli import console, options, reading
from simple_db.cli.snapshot import outline, tables
from simple_db.model.errors import SnapshotError

if TYPE_CHECKING:
    from pathlib import Path

    from simple_db.persistence.journal import Replayed

_GOOD, _BAD = 0, 1

_EXAMPLES = """\b
Examples:
  simple-db snapshot check tests/fixtures/*.json
  simple-db snapshot check --json glance.json | jq '.[].problem'

\b
Exit codes: 0 all are good, 1 one is not, or is missing.
"""


@click.command(epilog=_EXAMPLES)
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=options.FILE_OR_DIRECTORY)
@options.max_bytes
@options.as_json
def check(paths: tuple[Path, ...], max_bytes: int, as_json: bool) -> int:
    """Check whether snapshots are good.

    The checksum of each, every row, every reference and its journal are checked. Each file gets a
    line: what it holds, or what is wrong with it and where. A missing file is bad, too.
    """
    checked = []
    for path in paths:
        checked.append(_checked(path, max_bytes))
        if not as_json:
            console.print_lines([checked[-1].line()], soft_wrap=True)
    if as_json:
        console.print_json([one.document() for one in checked])
    return _GOOD if all(one.found for one in checked) else _BAD


@frozen
class _Checked:
    """A file, and either what it holds or what is wrong with it."""

    path: Path
    size: int
    found: Replayed | None = None
    problem: str = ""

    def line(self) -> Text:
        """Return the result for people, in one line."""
        line = Text(f"{console.safe(str(self.path))}: ")
        if self.found is None:
            return line.append("bad", "red").append(f": {self.problem}")
        line.append("good", "green").append(": ").append_text(tables.origin(self.found))
        return line.append(", ").append_text(tables.extent(self.found, self.size))

    def document(self) -> dict[str, Any]:
        """Return the result for programs."""
        result = {"file": str(self.path), "bytes": self.size, "good": self.found is not None}
        if self.found is None:
            return result | {"problem": self.problem}
        decoded = self.found.decoded
        return result | {
            "problem": None,
            "version": decoded.version,
            "writer": decoded.writer,
            "sha256": decoded.checksum or None,
            "counts": {count.table: count.rows for count in outline.counts(decoded.cut)},
            "journal": {"calls": self.found.calls, "torn_bytes": self.found.torn},
        }


def _checked(path: Path, max_bytes: int) -> _Checked:
    size = 0
    try:
        size = reading.size(path)
        return _Checked(path, size, found=reading.replayed(path, max_bytes))
    except SnapshotError as error:
        problem = console.in_a_line(str(error))
        shown_already = console.in_a_line(f"{path}")
        problem = problem.removeprefix(shown_already).removeprefix(":").strip()
        return _Checked(path, size, problem=problem)
