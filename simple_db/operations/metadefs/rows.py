"""Rows of metadata definitions: new values, changes, pages, and fresh dicts of rows."""

from collections.abc import Iterable
from typing import Any, TypeVar

import attrs

from simple_db.model import values
from simple_db.model.errors import Invalid
from simple_db.model.records import Record, Timestamped, as_dict, columns_of, key_of
from simple_db.queries import paging
from simple_db.store import Table, Tables

# The database sets these; the caller's are ignored.
_TIMES = frozenset({"created_at", "updated_at"})

# These do not change. An update may repeat them, as one that sends back the whole dict.
_FIXED = frozenset({"id", "namespace_id"})

R = TypeVar("R", bound=Timestamped)


def new_values(record: type[Record], given: object, required: Iterable[str]) -> dict[str, Any]:
    """Return what a new row stores of the values; None stands for what is not given.

    Raises:
        Invalid: they are no dict, lack a required key, or a column cannot hold its value.
    """
    what = f"a row of {record.table}"
    named = values.mapping(given, f"the values of {what}")
    known = {
        key: value
        for key, value in named.items()
        if value is not None and key not in _TIMES | _FIXED
    }
    values.require_keys(known, required, what)
    return values.stored_columns(record, known)


def changes(record: type[Record], given: object) -> dict[str, Any]:
    """Return what an update stores of the values.

    Raises:
        Invalid: they are no dict, or a column cannot hold its value.
    """
    named = values.mapping(given, f"the values of a row of {record.table}")
    known = {key: value for key, value in named.items() if key not in _TIMES}
    return values.stored_columns(record, known)


def changed(tables: Tables, row: R, given: dict[str, Any]) -> R:
    """Return the row with those of the values that differ from its own; it is not stored.

    A row that does not change keeps its ``updated_at``. Values that are equal in Python, such as 0
    and False in a schema, are no change.

    Raises:
        Invalid: the id of the row, or of its namespace, would change.
    """
    news = {key: value for key, value in given.items() if value != getattr(row, key)}
    for key in _FIXED & news.keys():
        raise Invalid(
            f"the {key} of a row of {row.table} does not change: it is {getattr(row, key)}, not "
            f"{values.shown(news[key])}"
        )
    return attrs.evolve(row, **news, updated_at=tables.now) if news else row


def put_if_changed(table: Table[R], before: R, after: R) -> R:
    """Put the row into its table unless it is the one that is there; return it."""
    return before if after is before else table.put(after)


def remove_of_namespace(table: Table[Any], namespace_id: int) -> int:
    """Remove the rows of the namespace from a table and return their number."""
    rows = table.where(namespace_id=namespace_id)
    for row in rows:
        table.remove(key_of(row))
    return len(rows)


def page_order(record: type[Record], sort_key: object, sort_dir: object) -> paging.SortOrder:
    """Return the total order that one key and one direction ask for; no direction is ascending.

    ``id`` orders as ``created_at`` does: Glance's driver ignores a key that breaks ties anyway.

    Raises:
        InvalidSortDir: the direction is neither asc nor desc.
        InvalidSortKey: the key is no column of the record's table.
    """
    leading = "created_at" if sort_key == "id" else sort_key
    return paging.sort_order(record, [leading], ["asc" if sort_dir is None else sort_dir])


def row_dict(row: Record) -> Any:
    """Return a fresh dict of the row's columns, with a schema of its own."""
    columns = as_dict(row)
    return {
        name: values.json_copy(columns[name]) if column.type.kind == "json" else columns[name]
        for name, column in columns_of(type(row)).items()
    }
