"""What the random tests choose from: small pools, so that things meet."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

from simple_db.oracle.programs.cast import CAST, MEMBER_STATUSES
from simple_db.oracle.programs.domain import IMAGE_IDS, OWNERS, STATUSES, VISIBILITIES
from tests.support.world import BEGINNING

Values = dict[str, Any]

ADMIN = CAST["admin"]
contexts = st.sampled_from(list(CAST.values()))
mostly_admins = st.sampled_from([*CAST.values(), *[ADMIN] * 10])
owners = st.sampled_from([*OWNERS, None])
members = st.sampled_from([*MEMBER_STATUSES, "alice"])

MISSING = "img-missing"
TOO_LONG = "i" * 37
PROPERTY_NAMES = ("os_glance_importing_to_stores", "p", "naïve_min2")

image_ids = st.sampled_from(IMAGE_IDS)

# Text that means something to some layer: SQL, filters, lists, case, and Unicode.
texts = st.one_of(
    st.sampled_from(["", "one", "two", "One", "Ünï", "1", "True", "a,b", 'a"b', "in:one", "%_\\"]),
    st.text(alphabet="ab,:\"\\é'% \N{EURO SIGN}\uffff", max_size=4),
)
maybe_texts = st.one_of(st.none(), texts)

TAGS = ("t1", "t2", "", "ünï")
tags = st.sampled_from(TAGS)

property_values = st.one_of(
    st.sampled_from(["1", "x", "", None, 1, True]), st.sampled_from(["1", "x"]), texts
)
properties = st.dictionaries(st.sampled_from(PROPERTY_NAMES), property_values, max_size=3)
text_properties = st.dictionaries(
    st.sampled_from(PROPERTY_NAMES), st.one_of(st.sampled_from(["1", "x", None]), texts), max_size=3
)

# A tuple, or a number for a key, comes back from the SQL driver as it went in.
schemas = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-1, 1), st.floats(-1, 1), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(texts, inner, max_size=2)),
    max_leaves=3,
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

sizes = st.one_of(st.none(), st.integers(-1, 4), st.just(2**40), st.just("13"))

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


limits = st.one_of(st.none(), st.integers(0, 5))
