"""A database as JSON bytes, and as a file: the only module that knows orjson.

A snapshot is one JSON object::

    {"format": "simple_db", "version": 1,
     "counters": {"image_locations": 3, ...},       the next id of each table that counts its ids
     "tables": {"images": [ROW, ...], ...}}         tables and columns named as in Glance's schema

with one row a line, sorted by id, so that equal databases give equal bytes and git shows the
change of one row as one line. Times are ISO 8601, naive UTC.
"""

import contextlib
import datetime as dt
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson
from attrs import frozen

from simple_db import values
from simple_db.errors import Invalid, SnapshotError
from simple_db.records import RECORDS, Column, Record, as_dict, columns_of, counts_ids, key_of
from simple_db.store import Store

FORMAT = "simple_db"
VERSION = 1


@frozen
class _Contents:
    """What a snapshot holds of one table."""

    rows: list[Any]
    next_id: int


def snapshot(store: Store) -> bytes:
    """Return the store's tables as JSON: a cut between two calls, deleted rows and counters too."""
    with store.reading() as tables:
        contents = {
            table.record: _Contents(list(table.rows.values()), table.next_id) for table in tables
        }
    return b"".join(_encoded(contents))


def _encoded(contents: Mapping[type[Record], _Contents]) -> Iterator[bytes]:
    counters = {
        record.table: held.next_id for record, held in contents.items() if counts_ids(record)
    }
    yield b'{"format":"%b","version":%d,' % (FORMAT.encode(), VERSION)
    yield b'\n"counters":%b,' % orjson.dumps(counters)
    yield b'\n"tables":{'
    for number, record in enumerate(RECORDS):
        yield b'%b\n"%b":[' % (b"," if number else b"", record.table.encode())
        yield from _lines(contents[record].rows)
        yield b"\n]"
    yield b"}}\n"


def _lines(rows: list[Any]) -> Iterator[bytes]:
    # The comma is before a row, not behind the last: one more row is one more line to git.
    comma = b" "
    for row in sorted(rows, key=key_of):
        yield b"\n" + comma + orjson.dumps(as_dict(row))
        comma = b","


def restore(store: Store, snapshot: bytes) -> None:
    """Put what a snapshot holds in the place of everything that the store holds.

    Raises:
        SnapshotError: the bytes are no snapshot, or one of another version, or what it holds is
            no database of images; the store is as it was.
    """
    contents = _decoded(snapshot)
    with store.writing() as tables:
        for table in tables:
            held = contents[table.record]
            table.replace(held.rows, held.next_id)


def save(store: Store, path: str | os.PathLike[str]) -> None:
    """Write a snapshot of the store to a file: the whole new one, or the old one stays.

    A new file can be read by its owner only, for locations can carry credentials; an old one
    keeps its mode. A symbolic link is followed.

    Raises:
        SnapshotError: the file cannot be written.
    """
    encoded = snapshot(store)
    try:
        _replace_file(Path(os.path.realpath(path)), encoded)
    except (OSError, ValueError) as error:  # the latter for a NUL character in the path
        raise SnapshotError(f"{path!s} cannot be written: {error}") from error


def _replace_file(target: Path, content: bytes) -> None:
    # A temporary file of this kind is made with mode 0600, and in no one else's place.
    descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with contextlib.suppress(FileNotFoundError):
                os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    _sync_directory(target.parent)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def load(store: Store, path: str | os.PathLike[str]) -> None:
    """Put what a snapshot file holds in the place of everything that the store holds.

    Raises:
        SnapshotError: the file cannot be read, or holds no snapshot; the store is as it was.
    """
    try:
        content = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise SnapshotError(f"{path!s} cannot be read: {error}") from error
    try:
        restore(store, content)
    except SnapshotError as error:
        raise SnapshotError(f"{path}: {error}") from error


def _decoded(snapshot: bytes) -> dict[type[Record], _Contents]:
    try:
        document = orjson.loads(snapshot)
    except orjson.JSONDecodeError as error:
        raise SnapshotError(
            f"this is no snapshot of simple_db, for it is no JSON: {error}"
        ) from error
    _check_format(document)
    _check_keys("the snapshot", document, {"format", "version", "counters", "tables"})
    tables, counters = document["tables"], document["counters"]
    _check_keys("tables", tables, {record.table for record in RECORDS})
    _check_keys("counters", counters, {record.table for record in RECORDS if counts_ids(record)})
    contents = {
        record: _table(record, tables[record.table], counters.get(record.table, 1))
        for record in RECORDS
    }
    keys = {record.table: {key_of(row) for row in contents[record].rows} for record in RECORDS}
    for record, held in contents.items():
        _check_references(record, held.rows, keys)
        for names in record.unique:
            _check_unique(record, held.rows, names)
    return contents


def _check_format(document: object) -> None:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SnapshotError(f'this is no snapshot of simple_db: it lacks "format": "{FORMAT}"')
    version = document.get("version")
    if type(version) is not int or version != VERSION:
        raise SnapshotError(
            f"this snapshot has version {version!r}, "
            f"and this release of simple_db reads version {VERSION}"
        )


def _check_keys(what: str, given: object, expected: set[str]) -> None:
    if not isinstance(given, dict):
        raise SnapshotError(f"{what}: this must be a JSON object")
    for wrong, verb in (
        (expected - given.keys(), "lacks"),
        (given.keys() - expected, "has unknown"),
    ):
        if wrong:
            raise SnapshotError(f"{what} {verb} {', '.join(sorted(wrong))}")


def _table(record: type[Record], rows: object, next_id: object) -> _Contents:
    if not isinstance(rows, list):
        raise SnapshotError(f"{record.table}: this must be a list of rows")
    records: dict[Any, Any] = {}
    for number, row in enumerate(rows, start=1):
        read = _record(record, row, f"{record.table}, row {number}")
        key = key_of(read)
        if key in records:
            raise SnapshotError(f"{record.table}, row {number}: the id {key!r} is there twice")
        records[key] = read
    return _Contents(list(records.values()), _counter(record, records, next_id))


def _record(record: type[Record], row: object, where: str) -> Any:
    columns = columns_of(record)
    _check_keys(where, row, set(columns))
    assert isinstance(row, dict)  # noqa: S101 - as _check_keys has found
    return record(**{name: _cell(column, row[name], where) for name, column in columns.items()})


def _cell(column: Column, value: Any, where: str) -> Any:
    try:
        if column.type.kind == "datetime" and isinstance(value, str):
            return _time(value)
        read = values.stored(column, value)
    except (Invalid, ValueError) as error:
        raise SnapshotError(f"{where}: {error}") from error
    if type(read) is not type(value) or read != value:
        raise SnapshotError(f"{where}: {column} holds {value!r}, which is of another type")
    return read


def _time(text: str) -> dt.datetime:
    time = dt.datetime.fromisoformat(text)
    if time.tzinfo is not None or time.isoformat() != text:
        raise ValueError(f"{text!r} is not naive UTC as YYYY-MM-DDTHH:MM:SS.ffffff")
    return time


def _counter(record: type[Record], ids: Iterable[Any], next_id: object) -> int:
    if type(next_id) is not int or next_id < 1:
        raise SnapshotError(f"counters: {record.table} must be a positive integer")
    if counts_ids(record) and any(row_id >= next_id for row_id in ids):
        raise SnapshotError(f"counters: {record.table} is {next_id}, and an id is not below that")
    return next_id


def _check_references(record: type[Record], rows: list[Any], keys: Mapping[str, set[Any]]) -> None:
    for column in columns_of(record).values():
        parent = column.type.references
        for row in rows if parent else ():
            if getattr(row, column.name) not in keys[parent or ""]:
                raise SnapshotError(
                    f"{column} of row {key_of(row)} is {getattr(row, column.name)!r}, "
                    f"and no row of {parent} has that id"
                )


def _check_unique(record: type[Record], rows: list[Any], names: tuple[str, ...]) -> None:
    seen: set[tuple[Any, ...]] = set()
    for row in rows:
        value = tuple(getattr(row, name) for name in names)
        if value in seen:
            raise SnapshotError(
                f"{record.table}: row {key_of(row)} has the same {', '.join(names)} as another"
            )
        seen.add(value)
