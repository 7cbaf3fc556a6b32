"""The OpenStack Glance database API in memory, proven equal to Glance's SQL driver.

::

    from simple_db import Database, RequestContext

    db = Database()
    alice = RequestContext(owner="alice")
    image = db.image_create(alice, {"name": "cirros", "status": "queued", "owner": "alice"})
    db.image_get_all(alice, filters={"name": "cirros"})
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simple_db import api as api
    from simple_db.api import Database
    from simple_db.model import errors
    from simple_db.model.shapes import RequestContext
    from simple_db.version import __version__

__all__ = ["Database", "RequestContext", "__version__", "errors"]

_HOMES = {"Database": "api", "RequestContext": "model.shapes", "__version__": "version"}
_PUBLIC_MODULES = {"api": "api", "errors": "model.errors"}
_OF_GLANCE = frozenset({"Driver", "Installation", "install"})
_MODULES = frozenset({"glance", "oracle", "pytest_plugin"})
"""Modules that need other packages, and are imported by their whole names."""


def _imported(name: str) -> Any:
    """Import what is asked for: the command line is there before the rest, and can be stopped.

    Raises:
        AttributeError: simple_db has nothing of that name.
    """
    if name in _HOMES:
        return getattr(importlib.import_module(f"simple_db.{_HOMES[name]}"), name)
    if name in _PUBLIC_MODULES:
        return importlib.import_module(f"simple_db.{_PUBLIC_MODULES[name]}")
    unknown = f"module {__name__!r} has no attribute {name!r}"
    if name in _MODULES:
        raise AttributeError(f"{unknown} before `import {__name__}.{name}`")
    if name in _OF_GLANCE:
        raise AttributeError(f"{unknown}: write `from {__name__}.glance import {name}`")
    # With name and object, Python finds the nearest name that there is.
    raise AttributeError(unknown, name=name, obj=sys.modules[__name__])


if not TYPE_CHECKING:  # to a type checker it would mean that there is every name
    __getattr__ = _imported


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
