from typing import Any

import pytest

from simple_db.model.errors import (
    Invalid,
    InvalidFilterOperatorValue,
    InvalidFilterRangeValue,
    InvalidParameterValue,
)
from simple_db.queries import filters
from tests.support.build import Query, image_record, utc

BEYOND_DIGITS = 10**5000


def meets(query: filters.ImageQuery, columns: dict[str, Any]) -> bool:
    """Tell whether an image with these columns meets every condition of the query."""
    return all(condition(image_record(**columns)) for condition in query.conditions)


def matches(wanted: dict[str, Any], **columns: Any) -> bool:
    return meets(filters.compile_filters(wanted), columns)


@pytest.mark.parametrize("wanted", [None, {}])
def test_no_filter_asks_for_nothing(wanted: Any) -> None:
    assert filters.compile_filters(wanted) == filters.ImageQuery()


def test_the_filters_stay_as_they_were() -> None:
    wanted = {"visibility": "public", "properties": {"os": "linux"}, "tags": ["a"], "name": "x"}
    copy = dict(wanted)
    filters.compile_filters(wanted)

    assert wanted == copy


@pytest.mark.parametrize("wanted", ["name", 5, [("name", "x")], {5: "x"}])
def test_filters_are_a_dict_of_text(wanted: Any) -> None:
    with pytest.raises(Invalid, match="filters must be a dict"):
        filters.compile_filters(wanted)


@pytest.mark.parametrize("visibility", ["public", "all", "bogus", None, 5])
def test_visibility_is_left_to_the_rules_of_visibility(visibility: Any) -> None:
    query = filters.compile_filters({"visibility": visibility})

    assert query == filters.ImageQuery(visibility=visibility)


@pytest.mark.parametrize(
    ("is_public", "visibility", "found"),
    [
        (True, "public", True),
        (True, "community", False),
        (False, "public", False),
        (False, "shared", True),
        (None, "public", True),
        (None, "shared", True),
    ],
)
def test_is_public_asks_for_public_images_or_for_the_others(
    is_public: bool | None, visibility: str, found: bool
) -> None:
    query = filters.compile_filters({}, is_public)

    assert meets(query, {"visibility": visibility}) is found


@pytest.mark.parametrize(
    ("wanted", "shows"),
    [
        ({}, False),
        ({"deleted": False}, False),
        ({"deleted": True}, True),
        ({"changes-since": utc("2026-01-01")}, True),
    ],
)
def test_asking_for_deleted_images_or_for_changes_shows_what_is_deleted(
    wanted: Any, shows: bool
) -> None:
    assert filters.compile_filters(wanted).shows_deleted is shows


# --- columns ---------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["name", "status", "container_format", "disk_format"])
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("active", True),
        ("eq:active", True),
        ("in:saving,active", True),
        ("queued", False),
        ("Active", False),
        ("eq:queued", False),
        ("in:saving,queued", False),
        ("in:", False),
    ],
)
def test_some_columns_are_compared_or_looked_up_in_a_list(
    key: str, wanted: str, found: bool
) -> None:
    assert matches({key: wanted}, **{key: "active"}) is found


def test_an_id_is_looked_up_in_a_list() -> None:
    assert matches({"id": 'in:a,"b,c"'}, id="b,c")
    assert not matches({"id": 'in:a,"b,c"'}, id="b")


@pytest.mark.parametrize(
    "text", ["2026-01-01T12:00:00Z", "2026-01-01T12:00:00+02:00", "2026-01-01 12:00"]
)
def test_a_time_has_no_operator_for_all_its_colons(text: str) -> None:
    assert matches({"name": text}, name=text)


@pytest.mark.parametrize("wanted", ["neq:a", "gt:a", "EQ:a", ":a", "a:b:c"])
def test_an_operator_that_a_column_has_not_is_refused(wanted: str) -> None:
    with pytest.raises(InvalidFilterOperatorValue, match="the filter name has no operator"):
        filters.compile_filters({"name": wanted})


@pytest.mark.parametrize("key", ["name", "id", "status", "created_at", "updated_at"])
@pytest.mark.parametrize("value", [5, ["a"], b"a", True])
def test_a_filter_with_operators_takes_text(key: str, value: Any) -> None:
    with pytest.raises(InvalidParameterValue, match=f"the filter {key} takes text"):
        filters.compile_filters({key: value})


@pytest.mark.parametrize(
    ("key", "column", "wanted", "found"),
    [
        ("size", 13, 13, True),
        ("size", 13, "13", True),
        ("size", 13, 13.0, True),
        ("size", 13, "13.0", True),
        ("size", 13, 14, False),
        ("size", 13, "big", False),
        ("size", 13, "eq:13", False),
        ("size", 13, "nan", False),
        ("size", 13, "9" * 5000, False),
        pytest.param("size", 13, BEYOND_DIGITS, False, id="a number of too many digits"),
        ("size", None, 0, False),
        ("size", 1, True, True),
        ("size", 2**53 + 1, 2**53 + 1, True),
        ("size", 2**53 + 1, str(2**53 + 1), True),
        ("size", 2**53, str(2**53 + 1), False),
        ("min_disk", 0, "0", True),
        ("min_ram", 512, "512", True),
        ("virtual_size", 20, 20, True),
        ("protected", True, True, True),
        ("protected", True, 1, True),
        ("protected", True, "1", True),
        ("protected", True, "True", False),
        ("protected", False, 0, True),
        ("os_hidden", True, True, True),
        ("os_hidden", False, True, False),
        ("os_hidden", True, 2, False),
        ("owner", "alice", "alice", True),
        ("owner", "alice", "eq:alice", False),
        ("owner", "5", 5, True),
        ("owner", None, "", False),
        ("checksum", "abc", "abc", True),
        ("os_hash_algo", "sha512", "sha512", True),
        ("os_hash_value", "abc", "def", False),
        ("deleted_at", utc("2026-01-01"), utc("2026-01-01"), True),
    ],
)
def test_other_columns_are_compared_as_they_are(
    key: str, column: Any, wanted: Any, found: bool
) -> None:
    assert matches({key: wanted}, **{key: column}) is found


@pytest.mark.parametrize(
    ("key", "value", "error"),
    [
        ("size", [13], InvalidParameterValue),
        ("protected", {}, InvalidParameterValue),
        ("min_disk", utc("2026-01-01"), InvalidParameterValue),
        ("owner", ["alice"], Invalid),
        ("checksum", b"1.5", Invalid),
        ("deleted_at", "2026-01-01", Invalid),
    ],
)
def test_a_value_that_a_column_cannot_be_compared_with_is_refused(
    key: str, value: Any, error: type[Invalid]
) -> None:
    with pytest.raises(Invalid, match=key) as caught:
        filters.compile_filters({key: value})

    assert caught.type is error


@pytest.mark.parametrize("key", ["name", "id", "size", "owner", "size_min", "colour", "colour_max"])
def test_none_asks_nothing(key: str) -> None:
    assert filters.compile_filters({key: None}) == filters.ImageQuery()


@pytest.mark.parametrize("key", ["checksum", "os_hash_value"])
def test_none_asks_for_images_without_a_hash(key: str) -> None:
    assert matches({key: None})
    assert not matches({key: None}, **{key: "abc"})


@pytest.mark.parametrize(
    ("wanted", "columns"),
    [
        ({"name": "in:,a"}, {"name": None}),
        *(
            ({"updated_at": f"{operation}:2026-01-01"}, {"updated_at": None})
            for operation in ("gt", "lt", "eq", "neq")
        ),
        ({"changes-since": utc("2020-01-01")}, {"updated_at": None}),
        ({"size_min": 0}, {"size": None}),
        ({"size_max": 0}, {"size": None}),
        *(
            ({key: None}, {key: value})
            for key in ("deleted", "os_hidden")
            for value in (True, False)
        ),
    ],
)
def test_null_is_in_no_list_or_range_and_no_flag_is_null(wanted: Any, columns: Any) -> None:
    assert not matches(wanted, **columns)


@pytest.mark.parametrize(
    ("wanted", "columns", "found"),
    [
        (True, {"deleted": True}, True),
        (True, {"deleted": True, "status": "killed"}, True),
        (True, {"deleted": False}, False),
        (False, {"deleted": False}, True),
        (False, {"deleted": True}, False),
        (1, {"deleted": True}, True),
        (0, {"deleted": False}, True),
        ("False", {"deleted": False}, False),
        *((live, {"status": "killed"}, False) for live in (False, 0)),
    ],
)
def test_deleted_asks_for_deleted_images_or_for_live_ones(
    wanted: Any, columns: Any, found: bool
) -> None:
    assert matches({"deleted": wanted}, **columns) is found


# --- times -----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["created_at", "updated_at"])
@pytest.mark.parametrize(
    ("wanted", "days"),
    [
        ("gt:2026-01-02", [3]),
        ("gte:2026-01-02", [2, 3]),
        ("lt:2026-01-02", [1]),
        ("lte:2026-01-02", [1, 2]),
        ("neq:2026-01-02", [1, 3]),
        ("eq:2026-01-02", [2]),
        ("2026-01-02", [2]),
        ("2026-01-02T00:00:00Z", [2]),
        ("2026-01-02T02:00:00+02:00", [2]),
        ("lt:2026", []),
    ],
)
def test_times_are_compared(key: str, wanted: str, days: list[int]) -> None:
    times = {day: utc(f"2026-01-0{day}") for day in (1, 2, 3)}

    assert [day for day in times if matches({key: wanted}, **{key: times[day]})] == days


@pytest.mark.parametrize("wanted", ["yesterday", "gt:yesterday", "bad:yesterday", "", "gt:"])
def test_what_is_no_time_is_refused(wanted: str) -> None:
    with pytest.raises(InvalidParameterValue, match="the filter created_at takes an ISO 8601"):
        filters.compile_filters({"created_at": wanted})


def test_an_operator_that_times_have_not_is_refused() -> None:
    with pytest.raises(InvalidFilterOperatorValue, match="created_at has no operator 'in'"):
        filters.compile_filters({"created_at": "in:2026-01-01"})


@pytest.mark.parametrize(
    ("since", "found"),
    [
        ("2026-01-01T11:59:59.999999", True),
        ("2026-01-01T12:00", False),
        ("2026-01-01T14:00+02:00", False),
        ("2026-01-01T13:59+02:00", True),
    ],
)
def test_changes_since_are_updates_after_that_moment(since: str, found: bool) -> None:
    assert matches({"changes-since": utc(since)}, updated_at=utc("2026-01-01T12:00")) is found


@pytest.mark.parametrize("since", [None, "2026-01-01", 5, utc("0001-01-01T00:00+01:00")])
def test_changes_since_takes_a_datetime(since: Any) -> None:
    with pytest.raises(InvalidParameterValue, match="the filter changes-since"):
        filters.compile_filters({"changes-since": since})


# --- ranges ----------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["size", "virtual_size", "min_disk", "min_ram"])
@pytest.mark.parametrize(
    ("wanted", "sizes"),
    [
        ({"_min": 20}, [20, 30]),
        ({"_max": 20}, [10, 20]),
        ({"_min": 20, "_max": 20}, [20]),
        ({"_min": "20"}, [20, 30]),
        ({"_min": 20.9}, [20, 30]),
        ({"_max": -1}, []),
        ({"_max": 2**70}, [10, 20, 30]),
    ],
)
def test_a_range_includes_its_bounds(column: str, wanted: Any, sizes: list[int]) -> None:
    bounds = {column + end: bound for end, bound in wanted.items()}

    assert [size for size in (10, 20, 30) if matches(bounds, **{column: size})] == sizes


@pytest.mark.parametrize("key", ["size_min", "size_max", "colour_min"])
@pytest.mark.parametrize("value", ["", "x", "9" * 5000, [], {}, float("nan"), float("inf")])
def test_the_bound_of_a_range_is_a_number(key: str, value: Any) -> None:
    with pytest.raises(InvalidFilterRangeValue, match=f"the filter {key} takes a number"):
        filters.compile_filters({key: value})


@pytest.mark.parametrize("key", ["colour_min", "_max", "name_min", "created_at_max", "deleted_min"])
def test_a_range_is_of_a_column_of_numbers(key: str) -> None:
    with pytest.raises(Invalid, match=f"the filter {key} needs a numeric column .*'") as caught:
        filters.compile_filters({key: 1})

    assert caught.type is Invalid


# --- properties and tags ---------------------------------------------------------------------


@pytest.mark.parametrize("key", ["colour", "is_public", "metadata", "locations", "", "a_minimum"])
def test_a_key_that_is_no_column_names_a_property(key: str) -> None:
    assert filters.compile_filters({key: "blue"}) == filters.ImageQuery(properties=[(key, "blue")])


def test_properties_can_be_named_like_columns() -> None:
    query = filters.compile_filters({"properties": {"name": "x", "size_min": "1", "os": None}})

    assert query == filters.ImageQuery(properties=[("name", "x"), ("size_min", "1"), ("os", None)])


def test_the_same_property_can_be_asked_for_twice() -> None:
    query = filters.compile_filters({"properties": {"os": "linux"}, "os": "bsd"})

    assert query.properties == [("os", "linux"), ("os", "bsd")]


@pytest.mark.parametrize(("value", "text"), [(5, "5"), (True, "1"), ("True", "True"), ("", "")])
def test_the_value_of_a_property_is_compared_as_text(value: Any, text: str) -> None:
    assert filters.compile_filters({"os": value}).properties == [("os", text)]


@pytest.mark.parametrize("value", [None, ["os"], "os", {5: "x"}, {"os": ["linux"]}])
def test_properties_are_a_dict_of_text(value: Any) -> None:
    with pytest.raises(Invalid, match="properties"):
        filters.compile_filters({"properties": value})


def test_tags_are_asked_for_as_text() -> None:
    assert filters.compile_filters({"tags": ["a", 5, "a"]}).tags == ["a", "5", "a"]


@pytest.mark.parametrize("value", [None, "abc", {"a": 1}, [None], [["a"]]])
def test_tags_are_a_list_of_text(value: Any) -> None:
    with pytest.raises(Invalid, match="tags"):
        filters.compile_filters({"tags": value})


# --- lists of items --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("", []),
        ("a", ["a"]),
        ("a,b", ["a", "b"]),
        (",a", ["", "a"]),
        ("a,", ["a"]),
        ("a,,b", ["a", "", "b"]),
        (" a , b", [" a ", " b"]),
        ('"a,b",c', ["a,b", "c"]),
        ('c,"a,b"', ["c", "a,b"]),
        ('""', [""]),
        ('"",a', ["", "a"]),
        (r'"a\"b"', [r"a\"b"]),
        (r'"a\""', [r"a\""]),
        (r'"a,\"b",c', [r"a,\"b", "c"]),
        (r"a\"b,c", [r"a\"b", "c"]),
    ],
)
def test_a_list_is_split_at_commas_outside_quotes(text: str, items: list[str]) -> None:
    assert filters.split_list("name", text) == items


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('"a', "does not close its quote"),
        ('"', "does not close its quote"),
        (r'"a\"', "does not close its quote"),
        ('"a"b', "lacks a comma after a quoted item"),
        ('"a" ,b', "lacks a comma after a quoted item"),
        ('a"b', "has a quote within an item"),
        ('a,b"c",d', "has a quote within an item"),
        (' "a"', "has a quote within an item"),
    ],
)
def test_a_quote_is_closed_and_at_the_border_of_an_item(text: str, reason: str) -> None:
    with pytest.raises(InvalidParameterValue, match=f"the filter name {reason}"):
        filters.split_list("name", text)


def test_a_list_that_cannot_be_split_is_refused_in_a_filter() -> None:
    with pytest.raises(InvalidParameterValue, match="the filter id"):
        filters.compile_filters({"id": 'in:"a'})


def test_of_a_filter_that_is_there_twice_the_last_one_counts() -> None:
    assert matches(Query(name=["other", "x"]), name="x")
    assert not matches(Query(name=["x", "other"]), name="x")
    assert matches(Query(name=["x", None]), name="x")


@pytest.mark.parametrize("key", ["checksum", "os_hash_value"])
def test_of_a_hash_that_is_asked_for_twice_the_first_counts_too(key: str) -> None:
    assert matches(Query(**{key: ["x", "x"]}), **{key: "x"})
    assert not matches(Query(**{key: ["x", "other"]}), **{key: "x"})
    assert not matches(Query(**{key: ["other", "x"]}), **{key: "x"})
    assert matches(Query(**{key: ["x", "other", "x"]}), **{key: "x"})


def test_of_a_visibility_that_is_asked_for_twice_the_first_is_the_scope() -> None:
    query = filters.compile_filters(Query(visibility=["shared", "public"]))

    assert query.visibility == "shared"
    assert meets(query, {"visibility": "public"})
    assert not meets(query, {"visibility": "shared"})
    every = filters.compile_filters(Query(visibility=["shared", "all"]))
    assert not meets(every, {"visibility": "shared"})
