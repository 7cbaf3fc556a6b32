"""The values in random programs: few, so that calls are about the same rows.

They are in the documented domain; docs/semantics.md says what Glance's SQL driver does outside of
it. The first value of every pool is the simplest.
"""

from __future__ import annotations

import datetime as dt

IMAGE_IDS = ("image-1", "image-2", "image-3")
TASK_IDS = ("task-1", "task-2")
NAMESPACES = ("ns-1", "ns-2")
URLS = ("http://here", "http://there")

LONG_AGO = dt.datetime(2020, 1, 1)  # noqa: DTZ001 - naive UTC, as every time in the database
STATUSES = (
    "active",
    "queued",
    "saving",
    "killed",
    "pending_delete",
    "deleted",
    "deactivated",
    "importing",
    "uploading",
)
VISIBILITIES = ("shared", "private", "public", "community")
OWNERS = ("alice", "accepted", "stranger")
PROPERTIES = ("os", "p", "ram_min2")

_LOCATION = {"url", "metadata", "status"}
NEEDED: dict[str, frozenset[str]] = {
    function: frozenset(keys)
    for function, keys in {
        "image_create": {"id", "status", *_LOCATION},
        "image_update": {"url", "metadata"},
        "image_location_add": _LOCATION,
        "image_location_update": {"id", *_LOCATION},
        "is_image_mutable": {"id", "owner", "visibility"},
        "is_image_visible": {"id", "owner", "visibility"},
        "image_member_create": {"image_id", "member"},
        "image_property_create": {"image_id", "name", "value"},
        "task_create": {"id", "type", "status", "owner", "input"},
        "metadef_namespace_create": {"namespace", "owner", "visibility"},
        "metadef_object_create": {"name"},
        "metadef_property_create": {"name", "json_schema"},
        "metadef_tag_create": {"name"},
        "metadef_tag_create_tags": {"name"},
        "metadef_resource_type_create": {"name"},
        "metadef_resource_type_association_create": {"name", "properties_target", "prefix"},
    }.items()
}
"""The keys of its values that a call needs to be in the documented domain."""
