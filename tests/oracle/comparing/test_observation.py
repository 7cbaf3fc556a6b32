from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from simple_db import Database
from simple_db.oracle.comparing.comparison import changes
from simple_db.oracle.comparing.observation import observation, visits
from simple_db.oracle.comparing.outcomes import Recording, Returned
from simple_db.oracle.targets.target import reference
from tests.support.faults_shown import IMAGE, NAMESPACE, TASK, api

if TYPE_CHECKING:
    from simple_db.oracle.programs.calls import Program

HERE = "http://here"
OF_AN_IMAGE: Program = (
    api.image_create("admin", IMAGE),
    api.image_member_create("admin", {"image_id": "image-1", "member": "pending"}),
    api.image_destroy("admin", "image-1"),
)
OF_A_TASK: Program = (api.task_create("admin", TASK), api.task_delete("admin", "task-1"))
OF_DEFINITIONS: Program = (
    api.metadef_namespace_create("admin", NAMESPACE),
    api.metadef_tag_create("admin", "ns-1", {"name": "t"}),
)
OF_A_CACHE: Program = (
    api.node_reference_create("admin", HERE),
    api.insert_cache_details("admin", HERE, "image-1", 1),
)

EVERY_PROGRAM = pytest.mark.parametrize(
    ("program", "shown"),
    [
        (OF_AN_IMAGE, {"image_get_all", "image_member_find"}),
        (OF_A_TASK, {"task_get"}),
        (OF_DEFINITIONS, {"metadef_namespace_get_all", "metadef_tag_get_all"}),
        (OF_A_CACHE, {"node_reference_get_by_url", "get_cached_images"}),
    ],
    ids=["an image", "a task", "definitions", "a cache"],
)


@EVERY_PROGRAM
def test_an_administrator_is_shown_every_row(program: Program, shown: set[str]) -> None:
    recording = Recording(reference())
    recording.restart()
    for one in program:
        recording.outcome(one)
    outcomes = {look.function: recording.outcome(look) for look in reversed(observation(program))}

    assert shown == {
        function
        for function, outcome in outcomes.items()
        if isinstance(outcome, Returned) and outcome.value
    }


@EVERY_PROGRAM
def test_reading_the_state_changes_nothing(program: Program, shown: set[str]) -> None:
    db = Database()
    target = reference(db)
    for one in program:
        target.call(one)
    before = db.snapshot()
    for look in (*observation(program), *visits(program, ["admin_of_alice"])):
        Recording(target, [target.now()]).outcome(look)

    assert db.snapshot() == before
    assert not any(changes(look.function) for look in observation(program))


def test_only_what_a_program_is_about_is_read() -> None:
    of_image, of_task = observation(OF_AN_IMAGE), observation(OF_A_TASK)
    assert not [one for one in of_image if one in of_task]
    assert observation(OF_A_TASK + OF_AN_IMAGE) == of_image + of_task


def test_every_visitor_reads_for_itself_and_nobody_the_cache() -> None:
    callers = {look.context for look in visits(OF_AN_IMAGE, ["alice", "nobody"])}
    assert callers == {"alice", "nobody"}
    assert visits(OF_AN_IMAGE, []) == visits(OF_A_CACHE, ["alice"]) == ()
