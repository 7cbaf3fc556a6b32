"""Checks of a caller's values, and what a column stores of them.

Nothing here reads the database. Every function returns something new and does not change its
argument. Every error names the column or the key.
"""

import datetime as dt
import math
import re
from collections.abc import Callable, Container, Iterable, Mapping
from types import NoneType
from typing import Any
from uuid import UUID

from simple_db.model import clock
from simple_db.model.errors import ImageNotFound, Invalid
from simple_db.model.records import Column, Json, Record, columns_of

JSON_DEPTH = 64
"""How deep lists and dicts may be nested in a JSON-valued column."""

LARGEST_INTEGER = 2**63 - 1
"""The largest size in bytes, and the largest integer in a JSON-valued column."""

SMALLEST_INTEGER = -(2**63)
"""The smallest of them."""

LARGEST_INT4 = 2**31 - 1
"""The largest value of a four-byte column, such as ``min_disk``."""

ID_WIDTH = 36
"""The number of characters that the id of an image or a task has at most."""

_SHOWN_WIDTH = 100

# Deeper than any JSON-valued column allows, wherever in the values it is: the column refuses first.
_GUARDED_DEPTH = 2 * JSON_DEPTH

_BEYOND_BASIC_PLANE = re.compile("[\U00010000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ID = re.compile(f"[\0-\ud7ff\ue000-\uffff]{{1,{ID_WIDTH}}}")


def stored_columns(record: type[Record], values: Mapping[str, object]) -> dict[str, Any]:
    """Return those values that name a column of the record's table, as the column stores them.

    Other keys are ignored, as in Glance's driver.
    """
    known = columns_of(record)
    return {name: stored(known[name], values[name]) for name in values if name in known}


def stored(column: Column, value: object) -> Any:
    """Return what the column stores of a value.

    Raises:
        Invalid: the column cannot hold the value.
    """
    if value is None:
        if not column.nullable:
            raise Invalid(f"{column} is required: give it a value other than None")
        return None
    try:
        return _STORED[column.type.kind](column, value)
    except (TypeError, ValueError, OverflowError) as error:
        raise Invalid(f"{column} cannot hold {shown_in(column, value)}: {error}") from error


def shown_in(column: Column, value: object) -> str:
    """Return a column's value for a message; values that can contain credentials are left out."""
    # The URL and the metadata of a location can, and errors are logged.
    return "this value" if column.name in {"value", "meta_data"} else shown(value)


def shown(value: object) -> str:
    """Return a caller's value for a message, shortened; this never raises."""
    try:
        return repr(value)[:_SHOWN_WIDTH]
    except Exception:  # noqa: BLE001 - an integer of very many digits, or any object's own __repr__
        return f"this {type(value).__name__}"


def worded(value: object) -> str:
    """Return an id or a name of a caller as part of a sentence; this never raises."""
    given = uuid_as_text(value)
    return given if isinstance(given, str) else shown(given)


def uuid_as_text(value: Any) -> Any:
    """Return a UUID as its 36 characters in lower case, and any other value as it is."""
    return str(value) if isinstance(value, UUID) else value


def _text(_column: Column, given: object) -> str:
    """Return text as it is and numbers in digits, as a text column of SQLite takes them."""
    value = uuid_as_text(given)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return _digits(value)
    if not isinstance(value, str):
        raise TypeError("it takes text")
    return _plain_text(value)


def _digits(value: float) -> str:
    """Return the fifteen digits of a number that SQLite writes, always with a decimal point."""
    if math.isnan(value):
        raise ValueError("it is not a number")
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    mantissa, e, exponent = f"{value + 0.0:.15g}".partition("e")  # of -0.0 the sign is lost
    return f"{mantissa}{'' if '.' in mantissa else '.0'}{e}{exponent}"


def _plain_text(value: str) -> str:
    if _SURROGATE.search(value):
        raise ValueError("a lone surrogate is not text")
    return str.__str__(value)


def _choice(column: Column, value: object) -> str:
    text = str.__str__(value) if isinstance(value, str) else None
    if text is None or text not in column.type.choices:
        raise ValueError(f"it is one of {', '.join(column.type.choices)}")
    return text


def _integer(_column: Column, value: object) -> int:
    if not isinstance(value, (int, float, str)):
        raise TypeError("it takes an integer")
    number = int(value)
    if isinstance(value, float) and number != value:
        raise ValueError("it takes an integer")
    return _within_64_bits(number)


def _boolean(_column: Column, value: object) -> bool:
    if isinstance(value, (int, float)) and value in (0, 1):
        return bool(value)
    raise TypeError("it takes True or False")


def _datetime(_column: Column, value: object) -> dt.datetime:
    if not isinstance(value, clock.Real.datetime):
        raise TypeError("it takes a datetime, in UTC if it is naive")
    return clock.naive_utc(value)


def _json(_column: Column, value: object) -> Json:
    return json_copy(value)


_STORED: Mapping[str, Callable[[Column, object], Any]] = {
    "string": _text,
    "text": _text,
    "enum": _choice,
    "integer": _integer,
    "bigint": _integer,
    "boolean": _boolean,
    "datetime": _datetime,
    "json": _json,
}


EXACT_TYPES: Mapping[str, type] = {
    "string": str,
    "text": str,
    "enum": str,
    "integer": int,
    "bigint": int,
    "boolean": bool,
    "datetime": clock.Real.datetime,
}
"""The class of a column's values other than None, by kind; a JSON-valued column has several."""

_JSON_LEAVES = frozenset({NoneType, bool, int, float, str})


def wrong_values(column: Column, cells: Iterable[Any]) -> list[Any]:
    """Return those of a column's values that `stored` does not make.

    They are None in a column without nulls, of another class (a subclass too), not one of the
    column's choices, or a time with a time zone.
    """
    # None is among them only in a column without nulls.
    present = [value for value in cells if value is not None or not column.nullable]
    kind = column.type.kind
    if kind == "json":
        return [value for value in present if value is None or not _is_exact_json(value)]
    expected = EXACT_TYPES[kind]
    wrong = []
    if not set(map(type, present)) <= {expected}:
        wrong += [value for value in present if type(value) is not expected]
    elif column.type.choices:
        wrong += set(present).difference(column.type.choices)
    elif kind == "datetime":
        wrong += [value for value in present if value.tzinfo is not None]
    return wrong


def _is_exact_json(value: Any) -> bool:
    kind = type(value)
    if kind is dict:
        return set(map(type, value)) <= {str} and all(map(_is_exact_json, value.values()))
    if kind is list:
        return all(map(_is_exact_json, value))
    return kind in _JSON_LEAVES


def json_copy(value: object, depth: int = JSON_DEPTH) -> Json:
    """Return a deep copy of the value as JSON would bring it back, dicts in the order of keys.

    A tuple comes back as a list, a key that is no string as the string that JSON writes for it.

    Raises:
        TypeError: JSON has no such values.
        ValueError: not a number, an integer beyond 64 bits, a lone surrogate, or deeper than
            `depth`.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _plain_text(value)
    if isinstance(value, int):
        return _within_64_bits(value)
    if isinstance(value, float):
        return _json_float(value)
    if not isinstance(value, (list, tuple, dict)):
        raise TypeError(f"JSON has no {type(value).__name__}")
    if depth == 0:
        raise ValueError(f"it is nested deeper than {JSON_DEPTH} levels")
    if isinstance(value, dict):
        named = {_json_key(key): json_copy(item, depth - 1) for key, item in value.items()}
        return dict(sorted(named.items()))
    return [json_copy(item, depth - 1) for item in value]


def _within_64_bits(number: int) -> int:
    if not SMALLEST_INTEGER <= number <= LARGEST_INTEGER:
        raise ValueError("an integer is beyond 64 bits")
    return int(number)


def _json_float(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"JSON has no number {value}")
    return float(value)


def _json_key(key: object) -> str:
    if isinstance(key, str):
        return _plain_text(key)
    if key is None or isinstance(key, bool):
        return {None: "null", True: "true", False: "false"}[key]
    if isinstance(key, (int, float)):
        return repr(json_copy(key))
    raise TypeError(f"a key of a JSON object is text, not {type(key).__name__}")


def mapping(value: object, what: str) -> dict[str, Any]:
    """Return a shallow copy of a dict that a caller gave.

    Raises:
        Invalid: it is no dict with text for keys; `what` names it in the message.
    """
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise Invalid(f"{what} must be a dict with text for keys, not {type(value).__name__}")
    return {str.__str__(key): item for key, item in value.items()}


def sequence(value: object, what: str) -> list[Any]:
    """Return a list of the items that a caller gave.

    Raises:
        Invalid: it cannot be iterated over, or is text or a dict; `what` names it in the message.
    """
    if not isinstance(value, Iterable) or isinstance(value, (str, bytes, Mapping)):
        raise Invalid(f"{what} must be a list, not {type(value).__name__}")
    return list(value)


def require_keys(values: object, keys: Iterable[str], what: str) -> None:
    """Check that the values have all the keys.

    Raises:
        Invalid: some are missing, or it is no dict; the message names `what` and the keys.
    """
    if isinstance(values, (str, bytes)) or not isinstance(values, Container):
        raise Invalid(f"{what} must be a dict, not {type(values).__name__}")
    missing = [key for key in keys if key not in values]
    if missing:
        raise Invalid(f"{what} lacks {', '.join(missing)}")


def refuse_beyond_basic_plane(*values: object) -> None:
    """Check that no text, in dicts within dicts too, has a character beyond U+FFFF.

    MySQL's ``utf8`` cannot store such characters, so Glance refuses them in the values of images,
    locations, members and tags. Text inside a list is not checked.

    Raises:
        Invalid: there is one; the message names its key.
    """
    for value in values:
        _refuse_in("the value", value, _GUARDED_DEPTH)


def _refuse_in(key: object, value: object, depth: int) -> None:
    if depth < 0:
        raise Invalid(f"dicts are nested deeper than {_GUARDED_DEPTH} levels")
    if isinstance(value, dict):
        for name, item in value.items():
            _refuse_in(name, item, depth - 1)
        return
    for text in (key, value):
        if isinstance(text, str) and _BEYOND_BASIC_PLANE.search(text):
            raise Invalid(f"{key!a} has a character beyond U+FFFF, which Glance cannot store")


def time_of_clock(given: object) -> dt.datetime:
    """Return the time that the clock of a database gave, as the columns store it.

    Raises:
        Invalid: it is no datetime, or has a time zone.
    """
    if not isinstance(given, clock.Real.datetime) or given.tzinfo is not None:
        raise Invalid(
            "the clock of a database must give the time in UTC as a datetime without time zone, "
            f"and gave {shown(given)}"
        )
    return clock.naive_utc(given)


def id_of_source(given: object) -> str:
    """Return the id that the id source of a database gave, as the columns store it.

    Raises:
        Invalid: it is no text or UUID, is empty or longer than the column is wide, or has a
            character that an image's id cannot have.
    """
    text = uuid_as_text(given)
    if not isinstance(text, str) or not _ID.fullmatch(text):
        raise Invalid(
            f"the id source of a database, new_id, must give text of 1 to {ID_WIDTH} characters "
            f"up to U+FFFF and no surrogates, and gave {shown(given)}"
        )
    return str.__str__(text)


def checked_id(record: type[Record], value: object) -> str:
    """Return the id of a new image or task as its column stores it.

    Raises:
        Invalid: it is no text, is empty, or is longer than the column is wide.
    """
    column = columns_of(record)["id"]
    text: str = stored(column, value)
    if not 0 < len(text) <= ID_WIDTH:
        raise Invalid(f"{column} has 1 to {ID_WIDTH} characters, not {shown(text)}")
    return text


def limit_image_id(image_id: object) -> None:
    """Check that an image of this id can exist.

    Raises:
        ImageNotFound: the id is longer than the column is wide.
    """
    if isinstance(image_id, str) and len(image_id) > ID_WIDTH:
        raise ImageNotFound(
            f"No image found with ID {image_id}: ids have {ID_WIDTH} characters at most"
        )


def limit_int4(values: Mapping[str, Any], keys: Iterable[str]) -> None:
    """Check that the values of these keys fit into a column of four bytes.

    Raises:
        Invalid: one is too large.
    """
    for key in keys:
        if (values.get(key) or 0) > LARGEST_INT4:
            raise Invalid(f"{key} must not exceed {LARGEST_INT4}, and is {values[key]}")
