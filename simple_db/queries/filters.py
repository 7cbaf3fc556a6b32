"""The filters of a listing of images, parsed.

Everything is parsed before any row is read, so that a bad filter raises on an empty database too.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from simple_db.model import clock, values
from simple_db.model.errors import (
    Invalid,
    InvalidFilterOperatorValue,
    InvalidFilterRangeValue,
    InvalidParameterValue,
)
from simple_db.model.records import Column, Image, Property, Tag, columns_of

Condition = Callable[[Image], bool]

_COLUMNS = columns_of(Image)

# Filters for which None is a value to look for. Any other filter that is None is ignored.
_NONE_IS_A_VALUE = frozenset({"changes-since", "checksum", "deleted", "os_hash_value", "os_hidden"})

_TAKEN_OUT = _NONE_IS_A_VALUE | {"properties", "tags", "visibility"}

_COMPARISONS: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "neq": operator.ne,
    "eq": operator.eq,
}

# Columns with values that few images have.
_SELECTIVE = frozenset({"id", "name", "status", "owner", "checksum", "os_hash_value"})

_RANGES: Mapping[str, Callable[[Any, Any], bool]] = {"_min": operator.ge, "_max": operator.le}


@frozen
class ImageQuery:
    """What the filters ask for.

    `conditions` are on the image's own columns. The image must also have each of `properties`
    (name and value) and each of `tags`, live. `visibility` is the filter of that name. `equal` has
    the values, one of which the image must have, of columns that have an index.
    """

    visibility: object = None
    shows_deleted: bool = False
    conditions: list[Condition] = field(factory=list)
    equal: dict[str, frozenset[object]] = field(factory=dict)
    properties: list[tuple[str, str | None]] = field(factory=list)
    tags: list[str] = field(factory=list)


def compile_filters(filters: Mapping[str, Any] | None, is_public: bool | None = None) -> ImageQuery:
    """Return what the filters ask for; a key that is no column names a property.

    Raises:
        Invalid: a filter cannot be read; a subclass says why.
    """
    values.mapping(filters or {}, "filters")
    taken, others = _split(filters or {})
    query = ImageQuery(
        visibility=taken.pop("visibility", None),
        shows_deleted="changes-since" in taken or bool(taken.get("deleted")),
        conditions=_publicness(is_public),
        properties=_properties(taken.pop("properties", {})),
        tags=_tags(taken.pop("tags", [])),
    )
    for key, value in (*taken.items(), *others.items()):
        if value is not None or key in _NONE_IS_A_VALUE:
            _add(query, key, value)
    return query


def _split(filters: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the filters that Glance's driver reads first, and the others.

    A query of Glance's API is a mapping that can have a key several times. Of the keys that it
    reads first, the driver uses the first value; of any other key the last.
    """
    taken: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for key, value in filters.items():
        if key in _TAKEN_OUT and key not in taken:
            taken[key] = value
        elif value is not None:
            others[key] = value
    return taken, others


def _publicness(is_public: bool | None) -> list[Condition]:
    if is_public is None:
        return []
    return [lambda image: (image.visibility == "public") == bool(is_public)]


def _properties(pairs: object) -> list[tuple[str, str | None]]:
    wanted = values.mapping(pairs, "the filter properties")
    return [_property(name, value) for name, value in wanted.items()]


def _property(name: str, value: object) -> tuple[str, str | None]:
    return name, values.stored(columns_of(Property)["value"], value)


def _tags(tags: object) -> list[str]:
    column = columns_of(Tag)["value"]
    return [values.stored(column, tag) for tag in values.sequence(tags, "the filter tags")]


def _add(query: ImageQuery, key: str, value: object) -> None:
    if key in _LISTS:
        _add_values(query, key, _listed(key, value))
    elif key in _SELECTIVE:
        _add_values(query, key, frozenset({values.stored(_COLUMNS[key], value)}))
    elif key in _COLUMN_FILTERS:
        query.conditions.append(_COLUMN_FILTERS[key](key, value))
    elif key[-4:] in _RANGES:
        query.conditions.append(_range(key, value))
    elif key in _COLUMNS:
        query.conditions.append(equals(_COLUMNS[key], value))
    else:
        query.properties.append(_property(key, value))


def _add_values(query: ImageQuery, key: str, wanted: frozenset[object]) -> None:
    of = operator.attrgetter(key)
    query.conditions.append(lambda image: of(image) in wanted)
    if key in _SELECTIVE:
        query.equal[key] = wanted


def equals(column: Column, value: object) -> Callable[[Any], bool]:
    """Return the condition that a row's column equals the value, read as the column stores it.

    Raises:
        Invalid: the column holds no such values. Text that is no number equals nothing.
    """
    name = column.name
    if value is None:
        return lambda row: getattr(row, name) is None
    wanted = _comparable(column, value)
    return lambda row: bool(getattr(row, name) == wanted)


def _comparable(column: Column, value: object) -> object:
    """Return what to compare the column with; a number or a boolean may be given as text."""
    if column.type.kind == "enum" and isinstance(value, str):
        return value  # text that is none of the choices equals nothing
    if column.type.kind not in {"integer", "bigint", "boolean"}:
        return values.stored(column, value)
    if not isinstance(value, (str, int, float)):
        raise InvalidParameterValue(
            f"the filter {column.name} takes a number, not {values.shown(value)}"
        )
    return _number(value) if isinstance(value, str) else value


def _number(text: str) -> float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text  # it equals nothing, which is no error


def _deleted(key: str, value: object) -> Condition:
    holds = equals(_COLUMNS[key], value)
    if value:
        return holds
    # Killed uploads are not deleted, but a listing of live images leaves them out.
    return lambda image: holds(image) and image.status != "killed"


def _changed_since(key: str, value: object) -> Condition:
    if not isinstance(value, clock.Real.datetime):
        raise InvalidParameterValue(f"the filter {key} takes a datetime, not {values.shown(value)}")
    try:
        since = clock.naive_utc(value)
    except OverflowError as error:
        raise InvalidParameterValue(
            f"the filter {key} cannot be {values.shown(value)}: {error}"
        ) from error
    return lambda image: image.updated_at is not None and image.updated_at > since


def _range(key: str, value: Any) -> Condition:
    try:
        bound = int(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidFilterRangeValue(
            f"the filter {key} takes a number, not {values.shown(value)}"
        ) from error
    name, holds = key[:-4], _RANGES[key[-4:]]
    if name not in _COLUMNS or _COLUMNS[name].type.kind not in {"integer", "bigint"}:
        raise Invalid(f"the filter {key} needs a numeric column of an image: {name!r} is none")
    return lambda image: (number := getattr(image, name)) is not None and holds(number, bound)


def _compared_time(key: str, value: object) -> Condition:
    operation, text = split_operator(key, value)
    try:
        threshold = clock.parse_time(text)
    except ValueError as error:
        raise InvalidParameterValue(f"the filter {key} takes an ISO 8601 time: {error}") from error
    if operation not in _COMPARISONS:
        raise InvalidFilterOperatorValue(
            f"the filter {key} has no operator {operation!r}; it has {', '.join(_COMPARISONS)}"
        )
    holds = _COMPARISONS[operation]
    return lambda image: (time := getattr(image, key)) is not None and holds(time, threshold)


def _listed(key: str, value: object) -> frozenset[object]:
    """Return the values, one of which a column must have."""
    operation, text = split_operator(key, value)
    if operation == "eq":
        return frozenset({text})
    if operation == "in":
        return frozenset(split_list(key, text))
    raise InvalidFilterOperatorValue(
        f"the filter {key} has no operator {operation!r}; it has eq, in"
    )


_COLUMN_FILTERS: Mapping[str, Callable[[str, object], Condition]] = {
    "changes-since": _changed_since,
    "deleted": _deleted,
    "created_at": _compared_time,
    "updated_at": _compared_time,
}

_LISTS = frozenset({"name", "id", "status", "container_format", "disk_format"})


def split_operator(key: str, value: object) -> tuple[str, str]:
    """Return the operator of ``operator:text`` and the text; without one the operator is eq.

    An ISO 8601 time has no operator, although it has colons.
    """
    if not isinstance(value, str):
        raise InvalidParameterValue(f"the filter {key} takes text, not {values.shown(value)}")
    operation, colon, text = value.partition(":")
    if not colon or _is_time(value):
        return "eq", value
    return operation, text


def _is_time(text: str) -> bool:
    try:
        clock.parse_time(text)
    except ValueError:
        return False
    return True


def split_list(key: str, text: str) -> list[str]:
    """Return the items of a comma-separated list; an item in double quotes can hold commas.

    A quote after a backslash does not count, and both stay in the item.

    Raises:
        InvalidParameterValue: a quote is not closed, or not at the border of an item.
    """
    items = []
    while text:
        item, text = _quoted(key, text) if text.startswith('"') else _plain(key, text)
        items.append(item)
    return items


def _quoted(key: str, text: str) -> tuple[str, str]:
    end = _quote(text, 1)
    if end == -1:
        raise InvalidParameterValue(f"the filter {key} does not close its quote: {text}")
    if text[end + 1 : end + 2] not in {"", ","}:
        raise InvalidParameterValue(f"the filter {key} lacks a comma after a quoted item: {text}")
    return text[1:end], text[end + 2 :]


def _plain(key: str, text: str) -> tuple[str, str]:
    item, _, rest = text.partition(",")
    if _quote(item, 0) != -1:
        raise InvalidParameterValue(f"the filter {key} has a quote within an item: {item}")
    return item, rest


def _quote(text: str, start: int) -> int:
    """Return where the first quote is that has no backslash before it, or -1."""
    end = text.find('"', start)
    while end > 0 and text[end - 1] == "\\":
        end = text.find('"', end + 1)
    return end
