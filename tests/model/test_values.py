import contextlib
import datetime as dt
import enum
import sqlite3
import types
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simple_db.model import values
from simple_db.model.errors import ImageNotFound, Invalid
from simple_db.model.records import (
    Column,
    Image,
    Location,
    Member,
    Property,
    Record,
    Task,
    columns_of,
)
from tests.support.build import EMOJI, UUID, utc

NAME = columns_of(Image)["name"]
SIZE = columns_of(Image)["size"]
MIN_DISK = columns_of(Image)["min_disk"]
VISIBILITY = columns_of(Image)["visibility"]
PROTECTED = columns_of(Image)["protected"]
CREATED_AT = columns_of(Image)["created_at"]
META_DATA = columns_of(Location)["meta_data"]
URL = columns_of(Location)["value"]
PROPERTY = columns_of(Property)["value"]

LARGEST = 2**63 - 1
SMALLEST = -(2**63)
BEYOND_DIGITS = 10**5000


class Colour(enum.StrEnum):
    BLUE = "blue"


class Number(enum.IntEnum):
    SEVEN = 7


def nested(kind: type, levels: int) -> Any:
    """Nest lists in lists, or dicts in dicts, so many levels deep."""
    value: Any = []
    for _ in range(levels):
        value = {"a": value} if kind is dict else [value]
    return value


def same(left: object, right: object) -> bool:
    return left == right and type(left) is type(right)


@pytest.mark.parametrize(
    ("column", "value", "stored"),
    [
        (NAME, "cirros", "cirros"),
        (NAME, "", ""),
        (NAME, "n" * 1000, "n" * 1000),
        (NAME, EMOJI, EMOJI),
        (NAME, 5, "5"),
        (NAME, True, "1"),
        (NAME, Colour.BLUE, "blue"),
        (NAME, uuid.UUID(UUID.upper()), UUID),
        (NAME, None, None),
        (PROPERTY, "linux", "linux"),
        (SIZE, 13, 13),
        (SIZE, "13", 13),
        (SIZE, 13.0, 13),
        (SIZE, True, 1),
        (SIZE, Number.SEVEN, 7),
        (SIZE, -1, -1),
        (SIZE, LARGEST, LARGEST),
        (SIZE, SMALLEST, SMALLEST),
        (SIZE, None, None),
        (VISIBILITY, "community", "community"),
        (PROTECTED, True, True),
        (PROTECTED, False, False),
        (PROTECTED, 1, True),
        (PROTECTED, 0.0, False),
        (CREATED_AT, utc("2026-01-01T12:00"), utc("2026-01-01T12:00")),
        (CREATED_AT, utc("2026-01-01T12:00+02:00"), utc("2026-01-01T10:00")),
        (META_DATA, {"a": (1, 2)}, {"a": [1, 2]}),
        (META_DATA, None, None),
    ],
)
def test_a_column_stores_a_value_in_its_own_type(column: Column, value: Any, stored: Any) -> None:
    assert same(values.stored(column, value), stored)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (NAME, ["cirros"]),
        (NAME, b"cirros"),
        (NAME, float("nan")),
        (NAME, "\ud800"),
        pytest.param(NAME, BEYOND_DIGITS, id="text of too many digits"),
        (SIZE, "big"),
        (SIZE, ""),
        (SIZE, 13.5),
        (SIZE, float("nan")),
        (SIZE, float("inf")),
        (SIZE, LARGEST + 1),
        (SIZE, SMALLEST - 1),
        (SIZE, "9" * 5000),
        pytest.param(SIZE, BEYOND_DIGITS, id="a number of too many digits"),
        (SIZE, [13]),
        (VISIBILITY, "secret"),
        (VISIBILITY, 5),
        (VISIBILITY, ["public"]),
        (PROTECTED, "True"),
        (PROTECTED, 2),
        (PROTECTED, []),
        (CREATED_AT, "2026-01-01"),
        (CREATED_AT, 5),
        (CREATED_AT, dt.date(2026, 1, 1)),
        (CREATED_AT, utc("0001-01-01T00:00+01:00")),
        (META_DATA, object()),
        (META_DATA, {"a": {1, 2}}),
    ],
)
def test_what_a_column_cannot_hold_is_refused_by_the_columns_name(
    column: Column, value: Any
) -> None:
    with pytest.raises(Invalid, match=f"^{column} cannot hold "):
        values.stored(column, value)


@pytest.mark.parametrize("column", [MIN_DISK, VISIBILITY, PROTECTED, CREATED_AT, URL], ids=str)
def test_a_column_that_is_not_nullable_requires_a_value(column: Column) -> None:
    with pytest.raises(Invalid, match=f"{column} is required"):
        values.stored(column, None)


@pytest.mark.parametrize("column", [URL, META_DATA, PROPERTY], ids=str)
def test_a_refusal_does_not_tell_what_can_carry_credentials(column: Column) -> None:
    with pytest.raises(Invalid) as caught:
        values.stored(column, {b"secret"})

    assert "secret" not in str(caught.value)


def test_a_refusal_shortens_a_long_value() -> None:
    with pytest.raises(Invalid) as caught:
        values.stored(SIZE, "x" * 5000)

    assert len(str(caught.value)) < 500


def test_values_that_name_no_column_are_ignored() -> None:
    given = {"member": 5, "colour": "blue", "status": "accepted"}

    assert values.stored_columns(Member, given) == {"member": "5", "status": "accepted"}


@pytest.mark.parametrize(
    "value",
    [None, True, False, 0, -5, LARGEST, SMALLEST, 1.5, 1e100, "", "text", EMOJI, [], {}, [[{}]]],
)
def test_what_json_holds_comes_back_as_it_was(value: Any) -> None:
    assert same(values.json_copy(value), value)


@pytest.mark.parametrize(
    ("value", "copy"),
    [
        ((1, (2,)), [1, [2]]),
        ({1: "a"}, {"1": "a"}),
        ({None: 1, True: 2, False: 3, 1.5: 4}, {"null": 1, "true": 2, "false": 3, "1.5": 4}),
        (Colour.BLUE, "blue"),
        (Number.SEVEN, 7),
        ({Colour.BLUE: Number.SEVEN}, {"blue": 7}),
    ],
)
def test_what_json_writes_otherwise_comes_back_as_json_has_it(value: Any, copy: Any) -> None:
    assert same(values.json_copy(value), copy)


def test_a_json_copy_has_its_keys_in_order() -> None:
    assert list(values.json_copy({"b": 1, "a": 2, 10: 3})) == ["10", "a", "b"]


def test_a_json_copy_shares_nothing_with_the_original() -> None:
    value: dict[str, Any] = {"a": [{"b": []}]}
    copy = values.json_copy(value)
    copy["a"][0]["b"].append(1)

    assert value == {"a": [{"b": []}]}


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "no number nan"),
        (float("-inf"), "no number -inf"),
        (LARGEST + 1, "beyond 64 bits"),
        (SMALLEST - 1, "beyond 64 bits"),
        ("\ud800", "lone surrogate"),
        ({"\udfff": 1}, "lone surrogate"),
        ({float("nan"): 1}, "no number nan"),
        ({LARGEST + 1: 1}, "beyond 64 bits"),
    ],
)
def test_values_that_json_cannot_carry_are_refused(value: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        values.json_copy([value])


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (object(), "object"),
        ({1}, "set"),
        (b"bytes", "bytes"),
        (utc("2026-01-01"), "datetime"),
        ({(1, 2): 3}, "tuple"),
    ],
)
def test_types_that_json_does_not_have_are_refused_by_name(value: Any, named: str) -> None:
    with pytest.raises(TypeError, match=named):
        values.json_copy([value])


@pytest.mark.parametrize("kind", [list, dict])
def test_json_is_nested_up_to_the_bound(kind: type) -> None:
    assert values.json_copy(nested(kind, values.JSON_DEPTH - 1)) is not None


@pytest.mark.parametrize("kind", [list, dict])
@pytest.mark.parametrize("levels", [values.JSON_DEPTH, 5000])
def test_json_nested_beyond_the_bound_is_refused(kind: type, levels: int) -> None:
    with pytest.raises(ValueError, match=f"deeper than {values.JSON_DEPTH} levels"):
        values.json_copy(nested(kind, levels))


def test_json_that_holds_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)

    with pytest.raises(ValueError, match="nested deeper"):
        values.json_copy(value)


@pytest.mark.parametrize("given", [{"a": 1}, types.MappingProxyType({"a": 1})])
def test_a_mapping_is_copied(given: Any) -> None:
    copy = values.mapping(given, "filters")
    copy["b"] = 2

    assert given == {"a": 1}


@pytest.mark.parametrize("given", [None, [], "text", 5, {5: "a"}, {None: 1}])
def test_what_is_no_mapping_of_text_is_refused_by_name(given: Any) -> None:
    with pytest.raises(Invalid, match=f"filters must be a dict.*, not {type(given).__name__}"):
        values.mapping(given, "filters")


def test_a_sequence_is_copied() -> None:
    given = ["a"]
    values.sequence(given, "tags").append("b")

    assert given == ["a"]


@pytest.mark.parametrize("given", [("a", "b"), {"a": 1, "b": 2}.keys(), iter(["a", "b"])])
def test_whatever_gives_items_is_a_sequence(given: Any) -> None:
    assert values.sequence(given, "tags") == ["a", "b"]


@pytest.mark.parametrize("given", [None, 5, "text", b"text", {"a": 1}])
def test_what_is_no_sequence_is_refused_by_name(given: Any) -> None:
    with pytest.raises(Invalid, match=f"tags must be a list, not {type(given).__name__}"):
        values.sequence(given, "tags")


def test_all_missing_keys_are_named() -> None:
    with pytest.raises(Invalid, match="the location lacks url, status"):
        values.require_keys({"metadata": {}}, ["url", "metadata", "status"], "the location")


def test_a_required_key_may_hold_none() -> None:
    values.require_keys({"name": None}, ["name"], "the property")


@pytest.mark.parametrize(
    "value",
    [
        EMOJI,
        {"name": EMOJI},
        {EMOJI: "name"},
        {"properties": {"os": EMOJI}},
        {"a": {"b": {"c": f"text{EMOJI}text"}}},
    ],
)
def test_characters_beyond_the_basic_plane_are_refused(value: Any) -> None:
    with pytest.raises(Invalid, match=r"beyond U\+FFFF"):
        values.refuse_beyond_basic_plane("fine", value)


def test_the_key_of_a_refused_character_is_named() -> None:
    with pytest.raises(Invalid, match="'os' has a character"):
        values.refuse_beyond_basic_plane({"properties": {"os": EMOJI}})


@pytest.mark.parametrize(
    "value", ["\uffff", {"name": "\u00e4"}, {"tags": [EMOJI]}, {EMOJI: {"a": "b"}}, 5, None]
)
def test_glance_does_not_look_for_characters_everywhere(value: Any) -> None:
    values.refuse_beyond_basic_plane(value)


def test_looking_for_characters_ends_however_deep_dicts_are_nested() -> None:
    value: dict[str, Any] = {}
    value["a"] = value

    with pytest.raises(Invalid, match="nested deeper"):
        values.refuse_beyond_basic_plane(value)


@pytest.mark.parametrize("record", [Image, Task])
@pytest.mark.parametrize(
    ("given", "new"), [("i", "i"), ("i" * 36, "i" * 36), (5, "5"), (uuid.UUID(UUID), UUID)]
)
def test_a_new_id_is_text_as_its_column_stores_it(
    record: type[Record], given: Any, new: str
) -> None:
    assert values.checked_id(record, given) == new


@pytest.mark.parametrize("record", [Image, Task])
@pytest.mark.parametrize("given", ["", "i" * 37, None, ["i"], 10**36])
def test_what_can_be_no_id_is_refused_by_the_name_of_the_column(
    record: type[Record], given: Any
) -> None:
    with pytest.raises(Invalid, match=rf"{record.table}\.id"):
        values.checked_id(record, given)


@pytest.mark.parametrize("image_id", ["", "i" * 36, None, 5])
def test_an_image_of_such_an_id_can_exist(image_id: Any) -> None:
    values.limit_image_id(image_id)


def test_an_image_of_a_longer_id_cannot_exist() -> None:
    with pytest.raises(ImageNotFound, match="i" * 37):
        values.limit_image_id("i" * 37)


@pytest.mark.parametrize(
    "given", [{}, {"min_disk": None}, {"min_disk": 2**31 - 1}, {"size": 2**40}]
)
def test_numbers_that_fit_into_four_bytes_pass(given: dict[str, Any]) -> None:
    values.limit_int4(given, ["min_disk", "min_ram"])


def test_a_number_that_does_not_fit_into_four_bytes_is_refused_by_name() -> None:
    with pytest.raises(Invalid, match=f"min_ram must not exceed {2**31 - 1}, and is {2**31}"):
        values.limit_int4({"min_disk": 1, "min_ram": 2**31}, ["min_disk", "min_ram"])


# --- exact types -----------------------------------------------------------------------------


class Liar(str):
    """Text that equals everything."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash("public")


def test_a_choice_is_what_the_text_is_whatever_its_class_says() -> None:
    assert same(values.stored(VISIBILITY, Liar("public")), "public")
    with pytest.raises(Invalid, match=r"images\.visibility"):
        values.stored(VISIBILITY, Liar("bogus"))


def test_the_keys_of_a_mapping_are_exact() -> None:
    [key] = values.mapping({Colour.BLUE: 1}, "it")

    assert same(key, "blue")


EXACT_COLUMNS = [
    (NAME, ["a", None, ""]),
    (SIZE, [1, 2**63 - 1, None]),
    (VISIBILITY, ["public"]),
    (PROTECTED, [True, False]),
    (CREATED_AT, [utc("2026-01-01")]),
    (META_DATA, [None, {"a": [1, 1.5, True, None, "b", {}]}, [], "a"]),
]


@pytest.mark.parametrize(("column", "cells"), EXACT_COLUMNS)
def test_nothing_is_wrong_with_what_a_column_stores(column: Column, cells: list[Any]) -> None:
    assert values.wrong_values(column, cells) == []
    assert [values.stored(column, cell) for cell in cells] == cells


# --- clocks and ids --------------------------------------------------------------------------


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError


NO_TEXT = [None, 5, 1.5, b"id", ["i"], Unshowable()]


def test_a_clock_gives_naive_utc() -> None:
    now = utc("2026-01-01T12:00:00.000001")

    assert same(values.time_of_clock(now), now)


@pytest.mark.parametrize(
    "given", ["now", None, 5, b"now", utc("2026-01-01").date(), utc("2026-01-01T00:00Z")]
)
def test_what_a_clock_gives_otherwise_is_refused_and_shown(given: Any) -> None:
    with pytest.raises(Invalid, match="the clock of a database must give") as caught:
        values.time_of_clock(given)

    assert repr(given) in str(caught.value)


@pytest.mark.parametrize(
    ("given", "expected"),
    [("i", "i"), ("i" * 36, "i" * 36), (uuid.UUID(UUID), UUID), (Colour.BLUE, "blue")],
)
def test_an_id_source_gives_text_or_a_uuid(given: Any, expected: str) -> None:
    assert same(values.id_of_source(given), expected)


@pytest.mark.parametrize("given", ["", "i" * 37, "\ud800", EMOJI, *NO_TEXT])
def test_what_an_id_source_gives_otherwise_is_refused_and_shown(given: Any) -> None:
    with pytest.raises(Invalid, match="the id source of a database, new_id, must give") as caught:
        values.id_of_source(given)

    text = "this Unshowable" if isinstance(given, Unshowable) else repr(given)
    assert text in str(caught.value)


# The last of fifteen digits is rounded in one way or the other where it is half way between two.
@given(st.floats(allow_nan=False).map(lambda number: float(f"{number:.14g}")))
def test_a_number_in_a_text_column_is_written_as_sqlite_writes_it(number: float) -> None:
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        [[text]] = database.execute("SELECT CAST(? AS TEXT)", [number])

    assert values.stored(NAME, number) == text
