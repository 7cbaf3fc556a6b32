"""Glance's own test classes for database drivers, made to run on any driver.

They are imported from the installed ``glance`` package, which expects to be tested from a checkout
of its sources: what that asks of the working directory is put right here.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import glance
from attrs import frozen
from glance.db.simple import api as in_tree_fake
from glance.db.sqlalchemy import api as sql_driver
from glance.db.sqlalchemy import models
from oslo_config import cfg
from oslo_db import options

from simple_db.glance import api as simple_db_driver

if TYPE_CHECKING:
    import unittest
    from collections.abc import Callable


@frozen
class Driver:
    """A driver to be tested: how it is named, and how it is emptied."""

    name: str
    db_api: Any
    empty: Callable[[], object]


def glance_tests() -> tuple[Any, Any]:
    """Return Glance's modules ``tests.functional.db`` and ``tests.functional.db.base``.

    Importing them opens a log file in the working directory, and sends every message to it.
    """
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    logging.disable()
    with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
        base = importlib.import_module("glance.tests.functional.db.base")
        for handler in [handler for handler in root.handlers if handler not in handlers]:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(level)
    logging.disable(logging.NOTSET)
    return importlib.import_module("glance.tests.functional.db"), base


db_tests, base = glance_tests()

SUITES: dict[str, tuple[Any, ...]] = {
    "DriverTests": (base.TestDriver, base.DriverTests),
    "VisibilityTests": (base.TestVisibility, base.VisibilityTests),
    "MembershipVisibilityTests": (base.TestMembershipVisibility, base.MembershipVisibilityTests),
    "DriverQuotaTests": (base.DriverQuotaTests,),
}


def _empty_sql_tables() -> None:
    options.set_defaults(cfg.CONF, connection="sqlite://")
    engine = sql_driver.get_engine()
    models.unregister_models(engine)
    models.register_models(engine)


SIMPLE_DB = Driver("simple_db", simple_db_driver, simple_db_driver.reset)
SQL = Driver("glance.db.sqlalchemy", sql_driver, _empty_sql_tables)
IN_TREE_FAKE = Driver("glance.db.simple", in_tree_fake, in_tree_fake.reset)


def on(driver: Driver, suite: str) -> type[unittest.TestCase]:
    """Return one of Glance's suites, by its name in `SUITES`, as a class that tests the driver."""

    def set_up(self: Any) -> None:
        db_tests.load(lambda _: driver.db_api, lambda _: driver.empty())
        self.addCleanup(db_tests.reset)
        super(case, self).setUp()

    body = {"setUp": set_up, "_copy_data_file": staticmethod(_copy_data_file)}
    case: type[unittest.TestCase] = cast("Any", type(suite, SUITES[suite], body))
    return case


def _copy_data_file(name: str, directory: str) -> str:
    """Do what Glance's class does, wherever the tests are run from."""
    package = Path(glance.__file__).parent
    return str(shutil.copy(package / "tests" / "etc" / name, directory))
