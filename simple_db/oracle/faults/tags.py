"""Faults of tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simple_db.oracle.faults.breaking import breaks

if TYPE_CHECKING:
    from simple_db.oracle.faults.breaking import Asked


@breaks("image_tag_set_all")
def setting_all_tags_appends(call: Asked) -> Any:
    """After all tags are set, the image has these and no others."""
    before = call.database.image_tag_get_all(call.context, call.given["image_id"])
    return call.answer(tags=[*before, *call.given["tags"]])


@breaks("image_tag_create", row="Q6")
def a_tag_is_there_once(call: Asked) -> Any:
    """An image can have a tag twice."""
    value = call.given["value"]
    if value in call.database.image_tag_get_all(call.context, call.given["image_id"]):
        return value
    return call.answer()


@breaks("image_tag_get_all")
def deleted_tags_are_returned(call: Asked) -> Any:
    """Only live tags are returned."""
    with call.rows("tags") as tags:
        return [row.value for row in tags.where(image_id=call.given["image_id"])]
