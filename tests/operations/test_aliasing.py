from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.support.build import ADMIN, a_full_database, ruin

LOCATION = {"url": 5, "metadata": {"a": [1]}, "status": None}
IMAGE = {"status": "queued", "is_public": True, "owner": "", "min_disk": "1", "tags": ["b", "b"]}
CHILDREN: dict[str, Any] = {"properties": {"os": 5, "new": "arm"}, "locations": [LOCATION]}
OBJECT = {"name": "new", "json_schema": {"a": {"enum": [1]}}}
TASK = {"id": "new", "type": "x", "status": "y", "owner": "alice", "input": {"list": [1]}}
FILTERS = {"visibility": "public", "properties": {"os": "linux"}, "tags": ["a"]}

# Arguments that are converted where they are stored, and what is read.
CALLS: list[tuple[Any, ...]] = [
    ("image_create", IMAGE | CHILDREN),
    ("image_update", "a", {"is_public": True, "owner": "", "min_disk": "1"} | CHILDREN),
    ("image_update", "a", {"properties": {"os": 5}}, True, None, False, ["note"]),
    ("image_get", "a"),
    ("image_get_all",),
    ("image_get_all", FILTERS, None, None, ["name", "size"], ["asc"]),
    ("image_location_add", "a", LOCATION),
    ("image_property_create", {"image_id": "a", "name": "new", "value": 5, "deleted": True}),
    ("image_member_create", {"image_id": "a", "member": 5, "status": None, "deleted": True}),
    ("image_member_update", 1, {"deleted": True}),
    ("image_member_find",),
    ("image_tag_set_all", "a", ["a", "a"]),
    ("image_tag_get_all", "a"),
    ("task_create", TASK),
    ("task_update", "t", {"result": {"list": [1]}}),
    ("task_get", "t"),
    ("metadef_object_create", "n", OBJECT),
    ("metadef_object_update", "n", 1, {"json_schema": {"a": [1]}}),
    ("metadef_object_get", "n", "o"),
]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call[0])
def test_a_call_leaves_its_arguments_and_shares_nothing_with_the_store(call: Any) -> None:
    db = a_full_database()
    db.task_update(ADMIN, "t", {"input": {"list": [1]}})
    db.metadef_object_update(ADMIN, "n", 1, {"json_schema": {"list": [1]}})
    function, *given = copy.deepcopy(call)
    answer = getattr(db, function)(ADMIN, *given)
    after = db.snapshot()

    assert (function, *given) == call
    ruin([answer, given])
    assert db.snapshot() == after
