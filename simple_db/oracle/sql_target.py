"""Glance's SQL driver as a target, on an in-memory SQLite or on a database server."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from glance.db.sqlalchemy import api as sql
from glance.db.sqlalchemy import models, models_metadef
from oslo_db.sqlalchemy import enginefacade

from simple_db.oracle.targets import SQL_DRIVER, CannotRun, DriverTarget

if TYPE_CHECKING:
    from collections.abc import Callable

_SCHEMAS = (models.BASE.metadata, models_metadef.BASE_DICT.metadata)


def sql_target(url: str) -> DriverTarget:
    """Return the driver on a schema of its own.

    On a server it makes a database with a name of its own, and drops it when it is closed.

    Args:
        url: The database as SQLAlchemy writes it; of a server's, the name is not looked at.

    Raises:
        CannotRun: the database cannot be reached or set up.
    """
    try:
        return _sql_target(sa.make_url(url))
    except Exception as error:
        raise CannotRun(f"cannot set up {SQL_DRIVER} on {url}: {error}") from error


def _sql_target(url: sa.URL) -> DriverTarget:
    own, drop = _own_database(url)
    facade = enginefacade.transaction_context()
    # oslo.db gives up the processor after every query, for the sake of other green threads.
    facade.configure(
        connection=own.render_as_string(hide_password=False), sqlite_fk=True, thread_checkin=False
    )
    engine = facade.writer.get_engine()
    for schema in _SCHEMAS:
        schema.create_all(engine)
    before = sql._main_context_manager  # noqa: SLF001 - the driver has no other door for an engine
    sql._main_context_manager = facade  # noqa: SLF001 - likewise

    def reset() -> None:
        with engine.begin() as connection:
            for schema in _SCHEMAS:
                for table in reversed(schema.sorted_tables):
                    connection.execute(table.delete())

    def close() -> None:
        sql._main_context_manager = before  # noqa: SLF001 - as above
        engine.dispose()
        drop()

    return DriverTarget(SQL_DRIVER, sql, reset=reset, close=close)


def _own_database(url: sa.URL) -> tuple[sa.URL, Callable[[], None]]:
    """Make a database on the server; in SQLite there is no server, and nothing to drop."""
    if url.get_backend_name() == "sqlite":
        return url, lambda: None
    name = f"simple_db_oracle_{uuid.uuid4().hex[:12]}"
    postgres = url.get_backend_name() == "postgresql"
    server = sa.create_engine(
        url.set(database="postgres" if postgres else None), isolation_level="AUTOCOMMIT"
    )

    def say(statement: str) -> Any:
        with server.connect() as connection:
            connection.execute(sa.text(statement))

    def drop() -> None:
        say(f"DROP DATABASE {name}")
        server.dispose()

    say(f"CREATE DATABASE {name}")
    return url.set(database=name), drop
