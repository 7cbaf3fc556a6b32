"""Indexes by equality and by order, against the rows themselves."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve, frozen
from hypothesis import given
from hypothesis import strategies as st

from simple_db.queries import indexes
from simple_db.queries.indexes import Index, OrderedIndex
from simple_db.queries.paging import SortOrder, ascending


@frozen
class Row:
    """A row with a column that several have alike."""

    id: int
    name: str | None = None
    size: int | None = None
    created_at: int = 0


NAMES = st.sampled_from([None, "", "a", "b"])
ROWS = st.builds(Row, st.integers(0, 40), NAMES, st.none() | st.integers(0, 3), st.integers(0, 2))
CHANGES = st.lists(st.tuples(st.sampled_from(["put", "remove", "copy"]), ROWS), max_size=80)
ORDERS = st.lists(
    st.tuples(st.sampled_from(["name", "size", "created_at"]), st.booleans()),
    max_size=3,
    unique_by=lambda key: key[0],
).map(lambda keys: SortOrder((*keys, ("id", False))))


def changed(kind: str, row: Row, rows: dict[int, Row]) -> tuple[Row | None, Row | None]:
    """Make a change, and give the row before it and after it."""
    before = rows.pop(row.id, None)
    after = row if kind == "put" else None
    if after is not None:
        rows[row.id] = after
    return before, after


@pytest.fixture(autouse=True)
def _short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "_BLOCK", 2)


@given(CHANGES)
def test_an_index_is_that_of_the_rows_after_any_changes_and_copies(
    changes: list[tuple[str, Row]],
) -> None:
    index: Index[Row] = Index("name")
    rows: dict[int, Row] = {}
    left: list[tuple[Index[Row], dict[int, Row]]] = []
    for kind, row in changes:
        if kind == "copy":
            left.append((index, dict(rows)))
            index = index.copy()
            continue
        before, after = changed(kind, row, rows)
        for _ in range(2):  # an interrupted change is made again
            if before is not None:
                index.discard(before.id, before)
            if after is not None:
                index.add(after.id, after)
    for one, held in [*left, (index, rows)]:
        assert one.agrees_with(held)
        for name in (None, "", "a", "b", "other"):
            assert set(one.ids(name)) == {row.id for row in held.values() if row.name == name}


@given(CHANGES, ORDERS, st.none() | ROWS)
def test_rows_are_in_order_after_any_changes_and_copies(
    changes: list[tuple[str, Row]], order: SortOrder, start: Row | None
) -> None:
    key = order.key()
    index: OrderedIndex[Row] = OrderedIndex(key)
    rows: dict[int, Row] = {}
    left: list[tuple[OrderedIndex[Row], dict[int, Row]]] = []
    for kind, row in changes:
        if kind == "copy":
            left.append((index, dict(rows)))
            index = index.copy()
            continue
        before, after = changed(kind, row, rows)
        index.exchange(before, after)
        index.exchange(before, after)  # an interrupted change is made again
    for one, held in [*left, (index, rows)]:
        assert one.agrees_with(held.values())
        ordered = sorted(held.values(), key=key)
        behind = [row for row in ordered if start is None or key(row) > key(start)]
        before_it = [row for row in ordered if start is None or key(row) < key(start)]
        assert list(one.after(start)) == behind
        assert list(one.after(start, backwards=True)) == before_it[::-1]


@given(st.lists(ROWS, unique_by=lambda row: row.id), NAMES)
def test_the_rows_with_a_value_follow_each_other(rows: list[Row], name: str | None) -> None:
    order = ascending("name", "id")
    index = OrderedIndex(order.key(), rows)
    key = order.beginning(name)
    found = index.between(key, key)
    expected = sorted((row for row in rows if row.name == name), key=lambda row: row.id)

    assert list(found) == expected
    assert len(found) == len(expected)
    assert all(row in found for row in expected)


@given(st.lists(ROWS, unique_by=lambda row: row.id), st.integers(-1, 4))
def test_the_rows_up_to_a_value_follow_each_other(rows: list[Row], size: int) -> None:
    index = OrderedIndex(ascending("name", "size", "id").key(), rows)
    found = index.between(((True, "a"), (True,)), ((True, "a"), (True, size)))

    assert {row.id for row in found} == {
        row.id for row in rows if row.name == "a" and row.size is not None and row.size <= size
    }


@pytest.mark.parametrize("value", [5, ["a"], object()])
def test_a_value_of_another_type_is_that_of_no_row(value: Any) -> None:
    order = ascending("name", "id")
    index = OrderedIndex(order.key(), [Row(1, "a")])
    key = order.beginning(value)

    assert list(index.between(key, key)) == []


def test_an_order_and_its_reverse_are_one_index() -> None:
    order = SortOrder((("name", True), ("size", False), ("id", True)))

    assert order.descends
    assert order.ascending == SortOrder((("name", False), ("size", True), ("id", False)))
    assert order.ascending.ascending == order.ascending


def test_a_changed_row_stays_in_its_place() -> None:
    row = Row(1, "a")
    index = OrderedIndex(ascending("name", "id").key(), [row, Row(2, "a")])
    index.exchange(row, evolve(row, size=7))

    assert list(index.after(None)) == [Row(1, "a", 7), Row(2, "a")]
