"""A database dressed as Glance's ``db_api``."""

import datetime as dt
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, Self, SupportsIndex

from glance.common import exception
from oslo_utils import timeutils

from simple_db import Database
from simple_db.api import FUNCTIONS
from simple_db.model.errors import SimpleDBError
from simple_db.store import Store

if TYPE_CHECKING:
    from simple_db.operations.functions import Functions
else:
    # A driver has its functions of its own, which raise Glance's exceptions.
    Functions = object

# What Glance's drivers have beside the functions on rows.
SETUP_FUNCTIONS = ("reset", "configure", "clear_db_env")


class Driver(Functions):
    """The functions of Glance's database API on one database, raising Glance's own exceptions.

    An object of this class takes the place of the module ``glance.db.sqlalchemy.api``: it has
    every name of `simple_db.api.FUNCTIONS` as well as `reset`, `configure` and `clear_db_env`,
    each with the signature of the database's method.

    Attributes:
        database: where the rows are; whoever holds it sees every change at once.

    Raises:
        TypeError: it is made of anything else.
    """

    def __init__(self, database: Database) -> None:
        if isinstance(database, type) or not all(hasattr(database, name) for name in FUNCTIONS):
            raise TypeError(f"a Driver is of a simple_db.Database, not of {database!r}")
        self.database = database
        for name in (*FUNCTIONS, *SETUP_FUNCTIONS):
            setattr(self, name, _raising_as_glance(getattr(database, name)))

    def get_engine(self) -> Self:
        """Return this driver, for ``glance-manage`` to hand to the metadata backend."""
        return self

    @property
    def store(self) -> Store:
        """The store of the database, where the rows are."""
        return self.database.store

    def _refuse(self, name: str) -> NoReturn:
        """Say that the driver does not have what is asked for.

        Raises:
            AttributeError: always; it has the name and this driver, so that Python, where it shows
                the error, suggests the nearest name that there is.
        """
        raise AttributeError(lacking("a simple_db.glance.Driver", name), name=name, obj=self)

    if not TYPE_CHECKING:  # to a type checker it would mean that there is every name
        __getattr__ = _refuse

    def __copy__(self) -> Self:
        """Return a driver on a fork: a copy on the same database would change with this one."""
        return type(self)(self.database.fork())

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a driver on a fork."""
        return type(self)(self.database.fork())

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse to be pickled, as a database does.

        Raises:
            TypeError: always; the message says what to do instead.
        """
        self.database.__reduce_ex__(protocol)

    def __repr__(self) -> str:
        """Show the database that is behind the driver."""
        return f"<Driver on {self.database!r}>"


def lacking(what: str, name: str) -> str:
    """Return the message that a driver, of whatever form, has nothing of that name."""
    return f"{what} has no {name!r}; it has the functions of Glance's database API"


def new_database() -> Database:
    """Return an empty database whose clock is that of oslo.utils.

    So ``timeutils.set_time_override`` and a mock of ``timeutils.utcnow`` hold in it.
    """
    return Database(clock=oslo_utcnow)


def glance_error(error: SimpleDBError) -> exception.GlanceException:
    """Return Glance's exception of the same name and message, or of the nearest ancestor's name."""
    names = (cls.__name__ for cls in type(error).__mro__)
    name = next((name for name in names if hasattr(exception, name)), "GlanceException")
    return getattr(exception, name)(str(error))


def oslo_utcnow() -> dt.datetime:
    """Return the time now, as oslo.utils says it."""
    # Looked up at every call: a test may replace the function in its module.
    now: dt.datetime = timeutils.utcnow()
    return now


def _raising_as_glance(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except SimpleDBError as error:
            raise glance_error(error) from error

    return call
