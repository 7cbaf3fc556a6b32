"""Glance's own suites for database drivers, on simple_db and, as a control, on the SQL driver."""

import types

import pytest

from tests.conformance.command import main, outcome
from tests.conformance.suites import SIMPLE_DB, SQL, Driver, on

pytestmark = pytest.mark.glance

TestDriver = on(SIMPLE_DB, "DriverTests")
TestVisibility = on(SIMPLE_DB, "VisibilityTests")
TestMembershipVisibility = on(SIMPLE_DB, "MembershipVisibilityTests")
TestQuota = on(SIMPLE_DB, "DriverQuotaTests")
TestMetadefs = on(SIMPLE_DB, "MetadefDriverTests")

TestSqlDriver = on(SQL, "DriverTests")
TestSqlVisibility = on(SQL, "VisibilityTests")
TestSqlMembershipVisibility = on(SQL, "MembershipVisibilityTests")
TestSqlQuota = on(SQL, "DriverQuotaTests")
TestSqlMetadefs = on(SQL, "MetadefDriverTests")


def test_a_driver_without_any_function_fails_every_test_of_glance() -> None:
    told = outcome(Driver("nothing", types.SimpleNamespace(), lambda: None))
    assert len(told.failed) == told.total > 150


@pytest.mark.parametrize("name", ["nope.driver", "json"])
def test_a_module_that_cannot_be_tested_is_told_in_a_line(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["conformance", name])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert f"{name} cannot be tested: " in capsys.readouterr().err.splitlines()[-1]
