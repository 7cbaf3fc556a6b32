"""Glance's SQL driver on in-memory SQLite: the reference that simple_db is held against.

One engine serves the whole process, because making the schema takes longer than many examples.
The driver's answers are brought into plain values, and its clock and id source are a `World`'s.
"""

from __future__ import annotations

import contextlib
import logging
import types
from typing import TYPE_CHECKING, Any
from unittest import mock

import sqlalchemy as sa
from glance.db.sqlalchemy import api as sql
from glance.db.sqlalchemy import models, models_metadef
from oslo_db.sqlalchemy import enginefacade
from oslo_utils import timeutils

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

Row = dict[str, Any]
Dump = dict[str, list[Row]]

_SCHEMAS = (models.BASE.metadata, models_metadef.BASE_DICT.metadata)

# Children first, so that they can be emptied in this order.
TABLES: dict[str, Any] = {
    table.name: table for schema in _SCHEMAS for table in reversed(schema.sorted_tables)
}


class SqlDriver:
    """The module's functions as methods, at the time and with the ids of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.facade = enginefacade.transaction_context()
        # oslo.db gives up the processor after every query, for the sake of other green threads.
        self.facade.configure(connection="sqlite://", sqlite_fk=True, thread_checkin=False)
        self._engine = self.facade.writer.get_engine()
        for schema in _SCHEMAS:
            schema.create_all(self._engine)

    def call(self, function: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function of the driver and give its answer as plain values."""
        with self._in_its_world(), _in_silence():
            return plain(getattr(sql, function)(*args, **kwargs))

    def reset(self) -> None:
        """Empty every table."""
        with self._engine.begin() as connection:
            for table in TABLES.values():
                connection.execute(table.delete())

    def load(self, dump: Dump) -> None:
        """Replace every row of every table by these."""
        self.reset()
        with self._engine.begin() as connection:
            for name, table in reversed(TABLES.items()):
                if dump[name]:
                    connection.execute(table.insert(), dump[name])

    def dump(self) -> Dump:
        """Give every row of every table, deleted ones too, in the order in which they were added.

        SQLite gives rows in that order where the driver asks for none.
        """
        by_age = sa.text("rowid")
        with self._engine.connect() as connection:
            return {
                name: [
                    dict(row._mapping)  # noqa: SLF001 - the public name of this attribute
                    for row in connection.execute(table.select().order_by(by_age))
                ]
                for name, table in TABLES.items()
            }

    @contextlib.contextmanager
    def _in_its_world(self) -> Iterator[None]:
        ids = types.SimpleNamespace(uuid4=self._world.new_id)
        with (
            mock.patch.object(sql, "_main_context_manager", self.facade),
            mock.patch.object(timeutils, "utcnow", self._world.now),
            mock.patch.object(models, "uuid", ids),
        ):
            yield


@contextlib.contextmanager
def _in_silence() -> Iterator[None]:
    """Keep the driver from logging, traceback and all, every error that a test provokes."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)


def plain(value: Any) -> Any:
    """Turn the driver's model objects into dicts of their columns, wherever they are."""
    if isinstance(value, (models.BASE, models_metadef.BASE_DICT)):
        return {column.name: getattr(value, column.name) for column in value.__table__.columns}
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    return value
