"""Which Glance is installed, and whether simple_db is tried with it."""

from __future__ import annotations

import re
import warnings
from importlib import metadata

SERIES = {31: "2025.2", 32: "2026.1", 33: "2026.2"}
"""The releases of Glance that simple_db is tried with, and the series of OpenStack of each."""

_TOLD: set[str] = set()


class UntriedGlanceWarning(UserWarning):
    """The installed Glance is of a release, or has something, that simple_db is not tried with."""


class GlanceLacksError(ImportError):
    """The installed Glance does not have what simple_db needs of it; the message names it."""


def release() -> str:
    """Return the release of the installed Glance, ``unknown`` where the installation has none."""
    try:
        return metadata.version("glance")
    except metadata.PackageNotFoundError:
        return "unknown"


def tried() -> str:
    """Return the supported range in words."""
    return f"Glance {min(SERIES)} to {max(SERIES)}"


def untried() -> str | None:
    """Return what there is to say of a release outside of the range, or None."""
    now = release()
    major = re.match(r"\d+", now)
    if major and int(major[0]) in SERIES:
        return None
    return f"Glance {now} is installed, and simple_db is tried with {tried()}: it may not work"


def warn(what: str | None) -> None:
    """Warn of something, once in a process.

    Warns:
        UntriedGlanceWarning: there is something to say.
    """
    if what is not None and what not in _TOLD:
        _TOLD.add(what)
        warnings.warn(what, UntriedGlanceWarning, stacklevel=3)
