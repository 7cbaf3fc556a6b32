"""The commands of ``simple-db`` on snapshots: check, show, diff, upgrade.

They need click and rich and nothing of Glance, and read as a database does that opens the file:
the snapshot, and the journal beside it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any, Literal

import click
from attrs import frozen
from rich.console import Console
from rich.filesize import decimal
from rich.progress import Progress
from rich.text import Text

from simple_db import snapshot
from simple_db.cli import options
from simple_db.cli.snapshot import difference as snapshot_diff
from simple_db.cli.snapshot import outline as snapshot_outline
from simple_db.cli.snapshot import tables as snapshot_tables
from simple_db.cli.snapshot.tables import number, printable, text
from simple_db.model import credentials
from simple_db.model.errors import SimpleDBError, SnapshotDamaged, SnapshotError
from simple_db.model.wording import in_options
from simple_db.persistence import claims, database_file, files, formats
from simple_db.persistence.journal import Replayed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from rich.console import RenderableType

    from simple_db.snapshot import Decoded

_SAME, _DIFFERENT = 0, 1
_GOOD, _BAD = 0, 1
_DONE, _TROUBLE = 0, 2

# Below this size, in bytes, a file is read before a bar of progress could be looked at.
_BIG = 4_000_000

# The width of what is printed to no terminal, unless COLUMNS says another: nothing is cut there.
_WIDTH = 160

_EXAMPLES = """\b
Examples:
  simple-db snapshot check glance.json
  simple-db snapshot show glance.json
  simple-db snapshot show glance.json --image 1f0a
  simple-db snapshot diff before.json after.json
  simple-db snapshot upgrade tests/fixtures/*.json
"""

_CHECK_EXAMPLES = """\b
Examples:
  simple-db snapshot check tests/fixtures/*.json
  simple-db snapshot check --json glance.json | jq '.[].problem'

\b
Exit codes: 0 all are good, 1 one is not, or is not there.
"""

_SHOW_EXAMPLES = """\b
Examples:
  simple-db snapshot show glance.json
  simple-db snapshot show glance.json --image 1f0a     (as much of the id as is unique)
  simple-db snapshot show glance.json --deleted --limit 20
  simple-db snapshot show glance.json --json | jq -r '.images[] | select(.deleted | not) | .name'
"""

_DIFF_EXAMPLES = """\b
Examples:
  simple-db snapshot diff before.json after.json
  simple-db snapshot diff --unsealed glance.json edited.json
  simple-db snapshot diff --json before.json after.json | jq '.groups[].changes[].kind'

\b
Exit codes: 0 they hold the same, 1 they do not, 2 one of them cannot be read, or both.
"""

_UPGRADE_EXAMPLES = """\b
Examples:
  simple-db snapshot upgrade tests/fixtures/*.json
  simple-db snapshot upgrade --dry-run glance.json
  simple-db snapshot upgrade --reseal edited.json

\b
Exit codes: 0 all are in the current format, 2 one cannot be read or written.
"""


# Whether there is such a file is said by whoever reads it: one that is not there does not keep the
# others back.
_FILE = options.FILE_OR_DIRECTORY

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
_reveal = click.option(
    "--reveal", is_flag=True, help="Show the credentials in URLs, and the metadata of locations."
)
_unsealed = click.option(
    "--unsealed",
    is_flag=True,
    help="Read the file alone, without its journal, even if it was edited by hand.",
)


@click.group("snapshot", epilog=_EXAMPLES, invoke_without_command=True)
@click.pass_context
def group(context: click.Context) -> None:
    """Check, show, compare and upgrade snapshots.

    A snapshot is read with the journal that may lie beside it, as a server reads it. Credentials
    in the URLs of locations are masked, unless --reveal is given.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


# --- check -----------------------------------------------------------------------------------


@frozen
class _Checked:
    """A file, and either what it holds or what is wrong with it."""

    path: Path
    size: int
    found: Replayed | None = None
    problem: str = ""

    def line(self) -> Text:
        """Return what is to be said of it, in one line."""
        line = Text.assemble(text(f"{self.path}"), ": ")
        if self.found is None:
            return line.append("bad", "red").append(f": {self.problem}")
        line.append("good", "green").append(": ").append_text(_origin(self.found))
        return line.append(", ").append_text(_extent(self.found, self.size))

    def document(self) -> dict[str, Any]:
        """Return the same as JSON takes it."""
        told = {"file": str(self.path), "bytes": self.size, "good": self.found is not None}
        if self.found is None:
            return told | {"problem": self.problem}
        decoded = self.found.decoded
        return told | {
            "problem": None,
            "version": decoded.version,
            "writer": decoded.writer,
            "sha256": decoded.checksum or None,
            "counts": {count.table: count.rows for count in snapshot_outline.counts(decoded.cut)},
            "journal": {"calls": self.found.calls, "torn_bytes": self.found.torn},
        }


@group.command(epilog=_CHECK_EXAMPLES)
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=_FILE)
@options.max_bytes
@_as_json
def check(paths: tuple[Path, ...], max_bytes: int, as_json: bool) -> int:
    """Say whether snapshots are good.

    Each gets a line, and a bad one is told what is wrong and where; so is one that is not there.
    Its seal, every row and every reference are checked, and the journal beside it.
    """
    checked = []
    for path in paths:
        checked.append(_checked(path, max_bytes))
        if not as_json:
            _print([checked[-1].line()], soft_wrap=True)
    if as_json:
        _print_json([one.document() for one in checked])
    return _GOOD if all(one.found for one in checked) else _BAD


def _checked(path: Path, max_bytes: int) -> _Checked:
    size = 0
    try:
        size = _size(path)
        return _Checked(path, size, found=_read(path, max_bytes))
    except SnapshotError as error:
        problem = _in_a_line(error).removeprefix(f"{path}").removeprefix(":").strip()
        return _Checked(path, size, problem=problem)


# --- show ------------------------------------------------------------------------------------


@group.command(epilog=_SHOW_EXAMPLES)
@click.argument("path", metavar="FILE", type=_FILE)
@click.option("--image", "image_id", metavar="ID", help="Show everything of this image.")
@click.option("--deleted", is_flag=True, help="List deleted images and tasks too.")
@click.option(
    "--limit",
    default=1000,
    show_default=True,
    type=click.IntRange(min=0),
    help="List this many at most of each kind; 0 for all of them.",
)
@_reveal
@_unsealed
@options.max_bytes
@_as_json
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

    That is how much it holds, its images, tasks and namespaces; or one image with all that belongs
    to it, deleted rows too. With --json it is everything.
    """
    with _refusing():
        found, size = _read(path, max_bytes, sealed=not unsealed), _size(path)
        contents = found.decoded.cut
        image = None if image_id is None else snapshot_outline.image(contents, image_id)
    if image is not None:
        if as_json:
            _print_json(snapshot_outline.image_document(image, reveal=reveal))
        else:
            _print(snapshot_tables.image(image, reveal=reveal))
    elif as_json:
        _print_json(snapshot_outline.document(found.decoded, reveal=reveal))
    else:
        _print([*_header(path, found, size), snapshot_tables.counts(contents)])
        lists = snapshot_tables.listing(
            contents, width=_console().width, deleted=deleted, limit=limit or None
        )
        _print(lists)


def _header(path: Path, found: Replayed, size: int) -> Iterator[RenderableType]:
    yield text(f"{path}", "bold")
    yield _origin(found)
    yield _extent(found, size)
    if found.decoded.checksum:
        yield Text(f"SHA-256 {found.decoded.checksum}", "dim")
    yield Text()


def _origin(found: Replayed) -> Text:
    """Return which format a snapshot has, and which release wrote it."""
    version = found.decoded.version
    written = Text(f"version {version}")
    if version < formats.VERSION:
        written.append(f", and {formats.VERSION} is current ('simple-db snapshot upgrade')")
    return written.append(", written by simple_db ").append(printable(found.decoded.writer))


def _extent(found: Replayed, size: int) -> Text:
    """Return how much a snapshot and its journal hold."""
    extent = snapshot_tables.summary(found.decoded.cut).append(f", {decimal(size)}")
    if found.calls or found.torn:
        extent.append(f", with {number(found.calls, 'call')} of its journal")
    if found.torn:
        extent.append(", whose last line was not written to its end and does not count")
    return extent


# --- diff ------------------------------------------------------------------------------------


@group.command(epilog=_DIFF_EXAMPLES)
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@_reveal
@_unsealed
@options.max_bytes
@_as_json
def diff(old: Path, new: Path, reveal: bool, unsealed: bool, max_bytes: int, as_json: bool) -> int:
    """Say what differs between two snapshots.

    It is told image by image. A row that is only in NEW is marked with +, one that is gone or
    deleted with -, and one that has changed with ~ and the columns that have another value. Formats
    and releases may differ.
    """
    before, after = options.all_read(
        (old, new),
        lambda path: _read(path, max_bytes, sealed=not unsealed).decoded.cut,
        _in_a_line,
    )
    difference = snapshot_diff.difference(before, after)
    if as_json:
        told = {"old": str(old), "new": str(new)}
        _print_json(told | snapshot_diff.document(difference, reveal=reveal))
    elif difference:
        _print(snapshot_tables.difference(difference, reveal=reveal))
    else:
        _print([Text("They hold the same: ").append_text(snapshot_tables.summary(after))])
    return _DIFFERENT if difference else _SAME


# --- upgrade ---------------------------------------------------------------------------------


@group.command(epilog=_UPGRADE_EXAMPLES)
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=_FILE)
@click.option("--reseal", is_flag=True, help="Seal files that were edited by hand as they are now.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@options.max_bytes
def upgrade(paths: tuple[Path, ...], reseal: bool, dry_run: bool, max_bytes: int) -> int:
    """Bring snapshots to the current format.

    Those that have it are left untouched. Each is replaced in one step, and only if every row of
    it can be read. One that a server has open, or that has a journal, is refused, and so is one
    that is not there; the others are upgraded.
    """
    code = _DONE
    for path in paths:
        try:
            outcome = _upgraded(path, max_bytes, reseal=reseal, dry_run=dry_run)
        except SnapshotError as error:
            code = _TROUBLE
            click.echo(f"simple-db: {_in_a_line(error)}", err=True)
        else:
            _print([Text.assemble(text(f"{path}"), f": {outcome}")], soft_wrap=True)
    return code


def _upgraded(path: Path, max_bytes: int, *, reseal: bool, dry_run: bool) -> str:
    """Upgrade a file if need be, and return what was done."""
    with contextlib.nullcontext() if dry_run else claims.claimed(path):
        decoded, broken = _held(path, max_bytes, reseal)
        if decoded.version == formats.VERSION and not broken:
            return f"current already: version {formats.VERSION}"
        database_file.check_no_journal(path)
        if not dry_run:
            _rewrite(path, max_bytes, decoded)
    done = "sealed again" if broken else f"upgraded from version {decoded.version}"
    verb = "would be " if dry_run else ""
    return f"{verb}{done}{'' if broken else f' to {formats.VERSION}'}"


def _held(path: Path, max_bytes: int, reseal: bool) -> tuple[Decoded, bool]:
    """Return what a file holds, and whether its seal is broken."""
    with progress(path) as shown:
        try:
            return snapshot.read(path, max_bytes=max_bytes, progress=shown), False
        except SnapshotDamaged:
            if not reseal:
                raise
        whole = snapshot.read(path, ignore_checksum=True, max_bytes=max_bytes, progress=shown)
        return whole, True


def _rewrite(path: Path, max_bytes: int, decoded: Decoded) -> None:
    with progress(path, "Writing") as shown:
        files.replace(path, snapshot.encoded(decoded.cut, shown, max_bytes).pieces)


# --- reading and printing --------------------------------------------------------------------


def _read(path: Path, max_bytes: int, *, sealed: bool = True) -> Replayed:
    with progress(path) as shown:
        if sealed:
            return database_file.contents(path, shown, max_bytes)
        return Replayed(
            snapshot.read(path, ignore_checksum=True, max_bytes=max_bytes, progress=shown)
        )


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """Let an error of the block be told in one line, with exit code 2."""
    try:
        yield
    except SimpleDBError as error:
        raise click.UsageError(_in_a_line(error)) from error


def _size(path: Path) -> int:
    """Return how many bytes a file has; 0 if it has gone meanwhile.

    Raises:
        SnapshotError: it cannot be looked at.
    """
    status = files.found(path)
    return status.st_size if status else 0


def _is_big(path: Path) -> bool:
    """Return whether a bar is shown; of what cannot be looked at, the reading says why."""
    try:
        return _size(path) >= _BIG
    except SnapshotError:
        return False


def _in_a_line(error: SimpleDBError) -> str:
    """Return what an error says: in one line, for any terminal, without secrets, of options."""
    return in_options(printable(credentials.masked_text(" ".join(str(error).split()))))


def _console(*, stderr: bool = False) -> Console:
    """Return a console that is coloured on a terminal only, and never where NO_COLOR is set."""
    stream = sys.stderr if stderr else sys.stdout
    no_color = "NO_COLOR" in os.environ
    wide = not stream.isatty() and "COLUMNS" not in os.environ
    return Console(
        stderr=stderr, no_color=no_color, highlight=False, width=_WIDTH if wide else None
    )


def _print(lines: Iterable[RenderableType], *, soft_wrap: bool = False) -> None:
    console = _console()
    for line in lines:
        console.print(line, soft_wrap=soft_wrap)


def _print_json(document: Any) -> None:
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


@contextlib.contextmanager
def progress(
    path: Path, doing: Literal["Reading", "Writing"] = "Reading"
) -> Iterator[Callable[[int, int], object]]:
    """Give who is told how far a big file has come, shown on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty() or not _is_big(path):
        yield snapshot.no_progress
        return
    with Progress(console=_console(stderr=True), transient=True) as shown:
        task = shown.add_task(f"{doing} {printable(path.name)}", total=None)
        yield lambda done, of: shown.update(task, completed=done, total=of)
