"""Which Glance is installed, and whether simple_db is tested with it."""

from __future__ import annotations

import re
import warnings
from importlib import metadata

SERIES = {31: "2025.2", 32: "2026.1", 33: "2026.2"}
"""The releases of Glance that simple_db is tested with, and the series of OpenStack of each."""

UNKNOWN = "unknown"
"""The release of a Glance that has no metadata of a distribution."""

_WARNED: set[str] = set()


class UntriedGlanceWarning(UserWarning):
    """The installed Glance is of a release that simple_db is not tested with, or lacks a module."""


class GlanceLacksError(ImportError):
    """The installed Glance lacks what simple_db needs of it; the message names it."""


def release() -> str:
    """Return the release of the installed Glance, or ``unknown``."""
    try:
        return metadata.version("glance")
    except metadata.PackageNotFoundError:
        return UNKNOWN


def tried() -> str:
    """Return the supported range in words."""
    return f"Glance {min(SERIES)} to {max(SERIES)}"


def untried() -> str | None:
    """Return a warning if the installed release is outside of the range, or None."""
    now = release()
    major = re.match(r"\d+", now)
    if major and int(major[0]) in SERIES:
        return None
    found = f"Glance {now}" if now != UNKNOWN else "a Glance whose release cannot be read"
    return f"{found} is installed, and simple_db is tested with {tried()}: it may not work"


def warn(what: str | None) -> None:
    """Warn once in a process.

    Warns:
        UntriedGlanceWarning: there is a message, and it is the first time.
    """
    if what is not None and what not in _WARNED:
        _WARNED.add(what)
        warnings.warn(what, UntriedGlanceWarning, stacklevel=3)
