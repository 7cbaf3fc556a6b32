"""Glance's SQL driver as a target, on an in-memory SQLite or on a database server."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from glance.db.sqlalchemy import api as sql
from glance.db.sqlalchemy import models, models_metadef
from oslo_db.sqlalchemy import enginefacade
from oslo_utils import timeutils

from simple_db import clock
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
    utcnow = timeutils.utcnow
    before = sql._main_context_manager  # noqa: SLF001 - the driver has no other door for an engine
    sql._main_context_manager = facade  # noqa: SLF001 - likewise

    def reset() -> None:
        with engine.begin() as connection:
            for schema in _SCHEMAS:
                for table in reversed(schema.sorted_tables):
                    connection.execute(table.delete())

    def close() -> None:
        sql._main_context_manager = before  # noqa: SLF001 - as above
        timeutils.utcnow = utcnow
        engine.dispose()
        drop()

    # MariaDB keeps no fractions of seconds.
    now = _clock_of_seconds() if url.get_backend_name() == "mysql" else clock.utcnow
    return DriverTarget(SQL_DRIVER, sql, reset=reset, close=close, now=now)


def _clock_of_seconds() -> Callable[[], dt.datetime]:
    """Give the driver a clock, and return what moves it on by a second and tells the time."""
    time = clock.utcnow().replace(microsecond=0)

    def now() -> dt.datetime:
        nonlocal time
        time += dt.timedelta(seconds=1)
        return time

    def utcnow(with_timezone: bool = False) -> dt.datetime:
        return time.replace(tzinfo=dt.UTC) if with_timezone else time

    timeutils.utcnow = utcnow
    return now


def _own_database(url: sa.URL) -> tuple[sa.URL, Callable[[], None]]:
    """Make a database on the server; in SQLite there is no server, and nothing to drop."""
    if url.get_backend_name() == "sqlite":
        return url, lambda: None
    name = f"simple_db_oracle_{uuid.uuid4().hex[:12]}"
    postgres = url.get_backend_name() == "postgresql"
    own = "postgres" if postgres else "information_schema"
    server = sa.create_engine(url.set(database=own), isolation_level="AUTOCOMMIT")

    def say(statement: str) -> Any:
        with server.connect() as connection:
            connection.execute(sa.text(statement))

    def drop() -> None:
        say(f"DROP DATABASE {name}")
        server.dispose()

    say(f"CREATE DATABASE {name}")
    # Nothing here is worth waiting for a disk.
    lazy = {"options": "-csynchronous_commit=off"} if postgres else {}
    return url.set(database=name).update_query_dict(lazy), drop
