"""Indexes of a table: by equality, and by order. Both are derived from its rows.

An exception can come at any instruction of a change, so that to add or to discard a row a second
time does no harm. A copy shares what the first has until one of them changes it.
"""

import operator
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Generic, Self, TypeVar

from simple_db.model.values import uuid_as_text

R = TypeVar("R")
V = TypeVar("V")

# A change copies a block, and a search goes through the blocks: both are short at this length.
_BLOCK = 512

# If an index has changed fewer of its values than one of so many, its copy shares the others; if it
# has changed more, its copy gets one dict of all.
_SHARE = 8


def found(mapping: Mapping[Any, V], key: object, missing: V) -> V:
    """Return what is under the key; a UUID, alone or in a tuple, stands for its text."""
    try:
        value = mapping.get(key)
    except TypeError:  # a list, say, which no column holds
        return missing
    return mapping.get(_as_text(key), missing) if value is None else value


def _as_text(key: object) -> object:
    return tuple(map(uuid_as_text, key)) if isinstance(key, tuple) else uuid_as_text(key)


class Index(Generic[R]):
    """The ids of a table's rows by the value of a column, or by a tuple of several columns.

    Few rows have the same value. A copy begins with the sets of the one that it is copied from,
    which is not changed any more, and has sets of its own for the values that it changes.
    """

    def __init__(self, *columns: str) -> None:
        self.columns = columns
        self.key: Callable[[R], Hashable] = operator.attrgetter(*columns)
        self._first: Mapping[Hashable, set[Any]] = {}
        self._own: dict[Hashable, set[Any]] = {}

    def ids(self, key: object) -> Collection[Any]:
        """Return the ids of the rows with that value, in no order."""
        own = found(self._own, key, None)
        return found(self._first, key, ()) if own is None else own

    def add(self, row_id: Hashable, row: R) -> None:
        """Note that the row has this id."""
        self._ids_to_change(self.key(row)).add(row_id)

    def discard(self, row_id: Hashable, row: R) -> None:
        """Forget the row; nothing happens if it is not noted."""
        key = self.key(row)
        ids = self._ids_to_change(key)
        ids.discard(row_id)
        if not ids and key not in self._first:
            self._own.pop(key, None)

    def agrees_with(self, rows: Mapping[Any, R]) -> bool:
        """Return whether the index is the one that these rows give."""
        expected: Index[R] = Index(*self.columns)
        for row_id, row in rows.items():
            expected.add(row_id, row)
        return self._all() == expected._own

    def copy(self) -> Self:
        """Return an index of the same rows; this one must not be changed any more."""
        copy = type(self)(*self.columns)
        if len(self._own) * _SHARE < len(self._first):
            copy._first = self._first  # noqa: SLF001 - its own class
            copy._own = {key: set(ids) for key, ids in self._own.items()}  # noqa: SLF001 - likewise
        else:
            copy._first = self._all()  # noqa: SLF001 - likewise
        return copy

    def is_unique(self) -> bool:
        """Return whether no two rows have the same value."""
        return all(len(ids) == 1 for ids in self._all().values())

    def _all(self) -> dict[Hashable, set[Any]]:
        return {key: ids for key, ids in {**self._first, **self._own}.items() if ids}

    def _ids_to_change(self, key: Hashable) -> set[Any]:
        own = self._own.get(key)
        if own is None:
            own = self._own[key] = set(self._first.get(key, ()))
        return own


class OrderedIndex(Generic[R]):
    """The rows of a table in a total order.

    They are in blocks, lists that are replaced and never changed: a change is one assignment, and
    a copy of the index shares all blocks with it. To find a place takes a logarithm of the number
    of rows; what an index takes beside the rows is a pointer for each.

    Args:
        key: What to compare of a row; no two rows have it alike.
        rows: The rows, in any order.
    """

    def __init__(self, key: Callable[[R], Any], rows: Iterable[R] = ()) -> None:
        self._key = key
        ordered = sorted(rows, key=key)
        self._blocks = [ordered[at : at + _BLOCK] for at in range(0, len(ordered), _BLOCK)]

    def exchange(self, before: R | None, after: R | None) -> None:
        """Put a row in the place of another, where None is none."""
        if before is not None and (after is None or self._key(before) != self._key(after)):
            self.discard(before)
        if after is not None:
            self.add(after)

    def add(self, row: R) -> None:
        """Put the row in its place; one with the same key is replaced."""
        key = self._key(row)
        number = min(self._block_of(key), len(self._blocks) - 1)
        if number < 0:
            self._blocks = [[row]]
            return
        block = self._blocks[number]
        at = bisect_left(block, key, key=self._key)
        same = at < len(block) and self._key(block[at]) == key
        block = [*block[:at], row, *block[at + same :]]
        half = len(block) // 2
        self._blocks[number : number + 1] = (
            [block] if len(block) <= _BLOCK * 2 else [block[:half], block[half:]]
        )

    def discard(self, row: R) -> None:
        """Take out the row with that key; nothing happens if there is none."""
        key = self._key(row)
        number = self._block_of(key)
        if number == len(self._blocks):
            return
        block = self._blocks[number]
        at = bisect_left(block, key, key=self._key)
        if self._key(block[at]) == key:
            rest = [*block[:at], *block[at + 1 :]]
            self._blocks[number : number + 1] = [rest] if rest else []

    def after(self, start: R | None, *, backwards: bool = False) -> Iterator[R]:
        """Give the rows behind the place of a row, which need not be in the index; None is the end.

        Args:
            start: The row.
            backwards: Whether to go down, to the rows before that place.
        """
        return self._down(start) if backwards else self._up(start)

    def between(self, low: tuple[Any, ...], high: tuple[Any, ...]) -> "Span[R]":
        """Return the rows whose keys are at least `low` and at most `high`.

        Keys are tuples, and are compared on as many values as each of these has.

        Args:
            low: A key, or what keys begin with.
            high: Likewise.
        """
        try:
            return self._between(low, high)
        except TypeError:  # a value of another type than the column's, which no row has
            return Span([], 0, 0)

    def agrees_with(self, rows: Iterable[R]) -> bool:
        """Return whether the index has exactly these rows, in order."""
        return list(self.after(None)) == sorted(rows, key=self._key)

    def copy(self) -> Self:
        """Return an index of its own of the same rows."""
        copy = type(self)(self._key)
        copy._blocks = list(self._blocks)  # noqa: SLF001 - its own class
        return copy

    def _between(self, low: tuple[Any, ...], high: tuple[Any, ...]) -> "Span[R]":
        beginning = _beginning(self._key, len(high))
        begin = bisect_left(self._blocks, low, key=self._last)
        end = bisect_right(self._blocks, high, key=lambda block: beginning(block[-1]))
        blocks = self._blocks[begin : end + 1]
        if not blocks:
            return Span(blocks, 0, 0)
        before = bisect_left(blocks[0], low, key=self._key)
        upto = bisect_right(blocks[-1], high, key=beginning)
        return Span(blocks, before, len(blocks[-1]) - upto)

    def _block_of(self, key: Any) -> int:
        """Return the number of the first block that does not end before the key."""
        return bisect_left(self._blocks, key, key=self._last)

    def _last(self, block: list[R]) -> Any:
        return self._key(block[-1])

    def _up(self, start: R | None) -> Iterator[R]:
        number = at = 0
        if start is not None:
            key = self._key(start)
            number = bisect_right(self._blocks, key, key=self._last)
            if number < len(self._blocks):
                at = bisect_right(self._blocks[number], key, key=self._key)
        for block in self._blocks[number : number + 1]:
            yield from block[at:]
        for behind in range(number + 1, len(self._blocks)):
            yield from self._blocks[behind]

    def _down(self, start: R | None) -> Iterator[R]:
        number = len(self._blocks)
        if start is not None:
            key = self._key(start)
            number = self._block_of(key)
            for block in self._blocks[number : number + 1]:
                yield from reversed(block[: bisect_left(block, key, key=self._key)])
        for before in range(number - 1, -1, -1):
            yield from reversed(self._blocks[before])


def _beginning(key: Callable[[R], Any], length: int) -> Callable[[R], Any]:
    return lambda row: key(row)[:length]


class Span(Collection[R]):
    """Rows that follow each other in an order.

    Args:
        blocks: Lists of rows, which nobody changes.
        before: How many rows of the first one are not among them.
        behind: How many of the last one.
    """

    def __init__(self, blocks: Sequence[list[R]], before: int, behind: int) -> None:
        self._blocks = blocks
        self._before = before
        self._behind = behind

    def __len__(self) -> int:
        """Return how many rows there are."""
        return sum(map(len, self._blocks)) - self._before - self._behind

    def __iter__(self) -> Iterator[R]:
        """Give the rows in order."""
        return islice(chain.from_iterable(self._blocks), self._before, self._before + len(self))

    def __contains__(self, row: object) -> bool:
        """Return whether a row is among them."""
        return any(row == each for each in self)
