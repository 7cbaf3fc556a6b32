from __future__ import annotations

from typing import Any

import pytest

from simple_db.oracle.comparing.differences import Correspondence, Difference, differences
from simple_db.oracle.comparing.outcomes import CallOutcome, Moment, Raised, Returned

A_UUID = "0b6d1c1e-5b0f-4a8e-9f5b-3f3c1d2e4a5b"
ANOTHER_UUID = "1b6d1c1e-5b0f-4a8e-9f5b-3f3c1d2e4a5b"
NOT_FOUND = Raised("NotFound", leaked=False)
IMAGE = {"id": "image-1", "locations": [{"id": 1, "url": "a", "metadata": {}}], "size": None}
A, B = {"id": "a"}, {"id": "b"}
MEMBER, OTHER = {"member": "a", "status": "pending"}, {"member": "b", "status": "pending"}
P, P2, Q = ({"name": name, "value": value} for name, value in ("p1", "p2", "q2"))
NAMED = {"disk_format": None, "name": "n"}


def located(*urls: str) -> dict[str, Any]:
    return {"locations": [{"url": url} for url in urls]}


def placed(*places: int) -> dict[str, Any]:
    return {"locations": [{"url": "a", "metadata": {"a": place}} for place in places]}


def found(
    function: str, expected: Any, actual: Any, ids: Correspondence | None = None
) -> list[Difference]:
    pair = Returned(expected), Returned(actual)
    return list(differences(function, *pair, ids or Correspondence()))


def fields(*given: Any) -> list[str]:
    """Return the fields in which two answers of a function differ."""
    return [difference.field for difference in found(*given)]


@pytest.mark.parametrize(
    ("function", "expected", "actual", "differing"),
    [
        ("image_get", IMAGE, IMAGE, ""),
        ("image_get_all", [{"properties": [P]}], [{"properties": [P2]}], "[].properties[].value"),
        ("image_get", {"size": 1}, {"x": 1}, "size only in reference, x only in target"),
        ("image_get_all", [A, B], [A], "[] missing"),
        ("image_get_all", [A], [A, B], "[] extra"),
        ("image_get_all", [A], [B], "[] missing, [] extra"),
        ("image_get_all", ["a", "a"], ["a"], "[] missing"),
        ("image_get_all", [A, B], [B, A], "[] order"),
        ("task_get_all", [A, B], [B, A], "[] order"),
        # the API does not fix this order
        ("image_member_find", [MEMBER, OTHER], [OTHER, MEMBER], ""),
        ("image_get", {"properties": [P, Q]}, {"properties": [Q, P2]}, "properties[].value"),
        # the order of locations counts, and the rest tells those of one URL apart
        ("image_get", located("a", "b"), located("b", "a"), "locations[] order"),
        ("image_get", placed(0, 1), placed(1, 0), "locations[] order"),
        ("image_get", placed(0, 1), placed(0, 2), "locations[].metadata"),
        # values of the caller's own are compared as a whole
        ("task_get", {"input": {"a": 1, "b": 2}}, {"input": {"a": 1}}, "input"),
        ("task_get", {"input": {"a": 1}}, {"input": {"a": 1}}, ""),
        # drivers made the ids of these images up
        ("image_get_all", [NAMED | {"id": A_UUID}], [NAMED | {"id": ANOTHER_UUID}], ""),
    ],
)
def test_answers_differ_in_these_fields(
    function: str, expected: Any, actual: Any, differing: str
) -> None:
    assert ", ".join(fields(function, expected, actual)) == differing


@pytest.mark.parametrize(
    ("expected", "actual", "slight"),
    [
        ({"size": 1}, {}, True),
        ({}, {"unknown": 1}, True),
        ({"updated_at": Moment(1)}, {"updated_at": None}, True),
        ({"last_accessed": Moment(1)}, {"last_accessed": None}, True),
        ({"status": "active"}, {"status": None}, False),
    ],
)
def test_differences_of_keys_and_times_are_slight(expected: Any, actual: Any, slight: bool) -> None:
    assert [one.slight for one in found("image_get", expected, actual)] == [slight]


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (NOT_FOUND, Raised("Forbidden", leaked=False)),
        (NOT_FOUND, Returned(None)),
        (Returned(None), NOT_FOUND),
    ],
)
def test_an_exception_differs_from_an_answer_and_from_another_exception(
    expected: CallOutcome, actual: CallOutcome
) -> None:
    assert differences("image_get", expected, actual, Correspondence()) == [
        Difference("", expected, actual)
    ]


def test_messages_are_not_compared() -> None:
    other = Raised("NotFound", leaked=False, message="another")
    assert not differences("image_get", NOT_FOUND, other, Correspondence())


# --- ids -----------------------------------------------------------------------------------------


def test_ids_that_drivers_make_up_correspond() -> None:
    ids, expected = Correspondence(), [{"id": 1, "member": "a"}]
    same, other = ([{"id": made_up, "member": "a"}] for made_up in (A_UUID, ANOTHER_UUID))

    assert fields("image_member_find", expected, same, ids) == []
    assert fields("image_member_find", expected, same, ids) == []
    assert fields("image_member_find", expected, other, ids) == ["[].id"]


def test_a_reference_to_a_row_is_an_id_of_its_kind() -> None:
    ids = Correspondence()
    assert fields("metadef_namespace_get", {"id": 1}, {"id": 7}, ids) == []
    assert fields("metadef_tag_get", {"namespace_id": 1}, {"namespace_id": 8}, ids) == [
        "namespace_id"
    ]


@pytest.mark.parametrize(
    ("pairs", "matching"),
    [
        # each kind of row has ids of its own
        ([("member", 1, 1), ("locations", 1, 2), ("member", 1, 2)], [True, True, False]),
        # no id matches none only
        ([("image", None, 1), ("image", 1, None), ("image", None, None)], [False, False, True]),
        # a driver may reuse the id of a row that is gone
        ([("tag", 1, 1), ("tag", 2, 1)], [True, True]),
    ],
)
def test_ids_match_by_kind_of_row(pairs: list[Any], matching: list[bool]) -> None:
    ids = Correspondence()
    assert [ids.matches(*pair) for pair in pairs] == matching
