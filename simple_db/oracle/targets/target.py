"""Drivers of Glance's database API, as programs call them."""

from __future__ import annotations

import contextlib
import copy
import inspect
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from simple_db.api import Database
from simple_db.model import clock
from simple_db.model.errors import SimpleDBError
from simple_db.model.records import as_dict
from simple_db.oracle.programs.calls import Call, parameters_of, placed, resolved
from simple_db.oracle.programs.cast import CAST

if TYPE_CHECKING:
    import datetime as dt

FAKE = "glance.db.simple.api"
SQL_DRIVER = "glance.db.sqlalchemy.api"

Close = Callable[[], None]
Rows = dict[str, list[dict[str, Any]]]
"""Every row of every table, deleted ones too: by column, in the order of the table's key."""


class CannotRun(SimpleDBError):  # noqa: N818 - a name of the family, which are Glance's
    """The oracle cannot run: there is no such target, or it cannot be set up."""


class Target(Protocol):
    """A driver on which the calls of programs are made."""

    @property
    def name(self) -> str:
        """Its name in reports."""
        ...

    def signature(self, function: str) -> inspect.Signature | None:
        """Return the signature of the driver's function, or None if there is no such function."""
        ...

    def call(self, call: Call) -> Any:
        """Make the call and return the driver's answer, or raise what the driver raises."""
        ...

    def now(self) -> dt.datetime:
        """Return the time of the driver's clock: naive UTC."""
        ...

    def reset(self) -> None:
        """Forget every row."""
        ...

    def close(self) -> None:
        """Release what it uses; the target is not used again."""
        ...


class DriverTarget:
    """A target made of a module or an object that has the functions of the API.

    Args:
        name: Its name in reports.
        driver: An object with the functions.
        reset: Forgets every row; by default the driver's own function.
        close: Undoes the set-up of the driver.
        now: Returns the time of the driver's clock.
        dump: Reads all rows of all tables, not by functions of the API; None where nothing can.

    Raises:
        CannotRun: there is no `reset`.
    """

    def __init__(
        self,
        name: str,
        driver: Any,
        *,
        reset: Close | None = None,
        close: Close = lambda: None,
        now: Callable[[], dt.datetime] = clock.utcnow,
        dump: Callable[[], Rows] | None = None,
    ) -> None:
        self.name = name
        self.driver = driver
        self.now = now
        self.dump = dump
        self.close = close
        self.reset: Close = reset or getattr(driver, "reset", None) or _no_reset(name)

    def signature(self, function: str) -> inspect.Signature | None:
        """Return the signature of the driver's function, or None if there is no such function."""
        found = getattr(self.driver, function, None)
        return inspect.signature(found) if callable(found) else None

    def call(self, call: Call) -> Any:
        """Make the call, with the arguments in a copy of their own and lookups resolved."""
        given = {name: resolved(value, self.call) for name, value in call.arguments}
        return self.call_with(call.function, call.context, given)

    def call_with(self, function: str, context: str | None, given: Mapping[str, Any]) -> Any:
        """Make a call with these arguments, not copied, for the caller of that name."""
        places, names = placed(function, given)
        if parameters_of(function).has_context:
            places.insert(0, CAST[context or "admin"])
        return getattr(self.driver, function)(*places, **names)


def _no_reset(name: str) -> Close:
    raise CannotRun(
        f"{name} has no function `reset`, which must forget every row; add one, or name a function"
        " that returns a clean driver with --setup MODULE:FUNCTION"
    )


def reference(database: Database | None = None) -> DriverTarget:
    """Return simple_db as a target, on a database of its own unless one is given."""
    own = database or Database()
    return DriverTarget("simple_db", own, dump=lambda: rows_of(own))


def rows_of(database: Database) -> Rows:
    """Return the rows of a database as `DriverTarget.dump` does; they share nothing with it."""
    with database.store.reading() as tables:
        dump = {
            table.record.table: [as_dict(table.rows[key]) for key in sorted(table.rows)]
            for table in tables
        }
    return copy.deepcopy(dump)  # values of JSON are the record's own


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Turn logging off: drivers log each error that a program provokes, with its traceback."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)
