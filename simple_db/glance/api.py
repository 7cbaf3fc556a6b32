"""Glance's database API as a module, on one database of its own.

It takes the place of ``glance.db.simple.api``::

    from simple_db.glance import api as db_api

    image = db_api.image_create(context, {"status": "queued"})

Errors are those of ``glance.common.exception``, the time is that of ``oslo_utils.timeutils``.
`database` is where the rows are and `driver` the object with the functions.
"""

import sys
from collections.abc import Callable
from typing import Any, cast

from simple_db.api import FUNCTIONS
from simple_db.glance.driver import SETUP_FUNCTIONS, Driver, lacking, new_database

database = new_database()
driver = Driver(database)

globals().update({name: getattr(driver, name) for name in (*FUNCTIONS, *SETUP_FUNCTIONS)})


def __getattr__(name: str) -> Callable[..., Any]:
    """Tell type checkers what the functions are, and callers which function is missing.

    Raises:
        AttributeError: there is none; Python suggests the nearest name that there is.
    """
    try:
        return cast("Callable[..., Any]", getattr(driver, name))
    except AttributeError:
        here = sys.modules[__name__]
        raise AttributeError(lacking(__name__, name), name=name, obj=here) from None
