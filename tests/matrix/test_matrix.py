"""The table of docs/compatibility.md is what `make matrix` prints."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from simple_db.installed.glance_release import SERIES
from tests.matrix import cells, environments, runs, table
from tests.matrix.cells import Cell
from tests.matrix.runs import Outcome, Result
from tests.support.pages import END, page

if TYPE_CHECKING:
    from pathlib import Path

CELLS = cells.all_cells()
SHOWN = page("compatibility.md").partition(table.BEGIN)[2].partition(END)[0]


def result(passed: int = 5) -> Result:
    names = (*runs.SUITES, *runs.GROUPS)
    outcomes = {name: Outcome(passed, 5) for name in names}
    return Result("2026-11-29", dict.fromkeys(runs.PACKAGES, "1.0"), outcomes)


def test_there_is_a_cell_for_each_glance_and_for_each_python() -> None:
    assert {cell.series for cell in CELLS} == set(SERIES.values())
    assert {cell.python for cell in CELLS} == set(cells.PYTHONS)
    assert {cell.glance for cell in CELLS} == set(SERIES)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_the_constraints_of_a_cell_fix_its_glance_and_what_goes_with_it(cell: Cell) -> None:
    assert re.search(rf"^glance=={cell.glance}\.", cell.constraints.read_text(), re.MULTILINE)
    assert {"glance", "glance-store", "oslo-db", "sqlalchemy", "eventlet"} <= environments.pinned(
        cell
    )


def test_the_table_in_the_docs_has_the_shape_that_is_printed() -> None:
    header, line, *shown = SHOWN.splitlines()
    printed = table.table(dict.fromkeys(CELLS)).splitlines()
    assert [header, line] == printed[:2]
    assert [row.split(" | ")[:2] for row in shown] == [
        [re.sub(r"^\| \d+ ", f"| {glance} ", begin), python]
        for (begin, python), glance in zip(
            (row.split(" | ")[:2] for row in printed[2:]),
            (re.match(r"\| (\S+) ", row)[1] for row in shown),  # type: ignore[index]
            strict=True,
        )
    ]


def test_every_line_of_the_docs_that_was_run_is_a_success_with_its_day() -> None:
    for row in SHOWN.splitlines()[2:]:
        cell = row.strip("| ").split(" | ")
        assert len(cell) == len(table.HEADER)
        assert cell[-1] == "not run" or re.fullmatch(r"\d{4}-\d\d-\d\d", cell[-1])
        assert "**" not in row


def test_a_cell_that_was_not_run_says_so() -> None:
    assert table.table({CELLS[0]: None}).splitlines()[-1].endswith("| not run |")


def test_a_failure_is_seen_in_its_line_and_in_the_exit_code() -> None:
    assert result().is_good
    assert not result(passed=4).is_good
    assert "| **4** of 5 |" in table.table({CELLS[0]: result(passed=4)})
    assert not Outcome(0, 0).is_good


def test_a_result_is_read_as_it_was_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Cell, "environment", tmp_path)
    assert runs.saved(CELLS[0]) is None
    result().save(CELLS[0])
    assert runs.saved(CELLS[0]) == result()


def test_the_table_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"before\n{table.BEGIN}old\n{END}after\n")
    table.write(path, "new\n")
    assert path.read_text() == f"before\n{table.BEGIN}new\n{END}after\n"


def test_simple_db_has_to_pass_what_the_sql_driver_passes() -> None:
    rows = "driver x\nsimple_db  {} 0\nglance.db.sqlalchemy  204 0\nglance.db.simple  177 1\n"
    printed = "".join(
        f"{title}\n{rows.format(passed)}"
        for title, passed in zip(runs.SUITES, (204, 203), strict=True)
    )
    assert runs.outcomes_of_suites(printed) == {
        runs.SUITES[0]: Outcome(204, 204),
        runs.SUITES[1]: Outcome(203, 204),
    }
    assert not any(each.is_good for each in runs.outcomes_of_suites("").values())


def test_what_cannot_run_in_an_environment_is_not_counted() -> None:
    report = '<testsuites><testsuite tests="9" errors="1" failures="2" skipped="3"/></testsuites>'
    assert runs.outcome_of_tests(report) == Outcome(3, 6)


def test_the_dev_group_is_installed_without_the_releases_that_the_time_has_fixed() -> None:
    named = environments.development(CELLS[0])
    assert "glance_store[cinder,swift]" in named
    assert any(each.startswith("hypothesis>=") for each in named)
