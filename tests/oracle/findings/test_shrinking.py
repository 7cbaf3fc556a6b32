from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from simple_db import Database
from simple_db.model.errors import NotFound
from simple_db.oracle.comparing.comparison import compare, sides
from simple_db.oracle.findings.shrinking import shorter_programs, shrunk
from simple_db.oracle.programs.calls import call
from simple_db.oracle.targets.target import DriverTarget, reference

if TYPE_CHECKING:
    from simple_db.oracle.comparing.comparison import Divergence, Sides
    from simple_db.oracle.programs.calls import Call, Program

AN_IMAGE = call("image_create", "admin", values={"id": "image-1", "status": "active"})
A_TAG = call("image_tag_create", "admin", image_id="image-1", value="t1")
TAGS = call("image_tag_get_all", "admin", image_id="image-1")


class Faulty:
    """Tells tags in capitals, lists no image of size 1, and stores no other name than "a"."""

    def __init__(self) -> None:
        self.db = Database()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.db, name)

    def image_tag_get_all(self, context: Any, image_id: str) -> list[str]:
        return [tag.upper() for tag in self.db.image_tag_get_all(context, image_id)]

    def image_get_all(self, context: Any, filters: Any = None, **options: Any) -> list[Any]:
        images = self.db.image_get_all(context, filters, **options)
        return [image for image in images if (filters or {}).get("size") != 1]

    def image_update(self, context: Any, image_id: str, values: Any, **options: Any) -> Any:
        if values.get("name", "a") != "a":
            raise NotFound
        return self.db.image_update(context, image_id, values, **options)


def shortest(*program: Call) -> tuple[Divergence, Sides]:
    both = sides(reference(), DriverTarget("a faulty driver", Faulty()))
    divergence = compare(program, both)
    assert divergence is not None
    return shrunk(divergence, both), both


def written(program: Program) -> list[str]:
    return [str(one) for one in program]


def test_calls_that_matter_not_are_left_out() -> None:
    found, _ = shortest(AN_IMAGE, TAGS, A_TAG, A_TAG, TAGS)

    assert found.program == (AN_IMAGE, A_TAG, TAGS)


def test_arguments_and_keys_that_matter_not_are_left_out() -> None:
    image = call("image_create", "admin", values={"id": "i", "status": "active", "size": 1})
    listing = call(
        "image_get_all", "admin", filters={"size": 1, "name": None}, limit=3, sort_key=["id"]
    )
    found, _ = shortest(image, listing)

    assert written(found.program) == [
        "image_create(admin, {'id': 'i', 'status': 'active', 'size': 1})",
        "image_get_all(admin, filters={'size': 1})",
    ]
    assert found.fingerprint.features == ("filters.size",)


def test_whoever_calls_becomes_an_administrator_if_that_is_the_same() -> None:
    update = call("image_update", "alice", image_id="image-1", values={"name": "b"})
    owned = call(
        "image_create", "alice", values={**dict(AN_IMAGE.given()["values"]), "owner": "alice"}
    )
    found, _ = shortest(owned, update)

    assert written(found.program) == [
        "image_create(admin, {'id': 'image-1', 'status': 'active'})",
        "image_update(admin, 'image-1', {'name': 'b'})",
    ]


def test_what_is_shortened_diverges_as_before() -> None:
    found, both = shortest(AN_IMAGE, A_TAG, TAGS)

    assert compare(found.program, both) is not None
    assert found.fingerprint.function == "image_tag_get_all"
    assert found.difference.actual == ["'T1'"]


@pytest.mark.parametrize("place", [0, 1])
def test_a_program_is_shorter_by_a_call_that_is_not_the_last(place: int) -> None:
    program = (AN_IMAGE, A_TAG, TAGS)

    assert program[:place] + program[place + 1 :] in list(shorter_programs(program))
    assert program[:2] not in list(shorter_programs(program))


def test_keys_without_which_a_call_means_nothing_stay() -> None:
    location = {"url": "file:///a", "metadata": {"a": [1]}, "status": "active"}
    program = (call("image_location_add", "admin", image_id="i", location=location),)

    assert [one.given()["location"]["metadata"] for [one] in shorter_programs(program)] == [
        {},
        {"a": []},
    ]


def test_items_of_lists_are_left_out_at_any_depth() -> None:
    program = (call("image_tag_set_all", "admin", image_id="i", tags=["t1", "t2"]),)

    assert [one.given()["tags"] for [one] in shorter_programs(program)] == [["t2"], ["t1"]]


def test_another_caller_is_an_administrator_or_else_a_stranger() -> None:
    program = (call("image_tag_get_all", "alice", image_id="i"),)

    assert [one.context for [one] in shorter_programs(program)] == ["admin", "stranger"]


def test_a_stranger_becomes_an_administrator_or_stays() -> None:
    program = (call("image_tag_get_all", "stranger", image_id="i"),)

    assert [one.context for [one] in shorter_programs(program)] == ["admin"]
