from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from simple_db.model.errors import NotFound
from simple_db.oracle.comparing.comparison import compare, sides
from simple_db.oracle.findings.shrinking import shorter_programs, shrunk
from simple_db.oracle.targets.target import reference
from tests.support.broken import broken_target
from tests.support.faults_shown import api

if TYPE_CHECKING:
    from simple_db import Database
    from simple_db.oracle.comparing.comparison import Divergence
    from simple_db.oracle.programs.calls import Call

IMAGE = {"id": "image-1", "status": "active"}
AN_IMAGE = api.image_create("admin", IMAGE)
A_TAG = api.image_tag_create("admin", "image-1", "t1")
TAGS = api.image_tag_get_all("admin", "image-1")


def image_tag_get_all(db: Database, context: Any, image_id: str) -> list[str]:
    """Return tags in capitals."""
    return [tag.upper() for tag in db.image_tag_get_all(context, image_id)]


def image_get_all(db: Database, context: Any, filters: Any = None, **options: Any) -> list[Any]:
    """List no image of size 1."""
    images = db.image_get_all(context, filters, **options)
    return [image for image in images if (filters or {}).get("size") != 1]


def image_update(db: Database, context: Any, image_id: str, values: Any, **options: Any) -> Any:
    """Store no other name than "a"."""
    if values.get("name", "a") != "a":
        raise NotFound
    return db.image_update(context, image_id, values, **options)


BOTH = sides(
    reference(),
    broken_target(
        image_tag_get_all=image_tag_get_all, image_get_all=image_get_all, image_update=image_update
    ),
)


def shortest(*program: Call) -> Divergence:
    divergence = compare(program, BOTH)
    assert divergence is not None
    return shrunk(divergence, BOTH)


@pytest.mark.parametrize(
    ("program", "shrunken", "features"),
    [
        (
            (AN_IMAGE, TAGS, A_TAG, A_TAG, TAGS),
            (AN_IMAGE, A_TAG, TAGS),
            ("after image_tag_create",),
        ),
        (
            (
                api.image_create("admin", IMAGE | {"size": 1}),
                api.image_get_all(
                    "admin", filters={"size": 1, "name": None}, limit=3, sort_key=["id"]
                ),
            ),
            (
                api.image_create("admin", IMAGE | {"size": 1}),
                api.image_get_all("admin", filters={"size": 1}),
            ),
            ("filters.size",),
        ),
        (
            (
                api.image_create("alice", IMAGE | {"owner": "alice"}),
                api.image_update("alice", "image-1", {"name": "b"}),
            ),
            (AN_IMAGE, api.image_update("admin", "image-1", {"name": "b"})),
            ("values.name",),
        ),
    ],
    ids=["calls", "arguments and keys", "callers"],
)
def test_whatever_does_not_matter_is_left_out(
    program: tuple[Call, ...], shrunken: tuple[Call, ...], features: tuple[str, ...]
) -> None:
    found = shortest(*program)

    assert found.program == shrunken
    assert found.fingerprint.features == features


def test_a_shrunken_program_diverges_as_before() -> None:
    found = shortest(AN_IMAGE, A_TAG, TAGS)

    assert compare(found.program, BOTH) is not None
    assert found.fingerprint.function == "image_tag_get_all"
    assert found.difference.actual == ["'T1'"]


def test_a_program_is_shorter_by_a_call_that_is_not_the_last() -> None:
    shorter = list(shorter_programs((AN_IMAGE, A_TAG, TAGS)))

    assert (A_TAG, TAGS) in shorter
    assert (AN_IMAGE, TAGS) in shorter
    assert (AN_IMAGE, A_TAG) not in shorter


def test_keys_that_a_call_needs_stay() -> None:
    location = {"url": "file:///a", "metadata": {"a": [1]}, "status": "active"}
    program = (api.image_location_add("admin", "i", location),)

    assert [one.given()["location"]["metadata"] for [one] in shorter_programs(program)] == [
        {},
        {"a": []},
    ]


def test_items_of_lists_are_left_out_at_any_depth() -> None:
    program = (api.image_tag_set_all("admin", "i", ["t1", "t2"]),)

    assert [one.given()["tags"] for [one] in shorter_programs(program)] == [["t2"], ["t1"]]


@pytest.mark.parametrize(
    ("caller", "simpler"), [("alice", ["admin", "stranger"]), ("stranger", ["admin"])]
)
def test_a_caller_becomes_an_administrator_or_else_a_stranger(
    caller: str, simpler: list[str]
) -> None:
    program = (api.image_tag_get_all(caller, "i"),)

    assert [one.context for [one] in shorter_programs(program)] == simpler
