"""Faults of listings of images: pages, orders, filters, and who is listed what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simple_db.model.errors import Invalid
from simple_db.model.records import Image, columns_of
from simple_db.oracle.faults.breaking import ADMIN, breaks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simple_db.oracle.faults.breaking import Asked

Images = list[dict[str, Any]]


def _filters(call: Asked) -> dict[str, Any]:
    return dict(call.given.get("filters") or {})


def _without(call: Asked, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in _filters(call).items() if key not in keys}


def _together(images: Images, more: Iterable[dict[str, Any]]) -> Images:
    ids = {image["id"] for image in images}
    return [*images, *(image for image in more if image["id"] not in ids)]


# --- pages and orders ----------------------------------------------------------------------------


@breaks("image_get_all")
def a_page_is_one_too_long(call: Asked) -> Any:
    """A page has at most `limit` images."""
    limit = call.given.get("limit")
    return call.answer(limit=limit and limit + 1)


@breaks("image_get_all", row="R5")
def a_limit_of_0_is_none(call: Asked) -> Any:
    """Limit 0 is an empty page."""
    return call.answer(limit=call.given.get("limit") or None)


@breaks("image_get_all", row="R5")
def a_page_begins_with_its_marker(call: Asked) -> Any:
    """A page starts behind its marker."""
    images, marker = call.answer(), call.given.get("marker")
    if marker is None:
        return images
    return [call.database.image_get(ADMIN, marker), *images][: call.given.get("limit")]


@breaks("image_get_all", row="R5")
def nulls_are_largest(call: Asked) -> Any:
    """Nulls are smaller than any value."""
    images: Images = call.answer()
    key, *_ = call.given.get("sort_key") or ["created_at"]
    direction, *_ = call.given.get("sort_dir") or ["desc"]
    is_null_last = direction == "asc"
    return sorted(images, key=lambda image: (image.get(key) is None) is is_null_last)


@breaks("image_get_all")
def the_second_direction_is_reversed(call: Asked) -> Any:
    """Each sort key has its own direction."""
    first, *others = call.given.get("sort_dir") or ["desc"]
    reverse = {"asc": "desc", "desc": "asc"}
    return call.answer(sort_dir=[first, *(reverse.get(one, one) for one in others)])


# --- filters -------------------------------------------------------------------------------------


@breaks("image_get_all")
def in_is_taken_for_text(call: Asked) -> Any:
    """The operator ``in:`` of a filter takes a list."""
    texts = {key: value for key, value in _filters(call).items() if isinstance(value, str)}
    lists = {key: f"eq:{text}" for key, text in texts.items() if text.startswith("in:")}
    return call.answer(filters=_filters(call) | lists)


@breaks("image_get_all")
def size_min_excludes_its_bound(call: Asked) -> Any:
    """An image of `size_min` bytes is large enough."""
    filters = _filters(call)
    size = filters.get("size_min")
    return call.answer(filters=filters | ({"size_min": size + 1} if isinstance(size, int) else {}))


@breaks("image_get_all")
def gte_is_taken_for_gt(call: Asked) -> Any:
    """The operator ``gte:`` of a filter includes the time that is given."""
    filters = _filters(call)
    if "created_at" in filters:
        filters["created_at"] = filters["created_at"].replace("gte:", "gt:")
    return call.answer(filters=filters)


@breaks("image_get_all")
def changes_since_is_dropped(call: Asked) -> Any:
    """With the filter `changes-since`, only images that changed since are listed."""
    return call.answer(filters=_without(call, "changes-since"))


@breaks("image_get_all")
def os_hidden_is_dropped(call: Asked) -> Any:
    """The filter `os_hidden` tells whether hidden images are listed."""
    return call.answer(filters=_without(call, "os_hidden"))


@breaks("image_get_all")
def is_public_is_dropped(call: Asked) -> Any:
    """With `is_public`, only public images are listed, or only those that are not."""
    return call.answer(is_public=None)


@breaks("image_get_all", also=["properties"])
def deleted_properties_match(call: Asked) -> Any:
    """Only a live property is found by the filter `properties`."""
    wanted = _filters(call).get("properties") or {}
    images: Images = call.answer(filters=_without(call, "properties"))

    def has(image: dict[str, Any], name: str) -> bool:
        return (name, wanted[name]) in {(one["name"], one["value"]) for one in image["properties"]}

    return [image for image in images if all(has(image, name) for name in wanted)]


@breaks("image_get_all")
def filters_by_a_property_are_dropped(call: Asked) -> Any:
    """A filter that is no column asks for a property."""
    known = {*columns_of(Image), "tags", "properties", "changes-since"}
    unknown = [key for key in _filters(call) if key not in known and key[-4:] not in _RANGES]
    return call.answer(filters=_without(call, *unknown))


_RANGES = ("_min", "_max")


@breaks("image_get_all", also=["tags"])
def one_tag_is_enough(call: Asked) -> Any:
    """Listed are images that have all `tags`."""
    one_each = [{"tags": [tag]} for tag in _filters(call).get("tags") or []]
    images: Images = call.answer()
    for one in one_each:
        images = _together(images, call.answer(filters=_filters(call) | one))
    return images


@breaks("image_get_all", row="Q3")
def killed_images_are_live(call: Asked) -> Any:
    """The filter `deleted: False` leaves out killed images too."""
    if _filters(call).get("deleted", True):
        return call.answer()
    images: Images = call.answer(filters=_without(call, "deleted"))
    return [image for image in images if not image["deleted"]]


@breaks("image_get_all", row="Q2")
def deleted_images_are_left_out(call: Asked) -> Any:
    """A listing without the filter `deleted` contains deleted images."""
    images: Images = call.answer()
    return [image for image in images if _filters(call).get("deleted") or not image["deleted"]]


@breaks("image_get_all", row="R6")
def a_bad_query_is_fine_where_nothing_is_listed(call: Asked) -> Any:
    """Errors of a query come whatever the rows."""
    try:
        return call.answer()
    except Invalid:
        if call.answer(filters=None, sort_key=None, sort_dir=None):
            raise
        return []


# --- who is listed what --------------------------------------------------------------------------


@breaks("image_get_all", row="Q14", also=["members"])
def the_status_of_members_is_dropped(call: Asked) -> Any:
    """Only a membership that is accepted, or of `member_status`, makes an image listed."""
    return call.answer(member_status="all")


@breaks("image_get_all", row="Q11", also=["members"])
def nothing_is_shared_with_those_without_project(call: Asked) -> Any:
    """A caller without project is listed the images that are shared with anybody."""
    shared = call.context.owner is None and not call.context.is_admin
    images: Images = call.answer(v1_mode=False)
    ids = {image["id"] for image in images if shared and image["visibility"] == "shared"}
    return [image for image in call.answer() if image["id"] not in ids]


@breaks("image_get_all", row="Q12")
def images_without_owner_are_listed(call: Asked) -> Any:
    """An image without owner is listed for no user, unless it is public."""
    everything: Images = call.answer(context=ADMIN)
    return _together(call.answer(), (image for image in everything if image["owner"] is None))


@breaks("image_get_all", row="Q13")
def administrators_are_listed_community_images(call: Asked) -> Any:
    """An administrator is not listed the community images of others."""
    if not call.context.is_admin or "visibility" in _filters(call):
        return call.answer()
    more = call.answer(filters=_filters(call) | {"visibility": "community"})
    return _together(call.answer(), more)


@breaks("image_get_all")
def admin_as_user_is_dropped(call: Asked) -> Any:
    """With `admin_as_user`, an administrator is listed what any other caller would be."""
    return call.answer(admin_as_user=False)
