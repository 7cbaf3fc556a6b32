"""Glance's own test classes for database drivers, made to run on any driver.

They are imported from the installed ``glance`` package, which expects to be tested from a checkout
of its sources: what that asks of the working directory is put right here.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

import glance
from attrs import frozen
from glance.db.simple import api as in_tree_fake
from glance.db.sqlalchemy import api as sql_driver
from glance.db.sqlalchemy import metadata as sql_metadata
from glance.db.sqlalchemy import models, models_metadef
from oslo_config import cfg
from oslo_db import options

from simple_db.glance import api as simple_db_driver
from simple_db.glance import metadata_backend as simple_db_metadata

if TYPE_CHECKING:
    import unittest
    from collections.abc import Callable


@frozen
class Driver:
    """A driver to be tested: its name, how it is emptied, and what loads its definitions."""

    name: str
    db_api: Any
    empty: Callable[[], object]
    metadata: Any = sql_metadata


def glance_tests(*names: str) -> list[Any]:
    """Return these modules of Glance's ``tests.functional``.

    Importing them opens a log file in the working directory, and sends every message to it.
    """
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    logging.disable()
    with tempfile.TemporaryDirectory() as directory, contextlib.chdir(directory):
        modules = [importlib.import_module(f"glance.tests.functional.{name}") for name in names]
        for handler in [handler for handler in root.handlers if handler not in handlers]:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(level)
    logging.disable(logging.NOTSET)
    return modules


db_tests, base, base_metadef = glance_tests("db", "db.base", "db.base_metadef")

# A checkout has them beside the package, an installed Glance among the environment's data files.
METADEF_FILES = Path(sys.prefix) / "etc" / "glance" / "metadefs"

SUITES: dict[str, tuple[Any, ...]] = {
    "DriverTests": (base.TestDriver, base.DriverTests),
    "VisibilityTests": (base.TestVisibility, base.VisibilityTests),
    "MembershipVisibilityTests": (base.TestMembershipVisibility, base.MembershipVisibilityTests),
    "DriverQuotaTests": (base.DriverQuotaTests,),
    "MetadefDriverTests": (base_metadef.TestMetadefDriver, base_metadef.MetadefDriverTests),
}


def _empty_sql_tables() -> None:
    options.set_defaults(cfg.CONF, connection="sqlite://")
    engine = sql_driver.get_engine()
    for schema in (models, models_metadef):
        schema.unregister_models(engine)
        schema.register_models(engine)


SIMPLE_DB = Driver("simple_db", simple_db_driver, simple_db_driver.reset, simple_db_metadata)
SQL = Driver("glance.db.sqlalchemy", sql_driver, _empty_sql_tables)
IN_TREE_FAKE = Driver("glance.db.simple", in_tree_fake, in_tree_fake.reset)


def on(driver: Driver, suite: str) -> type[unittest.TestCase]:
    """Return one of Glance's suites, by its name in `SUITES`, as a class that tests the driver."""

    def set_up(self: Any) -> None:
        db_tests.load(lambda _: driver.db_api, lambda _: driver.empty())
        self.addCleanup(db_tests.reset)
        for name, value in {
            "metadata": driver.metadata,
            "METADEFS_DIR": str(METADEF_FILES),
        }.items():
            patch = mock.patch.object(base_metadef, name, value)
            patch.start()
            self.addCleanup(patch.stop)
        super(case, self).setUp()

    body = {"setUp": set_up, "_copy_data_file": staticmethod(copy_data_file)}
    case: type[unittest.TestCase] = cast("Any", type(suite, SUITES[suite], body))
    return case


def copy_data_file(name: str, directory: str) -> str:
    """Do what Glance's class does, wherever the tests are run from."""
    package = Path(glance.__file__).parent
    return str(shutil.copy(package / "tests" / "etc" / name, directory))
