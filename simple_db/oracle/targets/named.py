"""The target that a user names: a module, an object in one, or what a function returns."""

from __future__ import annotations

import importlib
from typing import Any

from simple_db.installed import extras, glance_needs
from simple_db.installed.glance_release import GlanceLacksError
from simple_db.oracle.targets.target import SQL_DRIVER, CannotRun, DriverTarget


def resolve(text: str, *, setup: str | None = None, url: str | None = None) -> DriverTarget:
    """Return the target that a user names.

    Args:
        text: ``package.module`` or ``package.module:attribute``.
        setup: ``package.module:function``; called without arguments, it returns a clean driver,
            and is called again for every program if that has no `reset`.
        url: The database of Glance's SQL driver, as SQLAlchemy writes it; ``sqlite://`` by default.

    Raises:
        CannotRun: one of them does not exist, or cannot be set up.
    """
    if setup is not None:
        return _set_up(text, setup)
    if text == SQL_DRIVER:
        # Only this target needs SQLAlchemy, which may not be installed.
        try:
            glance_needs.require(glance_needs.SQL_DRIVER)
            from simple_db.oracle.targets.sql_driver import sql_target  # noqa: PLC0415
        except GlanceLacksError as error:
            raise CannotRun(str(error)) from error
        except ModuleNotFoundError as error:
            raise CannotRun(str(extras.absent(SQL_DRIVER, "server", error))) from error
        return sql_target(url or "sqlite://")
    if url is not None:
        raise CannotRun(f"--url is for {SQL_DRIVER}; set {text} up with --setup MODULE:FUNCTION")
    return DriverTarget(text, _imported(text))


def _set_up(text: str, setup: str) -> DriverTarget:
    make = _imported(setup)
    first = _made(setup, make)
    if callable(getattr(first, "reset", None)):
        return DriverTarget(text, first)
    target = DriverTarget(text, first, reset=lambda: None)

    def make_again() -> None:
        target.driver = _made(setup, make)

    target.reset = make_again
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
