from typing import Any

import pytest

from simple_db import Database
from simple_db.model.errors import ImageNotFound, Invalid, NotFound
from tests.support.build import (
    ADMIN,
    ALICE,
    EMOJI,
    MISSING,
    NOBODY,
    a_database,
    a_location,
    an_image,
    refused,
    rows,
    utc,
)
from tests.support.world import BEGINNING, World

LOCATION = {"url": "file:///a", "metadata": {}, "status": "active"}
GONE = ["deleted", "pending_delete"]

# What a location cannot be, and what the message names.
WRONG: list[tuple[Any, str]] = [
    *(
        (LOCATION | wrong, named)
        for wrong, named in (
            ({"url": None}, "image_locations.value is required"),
            ({"url": ["file:///a"]}, "image_locations.value"),
            ({"status": ["active"]}, "image_locations.status"),
            ({"metadata": object()}, "image_locations.meta_data"),
            ({"metadata": {"a": float("nan")}}, "image_locations.meta_data"),
            ({"url": EMOJI}, "'url' has a character beyond"),
            ({"metadata": {"key": EMOJI}}, "'key' has a character beyond"),
        )
    ),
    *(
        ({key: value for key, value in LOCATION.items() if key != missing}, f"lacks {missing}")
        for missing in LOCATION
    ),
    *((wrong, "a location must be a dict") for wrong in (None, "file:///a", 5, [LOCATION])),
    ({5: "x"}, "a location must be a dict"),
]


def nested(levels: int) -> Any:
    """Nest dicts so many levels deep around a value."""
    value: Any = "core"
    for _ in range(levels):
        value = {"a": value}
    return value


def urls(db: Database, image_id: str, *, deleted: bool = False) -> list[str]:
    """Give the URLs of the image's locations."""
    image = db.image_get(ADMIN, image_id, force_show_deleted=deleted)
    return [location["url"] for location in image["locations"]]


@pytest.fixture
def location_id(db: Database, image_id: str) -> int:
    return a_location(db, image_id)


def test_a_location_is_shown_with_its_image(db: Database, image_id: str) -> None:
    db.image_location_add(ALICE, image_id, LOCATION | {"metadata": {"speed": 5}})

    assert db.image_get(ALICE, image_id)["locations"] == [
        {"id": 1, "url": "file:///a", "metadata": {"speed": 5}, "status": "active"}
    ]


def test_locations_come_in_the_order_in_which_they_were_added(db: Database, image_id: str) -> None:
    for url in ("c:", "a:", "b:", "a:"):
        a_location(db, image_id, url)

    assert urls(db, image_id) == ["c:", "a:", "b:", "a:"]


def test_images_have_their_own_locations(db: Database) -> None:
    a_location(db, an_image(db))

    assert urls(db, an_image(db)) == []


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"status": None}, {"status": "active"}),
        ({"metadata": None}, {"metadata": {}}),
        ({"status": "of our own"}, {"status": "of our own"}),
        ({"metadata": {"a": (1, 2), 3: None}}, {"metadata": {"a": [1, 2], "3": None}}),
        ({"metadata": [1]}, {"metadata": [1]}),
        ({"url": ""}, {"url": ""}),
        ({"url": 5}, {"url": "5"}),
        ({"id": 77, "colour": "blue"}, {}),
    ],
)
def test_a_new_location_is_returned_as_it_is_stored(given: Any, stored: Any) -> None:
    db = a_database()
    image_id = an_image(db)
    db.image_location_add(ALICE, image_id, LOCATION | given)

    assert db.image_get(ALICE, image_id)["locations"] == [{"id": 1} | LOCATION | stored]


@pytest.mark.parametrize("status", GONE)
def test_a_location_can_be_added_as_deleted(db: Database, image_id: str, status: str) -> None:
    a_location(db, image_id, status=status)
    [row] = rows(db, "image_locations")

    assert (row["deleted"], row["status"]) == (True, status)
    assert utc(row["deleted_at"]) == BEGINNING
    assert urls(db, image_id) == []


def test_a_deleted_image_can_get_a_location(db: Database, image_id: str) -> None:
    db.image_destroy(ALICE, image_id)
    a_location(db, image_id)

    assert urls(db, image_id) == ["file:///a"]


def test_every_caller_may_change_the_locations_of_every_image(db: Database) -> None:
    image_id = an_image(db, visibility="private")
    db.image_location_add(NOBODY, image_id, LOCATION)
    db.image_location_update(NOBODY, image_id, LOCATION | {"id": 1, "url": "b:"})
    assert urls(db, image_id) == ["b:"]

    db.image_location_delete(NOBODY, image_id, 1, "deleted")
    assert urls(db, image_id) == []


@pytest.mark.parametrize(("wrong", "named"), WRONG)
def test_what_cannot_be_a_location_is_refused_by_name(
    db: Database, image_id: str, location_id: int, wrong: Any, named: str
) -> None:
    of_its_id = wrong | {"id": location_id} if isinstance(wrong, dict) else wrong

    with refused(db, Invalid, named):
        db.image_location_add(ALICE, image_id, wrong)
    with refused(db, Invalid, named):
        db.image_location_update(ALICE, image_id, of_its_id)
    with refused(db, Invalid, named):
        db.image_update(ALICE, image_id, {"locations": [wrong]})


def test_metadata_is_nested_up_to_the_bound(db: Database, image_id: str) -> None:
    db.image_location_add(ALICE, image_id, LOCATION | {"metadata": nested(64)})

    assert db.image_get(ALICE, image_id)["locations"][0]["metadata"] == nested(64)


@pytest.mark.parametrize("levels", [65, 5000])
def test_metadata_that_is_nested_too_deeply_is_refused(
    db: Database, image_id: str, levels: int
) -> None:
    with refused(db, Invalid, "nested deeper"):
        db.image_location_add(ALICE, image_id, LOCATION | {"metadata": nested(levels)})


@pytest.mark.parametrize("wrong", [{"url": ["secret"]}, {"metadata": {"a": {b"secret"}}}])
def test_the_message_of_a_refusal_has_no_secret(db: Database, image_id: str, wrong: Any) -> None:
    with pytest.raises(Invalid) as caught:
        db.image_location_add(ALICE, image_id, LOCATION | wrong)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("image_id", [MISSING, "i" * 37])
def test_no_image_gets_no_location(db: Database, image_id: str) -> None:
    with refused(db, ImageNotFound, image_id):
        db.image_location_add(ALICE, image_id, LOCATION)


def test_the_id_of_an_image_has_no_characters_beyond_the_basic_plane(db: Database) -> None:
    with refused(db, Invalid, "U+FFFF"):
        db.image_location_add(ALICE, EMOJI, LOCATION)
    with refused(db, Invalid, "U+FFFF"):
        db.image_location_update(ALICE, EMOJI, LOCATION | {"id": 1})


# --- updated ---------------------------------------------------------------------------------


def test_an_update_replaces_url_metadata_and_status(
    db: Database, world: World, image_id: str
) -> None:
    location_id = a_location(db, image_id, metadata={"a": 1})
    world.pass_time(days=1)
    new = {"id": location_id, "url": "b:", "metadata": {"b": 2}, "status": "of our own"}
    db.image_location_update(ALICE, image_id, new)

    assert db.image_get(ALICE, image_id)["locations"] == [new]
    assert utc(rows(db, "image_locations")[0]["created_at"]) == BEGINNING
    assert utc(rows(db, "image_locations")[0]["updated_at"]) == world.now()


def test_an_update_can_take_the_metadata_away(db: Database, image_id: str) -> None:
    location_id = a_location(db, image_id, metadata={"a": 1})
    db.image_location_update(ALICE, image_id, LOCATION | {"id": location_id, "metadata": None})

    assert db.image_get(ALICE, image_id)["locations"][0]["metadata"] is None


@pytest.mark.parametrize("status", GONE)
def test_the_status_of_an_update_deletes_and_revives(
    db: Database, image_id: str, status: str
) -> None:
    location = LOCATION | {"id": a_location(db, image_id)}
    db.image_location_update(ALICE, image_id, location | {"status": status})
    assert rows(db, "image_locations")[0]["deleted_at"] == BEGINNING.isoformat()
    assert urls(db, image_id) == []

    db.image_location_update(ALICE, image_id, location)
    assert rows(db, "image_locations")[0]["deleted_at"] is None
    assert urls(db, image_id) == ["file:///a"]


def test_an_update_has_a_status(db: Database, image_id: str, location_id: int) -> None:
    with refused(db, Invalid, "image_locations.status is required"):
        db.image_location_update(ALICE, image_id, LOCATION | {"id": location_id, "status": None})


@pytest.mark.parametrize("given", [{}, {"id": None}])
def test_an_update_names_the_location(given: dict[str, Any]) -> None:
    db = a_database()
    image_id = an_image(db)

    with refused(db, Invalid, image_id, "has no id"):
        db.image_location_update(ALICE, image_id, LOCATION | given)


@pytest.mark.parametrize("location_id", [0, 99, "", "x", [1]])
def test_a_location_that_is_not_there_is_not_found(
    db: Database, image_id: str, location_id: Any
) -> None:
    a_location(db, image_id)

    with refused(db, NotFound, image_id, f"ID {location_id}"):
        db.image_location_update(ALICE, image_id, LOCATION | {"id": location_id})
    with refused(db, NotFound, image_id, f"ID {location_id}"):
        db.image_location_delete(ALICE, image_id, location_id, "deleted")
    with refused(db, NotFound, image_id, f"ID {location_id}"):
        db.image_update(ALICE, image_id, {"locations": [LOCATION | {"id": location_id}]})


def test_the_location_of_another_image_is_not_found(db: Database) -> None:
    image_id, other_id = an_image(db), an_image(db)
    location_id = a_location(db, image_id)

    with refused(db, NotFound, other_id, location_id):
        db.image_location_update(ALICE, other_id, LOCATION | {"id": location_id})
    with refused(db, NotFound, other_id, location_id):
        db.image_location_delete(ALICE, other_id, location_id, "deleted")


# --- deleted ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", GONE)
def test_a_deleted_location_stays_as_a_deleted_row(
    db: Database, world: World, image_id: str, location_id: int, status: str
) -> None:
    world.pass_time(days=1)
    db.image_location_delete(ALICE, image_id, location_id, status)
    [row] = rows(db, "image_locations")

    assert (row["deleted"], row["status"]) == (True, status)
    assert utc(row["deleted_at"]) == utc(row["updated_at"]) == world.now()
    assert urls(db, image_id) == []
    assert urls(db, image_id, deleted=True) == ["file:///a"]


def test_the_time_of_deletion_is_now_not_the_callers(
    db: Database, image_id: str, location_id: int
) -> None:
    db.image_location_delete(ALICE, image_id, location_id, "deleted", utc("2020-01-01"))

    assert utc(rows(db, "image_locations")[0]["deleted_at"]) == BEGINNING


def test_a_location_that_is_deleted_again_is_deleted_now(
    db: Database, world: World, image_id: str, location_id: int
) -> None:
    db.image_location_delete(ALICE, image_id, location_id, "pending_delete")
    world.pass_time(days=1)
    db.image_location_delete(ALICE, image_id, location_id, "deleted")
    [row] = rows(db, "image_locations")

    assert (utc(row["deleted_at"]), row["status"]) == (world.now(), "deleted")


@pytest.mark.parametrize("status", ["active", "", None, ["deleted"]])
def test_a_location_is_deleted_with_a_status_that_says_so(
    db: Database, image_id: str, location_id: int, status: Any
) -> None:
    with refused(db, Invalid, f"not {status!r}"):
        db.image_location_delete(ALICE, image_id, location_id, status)


# --- with an update of the image -------------------------------------------------------------


def test_an_image_is_created_with_its_locations(db: Database) -> None:
    image_id = an_image(db, locations=[LOCATION, LOCATION | {"url": "b:", "status": None}])

    assert urls(db, image_id) == ["file:///a", "b:"]


def test_an_update_keeps_changes_adds_and_deletes_locations(db: Database, image_id: str) -> None:
    kept, _gone = a_location(db, image_id, "kept:"), a_location(db, image_id, "gone:")
    listed = [LOCATION | {"url": "new:"}, LOCATION | {"id": kept, "url": "changed:"}]
    db.image_update(ALICE, image_id, {"locations": listed})

    assert [(row["value"], row["status"]) for row in rows(db, "image_locations")] == [
        ("changed:", "active"),
        ("gone:", "deleted"),
        ("new:", "active"),
    ]


@pytest.mark.parametrize("locations", [[], None, ()])
def test_an_update_with_no_locations_leaves_them_alone(
    db: Database, image_id: str, locations: Any
) -> None:
    a_location(db, image_id)
    db.image_update(ALICE, image_id, {"locations": locations})

    assert urls(db, image_id) == ["file:///a"]


def test_an_update_does_not_touch_locations_that_are_deleted_already(
    db: Database, world: World, image_id: str
) -> None:
    a_location(db, image_id, status="pending_delete")
    world.pass_time(days=1)
    db.image_update(ALICE, image_id, {"locations": [LOCATION]})
    old, new = rows(db, "image_locations")

    assert (old["status"], utc(old["deleted_at"])) == ("pending_delete", BEGINNING)
    assert (new["status"], new["deleted"]) == ("active", False)


@pytest.mark.parametrize("locations", ["file:///a", 5, LOCATION])
def test_locations_are_a_list(db: Database, image_id: str, locations: Any) -> None:
    with refused(db, Invalid, "locations must be a list"):
        db.image_update(ALICE, image_id, {"locations": locations})
    with refused(db, Invalid, "locations must be a list"):
        an_image(db, locations=locations)


# --- who sees them ---------------------------------------------------------------------------


def test_a_deactivated_image_shows_its_locations_to_administrators_only(db: Database) -> None:
    image_id = an_image(db, status="deactivated")
    a_location(db, image_id)

    assert db.image_get(ALICE, image_id)["locations"] == []
    assert len(db.image_get(ADMIN, image_id)["locations"]) == 1


def test_an_image_that_is_created_or_changed_comes_back_without_deleted_locations() -> None:
    db = a_database()
    gone = LOCATION | {"status": "deleted"}
    values = {"id": "i", "status": "active", "owner": "alice", "locations": [LOCATION, gone]}

    assert len(db.image_create(ALICE, values)["locations"]) == 1
    assert len(db.image_update(ALICE, "i", {"name": "new"})["locations"]) == 1
    assert db.image_destroy(ALICE, "i")["locations"] == []


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        ({}, 1),
        ({"deleted": False}, 1),
        ({"deleted": True}, 2),
        ({"changes-since": utc("2020-01-01")}, 2),
    ],
)
def test_a_listing_of_what_is_deleted_or_changed_shows_deleted_locations(
    db: Database, image_id: str, filters: Any, shown: int
) -> None:
    a_location(db, image_id)
    a_location(db, image_id, status="deleted")
    if filters.get("deleted"):
        db.image_destroy(ALICE, image_id)
        a_location(db, image_id, status="active")
        shown += 1

    [image] = db.image_get_all(ADMIN, filters)
    assert len(image["locations"]) == shown


def test_destroying_an_image_deletes_its_live_locations(
    db: Database, world: World, image_id: str
) -> None:
    a_location(db, image_id)
    a_location(db, image_id, status="pending_delete")
    world.pass_time(days=1)
    db.image_destroy(ALICE, image_id)
    live, pending = rows(db, "image_locations")

    assert (live["status"], utc(live["deleted_at"])) == ("deleted", world.now())
    assert (pending["status"], utc(pending["deleted_at"])) == ("pending_delete", BEGINNING)
