"""Random sequences of calls that chance alone rarely makes."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from simple_db.oracle.programs.calls import call, location_id, member_id
from simple_db.oracle.programs.cast import MEMBER_STATUSES
from simple_db.oracle.programs.children import membership
from simple_db.oracle.programs.domain import IMAGE_IDS, PROPERTIES, STATUSES
from simple_db.oracle.programs.draws import admin, calls_of, kept_locations, new_locations, some
from simple_db.oracle.programs.images import updates

if TYPE_CHECKING:
    from simple_db.oracle.programs.calls import Program
    from simple_db.oracle.programs.draws import Calls

_PURGES = ("purge_deleted_rows", "purge_deleted_rows_from_images")
_PURGE = {"age_in_days": st.just(0), "max_rows": st.just(-1)}


@functools.cache
def flows_of_an_image(image_id: str) -> st.SearchStrategy[Program]:
    """Make sequences of calls on an image, in which each call prepares the next."""
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
    untagged = calls_of("image_tag_delete", admin, image_id=this, value=tag)
    return st.one_of(
        st.tuples(destroy, calls_of("purge_deleted_rows_from_images", admin, **_PURGE)),
        st.tuples(destroy, *[calls_of(name, admin, **_PURGE) for name in _PURGES]),
        st.tuples(st.just(waiting), destroy, calls_of("image_restore", admin, image_id=this)),
        st.tuples(tagged, tagged, untagged),
        st.tuples(
            tagged, tagged, st.just(call("image_tag_set_all", "admin", image_id=image_id, tags=[]))
        ),
        st.tuples(join, leave, join),
        st.tuples(join, join, destroy),
        st.tuples(described, bare, updates(image_id)),
        st.tuples(described, bare, _listing(properties={PROPERTIES[0]: "1"})),
        st.tuples(tagged, _listing(tags=["t1", "t2"])),
        st.tuples(tagged, _listing(tags=["T1"])),
        st.tuples(tagged, untagged, calls_of("image_tag_get_all", admin, image_id=this)),
        _flows_of_a_member(image_id),
        _flows_of_a_location(image_id),
        _flows_of_a_quota(image_id),
    )


def _listing(**filters: Any) -> Calls:
    return st.just(call("image_get_all", "admin", filters=filters))


def _flows_of_a_member(image_id: str) -> st.SearchStrategy[Program]:
    statuses = st.sampled_from(list(MEMBER_STATUSES))
    row = st.just(member_id(image_id, "pending", include_deleted=True))
    join = st.builds(
        lambda optional: membership(image_id, "pending", optional), some(can_share=st.booleans())
    )
    leave = calls_of("image_member_delete", admin, memb_id=row)
    change = calls_of("image_member_update", admin, memb_id=row, values=some(status=statuses))
    shared = {"id": image_id, "owner": "alice", "visibility": "shared"}
    look = calls_of("is_image_visible", st.just("pending"), image=st.just(shared), status=statuses)
    count = calls_of("image_member_count", admin, image_id=st.just(image_id))
    return st.one_of(
        st.tuples(join, change),
        st.tuples(join, leave, change),
        st.tuples(join, leave, count),
        st.tuples(join, look),
    )


def _flows_of_a_location(image_id: str) -> st.SearchStrategy[Program]:
    this = st.just(image_id)
    locate = calls_of("image_location_add", admin, image_id=this, location=new_locations)
    row = st.just(location_id(image_id, 0))
    move = calls_of(
        "image_location_update", admin, image_id=this, location=kept_locations(image_id)
    )
    none = st.just(call("image_update", "admin", image_id=image_id, values={"locations": []}))
    return st.one_of(
        st.tuples(locate, locate, move),
        st.tuples(locate, none),
        st.tuples(
            locate,
            calls_of(
                "image_location_delete",
                admin,
                image_id=st.sampled_from([image_id, IMAGE_IDS[1]]),
                location_id=row,
                status=st.sampled_from(["deleted", "pending_delete"]),
            ),
            st.just(call("image_get", "admin", image_id=image_id, force_show_deleted=True)),
        ),
    )


def _flows_of_a_quota(image_id: str) -> st.SearchStrategy[Program]:
    this, alice = st.just(image_id), st.just("alice")
    owned = st.builds(
        lambda status: call(
            "image_update",
            "admin",
            image_id=image_id,
            values={"owner": "alice", "size": 2, "status": status},
        ),
        st.sampled_from(STATUSES),
    )
    locate = calls_of("image_location_add", admin, image_id=this, location=new_locations)
    storage = calls_of("user_get_storage_usage", admin, owner_id=alice, image_id=this)
    destroy = calls_of("image_destroy", admin, image_id=this)
    images = calls_of("user_get_image_count", admin, owner_id=alice)
    return st.one_of(
        st.tuples(owned, locate, storage),
        st.tuples(owned, destroy, images),
        *(st.tuples(owned, calls_of(count, admin, owner_id=alice)) for count in _COUNTS),
    )


_COUNTS = ("user_get_staging_usage", "user_get_image_count", "user_get_uploading_count")
