"""How a page of a listing is found: by walking the order, or by sorting what can match.

There are no statistics. The rows that can match are the smallest set that a filter or the caller's
scope gives. The order is walked from the marker's place for as many rows as that set has, at
most, and no further than the page; if the page is not full then, the set is filtered and sorted.
So a page costs at most twice the cheaper of the two. Without such a set the walk goes on.
"""

import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any, Protocol, TypeVar

from simple_db.queries import paging
from simple_db.queries.indexes import OrderedIndex
from simple_db.queries.paging import Row, SortOrder

R = TypeVar("R", bound=Row)

LARGE = 200
"""From this number of rows on a table is walked by an index; below, to build one costs more."""

Candidates = Sequence[Collection[R]]
"""Rows that together are all that can match; a row may be there several times."""


class Parents(Collection[R]):
    """The parents of some rows, looked up when they are asked for.

    Args:
        rows: The table of the parents.
        children: Rows of another one.
        column: Their column with the id of the parent.
    """

    def __init__(self, rows: Mapping[Any, R], children: Collection[Any], column: str) -> None:
        self._rows = rows
        self._children = children
        self._parent_id = operator.attrgetter(column)

    def __len__(self) -> int:
        """Return how many children there are."""
        return len(self._children)

    def __iter__(self) -> Iterator[R]:
        """Give the parent of each child."""
        return (self._rows[self._parent_id(child)] for child in self._children)

    def __contains__(self, row: object) -> bool:
        """Return whether one of the children has that parent."""
        return any(row == each for each in self)


class Rows(Protocol[R]):
    """A table, as far as a listing needs it."""

    rows: dict[Any, R]

    def ordered(self, order: SortOrder) -> OrderedIndex[R]:
        """Return the rows in an order, or in the reverse of it."""
        ...


def page(
    table: Rows[R],
    order: SortOrder,
    marker: R | None,
    limit: int | None,
    matches: Callable[[R], bool],
    candidates: Iterable[Candidates[R]] = (),
) -> Sequence[R]:
    """Return the rows of a page, in order.

    Args:
        table: The table.
        order: A total order.
        marker: The row after whose place the page starts; it need not match.
        limit: How many rows the page has at most; None is no limit.
        matches: Whether a row is to be listed.
        candidates: For each filter that an index knows, the rows that can match.
    """
    if limit == 0:
        return []
    if len(table.rows) < LARGE:
        return paging.page(filter(matches, table.rows.values()), order, marker, limit)
    fewest = min(candidates, key=_size, default=None)
    if limit is not None:
        most = None if fewest is None else _size(fewest)
        found = _walked(table, order, marker, limit, matches, most)
        if found is not None:
            return found
    rows = table.rows.values() if fewest is None else _each_once(fewest)
    return paging.page(filter(matches, rows), order, marker, limit)


def _size(candidates: Candidates[Any]) -> int:
    return sum(map(len, candidates))


def _each_once(candidates: Candidates[R]) -> Collection[R]:
    return {row.id: row for row in chain.from_iterable(candidates)}.values()


def _walked(
    table: Rows[R],
    order: SortOrder,
    marker: R | None,
    limit: int,
    matches: Callable[[R], bool],
    most: int | None,
) -> list[R] | None:
    """Return the page by walking the order, or None where it is not full after `most` rows."""
    walk = table.ordered(order).after(marker, backwards=order.descends)
    found: list[R] = []
    for row in islice(walk, most):
        if matches(row):
            found.append(row)
            if len(found) == limit:
                return found
    return found if next(walk, None) is None else None
