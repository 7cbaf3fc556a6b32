from typing import Any

import pytest

from simple_db import Database, RequestContext
from simple_db.model.errors import Forbidden, ForbiddenPublicImage, ImageNotFound, Invalid
from tests.support.build import (
    ADMIN,
    ALICE,
    BOB,
    MISSING,
    NOBODY,
    a_database,
    a_member,
    an_image,
    ids,
    refused,
)

CALLERS = {"alice": ALICE, "bob": BOB, "admin": ADMIN, "nobody": NOBODY, "none": None}

EVERYBODY = "alice bob admin nobody none"
OWNER = "alice admin none"
ADMINS = "admin none"

# Who sees an image of alice when asking for it by its id, and who does in a listing. None stands
# for an administrator without project.
SEEN = [
    ("public", None, EVERYBODY, EVERYBODY),
    ("community", None, EVERYBODY, "alice"),
    ("private", None, OWNER, OWNER),
    ("shared", None, OWNER, OWNER),
    ("private", "accepted", OWNER, OWNER),
    ("shared", "accepted", "alice bob admin none", EVERYBODY),
    ("shared", "pending", "alice bob admin none", "alice admin nobody none"),
    ("shared", "rejected", "alice bob admin none", "alice admin nobody none"),
]


@pytest.mark.parametrize(("visibility", "member_status", "seen", "listed"), SEEN)
@pytest.mark.parametrize("caller", CALLERS)
def test_who_sees_an_image_asked_for_by_its_id_and_is_shown_it_in_a_listing(
    db: Database, visibility: str, member_status: str | None, seen: str, listed: str, caller: str
) -> None:
    image_id = an_image(db, visibility=visibility)
    if member_status:
        a_member(db, image_id, "bob", member_status)
    image = db.image_get(ADMIN, image_id)

    assert db.is_image_visible(CALLERS[caller], image) is (caller in seen.split())
    assert db.image_get_all(CALLERS[caller]) == [image] * (caller in listed.split())


@pytest.mark.parametrize("visibility", ["public", "community", "shared", "private"])
@pytest.mark.parametrize("caller", CALLERS)
def test_everybody_sees_an_image_without_owner(db: Database, visibility: str, caller: str) -> None:
    image = db.image_get(ADMIN, an_image(db, owner=None, visibility=visibility))

    assert db.is_image_visible(CALLERS[caller], image)


@pytest.mark.parametrize("visibility", ["shared", "private"])
@pytest.mark.parametrize("caller", ["alice", "nobody"])
def test_an_image_without_owner_is_still_not_listed(visibility: str, caller: str) -> None:
    db = a_database()
    an_image(db, owner=None, visibility=visibility)

    assert db.image_get_all(CALLERS[caller]) == []


@pytest.mark.parametrize("owner", ["alice", None])
@pytest.mark.parametrize("caller", CALLERS)
def test_the_owner_and_administrators_may_change_an_image(owner: str | None, caller: str) -> None:
    db = a_database()
    expected = caller in (OWNER if owner else ADMINS).split()

    assert db.is_image_mutable(CALLERS[caller], {"owner": owner}) is expected


# --- memberships -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "seen"),
    [(None, True), ("accepted", True), ("pending", False), ("all", False), (["accepted"], False)],
)
def test_a_membership_can_be_asked_to_have_a_status(
    db: Database, image_id: str, status: Any, seen: bool
) -> None:
    a_member(db, image_id, "bob", "accepted")
    image = db.image_get(ADMIN, image_id)

    assert db.is_image_visible(BOB, image, status) is seen


def test_a_membership_that_is_deleted_or_of_another_project_or_image_shows_nothing(
    db: Database, image_id: str
) -> None:
    image = db.image_get(ADMIN, image_id)
    db.image_member_delete(ADMIN, a_member(db, image_id, "bob"))
    assert db.image_get_all(NOBODY) == []
    a_member(db, image_id, "carol")
    a_member(db, an_image(db, "other"), "bob")

    assert not db.is_image_visible(BOB, image)
    assert ids(db.image_get_all(BOB)) == ["other"]


@pytest.mark.parametrize(
    ("member_status", "listed"),
    [
        ("accepted", ["accepted"]),
        ("pending", ["pending"]),
        ("rejected", ["rejected"]),
        ("all", ["accepted", "pending", "rejected"]),
        ("bogus", []),
        (None, []),
        ([], []),
    ],
)
def test_a_listing_shows_what_is_shared_in_memberships_of_one_status(
    db: Database, member_status: Any, listed: list[str]
) -> None:
    for status in ("accepted", "pending", "rejected"):
        a_member(db, an_image(db, status), "bob", status)

    found = db.image_get_all(BOB, sort_key=["id"], sort_dir=["asc"], member_status=member_status)
    assert ids(found) == listed


def test_a_caller_without_project_is_shown_what_is_shared_with_anybody(db: Database) -> None:
    an_image(db)
    shared = an_image(db)
    a_member(db, shared, "carol", "rejected")

    assert ids(db.image_get_all(NOBODY)) == [shared]


# --- the filter visibility -------------------------------------------------------------------


@pytest.mark.parametrize("owner", ["alice", "bob"])
@pytest.mark.parametrize(
    ("wanted", "alice", "bob"),
    [
        (None, "public community shared private", "public"),
        ("all", "public community shared private", "public community"),
        ("public", "public", "public"),
        ("community", "community", "community"),
        ("shared", "shared", ""),
        ("private", "private", ""),
        ("bogus", "", ""),
        (["public"], "", ""),
    ],
)
def test_a_listing_asks_for_a_visibility(owner: str, wanted: Any, alice: str, bob: str) -> None:
    db = a_database()
    for visibility in ("public", "community", "shared", "private"):
        an_image(db, visibility, visibility=visibility)

    found = db.image_get_all(CALLERS[owner], filters={"visibility": wanted})
    assert set(ids(found)) == set({"alice": alice, "bob": bob}[owner].split())


def test_an_administrator_is_shown_community_images_only_when_asking_for_them(db: Database) -> None:
    image_id = an_image(db, visibility="community")

    assert db.image_get_all(ADMIN) == []
    assert ids(db.image_get_all(ADMIN, filters={"visibility": "community"})) == [image_id]
    assert ids(db.image_get_all(ADMIN, filters={"visibility": "all"})) == [image_id]


def test_an_administrator_is_shown_community_images_of_its_own(db: Database) -> None:
    image_id = an_image(db, visibility="community", owner="admin")

    assert ids(db.image_get_all(ADMIN)) == [image_id]


@pytest.mark.parametrize("wanted", [{}, {"visibility": "all"}])
def test_an_administrator_as_user_is_shown_what_a_user_would_be(wanted: dict[str, str]) -> None:
    db = a_database()
    for visibility in ("public", "community", "shared", "private"):
        an_image(db, visibility=visibility)
        an_image(db, visibility=visibility, owner="admin")
    a_member(db, an_image(db), "admin")
    as_user = RequestContext(owner="admin")

    found = db.image_get_all(ADMIN, wanted, admin_as_user=True)
    assert ids(found) == ids(db.image_get_all(as_user, wanted))
    assert len(found) < len(db.image_get_all(ADMIN, wanted))


# --- deleted images --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("context", "found"),
    [
        (ALICE, False),
        (ADMIN, True),
        (None, True),
        (RequestContext(owner="alice", can_see_deleted=True), True),
        (RequestContext(is_admin=True, can_see_deleted=False), False),
    ],
)
def test_a_deleted_image_exists_for_those_who_can_see_deleted_ones(
    db: Database, image_id: str, context: RequestContext | None, found: bool
) -> None:
    db.image_destroy(ALICE, image_id)

    if found:
        assert db.image_get(context, image_id)["deleted"]
    else:
        with refused(db, ImageNotFound, image_id):
            db.image_get(context, image_id)


def test_seeing_deleted_images_does_not_mean_seeing_those_of_others(
    db: Database, image_id: str
) -> None:
    db.image_destroy(ALICE, image_id)

    with refused(db, Forbidden, image_id, "bob"):
        db.image_get(RequestContext(owner="bob", can_see_deleted=True), image_id)


# --- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize("image_id", [MISSING, "", None, 5, ["i"]])
def test_an_image_that_does_not_exist_is_not_found(db: Database, image_id: Any) -> None:
    an_image(db, "i")

    with refused(db, ImageNotFound):
        db.image_get(ADMIN, image_id)


@pytest.mark.parametrize("visibility", ["shared", "private"])
def test_an_image_of_others_is_forbidden(db: Database, visibility: str) -> None:
    image_id = an_image(db, visibility=visibility)

    with refused(db, Forbidden, image_id, "bob"):
        db.image_get(BOB, image_id)


@pytest.mark.parametrize(
    ("visibility", "error"),
    [
        ("public", ForbiddenPublicImage),
        ("community", ForbiddenPublicImage),
        ("shared", Forbidden),
        ("private", Forbidden),
    ],
)
def test_a_change_by_someone_who_may_only_see_is_forbidden(
    db: Database, visibility: str, error: type[Forbidden]
) -> None:
    image_id = an_image(db, visibility=visibility)
    a_member(db, image_id, "bob")

    with refused(db, error, image_id, "bob"):
        db.image_update(BOB, image_id, {"name": "mine"})


def test_an_image_without_owner_is_changed_by_administrators_only(db: Database) -> None:
    image_id = an_image(db, owner=None)

    with refused(db, Forbidden, image_id):
        db.image_update(NOBODY, image_id, {"name": "mine"})
    assert db.image_update(ADMIN, image_id, {"name": "ours"})["name"] == "ours"


@pytest.mark.parametrize("missing", ["id", "owner", "visibility"])
def test_a_dict_that_is_asked_about_has_what_the_rules_read(db: Database, missing: str) -> None:
    image = {"id": "i", "owner": "alice", "visibility": "shared"}
    del image[missing]

    with refused(db, Invalid, f"the image lacks {missing}"):
        db.is_image_visible(BOB, image)
    if missing == "owner":
        with refused(db, Invalid, "the image lacks owner"):
            db.is_image_mutable(BOB, image)


def test_an_administrator_may_ask_about_anything(db: Database) -> None:
    assert db.is_image_visible(ADMIN, {})
    assert db.is_image_mutable(ADMIN, {})


def test_an_image_that_is_not_stored_can_be_asked_about() -> None:
    image = {"id": "i", "owner": "alice", "visibility": "private"}

    assert a_database().is_image_visible(ALICE, image)
    assert not a_database().is_image_visible(BOB, image)


@pytest.mark.parametrize("odd", [{"visibility": ["shared"]}, {"owner": ["bob"]}, {"id": ["i"]}])
def test_values_that_no_image_has_make_nothing_visible(odd: dict[str, Any]) -> None:
    image = {"id": "i", "owner": "alice", "visibility": "shared"} | odd

    assert not a_database().is_image_visible(BOB, image)


@pytest.mark.parametrize("context", [5, "alice", {"is_admin": True}, object()])
@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("image_get", ("i",)),
        ("image_get_all", ()),
        ("image_create", ({"status": "active"},)),
        ("image_update", ("i", {})),
        ("image_destroy", ("i",)),
        ("image_restore", ("i",)),
        ("image_member_find", ()),
        ("explain", ("i",)),
        ("is_image_mutable", ({"owner": "alice"},)),
        ("is_image_visible", ({"id": "i", "owner": "alice", "visibility": "private"},)),
    ],
)
def test_what_is_no_context_is_refused(
    db: Database, function: str, arguments: tuple[object, ...], context: Any
) -> None:
    an_image(db, "i")

    with refused(db, Invalid, "a context has is_admin, owner and can_see_deleted"):
        getattr(db, function)(context, *arguments)
