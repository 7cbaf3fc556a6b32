from typing import Any

import pytest

from simple_db.model.errors import Invalid, InvalidSortDir, InvalidSortKey
from simple_db.model.records import Image, columns_of
from simple_db.queries import paging
from tests.support.build import image_record, utc

TIES_DESCENDING = (("created_at", True), ("id", True))
TIES_ASCENDING = (("created_at", False), ("id", False))

NEWEST_FIRST = paging.sort_order(Image)
BY_NAME = paging.sort_order(Image, ["name"], ["asc"])


def images(*names: str | None) -> list[Image]:
    """Make images of these names, with ids 0, 1, 2 ... in that order."""
    return [image_record(id=str(number), name=name) for number, name in enumerate(names)]


def ids_of(rows: Any) -> str:
    return "".join(row.id for row in rows)


@pytest.mark.parametrize(
    ("keys", "directions", "order"),
    [
        (None, None, TIES_DESCENDING),
        ([], [], TIES_DESCENDING),
        (None, ["asc"], TIES_ASCENDING),
        (["name"], None, (("name", True), *TIES_DESCENDING)),
        (["name"], ["asc"], (("name", False), *TIES_ASCENDING)),
        (["name", "size"], ["asc"], (("name", False), ("size", False), *TIES_ASCENDING)),
        (["name", "size"], ["asc", "asc"], (("name", False), ("size", False), *TIES_DESCENDING)),
        (["name", "size"], ["desc", "asc"], (("name", True), ("size", False), *TIES_DESCENDING)),
        (["id"], ["asc"], (("id", False), ("created_at", False))),
        (["id", "created_at"], ["asc"], (("id", False), ("created_at", False))),
        (["name", "name"], ["asc"], (("name", False), ("name", False), *TIES_ASCENDING)),
        (("name",), ("asc",), (("name", False), *TIES_ASCENDING)),
    ],
)
def test_keys_and_directions_make_a_total_order(keys: Any, directions: Any, order: Any) -> None:
    assert paging.sort_order(Image, keys, directions).keys == order


@pytest.mark.parametrize("key", columns_of(Image))
def test_every_column_can_be_sorted_by(key: str) -> None:
    assert paging.sort_order(Image, [key]).keys[0] == (key, True)


@pytest.mark.parametrize("key", ["colour", "properties", "tags", "", "table", None, 5, ["name"]])
def test_what_is_no_column_cannot_be_sorted_by(key: Any) -> None:
    with pytest.raises(InvalidSortKey) as caught:
        paging.sort_order(Image, ["name", key])

    assert repr(key) in str(caught.value)


@pytest.mark.parametrize("direction", ["up", "ASC", "", None, 5, ["asc"]])
def test_a_direction_is_asc_or_desc(direction: Any) -> None:
    with pytest.raises(InvalidSortDir) as caught:
        paging.sort_order(Image, ["name", "size"], ["asc", direction])

    assert repr(direction) in str(caught.value)


@pytest.mark.parametrize("directions", [["asc", "asc"], ["asc", "asc", "asc", "asc"]])
def test_there_is_one_direction_for_each_key(directions: Any) -> None:
    with pytest.raises(Invalid, match=f"{len(directions)} directions for 3 sort keys") as caught:
        paging.sort_order(Image, ["name", "size", "status"], directions)

    assert caught.type is Invalid


@pytest.mark.parametrize(("keys", "directions"), [("name", None), (["name"], "asc"), (5, None)])
def test_keys_and_directions_are_lists(keys: Any, directions: Any) -> None:
    with pytest.raises(Invalid, match=r"sort_(key|dir) must be a list"):
        paging.sort_order(Image, keys, directions)


def test_keys_and_directions_stay_as_they_were() -> None:
    keys, directions = ["name", "size"], ["asc"]
    paging.sort_order(Image, keys, directions)

    assert (keys, directions) == (["name", "size"], ["asc"])


@pytest.mark.parametrize(("direction", "order"), [("asc", "1320"), ("desc", "0231")])
def test_none_is_smaller_than_any_value(direction: str, order: str) -> None:
    rows = images("b", None, "a", "")
    paging.sort_order(Image, ["name"], [direction]).sort(rows)

    assert ids_of(rows) == order


def test_text_is_sorted_by_code_points() -> None:
    rows = images("a", "B", "\u00e4", "b")
    BY_NAME.sort(rows)

    assert [row.name for row in rows] == ["B", "a", "b", "\u00e4"]


def test_ties_are_broken_by_creation_and_then_by_id() -> None:
    rows = [
        image_record(id="b", created_at=utc("2026-01-01")),
        image_record(id="a", created_at=utc("2026-01-01")),
        image_record(id="c", created_at=utc("2025-01-01")),
    ]
    paging.sort_order(Image, ["name"], ["asc"]).sort(rows)

    assert ids_of(rows) == "cab"


def test_directions_of_keys_are_independent() -> None:
    rows = [
        image_record(id="0", name="a", size=1),
        image_record(id="1", name="a", size=2),
        image_record(id="2", name="b", size=1),
    ]
    paging.sort_order(Image, ["name", "size"], ["asc", "desc"]).sort(rows)

    assert ids_of(rows) == "102"


@pytest.mark.parametrize(
    ("given", "limit"),
    [(None, None), (0, 0), (5, 5), ("2", 2), (True, 1), (1.5, 1), (2**70, 2**70)],
)
def test_a_limit_is_a_number_or_none(given: Any, limit: int | None) -> None:
    assert paging.page_limit(given) == limit


@pytest.mark.parametrize("given", ["", "x", [], float("nan"), float("inf")])
def test_what_is_no_number_is_no_limit(given: Any) -> None:
    with pytest.raises(Invalid, match="limit must be a number of rows or None") as caught:
        paging.page_limit(given)

    assert repr(given) in str(caught.value)


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(Invalid, match="limit must not be negative, and is -1"):
        paging.page_limit(-1)


def test_a_page_without_marker_and_limit_is_everything_in_order() -> None:
    assert ids_of(paging.page(images("c", "a", "b"), BY_NAME, None, None)) == "120"


@pytest.mark.parametrize(("limit", "page"), [(0, ""), (1, "0"), (2, "01"), (9, "012")])
def test_a_page_has_at_most_limit_rows(limit: int, page: str) -> None:
    assert ids_of(paging.page(images("a", "b", "c"), BY_NAME, None, limit)) == page


@pytest.mark.parametrize(("marker", "page"), [(0, "12"), (1, "2"), (2, "")])
def test_a_page_starts_behind_its_marker(marker: int, page: str) -> None:
    rows = images("a", "b", "c")

    assert ids_of(paging.page(rows, BY_NAME, rows[marker], None)) == page


@pytest.mark.parametrize(
    ("name", "page"), [(None, "012"), ("a", "12"), ("b", "2"), ("c", ""), ("d", "")]
)
def test_a_marker_that_is_filtered_out_still_has_its_place(name: str | None, page: str) -> None:
    marker = image_record(id="9", name=name)

    assert ids_of(paging.page(images("a", "b", "c"), BY_NAME, marker, None)) == page


@pytest.mark.parametrize("direction", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_over_nulls_are_the_whole_list_together(direction: str, limit: int) -> None:
    order = paging.sort_order(Image, ["name"], [direction])
    rows = images(None, "a", None, "b", "", None)
    whole = paging.page(rows, order, None, None)
    together: list[Image] = []
    while page := paging.page(rows, order, together[-1] if together else None, limit):
        together.extend(page)

    assert together == whole


def test_the_rows_of_a_page_are_taken_from_any_iterable() -> None:
    assert ids_of(paging.page(iter(images("b", "a")), BY_NAME, None, None)) == "10"


def test_the_given_rows_stay_in_their_order() -> None:
    rows = images("b", "a")
    paging.page(rows, BY_NAME, image_record(id="9"), None)

    assert ids_of(rows) == "01"


def test_the_newest_come_first_by_default() -> None:
    rows = [image_record(id=str(day), created_at=utc(f"2026-01-0{day}")) for day in (1, 3, 2)]

    assert ids_of(paging.page(rows, NEWEST_FIRST, None, None)) == "321"
