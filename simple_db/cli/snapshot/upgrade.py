"""The command ``simple-db snapshot upgrade``."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click
from rich.text import Text

from simple_db import snapshot
from simple_db.cli import console, options, reading
from simple_db.model.errors import SnapshotDamaged, SnapshotError
from simple_db.persistence import claims, database_file, files, formats

if TYPE_CHECKING:
    from pathlib import Path

    from simple_db.snapshot import Decoded

_DONE, _TROUBLE = 0, 2

_EXAMPLES = """\b
Examples:
  simple-db snapshot upgrade tests/fixtures/*.json
  simple-db snapshot upgrade --dry-run glance.json
  simple-db snapshot upgrade --reseal edited.json

\b
Exit codes: 0 all are in the current format, 2 one cannot be read or written.
"""


@click.command(epilog=_EXAMPLES)
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=options.FILE_OR_DIRECTORY)
@click.option("--reseal", is_flag=True, help="Give files that were edited by hand a new checksum.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@options.max_bytes
def upgrade(paths: tuple[Path, ...], reseal: bool, dry_run: bool, max_bytes: int) -> int:
    """Bring snapshots to the current format.

    A file in the current format is left untouched. Another one is replaced in one step, and only if
    every row of it can be read. A missing file, and one that a server has open or that has a
    journal, is refused; the others are upgraded.
    """
    code = _DONE
    for path in paths:
        try:
            outcome = _upgraded(path, max_bytes, reseal=reseal, dry_run=dry_run)
        except SnapshotError as error:
            code = console.refuse(str(error), _TROUBLE)
        else:
            line = Text(f"{console.safe(str(path))}: {outcome}")
            console.print_lines([line], soft_wrap=True)
    return code


def _upgraded(path: Path, max_bytes: int, *, reseal: bool, dry_run: bool) -> str:
    """Upgrade a file if need be, and return what was done."""
    with contextlib.nullcontext() if dry_run else claims.claimed(path):
        decoded, broken = _decoded(path, max_bytes, reseal)
        if decoded.version == formats.VERSION and not broken:
            return f"current already: version {formats.VERSION}"
        database_file.check_no_journal(path)
        if not dry_run:
            _rewrite(path, max_bytes, decoded)
    done = "given a new checksum" if broken else f"upgraded from version {decoded.version}"
    verb = "would be " if dry_run else ""
    return f"{verb}{done}{'' if broken else f' to {formats.VERSION}'}"


def _decoded(path: Path, max_bytes: int, reseal: bool) -> tuple[Decoded, bool]:
    """Return what a file holds, and whether its checksum is wrong."""
    with reading.progress(path) as done:
        try:
            return snapshot.read(path, max_bytes=max_bytes, progress=done), False
        except SnapshotDamaged:
            if not reseal:
                raise
        whole = snapshot.read(path, ignore_checksum=True, max_bytes=max_bytes, progress=done)
        return whole, True


def _rewrite(path: Path, max_bytes: int, decoded: Decoded) -> None:
    with reading.progress(path, "Writing") as done:
        files.replace(path, snapshot.encoded(decoded.cut, done, max_bytes).pieces)
