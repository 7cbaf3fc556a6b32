"""Faults of what counts for quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simple_db.oracle.faults.breaking import breaks

if TYPE_CHECKING:
    from simple_db.model.records import Image
    from simple_db.oracle.faults.breaking import Asked

_GONE = ("deleted", "killed", "pending_delete")


def _owned(call: Asked) -> list[Image]:
    with call.rows("images") as images:
        return [*images.having(owner=call.given["owner_id"])]


@breaks("user_get_image_count", row="Q18")
def deleted_images_do_not_count(call: Asked) -> Any:
    """A quota counts deleted images by their status."""
    return sum(not row.deleted and row.status not in _GONE for row in _owned(call))


@breaks("user_get_image_count")
def killed_images_count(call: Asked) -> Any:
    """A quota does not count killed images."""
    return call.answer() + sum(row.status == "killed" for row in _owned(call))


@breaks("user_get_uploading_count")
def images_that_are_saved_do_not_count(call: Asked) -> Any:
    """An image that is being saved counts as one that is uploaded."""
    return call.answer() - sum(row.status == "saving" for row in _owned(call))


@breaks("user_get_staging_usage")
def an_import_takes_no_room(call: Asked) -> Any:
    """An image that is being imported takes up its size."""
    return call.answer() - sum(row.size or 0 for row in _owned(call) if row.status == "importing")


@breaks("user_get_storage_usage")
def the_image_to_leave_out_is_counted(call: Asked) -> Any:
    """The storage that a project uses is counted without the image that is given."""
    return call.answer(image_id=None)


@breaks("user_get_storage_usage", row="Q19")
def what_waits_for_its_deletion_takes_no_room(call: Asked) -> Any:
    """Storage counts locations that wait for their deletion."""
    with call.rows("locations") as locations:
        waiting = [row for row in locations.rows.values() if row.status == "pending_delete"]
    sizes = {row.id: row.size or 0 for row in _owned(call) if row.status not in _GONE}
    sizes.pop(call.given.get("image_id") or "", None)
    return call.answer() - sum(sizes.get(row.image_id, 0) for row in waiting)
