"""What the random tests choose from: small pools, so that things meet.

Everything here lies inside the documented domain of the database API, or is refused by Glance's
SQL driver with an error of Glance's own. What the driver takes or leaks beyond that is in
docs/semantics.md, each with a test of its own.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

from hypothesis import strategies as st

from simple_db import RequestContext
from tests.support.world import BEGINNING

Values = dict[str, Any]
T = TypeVar("T")

# --- who ------------------------------------------------------------------------------------

OWNERS = ("alice", "bob", "carol")
ADMIN = RequestContext(is_admin=True)
CONTEXTS = {
    "an administrator": ADMIN,
    "an administrator of a project": RequestContext(owner="alice", is_admin=True),
    "an administrator who sees no deleted images": RequestContext(
        is_admin=True, can_see_deleted=False
    ),
    "alice": RequestContext(owner="alice"),
    "bob": RequestContext(owner="bob"),
    "carol": RequestContext(owner="carol"),
    "bob seeing deleted images": RequestContext(owner="bob", can_see_deleted=True),
    "a stranger": RequestContext(owner="stranger"),
    "a caller without project": RequestContext(),
}

contexts = st.sampled_from(list(CONTEXTS.values()))
mostly_admins = st.sampled_from([*CONTEXTS.values(), *[ADMIN] * 10])
owners = st.sampled_from([*OWNERS, None])

QUOTE = '"'

# --- what -----------------------------------------------------------------------------------

IMAGE_IDS = ("img-b", "img-a", "img-D", "img-c")
MISSING = "img-missing"
TOO_LONG = "i" * 37
STATUSES = (
    "active",
    "saving",
    "queued",
    "killed",
    "pending_delete",
    "deleted",
    "deactivated",
    "importing",
    "uploading",
)
VISIBILITIES = ("public", "private", "shared", "community")
MEMBER_STATUSES = ("pending", "accepted", "rejected")
PROPERTY_NAMES = ("os_glance_importing_to_stores", "p", "naïve_min2")

image_ids = st.sampled_from(IMAGE_IDS)
image_ids_or_not = st.sampled_from([*IMAGE_IDS * 8, MISSING, TOO_LONG, "img-😀"])

# Text that means something to some layer: SQL, filters, lists, case, and Unicode.
texts = st.one_of(
    st.sampled_from(["", "one", "two", "One", "Ünï", "1", "True", "a,b", 'a"b', "in:one", "%_\\"]),
    st.text(alphabet="ab,:\"\\é'% \N{EURO SIGN}\uffff", max_size=4),
)
maybe_texts = st.one_of(st.none(), texts)

TAGS = ("t1", "t2", "", "ünï")
tags = st.sampled_from(TAGS)
tags_or_beyond = st.sampled_from([*TAGS * 4, "😀"])

property_values = st.one_of(
    st.sampled_from(["1", "x", "", None, 1, True]), st.sampled_from(["1", "x"]), texts
)
properties = st.dictionaries(st.sampled_from(PROPERTY_NAMES), property_values, max_size=3)
text_properties = st.dictionaries(
    st.sampled_from(PROPERTY_NAMES), st.one_of(st.sampled_from(["1", "x", None]), texts), max_size=3
)

json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63) + 1, 2**63 - 1),
        st.floats(allow_nan=False, allow_infinity=False),
        texts,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.tuples(inner),
        st.dictionaries(st.one_of(texts, st.integers(0, 9)), inner, max_size=3),
    ),
    max_leaves=4,
)
metadata = st.one_of(
    st.just({}),
    st.dictionaries(texts, json_values, max_size=2),
    st.sampled_from([{"store": "file"}, {"a": (1, 2), 3: {None: True}}]),
)

times = st.integers(-3, 3).map(lambda days: BEGINNING + dt.timedelta(days=days))

# --- images ---------------------------------------------------------------------------------

_sizes = st.one_of(st.none(), st.integers(-1, 4), st.just(2**40), st.just("13"))

_settable: dict[str, st.SearchStrategy[Any]] = {
    "name": maybe_texts,
    "disk_format": st.sampled_from([None, "raw", "qcow2"]),
    "container_format": st.sampled_from([None, "bare", "ovf"]),
    "size": _sizes,
    "virtual_size": _sizes,
    "checksum": st.sampled_from([None, "c1", "c2"]),
    "os_hash_algo": st.sampled_from([None, "sha512"]),
    "os_hash_value": st.sampled_from([None, "h1", "h2"]),
    "owner": st.one_of(owners, st.just("")),
    "os_hidden": st.booleans(),
    "min_disk": st.integers(-1, 2),
    "min_ram": st.one_of(st.integers(0, 2), st.just(2**31 - 1)),
    "unknown": maybe_texts,
    "tags": st.just([]),
}


def _values(
    required: dict[str, st.SearchStrategy[Any]], optional: dict[str, st.SearchStrategy[Any]]
) -> st.SearchStrategy[Values]:
    return st.fixed_dictionaries(required, optional=optional)


def _with(strategy: st.SearchStrategy[Values], *faults: Values) -> st.SearchStrategy[Values]:
    """Let a few of the values have one of these faults."""
    broken = st.builds(lambda values, fault: values | fault, strategy, st.sampled_from(faults))
    return st.one_of(*[strategy] * 9, broken)


def _one_publicness(values: Values) -> Values:
    """Keep `visibility` where both it and `is_public` were drawn."""
    return {key: item for key, item in values.items() if key != "is_public" or not _seen(values)}


def _seen(values: Values) -> bool:
    return "visibility" in values


new_locations = st.fixed_dictionaries(
    {
        "url": st.one_of(st.sampled_from(["file:///a", "file:///b"]), texts),
        "metadata": metadata,
        "status": st.sampled_from(["active", "active", "active", "pending_delete", "deleted"]),
    }
)
guarded_locations = _with(
    new_locations,
    {"url": "😀"},
    {"metadata": {"😀": 1}},
    {"metadata": {"a": {"b": "😀"}}},
    {"metadata": {"a": ["😀"], "😀": {}}},
    {"metadata": None, "status": None},
    {"unknown": "x"},
)

sound_images = _values(
    {
        "status": st.sampled_from([*STATUSES, *["active", "pending_delete"] * 3]),
        "properties": properties,
    },
    _settable
    | {
        "id": image_ids,
        "visibility": st.sampled_from([*VISIBILITIES, *VISIBILITIES, None]),
        "is_public": st.sampled_from([True, False, None]),
        "protected": st.sampled_from([True, False, None]),
        "created_at": times,
        "updated_at": times,
        "locations": st.lists(new_locations, max_size=2),
    },
).map(_one_publicness)
created_images = _with(
    sound_images,
    {"name": "😀"},
    {"unknown": "a😀"},
    {"properties": {"😀": "x"}},
    {"properties": {"x": "😀"}},
    {"locations": [{"url": "😀", "metadata": {}, "status": "active"}]},
    {"status": "bogus"},
    {"status": None},
    {"visibility": "public", "is_public": True},
    {"min_disk": 2**31},
    {"min_ram": None, "min_disk": ""},
    {"size": 2**63},
    {"visibility": "bogus"},
    {"deleted": True, "deleted_at": BEGINNING},
    {"id": "img-😀"},
    {"id": None, "os_hidden": None, "created_at": None, "locations": None},
    {"properties": None},
)

# What is changed by an update; its locations are added by the machines, which know their ids.
sound_changes = _values(
    {},
    _settable
    | {
        "status": st.sampled_from([*STATUSES, "active", "pending_delete"]),
        "visibility": st.sampled_from(VISIBILITIES),
        "is_public": st.sampled_from([True, False, None]),
        "protected": st.booleans(),
        "created_at": times,
        "deleted": st.booleans(),
        "properties": text_properties,
    },
).map(_one_publicness)
_update_options = _values(
    {},
    {
        "purge_props": st.sampled_from([True, True, False]),
        "from_state": st.sampled_from([*STATUSES, *["active", ""] * 3, "😀"]),
        "v1_mode": st.booleans(),
        "atomic_props": st.lists(st.sampled_from(PROPERTY_NAMES), max_size=2),
    },
)
changed_images = _with(
    sound_changes,
    {"name": "😀"},
    {"properties": {"😀": "x"}},
    {"properties": {"x": "😀"}},
    {"status": "bogus"},
    {"visibility": "public", "is_public": True},
    {"min_ram": 2**31},
    {"visibility": None},
    {"visibility": "bogus"},
    {"os_hidden": None},
    {"min_disk": None},
    {"size": 2**63},
    {"properties": None},
)
# Values and options of an update: not two faults at once.
updates: st.SearchStrategy[tuple[Values, Values]] = st.one_of(
    *[st.tuples(sound_changes, _update_options)] * 4,
    st.tuples(changed_images, st.just({"purge_props": True})),
)

# Whether an update repeats the id of its image, as Glance's API does, or has another.
repeated_ids = st.sampled_from(
    [*[{}] * 4, *[{"id": "its own"}] * 4, *({"id": other} for other in (IMAGE_IDS[0], "img-new"))]
)


def with_its_id(repeated: Values, image_id: str) -> Values:
    """Give the id that an update has, if any."""
    return {key: image_id if value == "its own" else value for key, value in repeated.items()}


# --- members --------------------------------------------------------------------------------

members = st.sampled_from([*OWNERS, "stranger"])
sound_members = _values(
    {"image_id": image_ids, "member": members},
    {
        "status": st.sampled_from([*MEMBER_STATUSES, "accepted", "other"]),
        "can_share": st.booleans(),
        "deleted": st.booleans(),
        "unknown": st.none(),
    },
)
created_members = _with(
    sound_members,
    {"image_id": MISSING},
    {"image_id": TOO_LONG},
    {"member": "😀"},
    {"member": None},
    {"status": None, "can_share": None},
)
changed_members = _with(
    _values(
        {},
        {
            "status": st.sampled_from(MEMBER_STATUSES),
            "can_share": st.booleans(),
            "member": members,
            "image_id": image_ids,
            "deleted": st.booleans(),
            "unknown": st.none(),
        },
    ),
    {"image_id": MISSING},
    {"status": None},
)

# --- listings -------------------------------------------------------------------------------

_OPERATORS = ("", "eq:", "neq:", "gt:", "gte:", "lt:", "lte:")


def _as_text(time: dt.datetime, style: int) -> str:
    """Write a time in one of the ways that callers write it."""
    ahead = time.replace(tzinfo=dt.UTC).astimezone(dt.timezone(dt.timedelta(hours=5, minutes=30)))
    styles = (
        time.isoformat(),
        f"{time.isoformat()}Z",
        f"{time.isoformat(timespec='microseconds')}+00:00",
        ahead.isoformat(),
        f"{time:%Y-%m-%d}",
    )
    return styles[style]


time_filters = st.builds(
    lambda operator, time, style: operator + _as_text(time, style),
    st.sampled_from(_OPERATORS),
    times,
    st.integers(0, 4),
)


def listed_or_equal(values: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    """Ask for one value, or for several with the operator ``in``, quoted or not."""
    plain = values.filter(lambda value: ":" not in value)
    items = st.one_of(values, values.map(lambda value: f'"{value}"'))
    return st.one_of(
        st.none(),
        plain,
        values.map(lambda value: f"eq:{value}"),
        st.lists(items, max_size=3).map(lambda chosen: "in:" + ",".join(chosen)),
    )


_numbers = st.one_of(st.none(), st.integers(-1, 4), st.sampled_from(["1", "13", " 2 "]))
_hidden = st.sampled_from([None, True, False, 1, 0])

FILTERS: dict[str, st.SearchStrategy[Any]] = {
    "name": listed_or_equal(texts),
    "id": listed_or_equal(st.sampled_from([*IMAGE_IDS, MISSING])),
    "status": listed_or_equal(st.sampled_from(STATUSES)),
    "disk_format": listed_or_equal(st.sampled_from(["raw", "qcow2"])),
    "container_format": listed_or_equal(st.sampled_from(["bare", "ovf"])),
    "created_at": st.one_of(st.none(), time_filters),
    "updated_at": st.one_of(st.none(), time_filters),
    "changes-since": st.one_of(times, times.map(lambda time: time.replace(tzinfo=dt.UTC))),
    "visibility": st.sampled_from([*VISIBILITIES, *VISIBILITIES, "all", "all", None, "bogus"]),
    "os_hidden": _hidden,
    "deleted": _hidden,
    "protected": _hidden,
    "tags": st.lists(tags, max_size=2),
    "properties": properties,
    "checksum": st.sampled_from(["c1", "c2", None]),
    "os_hash_value": st.sampled_from(["h1", "h2", None]),
    "os_hash_algo": st.sampled_from(["sha512", None]),
    "owner": st.one_of(owners, st.just("")),
    "size": _numbers,
    "min_disk": _numbers,
    "min_ram": _numbers,
    "size_min": _numbers,
    "size_max": _numbers,
    "virtual_size_min": _numbers,
    "min_ram_max": _numbers,
    "min_disk_min": _numbers,
    **dict.fromkeys(PROPERTY_NAMES, property_values),
    "is_public": st.sampled_from(["True", None]),
    "unknown_min": st.none(),
}

# Filters that match an image which has the value, each with how it is asked.
FILTERS_LIKE = (
    "name eq",
    "name in",
    "status in",
    "created_at gte",
    "updated_at eq",
    "updated_at since",
    "visibility",
    "visibility all",
    "size",
    "size _min",
    "size _max",
    "min_disk _max",
    "owner",
    "checksum",
    "os_hash_value",
    "protected",
    "os_hidden",
    "deleted",
    "tags",
    "properties",
)


def filter_like(key: str, value: Any) -> tuple[str, Any]:
    """Give the filter and what it is asked for, for an image that has the value."""
    column, _, how = key.partition(" ")
    if how.startswith("_"):
        return column + how, value
    if how == "all":
        return column, "all"
    if how == "since":
        return "changes-since", value
    if how and value is not None:
        text = value.isoformat() if isinstance(value, dt.datetime) else value
        return column, f"{how}:{text.replace(QUOTE, '')}"
    return column, value


# Filters that are refused, one at a time: which of two faults is told first is not promised.
BAD_FILTERS: tuple[Values, ...] = (
    {"name": "neq:one"},
    {"status": ":active"},
    {"id": "IN:img-a"},
    {"name": 'in:a"b'},
    {"name": 'in:"a'},
    {"disk_format": 'in:"a"b'},
    {"created_at": "yesterday"},
    {"created_at": "gt:"},
    {"updated_at": "in:2026-01-01"},
    {"size_min": "x"},
    {"size_max": ""},
    {"unknown_min": "x"},
)

filters = st.one_of(
    st.none(),
    st.lists(st.sampled_from(sorted(FILTERS)), min_size=1, max_size=3, unique=True).flatmap(
        lambda keys: st.fixed_dictionaries({key: FILTERS[key] for key in keys})
    ),
)

SORT_KEYS = (
    "id",
    "name",
    "disk_format",
    "container_format",
    "size",
    "virtual_size",
    "status",
    "visibility",
    "checksum",
    "os_hash_algo",
    "os_hash_value",
    "min_disk",
    "min_ram",
    "owner",
    "protected",
    "os_hidden",
    "created_at",
    "updated_at",
    "deleted_at",
    "deleted",
)


@st.composite
def orders(draw: st.DrawFn) -> Values:
    """Draw sort keys with no direction, one for all, or one each."""
    keys = draw(st.lists(st.sampled_from(SORT_KEYS), max_size=3))
    directions = st.sampled_from(["asc", "desc"])
    count = draw(st.sampled_from([0, 1, len(keys)]))
    chosen = draw(st.lists(directions, min_size=count, max_size=count))
    if not keys:  # the reference then sorts by one key of its own
        chosen = chosen[:1]
    absent = st.booleans()
    return {
        "sort_key": None if not keys and draw(absent) else keys,
        "sort_dir": None if not chosen and draw(absent) else chosen,
    }


scopes = st.fixed_dictionaries(
    {},
    optional={
        "member_status": st.sampled_from([*MEMBER_STATUSES, "all", "bogus"]),
        "is_public": st.sampled_from([None, True, False]),
        "admin_as_user": st.booleans(),
        "return_tag": st.booleans(),
        "v1_mode": st.booleans(),
    },
)
limits = st.one_of(st.none(), st.integers(0, 5))

# --- other reads ----------------------------------------------------------------------------


def _read(function: str, **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(st.just(function), st.fixed_dictionaries({}, optional=arguments))


def _read_of(function: str, **arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(st.just(function), st.fixed_dictionaries(arguments))


_seen_images = st.fixed_dictionaries(
    {"id": image_ids, "owner": owners, "visibility": st.sampled_from([*VISIBILITIES, "shared"])}
)

# A function and all its arguments but the context.
reads: st.SearchStrategy[tuple[str, Values]] = st.one_of(
    _read_of("image_get", image_id=image_ids_or_not, force_show_deleted=st.booleans()),
    _read_of("image_get", image_id=image_ids, v1_mode=st.booleans()),
    _read(
        "image_member_find",
        image_id=st.one_of(image_ids_or_not, st.none()),
        member=st.one_of(members, st.none()),
        status=st.sampled_from([*MEMBER_STATUSES, "all", None]),
        include_deleted=st.booleans(),
    ),
    _read_of("image_member_count", image_id=st.one_of(image_ids_or_not, st.just(""))),
    _read_of("image_tag_get_all", image_id=image_ids_or_not),
    _read_of("is_image_mutable", image=_seen_images),
    _read_of(
        "is_image_visible", image=_seen_images, status=st.sampled_from([None, *MEMBER_STATUSES])
    ),
    _read_of(
        "user_get_storage_usage",
        owner_id=owners,
        image_id=st.one_of(st.none(), image_ids_or_not),
    ),
    _read_of("user_get_staging_usage", owner_id=owners),
    _read_of("user_get_image_count", owner_id=owners),
    _read_of("user_get_uploading_count", owner_id=owners),
)
