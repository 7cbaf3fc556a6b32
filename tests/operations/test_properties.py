import datetime as dt
import types
from typing import Any

import pytest

from simple_db import Database
from simple_db.model.errors import Duplicate, ImageNotFound, Invalid, NotFound
from tests.support.build import (
    ADMIN,
    ALICE,
    EMOJI,
    MISSING,
    NOBODY,
    a_database,
    a_property,
    an_image,
    refused,
    rows,
    utc,
)
from tests.support.world import BEGINNING, World


def properties(db: Database, image_id: str) -> dict[str, str | None]:
    """Give names and values of the live properties, in the order of their ids."""
    image = db.image_get(ADMIN, image_id, force_show_deleted=True)
    return {row["name"]: row["value"] for row in image["properties"] if not row["deleted"]}


def test_a_new_property_comes_back_with_its_eight_columns(db: Database, image_id: str) -> None:
    values = {"image_id": image_id, "name": "os", "value": "linux"}

    assert db.image_property_create(ALICE, values) == {
        "id": 1,
        "image_id": image_id,
        "name": "os",
        "value": "linux",
        "created_at": BEGINNING,
        "updated_at": BEGINNING,
        "deleted_at": None,
        "deleted": False,
    }


def test_an_image_shows_its_properties_in_the_order_of_their_ids(
    db: Database, image_id: str
) -> None:
    for name in ("c", "a", "b"):
        a_property(db, image_id, name)

    assert list(properties(db, image_id)) == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("value", "stored"), [("linux", "linux"), (None, None), (5, "5"), (True, "1"), (EMOJI, EMOJI)]
)
def test_a_value_is_stored_as_text_or_none(
    db: Database, image_id: str, value: Any, stored: str | None
) -> None:
    a_property(db, image_id, "os", value)

    assert properties(db, image_id) == {"os": stored}


def test_a_property_without_value_has_none(db: Database, image_id: str) -> None:
    assert db.image_property_create(ALICE, {"image_id": image_id, "name": "os"})["value"] is None


def test_what_is_no_column_of_a_property_or_not_the_callers_is_ignored(db: Database) -> None:
    given = {"image_id": an_image(db), "name": "os", "id": 77, "deleted": True, "colour": "blue"}
    created = db.image_property_create(ALICE, given)

    assert (created["id"], created["deleted"]) == (1, False)
    assert "colour" not in created


@pytest.mark.parametrize("live", [True, False])
def test_a_property_cannot_be_created_twice(db: Database, image_id: str, live: bool) -> None:
    a_property(db, image_id)
    if not live:
        db.image_property_delete(ALICE, "os", image_id)

    with refused(db, Duplicate, image_id, "os"):
        a_property(db, image_id)


def test_two_images_can_have_a_property_of_the_same_name(db: Database) -> None:
    first, second = an_image(db), an_image(db)
    a_property(db, first, "os", "linux")
    a_property(db, second, "os", "bsd")

    assert properties(db, first) == {"os": "linux"}
    assert properties(db, second) == {"os": "bsd"}


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({}, "lacks image_id, name"),
        ({"image_id": "i"}, "lacks name"),
        ({"name": "os"}, "lacks image_id"),
        ({"image_id": "i", "name": None}, "image_properties.name is required"),
        ({"image_id": "i", "name": ["os"]}, "image_properties.name"),
        ({"image_id": None, "name": "os"}, "image_properties.image_id is required"),
        ({"image_id": "i", "name": "os", "value": ["linux"]}, "image_properties.value"),
        ({"image_id": "i", "name": "os", "value": [1.5]}, "image_properties.value"),
        (None, "the values of a property"),
        ("os", "the values of a property"),
    ],
)
def test_wrong_values_are_refused_by_name(db: Database, values: Any, named: str) -> None:
    an_image(db, "i")

    with refused(db, Invalid, named):
        db.image_property_create(ALICE, values)


def test_no_image_has_no_property(db: Database) -> None:
    with refused(db, ImageNotFound, MISSING, "os"):
        a_property(db, MISSING)
    with refused(db, ImageNotFound, MISSING, "os"):
        db.image_set_property_atomic(MISSING, "os", "linux")


# --- deleted ---------------------------------------------------------------------------------


def test_a_deleted_property_comes_back_with_its_eight_columns(
    db: Database, world: World, image_id: str
) -> None:
    a_property(db, image_id)
    [before] = db.image_get(ALICE, image_id)["properties"]
    world.pass_time(days=1)

    assert db.image_property_delete(ALICE, "os", image_id) == before | {
        "updated_at": world.now(),
        "deleted_at": world.now(),
        "deleted": True,
    }


def test_an_image_shows_deleted_properties_too(db: Database, image_id: str) -> None:
    a_property(db, image_id)
    db.image_property_delete(ALICE, "os", image_id)

    assert [row["deleted"] for row in db.image_get(ALICE, image_id)["properties"]] == [True]


def test_a_property_that_is_deleted_again_is_deleted_now(
    db: Database, world: World, image_id: str
) -> None:
    a_property(db, image_id)
    db.image_property_delete(ALICE, "os", image_id)
    world.pass_time(days=1)

    assert db.image_property_delete(ALICE, "os", image_id)["deleted_at"] == world.now()


@pytest.mark.parametrize(("name", "image_id"), [("arch", "i"), ("os", MISSING), (["os"], "i")])
def test_a_property_that_is_not_there_is_not_found(db: Database, name: Any, image_id: str) -> None:
    a_property(db, an_image(db, "i"))

    with refused(db, NotFound, image_id, repr(name)):
        db.image_property_delete(ALICE, name, image_id)


def test_every_caller_may_change_the_properties_of_every_image(db: Database) -> None:
    image_id = an_image(db, visibility="private")
    db.image_property_create(NOBODY, {"image_id": image_id, "name": "os"})

    assert db.image_property_delete(NOBODY, "os", image_id)["deleted"]


# --- atomic ----------------------------------------------------------------------------------


@pytest.mark.parametrize("deleted", [False, True])
def test_a_property_is_set_where_there_is_none_also_on_a_deleted_image(
    db: Database, image_id: str, deleted: bool
) -> None:
    if deleted:
        db.image_destroy(ALICE, image_id)
    db.image_set_property_atomic(image_id, "lock", "mine")

    assert properties(db, image_id) == {"lock": "mine"}


@pytest.mark.parametrize("value", ["mine", "other", None])
def test_a_property_is_not_set_where_there_is_one(
    db: Database, image_id: str, value: str | None
) -> None:
    db.image_set_property_atomic(image_id, "lock", "mine")

    with refused(db, Duplicate, image_id, "lock"):
        db.image_set_property_atomic(image_id, "lock", value)


def test_a_deleted_property_is_revived_in_its_row(
    db: Database, world: World, image_id: str
) -> None:
    a_property(db, image_id, "lock", "old")
    db.image_property_delete(ALICE, "lock", image_id)
    world.pass_time(days=1)
    db.image_set_property_atomic(image_id, "lock", "new")
    [row] = rows(db, "image_properties")

    assert (row["id"], row["value"], row["deleted"]) == (1, "new", False)
    assert utc(row["updated_at"]) == world.now()
    assert utc(row["deleted_at"]) == BEGINNING


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        (None, "mine", "image_properties.name"),
        (["lock"], "mine", "image_properties.name"),
        ("lock", ["mine"], "image_properties.value"),
    ],
)
def test_a_property_is_set_to_text(
    db: Database, image_id: str, name: Any, value: Any, named: str
) -> None:
    with refused(db, Invalid, named):
        db.image_set_property_atomic(image_id, name, value)


@pytest.mark.parametrize(("value", "same"), [("mine", "mine"), (None, None), ("5", 5)])
def test_a_property_with_the_value_is_removed_for_good(
    db: Database, image_id: str, value: str | None, same: Any
) -> None:
    db.image_set_property_atomic(image_id, "lock", value)
    db.image_delete_property_atomic(image_id, "lock", same)

    assert rows(db, "image_properties") == []


def test_a_property_that_was_removed_for_good_can_be_set_anew(db: Database, image_id: str) -> None:
    for value in ("first", "second"):
        db.image_set_property_atomic(image_id, "lock", value)
        db.image_delete_property_atomic(image_id, "lock", value)
    db.image_set_property_atomic(image_id, "lock", "third")

    assert properties(db, image_id) == {"lock": "third"}


@pytest.mark.parametrize(
    ("image_id", "name", "value"),
    [
        ("i", "lock", "other"),
        ("i", "lock", None),
        ("i", "arch", "mine"),
        (MISSING, "lock", "mine"),
        ("i", ["lock"], "mine"),
    ],
)
def test_a_property_of_another_value_or_name_is_not_removed(
    db: Database, image_id: str, name: Any, value: str | None
) -> None:
    db.image_set_property_atomic(an_image(db, "i"), "lock", "mine")

    with refused(db, NotFound, image_id, repr(name)):
        db.image_delete_property_atomic(image_id, name, value)


def test_a_soft_deleted_property_is_not_removed(db: Database, image_id: str) -> None:
    a_property(db, image_id, "lock", "mine")
    db.image_property_delete(ALICE, "lock", image_id)

    with refused(db, NotFound, image_id, "lock"):
        db.image_delete_property_atomic(image_id, "lock", "mine")


def test_a_property_is_removed_by_text(db: Database, image_id: str) -> None:
    value: Any = ["mine"]

    with refused(db, Invalid, "image_properties.value"):
        db.image_delete_property_atomic(image_id, "lock", value)


# --- with an update of the image -------------------------------------------------------------


def updated(before: dict[str, str | None], values: Any, **options: Any) -> Any:
    """Update an image that has some properties; give database, id and clock."""
    world = World()
    db = a_database(world)
    image_id = an_image(db, properties=before)
    world.pass_time(days=1)
    db.image_update(ALICE, image_id, values, **options)
    return db, image_id, world


@pytest.mark.parametrize(
    ("before", "given", "purge", "after"),
    [
        ({}, {"os": "linux"}, False, {"os": "linux"}),
        ({"os": "linux"}, {"os": "bsd"}, False, {"os": "bsd"}),
        ({"os": "linux"}, {"arch": "arm"}, False, {"os": "linux", "arch": "arm"}),
        ({"os": "linux"}, {"arch": "arm"}, True, {"arch": "arm"}),
        ({"os": "linux", "arch": "arm"}, {"os": "linux"}, True, {"os": "linux"}),
        ({"os": "linux"}, {}, False, {"os": "linux"}),
        ({"os": "linux"}, {}, True, {}),
        ({"os": "linux"}, {"os": None}, True, {"os": None}),
    ],
)
def test_an_update_sets_properties_and_purges_the_others_with_purge_props(
    before: Any, given: Any, purge: bool, after: Any
) -> None:
    db, image_id, _ = updated(before, {"properties": given}, purge_props=purge)

    assert properties(db, image_id) == after


def test_a_purge_without_properties_deletes_all() -> None:
    db, image_id, world = updated({"os": "linux", "arch": "arm"}, {}, purge_props=True)

    assert properties(db, image_id) == {}
    assert {utc(row["deleted_at"]) for row in rows(db, "image_properties")} == {world.now()}


@pytest.mark.parametrize(("value", "days"), [("linux", 0), ("bsd", 1)])
def test_a_property_that_changes_is_updated_now_and_no_other_is_touched(
    value: str, days: int
) -> None:
    db, _, _ = updated({"os": "linux"}, {"properties": {"os": value}})
    [row] = rows(db, "image_properties")

    assert utc(row["updated_at"]) == BEGINNING + dt.timedelta(days)


@pytest.mark.parametrize("value", ["linux", "bsd"])
def test_a_deleted_property_that_is_set_is_revived_and_keeps_its_time_of_deletion(
    db: Database, world: World, value: str
) -> None:
    image_id = an_image(db, properties={"os": "linux"})
    db.image_property_delete(ALICE, "os", image_id)
    world.pass_time(days=1)
    db.image_update(ALICE, image_id, {"properties": {"os": value}})
    [row] = rows(db, "image_properties")

    assert (row["value"], row["deleted"]) == (value, False)
    assert utc(row["deleted_at"]) == BEGINNING
    assert utc(row["updated_at"]) == world.now()


def test_a_purge_deletes_again_what_is_deleted_already(db: Database, world: World) -> None:
    image_id = an_image(db, properties={"os": "linux"})
    db.image_property_delete(ALICE, "os", image_id)
    world.pass_time(days=1)
    db.image_update(ALICE, image_id, {}, purge_props=True)

    assert utc(rows(db, "image_properties")[0]["deleted_at"]) == world.now()


@pytest.mark.parametrize("atomic", [["lock", "new"], {"lock", "new"}, ("new", "lock")])
@pytest.mark.parametrize("given", [{"properties": {"lock": "other", "new": "x"}}, {}])
def test_atomic_properties_are_neither_set_nor_added_nor_purged(given: Any, atomic: Any) -> None:
    before: dict[str, str | None] = {"lock": "mine", "os": "linux"}
    db, image_id, _ = updated(before, given, purge_props=True, atomic_props=atomic)

    assert properties(db, image_id) == {"lock": "mine"}


@pytest.mark.parametrize("atomic", [5, "lock"])
def test_atomic_properties_are_a_list_of_names(db: Database, atomic: Any) -> None:
    image_id = an_image(db, properties={"os": "linux"})

    with refused(db, Invalid, "atomic_props"):
        db.image_update(ALICE, image_id, {"properties": {"os": "bsd"}}, atomic_props=atomic)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (None, "properties must be a dict"),
        (["os"], "properties must be a dict"),
        ({5: "x"}, "properties must be a dict"),
        ({"os": ["linux"]}, "image_properties.value"),
        ({"\ud800": "x"}, "image_properties.name"),
        ({"os": EMOJI}, "'os' has a character beyond"),
        ({EMOJI: "x"}, "has a character beyond"),
        (types.MappingProxyType({"os": EMOJI}), "'os' has a character beyond"),
    ],
)
def test_properties_that_are_no_dict_of_text_are_refused(given: Any, named: str) -> None:
    db = a_database()
    image_id = an_image(db, properties={"os": "linux"})

    with refused(db, Invalid, named):
        db.image_update(ALICE, image_id, {"properties": given})
    with refused(db, Invalid, named):
        an_image(db, properties=given)
