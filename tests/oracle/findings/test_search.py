from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from simple_db.oracle.comparing.comparison import Divergence, sides
from simple_db.oracle.comparing.differences import Difference
from simple_db.oracle.comparing.fingerprints import Fingerprint, parse
from simple_db.oracle.comparing.outcomes import Returned
from simple_db.oracle.findings.search import Findings, search
from simple_db.oracle.targets.target import DriverTarget, reference
from tests.support.broken import broken_target
from tests.support.faults_shown import IMAGE, api

if TYPE_CHECKING:
    from simple_db import Database

TAGS, COUNT = "image_tag_get_all: [] extra", "image_member_count: "


def image_tag_get_all(db: Database, context: Any, image_id: str) -> list[str]:
    """Return a tag too many."""
    return [*db.image_tag_get_all(context, image_id), "a ghost"]


def image_member_count(db: Database, context: Any, image_id: str) -> int:
    """Count a member too many."""
    return db.image_member_count(context, image_id) + 1


def faulty(**functions: Any) -> DriverTarget:
    both: dict[str, Any] = {
        "image_tag_get_all": image_tag_get_all,
        "image_member_count": image_member_count,
    }
    return broken_target(**both | functions)


def found(
    target: DriverTarget | None = None,
    *,
    programs: int = 100,
    ops: tuple[str, ...] = ("members", "tags"),
    **options: Any,
) -> Findings:
    """Search with so many programs, however long that takes."""
    target = target or faulty()
    options = {"budget": 600, "limit": programs, "seed": 1} | options
    return search(reference(), target, ops=ops, **options)


def fields(findings: Findings) -> set[str]:
    return {f"{one.fingerprint.function}: {one.fingerprint.field}" for one in findings.divergences}


def a_divergence(fingerprint: str) -> Divergence:
    nothing = Returned(None)
    program = (api.image_get("admin", "image-1"),)
    return Divergence(program, parse(fingerprint), Difference("", 1, 2), nothing, nothing)


def test_every_divergence_is_found_once_and_short() -> None:
    findings = found()
    assert fields(findings) == {COUNT, TAGS}
    assert max(len(one.program) for one in findings.divergences) <= 4


def test_nothing_is_found_where_both_agree() -> None:
    assert found(reference()).divergences == []


def test_a_known_divergence_is_counted_and_not_found() -> None:
    known = Fingerprint("image_member_count", "returns / returns", "")
    findings = found(known=[known])

    assert fields(findings) == {TAGS}
    assert findings.known[known] > 0


def test_a_function_that_is_missing_is_not_called() -> None:
    target = faulty()
    target.driver.image_tag_get_all = None
    assert fields(found(target)) == {COUNT}


def test_the_same_seed_finds_the_same() -> None:
    first, second = (found(seed=3).divergences for _ in range(2))
    assert [one.program for one in first] == [one.program for one in second]


def test_calls_are_counted_by_function_caller_and_outcome() -> None:
    findings = found()
    cells = {(cell.function, cell.context, cell.outcome) for cell in findings.coverage}

    assert ("image_create", "admin", "returns") in cells
    assert ("image_tag_create", "admin", "raises ImageNotFound") in cells
    assert sum(findings.coverage.values()) == findings.calls > findings.programs
    assert findings.statuses["active"] > 0


def test_only_the_parts_of_the_api_that_are_asked_for_are_called() -> None:
    findings = found(ops=("tasks",), programs=20)
    assert {cell.function.split("_")[0] for cell in findings.coverage} <= {"task", "tasks"}


def test_progress_is_reported_after_every_program() -> None:
    numbers: list[int] = []
    found(programs=3, progress=lambda findings: numbers.append(findings.programs))
    assert numbers == [1, 2, 3]


def test_a_search_ends_when_enough_is_found_or_its_time_is_spent() -> None:
    enough, late = found(programs=1000, enough=1), found(budget=0)

    assert enough.divergences
    assert enough.programs < 1000
    assert late.programs == 0


def test_a_general_divergence_replaces_those_that_it_explains() -> None:
    findings = Findings()
    special, general, other = (
        a_divergence(f"image_get | returns / returns | {rest}")
        for rest in ("size | v1_mode", "size | ", "name | ")
    )
    for divergence in (special, other, general):
        findings.note(divergence)

    assert findings.divergences == [other, general]


@pytest.mark.parametrize(
    ("fingerprint", "chances"),
    [
        ("image_tag_get_all | returns / returns | [] extra | ", 4),
        ("image_get_all | returns / returns | [] order | sort_key", 2),
        ("image_get_all | returns / returns | [] order | after image_create, sort_key", 1),
        ("image_get_all | returns / returns | [] order | after image_restore, sort_key", 0),
        ("image_get_all | returns / returns | [] order | sort_dir", 0),
        ("any image | returns / returns | tags[].id only in reference | ", 4),
        ("task_get | returns / returns |  | ", 0),
        ("task_get | signature | is missing | ", sys.maxsize),
    ],
)
def test_a_divergence_has_as_many_chances_as_calls_that_could_have_shown_it(
    fingerprint: str, chances: int
) -> None:
    findings, both = Findings(), sides(reference(), reference())
    both.on_step = findings.count
    both.steps(
        (
            api.image_create("admin", IMAGE),
            api.image_get_all("admin"),
            *[api.image_get_all("admin", sort_key=["name"])] * 2,
            *[api.image_tag_get_all("admin", "image-1")] * 4,
        )
    )

    assert findings.chances(parse(fingerprint)) == chances
