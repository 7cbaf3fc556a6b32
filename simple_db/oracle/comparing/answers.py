"""What is known of the answers of the API: ids, times, orders, and the names of rows."""

from __future__ import annotations

import re
from typing import Any

ORDERED = {
    "image_get_all",
    "task_get_all",
    "metadef_namespace_get_all",
    "metadef_tag_get_all",
    "metadef_tag_create_tags",
    "locations",
}
"""The functions and columns that give a list whose order the API fixes."""

NAMES = ("member", "url", "namespace", "node_reference_url", "name", "image_id", "id")
"""The columns that identify a row among others, whichever driver made it, the best first."""

IDS = {"id", "image_id", "namespace_id", "node_reference_id"}
"""The columns with ids that drivers make up."""

SECONDS = {"last_accessed", "last_modified"}
"""The columns with times in seconds since 1970."""

JSON = {"metadata", "input", "result", "json_schema"}
"""The columns with values of the caller's own, which are compared as a whole."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_SUBJECTS = {
    "image_member": "member",
    "image_property": "properties",
    "image_location": "locations",
    "image_tag": "tag",
    "image": "image",
    "task": "task",
    "metadef_namespace": "namespace",
    "metadef_object": "object",
    "metadef_property": "property",
    "metadef_tag": "tag definition",
    "metadef_resource_type_association": "association",
    "metadef_resource_type": "resource type",
    "node_reference": "node_reference",
    "get_cached": "cached image",
}


def subject_of(function: str) -> str:
    """Return the kind of row that the function returns."""
    return next((kind for start, kind in _SUBJECTS.items() if function.startswith(start)), function)


def is_uuid(value: Any) -> bool:
    """Return whether a driver made this id up: those that programs give have another form."""
    return _UUID.fullmatch(str(value)) is not None
