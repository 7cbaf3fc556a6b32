"""Which driver Glance uses now, if it is one that was installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simple_db.glance.driver import Driver

_drivers: list[Driver] = []


def current() -> Driver | None:
    """Return the driver that was installed last and is not undone."""
    return _drivers[-1] if _drivers else None


def put(drivers: list[Driver]) -> None:
    """Note which drivers are installed, in the order in which they were."""
    _drivers[:] = drivers
