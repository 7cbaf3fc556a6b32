"""Random calls in a row that seldom come together by chance."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from simple_db.oracle.calls import call, member_id
from simple_db.oracle.child_calls import membership
from simple_db.oracle.domain import PROPERTIES
from simple_db.oracle.draws import admin, calls_of
from simple_db.oracle.image_calls import updates

if TYPE_CHECKING:
    from simple_db.oracle.calls import Program

_PURGES = ("purge_deleted_rows", "purge_deleted_rows_from_images")
_PURGE = {"age_in_days": st.just(0), "max_rows": st.just(-1)}


@functools.cache
def flows_of_an_image(image_id: str) -> st.SearchStrategy[Program]:
    """Make calls on an image, of which each sets the scene for the next."""
    this = st.just(image_id)
    destroy = calls_of("image_destroy", admin, image_id=this)
    tag, member = st.just("t1"), st.just("accepted")
    waiting = call("image_update", "admin", image_id=image_id, values={"status": "pending_delete"})
    join = st.just(membership(image_id, "accepted", {"status": "accepted"}))
    leave = calls_of(
        "image_member_delete", admin, memb_id=st.builds(member_id, st.just(image_id), member)
    )
    given = {"image_id": image_id, "name": PROPERTIES[0], "value": "1"}
    described = st.just(call("image_property_create", "admin", values=given))
    bare = calls_of("image_property_delete", admin, prop_ref=st.just(PROPERTIES[0]), image_ref=this)
    tagged = calls_of("image_tag_create", admin, image_id=this, value=tag)
    return st.one_of(
        st.tuples(destroy, calls_of("purge_deleted_rows_from_images", admin, **_PURGE)),
        st.tuples(destroy, *[calls_of(name, admin, **_PURGE) for name in _PURGES]),
        st.tuples(st.just(waiting), destroy, calls_of("image_restore", admin, image_id=this)),
        st.tuples(tagged, tagged, calls_of("image_tag_delete", admin, image_id=this, value=tag)),
        st.tuples(join, leave, join),
        st.tuples(described, bare, updates(image_id)),
    )
