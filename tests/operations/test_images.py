import datetime as dt
import uuid
from typing import Any

import pytest

from simple_db import Database, RequestContext
from simple_db.model.errors import (
    Conflict,
    Duplicate,
    Forbidden,
    ForbiddenPublicImage,
    ImageNotFound,
    Invalid,
    InvalidFilterOperatorValue,
    InvalidFilterRangeValue,
    InvalidParameterValue,
    InvalidSortDir,
    InvalidSortKey,
    NotFound,
    SimpleDBError,
)
from simple_db.model.records import IMAGE_STATUSES
from tests.support.build import (
    ADMIN,
    ALICE,
    BOB,
    EMOJI,
    MISSING,
    NOBODY,
    a_database,
    a_location,
    a_member,
    a_property,
    an_image,
    ids,
    refused,
    rows,
    utc,
)
from tests.support.world import BEGINNING, World

NEW: dict[str, Any] = {"status": "queued", "owner": "alice"}

# What an image cannot be, and what the message names.
WRONG = [
    ({"status": "bogus"}, "the status of an image is one of"),
    ({"status": ""}, "the status of an image is one of"),
    ({"status": None}, "the status of an image is one of"),
    ({"status": ["active"]}, "the status of an image is one of"),
    ({"visibility": "secret"}, "images.visibility"),
    ({"visibility": "public", "is_public": True}, "visibility or is_public"),
    ({"name": ["cirros"]}, "images.name"),
    ({"name": EMOJI}, "'name' has a character beyond"),
    ({EMOJI: "name"}, "has a character beyond"),
    ({"properties": {"os": EMOJI}}, "'os' has a character beyond"),
    ({"size": "big"}, "images.size"),
    ({"size": 2**63}, "images.size"),
    ({"virtual_size": 1.5}, "images.virtual_size"),
    ({"min_disk": "x"}, "images.min_disk"),
    ({"min_disk": 2**31}, "min_disk must not exceed"),
    ({"min_ram": 2**31}, "min_ram must not exceed"),
    ({"os_hidden": "True"}, "images.os_hidden"),
]


# --- create ----------------------------------------------------------------------------------


def test_a_new_image_comes_back_whole(db: Database) -> None:
    assert db.image_create(ALICE, NEW | {"id": "i"}) == {
        "id": "i",
        "name": None,
        "disk_format": None,
        "container_format": None,
        "size": None,
        "virtual_size": None,
        "status": "queued",
        "visibility": "shared",
        "checksum": None,
        "os_hash_algo": None,
        "os_hash_value": None,
        "min_disk": 0,
        "min_ram": 0,
        "owner": "alice",
        "protected": False,
        "os_hidden": False,
        "created_at": BEGINNING,
        "updated_at": BEGINNING,
        "deleted_at": None,
        "deleted": False,
        "properties": [],
        "locations": [],
    }


def test_a_new_image_has_the_given_values(db: Database) -> None:
    given = {
        "id": "i",
        "name": "cirros",
        "disk_format": "qcow2",
        "container_format": "bare",
        "size": 13,
        "virtual_size": 20,
        "status": "active",
        "visibility": "private",
        "checksum": "abc",
        "os_hash_algo": "sha512",
        "os_hash_value": "def",
        "min_disk": 1,
        "min_ram": 512,
        "owner": "alice",
        "protected": True,
        "os_hidden": True,
        "created_at": utc("2020-01-01"),
        "updated_at": utc("2020-01-02"),
    }
    image: dict[str, Any] = dict(db.image_create(ALICE, given))

    assert {key: image[key] for key in given} == given


def test_a_new_image_has_its_properties_and_locations() -> None:
    location = {"url": "file:///a", "metadata": {}, "status": "active"}
    given = NEW | {"properties": {"os": "linux"}, "locations": [location]}
    image = a_database().image_create(ALICE, given)

    assert [(row["name"], row["value"]) for row in image["properties"]] == [("os", "linux")]
    assert image["locations"] == [{"id": 1} | location]


def test_an_image_without_id_gets_a_new_one() -> None:
    db = Database()
    image_id = db.image_create(ALICE, NEW)["id"]

    assert str(uuid.UUID(image_id)) == image_id
    assert db.image_create(ALICE, NEW | {"id": None})["id"] != image_id


def test_what_an_id_source_gives_is_an_id_or_invalid() -> None:
    given: list[Any] = ["", "ours"]
    db = Database(new_id=lambda: given.pop(0))

    with refused(db, Invalid, "new_id", "''"):
        db.image_create(ALICE, NEW)
    assert db.image_create(ALICE, NEW)["id"] == "ours"


def test_an_id_source_does_not_repeat_itself() -> None:
    db = Database(new_id=lambda: "ours")
    db.image_create(ALICE, NEW)

    with refused(db, Duplicate, "ours"):
        db.image_create(ALICE, NEW)


def test_an_id_source_cannot_change_the_database() -> None:
    def meddle() -> str:
        return an_image(db, "other")

    db = Database(new_id=meddle)
    with pytest.raises(RuntimeError, match="is running in this thread"):
        db.image_create(ALICE, NEW)

    assert rows(db, "images") == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"name": None}, {"name": None}),
        ({"name": 5}, {"name": "5"}),
        ({"name": ""}, {"name": ""}),
        ({"size": "13"}, {"size": 13}),
        ({"size": None}, {"size": None}),
        ({"visibility": None}, {"visibility": "shared"}),
        ({"is_public": True}, {"visibility": "public"}),
        ({"is_public": False}, {"visibility": "shared"}),
        ({"is_public": None}, {"visibility": "shared"}),
        ({"min_disk": None}, {"min_disk": 0}),
        ({"min_ram": ""}, {"min_ram": 0}),
        ({"min_ram": "512"}, {"min_ram": 512}),
        ({"protected": None}, {"protected": False}),
        ({"protected": "False"}, {"protected": True}),
        ({"os_hidden": None}, {"os_hidden": False}),
        ({"os_hidden": 1}, {"os_hidden": True}),
        ({"owner": ""}, {"owner": None}),
        ({"owner": None}, {"owner": None}),
        ({"created_at": None, "updated_at": None}, {"created_at": BEGINNING}),
        ({"created_at": utc("2026-01-01T12:00+02:00")}, {"created_at": utc("2026-01-01T10:00")}),
        ({"locations": None}, {"locations": []}),
        ({"tags": [], "colour": "blue", "members": ["bob"]}, {}),
    ],
)
def test_a_new_image_is_returned_as_it_is_stored(given: Any, expected: dict[str, Any]) -> None:
    db = a_database()
    image: dict[str, Any] = dict(db.image_create(ADMIN, NEW | given))

    assert image | expected == image
    assert db.image_get(ADMIN, image["id"]) == image
    assert "colour" not in image


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        *WRONG,
        ({"id": ""}, "images.id"),
        ({"id": "i" * 37}, "images.id"),
        ({"id": ["i"]}, "images.id"),
        ({"created_at": "2026-01-01"}, "images.created_at"),
        ({"created_at": dt.date(2026, 1, 1)}, "images.created_at"),
        ({"deleted": "yes"}, "images.deleted"),
        ({"properties": None}, "properties must be a dict"),
        ({"tags": "blue"}, "tags"),
        ({"tags": [None]}, "image_tags.value"),
    ],
)
def test_wrong_values_of_a_new_image_are_refused_by_name(
    db: Database, wrong: Any, named: str
) -> None:
    with refused(db, Invalid, named):
        db.image_create(ALICE, NEW | wrong)


@pytest.mark.parametrize("values", [None, 5, "status", [("status", "queued")], {5: "x"}])
def test_the_values_of_an_image_are_a_dict(db: Database, image_id: str, values: Any) -> None:
    with refused(db, Invalid, "the values of an image must be a dict"):
        db.image_create(ALICE, values)
    with refused(db, Invalid, "the values of an image must be a dict"):
        db.image_update(ALICE, image_id, values)


def test_a_new_image_needs_a_status(db: Database) -> None:
    with refused(db, Invalid, "the status of an image is one of"):
        db.image_create(ALICE, {"owner": "alice"})


@pytest.mark.parametrize("status", sorted(IMAGE_STATUSES))
def test_an_image_can_be_created_with_every_status(status: str) -> None:
    assert a_database().image_create(ALICE, NEW | {"status": status})["status"] == status


@pytest.mark.parametrize("deleted", [True, False])
def test_an_id_is_given_once(db: Database, deleted: bool) -> None:
    an_image(db, "i")
    if deleted:
        db.image_destroy(ALICE, "i")

    with refused(db, Duplicate, "i"):
        db.image_create(ALICE, NEW | {"id": "i"})


def test_ids_differ_in_case(db: Database) -> None:
    assert [an_image(db, "i"), an_image(db, "I")] == ["i", "I"]


@pytest.mark.parametrize("visibility", ["shared", "private"])
def test_an_image_that_its_creator_may_not_see_is_not_created(
    db: Database, visibility: str
) -> None:
    with refused(db, Forbidden, "bob"):
        db.image_create(BOB, NEW | {"visibility": visibility})


def test_an_image_that_is_created_deleted_is_for_those_who_can_see_deleted_ones() -> None:
    db = a_database()
    given = NEW | {"id": "i", "deleted": True, "deleted_at": utc("2026-01-01")}

    with refused(db, ImageNotFound, "i"):
        db.image_create(ALICE, given)
    assert db.image_create(ADMIN, given)["deleted_at"] == utc("2026-01-01")


def test_a_public_image_can_be_created_for_another_project() -> None:
    assert a_database().image_create(BOB, NEW | {"visibility": "public"})["owner"] == "alice"


def test_a_wrong_property_leaves_no_image(db: Database) -> None:
    with refused(db, Invalid, "image_properties.value"):
        db.image_create(ALICE, NEW | {"properties": {"a": "fine", "os": ["linux"]}})


# --- update ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {}),
        ({"name": "new"}, {"name": "new"}),
        ({"name": None}, {"name": None}),
        ({"size": "13"}, {"size": 13}),
        ({"size": None}, {"size": None}),
        ({"status": "deactivated"}, {"status": "deactivated"}),
        ({"visibility": "private"}, {"visibility": "private"}),
        ({"is_public": True}, {"visibility": "public"}),
        ({"is_public": None}, {"visibility": "shared"}),
        ({"min_disk": 7}, {"min_disk": 7}),
        ({"protected": True}, {"protected": True}),
        ({"owner": ""}, {"owner": None}),
        ({"id": "i"}, {}),
        ({"created_at": utc("2020-01-01"), "updated_at": None, "deleted_at": 5}, {}),
        ({"deleted": True, "tags": ["blue"], "colour": "blue"}, {}),
    ],
)
def test_an_update_changes_what_is_given_and_the_time(given: Any, expected: dict[str, Any]) -> None:
    world = World()
    db = a_database(world)
    before = db.image_get(ALICE, an_image(db, "i", name="old", min_disk=1))
    world.pass_time(days=1)
    after = db.image_update(ALICE, "i", given)

    assert after == before | expected | {"updated_at": world.now()}
    assert db.image_get(ADMIN, "i") == after


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        *WRONG,
        ({"visibility": None}, "images.visibility is required"),
        ({"min_disk": None}, "images.min_disk is required"),
        ({"protected": None}, "images.protected is required"),
        ({"protected": "True"}, "images.protected"),
        ({"min_disk": ""}, "images.min_disk"),
        ({"id": "other"}, "the id of image i cannot become 'other'"),
        ({"id": None}, "images.id is required"),
        ({"properties": None}, "properties must be a dict"),
    ],
)
def test_wrong_values_of_an_update_are_refused_by_name(wrong: Any, named: str) -> None:
    db = a_database()
    an_image(db, "i", name="old")

    with refused(db, Invalid, named):
        db.image_update(ALICE, "i", {"name": "new"} | wrong)


@pytest.mark.parametrize("from_state", ["active", None, ""])
def test_an_update_can_require_a_status(db: Database, from_state: str | None) -> None:
    image_id = an_image(db, status="active")
    image = db.image_update(ALICE, image_id, {"status": "queued"}, from_state=from_state)

    assert image["status"] == "queued"


def test_a_conflict_names_the_state_that_is_the_one_to_come_and_the_one_that_is_needed(
    db: Database,
) -> None:
    an_image(db, "a", status="queued")

    with refused(db, Conflict, "a", "queued", "active", "saving"):
        db.image_update(ADMIN, "a", {"status": "active"}, from_state="saving")


@pytest.mark.parametrize("image_id", [MISSING, "", None, "i" * 37, ["i"]])
def test_no_image_is_not_updated(db: Database, image_id: Any) -> None:
    an_image(db, "i")

    with refused(db, ImageNotFound):
        db.image_update(ADMIN, image_id, {"status": "active"})


@pytest.mark.parametrize(
    ("image_id", "values", "from_state"),
    [(EMOJI, {}, None), ("i", {"name": EMOJI}, None), ("i", {}, EMOJI)],
)
def test_an_update_holds_no_characters_beyond_the_basic_plane(
    db: Database, image_id: str, values: dict[str, str], from_state: str | None
) -> None:
    an_image(db, "i")

    with refused(db, Invalid, "U+FFFF"):
        db.image_update(ALICE, image_id, values, from_state=from_state)


@pytest.mark.parametrize("visibility", ["shared", "private"])
def test_an_image_cannot_get_an_owner_whose_images_the_caller_does_not_see(visibility: str) -> None:
    db = a_database()
    image_id = an_image(db, visibility=visibility, properties={"os": "linux"})

    with refused(db, Forbidden, image_id, "alice"):
        db.image_update(ALICE, image_id, {"owner": "bob", "properties": {"os": "bsd"}})


@pytest.mark.parametrize(
    ("repeated", "error"), [({}, Forbidden), ({"id": "i"}, NotFound), ({"id": "other"}, Invalid)]
)
def test_an_image_given_away_with_a_location_that_is_not_there_is_refused_in_the_drivers_order(
    db: Database, repeated: dict[str, Any], error: type[SimpleDBError]
) -> None:
    an_image(db, "i")
    lost = {"id": 99, "url": "file:///a", "metadata": {}, "status": "active"}

    with refused(db, error, "i"):
        db.image_update(ALICE, "i", {"owner": "bob", "locations": [lost]} | repeated)


def test_an_image_given_away_with_its_id_stays_as_it_was(db: Database) -> None:
    an_image(db, "i")

    with refused(db, Forbidden, "i"):
        db.image_update(ALICE, "i", {"id": "i", "owner": "bob"})


def test_values_of_atomic_properties_are_ignored_by_an_update(db: Database) -> None:
    an_image(db, "i", properties={"lock": "mine"})
    image = db.image_update(ALICE, "i", {"properties": {"lock": []}}, atomic_props=["lock"])

    assert [row["value"] for row in image["properties"]] == ["mine"]


def test_a_public_image_can_get_another_owner(db: Database) -> None:
    image_id = an_image(db, visibility="public")

    assert db.image_update(ALICE, image_id, {"owner": "bob"})["owner"] == "bob"


def test_an_administrator_updates_a_deleted_image(db: Database, image_id: str) -> None:
    db.image_destroy(ALICE, image_id)
    image = db.image_update(ADMIN, image_id, {"name": "late"})

    assert (image["name"], image["deleted"]) == ("late", True)


def test_the_callers_rights_come_before_the_values(db: Database) -> None:
    image_id = an_image(db, visibility="public")

    with refused(db, ForbiddenPublicImage, image_id):
        db.image_update(BOB, image_id, {"status": "bogus"})


def test_the_values_come_before_the_status(db: Database) -> None:
    image_id = an_image(db, status="active")

    with refused(db, Invalid, "the status of an image"):
        db.image_update(ALICE, image_id, {"status": "bogus"}, from_state="saving")


# --- destroy and restore ---------------------------------------------------------------------


def test_a_destroyed_image_is_deleted_now_and_keeps_its_status(db: Database, world: World) -> None:
    before = db.image_get(ALICE, an_image(db, "i", status="active"))
    world.pass_time(days=1)
    now = world.now()

    assert db.image_destroy(ALICE, "i") == (
        before | {"deleted": True, "deleted_at": now, "updated_at": now}
    )


@pytest.mark.parametrize("table", ["image_properties", "image_members", "image_tags"])
def test_a_destroyed_image_takes_its_live_children_along(
    db: Database, world: World, table: str
) -> None:
    image_id = an_image(db, properties={"a": "1", "b": "2"})
    for member in ("bob", "carol"):
        a_member(db, image_id, member)
    db.image_tag_set_all(ALICE, image_id, ["a", "b"])
    db.image_property_delete(ALICE, "a", image_id)
    db.image_member_delete(ALICE, 1)
    db.image_tag_delete(ALICE, image_id, "a")
    world.pass_time(days=1)
    db.image_destroy(ALICE, image_id)
    first, second = rows(db, table)

    assert utc(first["deleted_at"]) == BEGINNING
    assert second["deleted"]
    assert utc(second["deleted_at"]) == utc(second["updated_at"]) == world.now()


def test_the_children_of_other_images_stay(db: Database) -> None:
    image_id, other_id = an_image(db), an_image(db)
    a_property(db, other_id)
    a_member(db, other_id)
    a_location(db, other_id)
    db.image_tag_create(ALICE, other_id, "blue")
    before = db.image_get_all(ADMIN, {"id": other_id}, return_tag=True)
    db.image_destroy(ALICE, image_id)

    assert db.image_get_all(ADMIN, {"id": other_id}, return_tag=True) == before
    assert db.image_member_count(ADMIN, other_id) == 1


def test_an_image_that_is_destroyed_again_is_deleted_now(
    db: Database, world: World, image_id: str
) -> None:
    db.image_destroy(ALICE, image_id)
    world.pass_time(days=1)

    assert db.image_destroy(ADMIN, image_id)["deleted_at"] == world.now()


def test_a_deleted_image_is_not_there_for_its_owner(db: Database, image_id: str) -> None:
    db.image_destroy(ALICE, image_id)

    with refused(db, ImageNotFound, image_id):
        db.image_destroy(ALICE, image_id)
    with refused(db, ImageNotFound, image_id):
        db.image_update(ALICE, image_id, {})
    with refused(db, ImageNotFound, image_id):
        db.image_restore(ALICE, image_id)


def test_a_protected_image_can_be_destroyed(db: Database) -> None:
    assert db.image_destroy(ALICE, an_image(db, protected=True))["deleted"]


@pytest.mark.parametrize("function", ["image_destroy", "image_restore", "image_get"])
def test_what_is_not_there_or_not_seen_is_refused(db: Database, function: str) -> None:
    image_id = an_image(db, status="pending_delete")

    with refused(db, ImageNotFound, MISSING):
        getattr(db, function)(ADMIN, MISSING)
    with refused(db, Forbidden, image_id, "bob"):
        getattr(db, function)(BOB, image_id)


def test_an_image_of_others_is_not_destroyed(db: Database) -> None:
    image_id = an_image(db, visibility="public")

    with refused(db, ForbiddenPublicImage, image_id):
        db.image_destroy(BOB, image_id)


def test_an_image_that_waits_for_its_deletion_can_be_restored(db: Database, world: World) -> None:
    before = db.image_get(ALICE, an_image(db, "i", status="pending_delete"))
    world.pass_time(days=1)
    db.image_restore(ALICE, "i")

    assert db.image_get(ALICE, "i") == before | {"status": "active", "updated_at": world.now()}


def test_a_restored_image_lives_and_keeps_its_time_of_deletion_and_its_children_deleted() -> None:
    db = a_database()
    image_id = an_image(db, status="pending_delete", properties={"os": "linux"})
    db.image_destroy(ALICE, image_id)
    db.image_restore(ADMIN, image_id)
    image = db.image_get(ALICE, image_id)

    assert (image["deleted"], image["deleted_at"]) == (False, BEGINNING)
    assert [row["deleted"] for row in image["properties"]] == [True]


def test_a_caller_that_sees_an_image_may_restore_it(db: Database) -> None:
    image_id = an_image(db, status="pending_delete", visibility="public")
    db.image_restore(BOB, image_id)

    assert db.image_get(BOB, image_id)["status"] == "active"


@pytest.mark.parametrize("status", sorted(IMAGE_STATUSES - {"pending_delete"}))
def test_an_image_of_another_status_is_not_restored(db: Database, status: str) -> None:
    image_id = an_image(db, status=status)

    with refused(db, Conflict, image_id, status, "active", "pending_delete"):
        db.image_restore(ALICE, image_id)


# --- get -------------------------------------------------------------------------------------


def test_a_deleted_image_is_found_with_force_show_deleted(db: Database, image_id: str) -> None:
    db.image_destroy(ALICE, image_id)

    assert db.image_get(ALICE, image_id, force_show_deleted=True)["deleted"]


@pytest.mark.parametrize("visibility", ["public", "community", "shared", "private"])
def test_the_first_version_of_the_api_knows_is_public_instead_of_visibility(
    db: Database, visibility: str
) -> None:
    given = NEW | {"id": "i", "visibility": visibility}
    images = [
        db.image_create(ALICE, given, v1_mode=True),
        db.image_update(ALICE, "i", {}, v1_mode=True),
        db.image_get(ALICE, "i", v1_mode=True),
        db.image_get_all(ALICE, v1_mode=True)[0],
    ]

    assert all("visibility" not in image for image in images)
    assert {image["is_public"] for image in images} == {visibility == "public"}


# --- list ------------------------------------------------------------------------------------


def listed(db: Database, *args: Any, **kwargs: Any) -> str:
    """Give the ids of what an administrator is shown, in one word."""
    return "".join(ids(db.image_get_all(ADMIN, *args, **kwargs)))


def three_images() -> Database:
    """Make a database with images a, b and c, one a day, the second of them deleted."""
    world = World()
    db = a_database(world)
    for number, image_id in enumerate("abc"):
        an_image(db, image_id, name=f"n{2 - number}", size=number, status="active")
        world.pass_time(days=1)
    db.image_destroy(ALICE, "b")
    return db


def test_an_empty_database_lists_nothing() -> None:
    assert a_database().image_get_all(ADMIN) == []


def test_a_listing_shows_images_as_they_are_shown_alone(db: Database) -> None:
    image_id = an_image(db, properties={"os": "linux"})
    a_location(db, image_id)

    assert db.image_get_all(ALICE) == [db.image_get(ALICE, image_id)]


@pytest.mark.parametrize("caller", [ADMIN, ALICE])
@pytest.mark.parametrize("filters", [None, {}])
def test_the_newest_images_come_first_and_deleted_ones_are_among_them(
    filters: Any, caller: RequestContext
) -> None:
    assert ids(three_images().image_get_all(caller, filters)) == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("filters", "images"),
    [
        ({"deleted": False}, "ca"),
        ({"deleted": True}, "b"),
        ({"name": "n2"}, "a"),
        ({"id": "in:a,c"}, "ca"),
        ({"size_min": 1}, "cb"),
        ({"size_min": 1, "deleted": False}, "c"),
        ({"created_at": "gt:2026-01-02"}, "cb"),
        ({"changes-since": utc("2026-01-03T12:00")}, "b"),
        ({"owner": "bob"}, ""),
        ({"colour": "blue"}, ""),
    ],
)
def test_images_are_listed_that_match_all_filters(filters: Any, images: str) -> None:
    assert listed(three_images(), filters) == images


@pytest.mark.parametrize(
    ("filters", "images"),
    [
        ({"os": "linux"}, "ab"),
        ({"properties": {"os": "linux"}}, "ab"),
        ({"os": "linux", "arch": "arm"}, "b"),
        ({"properties": {"os": "linux"}, "os": "bsd"}, ""),
        ({"os": "none"}, ""),
        ({"properties": {"note": None}}, "c"),
        ({"bits": 64}, "c"),
    ],
)
def test_images_are_listed_that_have_live_properties(filters: Any, images: str) -> None:
    db = a_database()
    an_image(db, "a", properties={"os": "linux"})
    an_image(db, "b", properties={"os": "linux", "arch": "arm"})
    an_image(db, "c", properties={"os": "linux", "note": None, "bits": "64"})
    db.image_property_delete(ADMIN, "os", "c")

    assert listed(db, filters, sort_dir=["asc"]) == images


@pytest.mark.parametrize(
    ("tags", "images"),
    [([], "abc"), (["x"], "ab"), (["x", "y"], "b"), (["y", "y"], "b"), (["z"], "")],
)
def test_images_are_listed_that_have_every_tag_live(tags: list[str], images: str) -> None:
    db = a_database()
    for image_id, given in (("a", ["x"]), ("b", ["x", "y"]), ("c", ["x"])):
        db.image_tag_set_all(ADMIN, an_image(db, image_id), given)
    db.image_tag_delete(ADMIN, "c", "x")

    assert listed(db, {"tags": tags}, sort_dir=["asc"]) == images


@pytest.mark.parametrize(("is_public", "images"), [(None, "ps"), (True, "p"), (False, "s")])
def test_is_public_lists_public_images_or_the_others(is_public: Any, images: str) -> None:
    db = a_database()
    an_image(db, "p", visibility="public")
    an_image(db, "s")

    assert listed(db, sort_dir=["asc"], is_public=is_public) == images


def test_a_listing_has_tags_with_return_tag(db: Database, image_id: str) -> None:
    for tag in ("b", "a", "gone", "b"):
        db.image_tag_create(ADMIN, image_id, tag)
    db.image_tag_delete(ADMIN, image_id, "gone")

    assert db.image_get_all(ALICE, return_tag=True)[0]["tags"] == ["b", "a", "b"]
    assert "tags" not in db.image_get_all(ALICE)[0]


@pytest.mark.parametrize(
    ("keys", "directions", "images"),
    [
        (["name"], ["asc"], "cba"),
        (["name"], ["desc"], "abc"),
        (["size"], ["asc"], "abc"),
        (["deleted", "size"], ["asc", "desc"], "cab"),
        (["status"], None, "cba"),
        (None, ["asc"], "abc"),
    ],
)
def test_images_are_listed_in_order(keys: Any, directions: Any, images: str) -> None:
    assert listed(three_images(), sort_key=keys, sort_dir=directions) == images


@pytest.mark.parametrize(
    ("marker", "limit", "images"),
    [
        (None, 2, "cb"),
        (None, 0, ""),
        ("c", None, "ba"),
        ("c", 1, "b"),
        ("b", 5, "a"),
        ("a", 5, ""),
    ],
)
def test_a_page_starts_behind_its_marker_and_has_at_most_limit_images(
    marker: str | None, limit: int | None, images: str
) -> None:
    assert listed(three_images(), marker=marker, limit=limit) == images


def test_a_marker_that_the_filters_leave_out_still_has_its_place() -> None:
    assert listed(three_images(), {"name": "n2"}, marker="b") == "a"


def test_the_marker_exists_and_is_visible() -> None:
    db = three_images()

    with refused(db, ImageNotFound, MISSING):
        db.image_get_all(ALICE, marker=MISSING)
    with refused(db, Forbidden, "a", "bob"):
        db.image_get_all(BOB, marker="a")


def test_a_deleted_marker_is_found_where_deleted_images_are_asked_for() -> None:
    db = three_images()

    with refused(db, ImageNotFound, "b"):
        db.image_get_all(ALICE, marker="b")
    assert db.image_get_all(ALICE, {"deleted": True}, marker="b") == []
    assert ids(db.image_get_all(ALICE, {"changes-since": utc("2020-01-01")}, marker="b")) == ["a"]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"filters": {"name": "gt:a"}}, InvalidFilterOperatorValue),
        ({"filters": {"size_min": "x"}}, InvalidFilterRangeValue),
        ({"filters": {"created_at": "yesterday"}}, InvalidParameterValue),
        ({"filters": {"tags": None}}, Invalid),
        ({"filters": 5}, Invalid),
        ({"sort_key": ["colour"]}, InvalidSortKey),
        ({"sort_dir": ["up"]}, InvalidSortDir),
        ({"sort_key": ["name"], "sort_dir": ["asc", "asc"]}, Invalid),
        ({"limit": -1}, Invalid),
        ({"limit": "x"}, Invalid),
    ],
)
@pytest.mark.parametrize("caller", [ADMIN, ALICE, NOBODY, None])
def test_a_wrong_query_is_refused_whatever_images_there_are(
    caller: Any, wrong: Any, error: type[Invalid]
) -> None:
    for db in (a_database(), three_images()):
        with refused(db, error):
            db.image_get_all(caller, marker=MISSING, **wrong)


def test_a_new_image_has_its_tags_each_once_and_in_order(db: Database) -> None:
    image_id = an_image(db, tags=["b", "a", "b"])

    assert db.image_tag_get_all(ADMIN, image_id) == ["b", "a"]
