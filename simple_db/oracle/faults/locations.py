"""Faults of locations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from simple_db.oracle.faults.breaking import ADMIN, breaks

if TYPE_CHECKING:
    from simple_db.oracle.faults.breaking import Asked


@breaks("image_location_add")
def every_new_location_is_active(call: Asked) -> Any:
    """A location that is added as pending deletion is deleted at once."""
    return call.answer(location=call.given["location"] | {"status": "active"})


@breaks("image_location_update")
def new_metadata_is_dropped(call: Asked) -> Any:
    """An update of a location replaces its metadata."""
    return call.answer_keeping("locations", "meta_data")


@breaks("image_location_update", row="R4")
def locations_share_their_metadata(call: Asked) -> Any:
    """An update of a location leaves the others alone."""
    answer = call.answer()
    metadata = call.given["location"]["metadata"]
    with call.rows("locations") as locations:
        for row in locations.where(image_id=call.given["image_id"]):
            locations.put(attrs.evolve(row, meta_data=metadata))
    return answer


@breaks("image_location_delete")
def a_deleted_location_keeps_its_status(call: Asked) -> Any:
    """A location gets the status with which it is deleted."""
    return call.answer_keeping("locations", "status")


@breaks("image_location_delete")
def a_location_of_another_image_is_deleted(call: Asked) -> Any:
    """Only locations of the image are deleted."""
    with call.rows("locations") as locations:
        row = locations.get(call.given["location_id"])
    return call.answer(image_id=row.image_id) if row else call.answer()


@breaks("image_update", row="Q7")
def no_locations_are_set(call: Asked) -> Any:
    """An empty list of locations in an update changes nothing."""
    answer = call.answer()
    if call.given["values"].get("locations") == []:
        for location in answer["locations"]:
            call.database.image_location_delete(ADMIN, answer["id"], location["id"], "deleted")
    return answer
