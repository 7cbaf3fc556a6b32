"""The suites that Glance has for its SQL driver, on simple_db and, as a control, on that driver."""

import pytest

from tests.conformance.sqlalchemy_suites import CLASSES, NOT_FOR_US, on
from tests.conformance.suites import SIMPLE_DB, SQL

pytestmark = pytest.mark.glance

# The others are in `test_conformance` already, whole or but for what needs the SQL driver.
NAMES = (
    "TestSqlAlchemyDriver",
    "TestSqlAlchemyTask",
    "TestDBPurge",
    "TestImageCacheOperations",
    "TestImageAtomicOps",
    "TestImageStorageUsage",
)

for _name in NAMES:
    globals()[f"{_name}OnSimpleDb"] = on(SIMPLE_DB, _name)
    globals()[f"{_name}OnItself"] = on(SQL, _name)


def test_the_listed_tests_are_tests_of_glance() -> None:
    told = {name.rpartition(".")[0].rpartition(".")[2]: name for name in NOT_FOR_US}
    assert all(hasattr(CLASSES[case], name.rpartition(".")[2]) for case, name in told.items())
