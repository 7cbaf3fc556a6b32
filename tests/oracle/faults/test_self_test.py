from __future__ import annotations

import io
import os
import statistics

import pytest
from rich.console import Console

from simple_db.oracle.faults import FAULTS, Fault
from simple_db.oracle.faults.self_test import Trial, run, table, total

# A minute for each, and most take a second: all of them at night, one of each kind by day.
IS_NIGHT = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
BY_DAY = (
    *("a destroyed image has another status", "tags outlive their image"),
    *("an invisible image is not found", "a page begins with its marker"),
    *("images without owner are listed", "a new member has accepted", "tasks of others are listed"),
    *("private namespaces are listed", "hits are not counted"),
)

NO_FAULT = Fault(
    name="nothing is wrong",
    clause="An image is returned as it is.",
    row="R2",
    functions=("image_get",),
    ops=frozenset({"images"}),
    spoil=lambda call: call.answer(),
)


def written(found: list[Trial]) -> str:
    console = Console(width=250, record=True, file=io.StringIO())
    console.print(table(found))
    return console.export_text()


@pytest.fixture(scope="module")
def found() -> list[Trial]:
    return run(faults=[fault for fault in FAULTS if IS_NIGHT or fault.name in BY_DAY])


def test_nearly_every_fault_is_found_by_mostly_short_programs(found: list[Trial]) -> None:
    missed = [one.fault.name for one in found if one.divergence is None]
    assert len(missed) <= len(found) / 20
    assert statistics.median(one.length for one in found if one.length is not None) <= 5


def test_what_is_no_fault_is_not_found() -> None:
    trial, *others = run(2.0, faults=[NO_FAULT])

    assert others == []
    assert (trial.divergence, trial.length) == (None, None)
    assert "no" in written([trial]).split()
    assert total([trial]).startswith("0 of 1 faults found")


def test_progress_is_reported_after_every_fault() -> None:
    trials: list[Trial] = []
    found = run(0.0, progress=trials.append, faults=FAULTS[:3])

    assert trials == found
    assert [one.fault for one in trials] == list(FAULTS[:3])


def test_the_table_has_every_fault_with_its_fingerprint(found: list[Trial]) -> None:
    text = written(found)
    for one in found:
        assert one.fault.name in text
        assert one.divergence is None or str(one.divergence.fingerprint).split(" | ")[0] in text
    assert total(found) in text
