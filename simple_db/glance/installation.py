"""Glance's own code on a database of ours: the places where it reaches for its SQL driver."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import threading
from collections.abc import Callable
from itertools import groupby
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

from oslo_config import cfg

from simple_db import Database
from simple_db.api import FUNCTIONS
from simple_db.glance import decoration, in_force
from simple_db.glance.driver import Driver, new_database
from simple_db.glance.replaced import replaced
from simple_db.installed import glance_needs, glance_release

if TYPE_CHECKING:
    from types import ModuleType, TracebackType

# Modules of Glance that bind the SQL driver to a name of theirs when they are imported. All the
# others call glance.db.get_api() when they need it.
BINDINGS = (
    ("glance.quota.keystone", "db"),
    ("glance.cmd.manage", "db_api"),
    ("glance.db.metadata", "db_api"),
)

# Modules of Glance that bind the SQL driver's loader of metadata definitions. One with several
# names binds one of them: the last is that of Glance 31.
METADATA_BINDINGS = (
    ("glance.cmd.manage", "metadata"),
    ("glance.db.metadata", "metadata_db_api"),
    ("glance.db.metadata", "get_backend"),
)

_lock = threading.Lock()
_installed: list[Installation] = []
_originals: list[tuple[ModuleType, str, object]] = []
_also_replaced = contextlib.ExitStack()
"""What is replaced besides, while something is installed."""

D = TypeVar("D", bound=Callable[..., Any])


class Installation:
    """A driver in Glance's places, until `uninstall` or the end of a ``with`` block.

    As a decorator it stands for one installation for each call; see `install`.

    Attributes:
        driver: what Glance uses now, if no later installation covers it.
    """

    def __init__(self, driver: Driver, given: Database | Driver | None = None) -> None:
        self.driver = driver
        self._given = given

    def __call__(self, decorated: D) -> D:
        """Undo this installation, and make one like it for each call of the function.

        Raises:
            TypeError: it is no function and no class, or a function that is an asynchronous
                generator, or a fixture, a static or a class method, whose decorator has to be above
                this one; or it is a class without tests, or with methods around them that would be
                called outside.
        """
        self.uninstall()
        return decoration.decorated(decorated, lambda: install(self._given))

    def __enter__(self) -> Driver:
        """Return the driver.

        Raises:
            RuntimeError: the installation has been undone.
        """
        if self not in _installed:
            raise RuntimeError("this installation has been undone; call install() once more")
        return self.driver

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Undo the installation, whatever happened in the block."""
        self.uninstall()

    def _refuse(self, name: str) -> NoReturn:
        """Tell who asks for a function of the driver where that is.

        Raises:
            AttributeError: always: what there is needs no asking.
        """
        message = f"{type(self).__name__!r} object has no attribute {name!r}"
        if name in FUNCTIONS:
            message = (
                f"{name} is of the driver, and an installation is not one: `with install() as "
                f"db_api` and db_api.{name}, or installation.driver.{name}. Until uninstall() is "
                "called, or the block ends, the installation is in force"
            )
        raise AttributeError(message, name=name, obj=self)

    if not TYPE_CHECKING:  # to a type checker it would mean that there is every name
        __getattr__ = _refuse

    def uninstall(self) -> None:
        """Give Glance back what it had before; do nothing if that was done already.

        Of several installations the latest that is left is in force, in whatever order they end.
        """
        with _lock:
            if self in _installed:
                _installed.remove(self)
                _refresh()

    def __repr__(self) -> str:
        """Show the driver, and whether it is in place."""
        state = "active" if self in _installed else "undone"
        return f"<Installation of {self.driver!r}, {state}>"

    def _install(self) -> Self:
        with _lock:
            if not _originals:
                _originals.extend(
                    (module, name, getattr(module, name)) for module, name in _places()
                )
                _also_replaced.enter_context(
                    replaced(cfg.CONF, find_file=_finding(cfg.CONF.find_file))
                )
            _installed.append(self)
            _refresh()
        return self


def install(database: Database | Driver | None = None) -> Installation:
    """Make Glance use a database of ours in all places where it would use its SQL driver.

    It works as a plain call, undone by `Installation.uninstall`, and as a context manager::

        with install() as db_api:
            image = db_api.image_create(context, {"status": "queued"})

    and as a decorator: each call of the function has a database of its own, unless one was given,
    and nothing is installed before and after it::

        @install()
        def test_an_image_is_created(): ...

    So are coroutine functions, generator functions and methods decorated. Each test of a decorated
    `unittest.TestCase` has an installation from its ``setUp`` to its last clean-up, and so have the
    tests of subclasses; ``setUpClass``, ``setUpModule`` and fixtures of pytest are outside of it.
    Of another class the methods are decorated that begin with ``test``; it is refused if it has
    methods around its tests, such as ``setup_method``, which would be outside.

    Glance's places are those of the process: what is installed is in force in all its threads, and
    of two installations that overlap the later one is.

    ``glance.context.RequestContext`` asks Glance's policies, and these ask for a configuration.
    While something is installed, those who have not called ``oslo_config.cfg.CONF`` need not do it:
    there is no policy file then, and Glance's own rules are in force.

    Modules of Glance may be imported before or after. An *object* of Glance that was made before,
    such as a controller, keeps the driver that it was made with.

    Args:
        database: a `Database`, or an object with all the functions of `Driver`; without it a new,
            empty database whose clock is that of oslo.utils.

    Returns:
        The installation, in force already.

    Raises:
        TypeError: the argument is neither.
    """
    return Installation(_driver(database), database)._install()  # noqa: SLF001 - its only caller


def _driver(database: Any) -> Driver:
    if database is None:
        return Driver(new_database())
    if isinstance(database, Database):
        return Driver(database)
    missing = [name for name in FUNCTIONS if not callable(getattr(database, name, None))]
    if isinstance(database, type) or missing:
        lacking = f", which lacks {', '.join(missing[:3])}" if missing else ""
        decorator = "; as a decorator it is written @install(), with parentheses"
        raise TypeError(
            "install() takes a simple_db.Database, or an object with the functions of Glance's "
            f"database API; it was given {database!r}{lacking}"
            f"{decorator if inspect.isroutine(database) or inspect.isclass(database) else ''}",
        )
    driver: Driver = database
    return driver


def _places() -> list[tuple[ModuleType, str]]:
    glance_needs.require(glance_needs.INSTALLATION)
    found = [("glance.db", "get_api"), *_bound(BINDINGS), *_bound(METADATA_BINDINGS)]
    return [(importlib.import_module(module), name) for module, name in found]


def _bound(bindings: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Return the bindings that the installed Glance has, and warn of a module that has none."""
    found = [each for each in bindings if glance_needs.is_there(":".join(each))]
    for module, names in groupby(bindings, key=lambda each: each[0]):
        if module not in dict(found):
            wanted = " or ".join(name for _, name in names)
            glance_release.warn(
                f"Glance {glance_release.release()} has no {wanted} in {module}: what it does "
                f"there stays on its SQL driver; simple_db is tried with {glance_release.tried()}"
            )
    return found


def _refresh() -> None:
    """Bring Glance's places in line with `_installed`."""
    in_force.put([each.driver for each in _installed])
    if _installed:
        driver = _installed[-1].driver
        for module, name, _ in _originals:
            setattr(module, name, _replacement(module.__name__, name, driver))
        return
    for module, name, original in _originals:
        setattr(module, name, original)
    _originals.clear()
    _also_replaced.close()


def _finding(find_file: Callable[[str], str | None]) -> Callable[[str], str | None]:
    """Return a function that finds files of the configuration, and none where there is none."""

    def found(name: str) -> str | None:
        try:
            return find_file(name)
        except cfg.NotInitializedError:
            return None

    return found


def _replacement(module: str, name: str, driver: Driver) -> object:
    if name == "get_api":
        return lambda: driver
    if (module, name) in METADATA_BINDINGS:
        # Imported late: it registers an option of Glance's, and imports its SQL driver.
        from simple_db.glance import metadata_backend  # noqa: PLC0415

        return (lambda: metadata_backend) if name == "get_backend" else metadata_backend
    return driver
