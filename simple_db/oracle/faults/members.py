"""Faults of members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from simple_db.model.errors import Duplicate
from simple_db.oracle.faults.breaking import ADMIN, breaks

if TYPE_CHECKING:
    from simple_db.oracle.faults.breaking import Asked


@breaks("image_member_create")
def a_new_member_has_accepted(call: Asked) -> Any:
    """A new membership is pending."""
    return call.answer(values={"status": "accepted"} | call.given["values"])


@breaks("image_member_create", row="Q5")
def a_second_membership_is_refused(call: Asked) -> Any:
    """A project can be a live member twice."""
    image_id, member = call.given["values"]["image_id"], call.given["values"]["member"]
    if call.database.image_member_find(ADMIN, image_id, member):
        raise Duplicate(f"Image {image_id} is shared with {member} already")
    return call.answer()


@breaks("image_member_update", row="Q15")
def a_deleted_membership_stays_deleted(call: Asked) -> Any:
    """Updating a membership revives it."""
    return call.answer_keeping("members", "deleted")


@breaks("image_member_update")
def can_share_is_remembered(call: Asked) -> Any:
    """`can_share` is False after an update that does not name it."""
    named = "can_share" in call.given["values"]
    return call.answer() if named else call.answer_keeping("members", "can_share")


@breaks("image_member_update", row="Q10")
def an_update_of_nothing_renews_updated_at(call: Asked) -> Any:
    """A membership that is set to what it is keeps its `updated_at`."""
    answer = call.answer()
    with call.tables() as tables:
        row = tables.members.rows[answer["id"]]
        tables.members.put(attrs.evolve(row, updated_at=tables.now))
    return answer


@breaks("image_member_count")
def deleted_members_count(call: Asked) -> Any:
    """Only live memberships are counted."""
    call.answer()
    found = call.database.image_member_find(ADMIN, call.given["image_id"], include_deleted=True)
    return len(found)


@breaks("image_member_find")
def everybody_finds_all_members(call: Asked) -> Any:
    """A caller finds the members of its own images, and its own memberships."""
    return call.answer(context=ADMIN)


@breaks("image_member_find")
def deleted_members_are_found(call: Asked) -> Any:
    """Deleted memberships are found with `include_deleted` only."""
    return call.answer(include_deleted=True)
