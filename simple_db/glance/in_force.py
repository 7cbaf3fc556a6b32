"""The driver that `install` has given to Glance, if there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simple_db.glance.driver import Driver

_drivers: list[Driver] = []


def current() -> Driver | None:
    """Return the driver of the latest installation that is not undone, or None."""
    return _drivers[-1] if _drivers else None


def put(drivers: list[Driver]) -> None:
    """Note which drivers are installed, the latest last."""
    _drivers[:] = drivers
