"""What has changed from one snapshot to another, row by row, grouped by what the rows belong to.

A row is the same row if it has the same id. Nothing here knows how a change is told.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from simple_db.cli.snapshot.outline import plain, row_document
from simple_db.model.credentials import masked
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
    Tag,
    Task,
    TaskInfo,
    columns_of,
    counts_ids,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simple_db.store import Cut

Kind = Literal["added", "removed", "deleted", "restored", "changed"]
"""What has become of a row: ``removed`` is gone, ``deleted`` is there and marked as deleted."""

# What a row belongs to, and the column that says so. Tasks stand for themselves: they outlive
# their image.
_OWNERS: dict[type[Record], tuple[type[Record], str]] = {
    Location: (Image, "image_id"),
    Property: (Image, "image_id"),
    Member: (Image, "image_id"),
    Tag: (Image, "image_id"),
    TaskInfo: (Task, "task_id"),
    Association: (Namespace, "namespace_id"),
    MetadefObject: (Namespace, "namespace_id"),
    MetadefProperty: (Namespace, "namespace_id"),
    MetadefTag: (Namespace, "namespace_id"),
    CachedImage: (NodeReference, "node_reference_id"),
}


@frozen
class FieldChange:
    """A column of a row that has another value."""

    column: str
    old: Any
    new: Any


@frozen
class RowChange:
    """A row that is in only one of two snapshots, or is another one in each.

    Attributes:
        old: The row in the first snapshot; None if it is not there.
        new: The row in the second one; None if it is not there.
    """

    old: Record | None
    new: Record | None

    @property
    def row(self) -> Record:
        """The row, as the second snapshot has it unless it is gone."""
        row = self.new or self.old
        assert row is not None  # noqa: S101 - a change has at least one of them
        return row

    @property
    def kind(self) -> Kind:
        """What has become of the row."""
        if self.old is None:
            return "added"
        if self.new is None:
            return "removed"
        was, now = (getattr(row, "deleted", False) for row in (self.old, self.new))
        if was == now:
            return "changed"
        return "deleted" if now else "restored"

    @property
    def fields(self) -> list[FieldChange]:
        """The columns that have another value; none if the row is in one snapshot only."""
        if self.old is None or self.new is None:
            return []
        values = (
            (name, getattr(self.old, name), getattr(self.new, name))
            for name in columns_of(type(self.row))
        )
        return [FieldChange(*value) for value in values if not _same(*value[1:])]


@frozen
class Group:
    """What has changed about an image, a task, a namespace, a server with a cache, or a type.

    Attributes:
        owner: The row that the changes belong to, as the second snapshot has it unless it is gone.
        own: The change of that row itself, if it has changed.
        children: The changes of rows that belong to it, in the order of tables and ids.
    """

    owner: Record
    own: RowChange | None
    children: list[RowChange]

    @property
    def kind(self) -> Kind:
        """What has become of the owner; ``changed`` if only its children have."""
        return self.own.kind if self.own else "changed"

    @property
    def changes(self) -> list[RowChange]:
        """All changes, the owner's first."""
        return [*([self.own] if self.own else []), *self.children]


@frozen
class CounterChange:
    """A table that gives another id to its next row."""

    table: str
    old: int
    new: int


@frozen
class Difference:
    """All that has changed from one snapshot to another; false if they hold the same."""

    groups: list[Group]
    counters: list[CounterChange]

    def __bool__(self) -> bool:
        """Return whether anything has changed."""
        return bool(self.groups or self.counters)


def difference(old: Cut, new: Cut) -> Difference:
    """Return what has changed: the rows and the counters, not who wrote them in which format."""
    changes: dict[tuple[type[Record], Any], list[RowChange]] = defaultdict(list)
    owners: dict[tuple[type[Record], Any], RowChange] = {}
    for record in RECORDS:
        for key, change in _row_changes(record, old, new):
            if record not in _OWNERS:
                owners[record, key] = change
                changes[record, key] += []
            else:
                owner, column = _OWNERS[record]
                changes[owner, getattr(change.row, column)].append(change)
    groups = [
        Group(_row(record, key, old, new), owners.get((record, key)), changes[record, key])
        for record, key in sorted(changes, key=_place)
    ]
    return Difference(groups, list(_counter_changes(old, new)))


def _row_changes(record: type[Record], old: Cut, new: Cut) -> Iterator[tuple[Any, RowChange]]:
    before, after = old.rows[record], new.rows[record]
    for key in sorted(before.keys() | after.keys()):
        was, now = before.get(key), after.get(key)
        if was is None or now is None or not _same_row(was, now):
            yield key, RowChange(was, now)


def _same_row(old: Record, new: Record) -> bool:
    return old == new and all(
        _same(getattr(old, column.name), getattr(new, column.name))
        for column in columns_of(type(old)).values()
        if column.type.kind == "json"
    )


def _same(old: Any, new: Any) -> bool:
    """Return whether values are equal to JSON, to which 1, 1.0 and true are three."""
    if isinstance(old, (dict, list, int, float)):
        return repr(old) == repr(new)
    return bool(old == new)


def _row(record: type[Record], key: Any, old: Cut, new: Cut) -> Record:
    row: Record = new.rows[record].get(key) or old.rows[record][key]
    return row


def _place(owner: tuple[type[Record], Any]) -> tuple[int, Any]:
    record, key = owner
    return RECORDS.index(record), key


def _counter_changes(old: Cut, new: Cut) -> Iterator[CounterChange]:
    for record in filter(counts_ids, RECORDS):
        if old.next_ids[record] != new.next_ids[record]:
            yield CounterChange(record.table, old.next_ids[record], new.next_ids[record])


# --- for programs ----------------------------------------------------------------------------


def document(difference: Difference, *, reveal: bool = False) -> dict[str, Any]:
    """Return a difference as JSON takes it: docs/snapshot.md describes it."""
    return {
        "same": not difference,
        "groups": [_group_document(group, reveal) for group in difference.groups],
        "counters": [
            {"table": counter.table, "old": counter.old, "new": counter.new}
            for counter in difference.counters
        ],
    }


def _group_document(group: Group, reveal: bool) -> dict[str, Any]:
    owner = row_document(group.owner, reveal=reveal)
    return {
        "table": group.owner.table,
        "id": owner[group.owner.key[0]],
        "changes": [_change_document(change, reveal) for change in group.changes],
    }


def _change_document(change: RowChange, reveal: bool) -> dict[str, Any]:
    return {
        "table": change.row.table,
        "key": {name: getattr(change.row, name) for name in change.row.key},
        "kind": change.kind,
        "old": change.old and row_document(change.old, reveal=reveal),
        "new": change.new and row_document(change.new, reveal=reveal),
        "fields": [_field_document(change.row, field, reveal) for field in change.fields],
    }


def _field_document(row: Record, field: FieldChange, reveal: bool) -> dict[str, Any]:
    old, new = shown(row, field, reveal=reveal)
    return {"column": field.column, "old": plain(old), "new": plain(new)}


def shown(row: Record, field: FieldChange, *, reveal: bool) -> tuple[Any, Any]:
    """Return both values of a changed column for people to see: masked, unless revealed."""
    if reveal:
        return field.old, field.new
    return masked(row, field.column, field.old), masked(row, field.column, field.new)
