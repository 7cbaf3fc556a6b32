"""Glance's SQL driver as a target, on an in-memory SQLite or on a database server."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import uuid
from typing import TYPE_CHECKING, Any

from attrs import frozen

from simple_db.installed import extras
from simple_db.model import clock

try:
    import sqlalchemy as sa
    from glance.db.sqlalchemy import api as sql
    from glance.db.sqlalchemy import models, models_metadef
    from oslo_db.sqlalchemy import enginefacade
    from oslo_utils import timeutils
except ModuleNotFoundError as error:
    raise extras.absent(__name__, "server", error) from None

from simple_db.oracle.targets.target import SQL_DRIVER, CannotRun, DriverTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simple_db.oracle.targets.target import Rows

_SCHEMAS = (models.BASE.metadata, models_metadef.BASE_DICT.metadata)


def sql_target(url: str) -> DriverTarget:
    """Return the driver on a schema of its own.

    On a server it creates a database and drops it when the target is closed. It also drops such
    databases of processes that were killed.

    Args:
        url: The database as SQLAlchemy writes it; on a server, its name is ignored.

    Raises:
        CannotRun: the database cannot be reached or set up.
    """
    named = url
    try:
        parsed = sa.make_url(url)
        named = str(parsed)  # without its password
        return _sql_target(parsed)
    except Exception as error:
        raise CannotRun(f"cannot set up {SQL_DRIVER} on {named}: {error}") from error


def _sql_target(url: sa.URL) -> DriverTarget:
    with contextlib.ExitStack() as stack:
        own = stack.enter_context(_own_database(url))
        facade = enginefacade.transaction_context()
        # By default oslo.db yields to other green threads after every query, which takes time.
        facade.configure(
            connection=own.render_as_string(hide_password=False),
            sqlite_fk=True,
            thread_checkin=False,
        )
        engine = facade.writer.get_engine()
        stack.callback(engine.dispose)
        for schema in _SCHEMAS:
            schema.create_all(engine)
        # The driver takes an engine in no other way.
        stack.callback(setattr, sql, "_main_context_manager", sql._main_context_manager)  # noqa: SLF001
        sql._main_context_manager = facade  # noqa: SLF001 - as above
        # MariaDB keeps no fractions of seconds.
        of_seconds = url.get_backend_name() == "mysql"
        now = stack.enter_context(_clock_of_seconds()) if of_seconds else clock.utcnow
        return DriverTarget(
            SQL_DRIVER,
            sql,
            reset=lambda: _empty(engine),
            close=stack.pop_all().close,
            now=now,
            dump=lambda: rows_of(engine),
        )


def _empty(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        for schema in _SCHEMAS:
            for table in reversed(schema.sorted_tables):
                connection.execute(table.delete())


def rows_of(engine: sa.Engine) -> Rows:
    """Return the rows as `DriverTarget.dump` does."""
    with engine.connect() as connection:
        return {
            table.name: [
                dict(row._mapping)  # noqa: SLF001 - the public name of this attribute
                for row in connection.execute(table.select().order_by(*table.primary_key))
            ]
            for schema in _SCHEMAS
            for table in schema.sorted_tables
        }


@contextlib.contextmanager
def _clock_of_seconds() -> Iterator[Callable[[], dt.datetime]]:
    """Give the driver a clock of whole seconds; yield what advances it and returns the time."""
    time = clock.utcnow().replace(microsecond=0)

    def now() -> dt.datetime:
        nonlocal time
        time += dt.timedelta(seconds=1)
        return time

    def utcnow(with_timezone: bool = False) -> dt.datetime:
        return time.replace(tzinfo=dt.UTC) if with_timezone else time

    before, timeutils.utcnow = timeutils.utcnow, utcnow
    try:
        yield now
    finally:
        timeutils.utcnow = before


# --- on a server ---------------------------------------------------------------------------------


@frozen
class _Server:
    """The statements for a kind of server.

    Attributes:
        home: A database that every such server has.
        names: Selects the names of all databases.
        lock: Takes the lock of a name until the connection ends, if it is free.
        lazily: Options of a URL with which a commit does not wait for the disk.
    """

    home: str
    names: str
    lock: str
    lazily: dict[str, str]


_SERVERS = {
    "postgresql": _Server(
        home="postgres",
        names="SELECT datname FROM pg_database",
        lock="SELECT pg_try_advisory_lock(hashtext(:name))",
        lazily={"options": "-csynchronous_commit=off"},
    ),
    "mysql": _Server(
        home="information_schema",
        names="SELECT schema_name FROM schemata",
        lock="SELECT GET_LOCK(:name, 0)",
        lazily={},
    ),
}
_OWN = re.compile(r"simple_db_oracle_[0-9a-f]{12}")


@contextlib.contextmanager
def _own_database(url: sa.URL) -> Iterator[sa.URL]:
    """Create a database on the server, and drop it at the end; SQLite needs neither.

    A process holds the lock of its database's name as long as it runs. So a database whose lock
    is free belongs to a process that was killed, and can be dropped.
    """
    backend = url.get_backend_name()
    if backend == "sqlite":
        yield url
        return
    if backend not in _SERVERS:
        raise CannotRun(f"it runs on sqlite, {' and '.join(_SERVERS)}, not on {backend}")
    server, name = _SERVERS[backend], f"simple_db_oracle_{uuid.uuid4().hex[:12]}"
    # Without a pool, closing the connection releases its locks.
    engine = sa.create_engine(
        url.set(database=server.home), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with engine.connect() as connection:

        def ask(statement: str, **given: str) -> Any:
            return connection.execute(sa.text(statement), given)

        for left in filter(_OWN.fullmatch, ask(server.names).scalars().all()):
            if ask(server.lock, name=left).scalar():
                ask(f"DROP DATABASE IF EXISTS {left}")
        ask(server.lock, name=name)
        ask(f"CREATE DATABASE {name}")
        try:
            yield url.set(database=name).update_query_dict(server.lazily)
        finally:
            ask(f"DROP DATABASE {name}")
