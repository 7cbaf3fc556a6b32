"""Sort orders and pages: sort keys and directions, marker and limit."""

import operator
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Protocol, TypeVar

from attrs import frozen

from simple_db.model import values
from simple_db.model.errors import Invalid, InvalidSortDir, InvalidSortKey
from simple_db.model.records import Record, columns_of

_DIRECTIONS = ("asc", "desc")
_NEVER_NONE = frozenset({"created_at", "id"})


class Row(Protocol):
    """A record with an id."""

    @property
    def id(self) -> Any:
        """The id of the row."""
        ...


R = TypeVar("R", bound=Row)


@frozen
class SortOrder:
    """Columns to sort by, the first the most significant, each with whether it descends.

    A key of the table is among them, so that no two rows are equal in it. None is smaller than any
    value.
    """

    keys: tuple[tuple[str, bool], ...]

    @property
    def descends(self) -> bool:
        """Whether the first column descends: the order is walked from the end of `ascending`."""
        return self.keys[0][1]

    @property
    def ascending(self) -> "SortOrder":
        """This order, or the reverse of it: the one whose first column ascends."""
        return SortOrder(tuple((name, down != self.descends) for name, down in self.keys))

    def key(self) -> Callable[[Any], Any]:
        """Return what to compare of a row, so that rows are in this order: a tuple."""
        first, *others = [_key_part(name, descends=down) for name, down in self.keys]
        if self.keys[1:] == (("id", False),):  # this and the next are those of most indexes
            return lambda row: (first(row), row.id)
        if self.keys[1:] == (("created_at", False), ("id", False)):
            return lambda row: (first(row), row.created_at, row.id)
        return lambda row: (first(row), *[part(row) for part in others])

    def sort(self, rows: list[R]) -> None:
        """Sort the rows in place."""
        for name, descends in reversed(self.keys):
            rows.sort(key=lambda row: _none_first(getattr(row, name)), reverse=descends)


class _Descending:
    """A value that is the smaller the larger it is."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and bool(self.value == other.value)

    def __lt__(self, other: "_Descending") -> bool:
        return bool(other.value < self.value)

    __hash__ = None  # type: ignore[assignment] # nobody looks one up


def _key_part(name: str, *, descends: bool) -> Callable[[Any], Any]:
    of = operator.attrgetter(name)
    if descends:
        return lambda row: _Descending(_none_first(of(row)))
    return of if name in _NEVER_NONE else lambda row: ((value := of(row)) is not None, value)


def _none_first(value: Any) -> tuple[bool, Any]:
    return (value is not None, value)


def ascending(*columns: str) -> SortOrder:
    """Return the order by these columns, the first the most significant."""
    return SortOrder(tuple((name, False) for name in columns))


def key_of_values(given: Iterable[Any]) -> tuple[tuple[bool, Any], ...]:
    """Return the beginning of the key of a row whose first columns have these values."""
    return tuple(map(_none_first, given))


def sort_order(record: type[Record], sort_key: object = None, sort_dir: object = None) -> SortOrder:
    """Return the total order that keys and directions ask for.

    One direction applies to all keys; without a direction the order is descending. Ties are broken
    by ``created_at`` and ``id``, in the direction that applies to all keys, or descending.

    Raises:
        Invalid: keys or directions are no list; or there are several directions, and not as many
            as keys.
        InvalidSortDir: a direction is neither asc nor desc.
        InvalidSortKey: a key is no column of the record's table.
    """
    keys = _ordered(sort_key or ["created_at"], "sort_key")
    directions = _ordered(sort_dir or ["desc"], "sort_dir")
    last = directions[0] if len(directions) == 1 else "desc"
    if len(directions) == 1:
        directions *= len(keys)
    if len(directions) != len(keys):
        raise Invalid(
            f"sort_dir has {len(directions)} directions for {len(keys)} sort keys; "
            "give one for each, or one for all"
        )
    ties = [key for key in ("created_at", "id") if key not in keys]
    pairs = [*zip(keys, directions, strict=True), *((key, last) for key in ties)]
    return SortOrder(tuple(_sort_pair(record, key, direction) for key, direction in pairs))


def _ordered(given: object, what: str) -> list[Any]:
    if isinstance(given, AbstractSet):
        raise Invalid(f"{what} must be a list, as its order counts, not {type(given).__name__}")
    return values.sequence(given, what)


def _sort_pair(record: type[Record], key: object, direction: object) -> tuple[str, bool]:
    if direction not in _DIRECTIONS:
        raise InvalidSortDir(f"a sort direction is asc or desc, not {values.shown(direction)}")
    if not isinstance(key, str) or key not in columns_of(record):
        raise InvalidSortKey(
            f"{record.table} cannot be sorted by {values.shown(key)}, which is no column"
        )
    return key, direction == "desc"


def page_limit(limit: Any) -> int | None:
    """Return the largest number of rows of a page; None is no limit.

    Raises:
        Invalid: the limit is no number, or negative.
    """
    if limit is None:
        return None
    try:
        number = int(limit)
    except (TypeError, ValueError, OverflowError) as error:
        raise Invalid(
            f"limit must be a number of rows or None, not {values.shown(limit)}"
        ) from error
    if number < 0:
        raise Invalid(f"limit must not be negative, and is {values.shown(number)}")
    return number


def page(rows: Iterable[R], order: SortOrder, marker: R | None, limit: int | None) -> Sequence[R]:
    """Return the rows in order: those after the marker's place, at most `limit`.

    The marker has a place in the order even where it is not among the rows.
    """
    ordered = list(rows)
    if marker is not None and all(row.id != marker.id for row in ordered):
        ordered.append(marker)
    order.sort(ordered)
    start = 0 if marker is None else 1 + [row.id for row in ordered].index(marker.id)
    return ordered[start:] if limit is None else ordered[start : start + limit]
