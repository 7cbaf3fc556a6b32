"""Faults of what is done with one image."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import attrs

from simple_db.model.errors import (
    Conflict,
    Duplicate,
    Forbidden,
    ForbiddenPublicImage,
    ImageNotFound,
)
from simple_db.oracle.faults.breaking import ADMIN, breaks

if TYPE_CHECKING:
    from simple_db.oracle.faults.breaking import Asked


@breaks("image_update")
def from_state_is_dropped(call: Asked) -> Any:
    """An image is updated only from the status `from_state`."""
    return call.answer(from_state=None)


@breaks("image_update")
def purge_props_is_dropped(call: Asked) -> Any:
    """With `purge_props`, properties that the values do not name are deleted."""
    return call.answer(purge_props=False)


@breaks("image_update")
def an_update_loses_properties(call: Asked) -> Any:
    """Properties that the values do not name stay without `purge_props`."""
    return call.answer(purge_props=True)


@breaks("image_update")
def atomic_properties_are_overwritten(call: Asked) -> Any:
    """An update leaves alone what is named in `atomic_props`."""
    return call.answer(atomic_props=None)


@breaks("image_update")
def an_update_leaves_updated_at(call: Asked) -> Any:
    """An update renews `updated_at`."""
    return call.answer_keeping("images", "updated_at")


@breaks("image_update", row="R4")
def a_refused_update_leaves_a_trace(call: Asked) -> Any:
    """An update that is in conflict with the status changes nothing."""
    try:
        return call.answer()
    except Conflict:
        call.answer(from_state=None)
        raise


@breaks("image_update", "image_destroy")
def a_public_image_is_merely_forbidden(call: Asked) -> Any:
    """Changing a public image of another project raises ForbiddenPublicImage."""
    try:
        return call.answer()
    except ForbiddenPublicImage as error:
        raise Forbidden(str(error)) from error


@breaks("image_destroy")
def a_stranger_may_destroy(call: Asked) -> Any:
    """An image is destroyed by its owner or an administrator only."""
    try:
        return call.answer()
    except Forbidden:
        return call.answer(context=ADMIN)


@breaks("image_destroy")
def an_error_is_swallowed(call: Asked) -> Any:
    """Destroying an image that does not exist raises ImageNotFound."""
    try:
        return call.answer()
    except ImageNotFound:
        return None


@breaks("image_destroy", row="Q1")
def a_destroyed_image_has_another_status(call: Asked) -> Any:
    """Destroying an image leaves its status alone."""
    answer = call.answer()
    with call.rows("images") as images:
        images.put(attrs.evolve(images.rows[answer["id"]], status="deleted"))
    return answer


@breaks("image_destroy")
def a_destroyed_image_lacks_deleted_at(call: Asked) -> Any:
    """A destroyed image has the time of its deletion."""
    return call.answer_keeping("images", "deleted_at")


@breaks("image_destroy", also=["tags"])
def tags_outlive_their_image(call: Asked) -> Any:
    """The tags of a destroyed image are deleted."""
    return call.answer_keeping("tags")


@breaks("image_destroy", also=["members"])
def members_outlive_their_image(call: Asked) -> Any:
    """The members of a destroyed image are deleted."""
    return call.answer_keeping("members")


@breaks("image_destroy")
def properties_outlive_their_image(call: Asked) -> Any:
    """The properties of a destroyed image are deleted."""
    return call.answer_keeping("properties")


@breaks("image_destroy")
def locations_outlive_their_image(call: Asked) -> Any:
    """The locations of a destroyed image are deleted."""
    return call.answer_keeping("locations")


@breaks("image_restore")
def any_image_is_restored(call: Asked) -> Any:
    """Only an image that waits for its deletion is restored."""
    try:
        return call.answer()
    except Conflict:
        with call.rows("images") as images:
            image = images.rows[call.given["image_id"]]
            images.put(attrs.evolve(image, status="active", deleted=False))


@breaks("image_create")
def an_image_is_created_twice(call: Asked) -> Any:
    """Creating an image whose id is taken raises Duplicate."""
    values = call.given["values"]
    try:
        return call.answer()
    except Duplicate:
        return call.database.image_update(ADMIN, values["id"], values)


@breaks("image_create", row="R10")
def characters_beyond_the_basic_plane_are_replaced(call: Asked) -> Any:
    """A name with a character beyond the basic plane is Invalid."""
    values = call.given["values"]
    name = str(values.get("name")).encode("ascii", "replace").decode()
    return call.answer(values=values | ({"name": name} if values.get("name") else {}))


@breaks("image_get")
def an_invisible_image_is_not_found(call: Asked) -> Any:
    """Getting an image that the caller may not see raises Forbidden."""
    try:
        return call.answer()
    except Forbidden as error:
        raise ImageNotFound(str(error)) from error


@breaks("image_get")
def everybody_gets_deleted_images(call: Asked) -> Any:
    """A deleted image is not there for a caller who cannot see deleted ones."""
    return call.answer_as(can_see_deleted=True)


@breaks("image_get", row="R7")
def can_see_deleted_is_not_looked_at(call: Asked) -> Any:
    """A deleted image is there for any caller who can see deleted ones."""
    return call.answer_as(can_see_deleted=call.context.is_admin)


@breaks("image_get", row="Q14", also=["members"])
def only_accepted_members_get_an_image(call: Asked) -> Any:
    """Any membership shows an image that is asked for by its id."""
    image = call.answer(v1_mode=False)
    if not call.database.is_image_visible(call.context, image, "accepted"):
        raise Forbidden(f"Image {image['id']} is not shared with project {call.context.owner}")
    return call.answer()


@breaks("image_get")
def community_is_taken_for_public(call: Asked) -> Any:
    """In `v1_mode`, `is_public` is true of public images only."""
    image = call.answer()
    if "is_public" in image:
        image["is_public"] = call.answer(v1_mode=False)["visibility"] in ("public", "community")
    return image


@breaks("image_get")
def a_deactivated_image_shows_its_locations(call: Asked) -> Any:
    """A deactivated image shows its locations to administrators only."""
    return call.answer() | {"locations": call.answer_as(is_admin=True)["locations"]}


@breaks("image_get")
def locations_come_in_reverse_order(call: Asked) -> Any:
    """An image's locations come in the order in which they were added."""
    image = call.answer()
    image["locations"].reverse()
    return image


@breaks("image_get")
def an_old_answer_is_given_again(call: Asked) -> Any:
    """An image is returned as it is now."""
    return copy.deepcopy(call.memory.setdefault(repr(call.given), call.answer()))


@breaks("is_image_visible", also=["members"])
def the_status_of_a_membership_is_dropped(call: Asked) -> Any:
    """If a status is given, only memberships of that status make an image visible."""
    return call.answer(status=None)


@breaks("is_image_mutable")
def whoever_has_no_project_owns_what_nobody_owns(call: Asked) -> Any:
    """A caller without project may not change an image without owner."""
    return call.answer() or call.given["image"]["owner"] == call.context.owner
