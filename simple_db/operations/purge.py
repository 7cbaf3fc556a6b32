"""Purging: old soft-deleted rows are removed."""

import datetime as dt
from typing import Any

from simple_db.model import values
from simple_db.model.errors import Conflict, Invalid
from simple_db.model.records import SoftDeletable
from simple_db.model.shapes import Context
from simple_db.store import HasStore, Table, Tables

_UNLIMITED = -1


def purge_deleted_rows(
    db: HasStore, context: Context | None, age_in_days: int, max_rows: int
) -> None:
    """Remove old soft-deleted rows from every table except ``images``, the oldest first.

    The ``task_info`` row of a task is removed with the task.

    Args:
        context: Who calls; every caller may.
        age_in_days: A row is removed that was deleted more than so many days ago.
        max_rows: How many rows of each table are removed at most; -1 is no limit.

    Raises:
        Invalid: a number is wrong.

    See docs/semantics.md, Q17.
    """
    limit = _row_limit(max_rows)
    with db.store.writing() as tables:
        before = _days_ago(tables, age_in_days)
        # Their task_info first, which refers to them.
        for task in _oldest(tables.tasks, before, limit):
            if tables.task_infos.get(task.id) is not None:
                tables.task_infos.remove(task.id)
        for table in tables:
            if issubclass(table.record, SoftDeletable) and table is not tables.images:
                _purge(table, _oldest(table, before, limit))


def purge_deleted_rows_from_images(
    db: HasStore, context: Context | None, age_in_days: int, max_rows: int
) -> None:
    """Remove old soft-deleted rows from ``images``, the oldest first.

    Args:
        context: Who calls; every caller may.
        age_in_days: An image is removed that was deleted more than so many days ago.
        max_rows: How many images are removed at most; -1 is no limit.

    Raises:
        Invalid: a number is wrong.
        Conflict: one of the images has rows in other tables; no image is removed.
    """
    limit = _row_limit(max_rows)
    with db.store.writing() as tables:
        images = _oldest(tables.images, _days_ago(tables, age_in_days), limit)
        for image in images:
            _require_childless(tables, image.id)
        _purge(tables.images, images)


def _row_limit(max_rows: object) -> int | None:
    if not isinstance(max_rows, int) or not _UNLIMITED <= max_rows <= values.LARGEST_INT4:
        raise Invalid(
            f"max_rows is a number of rows up to {values.LARGEST_INT4}, or -1 for no limit, "
            f"not {values.shown(max_rows)}"
        )
    return None if max_rows == _UNLIMITED else max_rows


def _days_ago(tables: Tables, age_in_days: float) -> dt.datetime:
    try:
        return tables.now - dt.timedelta(days=age_in_days)
    except (TypeError, ValueError, OverflowError) as error:
        raise Invalid(f"age_in_days cannot be {values.shown(age_in_days)}: {error}") from error


def _oldest(table: Table[Any], before: dt.datetime, limit: int | None) -> list[Any]:
    # A revived row keeps its `deleted_at`, and Glance's driver reads nothing else.
    rows = [row for row in table.rows.values() if row.deleted_at and row.deleted_at < before]
    return sorted(rows, key=lambda row: (row.deleted_at, row.id))[:limit]


def _purge(table: Table[Any], rows: list[Any]) -> None:
    for row in rows:
        table.remove(row.id)


def _require_childless(tables: Tables, image_id: str) -> None:
    for table in (tables.locations, tables.properties, tables.members, tables.tags):
        children = table.where(image_id=image_id)
        if children:
            raise Conflict(
                f"Image {image_id} still has {len(children)} rows in {table.record.table}: "
                "call purge_deleted_rows first"
            )
