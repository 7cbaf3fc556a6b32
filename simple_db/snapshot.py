"""A database as JSON bytes, and as a file: with the journal, the only module that knows orjson.

A snapshot is one JSON object, whose first line seals the rest::

    {"format":"simple_db","version":2,"sha256":"...",   of every byte behind this line
    "writer":"0.1.0",                                  the release that wrote it
    "counts":{"images":1,...},                         the rows of each table
    "counters":{"image_locations":3,...},              the next id of each table that counts its ids
    "tables":{
    "images":[                                         tables and columns as in Glance's schema
     ROW
    ,ROW
    ],
    ...
    ]}}

with one row a line, sorted by id, so that equal databases give equal bytes and git shows the
change of one row as one line. Times are ISO 8601, naive UTC. docs/snapshot.md has what it promises.
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
from attrs import field, frozen

from simple_db.model import clock, values
from simple_db.model.errors import Invalid, SnapshotDamaged, SnapshotError, SnapshotTooNew
from simple_db.model.records import (
    IMAGE_STATUSES,
    RECORDS,
    Column,
    Image,
    Record,
    as_dict,
    columns_of,
    counts_ids,
    key_of,
)
from simple_db.persistence import files, json_weight
from simple_db.persistence.formats import FORMAT, VERSION, checked_version, current, recounted
from simple_db.store import check_cut
from simple_db.version import __version__

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from simple_db.persistence.formats import Document
    from simple_db.store import Cut, Store

MAX_BYTES = 2**31
"""The largest snapshot that is written or read unless a caller allows for more: 2 GiB."""

_SEAL = re.compile(rb'\{"format":"simple_db","version":(\d{1,9}),"sha256":"([0-9a-f]{64})",\n')
_BEGINNING = b'{"format":"simple_db","version":'
_KEYS = {"format", "version", "sha256", "writer", "counts", "counters", "tables"}

# What tells a line of a row, however much its JSON-valued columns hold.
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

# A step of the work that a person is told of.
_ROWS_AT_ONCE = 5_000


def no_progress(done: int, of: int) -> None:
    """Tell nobody."""


@frozen
class Contents:
    """What a snapshot holds, checked.

    Attributes:
        rows: The records of each table by their key.
        next_ids: The next id of each table, 1 where the table does not count its ids.
        version: The format version that it was read in.
        writer: The release that wrote it.
        seal: The SHA-256 of its payload in hexadecimal; empty in version 1, which had none.
    """

    rows: dict[type[Record], dict[Any, Any]]
    next_ids: dict[type[Record], int]
    version: int = VERSION
    writer: str = __version__
    seal: str = ""


@frozen
class Encoded:
    """A snapshot as bytes, in pieces."""

    pieces: list[bytes] = field(repr=False)
    seal: str

    def __bytes__(self) -> bytes:
        """Return all of it."""
        return b"".join(self.pieces)


# --- to bytes --------------------------------------------------------------------------------


def snapshot(store: Store, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the store's tables as JSON: a cut between two calls, deleted rows and counters too.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotError: it has more bytes.
    """
    return bytes(encoded(store.cut(), max_bytes=max_bytes))


def encoded(
    cut: Cut,
    progress: Callable[[int, int], object] = no_progress,
    max_bytes: int = MAX_BYTES,
) -> Encoded:
    """Return a cut of a store as a snapshot; the store goes on meanwhile.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotError: it has more bytes.
    """
    check_max_bytes(max_bytes)
    digest, payload, size = hashlib.sha256(), [], _FIRST_WIDTH
    for piece in _payload(cut, progress):
        digest.update(piece)
        payload.append(piece)
        size += len(piece)
        if size > max_bytes:
            raise SnapshotError(
                f"the snapshot has more than {max_bytes} bytes, and would not be read again: "
                "delete rows and purge them, or give a larger max_bytes, here and where it is read"
            )
    seal = digest.hexdigest()
    return Encoded([_first_line(seal), *payload], seal)


def check_max_bytes(max_bytes: object) -> None:
    """Check that a bound of snapshots is one.

    Raises:
        Invalid: it is no positive integer.
    """
    if not isinstance(max_bytes, int) or isinstance(max_bytes, bool) or max_bytes < 1:
        raise Invalid(f"max_bytes is a positive integer, not {values.shown(max_bytes)}")


def _first_line(seal: str) -> bytes:
    return f'{{"format":"{FORMAT}","version":{VERSION},"sha256":"{seal}",\n'.encode()


_FIRST_WIDTH = len(_first_line(hashlib.sha256().hexdigest()))


def encoded_to_save(
    cut: Cut,
    progress: Callable[[int, int], object] = no_progress,
    max_bytes: int = MAX_BYTES,
) -> Encoded:
    """Return a cut of a store as a snapshot to be put in the place of another one.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotError: it breaks a rule that a store checks, so that nobody could read it; or it has
            more bytes.
    """
    try:
        check_cut(cut)
    except AssertionError as error:
        why = str(error).splitlines()[0]
        raise SnapshotError(
            f"the database is not whole, and is not saved over what was saved before: {why}"
        ) from error
    return encoded(cut, progress, max_bytes)


def _payload(cut: Cut, progress: Callable[[int, int], object]) -> Iterator[bytes]:
    counts = {record.table: len(cut[record].rows) for record in RECORDS}
    counters = {record.table: cut[record].next_id for record in RECORDS if counts_ids(record)}
    yield b'"writer":%b,\n' % orjson.dumps(__version__)
    yield b'"counts":%b,\n' % orjson.dumps(counts)
    yield b'"counters":%b,\n' % orjson.dumps(counters)
    yield b'"tables":{'
    done, of = 0, sum(counts.values())
    for number, record in enumerate(RECORDS):
        yield b'%b\n"%b":[' % (b"," if number else b"", record.table.encode())
        for lines, rows in _lines(cut[record].rows):
            yield lines
            done += rows
            progress(done, of)
        yield b"\n]"
    yield b"}}\n"


def _lines(rows: Mapping[Any, Any]) -> Iterator[tuple[bytes, int]]:
    """Give the lines of a table's rows, many at once, and how many they are."""
    # The comma is before a row, not behind the last: one more row is one more line to git.
    comma = b"\n "
    keys = sorted(rows)
    for start in range(0, len(keys), _ROWS_AT_ONCE):
        some = keys[start : start + _ROWS_AT_ONCE]
        yield comma + b"\n,".join([row_line(rows[key]) for key in some]), len(some)
        comma = b"\n,"


def row_line(row: Record) -> bytes:
    """Return a row as a JSON object in one line.

    Raises:
        SnapshotError: it holds what JSON cannot, which no call puts there.
    """
    try:
        return orjson.dumps(as_dict(row))
    except orjson.JSONEncodeError as error:
        where = f"{row.table}, row {values.shown(key_of(row))}"
        raise SnapshotError(f"{where} cannot be written: {error}") from error


# --- from bytes ------------------------------------------------------------------------------


def restore(store: Store, snapshot: bytes | str, max_bytes: int = MAX_BYTES) -> None:
    """Put what a snapshot holds in the place of everything that the store holds.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotError: the bytes are no snapshot, or one that is damaged or too new, or what it
            holds is no database of images; the store is as it was.
    """
    fill(store, contents_of(snapshot, max_bytes=max_bytes))


def fill(store: Store, contents: Contents) -> None:
    """Put these contents in the place of everything that the store holds."""
    with store.writing() as tables:
        for table in tables:
            table.replace(contents.rows[table.record], contents.next_ids[table.record])


def contents_of(
    snapshot: bytes | str,
    *,
    sealed: bool = True,
    max_bytes: int = MAX_BYTES,
    progress: Callable[[int, int], object] = no_progress,
) -> Contents:
    """Return what a snapshot holds, every row, reference and counter of it checked.

    Args:
        snapshot: The bytes, or their text, of any format version that there has been.
        sealed: Whether its seal must be unbroken; without, it may have been edited, and its counts
            are not looked at.
        max_bytes: The number of bytes that it may have.
        progress: Told how many rows are read, and of how many.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotDamaged: the seal is broken; the message says what is wrong, and where.
        SnapshotTooNew: its format is one of a later release.
        SnapshotError: it is no snapshot, or what it holds is no database of images.
    """
    check_max_bytes(max_bytes)
    content = _bytes(snapshot, max_bytes)
    seal = _checked_seal(content) if sealed else ""
    document = _document(content) if seal or not sealed else _unsealed_document(content)
    whole = current(document) if sealed else recounted(current(document))
    return _contents(whole, document["version"], seal, progress)


def _bytes(snapshot: bytes | str, max_bytes: int) -> bytes:
    try:
        size = len(snapshot) if isinstance(snapshot, str) else memoryview(snapshot).nbytes
    except TypeError as error:
        raise SnapshotError(
            f"this is no snapshot of simple_db, for it is no bytes but {type(snapshot).__name__}; "
            "load() takes the path of a file"
        ) from error
    if size > max_bytes:
        raise SnapshotError(
            f"this snapshot has {size} bytes, and at most {max_bytes} are read: "
            "give a larger max_bytes if it is meant"
        )
    if isinstance(snapshot, str):
        if snapshot[:100].lstrip()[:1] not in ("{", "["):
            raise SnapshotError(
                "this is no snapshot of simple_db, for it is no JSON but "
                f"{values.shown(snapshot[:100])}; load() takes the path of a file"
            )
        return snapshot.encode(errors="surrogatepass")  # which is no JSON then
    return bytes(snapshot)


def _checked_seal(content: bytes) -> str:
    """Return the seal of a snapshot, unbroken; an empty one where the first line has none."""
    first = _SEAL.match(content)
    if first is None:
        return ""
    checked_version({"format": FORMAT, "version": int(first[1])})
    found = hashlib.sha256(memoryview(content)[first.end() :]).hexdigest()
    expected = first[2].decode()
    if found != expected:
        raise SnapshotDamaged(
            f"this snapshot is not as it was written: {_where(content)} (SHA-256 {found[:8]}..., "
            f"and its first line says {expected[:8]}...)"
        )
    return found


def _unsealed_document(content: bytes) -> Document:
    """Return what the JSON says where the first line has no seal; only version 1 had none."""
    try:
        document = _document(content)
    except SnapshotTooNew:
        raise
    except SnapshotError as error:
        if content.startswith(_BEGINNING):
            raise SnapshotDamaged(f"this snapshot is torn or damaged: {error}") from error
        raise
    if document["version"] != 1:
        raise SnapshotDamaged(
            "this snapshot is not as it was written: its first line has no seal. "
            f"{_fault(document)}"
        )
    return document


def _where(content: bytes) -> str:
    """Say where a snapshot is damaged, as far as that can be seen."""
    try:
        document = _document(content)
    except SnapshotError as error:
        return str(error)
    return _fault(document)


def _fault(document: Document) -> str:
    """Say what is wrong with a document, as far as that can be seen."""
    try:
        _contents(current(document), 0, "", no_progress)
    except SnapshotError as error:
        return str(error)
    return (
        "Every row of it can be read, so some value is another one, or it was edited by hand: "
        "'simple-db snapshot upgrade --reseal' seals what is there now"
    )


def _document(content: bytes) -> Document:
    """Return what the JSON says, of a known format version."""
    _check_weight(content)
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise SnapshotError(
            f"this is no snapshot of simple_db, for it is no JSON: {error}"
        ) from error
    checked_version(document)
    found: Document = document
    return found


def _check_weight(content: bytes) -> None:
    """Check that a snapshot is heavy, if it is, by what its JSON-valued columns hold.

    That is what the database held, and takes as much memory there. It is seen where a row is a
    line, as it is written.

    Raises:
        SnapshotError: it is heavy by something else.
    """
    if not json_weight.is_heavy(content):
        return
    if content.count(b"\n") * _FEWEST_BYTES_OF_A_ROW > len(content):
        raise json_weight.refusal(content)
    for found in _LINE.finditer(content):
        line = found[0]
        if json_weight.is_dense(line) and line not in _FRAME and not _ROW.match(line):
            raise json_weight.refusal(content)


def _contents(
    document: Document, version: int, seal: str, progress: Callable[[int, int], object]
) -> Contents:
    _check_keys("the snapshot", document, _KEYS)
    tables, counters = document["tables"], document["counters"]
    _check_keys("tables", tables, {record.table for record in RECORDS})
    _check_keys("counters", counters, {record.table for record in RECORDS if counts_ids(record)})
    _check_counts(tables, document["counts"])
    shown = _Shown(progress, of=sum(map(len, tables.values())))
    rows = {record: records_of(record, tables.pop(record.table), shown) for record in RECORDS}
    next_ids = {record: next_id_of(record, counters.get(record.table, 1)) for record in RECORDS}
    contents = Contents(rows, next_ids, version, _writer(document["writer"]), seal)
    check(contents)
    return contents


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


def _writer(writer: object) -> str:
    if not isinstance(writer, str):
        raise SnapshotError(f"writer: this must be a release, not {values.shown(writer)}")
    return writer


class _Shown:
    """Tells of the rows that have been read, whatever table they are of."""

    def __init__(self, progress: Callable[[int, int], object], of: int) -> None:
        self._progress = progress
        self._of = of
        self._done = 0

    def add(self, rows: int) -> None:
        self._done += rows
        self._progress(self._done, self._of)


# --- rows ------------------------------------------------------------------------------------

_TIMES_KEPT = 4096


def records_of(record: type[Record], rows: Sequence[Any], shown: _Shown) -> dict[Any, Any]:
    """Return the records of a table's rows, as JSON was read, by their key.

    Raises:
        SnapshotError: a row is none of the table; the message names the row and the column.
    """
    records: dict[Any, Any] = {}
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        some = rows[start : start + _ROWS_AT_ONCE]
        for number, row in enumerate(_records(record, some, start + 1), start + 1):
            key = key_of(row)
            if key in records:
                where = f"{record.table}, row {number}"
                raise SnapshotError(f"{where}: the id {values.shown(key)} is there twice")
            records[key] = row
        shown.add(len(some))
    return records


def record_of(record: type[Record], row: object, number: int) -> Any:
    """Return the record of one row, as JSON was read.

    Raises:
        SnapshotError: it is no row of the table; the message names the number and the column.
    """
    [read] = _records(record, [row], number)
    return read


def _records(record: type[Record], rows: Sequence[Any], first: int) -> Iterator[Any]:
    """Give the records of some rows, column by column, and use their dicts up."""
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
    """Put the values that records have in the place of those that JSON has."""
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
    """Return whether all are, at a glance, what the column holds: most are, in most columns."""
    expected = values.EXACT_TYPES.get(column.type.kind)
    types = set(map(type, cells)) - ({NoneType} if column.nullable else set())
    if expected is None or not types <= {expected}:
        return False
    if expected is int:
        return all(cell is None or cell <= values.LARGEST_INTEGER for cell in cells)
    return not column.type.choices or set(cells) - {None} <= set(column.type.choices)


def _further_rule(column: Column, record: type[Record]) -> Callable[[Any], bool] | None:
    """Return what a column's values must be beyond its type, as the functions of the API ask."""
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


def check(contents: Contents) -> None:
    """Check what no row tells by itself.

    Raises:
        SnapshotError: a counter is not above its ids, a reference leads nowhere, or two rows have
            alike what is unique.
    """
    by_table = {record.table: rows for record, rows in contents.rows.items()}
    for record, rows in contents.rows.items():
        if counts_ids(record) and rows and max(rows) >= contents.next_ids[record]:
            raise SnapshotError(
                f"counters: {record.table} is {contents.next_ids[record]}, and the id {max(rows)} "
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


def save(
    store: Store,
    path: files.Name,
    progress: Callable[[int, int], object] = no_progress,
    max_bytes: int = MAX_BYTES,
) -> Encoded:
    """Write a snapshot of the store to a file: the whole new one, or the old one stays.

    A new file can be read by its owner only, for locations can carry credentials; an old one
    keeps its permissions. A symbolic link is followed. Returns what was written.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotError: it has more bytes; or the file cannot be written, or is no regular file.
    """
    written = encoded_to_save(store.cut(), progress, max_bytes)
    files.replace(path, written.pieces)
    return written


def has_seal(path: files.Name, seal: str, max_bytes: int) -> bool:
    """Return whether the file is a snapshot of this seal, unbroken.

    Raises:
        SnapshotError: the file cannot be read.
    """
    content = files.read(path, max_bytes)
    first = _SEAL.match(content)
    if first is None or first[2].decode() != seal:
        return False
    return hashlib.sha256(memoryview(content)[first.end() :]).hexdigest() == seal


def read(
    path: files.Name,
    *,
    sealed: bool = True,
    max_bytes: int = MAX_BYTES,
    progress: Callable[[int, int], object] = no_progress,
) -> Contents:
    """Return what a snapshot file holds, checked as `contents_of` checks it.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotError: the file cannot be read, is no regular file, or holds no snapshot.
    """
    check_max_bytes(max_bytes)
    content = files.read(path, max_bytes)
    with naming(path):
        return contents_of(content, sealed=sealed, max_bytes=max_bytes, progress=progress)


@contextlib.contextmanager
def naming(path: files.Name) -> Iterator[None]:
    """Let an error of what a file holds begin with the name of the file."""
    try:
        yield
    except SnapshotError as error:
        raise type(error)(f"{path!s}: {error}") from error
