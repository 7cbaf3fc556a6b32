"""The test classes that Glance has for its SQL driver alone, made to run on any driver.

They test what every driver has to do, too; `listed.SQL_DRIVER` names the few that do not.
"""

from __future__ import annotations

import unittest
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

from tests.conformance import listed
from tests.conformance.suites import (
    METADEF_FILES,
    Driver,
    base_metadef,
    copy_data_file,
    glance_tests,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

(module,) = glance_tests("db.test_sqlalchemy")

NOT_FOR_US = listed.reasons(listed.SQL_DRIVER)

CLASSES: dict[str, type[unittest.TestCase]] = {
    name: case
    for name, case in vars(module).items()
    if isinstance(case, type) and issubclass(case, unittest.TestCase)
}


def on(driver: Driver, name: str) -> type[unittest.TestCase]:
    """Return one of `CLASSES`, less what is listed, as a class that tests the driver."""

    def set_up(self: Any) -> None:
        for where, what, value in (
            (module, "get_db", lambda _: driver.db_api),
            (module, "reset_db", lambda _: driver.empty()),
            (module, "reset_db_metadef", lambda _: driver.empty()),
            (base_metadef, "metadata", driver.metadata),
            (base_metadef, "METADEFS_DIR", str(METADEF_FILES)),
        ):
            patch = mock.patch.object(where, what, value)
            patch.start()
            self.addCleanup(patch.stop)
        super(case, self).setUp()

    original = CLASSES[name]
    body: dict[str, Any] = {"setUp": set_up, "_copy_data_file": staticmethod(copy_data_file)}
    if hasattr(original, "_propdict"):
        body["_propdict"] = staticmethod(_live_properties)
    prefix = f"{original.__module__}.{name}."
    hidden = {test.removeprefix(prefix): None for test in NOT_FOR_US if test.startswith(prefix)}
    case: type[unittest.TestCase] = cast("Any", type(name, (original,), body | hidden))
    return case


def _live_properties(properties: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Do what Glance's class does, for the rows of any driver and not only the SQL driver's."""
    return {each["name"]: each["value"] for each in properties if not each["deleted"]}
