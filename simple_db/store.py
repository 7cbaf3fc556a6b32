"""The store: one table of frozen records per table of the schema, one lock, transactions.

Each fact lives once, as a record in a dict by its id. Indexes are derived from the rows and never
saved. A write is journalled while its transaction runs, so that a transaction that raises is
undone row by row; rows are replaced, never changed, so a copied table stays as it was.
"""

import datetime as dt
import logging
import operator
import threading
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

from attrs import frozen

from simple_db.records import (
    RECORDS,
    Association,
    CachedImage,
    Image,
    Location,
    Member,
    MetadefObject,
    MetadefProperty,
    MetadefTag,
    Namespace,
    NodeReference,
    Property,
    Record,
    ResourceType,
    Tag,
    Task,
    TaskInfo,
    columns_of,
    counts_ids,
    key_of,
)
from simple_db.values import id_of_source, shown_in, time_of_clock, uuid_as_text, wrong_values

LOG = logging.getLogger(__name__)

R = TypeVar("R", bound=Record)
V = TypeVar("V")

# One write of a transaction: the table, the id of the row, and the row that was there before.
Journal = list[tuple["Table[Any]", Hashable, Record | None]]


def _found(mapping: Mapping[Any, V], key: object, missing: V) -> V:
    """Return what is under the key; a UUID, alone or in a tuple, stands for its text."""
    try:
        found = mapping.get(key)
    except TypeError:  # a list, say, which no column holds
        return missing
    return mapping.get(_as_text(key), missing) if found is None else found


def _as_text(key: object) -> object:
    return tuple(map(uuid_as_text, key)) if isinstance(key, tuple) else uuid_as_text(key)


class Index(Generic[R]):
    """The ids of a table's rows by the value of a column, or by a tuple of several columns."""

    def __init__(self, *columns: str) -> None:
        self.columns = columns
        self.key: Callable[[R], Hashable] = operator.attrgetter(*columns)
        self._ids: dict[Hashable, set[Any]] = {}

    def ids(self, key: object) -> Collection[Any]:
        """Return the ids of the rows with that value, in no order."""
        return _found(self._ids, key, ())

    def add(self, row_id: Hashable, row: R) -> None:
        """Note that the row has this id."""
        self._ids.setdefault(self.key(row), set()).add(row_id)

    def discard(self, row_id: Hashable, row: R) -> None:
        """Forget the row."""
        key = self.key(row)
        ids = self._ids[key]
        ids.remove(row_id)
        if not ids:
            del self._ids[key]

    def agrees_with(self, rows: Mapping[Any, R]) -> bool:
        """Return whether the index is the one that these rows give."""
        expected: Index[R] = Index(*self.columns)
        for row_id, row in rows.items():
            expected.add(row_id, row)
        return self._ids == expected._ids

    def copy(self) -> "Index[R]":
        """Return an index of its own of the same rows."""
        copy: Index[R] = Index(*self.columns)
        copy._ids = {key: set(ids) for key, ids in self._ids.items()}
        return copy

    def is_unique(self) -> bool:
        """Return whether no two rows have the same value."""
        return all(len(ids) == 1 for ids in self._ids.values())


@frozen
class TableCut(Generic[R]):
    """The rows of a table as they were at one moment: nobody changes what is in it."""

    rows: dict[Any, R]
    indexes: "Mapping[tuple[str, ...], Index[R]]"
    next_id: int


class Table(Generic[R]):
    """The rows of one table by id, with the indexes that are derived from them.

    Every change goes through `put` and `remove`, so that indexes and journal follow. Rows and
    indexes may be shared with a cut of the table, and are copied before the first change then.
    """

    def __init__(self, record: type[R], journal: Journal, *indexes: str | tuple[str, ...]) -> None:
        self.record = record
        self.rows: dict[Any, R] = {}
        self.next_id = 1
        self._shared = False
        self._journal = journal
        keys = [(index,) if isinstance(index, str) else index for index in indexes]
        self._indexes: Mapping[tuple[str, ...], Index[R]] = {
            key: Index(*key) for key in (*keys, *record.unique)
        }

    def get(self, row_id: object) -> R | None:
        """Return the row of that id, if there is one."""
        return _found(self.rows, row_id, None)

    def where(self, **values: object) -> list[R]:
        """Return the rows with these values, in the order of their ids.

        The columns are those of one of the table's indexes, in its order; or none, for all rows.
        """
        if not values:
            return [self.rows[row_id] for row_id in sorted(self.rows)]
        index = self._indexes[tuple(values)]
        key = tuple(values.values()) if len(values) > 1 else next(iter(values.values()))
        found = index.ids(key)
        return [self.rows[row_id] for row_id in sorted(found)] if found else []

    def put(self, row: R) -> R:
        """Insert the row, or put it in the place of the one with its id; return it."""
        row_id = key_of(row)
        self._journal.append((self, row_id, self._set(row_id, row)))
        return row

    def remove(self, row_id: Hashable) -> None:
        """Remove the row of that id."""
        self._journal.append((self, row_id, self._set(row_id, None)))

    def new_id(self) -> int:
        """Return an id that no row of this table has had."""
        self.next_id += 1
        return self.next_id - 1

    def undo(self, row_id: Hashable, before: R | None) -> None:
        """Put back what was under the id before a write of the journal."""
        self._set(row_id, before)

    def replace(self, rows: Mapping[Any, R], next_id: int) -> None:
        """Hold exactly these rows, and count ids from there."""
        for row_id in self.rows.keys() - rows.keys():
            self.remove(row_id)
        for row_id, row in rows.items():
            if self.rows.get(row_id) is not row:
                self.put(row)
        self.next_id = next_id

    def cut(self) -> TableCut[R]:
        """Return the rows as they are now: a pointer to them, for who changes them copies first."""
        self._shared = True
        return TableCut(self.rows, self._indexes, self.next_id)

    def adopt(self, cut: TableCut[R]) -> None:
        """Hold the rows of a cut of another table: a pointer to them, as it was in the cut."""
        self._shared = True
        self.rows, self._indexes, self.next_id = cut.rows, cut.indexes, cut.next_id

    def _set(self, row_id: Any, row: R | None) -> R | None:
        if self._shared:
            self.rows = dict(self.rows)
            self._indexes = {key: index.copy() for key, index in self._indexes.items()}
            self._shared = False
        before = self.rows.pop(row_id, None)
        if row is not None:
            self.rows[row_id] = row
        for index in self._indexes.values():
            if before is not None:
                index.discard(row_id, before)
            if row is not None:
                index.add(row_id, row)
        return before

    def check(self) -> None:
        """Raise AssertionError unless ids, counter and indexes agree with the rows."""
        name = self.record.table
        for row_id, row in self.rows.items():
            assert key_of(row) == row_id, f"{name}: {row} is filed under {row_id!r}"
            if counts_ids(self.record):
                assert row_id < self.next_id, f"{name}: id {row_id} is to come"
        for columns, index in self._indexes.items():
            assert index.agrees_with(self.rows), f"{name}: the index of {columns} is not the rows'"
        for columns in self.record.unique:
            assert self._indexes[columns].is_unique(), f"{name}: two rows have the same {columns}"


class Tables:
    """All tables, and the time and ids of the call that holds the lock."""

    def __init__(self, clock: Callable[[], dt.datetime], new_id: Callable[[], str]) -> None:
        self.journal: Journal = []
        self.images: Table[Image] = Table(Image, self.journal, "owner")
        self.locations: Table[Location] = Table(Location, self.journal, "image_id")
        self.properties: Table[Property] = Table(Property, self.journal, "image_id")
        self.members: Table[Member] = Table(
            Member, self.journal, "image_id", "member", ("image_id", "member")
        )
        self.tags: Table[Tag] = Table(Tag, self.journal, "image_id")
        self.tasks: Table[Task] = Table(Task, self.journal, "image_id", "owner")
        self.task_infos: Table[TaskInfo] = Table(TaskInfo, self.journal)
        self.namespaces: Table[Namespace] = Table(Namespace, self.journal)
        self.resource_types: Table[ResourceType] = Table(ResourceType, self.journal)
        self.associations: Table[Association] = Table(
            Association, self.journal, "namespace_id", "resource_type_id"
        )
        self.metadef_objects: Table[MetadefObject] = Table(
            MetadefObject, self.journal, "namespace_id"
        )
        self.metadef_properties: Table[MetadefProperty] = Table(
            MetadefProperty, self.journal, "namespace_id"
        )
        self.metadef_tags: Table[MetadefTag] = Table(MetadefTag, self.journal, "namespace_id")
        self.nodes: Table[NodeReference] = Table(NodeReference, self.journal)
        self.cached_images: Table[CachedImage] = Table(
            CachedImage, self.journal, "image_id", "node_reference_id"
        )
        tables = [value for value in vars(self).values() if isinstance(value, Table)]
        self._by_record = {table.record: table for table in tables}
        self._clock = clock
        self._new_id = new_id
        self._now: dt.datetime | None = None

    def __iter__(self) -> Iterator[Table[Any]]:
        """Go through the tables, parents before their children."""
        return (self._by_record[record] for record in RECORDS)

    def begin_call(self) -> None:
        """Let the next reading of the clock be a new one."""
        self._now = None

    @property
    def now(self) -> dt.datetime:
        """The time of this call: the clock is read at most once.

        Raises:
            Invalid: the clock gives no naive datetime.
        """
        if self._now is None:
            self._now = time_of_clock(self._clock())
        return self._now

    def new_id(self) -> str:
        """Return a new id for an image or a task, from the database's id source.

        Raises:
            Invalid: the id source gives what is no id.
        """
        return id_of_source(self._new_id())

    def check(self) -> None:
        """Raise AssertionError unless every invariant holds."""
        for table in self:
            table.check()
            _check_types(table)
            _check_references(table, self)
        assert not self.journal, "a transaction was not ended"


def _check_types(table: Table[Any]) -> None:
    """Raise AssertionError unless every value is of the exact type of its column."""
    for name, column in columns_of(table.record).items():
        wrong = wrong_values(column, map(operator.attrgetter(name), table.rows.values()))
        assert not wrong, f"{column} cannot be {shown_in(column, wrong[0])}"


def _check_references(table: Table[Any], tables: Tables) -> None:
    parents = {parent.record.table: parent.rows for parent in tables}
    for name, column in columns_of(table.record).items():
        if column.type.references is not None:
            for row in table.rows.values():
                found = getattr(row, name) in parents[column.type.references]
                assert found, f"{column}: no {column.type.references} row for {row}"


Cut = Mapping[type[Record], TableCut[Any]]
"""All tables as they were between two calls."""


@frozen
class Change:
    """What a call has done to a row: the row as it is now, or None where there is none any more."""

    record: type[Record]
    row_id: Any
    row: Record | None


@frozen
class Commit:
    """What a call has changed: each row once, and the tables' next ids where they are others."""

    changes: list[Change]
    next_ids: dict[type[Record], int]


class Log(Protocol):
    """Where a store writes every call that has changed something, before the call returns."""

    @property
    def end(self) -> int:
        """Where the log ends."""
        ...

    def append(self, commit: Commit) -> None:
        """Keep a commit; if that raises, the call has not happened."""
        ...

    def retract(self, end: int) -> None:
        """Let the log end where it ended before a call that has not happened."""
        ...


class Store:
    """The tables behind one lock.

    `reading` and `writing` are the only ways to the tables, and the only places that take the
    lock. `revision` counts the transactions that changed something. A `log` is told of each of
    these before it counts.
    """

    def __init__(self, clock: Callable[[], dt.datetime], new_id: Callable[[], str]) -> None:
        self._lock = threading.RLock()
        self._tables = Tables(clock, new_id)
        self._writing = False
        self.revision = 0
        self.log: Log | None = None

    @contextmanager
    def reading(self) -> Iterator[Tables]:
        """Give the tables, to be read only, and keep every writer out meanwhile."""
        with self._lock:
            yield self._tables

    @contextmanager
    def writing(self) -> Iterator[Tables]:
        """Give the tables for one transaction: all its writes stay, or none when it raises."""
        with self._lock:
            if self._writing:
                raise RuntimeError("the clock or the id source of a database called the database")
            tables, log = self._tables, self.log
            end = log.end if log is not None else 0
            counters = [table.next_id for table in tables]
            tables.begin_call()
            self._writing = True
            try:
                yield tables
                if tables.journal or counters != [table.next_id for table in tables]:
                    if log is not None:
                        log.append(_commit(tables, counters))
                    self.revision += 1
                    _tell(self.revision, tables.journal)
            except BaseException:
                _roll_back(tables, counters)
                if log is not None:
                    log.retract(end)
                raise
            finally:
                self._writing = False
                tables.journal.clear()

    def cut(self) -> Cut:
        """Return the tables as they are between two calls, at the cost of a pointer per table."""
        with self._lock:
            return {table.record: table.cut() for table in self._tables}

    def adopt(self, cut: Cut) -> None:
        """Hold what a cut holds, in a store that nobody else has yet."""
        for table in self._tables:
            table.adopt(cut[table.record])

    def go_back(self, cut: Cut) -> None:
        """Hold again what a cut of this store holds: one transaction, of the rows that differ."""
        with self.writing() as tables:
            for table in tables:
                table.replace(cut[table.record].rows, cut[table.record].next_id)

    def check(self) -> None:
        """Raise AssertionError, with what is wrong, unless every invariant of the tables holds."""
        with self.reading() as tables:
            tables.check()


def _commit(tables: Tables, counters: list[int]) -> Commit:
    """Return what the transaction has changed."""
    written = dict.fromkeys((table, row_id) for table, row_id, _ in tables.journal)
    changes = [Change(table.record, row_id, table.get(row_id)) for table, row_id in written]
    next_ids = {
        table.record: table.next_id
        for table, before in zip(tables, counters, strict=True)
        if table.next_id != before
    }
    return Commit(changes, next_ids)


def _tell(revision: int, journal: Journal) -> None:
    """Tell which rows were written: tables and ids only, for a location can carry credentials."""
    if LOG.isEnabledFor(logging.DEBUG):
        written = dict.fromkeys(f"{table.record.table} {row_id}" for table, row_id, _ in journal)
        LOG.debug("revision %d: %s", revision, ", ".join(written))


def _roll_back(tables: Tables, counters: list[int]) -> None:
    for table, row_id, before in reversed(tables.journal):
        table.undo(row_id, before)
    for table, next_id in zip(tables, counters, strict=True):
        table.next_id = next_id


class HasStore(Protocol):
    """What a public function needs of its database."""

    @property
    def store(self) -> Store:
        """The store of the database."""
        ...
