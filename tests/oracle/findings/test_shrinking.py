from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from simple_db.model.errors import NotFound
from simple_db.oracle.comparing.comparison import compare, sides
from simple_db.oracle.findings.shrinking import shorter_programs, shrunk
from simple_db.oracle.targets.target import reference
from tests.support.broken import broken_target
from tests.support.faults_shown import api

if TYPE_CHECKING:
    from simple_db import Database
    from simple_db.oracle.comparing.comparison import Divergence
    from simple_db.oracle.programs.calls import Call, Program

IMAGE = {"id": "image-1", "status": "active"}
AN_IMAGE = api.image_create("admin", IMAGE)
A_TAG = api.image_tag_create("admin", "image-1", "t1")
TAGS = api.image_tag_get_all("admin", "image-1")
SMALL = api.image_create("admin", IMAGE | {"size": 1})
FILTERED = api.image_get_all("admin", filters={"size": 1})
ORDERED = api.image_get_all("admin", filters={"size": 1, "name": None}, limit=3, sort_key=["id"])
OWNED = api.image_create("alice", IMAGE | {"owner": "alice"})
RENAMED = api.image_update("alice", "image-1", {"name": "b"})


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
    ("program", "shrunken", "feature"),
    [
        ((AN_IMAGE, TAGS, A_TAG, A_TAG, TAGS), (AN_IMAGE, A_TAG, TAGS), "after image_tag_create"),
        ((SMALL, ORDERED), (SMALL, FILTERED), "filters.size"),
        ((OWNED, RENAMED), (AN_IMAGE, evolve(RENAMED, context="admin")), "values.name"),
    ],
    ids=["calls", "arguments and keys", "callers"],
)
def test_whatever_does_not_matter_is_left_out(
    program: Program, shrunken: Program, feature: str
) -> None:
    found = shortest(*program)
    assert found.program == shrunken
    assert found.fingerprint.features == (feature,)


def test_a_shrunken_program_diverges_as_before() -> None:
    found = shortest(AN_IMAGE, A_TAG, TAGS)

    assert compare(found.program, BOTH) is not None
    assert found.fingerprint.function == "image_tag_get_all"
    assert (found.difference.expected, found.difference.actual) == (["'t1'"], ["'T1'"])


def test_a_program_is_shorter_by_a_call_that_is_not_the_last() -> None:
    shorter = list(shorter_programs((AN_IMAGE, A_TAG, TAGS)))

    assert (A_TAG, TAGS) in shorter
    assert (AN_IMAGE, TAGS) in shorter
    assert (AN_IMAGE, A_TAG) not in shorter


def located(metadata: dict[str, Any]) -> Call:
    location = {"url": "file:///a", "metadata": metadata, "status": "active"}
    return api.image_location_add("admin", "i", location)


def tagged(*tags: Any) -> Call:
    return api.image_tag_set_all("admin", "i", list(tags))


@pytest.mark.parametrize(
    ("call", "simpler"),
    [
        # keys that the call needs stay
        (located({"a": [1]}), [located({}), located({"a": []})]),
        (tagged("t1", "t2"), [tagged("t2"), tagged("t1")]),
        # at any depth
        (tagged(["t"]), [tagged(), tagged([])]),
        (evolve(TAGS, context="alice"), [TAGS, evolve(TAGS, context="stranger")]),
        (evolve(TAGS, context="stranger"), [TAGS]),
    ],
)
def test_a_call_becomes_simpler_in_one_thing(call: Call, simpler: list[Call]) -> None:
    assert [one for [one] in shorter_programs((call,))] == simpler
