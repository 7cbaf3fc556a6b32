"""Random calls on images: those that change them, listings, and the other reads."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from simple_db.oracle.programs.calls import Call, call, location_id
from simple_db.oracle.programs.cast import MEMBER_STATUSES
from simple_db.oracle.programs.domain import IMAGE_IDS, OWNERS, PROPERTIES, STATUSES, VISIBILITIES
from simple_db.oracle.programs.draws import (
    Calls,
    Values,
    admin,
    any_of,
    anyone,
    calls_of,
    image_ids,
    kept_locations,
    mostly_admin,
    names,
    new_locations,
    property_values,
    some,
    some_of,
    texts,
    times,
    with_faults,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simple_db.oracle.programs.calls import Program

_sizes = st.one_of(st.none(), st.integers(0, 4), st.just(2**40))
_some_properties = st.dictionaries(
    st.sampled_from(PROPERTIES), property_values, min_size=1, max_size=2
)
several_locations = st.lists(new_locations, min_size=1, max_size=2)

_SETTABLE: Values = {
    "name": names,
    "disk_format": st.sampled_from(["raw", "qcow2", None]),
    "container_format": st.sampled_from(["bare", "ovf", None]),
    "size": _sizes,
    "virtual_size": _sizes,
    "checksum": st.sampled_from(["c1", "c2", None]),
    "os_hash_algo": st.sampled_from(["sha512", None]),
    "os_hash_value": st.sampled_from(["h1", "h2", None]),
    "owner": st.sampled_from([*OWNERS, None]),
    "visibility": st.sampled_from(VISIBILITIES),
    "os_hidden": st.booleans(),
    "min_disk": st.integers(0, 2),
    "min_ram": st.integers(0, 2),
    "protected": st.booleans(),
    "created_at": times,
    "updated_at": times,
    "properties": _some_properties,
    "unknown": texts,
}
_FAULTS: Sequence[Values] = (
    {"status": "bogus"},
    {"name": "\N{GRINNING FACE}"},
    {"visibility": "public", "is_public": True},
)


@functools.cache
def updates(image_id: str) -> Calls:
    """Make updates of the image, with at most one fault."""
    locations = st.lists(st.one_of(new_locations, kept_locations(image_id)), max_size=2)
    values = some(
        status=st.sampled_from(STATUSES), deleted=st.booleans(), locations=locations, **_SETTABLE
    )
    return calls_of(
        "image_update",
        image_id=st.just(image_id),
        values=any_of([values, values, st.builds(_with_id, values, _repeated(image_id))]),
        purge_props=st.booleans(),
        from_state=st.sampled_from(["active", "queued"]),
        v1_mode=st.booleans(),
        atomic_props=st.lists(st.sampled_from(PROPERTIES), min_size=1, max_size=1),
    )


def _repeated(image_id: str) -> st.SearchStrategy[str]:
    """Draw the id of the image, as updates may repeat it, or rarely that of another."""
    return st.sampled_from([*[image_id] * 6, "image-9"])


def _with_id(values: Values, image_id: str) -> Values:
    """Add the id, and leave the owner out: `_given_away` changes owners."""
    return {key: value for key, value in values.items() if key != "owner"} | {"id": image_id}


@functools.cache
def _given_away(image_id: str) -> Calls:
    """Make updates by which alice gives the image away; a location may be one that is not there."""
    lost = st.just({"id": location_id(image_id, 9)})
    values = some(
        {"owner": st.just("stranger")},
        id=st.just(image_id),
        visibility=st.sampled_from(VISIBILITIES),
        locations=st.builds(lambda values, row: [values | row], new_locations, lost),
    )
    return calls_of("image_update", st.just("alice"), image_id=st.just(image_id), values=values)


@functools.cache
def _new_image(image_id: str) -> st.SearchStrategy[Values]:
    required = {"id": st.just(image_id), "status": st.sampled_from([*["active"] * 6, *STATUSES])}
    owned = {**required, "owner": st.sampled_from([*["alice"] * 3, *OWNERS])}
    optional = {**_SETTABLE, "locations": several_locations}
    return any_of([*[some(owned, **optional)] * 2, some(required, **optional)])


@functools.cache
def creations(image_id: str) -> Calls:
    """Make creations of the image, by an administrator or by alice for herself."""
    values = _new_image(image_id)
    for_anybody = calls_of("image_create", admin, values=values, v1_mode=st.booleans())
    own = values.map(lambda one: one | {"owner": "alice"})
    return any_of([*[for_anybody] * 4, calls_of("image_create", st.just("alice"), values=own)])


# Values with one fault, for an image that does not exist yet, or usually exists. A call has no
# other fault, because the API does not fix which of two is reported.
_faulty = st.one_of(
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


def _asked(values: Sequence[str]) -> st.SearchStrategy[str]:
    """Make filters for one value of a column, or for several."""
    one = st.sampled_from([value for value in values if ":" not in value])
    several = st.lists(st.sampled_from([v for v in values if "," not in v and '"' not in v]))
    return st.one_of(
        one,
        one.map(lambda value: f"eq:{value}"),
        several.map(lambda some: "in:" + ",".join(some)),
    )


_time_filters = st.builds(
    lambda operator, time: f"{operator}{time.isoformat()}Z",
    st.sampled_from(["gte:", "gt:", "lte:", "lt:", "eq:", "neq:", ""]),
    times,
)
_FILTERS: Values = {
    "name": _asked([*["a", "A"] * 2, "ünï", "1", "in:a", "%"]),
    "id": _asked(IMAGE_IDS),
    "status": _asked(STATUSES),
    "disk_format": _asked(["raw", "qcow2"]),
    "container_format": _asked(["bare", "ovf"]),
    "created_at": _time_filters,
    "updated_at": _time_filters,
    "changes-since": times,
    "visibility": st.sampled_from([*VISIBILITIES, "all"]),
    "os_hidden": st.booleans(),
    "deleted": st.booleans(),
    "protected": st.booleans(),
    "tags": st.lists(st.sampled_from(["t1", "t2", "T1"]), max_size=2),
    "properties": _some_properties,
    "checksum": st.sampled_from(["c1", "c2", None]),
    "os_hash_value": st.sampled_from(["h1", None]),
    "owner": st.sampled_from([*OWNERS, None]),
    "size": st.one_of(st.none(), st.integers(0, 4)),
    "min_disk": st.integers(0, 2),
    "size_min": st.integers(0, 4),
    "size_max": st.integers(0, 4),
    "min_ram_min": st.integers(0, 2),
    "min_disk_max": st.integers(0, 2),
    **dict.fromkeys(PROPERTIES, property_values),
    "is_public": st.just("True"),
}
_BAD_FILTERS: Sequence[Values] = (
    {"size_min": "x"},
    {"created_at": "yesterday"},
    {"name": 'in:a"b'},
    {"name": "neq:a"},
    {"status": ":active"},
)
_filters = with_faults(some(**_FILTERS), _BAD_FILTERS)
# The filters of a page. There are no tags: the SQL driver's limit counts a row for each tag.
_page_filters = some(**{key: kind for key, kind in _FILTERS.items() if key != "tags"})

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
    """Draw sort keys without a direction, with one for all, or with one each; or nothing."""
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
        anyone,
        some(filters=_filters),
        _orders(_SORT_KEYS),
        _scopes,
    ),
    st.builds(
        _listing,
        mostly_admin,
        some(filters=_page_filters, marker=image_ids, limit=st.integers(0, 2)),
        _orders(_NEVER_NULL),
        _scopes,
    ),
    st.builds(_listing, anyone, st.sampled_from(_BAD_QUERIES)),
)


# The values of filters: few, so that a filter matches an image, or just misses it.
_COLUMNS: Values = _SETTABLE | {
    "status": st.sampled_from([*["killed"] * 4, *STATUSES]),
    "size": st.sampled_from([2, 0, 4, None]),
}


def _having(image_id: str, column: str) -> st.SearchStrategy[Values]:
    values = {"id": st.just(image_id), "status": st.just("active"), "owner": st.just("alice")}
    return st.fixed_dictionaries(values | {column: _COLUMNS[column]})


def _asked_for(column: str, asked: str) -> st.SearchStrategy[Program]:
    """Give an image a value of the column, and list images with a filter by it."""
    update = calls_of("image_update", admin, image_id=image_ids, values=some_of(column, _COLUMNS))
    creation = calls_of("image_create", admin, values=_having(IMAGE_IDS[2], column))
    listing = calls_of("image_get_all", admin, filters=some_of(asked, _FILTERS))
    return st.tuples(creation if column in _GIVEN_ONCE else update, listing)


_GIVEN_ONCE = ("created_at", "updated_at")


def _sorted_by(column: str) -> st.SearchStrategy[Program]:
    """Give two images values of the column, and list them in its order."""
    updates = [
        calls_of(
            "image_update", admin, image_id=st.just(image_id), values=some_of(column, _COLUMNS)
        )
        for image_id in IMAGE_IDS[:2]
    ]
    orders = [
        {"sort_key": keys, "sort_dir": [*before, direction]}
        for keys, before in (([column], []), (["protected", column], ["asc"]))
        for direction in ("asc", "desc")
    ]
    pages: list[Values] = [{}, {"limit": 1}]
    listing = st.builds(_listing, admin, st.sampled_from(orders), st.sampled_from(pages))
    return st.tuples(*updates, listing)


_ASKED = [
    *((column, column) for column in sorted(_COLUMNS.keys() & _FILTERS.keys())),
    ("size", "size_min"),
    ("size", "size_max"),
    ("min_disk", "min_disk_max"),
    ("min_ram", "min_ram_min"),
    ("updated_at", "changes-since"),
    ("status", "deleted"),
    *[("created_at", "created_at"), ("name", "name")] * 3,
    *(("properties", name) for name in PROPERTIES),
]

FILTERED: st.SearchStrategy[Program] = any_of([_asked_for(*pair) for pair in _ASKED])
"""An image, and a listing with a filter that may match it."""

SORTED: st.SearchStrategy[Program] = any_of(
    [_sorted_by(column) for column in (*sorted(_COLUMNS.keys() & set(_SORT_KEYS)), "name", "name")]
)
"""Two updates, and a listing in the order of what they set, or a page of it."""

_seen = st.fixed_dictionaries(
    {
        "id": image_ids,
        "owner": st.sampled_from([*OWNERS, None]),
        "visibility": st.sampled_from(["shared", *VISIBILITIES]),
    }
)
_seen_as = st.sampled_from(list(MEMBER_STATUSES))
_purge = {"age_in_days": st.sampled_from([0, 1]), "max_rows": st.just(-1)}
_usage_owners = st.sampled_from([*OWNERS, None])

IMAGES: Sequence[Calls] = (
    image_ids.flatmap(creations),
    _faulty,
    *[image_ids.flatmap(updates)] * 4,
    image_ids.flatmap(_given_away),
    *[calls_of("image_destroy", image_id=image_ids)] * 2,
    calls_of("image_restore", image_id=image_ids),
    *[
        calls_of(
            "image_get",
            anyone,
            image_id=image_ids,
            force_show_deleted=st.booleans(),
            v1_mode=st.booleans(),
        )
    ]
    * 2,
    *[_listings] * 4,
    calls_of("is_image_mutable", anyone, image=_seen),
    calls_of("is_image_visible", anyone, image=_seen, status=_seen_as),
    calls_of("user_get_storage_usage", owner_id=_usage_owners, image_id=image_ids),
    calls_of("user_get_staging_usage", owner_id=_usage_owners),
    calls_of("user_get_image_count", owner_id=_usage_owners),
    calls_of("user_get_uploading_count", owner_id=_usage_owners),
    calls_of("purge_deleted_rows", admin, **_purge),
    calls_of("purge_deleted_rows_from_images", admin, **_purge),
)
"""The calls; those that are listed several times are made more often."""
