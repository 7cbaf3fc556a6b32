from __future__ import annotations

import sys
from typing import Any

import pytest

from simple_db import Database
from simple_db.oracle.comparing.comparison import Divergence, sides
from simple_db.oracle.comparing.differences import Difference
from simple_db.oracle.comparing.fingerprints import Fingerprint, parse
from simple_db.oracle.comparing.outcomes import Returned
from simple_db.oracle.findings.search import Findings, search
from simple_db.oracle.programs.calls import call
from simple_db.oracle.targets.target import DriverTarget, reference


class Faulty:
    """Tells a tag and counts a member that there is not."""

    def __init__(self) -> None:
        self.db = Database()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)

    def image_tag_get_all(self, context: Any, image_id: str) -> list[str]:
        return [*self.db.image_tag_get_all(context, image_id), "a ghost"]

    def image_member_count(self, context: Any, image_id: str) -> int:
        return self.db.image_member_count(context, image_id) + 1


def found(
    driver: Any = None,
    *,
    programs: int = 100,
    ops: tuple[str, ...] = ("members", "tags"),
    known: list[Fingerprint] | None = None,
    seed: int = 1,
) -> Findings:
    """Search with so many programs, however long that takes."""
    target = DriverTarget("a driver", driver or Faulty())
    known = known or []
    return search(reference(), target, ops=ops, budget=600, limit=programs, seed=seed, known=known)


def a_divergence(fingerprint: str) -> Divergence:
    nothing = Returned(None)
    program = (call("image_get", "admin", image_id="image-1"),)
    return Divergence(program, parse(fingerprint), Difference("", 1, 2), nothing, nothing)


def told(findings: Findings) -> set[str]:
    return {f"{one.fingerprint.function}: {one.fingerprint.field}" for one in findings.divergences}


def test_every_divergence_is_found_once_and_short() -> None:
    findings = found()

    assert told(findings) == {"image_member_count: ", "image_tag_get_all: [] extra"}
    assert max(len(one.program) for one in findings.divergences) <= 4


def test_nothing_is_found_where_both_agree() -> None:
    assert found(Database()).divergences == []


def test_what_is_known_is_counted_and_not_told() -> None:
    known = Fingerprint("image_member_count", "returns / returns", "")
    findings = found(known=[known])

    assert told(findings) == {"image_tag_get_all: [] extra"}
    assert findings.known[known] > 0


def test_a_function_that_is_missing_is_not_called() -> None:
    class Lacking(Faulty):
        image_tag_get_all = None  # type: ignore[assignment]

    assert told(found(Lacking())) == {"image_member_count: "}


def test_the_same_seed_finds_the_same() -> None:
    assert [one.program for one in found(seed=3).divergences] == [
        one.program for one in found(seed=3).divergences
    ]


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


def test_progress_is_told_after_every_program() -> None:
    told_of = []
    driver = DriverTarget("a driver", Database())
    search(
        reference(), driver, limit=3, progress=lambda findings: told_of.append(findings.programs)
    )

    assert told_of == [1, 2, 3]


def test_a_search_ends_when_enough_is_found() -> None:
    findings = search(reference(), DriverTarget("a driver", Faulty()), limit=1000, enough=1)

    assert findings.divergences
    assert findings.programs < 1000


def test_a_search_ends_when_its_time_is_spent() -> None:
    findings = search(reference(), DriverTarget("a driver", Database()), budget=0)

    assert findings.programs == 0
    assert findings.seconds >= 0


def test_the_general_case_takes_the_place_of_special_ones() -> None:
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
    findings = Findings()
    both = sides(reference(), reference())
    both.on_step = findings.count
    both.steps(
        (
            call("image_create", "admin", values={"id": "image-1", "status": "active"}),
            call("image_get_all", "admin"),
            *[call("image_get_all", "admin", sort_key=["name"])] * 2,
            *[call("image_tag_get_all", "admin", image_id="image-1")] * 4,
        )
    )

    assert findings.chances(parse(fingerprint)) == chances
