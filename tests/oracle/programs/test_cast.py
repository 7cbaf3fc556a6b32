from __future__ import annotations

from simple_db import Database
from simple_db.oracle.programs.cast import CAST, MEMBER_STATUSES
from tests.support import build


def test_the_callers_are_what_their_names_say() -> None:
    assert len(set(CAST.values())) == len(CAST)
    assert [CAST[name].owner for name in MEMBER_STATUSES] == list(MEMBER_STATUSES)
    assert CAST["nobody"].owner is None
    assert CAST["alice_seeing_deleted"].can_see_deleted
    assert not CAST["alice_seeing_deleted"].is_admin


def test_a_stranger_is_no_member_of_any_status() -> None:
    db = Database()
    image = build.an_image(db, visibility="shared")
    for name, status in MEMBER_STATUSES.items():
        build.a_member(db, image, name, status)

    seen = [
        name
        for name, context in CAST.items()
        if db.is_image_visible(context, {"id": image, "owner": "somebody", "visibility": "shared"})
        and not context.is_admin
    ]

    assert seen == list(MEMBER_STATUSES)
