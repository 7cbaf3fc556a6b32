"""The building blocks of random calls: callers and arguments."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import strategies as st

from simple_db.oracle.programs.calls import Call, call, location_id, parameters_of
from simple_db.oracle.programs.cast import CAST
from simple_db.oracle.programs.domain import IMAGE_IDS, LONG_AGO

if TYPE_CHECKING:
    from collections.abc import Sequence

Values = dict[str, Any]
Calls = st.SearchStrategy[Call]
T = TypeVar("T")

image_ids = st.sampled_from([*IMAGE_IDS[:1] * 4, *IMAGE_IDS[1:2] * 2, IMAGE_IDS[2]])
anyone = st.sampled_from(list(CAST))
mostly_admin = st.sampled_from([*["admin"] * 12, *CAST])
admin = st.just("admin")
_TEXTS = ("a", "", "A", "ünï", "in:a", "a,b", "1", "%", "'\"", "\\")
texts = st.sampled_from(_TEXTS)
property_values = st.sampled_from(["1", "x", "X", "", None])
maybe_text = st.one_of(st.none(), texts)
# The first three are equal on a server that ignores case and trailing blanks.
names = st.sampled_from([*("a", "A", "a ") * 4, *[None] * 4, *_TEXTS])
# The last has a fraction of a second, which some servers drop.
times = st.sampled_from([0, 1, 2, 3.00001]).map(lambda days: LONG_AGO + dt.timedelta(days))


def calls_of(
    function: str, context: st.SearchStrategy[str] = mostly_admin, /, **given: Any
) -> Calls:
    """Make calls of the function, always with its required arguments, sometimes with others."""
    takes = parameters_of(function)
    required = {name: given[name] for name in takes.required}
    optional = {name: given[name] for name in given.keys() - required.keys()}
    arguments = st.fixed_dictionaries(required, optional=dict(sorted(optional.items())))
    callers: Any = context if takes.has_context else st.none()
    return st.builds(lambda who, given: call(function, who, **given), callers, arguments)


@st.composite
def some(draw: st.DrawFn, required: Values | None = None, /, **optional: Any) -> Values:
    """Draw all of the required values, and up to three of the optional ones."""
    keys = draw(st.lists(st.sampled_from(sorted(optional)), max_size=3, unique=True))
    needed = {key: draw(values) for key, values in (required or {}).items()}
    return needed | {key: draw(optional[key]) for key in keys}


def some_of(key: str, pool: Values) -> st.SearchStrategy[Values]:
    """Make values with this one key of the pool."""
    return st.fixed_dictionaries({key: pool[key]})


def with_faults(
    strategy: st.SearchStrategy[Values], faults: Sequence[Values]
) -> st.SearchStrategy[Values]:
    """Give a few of the values one of these faults."""
    broken = st.builds(lambda values, fault: values | fault, strategy, st.sampled_from(faults))
    return any_of([*[strategy] * 14, broken])


def any_of(strategies: Sequence[st.SearchStrategy[T]]) -> st.SearchStrategy[T]:
    """Draw from one of these, from one that is listed several times more often.

    `hypothesis.strategies.one_of` ignores how often one is listed.
    """
    return st.sampled_from(range(len(strategies))).flatmap(strategies.__getitem__)


_metadata = st.sampled_from([{}, {"store": "file"}, {"a": [1, {"b": None}]}])
new_locations = st.fixed_dictionaries(
    {
        "url": st.sampled_from(["file:///a", "file:///b"]),
        "metadata": _metadata,
        "status": st.sampled_from(["active", "active", "active", "pending_delete", "deleted"]),
    }
)


@functools.cache
def kept_locations(image_id: str) -> st.SearchStrategy[Values]:
    """Make updates of a location that the image has."""
    ids = st.integers(0, 2).map(lambda place: {"id": location_id(image_id, place)})
    return st.builds(lambda values, row: values | row, new_locations, ids)
