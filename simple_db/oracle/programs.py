"""Random programs: calls from small pools, so that they meet, and in the documented domain.

What Glance's SQL driver takes or leaks beyond the domain is in docs/semantics.md; little of it is
made here. The first of every pool is the simplest.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from simple_db.oracle.calls import (
    Call,
    Program,
    call,
    content_id,
    location_id,
    member_id,
    namespace_id,
    parameters_of,
)
from simple_db.oracle.cast import CAST, MEMBER_STATUSES

if TYPE_CHECKING:
    from collections.abc import Sequence

Values = dict[str, Any]
Calls = st.SearchStrategy[Call]

OPS = ("images", "members", "tags", "locations", "properties", "tasks", "metadefs", "cache")
"""The parts of the API; programs are made of the calls of some of them."""

IMAGE_IDS = ("image-1", "image-2", "image-3")
TASK_IDS = ("task-1", "task-2")
NAMESPACES = ("ns-1", "ns-2")
URLS = ("http://here", "http://there")

_LONG_AGO = dt.datetime(2020, 1, 1)  # noqa: DTZ001 - naive UTC, as every time in the database
_STATUSES = (
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
_LOCATION = {"url", "metadata", "status"}
NEEDED: dict[str, frozenset[str]] = {
    function: frozenset(keys)
    for function, keys in {
        "image_create": {"id", "status", *_LOCATION},
        "image_update": {"id", "url", "metadata"},
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
"""The keys of its values without which a call is outside the documented domain."""

_VISIBILITIES = ("shared", "private", "public", "community")
_OWNERS = ("alice", "accepted", "stranger")
_PROPERTIES = ("os", "p", "ram_min2")

_image_ids = st.sampled_from([*IMAGE_IDS[:1] * 4, *IMAGE_IDS[1:2] * 2, IMAGE_IDS[2]])
_anyone = st.sampled_from(list(CAST))
_mostly_admin = st.sampled_from([*["admin"] * 12, *CAST])
_admin = st.just("admin")
_texts = st.sampled_from(["a", "", "A", "ünï", "in:a", "a,b", "1", "%", "'\"", "\\"])
_maybe_text = st.one_of(st.none(), _texts)
_times = st.integers(0, 3).map(lambda days: _LONG_AGO + dt.timedelta(days=days))


def _calls(
    function: str, context: st.SearchStrategy[str] = _mostly_admin, /, **given: Any
) -> Calls:
    """Make calls of the function: what it requires always, the rest sometimes."""
    takes = parameters_of(function)
    required = {name: given[name] for name in takes.required}
    optional = {name: given[name] for name in given.keys() - required.keys()}
    arguments = st.fixed_dictionaries(required, optional=dict(sorted(optional.items())))
    callers: Any = context if takes.has_context else st.none()
    return st.builds(lambda who, given: call(function, who, **given), callers, arguments)


def _some(required: Values | None = None, /, **optional: Any) -> st.SearchStrategy[Values]:
    """Make values: these always, and any two or so of the others."""
    return st.lists(st.sampled_from(sorted(optional)), max_size=3, unique=True).flatmap(
        lambda keys: st.fixed_dictionaries(
            {**(required or {}), **{key: optional[key] for key in keys}}
        )
    )


# --- images --------------------------------------------------------------------------------------

_sizes = st.one_of(st.none(), st.integers(0, 4), st.just(2**40))
_property_values = st.sampled_from(["1", "x", "", None])
_some_properties = st.dictionaries(
    st.sampled_from(_PROPERTIES), _property_values, min_size=1, max_size=2
)
_metadata = st.sampled_from([{}, {"store": "file"}, {"a": [1, {"b": None}]}])
_new_location = st.fixed_dictionaries(
    {
        "url": st.sampled_from(["file:///a", "file:///b"]),
        "metadata": _metadata,
        "status": st.sampled_from(["active", "active", "active", "pending_delete", "deleted"]),
    }
)
_new_locations = st.lists(_new_location, min_size=1, max_size=2)

_SETTABLE: Values = {
    "name": _maybe_text,
    "disk_format": st.sampled_from(["raw", "qcow2", None]),
    "container_format": st.sampled_from(["bare", "ovf", None]),
    "size": _sizes,
    "virtual_size": _sizes,
    "checksum": st.sampled_from(["c1", "c2", None]),
    "os_hash_algo": st.sampled_from(["sha512", None]),
    "os_hash_value": st.sampled_from(["h1", "h2", None]),
    "owner": st.sampled_from([*_OWNERS, None]),
    "visibility": st.sampled_from(_VISIBILITIES),
    "os_hidden": st.booleans(),
    "min_disk": st.integers(0, 2),
    "min_ram": st.integers(0, 2),
    "protected": st.booleans(),
    "created_at": _times,
    "updated_at": _times,
    "properties": _some_properties,
    "unknown": _texts,
}
_FAULTS: Sequence[Values] = (
    {"status": "bogus"},
    {"name": "\N{GRINNING FACE}"},
    {"visibility": "public", "is_public": True},
)


def _with(
    strategy: st.SearchStrategy[Values], faults: Sequence[Values]
) -> st.SearchStrategy[Values]:
    """Let a few of the values have one of these faults."""
    broken = st.builds(lambda values, fault: values | fault, strategy, st.sampled_from(faults))
    return st.one_of(*[strategy] * 14, broken)


def _kept_location(image_id: str) -> st.SearchStrategy[Values]:
    """Make what an update says of a location that the image has."""
    ids = st.integers(0, 2).map(lambda place: {"id": location_id(image_id, place)})
    return st.builds(lambda values, row: values | row, _new_location, ids)


def _updates(image_id: str) -> Calls:
    locations = st.lists(st.one_of(_new_location, _kept_location(image_id)), max_size=2)
    values = _some(
        status=st.sampled_from(_STATUSES), deleted=st.booleans(), locations=locations, **_SETTABLE
    )
    return _calls(
        "image_update",
        image_id=st.just(image_id),
        values=values,
        purge_props=st.booleans(),
        from_state=st.sampled_from(["active", "queued"]),
        v1_mode=st.booleans(),
        atomic_props=st.lists(st.sampled_from(_PROPERTIES), min_size=1, max_size=1),
    )


def _new_image(image_id: str) -> st.SearchStrategy[Values]:
    required = {"id": st.just(image_id), "status": st.sampled_from([*["active"] * 6, *_STATUSES])}
    owned = {**required, "owner": st.sampled_from([*["alice"] * 3, *_OWNERS])}
    optional = {**_SETTABLE, "locations": _new_locations}
    return st.one_of(
        _some(owned, **optional), _some(owned, **optional), _some(required, **optional)
    )


def _creations(image_id: str) -> Calls:
    values = _new_image(image_id)
    own = values.map(lambda one: one | {"owner": "alice"})
    return st.one_of(
        *[_calls("image_create", _admin, values=values, v1_mode=st.booleans())] * 4,
        _calls("image_create", st.just("alice"), values=own),
    )


# Values with a fault, of an image that is not there yet, or mostly is. Nothing else is wrong with
# the call: which of two faults is told is not fixed.
_with_a_fault = st.one_of(
    st.builds(
        lambda values, fault: call("image_create", "admin", values=values | fault),
        _new_image("image-4"),
        st.sampled_from(_FAULTS),
    ),
    st.builds(
        lambda fault: call("image_update", "admin", image_id=IMAGE_IDS[0], values=fault),
        st.sampled_from(_FAULTS),
    ),
)


def _asked(column: str, values: Sequence[str]) -> Any:
    """Ask for one value of a column, or for several."""
    one = st.sampled_from([value for value in values if ":" not in value])
    several = st.lists(st.sampled_from([v for v in values if "," not in v and '"' not in v]))
    return st.one_of(
        one,
        one.map(lambda value: f"eq:{value}"),
        several.map(lambda some: "in:" + ",".join(some)),
        st.sampled_from(["neq:a"]) if column == "name" else one,
    )


_time_filters = st.builds(
    lambda operator, time: f"{operator}{time.isoformat()}Z",
    st.sampled_from(["gte:", "gt:", "lte:", "lt:", "eq:", "neq:", ""]),
    _times,
)
_FILTERS: Values = {
    "name": _asked("name", ["a", "A", "ünï", "1", "in:a", "%"]),
    "id": _asked("id", IMAGE_IDS),
    "status": _asked("status", _STATUSES),
    "disk_format": _asked("disk_format", ["raw", "qcow2"]),
    "container_format": _asked("container_format", ["bare", "ovf"]),
    "created_at": _time_filters,
    "updated_at": _time_filters,
    "changes-since": _times,
    "visibility": st.sampled_from([*_VISIBILITIES, "all"]),
    "os_hidden": st.booleans(),
    "deleted": st.booleans(),
    "protected": st.booleans(),
    "tags": st.lists(st.sampled_from(["t1", "t2"]), max_size=2),
    "properties": _some_properties,
    "checksum": st.sampled_from(["c1", "c2", None]),
    "os_hash_value": st.sampled_from(["h1", None]),
    "owner": st.sampled_from([*_OWNERS, None]),
    "size": st.one_of(st.none(), st.integers(0, 4)),
    "min_disk": st.integers(0, 2),
    "size_min": st.integers(0, 4),
    "size_max": st.integers(0, 4),
    "min_ram_min": st.integers(0, 2),
    "min_disk_max": st.integers(0, 2),
    **dict.fromkeys(_PROPERTIES, _property_values),
    "is_public": st.just("True"),
}
_BAD_FILTERS: Sequence[Values] = (
    {"size_min": "x"},
    {"created_at": "yesterday"},
    {"name": 'in:a"b'},
    {"status": ":active"},
)
_filters = _with(_some(**_FILTERS), _BAD_FILTERS)
# A page's filters: a tag twice makes rows of the SQL driver's, which its limit counts.
_page_filters = _some(**{key: kind for key, kind in _FILTERS.items() if key != "tags"})

_SORT_KEYS = (
    "created_at",
    "id",
    "name",
    "size",
    "status",
    "min_disk",
    "owner",
    "updated_at",
    "disk_format",
    "visibility",
    "deleted_at",
)
_NEVER_NULL = ("created_at", "id", "status", "min_disk", "min_ram")


@st.composite
def _orders(draw: st.DrawFn, keys: Sequence[str]) -> Values:
    """Draw sort keys with no direction, one for all, or one each; sometimes nothing."""
    chosen = draw(st.lists(st.sampled_from(keys), max_size=2, unique=True))
    count = draw(st.sampled_from([0, 1, len(chosen)])) if chosen else 0
    directions = draw(st.lists(st.sampled_from(["asc", "desc"]), min_size=count, max_size=count))
    return ({"sort_key": chosen} if chosen else {}) | ({"sort_dir": directions} if count else {})


_BAD_QUERIES: Sequence[Values] = (
    {"sort_key": ["bogus"]},
    {"sort_key": ["name"], "sort_dir": ["up"]},
    {"marker": "missing"},
)
_scopes = st.fixed_dictionaries(
    {},
    optional={
        "member_status": st.sampled_from([*MEMBER_STATUSES.values(), "all"]),
        "is_public": st.sampled_from([True, False]),
        "admin_as_user": st.booleans(),
        "return_tag": st.booleans(),
        "v1_mode": st.booleans(),
    },
)


def _listing(context: str, *parts: Values) -> Call:
    given = {key: value for part in parts for key, value in part.items()}
    return call("image_get_all", context, **given)


_listings = st.one_of(
    st.builds(
        _listing,
        _anyone,
        _some(filters=_filters),
        _orders(_SORT_KEYS),
        _scopes,
    ),
    st.builds(
        _listing,
        _mostly_admin,
        _some(filters=_page_filters, marker=_image_ids, limit=st.integers(0, 2)),
        _orders(_NEVER_NULL),
        _scopes,
    ),
    st.builds(_listing, _anyone, st.sampled_from(_BAD_QUERIES)),
)

_seen = st.fixed_dictionaries(
    {
        "id": _image_ids,
        "owner": st.sampled_from([*_OWNERS, None]),
        "visibility": st.sampled_from(["shared", *_VISIBILITIES]),
    }
)
_usage_owners = st.sampled_from([*_OWNERS, None])

_images: Sequence[Calls] = (
    _image_ids.flatmap(_creations),
    _with_a_fault,
    *[_image_ids.flatmap(_updates)] * 4,
    *[_calls("image_destroy", image_id=_image_ids)] * 2,
    _calls("image_restore", image_id=_image_ids),
    *[
        _calls(
            "image_get",
            _anyone,
            image_id=_image_ids,
            force_show_deleted=st.booleans(),
            v1_mode=st.booleans(),
        )
    ]
    * 2,
    *[_listings] * 4,
    _calls("is_image_mutable", _anyone, image=_seen),
    _calls("is_image_visible", _anyone, image=_seen, status=st.sampled_from(list(MEMBER_STATUSES))),
    _calls("user_get_storage_usage", owner_id=_usage_owners, image_id=_image_ids),
    _calls("user_get_staging_usage", owner_id=_usage_owners),
    _calls("user_get_image_count", owner_id=_usage_owners),
    _calls("user_get_uploading_count", owner_id=_usage_owners),
    _calls("purge_deleted_rows", _admin, age_in_days=st.sampled_from([0, 1]), max_rows=st.just(-1)),
    _calls(
        "purge_deleted_rows_from_images",
        _admin,
        age_in_days=st.sampled_from([0, 1]),
        max_rows=st.just(-1),
    ),
)

# --- children of images --------------------------------------------------------------------------

_projects = st.sampled_from([*MEMBER_STATUSES, "alice"])
_memberships = st.builds(member_id, _image_ids, _projects)


def _membership(image_id: str, project: str, optional: Values) -> Call:
    """Make the project a member, in the status that it is named for."""
    values = {"image_id": image_id, "member": project} | optional
    return call("image_member_create", "admin", values=values)


_new_members = st.one_of(
    st.builds(
        lambda image_id, project: _membership(
            image_id, project, {"status": MEMBER_STATUSES[project]}
        ),
        _image_ids,
        st.sampled_from(list(MEMBER_STATUSES)),
    ),
    st.builds(
        _membership,
        _image_ids,
        _projects,
        _some(can_share=st.booleans(), deleted=st.booleans(), unknown=st.none()),
    ),
)
_members: Sequence[Calls] = (
    *[_new_members] * 3,
    _calls(
        "image_member_update",
        memb_id=_memberships,
        values=_some(
            status=st.sampled_from(list(MEMBER_STATUSES)),
            can_share=st.booleans(),
            member=_projects,
            unknown=st.none(),
        ),
    ),
    _calls("image_member_delete", memb_id=_memberships),
    *[
        _calls(
            "image_member_find",
            _anyone,
            image_id=_image_ids,
            member=_projects,
            status=st.sampled_from([*MEMBER_STATUSES, "all"]),
            include_deleted=st.booleans(),
        )
    ]
    * 2,
    _calls("image_member_count", image_id=_image_ids),
)

_tag_values = st.sampled_from(["t1", "t2", "", "ünï"])
_tags: Sequence[Calls] = (
    *[_calls("image_tag_create", image_id=_image_ids, value=_tag_values)] * 2,
    _calls("image_tag_delete", image_id=_image_ids, value=_tag_values),
    _calls("image_tag_set_all", image_id=_image_ids, tags=st.lists(_tag_values, max_size=3)),
    _calls("image_tag_get_all", image_id=_image_ids),
)


def _location_calls(image_id: str) -> Calls:
    this, ids = st.just(image_id), st.builds(location_id, st.just(image_id), st.integers(0, 2))
    return st.one_of(
        _calls("image_location_add", image_id=this, location=_new_location),
        _calls("image_location_add", image_id=this, location=_new_location),
        _calls("image_location_update", image_id=this, location=_kept_location(image_id)),
        _calls(
            "image_location_delete",
            image_id=this,
            location_id=ids,
            status=st.sampled_from(["deleted", "pending_delete", "active"]),
            delete_time=_times,
        ),
    )


_locations: Sequence[Calls] = (_image_ids.flatmap(_location_calls),) * 3

_names = st.sampled_from(_PROPERTIES)
_properties: Sequence[Calls] = (
    _calls(
        "image_property_create",
        values=st.fixed_dictionaries(
            {"image_id": _image_ids, "name": _names, "value": _property_values}
        ),
    ),
    _calls("image_property_delete", prop_ref=_names, image_ref=_image_ids),
    _calls("image_set_property_atomic", image_id=_image_ids, name=_names, value=_property_values),
    _calls(
        "image_delete_property_atomic", image_id=_image_ids, name=_names, value=_property_values
    ),
)

# --- tasks ---------------------------------------------------------------------------------------

_task_ids = st.sampled_from(TASK_IDS)
_json = st.sampled_from([{}, None, {"b": [1, 2.5, None], "a": "é"}, ["list"], "t"])
_TASK: Values = {
    "type": st.sampled_from(["import", "export"]),
    "status": st.sampled_from(["pending", "processing", "success"]),
    "owner": st.sampled_from(["alice", "stranger"]),
    "expires_at": st.one_of(st.none(), st.just(dt.datetime(2100, 1, 1)), _times),  # noqa: DTZ001
    "image_id": st.one_of(st.none(), _image_ids),
    "user_id": st.sampled_from([None, "user"]),
    "input": _json,
    "result": _json,
    "message": st.sampled_from([None, "", "done"]),
    "unknown": st.just("ignored"),
}
_KEPT_TASK = {key: kind for key, kind in _TASK.items() if key != "owner"}
_required_of_tasks = {key: _TASK[key] for key in ("type", "status", "owner", "input")}
_new_tasks = _some(
    {"id": _task_ids, **_required_of_tasks},
    **{key: kind for key, kind in _TASK.items() if key not in _required_of_tasks},
)
_tasks: Sequence[Calls] = (
    *[_calls("task_create", _admin, values=_new_tasks)] * 2,
    _calls("task_update", _admin, task_id=_task_ids, values=_some(**_TASK)),
    # A task that its owner gives away is changed in the SQL driver, though it says no.
    _calls("task_update", _anyone, task_id=_task_ids, values=_some(**_KEPT_TASK)),
    _calls("task_delete", task_id=_task_ids),
    _calls("task_get", _anyone, task_id=_task_ids, force_show_deleted=st.booleans()),
    *[
        _calls(
            "task_get_all",
            _anyone,
            filters=_some(
                status=_TASK["status"],
                type=_TASK["type"],
                owner=_TASK["owner"],
                image_id=_image_ids,
                deleted=st.booleans(),
                unknown=st.just("ignored"),
            ),
            sort_key=st.sampled_from(["created_at", "id", "status", "owner"]),
            sort_dir=st.sampled_from(["asc", "desc"]),
            limit=st.integers(0, 2),
            marker=_task_ids,
            admin_as_user=st.booleans(),
        )
    ]
    * 2,
    _calls("tasks_get_by_image", _anyone, image_id=_image_ids),
)

# --- metadata definitions ------------------------------------------------------------------------

_namespaces = st.sampled_from([*NAMESPACES[:1] * 4, NAMESPACES[1], "missing"])
_content_names = st.sampled_from(["one", "two"])
_resource_types = st.sampled_from(["server", "volume"])
_NAMESPACE: Values = {
    "namespace": st.sampled_from(NAMESPACES),
    "owner": st.sampled_from(["alice", "stranger"]),
    "visibility": st.sampled_from(["private", "public"]),
    "display_name": _maybe_text,
    "description": _maybe_text,
    "protected": st.booleans(),
    "unknown": _texts,
}
_CONTENT: Values = {
    "description": _maybe_text,
    "required": _maybe_text,
    "json_schema": st.sampled_from([{}, {"type": "string"}, {"a": [1, None]}]),
}
_TAKES = {
    "object": ("object_name", "object_dict", "object_id", ("description", "required")),
    "property": ("property_name", "property_dict", "property_id", ()),
    "tag": ("name", "tag_dict", "id", ()),
}


def _new_namespace(name: str) -> st.SearchStrategy[Values]:
    required = {key: _NAMESPACE[key] for key in ("owner", "visibility")}
    optional = {key: _NAMESPACE[key] for key in ("display_name", "description", "protected")}
    return _some({"namespace": st.just(name), **required}, **optional)


def _content(kind: str) -> Sequence[Calls]:
    """Make the calls of what a namespace holds."""
    name, values, row, described = _TAKES[kind]
    keys = (*described, *(["json_schema"] if kind != "tag" else []), "unknown")
    optional = {key: _CONTENT.get(key, _texts) for key in keys}
    needed = {"name": _content_names} | (
        {"json_schema": _CONTENT["json_schema"]} if kind == "property" else {}
    )
    ids = st.builds(content_id, st.just(kind), st.just(NAMESPACES[0]), _content_names)
    made = _some(needed, **optional)
    changed = _some(name=_content_names, **optional)
    return (
        _calls(f"metadef_{kind}_create", namespace_name=_namespaces, **{values: made}),
        _calls(
            f"metadef_{kind}_update",
            namespace_name=st.just(NAMESPACES[0]),
            **{row: ids, values: changed},
        ),
        _calls(
            f"metadef_{kind}_get", _anyone, namespace_name=_namespaces, **{name: _content_names}
        ),
        _calls(f"metadef_{kind}_delete", namespace_name=_namespaces, **{name: _content_names}),
        _calls(f"metadef_{kind}_get_all", _anyone, namespace_name=_namespaces),
        _calls(f"metadef_{kind}_count", namespace_name=_namespaces),
        _calls(f"metadef_{kind}_delete_namespace_content", namespace_name=_namespaces),
    )


_new_associations = st.fixed_dictionaries(
    {"name": _resource_types, "properties_target": _maybe_text, "prefix": _maybe_text}
)
_metadefs: Sequence[Calls] = (
    *[
        _calls(
            "metadef_namespace_create", values=st.sampled_from(NAMESPACES).flatmap(_new_namespace)
        )
    ]
    * 2,
    _calls(
        "metadef_namespace_update",
        namespace_id=st.builds(namespace_id, st.sampled_from(NAMESPACES)),
        namespace_dict=_some(**_NAMESPACE),
    ),
    _calls("metadef_namespace_get", _anyone, namespace_name=_namespaces),
    _calls("metadef_namespace_delete", namespace_name=_namespaces),
    _calls(
        "metadef_namespace_get_all",
        _anyone,
        filters=_some(
            visibility=_NAMESPACE["visibility"],
            resource_types=st.lists(_resource_types, min_size=1, max_size=2).map(",".join),
        ),
        sort_key=st.sampled_from(["created_at", "namespace", "id", "owner"]),
        sort_dir=st.sampled_from(["asc", "desc"]),
        limit=st.integers(0, 2),
    ),
    *_content("object"),
    *_content("property"),
    *_content("tag"),
    _calls(
        "metadef_tag_create_tags",
        namespace_name=_namespaces,
        tag_list=st.lists(st.fixed_dictionaries({"name": _content_names}), max_size=2),
        can_append=st.booleans(),
    ),
    _calls(
        "metadef_resource_type_create",
        values=_some({"name": _resource_types}, protected=st.booleans()),
    ),
    _calls("metadef_resource_type_get", resource_type_name=_resource_types),
    _calls("metadef_resource_type_get_all"),
    _calls(
        "metadef_resource_type_association_create",
        namespace_name=_namespaces,
        values=_new_associations,
    ),
    _calls(
        "metadef_resource_type_association_get",
        _anyone,
        namespace_name=_namespaces,
        resource_type_name=_resource_types,
    ),
    _calls(
        "metadef_resource_type_association_delete",
        namespace_name=_namespaces,
        resource_type_name=_resource_types,
    ),
    _calls(
        "metadef_resource_type_association_get_all_by_namespace",
        _anyone,
        namespace_name=_namespaces,
    ),
)

# --- the image cache -----------------------------------------------------------------------------

_urls = st.sampled_from([*URLS[:1] * 3, URLS[1]])
_cached: Values = {"image_id": _image_ids, "node_reference_url": _urls}
_cache: Sequence[Calls] = (
    _calls("node_reference_create", _admin, node_reference_url=_urls),
    _calls("node_reference_get_by_url", _admin, node_reference_url=_urls),
    *[
        _calls(
            "insert_cache_details",
            _admin,
            **_cached,
            filesize=st.integers(0, 4),
            checksum=st.sampled_from(["c", None]),
            last_accessed=_times,
            last_modified=_times,
            hits=st.integers(0, 3),
        )
    ]
    * 3,
    _calls("update_hit_count", _admin, **_cached),
    _calls("get_hit_count", _admin, **_cached),
    _calls("is_image_cached_for_node", _admin, **_cached),
    _calls("delete_cached_image", _admin, **_cached),
    _calls("get_cached_images", _admin, node_reference_url=_urls),
    _calls("get_least_recently_accessed", _admin, node_reference_url=_urls),
    _calls("delete_all_cached_images", _admin, node_reference_url=_urls),
)

# --- programs ------------------------------------------------------------------------------------

_CALLS: dict[str, Sequence[Calls]] = {
    "images": _images,
    "members": _members,
    "tags": _tags,
    "locations": _locations,
    "properties": _properties,
    "tasks": _tasks,
    "metadefs": _metadefs,
    "cache": _cache,
}
_OF_IMAGES = ("images", "members", "tags", "locations", "properties")


def op_of(function: str) -> str:
    """Return the part of the API that the function is of, one of `OPS`."""
    subjects = {
        "image_member": "members",
        "image_tag": "tags",
        "image_location": "locations",
        "image_property": "properties",
        "image_set_property": "properties",
        "image_delete_property": "properties",
        "task": "tasks",
        "metadef": "metadefs",
        "node_reference": "cache",
        "insert_cache": "cache",
        "update_hit": "cache",
        "get_": "cache",
        "is_image_cached": "cache",
        "delete_": "cache",
    }
    return next((op for start, op in subjects.items() if function.startswith(start)), "images")


def programs(ops: Sequence[str] = OPS) -> st.SearchStrategy[Program]:
    """Return programs of the calls of these parts of the API, each about one subject.

    Calls on images come after the creation of one or two, since without any they say little;
    likewise tasks, namespaces and servers of the cache.
    """
    subjects = []
    of_images = [one for op in ops if op in _OF_IMAGES for one in _CALLS[op]]
    if of_images:
        subjects += [_program(_first_images(), of_images)] * 4
    if "tasks" in ops:
        subjects.append(_program(st.tuples(_tasks[0]), _tasks))
    if "metadefs" in ops:
        subjects.append(_program(st.tuples(_first_namespace()), _metadefs))
    if "cache" in ops:
        subjects.append(_program(st.tuples(_cache[0]), _cache))
    return st.one_of(*subjects)


def _program(
    beginning: st.SearchStrategy[Program], calls: Sequence[Calls]
) -> st.SearchStrategy[Program]:
    rest = st.lists(st.one_of(*calls), min_size=1, max_size=10).map(tuple)
    return st.builds(lambda first, rest: first + rest, beginning, rest)


def _first_images() -> st.SearchStrategy[Program]:
    first, second = (_creations(image_id) for image_id in IMAGE_IDS[:2])
    return st.one_of(st.tuples(first), st.tuples(first, second))


def _first_namespace() -> Calls:
    return _calls("metadef_namespace_create", _admin, values=_new_namespace(NAMESPACES[0]))
