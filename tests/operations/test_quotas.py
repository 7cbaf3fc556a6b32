from collections.abc import Callable
from typing import Any

import pytest

from simple_db import Database
from simple_db.model.errors import ImageNotFound
from simple_db.model.records import IMAGE_STATUSES
from tests.support.build import (
    ADMIN,
    ALICE,
    NOBODY,
    a_database,
    a_location,
    a_property,
    an_image,
    refused,
)

COPYING = "os_glance_importing_to_stores"
GONE = {"deleted", "killed", "pending_delete"}
STAGING = {"importing", "uploading"}
UPLOADING = STAGING | {"saving"}

Usage = Callable[[Database], int]


def storage(db: Database) -> int:
    return db.user_get_storage_usage(NOBODY, "alice")


def staging(db: Database) -> int:
    return db.user_get_staging_usage(NOBODY, "alice")


def count(db: Database) -> int:
    return db.user_get_image_count(NOBODY, "alice")


def uploading(db: Database) -> int:
    return db.user_get_uploading_count(NOBODY, "alice")


EVERY_USAGE = pytest.mark.parametrize("usage", [storage, staging, count, uploading])


def a_stored_image(db: Database, size: int | None = 10, locations: int = 1, **values: Any) -> str:
    """Create an image that takes up its size at so many places."""
    image_id = an_image(db, size=size, **values)
    for _ in range(locations):
        a_location(db, image_id)
    return image_id


@EVERY_USAGE
def test_an_empty_database_uses_nothing(usage: Usage) -> None:
    assert usage(a_database()) == 0


@EVERY_USAGE
def test_the_images_of_others_do_not_count(db: Database, usage: Usage) -> None:
    for status in IMAGE_STATUSES:
        a_stored_image(db, status=status, owner="bob", properties={COPYING: "store"})
        a_stored_image(db, status=status, owner=None, properties={COPYING: "store"})

    assert usage(db) == 0


@pytest.mark.parametrize("status", sorted(IMAGE_STATUSES))
@pytest.mark.parametrize(
    ("usage", "one", "statuses"),
    [
        (storage, 10, IMAGE_STATUSES - GONE),
        (staging, 10, STAGING),
        (count, 1, IMAGE_STATUSES - GONE),
        (uploading, 1, UPLOADING),
    ],
)
def test_an_image_counts_by_its_status(
    db: Database, usage: Usage, one: int, statuses: set[str], status: str
) -> None:
    a_stored_image(db, status=status)

    assert usage(db) == (one if status in statuses else 0)


@pytest.mark.parametrize("status", sorted(IMAGE_STATUSES))
@pytest.mark.parametrize(("usage", "one"), [(staging, 10), (uploading, 1)])
def test_an_image_that_is_copied_counts_once_whatever_its_status(
    db: Database, usage: Usage, one: int, status: str
) -> None:
    a_stored_image(db, status=status, properties={COPYING: "store"})

    assert usage(db) == (0 if status in GONE else one)


@pytest.mark.parametrize(("stores", "copied"), [("store", True), ("", False), (None, False)])
def test_an_image_is_copied_while_there_are_stores_to_come(
    db: Database, stores: str | None, copied: bool
) -> None:
    a_property(db, an_image(db, size=10), COPYING, stores)

    assert (staging(db), uploading(db)) == ((10, 1) if copied else (0, 0))


def test_a_deleted_property_still_counts_an_image_as_copied(db: Database) -> None:
    image_id = an_image(db, size=10, properties={COPYING: "store"})
    db.image_property_delete(ALICE, COPYING, image_id)

    assert (staging(db), uploading(db)) == (10, 1)


@pytest.mark.parametrize(("size", "used"), [(10, 30), (0, 0), (None, 0), (-5, 0)])
def test_an_image_takes_up_its_size_at_every_location(size: int | None, used: int) -> None:
    db = a_database()
    a_stored_image(db, size, locations=3)

    assert storage(db) == used


def test_an_image_without_location_takes_up_nothing(db: Database) -> None:
    a_stored_image(db, locations=0)

    assert storage(db) == 0


@pytest.mark.parametrize(
    ("status", "used"), [("deleted", 10), ("pending_delete", 20), ("of our own", 20)]
)
def test_a_location_takes_up_nothing_once_its_status_is_deleted(status: str, used: int) -> None:
    db = a_database()
    a_location(db, a_stored_image(db), status=status)

    assert storage(db) == used


def test_the_images_of_a_project_are_summed(db: Database) -> None:
    a_stored_image(db, 1)
    a_stored_image(db, 20, locations=2)
    a_stored_image(db, 500, status="uploading", locations=0)
    a_stored_image(db, 6000, status="importing", locations=0)

    assert (storage(db), staging(db), count(db), uploading(db)) == (41, 6500, 4, 2)


@pytest.mark.parametrize("size", [None, -5])
def test_what_has_no_size_is_staged_without(db: Database, size: int | None) -> None:
    an_image(db, size=size, status="uploading")

    assert (staging(db), uploading(db)) == (0, 1)


def test_an_image_can_be_left_out_of_the_storage(db: Database) -> None:
    a_stored_image(db, 1)
    left_out = a_stored_image(db, 20)

    assert db.user_get_storage_usage(ALICE, "alice", image_id=left_out) == 1


def test_an_id_that_no_image_can_have_is_not_found(db: Database) -> None:
    with refused(db, ImageNotFound, "i" * 37):
        db.user_get_storage_usage(ALICE, "alice", "i" * 37)


def test_a_deleted_image_counts_by_its_status_but_takes_up_nothing(db: Database) -> None:
    db.image_destroy(ALICE, a_stored_image(db))

    assert (count(db), storage(db)) == (1, 0)


def test_none_stands_for_the_images_without_owner(db: Database) -> None:
    a_stored_image(db, owner=None, status="uploading")
    a_stored_image(db)

    assert db.user_get_storage_usage(ADMIN, None) == 10
    assert db.user_get_staging_usage(ADMIN, None) == 10
    assert db.user_get_image_count(ADMIN, None) == 1
    assert db.user_get_uploading_count(ADMIN, None) == 1
