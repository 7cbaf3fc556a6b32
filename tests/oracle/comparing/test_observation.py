from __future__ import annotations

import pytest

from simple_db import Database
from simple_db.oracle.comparing.comparison import changes
from simple_db.oracle.comparing.observation import observation, visits
from simple_db.oracle.comparing.outcomes import Recording, Returned
from simple_db.oracle.programs.calls import Program, call
from simple_db.oracle.targets.target import reference

IMAGE = {"id": "image-1", "status": "active", "owner": "alice", "visibility": "private"}
TASK = {"id": "task-1", "type": "import", "status": "pending", "owner": "alice", "input": {}}
NAMESPACE = {"namespace": "ns-1", "owner": "alice", "visibility": "private"}

PROGRAMS: dict[str, tuple[Program, set[str]]] = {
    "an image": (
        (
            call("image_create", "admin", values=IMAGE),
            call(
                "image_member_create", "admin", values={"image_id": "image-1", "member": "pending"}
            ),
            call("image_destroy", "admin", image_id="image-1"),
        ),
        {"image_get_all", "image_member_find"},
    ),
    "a task": (
        (
            call("task_create", "admin", values=TASK),
            call("task_delete", "admin", task_id="task-1"),
        ),
        {"task_get"},
    ),
    "definitions": (
        (
            call("metadef_namespace_create", "admin", values=NAMESPACE),
            call("metadef_tag_create", "admin", namespace_name="ns-1", tag_dict={"name": "t"}),
        ),
        {"metadef_namespace_get_all", "metadef_tag_get_all"},
    ),
    "a cache": (
        (
            call("node_reference_create", "admin", node_reference_url="http://here"),
            call(
                "insert_cache_details",
                "admin",
                node_reference_url="http://here",
                image_id="image-1",
                filesize=1,
            ),
        ),
        {"node_reference_get_by_url", "get_cached_images"},
    ),
}

EVERY_PROGRAM = pytest.mark.parametrize(("program", "shown"), PROGRAMS.values(), ids=PROGRAMS)


@EVERY_PROGRAM
def test_an_administrator_is_shown_every_row(program: Program, shown: set[str]) -> None:
    recording = Recording(reference())
    recording.restart()
    for one in program:
        recording.outcome(one)
    outcomes = {look.function: recording.outcome(look) for look in reversed(observation(program))}
    rows = {
        function
        for function, outcome in outcomes.items()
        if isinstance(outcome, Returned) and outcome.value
    }

    assert rows == shown


@EVERY_PROGRAM
def test_looking_changes_nothing(program: Program, shown: set[str]) -> None:
    db = Database()
    target = reference(db)
    for one in program:
        target.call(one)
    before = db.snapshot()
    for look in (*observation(program), *visits(program, ["admin_of_alice"])):
        Recording(target, [target.now()]).outcome(look)

    assert db.snapshot() == before
    assert not any(changes(look.function) for look in observation(program))


def test_only_what_a_program_is_about_is_looked_at() -> None:
    of_image, _ = PROGRAMS["an image"]
    of_task, _ = PROGRAMS["a task"]

    assert not [one for one in observation(of_image) if one in observation(of_task)]
    assert observation(of_task + of_image) == observation(of_image) + observation(of_task)


def test_everybody_who_visits_looks_with_their_own_eyes() -> None:
    program, _ = PROGRAMS["an image"]

    assert {look.context for look in visits(program, ["alice", "nobody"])} == {"alice", "nobody"}
    assert visits(program, []) == ()


def test_nobody_visits_the_cache() -> None:
    program, _ = PROGRAMS["a cache"]

    assert visits(program, ["alice"]) == ()
