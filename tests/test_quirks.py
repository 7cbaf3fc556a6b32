"""Behaviour that may surprise, kept because Glance's SQL driver has it: each test runs on both.

The names of the tests are those of the rows in docs/semantics.md. Any other driver can be
checked against them: ``python -m pytest tests/test_quirks.py --driver glance.db.simple.api``.
"""

from __future__ import annotations

import functools
import importlib
import math
from typing import TYPE_CHECKING, Any

import pytest
import time_machine
from attrs import frozen

from simple_db import Database, RequestContext
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.reference import SqlDriver

ADMIN = RequestContext(is_admin=True)
ALICE = RequestContext(owner="alice")
BOB = RequestContext(owner="bob")
NOBODY = RequestContext()

SIMPLE_DB = "simple_db"
SQL_DRIVER = "sql driver"

A_DAY = 1


@frozen
class Driver:
    """One of the two, and the world that it lives in."""

    world: World
    call: Callable[..., Any]


def simple_db() -> Driver:
    world = World()
    database = Database(clock=world.now, new_id=world.new_id)
    return Driver(world, lambda name, *args, **kwargs: getattr(database, name)(*args, **kwargs))


@functools.cache
def sql_driver() -> tuple[World, SqlDriver]:
    from tests.support.reference import SqlDriver  # noqa: PLC0415 - Glance may not be there

    world = World()
    return world, SqlDriver(world)


def fresh_sql_driver() -> Driver:
    pytest.importorskip("glance", reason="the SQL driver is Glance's")
    world, driver = sql_driver()
    driver.reset()
    world.restart()
    return Driver(world, driver.call)


def module_driver(name: str) -> Driver:
    module = importlib.import_module(name)
    module.reset()
    world = World()

    def call(function: str, /, *args: Any, **kwargs: Any) -> Any:
        # Whatever clock it reads.
        with time_machine.travel(world.now(), tick=False):
            return getattr(module, function)(*args, **kwargs)

    return Driver(world, call)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Name each test by the driver that it runs on: a failure is of the one that it names."""
    held = metafunc.config.getoption("--driver") or SIMPLE_DB
    drivers = [held, pytest.param(SQL_DRIVER, marks=pytest.mark.glance)]
    metafunc.parametrize("db", drivers, indirect=True)


@pytest.fixture
def db(request: pytest.FixtureRequest) -> Driver:
    if request.param == SQL_DRIVER:
        return fresh_sql_driver()
    return simple_db() if request.param == SIMPLE_DB else module_driver(request.param)


def an_image(db: Driver, **values: Any) -> str:
    """Create an image of alice's, and move on to the next moment."""
    image = {"status": "active", "owner": "alice"} | values
    image_id = db.call("image_create", ADMIN, image)["id"]
    db.world.next_turn()
    return str(image_id)


def ids(images: list[dict[str, Any]]) -> set[str]:
    return {image["id"] for image in images}


def a_location(url: str = "file:///a", status: str = "active") -> dict[str, Any]:
    return {"url": url, "metadata": {}, "status": status}


def test_destroying_an_image_leaves_its_status_alone(db: Driver) -> None:
    image_id = an_image(db, status="saving")
    destroyed = db.call("image_destroy", ADMIN, image_id)
    assert (destroyed["status"], destroyed["deleted"]) == ("saving", True)


def test_a_listing_without_the_filter_deleted_contains_deleted_images(db: Driver) -> None:
    image_id = an_image(db)
    db.call("image_destroy", ADMIN, image_id)
    assert ids(db.call("image_get_all", ALICE)) == {image_id}


def test_the_filter_deleted_false_leaves_out_killed_images_too(db: Driver) -> None:
    an_image(db, status="killed")
    assert db.call("image_get_all", ADMIN, filters={"deleted": False}) == []


def test_an_unknown_key_among_the_values_of_an_image_is_ignored(db: Driver) -> None:
    image_id = an_image(db, colour="red")
    assert "colour" not in db.call("image_update", ADMIN, image_id, {"flavour": "sweet"})


def test_a_project_can_be_a_live_member_twice(db: Driver) -> None:
    image_id = an_image(db)
    for _ in range(2):
        db.call("image_member_create", ADMIN, {"image_id": image_id, "member": "bob"})
    assert db.call("image_member_count", ADMIN, image_id) == 2


def test_an_image_can_have_a_tag_twice(db: Driver) -> None:
    image_id = an_image(db)
    for _ in range(2):
        db.call("image_tag_create", ADMIN, image_id, "linux")
    assert db.call("image_tag_get_all", ADMIN, image_id) == ["linux", "linux"]


def test_an_empty_list_of_locations_in_an_update_changes_nothing(db: Driver) -> None:
    image_id = an_image(db, locations=[a_location()])
    assert len(db.call("image_update", ADMIN, image_id, {"locations": []})["locations"]) == 1


def test_a_purged_property_that_is_set_again_is_live_again_and_keeps_its_deleted_at(
    db: Driver,
) -> None:
    image_id = an_image(db, properties={"os": "linux"})
    db.call("image_update", ADMIN, image_id, {}, purge_props=True)
    image = db.call("image_update", ADMIN, image_id, {"properties": {"os": "bsd"}})
    [row] = image["properties"]
    assert (row["value"], row["deleted"]) == ("bsd", False)
    assert row["deleted_at"] is not None


def test_purging_properties_deletes_deleted_ones_again(db: Driver) -> None:
    image_id = an_image(db, properties={"os": "linux"})
    db.call("image_update", ADMIN, image_id, {}, purge_props=True)
    db.world.next_turn()
    [row] = db.call("image_update", ADMIN, image_id, {}, purge_props=True)["properties"]
    assert row["deleted_at"] == db.world.now()


def test_a_property_or_membership_set_to_what_it_is_keeps_its_updated_at(db: Driver) -> None:
    image_id = an_image(db, properties={"os": "linux"})
    member = db.call("image_member_create", ADMIN, {"image_id": image_id, "member": "bob"})
    db.world.next_turn()
    image = db.call("image_update", ADMIN, image_id, {"properties": {"os": "linux"}})
    again = db.call("image_member_update", ADMIN, member["id"], {"status": "pending"})
    assert image["properties"][0]["updated_at"] < image["updated_at"]
    assert again["updated_at"] == member["updated_at"]


def test_a_caller_without_project_is_listed_the_images_that_are_shared_with_anybody(
    db: Driver,
) -> None:
    image_id = an_image(db, visibility="shared")
    db.call("image_member_create", ADMIN, {"image_id": image_id, "member": "bob"})
    assert ids(db.call("image_get_all", NOBODY)) == {image_id}


def test_an_image_without_owner_is_visible_to_all_and_listed_for_none(db: Driver) -> None:
    image_id = an_image(db, owner=None, visibility="private")
    assert db.call("image_get", BOB, image_id)["id"] == image_id
    assert db.call("image_get_all", BOB) == []


def test_an_administrator_is_not_listed_the_community_images_of_others(db: Driver) -> None:
    image_id = an_image(db, visibility="community")
    assert db.call("image_get_all", ADMIN) == []
    assert ids(db.call("image_get_all", ADMIN, filters={"visibility": "all"})) == {image_id}


def test_any_membership_shows_an_image_asked_for_by_id_and_only_accepted_ones_list_it(
    db: Driver,
) -> None:
    image_id = an_image(db, visibility="shared")
    member = {"image_id": image_id, "member": "bob", "status": "rejected"}
    db.call("image_member_create", ADMIN, member)
    assert db.call("image_get", BOB, image_id)["id"] == image_id
    assert db.call("image_get_all", BOB) == []


def test_updating_a_member_revives_it_and_forgets_can_share(db: Driver) -> None:
    image_id = an_image(db)
    values = {"image_id": image_id, "member": "bob", "can_share": True}
    member = db.call("image_member_create", ADMIN, values)
    db.call("image_member_delete", ADMIN, member["id"])
    again = db.call("image_member_update", ADMIN, member["id"], {"status": "accepted"})
    assert (again["deleted"], again["can_share"]) == (False, False)


def test_the_delete_time_of_a_location_is_ignored(db: Driver) -> None:
    image_id = an_image(db, locations=[a_location()])
    [location] = db.call("image_get", ADMIN, image_id)["locations"]
    earlier = db.world.now()
    db.world.pass_time(days=A_DAY)
    db.call("image_location_delete", ADMIN, image_id, location["id"], "deleted", earlier)
    # Were it deleted a day ago, a purge of what is older than that would have taken it.
    db.world.pass_time(microseconds=1)
    db.call("purge_deleted_rows", ADMIN, A_DAY, -1)
    found = db.call("image_get", ADMIN, image_id, force_show_deleted=True)
    assert [location["status"] for location in found["locations"]] == ["deleted"]


def test_a_revived_property_is_purged_by_the_time_of_its_old_deletion(db: Driver) -> None:
    image_id = an_image(db, properties={"os": "linux"})
    db.call("image_update", ADMIN, image_id, {}, purge_props=True)
    db.call("image_update", ADMIN, image_id, {"properties": {"os": "linux"}})
    db.world.pass_time(days=A_DAY, microseconds=1)
    db.call("purge_deleted_rows", ADMIN, A_DAY, -1)
    assert db.call("image_get", ADMIN, image_id)["properties"] == []


def test_a_quota_counts_deleted_images_by_their_status(db: Driver) -> None:
    image_id = an_image(db)
    db.call("image_destroy", ADMIN, image_id)
    assert db.call("user_get_image_count", ADMIN, "alice") == 1


def test_storage_counts_locations_that_wait_for_their_deletion(db: Driver) -> None:
    locations = [a_location(status="pending_delete"), a_location(status="deleted")]
    an_image(db, size=5, locations=locations)
    assert db.call("user_get_storage_usage", ADMIN, "alice") == 5


def test_the_functions_of_children_do_not_check_who_calls(db: Driver) -> None:
    image_id = an_image(db, visibility="private")
    db.call("image_tag_create", NOBODY, image_id, "linux")
    db.call("image_location_add", NOBODY, image_id, a_location())
    assert db.call("image_tag_get_all", NOBODY, image_id) == ["linux"]


def test_widths_of_columns_are_not_enforced(db: Driver) -> None:
    name = "n" * 1000
    image_id = an_image(db, name=name)
    assert db.call("image_get", ADMIN, image_id)["name"] == name


def test_a_filter_of_a_column_that_is_none_is_ignored(db: Driver) -> None:
    image_id = an_image(db, name="cirros")
    assert ids(db.call("image_get_all", ADMIN, filters={"name": None})) == {image_id}


def test_a_checksum_filter_that_is_none_matches_images_without_checksum(db: Driver) -> None:
    image_id = an_image(db)
    an_image(db, checksum="c" * 32)
    assert ids(db.call("image_get_all", ADMIN, filters={"checksum": None})) == {image_id}


def test_an_escaped_quote_in_a_list_filter_stays_escaped(db: Driver) -> None:
    image_id = an_image(db, name='12\\" disk')
    found = db.call("image_get_all", ADMIN, filters={"name": 'in:"12\\" disk"'})
    assert ids(found) == {image_id}


def test_numbers_in_text_columns_come_back_as_their_digits(db: Driver) -> None:
    numbers = {"count": 7, "is": True, "half": 1.5, "large": 1e300, "two": 2.0, "endless": math.inf}
    image_id = an_image(db, name=5, properties=numbers)
    image = db.call("image_get", ADMIN, image_id)
    assert image["name"] == "5"
    assert {row["name"]: row["value"] for row in image["properties"]} == {
        "count": "7",
        "is": "1",
        "half": "1.5",
        "large": "1.0e+300",
        "two": "2.0",
        "endless": "Inf",
    }


def test_a_location_of_an_unknown_status_is_live(db: Driver) -> None:
    image_id = an_image(db, locations=[a_location(status="resting")])
    [location] = db.call("image_get", ADMIN, image_id)["locations"]
    assert location["status"] == "resting"


def a_task(db: Driver, task_id: str, **values: Any) -> str:
    task = {"id": task_id, "type": "import", "status": "pending", "owner": "alice"} | values
    db.call("task_create", ADMIN, task)
    db.world.next_turn()
    return task_id


def test_a_caller_without_project_is_listed_the_tasks_of_all_projects(db: Driver) -> None:
    a_task(db, "task")
    assert ids(db.call("task_get_all", NOBODY)) == {"task"}


def test_admin_as_user_lists_the_tasks_of_all_projects_to_every_caller(db: Driver) -> None:
    a_task(db, "task")
    assert ids(db.call("task_get_all", BOB, admin_as_user=True)) == {"task"}


def test_tasks_sorted_by_id_come_in_the_order_of_their_creation(db: Driver) -> None:
    a_task(db, "b")
    a_task(db, "a")
    tasks = db.call("task_get_all", ALICE, sort_key="id", sort_dir="asc")
    assert [task["id"] for task in tasks] == ["b", "a"]


def test_an_unknown_key_among_the_filters_of_tasks_is_ignored(db: Driver) -> None:
    a_task(db, "task")
    assert ids(db.call("task_get_all", ALICE, filters={"colour": "red"})) == {"task"}


def test_updating_a_deleted_task_revives_it(db: Driver) -> None:
    a_task(db, "task")
    db.call("task_delete", ADMIN, "task")
    assert db.call("task_update", ADMIN, "task", {})["deleted"] is False


def test_a_listing_of_tasks_deletes_expired_ones_of_the_callers_project_only(db: Driver) -> None:
    for owner in ("alice", "bob"):
        a_task(db, owner, owner=owner, expires_at=db.world.now())
    db.call("task_get_all", ALICE)
    deleted = db.call("task_get_all", ADMIN, filters={"deleted": True})
    assert ids(deleted) == {"alice"}


def a_namespace(db: Driver, name: str = "ns", **values: Any) -> int:
    namespace = {"namespace": name, "owner": "alice", "visibility": "public"} | values
    return int(db.call("metadef_namespace_create", ADMIN, namespace)["id"])


def names_of_tags(db: Driver, **query: Any) -> list[str]:
    return [tag["name"] for tag in db.call("metadef_tag_get_all", ADMIN, "ns", **query)]


def test_a_namespace_may_be_created_for_anybody_and_hidden_from_its_creator(db: Driver) -> None:
    values = {"namespace": "ns", "owner": "alice", "visibility": "private"}
    db.call("metadef_namespace_create", BOB, values)
    assert db.call("metadef_namespace_get_all", BOB) == []
    assert len(db.call("metadef_namespace_get_all", ALICE)) == 1


def test_a_caller_that_sees_a_namespace_may_change_and_delete_it_protected_or_not(
    db: Driver,
) -> None:
    namespace_id = a_namespace(db, protected=True)
    changed = db.call("metadef_namespace_update", BOB, namespace_id, {"description": "mine"})
    deleted = db.call("metadef_namespace_delete", NOBODY, "ns")
    assert (changed["description"], deleted["protected"]) == ("mine", True)


def test_an_empty_list_of_new_tags_changes_nothing_and_needs_no_namespace(db: Driver) -> None:
    a_namespace(db)
    db.call("metadef_tag_create", ADMIN, "ns", {"name": "old"})
    for name in ("ns", "never"):
        assert db.call("metadef_tag_create_tags", ADMIN, name, []) == []
    assert names_of_tags(db) == ["old"]


def test_tags_of_a_list_and_resource_types_may_have_characters_beyond_the_basic_plane(
    db: Driver,
) -> None:
    a_namespace(db)
    db.call("metadef_tag_create_tags", ADMIN, "ns", [{"name": "\N{GRINNING FACE}"}])
    db.call("metadef_resource_type_create", ADMIN, {"name": "\N{GRINNING FACE}"})
    assert names_of_tags(db) == ["\N{GRINNING FACE}"]


def test_filters_of_tags_are_ignored(db: Driver) -> None:
    a_namespace(db)
    db.call("metadef_tag_create", ADMIN, "ns", {"name": "one"})
    assert names_of_tags(db, filters={"name": "two"}) == ["one"]


def test_the_filter_resource_types_takes_the_place_of_id_list(db: Driver) -> None:
    a_namespace(db)
    association = {"name": "server", "properties_target": None, "prefix": None}
    db.call("metadef_resource_type_association_create", ADMIN, "ns", association)
    filters = {"resource_types": "server", "id_list": []}
    assert len(db.call("metadef_namespace_get_all", ADMIN, filters=filters)) == 1


def test_without_a_sort_direction_namespaces_and_tags_are_in_ascending_order(db: Driver) -> None:
    a_namespace(db)
    for name in ("a", "b"):
        db.call("metadef_tag_create", ADMIN, "ns", {"name": name})
    assert names_of_tags(db, sort_key="name", sort_dir=None) == ["a", "b"]
    assert names_of_tags(db, sort_key="name") == ["b", "a"]


def test_a_schema_that_is_equal_in_python_is_not_replaced(db: Driver) -> None:
    a_namespace(db)
    values = {"name": "p", "json_schema": {"default": 0}}
    row = db.call("metadef_property_create", ADMIN, "ns", values)
    db.call("metadef_property_update", ADMIN, "ns", row["id"], {"json_schema": {"default": False}})
    found = db.call("metadef_property_get", ADMIN, "ns", "p")
    assert found["json_schema"]["default"] is not False
