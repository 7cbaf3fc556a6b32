from typing import Any

import pytest

from simple_db import Database
from simple_db.model.errors import Conflict, Invalid
from tests.support.build import (
    ADMIN,
    ALICE,
    NOBODY,
    a_database,
    a_location,
    a_member,
    a_property,
    an_image,
    ids,
    refused,
    rows,
)
from tests.support.world import World

CHILDREN = ["image_locations", "image_properties", "image_members", "image_tags"]


def an_image_with_children(db: Database, image_id: str = "i") -> str:
    an_image(db, image_id)
    a_location(db, image_id)
    a_property(db, image_id)
    a_member(db, image_id)
    db.image_tag_create(ADMIN, image_id, "blue")
    return image_id


def deleted_tags(world: World, days: list[int]) -> Database:
    """Make a database whose tags 0, 1, 2 ... were deleted so many days ago each."""
    db = a_database(world)
    image_id = an_image(db)
    for number in range(len(days)):
        db.image_tag_create(ADMIN, image_id, str(number))
    left = max(days)
    for ago, number in sorted(zip(days, range(len(days)), strict=True), reverse=True):
        world.pass_time(days=left - ago)
        db.image_tag_delete(ADMIN, image_id, str(number))
        left = ago
    world.pass_time(days=left)
    return db


def tags(db: Database) -> str:
    return "".join(row["value"] for row in rows(db, "image_tags"))


@pytest.mark.parametrize("max_rows", [-1, 1])
def test_old_deleted_rows_are_removed_from_every_table_but_images(
    db: Database, world: World, max_rows: int
) -> None:
    db.image_destroy(ALICE, an_image_with_children(db))
    world.pass_time(days=31)
    db.purge_deleted_rows(ADMIN, 30, max_rows)

    assert [rows(db, table) for table in CHILDREN] == [[], [], [], []]
    assert ids(rows(db, "images")) == ["i"]


def test_live_rows_stay(db: Database, world: World) -> None:
    an_image_with_children(db)
    world.pass_time(days=31)
    db.purge_deleted_rows(ADMIN, 30, -1)
    db.purge_deleted_rows_from_images(ADMIN, 30, -1)

    assert [len(rows(db, table)) for table in ["images", *CHILDREN]] == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("age", "left"), [(0, "2"), (1, "12"), (2, "012"), (0.5, "2"), (-1, ""), (100, "012")]
)
def test_rows_are_removed_that_were_deleted_more_than_so_many_days_ago(age: Any, left: str) -> None:
    db = deleted_tags(World(), [2, 1, 0])
    db.purge_deleted_rows(ADMIN, age, -1)

    assert tags(db) == left


@pytest.mark.parametrize(
    ("days", "max_rows", "left"),
    [
        ([2, 3, 1], 0, "012"),
        ([2, 3, 1], 1, "02"),
        ([2, 3, 1], 2, "2"),
        ([2, 3, 1], 9, ""),
        ([2, 3, 1], -1, ""),
        ([2, 2, 2], 1, "12"),
    ],
)
def test_the_oldest_are_removed_first_up_to_a_limit(
    days: list[int], max_rows: int, left: str
) -> None:
    db = deleted_tags(World(), days)
    db.purge_deleted_rows(ADMIN, 0, max_rows)

    assert tags(db) == left


def test_a_revived_row_is_removed_by_its_time_of_deletion(db: Database, world: World) -> None:
    member_id = a_member(db, an_image(db))
    db.image_member_delete(ADMIN, member_id)
    db.image_member_update(ADMIN, member_id, {"status": "accepted"})
    world.pass_time(days=31)
    db.purge_deleted_rows(ADMIN, 30, -1)

    assert rows(db, "image_members") == []


def test_a_purged_property_can_be_set_anew(db: Database, world: World, image_id: str) -> None:
    a_property(db, image_id)
    db.image_property_delete(ADMIN, "os", image_id)
    world.pass_time(days=1)
    db.purge_deleted_rows(ADMIN, 0, -1)
    a_property(db, image_id)

    assert [row["id"] for row in rows(db, "image_properties")] == [2]


def test_every_caller_may_purge() -> None:
    db = deleted_tags(World(), [1])
    db.purge_deleted_rows(NOBODY, 0, -1)

    assert tags(db) == ""


# --- images ----------------------------------------------------------------------------------


def deleted_images(world: World, *image_ids: str) -> Database:
    """Make a database of images that were deleted on one day after the other."""
    db = a_database(world)
    for image_id in image_ids:
        an_image(db, image_id)
    for image_id in image_ids:
        db.image_destroy(ALICE, image_id)
        world.pass_time(days=1)
    return db


@pytest.mark.parametrize(
    ("age", "max_rows", "left"),
    [
        (0, -1, []),
        (1, -1, ["b"]),
        (2, -1, ["a", "b"]),
        (3, -1, ["a", "b", "c"]),
        (0, 0, ["a", "b", "c"]),
        (0, 1, ["a", "b"]),
        (0, 2, ["b"]),
    ],
)
def test_old_deleted_images_are_removed_the_oldest_first(
    age: int, max_rows: int, left: list[str]
) -> None:
    db = deleted_images(World(), "c", "a", "b")
    db.purge_deleted_rows_from_images(ADMIN, age, max_rows)

    assert ids(rows(db, "images")) == left


def test_of_images_deleted_at_one_moment_the_smallest_id_is_removed_first(
    db: Database, world: World
) -> None:
    for image_id in ("b", "a"):
        db.image_destroy(ALICE, an_image(db, image_id))
    world.pass_time(days=1)
    db.purge_deleted_rows_from_images(ADMIN, 0, 1)

    assert ids(rows(db, "images")) == ["b"]


def test_a_restored_image_is_removed_by_its_time_of_deletion(db: Database, world: World) -> None:
    an_image(db, "i", status="pending_delete")
    db.image_destroy(ALICE, "i")
    db.image_restore(ADMIN, "i")
    world.pass_time(days=31)
    db.purge_deleted_rows_from_images(ADMIN, 30, -1)

    assert rows(db, "images") == []


@pytest.mark.parametrize(
    ("table", "add"),
    [
        ("image_locations", a_location),
        ("image_properties", a_property),
        ("image_members", a_member),
        ("image_tags", lambda db, image_id: db.image_tag_create(ADMIN, image_id, "blue")),
    ],
)
def test_no_image_is_removed_while_one_of_them_has_children(
    db: Database, world: World, table: str, add: Any
) -> None:
    for image_id in ("a", "b", "c"):
        an_image(db, image_id)
    add(db, "b")
    for image_id in ("a", "b", "c"):
        db.image_destroy(ALICE, image_id)
    world.pass_time(days=1)

    with refused(db, Conflict, "Image b", "1 rows", table, "purge_deleted_rows"):
        db.purge_deleted_rows_from_images(ADMIN, 0, -1)


def test_children_of_images_that_are_not_old_enough_do_not_matter(
    db: Database, world: World
) -> None:
    db.image_destroy(ALICE, an_image(db, "old"))
    world.pass_time(days=1)
    db.image_destroy(ALICE, an_image_with_children(db, "new"))
    db.purge_deleted_rows_from_images(ADMIN, 0, -1)

    assert ids(rows(db, "images")) == ["new"]


def test_the_id_of_a_removed_image_is_free_again() -> None:
    db = deleted_images(World(), "i")
    db.purge_deleted_rows_from_images(ADMIN, 0, -1)

    assert an_image(db, "i") == "i"


# --- errors ----------------------------------------------------------------------------------

PURGES = pytest.mark.parametrize("purge", ["purge_deleted_rows", "purge_deleted_rows_from_images"])


@PURGES
@pytest.mark.parametrize("max_rows", [-2, 2**31, None, "1", 1.5, [1]])
def test_a_limit_that_is_no_number_of_rows_is_refused(purge: str, max_rows: Any) -> None:
    db = deleted_images(World(), "i")

    with refused(db, Invalid, "max_rows", f"not {max_rows!r}"):
        getattr(db, purge)(ADMIN, 0, max_rows)


@PURGES
@pytest.mark.parametrize("age", [None, "30", 10**9, float("nan"), float("inf"), [30]])
def test_an_age_that_is_no_number_of_days_is_refused(purge: str, age: Any) -> None:
    db = deleted_images(World(), "i")

    with refused(db, Invalid, f"age_in_days cannot be {age!r}"):
        getattr(db, purge)(ADMIN, age, -1)


def test_a_microsecond_is_old_enough(db: Database, world: World) -> None:
    db.image_destroy(ALICE, an_image(db))
    world.pass_time(microseconds=1)
    db.purge_deleted_rows_from_images(ADMIN, 0, -1)

    assert rows(db, "images") == []


def a_deleted_task(db: Database, task_id: str, **values: Any) -> str:
    task = {"id": task_id, "type": "import", "status": "success", "owner": "alice"} | values
    db.task_create(ADMIN, task)
    db.task_delete(ADMIN, task_id)
    return task_id


@pytest.mark.parametrize("has_info", [True, False])
def test_an_old_deleted_task_is_removed_with_its_task_info_if_it_has_any(
    db: Database, world: World, has_info: bool
) -> None:
    a_deleted_task(db, "t", input={"n": 1})
    if not has_info:
        with db.store.writing() as tables:
            tables.task_infos.remove("t")
    world.pass_time(days=1, microseconds=1)

    db.purge_deleted_rows(ADMIN, 1, -1)

    assert (rows(db, "tasks"), rows(db, "task_info")) == ([], [])


def test_the_task_info_of_a_kept_task_is_kept(db: Database, world: World) -> None:
    for task_id in ("a", "b"):
        a_deleted_task(db, task_id)
        world.pass_time(microseconds=1)
    world.pass_time(days=1)

    db.purge_deleted_rows(ADMIN, 1, 1)

    assert [row["task_id"] for row in rows(db, "task_info")] == ["b"]
    db.check()
