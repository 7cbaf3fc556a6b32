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
    "a destroyed image has another status",
    "tags outlive their image",
    "an invisible image is not found",
    "a page begins with its marker",
    "images without owner are listed",
    "a new member has accepted",
    "tasks of others are listed",
    "private namespaces are listed",
    "hits are not counted",
)

NO_FAULT = Fault(
    name="nothing is wrong",
    clause="An image is told as it is.",
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


def test_nearly_every_fault_is_caught(found: list[Trial]) -> None:
    missed = [one.fault.name for one in found if one.divergence is None]

    assert len(missed) <= len(found) / 20


def test_what_catches_a_fault_is_mostly_a_short_program(found: list[Trial]) -> None:
    assert statistics.median(one.length for one in found if one.length is not None) <= 5


def test_what_is_no_fault_is_not_caught() -> None:
    caught, *others = run(2.0, faults=[NO_FAULT])

    assert others == []
    assert (caught.divergence, caught.length) == (None, None)
    assert "no" in written([caught]).split()
    assert total([caught]).startswith("0 of 1 faults found")


def test_progress_is_told_after_every_fault() -> None:
    told: list[Trial] = []
    found = run(0.0, progress=told.append, faults=FAULTS[:3])

    assert told == found
    assert [one.fault for one in told] == list(FAULTS[:3])


def test_the_table_tells_every_fault_and_what_it_is_known_by(found: list[Trial]) -> None:
    text = written(found)

    for one in found:
        assert one.fault.name in text
        assert one.divergence is None or str(one.divergence.fingerprint).split(" | ")[0] in text
    assert total(found) in text
