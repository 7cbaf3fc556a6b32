"""Faults of properties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simple_db.model.errors import Duplicate, NotFound
from simple_db.oracle.faults.breaking import ADMIN, breaks

if TYPE_CHECKING:
    from simple_db.oracle.faults.breaking import Asked


@breaks("image_set_property_atomic", row="R11")
def an_atomic_property_is_overwritten(call: Asked) -> Any:
    """Setting an atomic property that the image has raises Duplicate."""
    try:
        return call.answer()
    except Duplicate:
        values = {"properties": {call.given["name"]: call.given["value"]}}
        call.database.image_update(ADMIN, call.given["image_id"], values)


@breaks("image_delete_property_atomic")
def an_atomic_property_is_deleted_whatever_its_value(call: Asked) -> Any:
    """An atomic property is deleted only if it has the value that is given."""
    try:
        return call.answer()
    except NotFound:
        with call.rows("properties") as properties:
            found = properties.where(image_id=call.given["image_id"], name=call.given["name"])
        if not found or found[0].deleted:
            raise
        return call.answer(value=found[0].value)


@breaks("image_property_delete")
def a_deleted_property_is_gone(call: Asked) -> Any:
    """A deleted property is still returned, as deleted."""
    answer = call.answer()
    with call.rows("properties") as properties:
        properties.remove(answer["id"])
    return answer
