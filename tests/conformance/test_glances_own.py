"""Glance's unit and functional tests on simple_db, each module in a process of its own.

The unit tests that use Glance's in-tree fake are run always: two minutes on two cores. The
functional API tests take many minutes, and are run at night: with ``HYPOTHESIS_PROFILE=nightly``.
"""

import os

import pytest

from tests.conformance import runs

pytestmark = pytest.mark.glance

nightly = pytest.mark.skipif(
    os.environ.get("HYPOTHESIS_PROFILE") != "nightly", reason="many minutes: run at night"
)


@pytest.mark.parametrize("module", runs.UNIT.modules())
def test_a_module_of_unit_tests_passes_as_on_the_in_tree_fake(module: str) -> None:
    agree(runs.check(runs.UNIT, module))


@nightly
@pytest.mark.parametrize("module", runs.FUNCTIONAL.modules())
def test_a_module_of_functional_tests_passes_as_on_the_sql_driver(module: str) -> None:
    agree(runs.check(runs.FUNCTIONAL, module))


def test_each_listed_test_is_in_a_module_that_is_run() -> None:
    modules = runs.UNIT.modules()
    assert all(any(name.startswith(f"{each}.") for each in modules) for name in runs.UNIT.listed)


def test_a_module_that_does_not_exist_has_failed() -> None:
    endings = runs.run("glance.tests.unit.test_nothing", "nothing")
    assert [ending.outcome for ending in endings.values()] == ["failed"]
    assert "No module named 'glance.tests.unit.test_nothing'" in next(iter(endings.values())).why


def test_a_test_that_only_the_baseline_passes_is_a_regression_unless_it_is_listed() -> None:
    passed, failed = runs.Ending("passed"), runs.Ending("failed")
    exempt = next(iter(runs.UNIT.listed))
    told = runs.Comparison(
        runs.UNIT,
        {"a": passed, "b": failed, "c": failed, exempt: failed},
        {"a": passed, "b": passed, "c": failed, "d": passed, exempt: passed},
    )
    assert told.regressions() == ["b", "d"]


def test_a_listed_test_that_passes_is_listed_for_nothing() -> None:
    exempt = next(iter(runs.UNIT.listed))
    told = runs.Comparison(runs.UNIT, {exempt: runs.Ending("passed")}, {})
    assert told.needless() == [exempt]


def agree(told: runs.Comparison) -> None:
    assert told.held
    assert {test: told.ending(test).last_line for test in told.regressions()} == {}
    assert told.needless() == []
