"""The commands of ``simple-db`` on files: metadata definitions in a snapshot, the schema.

They need click and nothing of Glance.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, TypeVar

import click

from simple_db import Database
from simple_db.cli import options, schema_picture
from simple_db.model import schema
from simple_db.model.errors import SimpleDBError
from simple_db.operations.metadefs import files as metadef_files
from simple_db.persistence import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

T = TypeVar("T")

_METADEFS_EXAMPLES = """\b
Examples:
  simple-db metadefs load .venv/etc/glance/metadefs
  simple-db metadefs load --merge --prefer-new my-namespace.json
  simple-db metadefs export --snapshot dev/glance.json metadefs
"""

_DRAWINGS: dict[str, Callable[[], str]] = {
    "svg": schema_picture.svg,
    "mermaid": schema.mermaid,
    "markdown": schema.markdown,
}

_snapshot_option = options.snapshot_file(
    "JSON file of the records: the one that 'simple-db serve' prints."
)


@click.group(epilog=_METADEFS_EXAMPLES, invoke_without_command=True)
@click.pass_context
def metadefs(context: click.Context) -> None:
    """Bring metadata definitions into a snapshot, and out of it.

    The files are those of Glance: one namespace each, in JSON. A snapshot that a server has open is
    not changed: stop the server before.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@metadefs.command()
@click.argument("path", type=options.FILE_OR_DIRECTORY)
@_snapshot_option
@click.option("--merge", is_flag=True, help="Add to namespaces that are there what they lack.")
@click.option("--prefer-new", is_flag=True, help="With --merge: replace what they have.")
@click.option("--overwrite", is_flag=True, help="With --merge: delete them and make them anew.")
@options.max_bytes
def load(
    path: Path, snapshot: Path, merge: bool, prefer_new: bool, overwrite: bool, max_bytes: int
) -> None:
    """Load a file, or all .json files of a directory: all of them, or none.

    A namespace that is there already is skipped, unless --merge is given. The snapshot is made if
    it is not there.
    """
    with _refusing():
        mode = metadef_files.mode_of(merge=merge, prefer_new=prefer_new, overwrite=overwrite)
        is_new = not files.exists(snapshot)
        with Database.open(snapshot, save="manual", max_bytes=max_bytes) as database:
            with _progress("Reading", metadef_files.paths(path)) as shown:
                definitions = options.all_read(shown, metadef_files.read)
            loaded = metadef_files.load(database, definitions, mode)
            _save(database, snapshot)
        click.echo(
            f"Loaded {_namespaces(len(definitions))} into {snapshot}"
            f"{', which is a new file' if is_new else ''}: {loaded.new} new, "
            f"{loaded.merged} merged, {loaded.overwritten} overwritten, {loaded.skipped} skipped"
        )


@metadefs.command()
@_snapshot_option
@options.max_bytes
def unload(snapshot: Path, max_bytes: int) -> None:
    """Delete all metadata definitions of a snapshot, and all resource types."""
    with _refusing():
        _check_there(snapshot)
        with Database.open(snapshot, save="manual", max_bytes=max_bytes) as database:
            count = metadef_files.unload(database)
            _save(database, snapshot)
        click.echo(f"Unloaded {_namespaces(count)} from {snapshot}")


@metadefs.command()
@click.argument("directory", type=options.FILE_OR_DIRECTORY)
@_snapshot_option
@options.max_bytes
def export(directory: Path, snapshot: Path, max_bytes: int) -> None:
    """Write each namespace of a snapshot to a file of its own in a directory.

    A file is named after its namespace's display name, and replaces one of that name.
    """
    with _refusing():
        database = Database()
        database.load(snapshot, max_bytes=max_bytes)
        definitions = metadef_files.dump(database)
        with _progress("Writing", definitions) as shown:
            count = len(list(metadef_files.write(directory, shown)))
        click.echo(f"Exported {_namespaces(count)} from {snapshot} to {directory}")


@click.command("schema")
@click.option(
    "--format",
    "form",
    default="svg",
    show_default=True,
    type=click.Choice(list(_DRAWINGS)),
    help="Picture, diagram in Mermaid's language, or page.",
)
@click.option(
    "--output",
    type=options.FILE,
    help="File to write.  [default: print it]",
)
def draw_schema(form: str, output: Path | None) -> None:
    """Draw the tables of the database: columns, types, keys and references."""
    drawing = _DRAWINGS[form]()
    if output is None:
        click.echo(drawing, nl=False)
        return
    try:
        output.write_text(drawing, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{output} cannot be written: {error.strerror}") from error


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """Let an error of the block be told in one line, with exit code 2."""
    try:
        yield
    except SimpleDBError as error:
        raise click.UsageError(str(error)) from error


def _save(database: Database, snapshot: Path) -> None:
    try:
        database.save()
    except SimpleDBError as error:
        raise click.ClickException(f"snapshot {snapshot} is not saved: {error}") from error


def _check_there(snapshot: Path) -> None:
    if not files.exists(snapshot):
        raise click.UsageError(f"{snapshot} is not there")


@contextlib.contextmanager
def _progress(label: str, items: Sequence[T]) -> Iterator[Iterable[T]]:
    """Give the items, and show on a terminal how far they have come; say nothing elsewhere."""
    if not sys.stderr.isatty():
        yield items
        return
    with click.progressbar(items, label=label, file=sys.stderr) as shown:
        yield shown


def _namespaces(count: int) -> str:
    return "1 namespace" if count == 1 else f"{count} namespaces"
