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
    an_image,
    refused,
    rows,
    utc,
)
from tests.support.world import BEGINNING, World

LONG_ID = "i" * 37


def tagged(*tags: str) -> tuple[Database, str]:
    """Make a database with one image that has these tags."""
    db = a_database()
    image_id = an_image(db)
    for tag in tags:
        db.image_tag_create(ADMIN, image_id, tag)
    return db, image_id


@pytest.mark.parametrize(("tag", "stored"), [("blue", "blue"), (5, "5"), ("", "")])
def test_a_tag_comes_back_as_it_is_stored(tag: Any, stored: str) -> None:
    db, image_id = tagged()

    assert db.image_tag_create(ALICE, image_id, tag) == stored
    assert db.image_tag_get_all(ALICE, image_id) == [stored]


@pytest.mark.parametrize("tags", [["c", "a", "b"], ["blue", "blue"]])
def test_tags_come_in_the_order_in_which_they_were_added_and_can_be_there_twice(
    tags: list[str],
) -> None:
    db, image_id = tagged(*tags)

    assert db.image_tag_get_all(ALICE, image_id) == tags


def test_images_have_their_own_tags() -> None:
    db, image_id = tagged("blue")

    assert db.image_tag_get_all(ALICE, an_image(db)) == []
    assert db.image_tag_get_all(ALICE, image_id) == ["blue"]


def test_every_caller_may_tag_every_image(db: Database) -> None:
    image_id = an_image(db, visibility="private")
    db.image_tag_create(NOBODY, image_id, "a")
    db.image_tag_set_all(NOBODY, image_id, ["a", "b"])
    db.image_tag_delete(NOBODY, image_id, "a")

    assert db.image_tag_get_all(NOBODY, image_id) == ["b"]


def test_a_deleted_image_can_be_tagged() -> None:
    db, image_id = tagged()
    db.image_destroy(ALICE, image_id)
    db.image_tag_create(ALICE, image_id, "late")

    assert db.image_tag_get_all(ALICE, image_id) == ["late"]


def test_a_deleted_tag_stays_as_a_deleted_row(db: Database, world: World, image_id: str) -> None:
    db.image_tag_create(ALICE, image_id, "blue")
    world.pass_time(days=1)
    db.image_tag_delete(ALICE, image_id, "blue")
    [row] = rows(db, "image_tags")

    assert db.image_tag_get_all(ALICE, image_id) == []
    assert row["deleted"]
    assert utc(row["created_at"]) == BEGINNING
    assert utc(row["deleted_at"]) == utc(row["updated_at"]) == world.now()


def test_a_deleted_tag_can_be_added_anew() -> None:
    db, image_id = tagged("blue")
    db.image_tag_delete(ALICE, image_id, "blue")
    db.image_tag_create(ALICE, image_id, "blue")

    assert [row["deleted"] for row in rows(db, "image_tags")] == [True, False]
    db.image_tag_delete(ALICE, image_id, "blue")

    assert db.image_tag_get_all(ALICE, image_id) == []


def test_the_tags_of_no_image_are_none() -> None:
    assert a_database().image_tag_get_all(ALICE, MISSING) == []


# --- all at once -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "wanted", "after"),
    [
        ([], ["a", "b"], ["a", "b"]),
        (["a", "b"], [], []),
        (["a", "b"], ["b", "c", "a", "d"], ["a", "b", "c", "d"]),
        (["a", "b", "c"], ["b"], ["b"]),
        ([], ["a", "a"], ["a"]),
        (["a", "a"], ["a"], ["a", "a"]),
        (["a"], ("b",), ["b"]),
        (["5"], [5], ["5"]),
    ],
)
def test_an_image_gets_exactly_the_given_tags(
    before: list[str], wanted: Any, after: list[str]
) -> None:
    db, image_id = tagged(*before)
    db.image_tag_set_all(ALICE, image_id, wanted)

    assert db.image_tag_get_all(ALICE, image_id) == after


def test_a_tag_that_stays_keeps_its_row() -> None:
    db, image_id = tagged("a", "b")
    db.image_tag_set_all(ALICE, image_id, ["c", "a"])

    assert [(row["value"], row["deleted"]) for row in rows(db, "image_tags")] == [
        ("a", False),
        ("b", True),
        ("c", False),
    ]


def test_no_tags_can_be_given_to_no_image(db: Database) -> None:
    db.image_tag_set_all(ALICE, MISSING, [])

    assert rows(db, "image_tags") == []


def test_a_tag_to_remove_that_is_there_twice_is_a_duplicate() -> None:
    db, image_id = tagged("a", "a")

    with refused(db, Duplicate, image_id, "a"):
        db.image_tag_set_all(ALICE, image_id, ["b"])


@pytest.mark.parametrize("tags", [None, "abc", 5, {"a": 1}, [None], [["a"]], ["\ud800"]])
def test_tags_that_are_no_list_of_text_are_refused(tags: Any) -> None:
    db, image_id = tagged("a")

    with refused(db, Invalid):
        db.image_tag_set_all(ALICE, image_id, tags)


# --- errors ----------------------------------------------------------------------------------


def test_a_tag_that_is_not_there_or_deleted_is_not_found() -> None:
    db, image_id = tagged("blue")
    db.image_tag_delete(ALICE, image_id, "blue")

    for owner, tag in ((image_id, "red"), (image_id, "blue"), (MISSING, "blue")):
        with refused(db, NotFound, owner, tag):
            db.image_tag_delete(ALICE, owner, tag)


def test_a_tag_that_is_there_twice_is_not_deleted() -> None:
    db, image_id = tagged("blue", "blue")

    with refused(db, Duplicate, image_id, "blue", "2 times"):
        db.image_tag_delete(ALICE, image_id, "blue")


@pytest.mark.parametrize("image_id", [MISSING, LONG_ID])
def test_no_image_is_not_tagged(db: Database, image_id: str) -> None:
    with refused(db, ImageNotFound, image_id):
        db.image_tag_create(ALICE, image_id, "blue")
    with refused(db, ImageNotFound, image_id):
        db.image_tag_set_all(ALICE, image_id, ["blue"])


def test_an_id_that_no_image_can_have_is_not_found(db: Database) -> None:
    with refused(db, ImageNotFound, LONG_ID):
        db.image_tag_set_all(ALICE, LONG_ID, [])
    with refused(db, ImageNotFound, LONG_ID):
        db.image_tag_delete(ALICE, LONG_ID, "blue")
    with refused(db, ImageNotFound, LONG_ID):
        db.image_tag_get_all(ALICE, LONG_ID)


@pytest.mark.parametrize("tag", [None, ["blue"], b"blue", "\ud800"])
def test_a_tag_that_is_no_text_is_refused(tag: Any) -> None:
    db, image_id = tagged()

    with refused(db, Invalid, "image_tags.value"):
        db.image_tag_create(ALICE, image_id, tag)


def test_characters_beyond_the_basic_plane_are_refused() -> None:
    db, image_id = tagged()

    with refused(db, Invalid, "U+FFFF"):
        db.image_tag_create(ALICE, image_id, EMOJI)
    with refused(db, Invalid, "U+FFFF"):
        db.image_tag_set_all(ALICE, image_id, ["a", EMOJI])
    with refused(db, Invalid, "U+FFFF"):
        db.image_tag_create(ALICE, EMOJI, "a")
