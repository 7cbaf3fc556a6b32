"""The store: one table of frozen records per table of the schema, one lock, transactions.

Each fact lives once, as a record in a dict by its id. Indexes are derived from the rows and never
saved; rows are replaced, never changed, so a copied table stays as it was.

A transaction survives an exception at any instruction. Every write is in the undo list before a
table or an index changes; to undo a write twice, or one that was half done, gives the same rows and
indexes; and one assignment is the commit. If a rollback is itself interrupted, whoever takes the
lock next finishes it.
"""

import datetime as dt
import logging
import operator
import sys
from collections.abc import Callable, Hashable, Iterator, Mapping
from types import FrameType
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from attrs import evolve, field, frozen

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
    """One write in the undo list: a row as it was and as it is then, None where there is none."""

    table: "Table[Any]"
    row_id: Hashable
    before: Record | None
    after: Record | None


@frozen
class Indexes(Generic[R]):
    """The indexes of a table; this pair of mappings is replaced and never changed.

    Attributes:
        by_value: By their columns.
        by_order: By the order of the rows, the one that was used last at the end.
    """

    by_value: Mapping[tuple[str, ...], Index[R]]
    by_order: Mapping[SortOrder, OrderedIndex[R]]

    def copy(self) -> "Indexes[R]":
        """Return copies of all of them; these must not be changed any more."""
        return Indexes(
            {columns: index.copy() for columns, index in self.by_value.items()},
            {order: index.copy() for order, index in self.by_order.items()},
        )


@frozen
class Cut:
    """All tables as they were between two calls: nobody changes what is in it.

    Attributes:
        rows: The records of each table by their key.
        next_ids: The next id of each table, 1 where the table does not count its ids.
        indexes: The indexes of each table. They are derived from the rows, and a cut that was read
            from a file has none.
    """

    rows: dict[type[Record], dict[Any, Any]]
    next_ids: dict[type[Record], int]
    indexes: dict[type[Record], Indexes[Any]] = field(factory=dict, eq=False, repr=False)


class Table(Generic[R]):
    """The rows of one table by id, with the indexes that are derived from them.

    Every change goes through `put` and `remove`, which write to the undo list and to the indexes.
    Rows and indexes may be shared with a cut; then they are copied before the first change.
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
        self.indexes: Indexes[R] = Indexes(
            {key: Index(*key) for key in (*keys, *record.unique)}, by_order={}
        )

    def get(self, row_id: object) -> R | None:
        """Return the row of that id, if there is one."""
        return found(self.rows, row_id, None)

    def where(self, **values: object) -> list[R]:
        """Return the rows with these values, in the order of their ids.

        The columns are those of one of the table's indexes, in its order; or none, for all rows.
        """
        if not values:
            return [self.rows[row_id] for row_id in sorted(self.rows)]
        index = self.indexes.by_value[tuple(values)]
        key = tuple(values.values()) if len(values) > 1 else next(iter(values.values()))
        ids = index.ids(key)
        return [self.rows[row_id] for row_id in sorted(ids)] if ids else []

    def having(self, **values: object) -> Span[R]:
        """Return the rows with these values, which many rows may have, in the order of their ids.

        The columns are any but those that `SortOrder` takes as they are, `created_at` and `id`.
        """
        key = key_of_values(map(uuid_as_text, values.values()))
        return self.ordered(ascending(*values, *self.record.key)).between(key, key)

    def ordered(self, order: SortOrder) -> OrderedIndex[R]:
        """Return the rows in an order, or in its reverse: whichever ascends by its first column.

        It is built at the first use, and kept up from then on; of many, those that were used last.
        """
        key = order.ascending
        kept = self.indexes.by_order
        index = kept.get(key) or OrderedIndex(key.key(), self.rows.values())
        others = [(known, one) for known, one in kept.items() if known != key]
        # A cut may share the indexes, and be read meanwhile: they are replaced.
        self.indexes = evolve(self.indexes, by_order=dict([*others[1 - _ORDERS :], (key, index)]))
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
        """Put back what was there before a write, also where the write or an undo was half done."""
        self._set(write.row_id, write.after, write.before)

    def replace(self, rows: Mapping[Any, R], next_id: int) -> None:
        """Hold exactly these rows, and count ids from there."""
        for row_id in self.rows.keys() - rows.keys():
            self.remove(row_id)
        for row_id, row in rows.items():
            if self.rows.get(row_id) is not row:
                self.put(row)
        self.next_id = next_id

    def share(self) -> None:
        """Let others point to the rows and indexes: they are copied before the next change."""
        self._shared = True

    def adopt(self, cut: Cut) -> None:
        """Hold the rows of a cut of another store: point to them and to their indexes."""
        self._shared = True
        self.rows, self.indexes = cut.rows[self.record], cut.indexes[self.record]
        self.next_id = cut.next_ids[self.record]

    def _write(self, row_id: Any, after: R | None) -> None:
        before = self.rows.get(row_id)
        self._undo_list.append(Write(self, row_id, before, after))
        self._set(row_id, before, after)

    def _set(self, row_id: Any, before: Any, after: Any) -> None:
        """Replace a row by another one; to repeat it, or to do the reverse, does no harm."""
        if self._shared:
            self.rows = dict(self.rows)
            self.indexes = self.indexes.copy()
            self._shared = False
        for index in self.indexes.by_value.values():
            if before is not None:
                index.discard(row_id, before)
            if after is not None:
                index.add(row_id, after)
        for ordered in self.indexes.by_order.values():
            ordered.exchange(before, after)
        if after is None:
            self.rows.pop(row_id, None)
        else:
            self.rows[row_id] = after

    def check(self) -> None:
        """Raise AssertionError unless the indexes agree with the rows."""
        for columns, index in self.indexes.by_value.items():
            right = index.agrees_with(self.rows)
            assert right, f"{self.record.table}: the index of {columns} does not fit the rows"
        for order, ordered in self.indexes.by_order.items():
            right = ordered.agrees_with(self.rows.values())
            assert right, f"{self.record.table}: the order by {order.keys} does not fit the rows"


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
        """Let the clock be read anew by the next call of `now`."""
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
        check_cut(self._view())
        for table in self:
            table.check()

    def cut(self) -> Cut:
        """Return the tables as they are now: pointers to them, for who changes one copies it."""
        for table in self:
            table.share()
        return self._view()

    def _view(self) -> Cut:
        """Return the tables as they are now, for as long as nobody changes them."""
        return Cut(
            {table.record: table.rows for table in self},
            {table.record: table.next_id for table in self},
            {table.record: table.indexes for table in self},
        )


def check_cut(cut: Cut) -> None:
    """Raise AssertionError, with what is wrong, unless a snapshot can hold these tables."""
    parents = {record.table: rows for record, rows in cut.rows.items()}
    for record, rows in cut.rows.items():
        _check_ids(record, rows, cut.next_ids[record])
        _check_types(record, rows)
        _check_references(record, rows, parents)
        for columns in record.unique:
            distinct = set(map(operator.attrgetter(*columns), rows.values()))
            assert len(distinct) == len(rows), f"{record.table}: two rows have the same {columns}"


def _check_ids(record: type[Record], rows: Mapping[Any, Any], next_id: int) -> None:
    for row_id, row in rows.items():
        assert key_of(row) == row_id, f"{record.table}: {row} is stored under {row_id!r}"
    if counts_ids(record) and rows:
        assert max(rows) < next_id, (
            f"{record.table}: id {max(rows)} is not below the next, {next_id}"
        )


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
    """A row that a transaction has changed, as it is now; None where it was removed."""

    record: type[Record]
    row_id: Any
    row: Record | None


@frozen
class Commit:
    """What a transaction has changed: each row once, and the next ids that are others now."""

    changes: list[Change]
    next_ids: dict[type[Record], int]


class Log(Protocol):
    """Where a store writes every transaction that has changed something, before it commits."""

    @property
    def end(self) -> Any:
        """Where the log ends."""
        ...

    def append(self, commit: Commit) -> None:
        """Write a commit; if that raises, the transaction is rolled back."""
        ...

    def retract(self, end: Any) -> None:
        """Let the log end where it ended before a transaction that is rolled back.

        To repeat it changes nothing.
        """
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
            RuntimeError: a call of this thread has changed them, and has not committed.
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
            RuntimeError: another call of the same database is running in this thread.
        """
        store = self._store
        if store.lock.acquire(self) is not None:
            raise RuntimeError(_WITHIN)
        # From here on a call within this one is refused: it could come between these lines.
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
        # This assignment is the commit: an exception before it rolls all back, one behind it
        # nothing.
        store.transaction = None

    def roll_back(self) -> None:
        """Undo every write; to repeat it, where an exception has interrupted it, does no harm."""
        store = self._store
        for write in reversed(store.tables.undo_list):
            write.table.undo(write)
        store.tables.set_counters(self._counters)
        store.revision = self._revision
        if store.log is not None:
            store.log.retract(self._end)
        store.transaction = None


_WITHIN = (
    "a call of this database is running in this thread, and something within it called the "
    "database again: its clock or id source, a signal handler, a finaliser, or a method of an "
    "argument. Make that call when the first one has returned"
)
_READ_ONLY = "rows were written outside a transaction"


class Store:
    """The tables behind one lock.

    `reading` and `writing` are the only ways to the tables, and the only places that take the
    lock.

    Attributes:
        lock: Held by the call that uses the tables.
        tables: The tables, for whoever holds the lock.
        transaction: The one that has begun, and is neither committed nor rolled back.
        revision: The number of transactions that have changed something.
        log: Where each of them is written before it commits.
    """

    def __init__(self, clock: Callable[[], dt.datetime], new_id: Callable[[], str]) -> None:
        self.lock = CallLock()
        self.tables = Tables(clock, new_id)
        self.transaction: Transaction | None = None
        self.revision = 0
        self.log: Log | None = None

    def reading(self) -> Reading:
        """Give the tables, to be read only; nobody writes meanwhile.

        The block must be in the function that calls this: the lock is free when that one ends.
        """
        return Reading(self, sys._getframe(1))  # noqa: SLF001 - the frame of the call

    def writing(self) -> Transaction:
        """Give the tables for one transaction: all its writes stay, or none when it raises.

        The block must be in the function that calls this: the lock is free when that one ends.
        """
        return Transaction(self, sys._getframe(1))  # noqa: SLF001 - the frame of the call

    def check_no_call(self) -> None:
        """Check that no call is running in this thread.

        Raises:
            RuntimeError: one is.
        """
        if self.lock.is_held_by_this_thread():
            raise RuntimeError(_WITHIN)

    def is_changing(self) -> bool:
        """Return whether a transaction has changed something and is not committed."""
        return self.transaction is not None and self.transaction.has_changed()

    def end_interrupted(self) -> None:
        """Roll back a transaction that is not committed; for whoever holds the lock."""
        if self.transaction is not None:
            self.transaction.roll_back()
        self.tables.undo_list.clear()

    def cut(self) -> Cut:
        """Return the tables as they are between two calls, at the cost of a pointer per table."""
        with self.reading() as tables:
            return tables.cut()

    def adopt(self, cut: Cut) -> None:
        """Begin with the tables of another store, at the cost of a pointer per table.

        This store must be a new one, which nobody else has yet.
        """
        for table in self.tables:
            table.adopt(cut)

    def become(self, cut: Cut) -> None:
        """Hold exactly what a cut holds: one transaction, of the rows that differ."""
        with self.writing() as tables:
            for table in tables:
                table.replace(cut.rows[table.record], cut.next_ids[table.record])

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
