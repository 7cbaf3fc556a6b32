"""What is held against the reference: a driver of Glance's database API that can begin anew."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from simple_db import clock, extras, glance_needs
from simple_db.api import Database
from simple_db.errors import SimpleDBError
from simple_db.glance_release import GlanceLacksError
from simple_db.oracle.programs.calls import Call, parameters_of, placed, resolved
from simple_db.oracle.programs.cast import CAST

if TYPE_CHECKING:
    import datetime as dt

FAKE = "glance.db.simple.api"
SQL_DRIVER = "glance.db.sqlalchemy.api"

Close = Callable[[], None]


class CannotRun(SimpleDBError):  # noqa: N818 - a name of the family, which are Glance's
    """The oracle cannot begin: there is no such target, or it cannot be set up."""


class Target(Protocol):
    """A driver, with the calls of programs made on it."""

    @property
    def name(self) -> str:
        """What it is called in reports."""
        ...

    def signature(self, function: str) -> inspect.Signature | None:
        """Return the signature of the driver's function, or None if there is no such function."""
        ...

    def call(self, call: Call) -> Any:
        """Make the call and return the driver's answer, or raise what the driver raises."""
        ...

    def now(self) -> dt.datetime:
        """Return the time by the driver's clock: naive UTC."""
        ...

    def reset(self) -> None:
        """Forget every row."""
        ...

    def close(self) -> None:
        """Leave nothing behind; the target is not used again."""
        ...


class DriverTarget:
    """A target made of a module or an object that has the functions of the API.

    Args:
        name: What it is called in reports.
        driver: Has the functions.
        reset: Forgets every row; by default the driver's own.
        close: Undoes what it took to set the driver up.
        now: Tells the time as the driver's clock has it.

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
    ) -> None:
        self.name = name
        self.driver = driver
        self.now = now
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
        """Make a call with these very arguments, by name, and for a caller of the cast."""
        places, names = placed(function, given)
        if parameters_of(function).has_context:
            places.insert(0, CAST[context or "admin"])
        return getattr(self.driver, function)(*places, **names)


def _no_reset(name: str) -> Close:
    raise CannotRun(
        f"{name} has no function `reset`, which must forget every row; give one, or name a function"
        " that returns a clean driver with --setup MODULE:FUNCTION"
    )


def reference(database: Database | None = None) -> DriverTarget:
    """Return simple_db as a target, on a database of its own unless one is given."""
    return DriverTarget("simple_db", database or Database())


def resolve(text: str, *, setup: str | None = None, url: str | None = None) -> DriverTarget:
    """Return the target that a user names.

    Args:
        text: ``package.module`` or ``package.module:attribute``.
        setup: ``package.module:function``; called without arguments, it returns a clean driver,
            and is called again for every program if that has no `reset`.
        url: The database of Glance's SQL driver, as SQLAlchemy writes it; ``sqlite://`` by default.

    Raises:
        CannotRun: one of them is not there, or cannot be set up.
    """
    if setup is not None:
        return _set_up(text, setup)
    if text == SQL_DRIVER:
        # SQLAlchemy is there for this target only.
        try:
            glance_needs.require(glance_needs.SQL_DRIVER)
            from simple_db.oracle import sql_target  # noqa: PLC0415
        except GlanceLacksError as error:
            raise CannotRun(str(error)) from error
        except ModuleNotFoundError as error:
            raise CannotRun(str(extras.absent(SQL_DRIVER, "server", error))) from error
        return sql_target.sql_target(url or "sqlite://")
    if url is not None:
        raise CannotRun(f"--url is for {SQL_DRIVER}; set {text} up with --setup MODULE:FUNCTION")
    return DriverTarget(text, _imported(text))


def _set_up(text: str, setup: str) -> DriverTarget:
    make = _imported(setup)
    first = _made(setup, make)
    if callable(getattr(first, "reset", None)):
        return DriverTarget(text, first)
    target = DriverTarget(text, first, reset=lambda: None)

    def anew() -> None:
        target.driver = _made(setup, make)

    target.reset = anew
    return target


def _made(setup: str, make: Any) -> Any:
    try:
        return make()
    except Exception as error:
        raise CannotRun(f"--setup {setup} failed: {type(error).__name__}: {error}") from error


def _imported(text: str) -> Any:
    module, _, attribute = text.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for name in filter(None, attribute.split(".")):
            found = getattr(found, name)
    except Exception as error:
        raise CannotRun(
            f"cannot import {text}, written MODULE or MODULE:ATTRIBUTE: {error}"
        ) from error
    return found


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep drivers from logging, traceback and all, every error that a program provokes."""
    before = logging.root.manager.disable
    logging.disable()
    try:
        yield
    finally:
        logging.disable(before)
