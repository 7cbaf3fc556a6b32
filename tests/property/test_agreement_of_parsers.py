"""Times, lists, operators, guards and JSON are read as Glance and oslo read them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from glance.common import exception
from glance.common import utils as glance_utils
from hypothesis import example, given
from hypothesis import strategies as st
from oslo_serialization import jsonutils
from oslo_utils import timeutils

from simple_db.model import clock, values
from simple_db.model.errors import Invalid, InvalidParameterValue
from simple_db.queries import filters
from tests.property import strategies as some

pytestmark = pytest.mark.glance

REFUSED = "refused"

# The ISO 8601 that simple_db reads; oslo reads some more, see "times that are nearly ISO 8601".
DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
PACKED_DAY = DAY.replace("-(", "(")
HOUR, SIXTY, OFFSET = "([01][0-9]|2[0-3])", "[0-5][0-9]", r"(Z|[+-](0[0-9]|1[0-3])(:?[0-5][0-9])?)?"
SECOND = rf"{SIXTY}([.,][0-9]{{1,9}})?"
TIME = rf"{HOUR}((:{SIXTY}(:{SECOND})?)?|({SIXTY}({SECOND})?)?){OFFSET}"
ISO_8601 = rf"[0-9]{{4}}(-(0[1-9]|1[0-2]))?|({DAY}|{PACKED_DAY})([ T]{TIME})?"

almost_times = st.lists(
    st.one_of(
        st.from_regex(ISO_8601, fullmatch=True),
        st.sampled_from([*"-:T Z+.,0", "2026", "-02-01", "01", "T10:11", ":12", "\n", "W01"]),
    ),
    max_size=6,
).map("".join)


@given(st.from_regex(ISO_8601, fullmatch=True))
@example("2026")
@example("2026-02")
@example("20260201")
@example("2026-02-01T10")
@example("2026-02-01T10:11")
@example("2026-02-01 10:11:12")
@example("2026-02-01T10:11:12.5")
@example("2026-02-01T10:11:12,123456789Z")
@example("2026-02-01T10:11:12+0130")
@example("2026-02-01T10:11:12-01")
@example("0001-01-01T00:00:00+05:00")
def test_iso_8601_times_are_read_as_oslo_reads_them(text: str) -> None:
    assert _time_here(text) == _time_there(text)


@given(almost_times)
@example("2026-02-30")
@example("2026-W01-1")
@example("2026-032")
@example("2026-02-01T24:00:00")
@example("2026-02-01T10.5")
@example("2026-02-01T10:11.5")
@example("2026-02-01T10:11:12 Z")
@example("2026-02-01T10:11:12.Z")
@example("20260201T10111Z")
@example("2026-02-01T10:11:12+01:00:30")
@example("\N{FULLWIDTH DIGIT TWO}026")
def test_no_time_is_read_as_another_than_oslo_reads(text: str) -> None:
    assert _time_here(text) in (REFUSED, _time_there(text))


def _time_here(text: str) -> Any:
    try:
        return clock.parse_time(text)
    except ValueError:
        return REFUSED


def _time_there(text: str) -> Any:
    try:
        return timeutils.normalize_time(timeutils.parse_isotime(text))
    except (ValueError, OverflowError):
        return REFUSED


@given(st.text('",\\ab ', max_size=10))
def test_lists_of_a_filter_are_split_as_glance_splits_them(text: str) -> None:
    assert _list_here(text) == _list_there(text)


def _list_here(text: str) -> Any:
    try:
        return filters.split_list("name", text)
    except InvalidParameterValue:
        return REFUSED


def _list_there(text: str) -> Any:
    try:
        return glance_utils.split_filter_value_for_quotes(text)
    except exception.InvalidParameterValue:
        return REFUSED


@given(
    st.one_of(
        some.time_filters, st.text(':"ain', max_size=6), st.sampled_from(["2026-01-01T10:11"])
    )
)
def test_the_operator_of_a_filter_is_told_as_glance_tells_it(text: str) -> None:
    assert filters.split_operator("name", text) == glance_utils.split_filter_op(text)


texts = st.sampled_from(["a", "\uffff", "😀"])
nested = st.recursive(
    st.one_of(texts, st.integers(), st.none(), st.lists(texts, max_size=2)),
    lambda inner: st.dictionaries(texts, inner, max_size=2),
    max_leaves=6,
)


@given(nested)
def test_characters_beyond_the_basic_plane_are_refused_where_glance_refuses_them(
    value: Any,
) -> None:
    guarded = glance_utils.no_4byte_params(lambda value: value)
    assert _refused(values.refuse_beyond_basic_plane, value) == _refused(guarded, value)


def _refused(guard: Any, value: Any) -> bool:
    try:
        guard(value)
    except (Invalid, exception.Invalid):
        return True
    return False


@given(some.json_values)
def test_json_comes_back_as_oslo_brings_it_back(value: Any) -> None:
    assert values.json_copy(value) == jsonutils.loads(jsonutils.dumps(value))


@given(some.json_values)
def test_json_comes_back_as_json_brings_it_back(value: Any) -> None:
    assert repr(values.json_copy(value)) == repr(_sorted(json.loads(json.dumps(value))))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(part) for part in value] if isinstance(value, list) else value
