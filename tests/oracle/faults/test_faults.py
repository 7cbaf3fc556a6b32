from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from simple_db import Database
from simple_db.model.errors import ImageNotFound
from simple_db.oracle.comparing.comparison import Divergence, compare, sides
from simple_db.oracle.comparing.outcomes import CallOutcome, Raised, Recording
from simple_db.oracle.faults import FAULTS, Fault, FaultyDatabase
from simple_db.oracle.programs.cast import CAST
from simple_db.oracle.programs.strategies import OPS
from simple_db.oracle.semantics import ROWS
from simple_db.oracle.targets.target import DriverTarget, reference
from tests.support.faults_shown import IMAGE, NAMESPACE, SHOWN, api

if TYPE_CHECKING:
    from simple_db.oracle.programs.calls import Program

EVERY_FAULT = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


# Where the clause of the fault is not at stake.
HARMLESS: dict[str, Program] = {
    "a bad query is fine where nothing is listed": (
        api.image_create("admin", IMAGE),
        api.image_get_all("admin", sort_dir=["up"]),
    ),
    "an atomic property is deleted whatever its value": (
        api.image_create("admin", IMAGE),
        api.image_delete_property_atomic("image-1", "os", "1"),
    ),
    "objects outlive their namespace": (
        api.metadef_namespace_create("admin", NAMESPACE),
        api.metadef_object_create("admin", "ns-1", {"name": "one"}),
        api.metadef_namespace_create("admin", NAMESPACE | {"namespace": "ns-2"}),
    ),
}


def divergence(fault: Fault | None, program: Program) -> Divergence | None:
    return compare(program, sides(reference(), DriverTarget("", FaultyDatabase(fault))))


@EVERY_FAULT
def test_a_fault_shows_on_its_program(fault: Fault) -> None:
    assert divergence(fault, SHOWN[fault.name]) is not None


@EVERY_FAULT
def test_without_the_fault_its_program_shows_nothing(fault: Fault) -> None:
    assert divergence(None, SHOWN[fault.name]) is None


@pytest.mark.parametrize(
    "fault", [one for one in FAULTS if one.name in HARMLESS], ids=lambda fault: fault.name
)
def test_a_fault_does_not_show_where_its_clause_is_not_at_stake(fault: Fault) -> None:
    assert divergence(fault, HARMLESS[fault.name]) is None


@EVERY_FAULT
def test_a_fault_is_wrong_and_never_fails(fault: Fault) -> None:
    recording = Recording(DriverTarget(fault.name, FaultyDatabase(fault)))
    for program in SHOWN.values():
        if {call.function for call in program} & set(fault.functions):
            recording.restart()
            outcomes: list[CallOutcome] = [recording.outcome(call) for call in program]
            assert not [one for one in outcomes if isinstance(one, Raised) and one.leaked]


def test_there_are_faults_in_every_part_of_the_api() -> None:
    assert len(FAULTS) >= 40
    assert {op for fault in FAULTS for op in fault.ops} == set(OPS)


def test_a_clause_is_a_sentence_of_its_own_with_a_row_of_the_semantics() -> None:
    assert [fault.name for fault in FAULTS if not re.fullmatch(r"\S.+\.", fault.clause)] == []
    assert len({fault.clause for fault in FAULTS}) == len(FAULTS)
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert {fault.row for fault in FAULTS} <= ROWS.keys()


@EVERY_FAULT
def test_a_fault_takes_the_arguments_of_the_api(fault: Fault) -> None:
    faulty, right = (DriverTarget("", driver) for driver in (FaultyDatabase(fault), Database()))
    assert [faulty.signature(name) for name in fault.functions] == [
        right.signature(name) for name in fault.functions
    ]


def test_a_reset_forgets_the_rows_and_what_the_fault_remembers() -> None:
    fault = next(fault for fault in FAULTS if fault.name == "an old answer is given again")
    driver, admin = FaultyDatabase(fault), CAST["admin"]
    driver.image_create(admin, IMAGE | {"name": "old"})
    driver.image_get(admin, "image-1")
    driver.reset()
    with pytest.raises(ImageNotFound):
        driver.image_get(admin, "image-1")
    driver.image_create(admin, IMAGE | {"name": "new"})

    assert driver.image_get(admin, "image-1")["name"] == "new"
