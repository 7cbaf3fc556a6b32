"""A call of every function that writes, and a database in which each changes something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.build import ADMIN, ALICE, BOB, a_full_database, a_member, a_namespace, an_image
from tests.support.world import BEGINNING

if TYPE_CHECKING:
    from collections.abc import Callable

    from simple_db import Database

LOCATION = {"url": "file:///b", "metadata": {"a": [1]}, "status": "active"}
WITHIN = {"properties": {"os": "bsd", "arch": "arm"}, "locations": [LOCATION]}
DAYS = -1  # what was deleted until tomorrow


def _rollback(db: Database) -> None:
    with db.checkpoint() as point:
        db.image_destroy(ADMIN, "a")
        point.rollback()


CALLS: dict[str, Callable[[Database], object]] = {
    "image_create": lambda db: db.image_create(
        ADMIN, {"id": "c", "status": "queued", "tags": ["x", "y"]} | WITHIN
    ),
    "image_update": lambda db: db.image_update(
        ADMIN, "a", {"name": "new", "owner": "bob"} | WITHIN, purge_props=True
    ),
    "image_destroy": lambda db: db.image_destroy(ADMIN, "a"),
    "image_restore": lambda db: db.image_restore(ADMIN, "waits"),
    "image_location_add": lambda db: db.image_location_add(ADMIN, "a", LOCATION),
    "image_location_update": lambda db: db.image_location_update(ADMIN, "a", LOCATION | {"id": 2}),
    "image_location_delete": lambda db: db.image_location_delete(ADMIN, "a", 2, "deleted"),
    "image_property_create": lambda db: db.image_property_create(
        ADMIN, {"image_id": "a", "name": "arch", "value": "arm"}
    ),
    "image_property_delete": lambda db: db.image_property_delete(ADMIN, "os", "a"),
    "image_set_property_atomic": lambda db: db.image_set_property_atomic("a", "lock", "mine"),
    "image_delete_property_atomic": lambda db: db.image_delete_property_atomic("a", "os", "linux"),
    "image_member_create": lambda db: a_member(db, "a", "carol"),
    "image_member_update": lambda db: db.image_member_update(ADMIN, 2, {"status": "rejected"}),
    "image_member_delete": lambda db: db.image_member_delete(ADMIN, 2),
    "image_tag_set_all": lambda db: db.image_tag_set_all(ADMIN, "a", ["x", "y"]),
    "image_tag_create": lambda db: db.image_tag_create(ADMIN, "a", "x"),
    "image_tag_delete": lambda db: db.image_tag_delete(ADMIN, "a", 'a "quoted"\ntag'),
    "task_create": lambda db: db.task_create(
        ADMIN, {"id": "u", "type": "import", "status": "pending", "owner": "alice", "input": {}}
    ),
    "task_update": lambda db: db.task_update(ADMIN, "t", {"status": "success", "result": {"a": 1}}),
    "task_delete": lambda db: db.task_delete(ADMIN, "t"),
    "task_get_all": lambda db: db.task_get_all(ALICE),
    "tasks_get_by_image": lambda db: db.tasks_get_by_image(ALICE, "a"),
    "metadef_namespace_create": lambda db: a_namespace(db, "m"),
    "metadef_namespace_update": lambda db: db.metadef_namespace_update(
        ADMIN, 1, {"namespace": "m", "description": "new"}
    ),
    "metadef_namespace_delete": lambda db: db.metadef_namespace_delete(ADMIN, "empty"),
    "metadef_object_create": lambda db: db.metadef_object_create(ADMIN, "n", {"name": "new"}),
    "metadef_object_update": lambda db: db.metadef_object_update(ADMIN, "n", 1, {"name": "new"}),
    "metadef_object_delete": lambda db: db.metadef_object_delete(ADMIN, "n", "o"),
    "metadef_object_delete_namespace_content": lambda db: (
        db.metadef_object_delete_namespace_content(ADMIN, "n")
    ),
    "metadef_property_create": lambda db: db.metadef_property_create(
        ADMIN, "n", {"name": "new", "json_schema": {}}
    ),
    "metadef_property_update": lambda db: db.metadef_property_update(
        ADMIN, "n", 1, {"name": "new"}
    ),
    "metadef_property_delete": lambda db: db.metadef_property_delete(ADMIN, "n", "p"),
    "metadef_property_delete_namespace_content": lambda db: (
        db.metadef_property_delete_namespace_content(ADMIN, "n")
    ),
    "metadef_tag_create": lambda db: db.metadef_tag_create(ADMIN, "n", {"name": "new"}),
    "metadef_tag_create_tags": lambda db: db.metadef_tag_create_tags(
        ADMIN, "n", [{"name": "x"}, {"name": "y"}]
    ),
    "metadef_tag_update": lambda db: db.metadef_tag_update(ADMIN, "n", 1, {"name": "new"}),
    "metadef_tag_delete": lambda db: db.metadef_tag_delete(ADMIN, "n", "t"),
    "metadef_tag_delete_namespace_content": lambda db: db.metadef_tag_delete_namespace_content(
        ADMIN, "n"
    ),
    "metadef_resource_type_create": lambda db: db.metadef_resource_type_create(
        ADMIN, {"name": "new", "protected": False}
    ),
    "metadef_resource_type_delete": lambda db: db.metadef_resource_type_delete(ADMIN, "alone"),
    "metadef_resource_type_association_create": lambda db: (
        db.metadef_resource_type_association_create(
            ADMIN, "n", {"name": "new", "prefix": "", "properties_target": None}
        )
    ),
    "metadef_resource_type_association_delete": lambda db: (
        db.metadef_resource_type_association_delete(ADMIN, "n", "r")
    ),
    "node_reference_create": lambda db: db.node_reference_create(ADMIN, "http://there"),
    "insert_cache_details": lambda db: db.insert_cache_details(ADMIN, "http://here", "c", 10),
    "update_hit_count": lambda db: db.update_hit_count(ADMIN, "a", "http://here"),
    "delete_cached_image": lambda db: db.delete_cached_image(ADMIN, "a", "http://here"),
    "delete_all_cached_images": lambda db: db.delete_all_cached_images(ADMIN, "http://here"),
    "purge_deleted_rows": lambda db: db.purge_deleted_rows(ADMIN, DAYS, -1),
    "purge_deleted_rows_from_images": lambda db: db.purge_deleted_rows_from_images(ADMIN, DAYS, 1),
    "reset": lambda db: db.reset(),
    "restore": lambda db: db.restore(OTHER),
    "rollback": _rollback,
}
"""A call of every function that writes, each of which changes something."""

REFUSED: dict[str, Callable[[Database], object]] = {
    "image_create that its creator may not see": lambda db: db.image_create(
        BOB,
        {"id": "c", "status": "queued", "owner": "alice", "properties": {"a": "1"}, "tags": ["x"]},
    ),
    "image_update that names a location of none": lambda db: db.image_update(
        ADMIN,
        "a",
        {"name": "new", "properties": {"arch": "arm"}, "locations": [LOCATION | {"id": 9}]},
        purge_props=True,
    ),
    "task_create that its creator may not see": lambda db: db.task_create(
        BOB, {"id": "u", "type": "import", "status": "pending", "owner": "alice", "input": {}}
    ),
}
"""Calls that write something before they raise, so that they are rolled back."""


def a_seeded_database() -> Database:
    """Make a database in which each call of `CALLS` changes something."""
    db = a_full_database()
    an_image(db, "waits", status="pending_delete")
    an_image(db, "a-purged")
    db.image_destroy(ADMIN, "a-purged")
    db.metadef_namespace_create(ADMIN, {"namespace": "empty", "owner": "alice"})
    db.metadef_resource_type_create(ADMIN, {"name": "alone", "protected": False})
    expired = {"type": "import", "status": "pending", "owner": "alice", "image_id": "a"}
    db.task_create(ADMIN, expired | {"id": "expired", "expires_at": BEGINNING})
    return db


OTHER: bytes = a_full_database().snapshot()
SEED = a_seeded_database()
