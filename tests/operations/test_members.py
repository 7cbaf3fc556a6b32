import enum
from typing import Any

import pytest

from simple_db import Database
from simple_db.model.errors import ImageNotFound, Invalid, NotFound
from tests.support.build import (
    ADMIN,
    ALICE,
    BOB,
    EMOJI,
    MISSING,
    NOBODY,
    a_database,
    a_member,
    an_image,
    ids,
    refused,
    rows,
    utc,
)
from tests.support.world import BEGINNING, World


@pytest.fixture
def member_id(db: Database, image_id: str) -> int:
    """Share an image with bob; give the id of the membership."""
    return a_member(db, image_id)


def test_a_new_membership_comes_back_with_its_columns(db: Database, image_id: str) -> None:
    assert db.image_member_create(ALICE, {"image_id": image_id, "member": "bob"}) == {
        "id": 1,
        "image_id": image_id,
        "member": "bob",
        "can_share": False,
        "status": "pending",
        "created_at": BEGINNING,
        "updated_at": BEGINNING,
        "deleted": False,
    }


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"status": "accepted"}, {"status": "accepted"}),
        ({"status": "of our own"}, {"status": "of our own"}),
        ({"status": None}, {"status": "pending"}),
        ({"can_share": True}, {"can_share": True}),
        ({"can_share": 1}, {"can_share": True}),
        ({"can_share": None}, {"can_share": False}),
        ({"member": 5}, {"member": "5"}),
    ],
)
def test_a_membership_is_returned_as_it_is_stored(given: Any, stored: dict[str, Any]) -> None:
    db = a_database()
    values = {"image_id": an_image(db), "member": "bob"} | given
    created = db.image_member_create(ALICE, values)

    assert created | stored == created
    assert db.image_member_find(ADMIN) == [created]


def test_what_is_no_column_of_a_member_or_not_the_callers_is_ignored(db: Database) -> None:
    given = {"image_id": an_image(db), "member": "bob", "id": 77, "deleted": True, "colour": "blue"}
    created = db.image_member_create(ALICE, given)

    assert (created["id"], created["deleted"]) == (1, False)
    assert "colour" not in created


def test_a_project_can_be_a_member_twice(db: Database, image_id: str) -> None:
    assert [a_member(db, image_id, "bob"), a_member(db, image_id, "bob")] == [1, 2]


def test_every_caller_may_change_every_membership(db: Database) -> None:
    image_id = an_image(db, visibility="private")
    created = db.image_member_create(NOBODY, {"image_id": image_id, "member": "bob"})
    db.image_member_update(NOBODY, created["id"], {"status": "accepted"})
    db.image_member_delete(NOBODY, created["id"])

    assert rows(db, "image_members")[0]["deleted"]


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({}, "the member lacks image_id, member"),
        ({"image_id": "i"}, "the member lacks member"),
        ({"image_id": "i", "member": None}, "the member lacks member"),
        ({"image_id": None, "member": "bob"}, "the member lacks image_id"),
        ({"image_id": "i", "member": ["bob"]}, "image_members.member"),
        ({"image_id": "i", "member": "bob", "status": [1.5]}, "image_members.status"),
        ({"image_id": "i", "member": "bob", "can_share": "yes"}, "image_members.can_share"),
        ({"image_id": "i", "member": EMOJI}, "'member' has a character beyond"),
        (None, "the values of a member must be a dict"),
        ("bob", "the values of a member must be a dict"),
    ],
)
def test_wrong_values_are_refused_by_name(db: Database, values: Any, named: str) -> None:
    an_image(db, "i")

    with refused(db, Invalid, named):
        db.image_member_create(ALICE, values)


def test_no_image_is_not_shared(db: Database) -> None:
    with refused(db, ImageNotFound, MISSING, "bob"):
        a_member(db, MISSING, "bob")


# --- updated ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ({"status": "rejected"}, {"status": "rejected"}),
        ({"can_share": True}, {"can_share": True}),
        ({"member": "carol"}, {"member": "carol"}),
        ({"member": EMOJI}, {"member": EMOJI}),
        ({"image_id": "other"}, {"image_id": "other"}),
    ],
)
def test_an_update_changes_what_is_given(given: Any, stored: dict[str, Any]) -> None:
    world = World()
    db = a_database(world)
    an_image(db, "other")
    member_id = a_member(db, an_image(db))
    [before] = db.image_member_find(ADMIN)
    world.pass_time(days=1)

    assert db.image_member_update(ALICE, member_id, given) == (
        before | stored | {"updated_at": world.now()}
    )


def test_an_update_without_can_share_takes_it_away(db: Database, member_id: int) -> None:
    db.image_member_update(ALICE, member_id, {"can_share": True})

    assert db.image_member_update(ALICE, member_id, {})["can_share"] is False


@pytest.mark.parametrize("given", [{}, {"status": "accepted"}, {"id": 77, "deleted": True}])
def test_an_update_that_changes_nothing_leaves_the_time_alone(given: Any) -> None:
    world = World()
    db = a_database(world)
    member_id = a_member(db, an_image(db))
    world.pass_time(days=1)

    assert db.image_member_update(ALICE, member_id, given)["updated_at"] == BEGINNING


def test_an_update_revives_a_deleted_membership_which_keeps_its_time_of_deletion(
    db: Database, world: World, member_id: int
) -> None:
    db.image_member_delete(ALICE, member_id)
    world.pass_time(days=1)
    revived = db.image_member_update(ALICE, member_id, {})

    assert revived["deleted"] is False
    assert revived["updated_at"] == world.now()
    assert utc(rows(db, "image_members")[0]["deleted_at"]) == BEGINNING


@pytest.mark.parametrize("key", ["status", "member", "image_id", "can_share"])
def test_an_update_gives_no_none(db: Database, member_id: int, key: str) -> None:
    with refused(db, Invalid, f"image_members.{key} is required"):
        db.image_member_update(ALICE, member_id, {key: None})


@pytest.mark.parametrize("values", [None, 5, ["status"]])
def test_an_update_is_a_dict(db: Database, member_id: int, values: Any) -> None:
    with refused(db, Invalid, "the values of a member must be a dict"):
        db.image_member_update(ALICE, member_id, values)


def test_a_membership_cannot_move_to_no_image(db: Database, member_id: int) -> None:
    with refused(db, ImageNotFound, MISSING, "bob"):
        db.image_member_update(ALICE, member_id, {"image_id": MISSING})


@pytest.mark.parametrize("member_id", [99, 0, None, "bob", [1]])
def test_a_membership_that_is_not_there_is_not_found(db: Database, member_id: Any) -> None:
    a_member(db, an_image(db))

    with refused(db, NotFound, f"ID {member_id}"):
        db.image_member_update(ALICE, member_id, {})
    with refused(db, NotFound, f"ID {member_id}"):
        db.image_member_delete(ALICE, member_id)


# --- deleted ---------------------------------------------------------------------------------


def test_a_deleted_membership_stays_as_a_deleted_row(
    db: Database, world: World, member_id: int
) -> None:
    world.pass_time(days=1)
    db.image_member_delete(ALICE, member_id)
    [row] = rows(db, "image_members")

    assert row["deleted"]
    assert utc(row["deleted_at"]) == utc(row["updated_at"]) == world.now()


def test_a_membership_that_is_deleted_again_is_deleted_now(
    db: Database, world: World, member_id: int
) -> None:
    db.image_member_delete(ALICE, member_id)
    world.pass_time(days=1)
    db.image_member_delete(ALICE, member_id)

    assert utc(rows(db, "image_members")[0]["deleted_at"]) == world.now()


def test_destroying_an_image_deletes_both_memberships_of_one_project(
    db: Database, image_id: str
) -> None:
    a_member(db, image_id, "bob")
    a_member(db, image_id, "bob")
    db.image_destroy(ALICE, image_id)

    assert [row["deleted"] for row in rows(db, "image_members")] == [True, True]


# --- found -----------------------------------------------------------------------------------


def found(caller: Any, **wanted: Any) -> list[int]:
    """Give the ids of the memberships that the caller finds in one and the same database."""
    db = a_database()
    for image_id, owner in (("a", "alice"), ("b", "bob"), ("n", None)):
        an_image(db, image_id, owner=owner)
    a_member(db, "a", "bob", "accepted")  # 1
    a_member(db, "a", "carol", "pending")  # 2
    a_member(db, "b", "alice", "accepted")  # 3
    a_member(db, "n", "carol", "accepted")  # 4
    db.image_member_delete(ADMIN, a_member(db, "a", "bob", "rejected"))  # 5
    return [member["id"] for member in db.image_member_find(caller, **wanted)]


@pytest.mark.parametrize(
    ("caller", "members"),
    [
        (ADMIN, [1, 2, 3, 4]),
        (None, [1, 2, 3, 4]),
        (ALICE, [1, 2, 3]),
        (BOB, [1, 3]),
        (NOBODY, [4]),
    ],
)
def test_members_find_those_of_their_images_and_their_own(caller: Any, members: list[int]) -> None:
    assert found(caller) == members


@pytest.mark.parametrize(
    ("wanted", "members"),
    [
        ({"image_id": "a"}, [1, 2]),
        ({"image_id": "a", "include_deleted": True}, [1, 2, 5]),
        ({"image_id": MISSING}, []),
        ({"image_id": ""}, []),
        ({"member": "bob"}, [1]),
        ({"member": "bob", "include_deleted": True}, [1, 5]),
        ({"member": "carol"}, [2, 4]),
        ({"image_id": "a", "member": "carol"}, [2]),
        ({"status": "accepted"}, [1, 3, 4]),
        ({"status": "all"}, []),
        ({"image_id": "a", "member": "carol", "status": "accepted"}, []),
        ({"include_deleted": True}, [1, 2, 3, 4, 5]),
        ({"image_id": ["a"]}, []),
        ({"member": ["bob"]}, []),
        ({"status": ["accepted"]}, []),
    ],
)
def test_members_are_found_by_image_project_and_status(wanted: Any, members: list[int]) -> None:
    assert found(ADMIN, **wanted) == members


def test_members_of_a_deleted_image_are_found_among_the_deleted_ones(
    db: Database, image_id: str
) -> None:
    a_member(db, image_id)
    db.image_destroy(ALICE, image_id)

    assert db.image_member_find(BOB) == []
    assert ids(db.image_member_find(BOB, include_deleted=True)) == [1]


# --- counted ---------------------------------------------------------------------------------


def test_live_members_are_counted(db: Database, image_id: str) -> None:
    a_member(db, an_image(db))
    for member in ("bob", "bob", "carol"):
        a_member(db, image_id, member, "rejected")
    db.image_member_delete(ADMIN, a_member(db, image_id))

    assert db.image_member_count(NOBODY, image_id) == 3


def test_members_are_counted_by_what_an_id_is_and_not_by_what_its_class_says(db: Database) -> None:
    class Named(str, enum.Enum):  # noqa: UP042 - what shows itself as its name
        IMAGE = "i"

    a_member(db, an_image(db, "i"))

    assert db.image_member_count(NOBODY, Named.IMAGE) == 1


def test_no_image_has_no_members() -> None:
    assert a_database().image_member_count(ALICE, MISSING) == 0


@pytest.mark.parametrize("image_id", ["", None])
def test_members_of_what_has_no_id_cannot_be_counted(db: Database, image_id: Any) -> None:
    with refused(db, Invalid, "image_member_count needs the id of an image"):
        db.image_member_count(ALICE, image_id)
