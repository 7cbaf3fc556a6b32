"""The store: one table of frozen records per table of the schema, one lock, transactions.

Each fact lives once, as a record in a dict by its id. Indexes are derived from the rows and never
saved; rows are replaced, never changed, so a copied table stays as it was.

A transaction survives an exception at any instruction. Every write is in the undo list before a
table or an index changes; to undo a write twice, or one that was half done, gives the same rows and
indexes; and a transaction counts from one assignment on. Whoever takes the lock next finishes a
rollback that was itself interrupted.
"""

import datetime as dt
import logging
import operator
import sys
from collections.abc import Callable, Hashable, Iterator, Mapping
from types import FrameType
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from attrs import field, frozen

from simple_db.model.call_lock import CallLock, Hold
from simple_db.model.records import (
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
from simple_db.model.values import id_of_source, shown_in, time_of_clock, uuid_as_text, wrong_values
from simple_db.queries.indexes import Index, OrderedIndex, Span, found
from simple_db.queries.paging import SortOrder, ascending, key_of_values

LOG = logging.getLogger(__name__)

R = TypeVar("R", bound=Record)

# Each index by order costs every write; those of most users of a table sort in few ways.
_ORDERS = 16


class Write(NamedTuple):
    """One write of a transaction: a row as it was and as it is then, None where there is none."""

    table: "Table[Any]"
    row_id: Hashable
    before: Record | None
    after: Record | None


@frozen
class TableCut(Generic[R]):
    """The rows of a table as they were at one moment: nobody changes what is in it."""

    rows: dict[Any, R]
    indexes: "Mapping[tuple[str, ...], Index[R]]"
    next_id: int
    ordered: "Mapping[SortOrder, OrderedIndex[R]]" = field(factory=dict)


class Table(Generic[R]):
    """The rows of one table by id, with the indexes that are derived from them.

    Every change goes through `put` and `remove`, so that undo list and indexes follow. Rows and
    indexes may be shared with a cut of the table, and are copied before the first change then.
    """

    def __init__(
        self, record: type[R], undo_list: list[Write], *indexes: str | tuple[str, ...]
    ) -> None:
        self.record = record
        self.rows: dict[Any, R] = {}
        self.next_id = 1
        self._shared = False
        self._undo_list = undo_list
        keys = [(index,) if isinstance(index, str) else index for index in indexes]
        self._indexes: Mapping[tuple[str, ...], Index[R]] = {
            key: Index(*key) for key in (*keys, *record.unique)
        }
        self._ordered: Mapping[SortOrder, OrderedIndex[R]] = {}

    def get(self, row_id: object) -> R | None:
        """Return the row of that id, if there is one."""
        return found(self.rows, row_id, None)

    def where(self, **values: object) -> list[R]:
        """Return the rows with these values, in the order of their ids.

        The columns are those of one of the table's indexes, in its order; or none, for all rows.
        """
        if not values:
            return [self.rows[row_id] for row_id in sorted(self.rows)]
        index = self._indexes[tuple(values)]
        key = tuple(values.values()) if len(values) > 1 else next(iter(values.values()))
        ids = index.ids(key)
        return [self.rows[row_id] for row_id in sorted(ids)] if ids else []

    def having(self, **values: object) -> Span[R]:
        """Return the rows with these values, which many rows may have, in the order of their ids.

        The columns are some that can be None.
        """
        key = key_of_values(map(uuid_as_text, values.values()))
        return self.ordered(ascending(*values, *self.record.key)).between(key, key)

    def ordered(self, order: SortOrder) -> OrderedIndex[R]:
        """Return the rows in an order, or in its reverse: whichever ascends by its first column.

        It is built at the first use, and kept up from then on; of many, those that were used last.
        """
        key = order.ascending
        index = self._ordered.get(key) or OrderedIndex(key.key(), self.rows.values())
        others = [(known, kept) for known, kept in self._ordered.items() if known != key]
        # A cut may share the mapping, and be read meanwhile.
        self._ordered = dict([*others[1 - _ORDERS :], (key, index)])
        return index

    def put(self, row: R) -> R:
        """Insert the row, or put it in the place of the one with its id; return it."""
        self._write(key_of(row), row)
        return row

    def remove(self, row_id: Hashable) -> None:
        """Remove the row of that id."""
        self._write(row_id, None)

    def new_id(self) -> int:
        """Return an id that no row of this table has had."""
        self.next_id += 1
        return self.next_id - 1

    def undo(self, write: Write) -> None:
        """Put back what was there before a write, however far that, or its undoing, had come."""
        self._set(write.row_id, write.after, write.before)

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
        return self.view()

    def adopt(self, cut: TableCut[R]) -> None:
        """Hold the rows of a cut of another table: a pointer to them, as it was in the cut."""
        self._shared = True
        self.rows, self._indexes, self.next_id = cut.rows, cut.indexes, cut.next_id
        self._ordered = cut.ordered

    def _write(self, row_id: Any, after: R | None) -> None:
        before = self.rows.get(row_id)
        self._undo_list.append(Write(self, row_id, before, after))
        self._set(row_id, before, after)

    def _set(self, row_id: Any, before: Any, after: Any) -> None:
        """Put a row in the place of another; to repeat it, or to turn it round, does no harm."""
        if self._shared:
            self.rows = dict(self.rows)
            self._indexes = {key: index.copy() for key, index in self._indexes.items()}
            self._ordered = {key: index.copy() for key, index in self._ordered.items()}
            self._shared = False
        for index in self._indexes.values():
            if before is not None:
                index.discard(row_id, before)
            if after is not None:
                index.add(row_id, after)
        for ordered in self._ordered.values():
            ordered.exchange(before, after)
        if after is None:
            self.rows.pop(row_id, None)
        else:
            self.rows[row_id] = after

    def view(self) -> TableCut[R]:
        """Return the rows as they are now, for as long as nobody changes the table."""
        return TableCut(self.rows, self._indexes, self.next_id, self._ordered)

    def check(self) -> None:
        """Raise AssertionError unless the indexes agree with the rows."""
        for columns, index in self._indexes.items():
            right = index.agrees_with(self.rows)
            assert right, f"{self.record.table}: the index of {columns} is not the rows'"
        for order, ordered in self._ordered.items():
            right = ordered.agrees_with(self.rows.values())
            assert right, f"{self.record.table}: the index by {order.keys} is not the rows'"


class Tables:
    """All tables, and the time and ids of the call that holds the lock."""

    def __init__(self, clock: Callable[[], dt.datetime], new_id: Callable[[], str]) -> None:
        self.undo_list: list[Write] = []
        self.images: Table[Image] = Table(Image, self.undo_list)
        self.locations: Table[Location] = Table(Location, self.undo_list, "image_id")
        self.properties: Table[Property] = Table(Property, self.undo_list, "image_id")
        self.members: Table[Member] = Table(
            Member, self.undo_list, "image_id", ("image_id", "member")
        )
        self.tags: Table[Tag] = Table(Tag, self.undo_list, "image_id")
        self.tasks: Table[Task] = Table(Task, self.undo_list, "image_id")
        self.task_infos: Table[TaskInfo] = Table(TaskInfo, self.undo_list)
        self.namespaces: Table[Namespace] = Table(Namespace, self.undo_list)
        self.resource_types: Table[ResourceType] = Table(ResourceType, self.undo_list)
        self.associations: Table[Association] = Table(
            Association, self.undo_list, "namespace_id", "resource_type_id"
        )
        self.metadef_objects: Table[MetadefObject] = Table(
            MetadefObject, self.undo_list, "namespace_id"
        )
        self.metadef_properties: Table[MetadefProperty] = Table(
            MetadefProperty, self.undo_list, "namespace_id"
        )
        self.metadef_tags: Table[MetadefTag] = Table(MetadefTag, self.undo_list, "namespace_id")
        self.nodes: Table[NodeReference] = Table(NodeReference, self.undo_list)
        self.cached_images: Table[CachedImage] = Table(
            CachedImage, self.undo_list, "image_id", "node_reference_id"
        )
        tables = [value for value in vars(self).values() if isinstance(value, Table)]
        by_record = {table.record: table for table in tables}
        self._all = [by_record[record] for record in RECORDS]
        self._clock = clock
        self._new_id = new_id
        self._now: dt.datetime | None = None

    def __iter__(self) -> Iterator[Table[Any]]:
        """Go through the tables, parents before their children."""
        return iter(self._all)

    def begin_call(self) -> None:
        """Let the next reading of the clock be a new one."""
        self._now = None

    def counters(self) -> list[int]:
        """Return the next id of each table."""
        return [table.next_id for table in self._all]

    def set_counters(self, counters: list[int]) -> None:
        """Count ids on from these."""
        for table, next_id in zip(self._all, counters, strict=True):
            table.next_id = next_id

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
        check_cut({table.record: table.view() for table in self})
        for table in self:
            table.check()


Cut = Mapping[type[Record], TableCut[Any]]
"""All tables as they were between two calls."""


def check_cut(cut: Cut) -> None:
    """Raise AssertionError, with what is wrong, unless a snapshot can hold these tables."""
    parents = {record.table: table.rows for record, table in cut.items()}
    for record, table in cut.items():
        _check_ids(record, table)
        _check_types(record, table.rows)
        _check_references(record, table.rows, parents)
        for columns in record.unique:
            alike = f"{record.table}: two rows have the same {columns}"
            assert len(set(map(operator.attrgetter(*columns), table.rows.values()))) == len(
                table.rows
            ), alike


def _check_ids(record: type[Record], table: TableCut[Any]) -> None:
    for row_id, row in table.rows.items():
        assert key_of(row) == row_id, f"{record.table}: {row} is filed under {row_id!r}"
    if counts_ids(record) and table.rows:
        largest = max(table.rows)
        assert largest < table.next_id, f"{record.table}: id {largest} is to come"


def _check_types(record: type[Record], rows: Mapping[Any, Any]) -> None:
    """Raise AssertionError unless every value is of the exact type of its column."""
    for name, column in columns_of(record).items():
        wrong = wrong_values(column, map(operator.attrgetter(name), rows.values()))
        assert not wrong, f"{column} cannot be {shown_in(column, wrong[0])}"


def _check_references(
    record: type[Record], rows: Mapping[Any, Any], parents: Mapping[str, Mapping[Any, Any]]
) -> None:
    for name, column in columns_of(record).items():
        parent = column.type.references
        if parent is not None:
            for row in rows.values():
                assert getattr(row, name) in parents[parent], f"{column}: no {parent} row for {row}"


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
    def end(self) -> Any:
        """Where the log ends."""
        ...

    def append(self, commit: Commit) -> None:
        """Keep a commit; if that raises, the call has not happened."""
        ...

    def retract(self, end: Any) -> None:
        """Let the log end where it ended before a call that has not happened; it may come twice."""
        ...


class Reading(Hold):
    """The tables, to be read only, for a ``with`` block; no call writes meanwhile."""

    __slots__ = ("_store",)

    def __init__(self, store: "Store", frame: FrameType) -> None:
        super().__init__(frame)
        self._store = store

    def __enter__(self) -> Tables:
        """Wait for the tables.

        Raises:
            RuntimeError: a call of this thread is changing them: they are not whole.
        """
        store = self._store
        if store.lock.acquire(self) is None:
            self.has_begun = True
            store.end_interrupted()
        elif store.is_changing():
            raise RuntimeError(_WITHIN)
        return store.tables

    def __exit__(self, *_: object) -> None:
        """Let the next call have the tables."""
        store = self._store
        assert not (self.has_begun and store.tables.undo_list), _READ_ONLY
        store.lock.release(self)


class Transaction(Hold):
    """The tables for a ``with`` block: all its writes stay, or none if it raises."""

    __slots__ = ("_counters", "_end", "_revision", "_store")

    def __init__(self, store: "Store", frame: FrameType) -> None:
        super().__init__(frame)
        self._store = store

    def __enter__(self) -> Tables:
        """Wait for the tables, and begin.

        Raises:
            RuntimeError: this thread is in the midst of another call of the same database.
        """
        store = self._store
        if store.lock.acquire(self) is not None:
            raise RuntimeError(_WITHIN)
        # From here on a call within this one is refused: it would come between these lines.
        self.has_begun = True
        store.end_interrupted()
        store.tables.begin_call()
        self._revision = store.revision
        self._counters = store.tables.counters()
        self._end = None if store.log is None else store.log.end
        store.transaction = self
        return store.tables

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Commit, or roll back, and let the next call have the tables."""
        store = self._store
        try:
            if kind is None:
                self._commit()
        finally:
            store.end_interrupted()
            store.lock.release(self)

    def has_changed(self) -> bool:
        """Return whether it has changed a row or a counter, or has begun to."""
        tables = self._store.tables
        return bool(tables.undo_list) or tables.counters() != self._counters

    def _commit(self) -> None:
        store = self._store
        if self.has_changed():
            if store.log is not None:
                store.log.append(_commit(store.tables, self._counters))
            store.revision = self._revision + 1
            _log_rows(store.revision, store.tables.undo_list)
        # This assignment is the commit: before it, an exception rolls all back; behind it, nothing.
        store.transaction = None

    def roll_back(self) -> None:
        """Undo every write; to repeat it, if an exception has come between, does no harm."""
        store = self._store
        for write in reversed(store.tables.undo_list):
            write.table.undo(write)
        store.tables.set_counters(self._counters)
        store.revision = self._revision
        if store.log is not None:
            store.log.retract(self._end)
        store.transaction = None


_WITHIN = (
    "the clock or the id source of a database called the database, or something else did that runs "
    "in the midst of a call (a signal handler, a finaliser, a method of an argument), and that has "
    "not ended: wait until it has"
)
_READ_ONLY = "rows were written outside a transaction"


class Store:
    """The tables behind one lock.

    `reading` and `writing` are the only ways to the tables, and the only places that take the
    lock. A `log` gets each transaction that has changed something before it counts.

    Attributes:
        lock: Held by the call that uses the tables.
        tables: The tables, for whoever holds the lock.
        transaction: The one that has begun and neither counts nor is rolled back.
        revision: The number of transactions that have changed something.
        log: Where they are written.
    """

    def __init__(self, clock: Callable[[], dt.datetime], new_id: Callable[[], str]) -> None:
        self.lock = CallLock()
        self.tables = Tables(clock, new_id)
        self.transaction: Transaction | None = None
        self.revision = 0
        self.log: Log | None = None

    def reading(self) -> Reading:
        """Give the tables, to be read only, and keep every writer out meanwhile.

        The block must be in the function that calls this: the lock is free when that one ends.
        """
        return Reading(self, sys._getframe(1))  # noqa: SLF001 - the frame of the call

    def writing(self) -> Transaction:
        """Give the tables for one transaction: all its writes stay, or none when it raises.

        The block must be in the function that calls this: the lock is free when that one ends.
        """
        return Transaction(self, sys._getframe(1))  # noqa: SLF001 - the frame of the call

    def check_no_call(self) -> None:
        """Check that this thread is not in the midst of a call.

        Raises:
            RuntimeError: it is.
        """
        if self.lock.is_held_by_this_thread():
            raise RuntimeError(_WITHIN)

    def is_changing(self) -> bool:
        """Return whether a transaction has changed something and does not count yet."""
        return self.transaction is not None and self.transaction.has_changed()

    def end_interrupted(self) -> None:
        """Roll back what has begun and does not count; whoever holds the lock may call it."""
        if self.transaction is not None:
            self.transaction.roll_back()
        self.tables.undo_list.clear()

    def cut(self) -> Cut:
        """Return the tables as they are between two calls, at the cost of a pointer per table."""
        with self.reading() as tables:
            return {table.record: table.cut() for table in tables}

    def adopt(self, cut: Cut) -> None:
        """Hold what a cut holds, in a store that nobody else has yet."""
        for table in self.tables:
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
    written = dict.fromkeys((write.table, write.row_id) for write in tables.undo_list)
    changes = [Change(table.record, row_id, table.get(row_id)) for table, row_id in written]
    next_ids = {
        table.record: table.next_id
        for table, before in zip(tables, counters, strict=True)
        if table.next_id != before
    }
    return Commit(changes, next_ids)


def _log_rows(revision: int, writes: list[Write]) -> None:
    """Log which rows were written: tables and ids only, for a location can carry credentials."""
    if LOG.isEnabledFor(logging.DEBUG):
        written = dict.fromkeys(f"{write.table.record.table} {write.row_id}" for write in writes)
        LOG.debug("revision %d: %s", revision, ", ".join(written))


class HasStore(Protocol):
    """What a public function needs of its database."""

    @property
    def store(self) -> Store:
        """The store of the database."""
        ...
