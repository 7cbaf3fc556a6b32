from __future__ import annotations

import itertools
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simple_db import Database, RequestContext
from simple_db.model.errors import Forbidden, ImageNotFound
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
)

PROJECTS = ["alice", "bob", None]
CONTEXTS = [
    RequestContext(owner=owner, is_admin=is_admin, can_see_deleted=sees)
    for owner, is_admin, sees in itertools.product(PROJECTS, [True, False], [True, False])
]


def deciding(
    db: Database, context: RequestContext | None, image_id: str, question: str
) -> list[str]:
    """Give the rules for a question that hold."""
    steps = db.explain(context, image_id).steps
    return [step.rule for step in steps if step.question == question and step.holds]


# --- the law ---------------------------------------------------------------------------------


@st.composite
def images(draw: st.DrawFn) -> Database:
    """Make a database with an image of any visibility, owner and members, deleted or not."""
    db = a_database()
    visibility = draw(st.sampled_from(["shared", "private", "public", "community"]))
    an_image(db, "i", visibility=visibility, owner=draw(st.sampled_from(PROJECTS)))
    statuses = st.sampled_from(["pending", "accepted", "rejected"])
    for member, status in draw(
        st.dictionaries(st.sampled_from(["alice", "bob"]), statuses)
    ).items():
        member_id = a_member(db, "i", member, status)
        if draw(st.booleans()):
            db.image_member_delete(ADMIN, member_id)
    if draw(st.booleans()):
        db.image_destroy(ADMIN, "i")
    return db


@given(images(), st.sampled_from([None, *CONTEXTS]))
def test_an_explanation_says_what_happens(db: Database, context: RequestContext | None) -> None:
    told = db.explain(context, "i")

    assert told.listed is (ids(db.image_get_all(context)) == ["i"])
    assert told.visible is allowed(db, "image_get", context, "i")
    assert told.mutable is allowed(db, "image_update", context, "i", {})


def allowed(db: Database, function: str, *args: Any) -> bool:
    with suppress(Forbidden, ImageNotFound):
        getattr(db, function)(*args)
        return True
    return False


# --- rules -----------------------------------------------------------------------------------


@pytest.mark.parametrize("image_id", [MISSING, None, ["i"]])
def test_that_there_is_no_such_image_is_the_whole_explanation(image_id: Any) -> None:
    told = a_database().explain(ADMIN, image_id)

    assert [(step.rule, step.holds) for step in told.steps] == [
        ("there is an image of that id", False)
    ]
    assert (told.visible, told.mutable, told.listed) == (False, False, False)


def test_a_deleted_image_is_listed_and_otherwise_not_there(db: Database, image_id: str) -> None:
    db.image_destroy(ADMIN, image_id)

    told = db.explain(ALICE, image_id)
    assert (told.visible, told.mutable, told.listed) == (False, False, True)
    assert deciding(db, ALICE, image_id, "there") == []
    assert deciding(db, ADMIN, image_id, "there") == ["the caller can see what is deleted"]


@pytest.mark.parametrize(
    ("context", "image", "rule"),
    [
        (ADMIN, {}, "the caller is an administrator"),
        (ALICE, {}, "the caller is the owner"),
        (BOB, {"owner": None}, "the image has no owner"),
        (BOB, {"visibility": "public"}, "the image is public or community"),
        (BOB, {"visibility": "community"}, "the image is public or community"),
    ],
)
def test_the_rule_that_makes_an_image_visible_is_told(
    db: Database, context: RequestContext, image: dict[str, Any], rule: str
) -> None:
    image_id = an_image(db, **{"visibility": "private"} | image)

    assert deciding(db, context, image_id, "seen") == [rule]


def test_a_pending_membership_lets_see_and_not_list(db: Database, image_id: str) -> None:
    a_member(db, image_id, "bob", "pending")

    assert deciding(db, BOB, image_id, "seen") == [
        "the image is shared with the caller, whatever the status of the membership"
    ]
    assert deciding(db, BOB, image_id, "in scope") == []


def test_a_caller_without_project_is_listed_what_is_shared_with_anybody(
    db: Database, image_id: str
) -> None:
    a_member(db, image_id, "bob", "pending")

    assert deciding(db, NOBODY, image_id, "in scope") == [
        "the image is shared with anybody, as the caller has no project"
    ]


def test_a_community_image_of_others_is_not_listed_by_default(db: Database) -> None:
    image_id = an_image(db, visibility="community")

    assert deciding(db, ADMIN, image_id, "by default") == []
    assert deciding(db, ALICE, image_id, "by default") == ["the caller is the owner"]


def test_an_explanation_is_one_moment_of_the_database(db: Database) -> None:
    told = db.explain(ALICE, an_image(db, "i"))
    db.image_destroy(ALICE, "i")

    assert told.visible


# --- printed ---------------------------------------------------------------------------------


def test_an_explanation_reads_well(db: Database) -> None:
    an_image(db, "image-1")
    a_member(db, "image-1", "bob", "pending")

    assert str(db.explain(BOB, "image-1")) == (
        "image image-1, shared, owned by alice, for project bob (a member: pending)\n"
        "  visible     yes  stored + there + seen\n"
        "  mutable     no   stored + there + seen + changed\n"
        "  listed      no   stored + in scope + by default\n"
        "because\n"
        "  stored      yes  there is an image of that id\n"
        "  there       yes  it is not deleted\n"
        "  seen        yes  the image is shared with the caller, whatever the status of the"
        " membership\n"
        "  changed     no   none of: the caller is an administrator; the caller is the owner\n"
        "  in scope    no   none of: the image is public or community; the caller is the owner;"
        " the image is shared with the caller, and the membership is accepted\n"
        "  by default  yes  the image is not community"
    )


@pytest.mark.parametrize(
    ("context", "caller"),
    [
        (NOBODY, "no project"),
        (ALICE, "project alice"),
        (ADMIN, "an administrator, project admin"),
        (None, "an administrator, no project"),
    ],
)
def test_the_subject_names_image_and_caller(context: RequestContext | None, caller: str) -> None:
    db = a_database()
    an_image(db, "i", owner=None, visibility="public")
    db.image_destroy(ADMIN, "i")

    assert (
        db.explain(context, "i").subject == f"image i, deleted, public, without owner, for {caller}"
    )
    assert db.explain(context, "j").subject == f"image 'j', for {caller}"
