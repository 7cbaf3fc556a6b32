"""The comparison with the SQL driver can fail: each seeded fault is found on a short program."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import attrs
import pytest

pytest.importorskip("glance", reason="the SQL driver is Glance's")

from simple_db.oracle.faults import FAULTS, FaultyDatabase
from simple_db.oracle.faults.breaking import breaks
from simple_db.oracle.programs.calls import location_id, member_id, namespace_id
from simple_db.oracle.programs.children import membership
from tests.support.faults_shown import IMAGE, LOCATION, NAMESPACE, SHOWN, TASK, api
from tests.support.pair import Pair, a_database_in
from tests.support.reference import SqlDriver
from tests.support.world import World

if TYPE_CHECKING:
    from simple_db.oracle.faults import Fault
    from simple_db.oracle.faults.breaking import Asked
    from simple_db.oracle.programs.calls import Program

pytestmark = pytest.mark.glance


@functools.cache
def sql_driver() -> SqlDriver:
    return SqlDriver(World())


def holds(program: Program, fault: Fault | None) -> None:
    """Run the program on the SQL driver and on simple_db with a fault, and compare them."""
    pair = Pair(sql_driver(), lambda world: FaultyDatabase(fault, a_database_in(world)))
    for one in program:
        pair.hold(one)


# D42: a call that the driver cannot make.
TO_BE_FOUND = [fault for fault in FAULTS if fault.name != "an image is cached anew"]


@pytest.mark.parametrize("fault", TO_BE_FOUND, ids=lambda fault: fault.name)
def test_a_fault_of_the_oracles_is_found(fault: Fault) -> None:
    with pytest.raises(AssertionError):
        holds(SHOWN[fault.name], fault)


@pytest.mark.parametrize("name", SHOWN)
def test_without_a_fault_both_sides_agree(name: str) -> None:
    holds(SHOWN[name], None)


def stored(function: str, table: str, **columns: str | None) -> Fault:
    """Make a fault of what a call stores: columns with the value of another one, or without."""

    @breaks(function)
    def fault(call: Asked) -> Any:
        """What is stored is right."""
        with call.rows(table) as rows:
            before = dict(rows.rows)
        answer = call.answer()
        with call.rows(table) as rows:
            for key, row in list(rows.rows.items()):
                if row != before.get(key):
                    wrong = {name: getattr(row, by) if by else None for name, by in columns.items()}
                    rows.put(attrs.evolve(row, **wrong))
        return answer

    return fault


def kept(function: str, table: str) -> Fault:
    """Make a fault of a call that leaves behind the rows of a table."""

    @breaks(function)
    def fault(call: Asked) -> Any:
        """What is removed is gone."""
        return call.answer_keeping(table)

    return fault


LOCATED = api.image_create("admin", IMAGE | {"locations": [LOCATION], "properties": {"os": "1"}})
TAGGED = (LOCATED, api.image_tag_create("admin", "image-1", "t1"))
JOINED = (LOCATED, membership("image-1", "pending", {}))
A_TASK = api.task_create("admin", TASK)
A_NAMESPACE = api.metadef_namespace_create("admin", NAMESPACE)
CACHED = (
    api.node_reference_create("admin", "http://here"),
    api.insert_cache_details("admin", "http://here", "image-1", 2),
)
TIMELESS = {"updated_at": "created_at"}
STORED: dict[str, tuple[Fault, Program]] = {
    "an image updated, without the time": (
        stored("image_update", "images", **TIMELESS),
        (LOCATED, api.image_update("admin", "image-1", {"name": "a"})),
    ),
    "an image destroyed, its locations without deleted_at": (
        stored("image_destroy", "locations", deleted_at=None),
        (LOCATED, api.image_destroy("admin", "image-1")),
    ),
    "a location deleted, without deleted_at": (
        stored("image_location_delete", "locations", deleted_at=None),
        (
            LOCATED,
            api.image_location_delete("admin", "image-1", location_id("image-1", 0), "deleted"),
        ),
    ),
    "a property deleted, without the time of an update": (
        stored("image_property_delete", "properties", **TIMELESS),
        (LOCATED, api.image_property_delete("admin", "os", "image-1")),
    ),
    "a tag deleted, without deleted_at": (
        stored("image_tag_delete", "tags", deleted_at=None),
        (*TAGGED, api.image_tag_delete("admin", "image-1", "t1")),
    ),
    "all tags set, the old one without the time of an update": (
        stored("image_tag_set_all", "tags", **TIMELESS),
        (*TAGGED, api.image_tag_set_all("admin", "image-1", [])),
    ),
    "a member deleted, without deleted_at": (
        stored("image_member_delete", "members", deleted_at=None),
        (*JOINED, api.image_member_delete("admin", member_id("image-1", "pending"))),
    ),
    "a purge that leaves a tag behind": (
        kept("purge_deleted_rows", "tags"),
        (
            *TAGGED,
            api.image_tag_delete("admin", "image-1", "t1"),
            api.purge_deleted_rows("admin", 0, -1),
        ),
    ),
    "a task deleted, without deleted_at": (
        stored("task_delete", "tasks", deleted_at=None),
        (A_TASK, api.task_delete("admin", "task-1")),
    ),
    "a task deleted, without what it was told": (
        stored("task_delete", "task_info", input=None),
        (A_TASK, api.task_delete("admin", "task-1")),
    ),
    "an image that was read from the cache, without the time": (
        stored("update_hit_count", "cached_images", last_accessed="last_modified"),
        (*CACHED, api.update_hit_count("admin", "image-1", "http://here")),
    ),
    "a cache that is emptied and has rows": (
        kept("delete_all_cached_images", "cached_images"),
        (*CACHED, api.delete_all_cached_images("admin", "http://here")),
    ),
    "a namespace updated, without the time": (
        stored("metadef_namespace_update", "namespaces", **TIMELESS),
        (
            A_NAMESPACE,
            api.metadef_namespace_update("admin", namespace_id("ns-1"), {"description": "a"}),
        ),
    ),
}


@pytest.mark.parametrize("name", STORED)
def test_a_fault_in_stored_rows_is_found(name: str) -> None:
    fault, program = STORED[name]
    holds(program, None)
    with pytest.raises(AssertionError):
        holds(program, fault)
