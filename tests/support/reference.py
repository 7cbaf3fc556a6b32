"""Glance's SQL driver on in-memory SQLite: the reference that simple_db is compared with.

One engine serves the whole process, because making the schema takes longer than many examples.
The driver's answers are brought into plain values, and its clock and id source are a `World`'s.
SQLite is made to give no id a second time: so the rows of both databases have the same ids.
"""

from __future__ import annotations

import contextlib
import sqlite3
import types
from typing import TYPE_CHECKING, Any
from unittest import mock

from glance.db.sqlalchemy import api as sql
from glance.db.sqlalchemy import models, models_metadef
from oslo_utils import timeutils

from simple_db.model.records import RECORDS, counts_ids
from simple_db.oracle.targets.sql_driver import rows_of, sql_target
from simple_db.oracle.targets.target import silence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simple_db.oracle.targets.target import Rows
    from tests.support.world import World


class SqlDriver:
    """The module's functions as methods, at the time and with the ids of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        _give_no_id_twice()
        with mock.patch.object(sql, "_main_context_manager"):  # it puts its own there
            self.target = sql_target("sqlite://")
            self.facade = sql._main_context_manager  # noqa: SLF001 - the driver has no other door
        self._engine = self.facade.writer.get_engine()
        self._connection: sqlite3.Connection = self._engine.raw_connection().driver_connection
        self._empty = self.state()
        self._dump: tuple[int, Rows] = (-1, {})

    def call(self, function: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function of the driver and give its answer as plain values."""
        with self.in_its_world():
            return plain(getattr(sql, function)(*args, **kwargs))

    def state(self) -> sqlite3.Connection:
        """Give a copy of the whole database."""
        copy = sqlite3.connect(":memory:")
        self._connection.backup(copy)
        return copy

    def back_to(self, state: sqlite3.Connection) -> None:
        """Make the database what it was when the copy was made."""
        state.backup(self._connection)
        self._dump = (-1, {})

    def reset(self) -> None:
        """Empty every table."""
        self.back_to(self._empty)

    def dump(self) -> Rows:
        """Give every row of every table, deleted ones too; nobody is to change them."""
        changes = self._connection.total_changes
        if self._dump[0] != changes:  # to read them takes longer than a call
            self._dump = (changes, rows_of(self._engine))
        return self._dump[1]

    @contextlib.contextmanager
    def in_its_world(self) -> Iterator[None]:
        """Let the driver have the time and the ids of the world."""
        ids = types.SimpleNamespace(uuid4=self.world.new_id)
        with (
            mock.patch.object(sql, "_main_context_manager", self.facade),
            mock.patch.object(timeutils, "utcnow", self.world.now),
            mock.patch.object(models, "uuid", ids),
            silence(),
        ):
            yield


def _give_no_id_twice() -> None:
    for schema in (models.BASE.metadata, models_metadef.BASE_DICT.metadata):
        for record in filter(counts_ids, RECORDS):
            if record.table in schema.tables:
                schema.tables[record.table].dialect_options["sqlite"]["autoincrement"] = True


def plain(value: Any) -> Any:
    """Turn the driver's model objects into dicts of their columns, wherever they are."""
    if isinstance(value, (models.BASE, models_metadef.BASE_DICT)):
        return {column.name: getattr(value, column.name) for column in value.__table__.columns}
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value
