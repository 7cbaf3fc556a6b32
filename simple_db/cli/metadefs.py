"""The commands ``simple-db metadefs``: load, unload, export.

They need click and nothing of Glance.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, TypeVar

import click

from simple_db import Database
from simple_db.cli import console, options, reading
from simple_db.model.errors import SimpleDBError
from simple_db.operations.metadefs import files as metadef_files
from simple_db.persistence import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

T = TypeVar("T")

_EXAMPLES = """\b
Examples:
  simple-db metadefs load .venv/etc/glance/metadefs
  simple-db metadefs load --merge --prefer-new my-namespace.json
  simple-db metadefs export --snapshot dev/glance.json metadefs
"""

_snapshot_option = options.snapshot_file(
    "JSON file of the records: the one that 'simple-db serve' prints."
)


@click.group(epilog=_EXAMPLES, invoke_without_command=True)
@click.pass_context
def metadefs(context: click.Context) -> None:
    """Load metadata definitions into a snapshot, and export them.

    The files are those of Glance: one namespace each, in JSON. A snapshot that a server has open is
    not changed: stop the server first.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@metadefs.command()
@click.argument("path", type=options.FILE_OR_DIRECTORY)
@_snapshot_option
@click.option("--merge", is_flag=True, help="Add to existing namespaces what they lack.")
@click.option("--prefer-new", is_flag=True, help="With --merge: replace what they have.")
@click.option("--overwrite", is_flag=True, help="With --merge: delete them and create them again.")
@options.max_bytes
def load(
    path: Path, snapshot: Path, merge: bool, prefer_new: bool, overwrite: bool, max_bytes: int
) -> None:
    """Load a file, or the .json files of a directory.

    All of them are loaded, or none. An existing namespace is skipped, unless --merge is given. The
    snapshot is created if there is none.
    """
    mode = metadef_files.mode_of(merge=merge, prefer_new=prefer_new, overwrite=overwrite)
    is_new = not files.exists(snapshot)
    with Database.open(snapshot, save="manual", max_bytes=max_bytes) as database:
        with _progress("Reading", metadef_files.paths(path)) as paths:
            definitions = reading.every(paths, metadef_files.read)
        loaded = metadef_files.load(database, definitions, mode)
        _save(database, snapshot)
    _print(
        f"Loaded {_namespaces(len(definitions))} into {snapshot}"
        f"{', which is a new file' if is_new else ''}: {loaded.new} new, "
        f"{loaded.merged} merged, {loaded.overwritten} overwritten, {loaded.skipped} skipped"
    )


@metadefs.command()
@_snapshot_option
@options.max_bytes
def unload(snapshot: Path, max_bytes: int) -> None:
    """Delete all metadata definitions, resource types included."""
    if not files.exists(snapshot):
        raise click.UsageError(f"{snapshot} does not exist")
    with Database.open(snapshot, save="manual", max_bytes=max_bytes) as database:
        count = metadef_files.unload(database)
        _save(database, snapshot)
    _print(f"Unloaded {_namespaces(count)} from {snapshot}")


@metadefs.command()
@click.argument("directory", type=options.FILE_OR_DIRECTORY)
@_snapshot_option
@options.max_bytes
def export(directory: Path, snapshot: Path, max_bytes: int) -> None:
    """Write each namespace to a file of its own in a directory.

    The file is named after the namespace's display name, and replaces a file of that name.
    """
    database = Database()
    database.load(snapshot, max_bytes=max_bytes)
    with _progress("Writing", metadef_files.dump(database)) as definitions:
        count = len(list(metadef_files.write(directory, definitions)))
    _print(f"Exported {_namespaces(count)} from {snapshot} to {directory}")


def _save(database: Database, snapshot: Path) -> None:
    try:
        database.save()
    except SimpleDBError as error:
        raise click.ClickException(f"snapshot {snapshot} is not saved: {error}") from error


@contextlib.contextmanager
def _progress(doing: str, items: Sequence[T]) -> Iterator[Iterator[T]]:
    """Give the items one by one, and show on a terminal how many of them are done."""
    with console.progress(doing) as show:

        def counted() -> Iterator[T]:
            for done, item in enumerate(items, start=1):
                yield item
                show(done, len(items))

        yield counted()


def _namespaces(count: int) -> str:
    return console.number(count, "namespace")


def _print(line: str) -> None:
    click.echo(console.safe(line))
