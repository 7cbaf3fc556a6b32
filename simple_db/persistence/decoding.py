"""The bytes of a snapshot -> the tables of a store, with every row, reference and counter checked.

The checks are in an order in which hostile bytes cost little: the size, the checksum, the memory
that the parsed JSON would take; only then is it parsed, and its rows are read.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import operator
import re
from types import NoneType
from typing import TYPE_CHECKING, Any

import orjson
from attrs import frozen

from simple_db.model import clock, values
from simple_db.model.errors import Invalid, SnapshotDamaged, SnapshotError, SnapshotTooNew
from simple_db.model.records import (
    IMAGE_STATUSES,
    RECORDS,
    Column,
    Image,
    Record,
    columns_of,
    counts_ids,
    key_of,
)
from simple_db.persistence import files, json_weight, layout
from simple_db.persistence.formats import FORMAT, checked_version, current, recounted
from simple_db.persistence.layout import MAX_BYTES, no_progress
from simple_db.store import Cut

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from simple_db.persistence.formats import Document
    from simple_db.persistence.layout import Progress

_KEYS = {"format", "version", "sha256", "writer", "counts", "counters", "tables"}

# A line that is shorter is no row, however much the JSON-valued columns of other rows hold.
_FEWEST_BYTES_OF_A_ROW = 32
_LINE = re.compile(rb"[^\n]++")
_JSON_COLUMNS = {
    column.name.encode()
    for record in RECORDS
    for column in columns_of(record).values()
    if column.type.kind == "json"
}
# A row up to its first value that is a list or an object, which is one of a JSON-valued column.
_ROW = re.compile(
    rb'[ ,]?\{(?:"\w++":(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|[\w.+-]++),)++"(?:%b)":[\[{]'
    % b"|".join(sorted(_JSON_COLUMNS))
)
_FRAME = {b'"tables":{', b"],", *(b'"%b":[' % record.table.encode() for record in RECORDS)}
"""The lines between rows."""

_NO_CHECKSUM = ""


@frozen
class Decoded:
    """What a snapshot holds, checked.

    Attributes:
        cut: The tables.
        version: The format version that it was read in.
        writer: The release that wrote it.
        checksum: The SHA-256 of its payload in hexadecimal; empty where it was not looked at, and
            in version 1, which had none.
    """

    cut: Cut
    version: int
    writer: str
    checksum: str


def decoded(
    content: bytes | str,
    *,
    ignore_checksum: bool = False,
    max_bytes: int = MAX_BYTES,
    progress: Progress = no_progress,
) -> Decoded:
    """Return what a snapshot holds, every row, reference and counter of it checked.

    Args:
        content: The bytes, or their text, of any format version that there has been.
        ignore_checksum: Whether the snapshot may have been edited: neither its checksum nor its
            counts are looked at.
        max_bytes: The number of bytes that it may have.
        progress: Called with the number of rows that are decoded, and of all.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotDamaged: the checksum is wrong; the message says what is damaged, and where.
        SnapshotTooNew: its format is one of a later release.
        SnapshotError: it is no snapshot, or what it holds breaks a rule of the tables.
    """
    layout.check_max_bytes(max_bytes)
    content = _bytes(content, max_bytes)
    if ignore_checksum:
        document, checksum = _document(content), _NO_CHECKSUM
        whole = recounted(current(document))
    else:
        document, checksum = _undamaged_document(content)
        whole = current(document)
    cut = _cut(whole, progress)
    return Decoded(cut, document["version"], whole["writer"], checksum)


def _bytes(content: bytes | str, max_bytes: int) -> bytes:
    try:
        size = len(content) if isinstance(content, str) else memoryview(content).nbytes
    except TypeError as error:
        raise SnapshotError(
            f"this is not a snapshot of simple_db: it is not bytes but {type(content).__name__}; "
            "load() takes the path of a file"
        ) from error
    if size > max_bytes:
        raise SnapshotError(
            f"this snapshot has {size} bytes, and at most {max_bytes} are read: "
            "give a larger max_bytes if it is meant"
        )
    if isinstance(content, str):
        if content[:100].lstrip()[:1] not in ("{", "["):
            raise SnapshotError(
                "this is not a snapshot of simple_db: it is not JSON but "
                f"{values.shown(content[:100])}; load() takes the path of a file"
            )
        return content.encode(errors="surrogatepass")  # a surrogate is refused as JSON, later
    return bytes(content)


def _undamaged_document(content: bytes) -> tuple[Document, str]:
    """Return what the JSON says, and its checksum, which is right."""
    first = layout.FIRST_LINE.match(content)
    if first is None:
        return _document_without_checksum(content), _NO_CHECKSUM
    checked_version({"format": FORMAT, "version": int(first[1])})
    found, expected = _checksum(content, first), first[2].decode()
    if found != expected:
        raise SnapshotDamaged(
            f"this snapshot is not as it was written: {_damage(content)} (SHA-256 {found[:8]}..., "
            f"and its first line says {expected[:8]}...)"
        )
    return _document(content), found


def _checksum(content: bytes, first: re.Match[bytes]) -> str:
    return hashlib.sha256(memoryview(content)[first.end() :]).hexdigest()


def _document_without_checksum(content: bytes) -> Document:
    """Return what the JSON says where the first line has no checksum; only version 1 had none."""
    try:
        document = _document(content)
    except SnapshotTooNew:
        raise
    except SnapshotError as error:
        if content.startswith(layout.BEGINNING):
            raise SnapshotDamaged(f"this snapshot is torn or damaged: {error}") from error
        raise
    if document["version"] != 1:
        raise SnapshotDamaged(
            "this snapshot is not as it was written: its first line has no checksum. "
            f"{_fault(document)}"
        )
    return document


def _damage(content: bytes) -> str:
    """Return what is damaged in a snapshot, and where, as far as that can be found."""
    try:
        document = _document(content)
    except SnapshotError as error:
        return str(error)
    return _fault(document)


def _fault(document: Document) -> str:
    """Return what is wrong with a document, as far as that can be found."""
    try:
        _cut(current(document), no_progress)
    except SnapshotError as error:
        return str(error)
    return (
        "Every row of it can be read, so a value was changed, or it was edited by hand: "
        "'simple-db snapshot upgrade --reseal' gives it the checksum of what it holds now"
    )


def _document(content: bytes) -> Document:
    """Return what the JSON says, of a known format version."""
    _check_weight(content)
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise SnapshotError(
            f"this is not a snapshot of simple_db: it is not JSON: {error}"
        ) from error
    checked_version(document)
    found: Document = document
    return found


def _check_weight(content: bytes) -> None:
    """Check that a snapshot takes little memory parsed, but for its JSON-valued columns.

    What those hold was in a database before, and took as much memory there. They are found where
    each row is a line, as it is written.

    Raises:
        SnapshotError: something else in it takes much memory.
    """
    if not json_weight.is_heavy(content):
        return
    if content.count(b"\n") * _FEWEST_BYTES_OF_A_ROW > len(content):
        raise json_weight.refusal(content)
    for found in _LINE.finditer(content):
        line = found[0]
        if json_weight.is_dense(line) and line not in _FRAME and not _ROW.match(line):
            raise json_weight.refusal(content)


def _cut(document: Document, progress: Progress) -> Cut:
    """Return the tables of a document of the current version, checked."""
    _check_keys("the snapshot", document, _KEYS)
    tables, counters = document["tables"], document["counters"]
    _check_keys("tables", tables, {record.table for record in RECORDS})
    _check_keys("counters", counters, {record.table for record in RECORDS if counts_ids(record)})
    _check_counts(tables, document["counts"])
    _check_writer(document["writer"])
    report = _Report(progress, of=sum(map(len, tables.values())))
    rows = {record: _rows(record, tables.pop(record.table), report) for record in RECORDS}
    next_ids = {record: next_id_of(record, counters.get(record.table, 1)) for record in RECORDS}
    cut = Cut(rows, next_ids)
    check(cut)
    return cut


def _check_keys(what: str, given: object, expected: set[str]) -> None:
    if not isinstance(given, dict):
        raise SnapshotError(f"{what}: this must be a JSON object")
    for wrong, verb in (
        (expected - given.keys(), "lacks"),
        (given.keys() - expected, "has unknown"),
    ):
        if wrong:
            raise SnapshotError(f"{what} {verb} {values.shown(', '.join(sorted(wrong)))}")


def _check_counts(tables: dict[str, Any], counts: Any) -> None:
    for table, rows in tables.items():
        if not isinstance(rows, list):
            raise SnapshotError(f"{table}: this must be a list of rows")
    _check_keys("counts", counts, set(tables))
    for table, rows in tables.items():
        if counts[table] != len(rows):
            raise SnapshotError(
                f"counts: {table} is {values.shown(counts[table])}, and there are {len(rows)} rows"
            )


def _check_writer(writer: object) -> None:
    if not isinstance(writer, str):
        raise SnapshotError(f"writer: this must be a release, not {values.shown(writer)}")


class _Report:
    """Reports how many rows are decoded, of whatever table they are."""

    def __init__(self, progress: Progress, of: int) -> None:
        self._progress = progress
        self._of = of
        self._done = 0

    def add(self, rows: int) -> None:
        self._done += rows
        self._progress(self._done, self._of)


# --- rows ------------------------------------------------------------------------------------

_TIMES_KEPT = 4096


def _rows(record: type[Record], rows: Sequence[Any], report: _Report) -> dict[Any, Any]:
    """Return the records of a table's rows, as JSON was read, by their key.

    Raises:
        SnapshotError: a row is none of the table; the message names the row and the column.
    """
    records: dict[Any, Any] = {}
    for start in range(0, len(rows), layout.ROWS_AT_ONCE):
        some = rows[start : start + layout.ROWS_AT_ONCE]
        for number, row in enumerate(_records(record, some, start + 1), start + 1):
            key = key_of(row)
            if key in records:
                where = f"{record.table}, row {number}"
                raise SnapshotError(f"{where}: the id {values.shown(key)} is there twice")
            records[key] = row
        report.add(len(some))
    return records


def record_of(record: type[Record], row: object, number: int) -> Any:
    """Return the record of one row, as JSON was read.

    Raises:
        SnapshotError: it is no row of the table; the message names the number and the column.
    """
    [read] = _records(record, [row], number)
    return read


def _records(record: type[Record], rows: Sequence[Any], first: int) -> Iterator[Any]:
    """Give the records of some rows; their dicts are changed on the way, column by column."""
    columns = columns_of(record)
    names = set(columns)
    for number, row in enumerate(rows, first):
        if type(row) is not dict or row.keys() != names:
            _check_keys(f"{record.table}, row {number}", row, names)
    for column in columns.values():
        _read(column, rows, first)
        _check_further(record, column, rows, first)
    for row in rows:
        yield record(**row)


def _read(column: Column, rows: Sequence[dict[str, Any]], first: int) -> None:
    """Replace the values of a column as JSON has them by those that a record has."""
    name = column.name
    if _all_plain(column, [row[name] for row in rows]):
        return
    for number, row in enumerate(rows, first):
        try:
            row[name] = _cell(column, row[name])
        except Invalid as error:
            raise SnapshotError(f"{column.table}, row {number}: {error}") from error


def _check_further(
    record: type[Record], column: Column, rows: Sequence[dict[str, Any]], first: int
) -> None:
    allowed = _further_rule(column, record)
    for number, row in enumerate(rows if allowed else (), first):
        cell = row[column.name]
        if allowed and not allowed(cell):
            where = f"{column.table}, row {number}"
            raise SnapshotError(f"{where}: {column} cannot hold {values.shown(cell)}")


def _all_plain(column: Column, cells: list[Any]) -> bool:
    """Return whether all cells can be taken as they are: so it is in most columns."""
    expected = values.EXACT_TYPES.get(column.type.kind)
    types = set(map(type, cells)) - ({NoneType} if column.nullable else set())
    if expected is None or not types <= {expected}:
        return False
    if expected is int:
        return all(cell is None or cell <= values.LARGEST_INTEGER for cell in cells)
    return not column.type.choices or set(cells) - {None} <= set(column.type.choices)


def _further_rule(column: Column, record: type[Record]) -> Callable[[Any], bool] | None:
    """Return what else a column's values must be, as the functions of the API check it."""
    if (record, column.name) == (Image, "status"):
        return IMAGE_STATUSES.__contains__
    if column.name in record.key and column.type.kind == "string":
        return lambda key: 0 < len(key) <= values.ID_WIDTH
    return None


def _cell(column: Column, value: Any) -> Any:
    if column.type.kind == "datetime" and isinstance(value, str):
        try:
            return _time(value)
        except ValueError as error:
            raise Invalid(
                f"{column} cannot hold {values.shown(value)}: "
                "it is not naive UTC as YYYY-MM-DDTHH:MM:SS.ffffff"
            ) from error
    read = values.stored(column, value)
    if type(read) is not type(value) or read != value:
        raise Invalid(f"{column} holds {values.shown(value)}, which is of another type")
    return read


@functools.lru_cache(_TIMES_KEPT)  # the times of a row are often equal
def _time(text: str) -> dt.datetime:
    time = clock.Real.datetime.fromisoformat(text)
    if time.tzinfo is not None or time.isoformat() != text:
        raise ValueError(text)
    return time


def next_id_of(record: type[Record], next_id: object) -> int:
    """Return the next id of a table, as JSON was read.

    Raises:
        SnapshotError: it is none.
    """
    if type(next_id) is not int or not 1 <= next_id <= values.LARGEST_INTEGER:
        raise SnapshotError(f"counters: {record.table} must be a positive integer")
    return next_id


def check(cut: Cut) -> None:
    """Check what no row by itself can show.

    Raises:
        SnapshotError: a counter is not above its ids, a row refers to one that is not there, or
            two rows have the same values where they must be unique.
    """
    by_table = {record.table: rows for record, rows in cut.rows.items()}
    for record, rows in cut.rows.items():
        if counts_ids(record) and rows and max(rows) >= cut.next_ids[record]:
            raise SnapshotError(
                f"counters: {record.table} is {cut.next_ids[record]}, and the id {max(rows)} "
                "is not below that"
            )
        _check_references(record, rows.values(), by_table)
        for names in record.unique:
            _check_unique(record, rows.values(), names)


def _check_references(
    record: type[Record], rows: Iterable[Any], parents: Mapping[str, Mapping[Any, Any]]
) -> None:
    for column in columns_of(record).values():
        parent = column.type.references
        for row in rows if parent else ():
            if getattr(row, column.name) not in parents[parent or ""]:
                raise SnapshotError(
                    f"{column} of row {values.shown(key_of(row))} is "
                    f"{values.shown(getattr(row, column.name))}, "
                    f"and no row of {parent} has that id"
                )


def _check_unique(record: type[Record], rows: Iterable[Any], names: tuple[str, ...]) -> None:
    value_of = operator.attrgetter(*names)
    seen: set[Any] = set()
    for row in rows:
        value = value_of(row)
        if value in seen:
            raise SnapshotError(
                f"{record.table}: row {key_of(row)} has the same {', '.join(names)} as another"
            )
        seen.add(value)


# --- files -----------------------------------------------------------------------------------


def read(
    path: files.Name,
    *,
    ignore_checksum: bool = False,
    max_bytes: int = MAX_BYTES,
    progress: Progress = no_progress,
) -> Decoded:
    """Return what a snapshot file holds, checked as `decoded` checks it; not what its journal does.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotError: the file cannot be read, is no regular file, or holds no snapshot.
    """
    layout.check_max_bytes(max_bytes)
    content = files.read(path, max_bytes)
    with naming(path):
        return decoded(
            content, ignore_checksum=ignore_checksum, max_bytes=max_bytes, progress=progress
        )


def has_checksum(path: files.Name, checksum: str, max_bytes: int) -> bool:
    """Return whether the file is an undamaged snapshot with this checksum.

    Raises:
        SnapshotError: the file cannot be read.
    """
    content = files.read(path, max_bytes)
    first = layout.FIRST_LINE.match(content)
    return first is not None and checksum == first[2].decode() == _checksum(content, first)


@contextlib.contextmanager
def naming(path: files.Name) -> Iterator[None]:
    """Put the name of the file before the message of an error of what it holds."""
    try:
        yield
    except SnapshotError as error:
        raise type(error)(f"{path!s}: {error}") from error
