from __future__ import annotations

import datetime as dt
import types
from typing import Any

import pytest

from simple_db import Database
from simple_db.model import errors
from simple_db.oracle.comparing import outcomes
from simple_db.oracle.comparing.outcomes import (
    Correspondence,
    Moment,
    Outcome,
    Raised,
    Recording,
    Returned,
)
from simple_db.oracle.programs.calls import call
from simple_db.oracle.targets.target import DriverTarget, reference
from tests.support.world import World

AN_IMAGE = call("image_create", "admin", values={"id": "image-1", "status": "active"})
GET = call("image_get", "admin", image_id="image-1")
A_UUID = "0b6d1c1e-5b0f-4a8e-9f5b-3f3c1d2e4a5b"
ANOTHER_UUID = "1b6d1c1e-5b0f-4a8e-9f5b-3f3c1d2e4a5b"


def recorded(answer: Any) -> Any:
    """Give what a driver's answer becomes."""
    driver = types.SimpleNamespace(image_get=lambda *_: answer, reset=lambda: None)
    recording = Recording(DriverTarget("a driver", driver))
    recording.restart()
    outcome = recording.outcome(GET)
    assert isinstance(outcome, Returned)
    return outcome.value


def fields(function: str, expected: Any, actual: Any) -> list[str]:
    """Give the places in which two answers of the function differ."""
    found = outcomes.differences(function, Returned(expected), Returned(actual), Correspondence())
    return [difference.field for difference in found]


# --- what a call comes to ------------------------------------------------------------------------


def test_a_time_is_the_call_that_read_it() -> None:
    recording = Recording(reference())
    recording.restart()
    recording.outcome(GET)
    recording.outcome(AN_IMAGE)
    recording.outcome(call("image_update", "admin", image_id="image-1", values={"size": 1}))
    image = recording.outcome(GET)

    assert isinstance(image, Returned)
    assert (image.value["created_at"], image.value["updated_at"]) == (Moment(1), Moment(2))
    assert repr(image.value["created_at"]) == "<time of call 2>"


def test_a_time_that_was_given_stays_as_it_is() -> None:
    long_ago = dt.datetime(2020, 1, 1)  # noqa: DTZ001 - as in the database

    assert recorded({"created_at": long_ago}) == {"created_at": long_ago}


def test_seconds_of_the_cache_are_times_too() -> None:
    assert recorded({"last_accessed": 86400.0, "hits": 86400.0}) == {
        "last_accessed": dt.datetime(1970, 1, 2),  # noqa: DTZ001 - as in the database
        "hits": 86400.0,
    }


def test_every_call_has_a_time_of_its_own() -> None:
    world = World()
    target = reference(Database(clock=world.now))
    asked = []

    def now() -> dt.datetime:
        """Give a time that stands still, but for every third time that it is asked."""
        asked.append(world)
        world.pass_time(microseconds=int(len(asked) % 3 == 0))
        return world.now()

    target.now = now
    recording = Recording(target)
    recording.restart()
    made = recording.outcome(AN_IMAGE)
    changed = recording.outcome(
        call("image_update", "admin", image_id="image-1", values={"size": 1})
    )

    assert isinstance(made, Returned)
    assert isinstance(changed, Returned)
    assert made.value["updated_at"] == Moment(0)
    assert changed.value["updated_at"] == Moment(1)


def test_rows_of_sqlalchemy_are_dicts_of_their_columns() -> None:
    columns = [types.SimpleNamespace(name="id"), types.SimpleNamespace(name="name")]
    row = types.SimpleNamespace(__table__=types.SimpleNamespace(columns=columns), id=1, name="a")

    assert recorded([row]) == [{"id": 1, "name": "a"}]


def test_an_exception_of_glances_vocabulary_is_no_leak() -> None:
    recording = Recording(reference())
    recording.restart()

    assert recording.outcome(GET) == Raised(
        "ImageNotFound", leaked=False, message="No image found with ID image-1"
    )


@pytest.mark.parametrize(
    ("error", "leaked"),
    [
        (errors.Forbidden("no"), False),
        (type("OwnForbidden", (errors.Forbidden,), {})("no"), False),
        (type("LimitExceeded", (type("GlanceException", (Exception,), {}),), {})("no"), False),
        (KeyError("id"), True),
    ],
)
def test_any_other_exception_is_a_leak(error: Exception, leaked: bool) -> None:
    def image_get(*_: object) -> None:
        raise error

    driver = types.SimpleNamespace(image_get=image_get, reset=lambda: None)
    recording = Recording(DriverTarget("a driver", driver))
    recording.restart()
    outcome = recording.outcome(GET)

    assert isinstance(outcome, Raised)
    assert (outcome.error, outcome.leaked) == (type(error).__name__, leaked)


# --- differences ---------------------------------------------------------------------------------


def test_equal_answers_have_no_difference() -> None:
    image = {"id": "image-1", "locations": [{"id": 1, "url": "a", "metadata": {}}], "size": None}

    assert fields("image_get", image, image) == []


def test_a_difference_is_named_by_its_field() -> None:
    assert fields(
        "image_get_all",
        [{"id": "image-1", "properties": [{"name": "p", "value": "1"}]}],
        [{"id": "image-1", "properties": [{"name": "p", "value": "2"}]}],
    ) == ["[].properties[].value"]


def test_a_key_that_one_side_lacks_is_told_and_slight() -> None:
    found = outcomes.differences(
        "image_get", Returned({"size": 1}), Returned({"unknown": 1}), Correspondence()
    )

    assert [one.field for one in found] == ["size only in reference", "unknown only in target"]
    assert all(one.slight for one in found)


@pytest.mark.parametrize(
    ("field", "slight"), [("updated_at", True), ("last_accessed", True), ("status", False)]
)
def test_a_time_is_slight_and_another_value_is_not(field: str, slight: bool) -> None:
    [found] = outcomes.differences(
        "image_get", Returned({field: Moment(1)}), Returned({field: None}), Correspondence()
    )

    assert found.slight is slight


def test_a_refusal_differs_from_an_answer_and_from_another_refusal() -> None:
    refused, forbidden = Raised("NotFound", leaked=False), Raised("Forbidden", leaked=False)
    pairs: list[tuple[Outcome, Outcome]] = [
        (refused, forbidden),
        (refused, Returned(None)),
        (Returned(None), refused),
    ]

    for expected, actual in pairs:
        [found] = outcomes.differences("image_get", expected, actual, Correspondence())
        assert (found.field, found.expected, found.actual) == ("", expected, actual)


def test_messages_are_not_compared() -> None:
    refused = Raised("NotFound", leaked=False, message="one way")

    assert not outcomes.differences(
        "image_get", refused, Raised("NotFound", leaked=False, message="another"), Correspondence()
    )


@pytest.mark.parametrize(
    ("expected", "actual", "told"),
    [
        ([{"id": "a"}, {"id": "b"}], [{"id": "a"}], ["[] missing"]),
        ([{"id": "a"}], [{"id": "a"}, {"id": "b"}], ["[] extra"]),
        ([{"id": "a"}], [{"id": "b"}], ["[] missing", "[] extra"]),
        ([{"id": "a"}, {"id": "b"}], [{"id": "b"}, {"id": "a"}], ["[] order"]),
        (["a", "a"], ["a"], ["[] missing"]),
    ],
)
def test_rows_can_be_missing_extra_or_in_another_order(
    expected: list[Any], actual: list[Any], told: list[str]
) -> None:
    assert fields("image_get_all", expected, actual) == told


def test_the_order_counts_only_where_the_api_fixes_it() -> None:
    one, two = {"member": "a", "status": "pending"}, {"member": "b", "status": "pending"}

    assert fields("image_member_find", [one, two], [two, one]) == []
    assert fields("task_get_all", [{"id": "a"}, {"id": "b"}], [{"id": "b"}, {"id": "a"}])


def test_the_order_of_locations_counts() -> None:
    one, two = {"url": "file:///a"}, {"url": "file:///b"}

    assert fields("image_get", {"locations": [one, two]}, {"locations": [two, one]}) == [
        "locations[] order"
    ]


def test_locations_of_one_url_in_another_order_are_told_by_the_rest() -> None:
    one, two, three = ({"url": "file:///a", "metadata": {"a": n}} for n in range(3))

    assert fields("image_get", {"locations": [one, two]}, {"locations": [two, one]}) == [
        "locations[] order"
    ]
    assert fields("image_get", {"locations": [one, two]}, {"locations": [one, three]}) == [
        "locations[].metadata"
    ]


def test_rows_in_any_order_are_compared_each_with_its_like() -> None:
    rows = [{"name": "p", "value": "1"}, {"name": "q", "value": "2"}]
    others = [{"name": "q", "value": "2"}, {"name": "p", "value": "3"}]

    assert fields("image_get", {"properties": rows}, {"properties": others}) == [
        "properties[].value"
    ]


def test_what_a_caller_gave_as_json_is_compared_as_a_whole() -> None:
    assert fields("task_get", {"input": {"a": 1, "b": 2}}, {"input": {"a": 1}}) == ["input"]
    assert fields("task_get", {"input": {"a": 1}}, {"input": {"a": 1}}) == []


# --- ids -----------------------------------------------------------------------------------------


def test_ids_that_drivers_make_up_correspond() -> None:
    ids = Correspondence()
    pair = Returned([{"id": 1, "member": "a"}]), Returned([{"id": A_UUID, "member": "a"}])
    other = Returned([{"id": 1, "member": "a"}]), Returned([{"id": ANOTHER_UUID, "member": "a"}])

    assert not outcomes.differences("image_member_find", *pair, ids)
    assert not outcomes.differences("image_member_find", *pair, ids)
    assert [one.field for one in outcomes.differences("image_member_find", *other, ids)] == [
        "[].id"
    ]


def test_ids_of_different_kinds_of_rows_are_not_mixed_up() -> None:
    ids = Correspondence()

    assert ids.holds("member", 1, 1)
    assert ids.holds("locations", 1, 2)
    assert not ids.holds("member", 1, 2)


def test_a_reference_to_a_row_is_an_id_of_its_kind() -> None:
    ids = Correspondence()
    outcomes.differences("metadef_namespace_get", Returned({"id": 1}), Returned({"id": 7}), ids)
    found = outcomes.differences(
        "metadef_tag_get", Returned({"namespace_id": 1}), Returned({"namespace_id": 8}), ids
    )

    assert [one.field for one in found] == ["namespace_id"]


@pytest.mark.parametrize(("expected", "actual"), [(None, 1), (1, None)])
def test_no_id_is_not_any_id(expected: int | None, actual: int | None) -> None:
    assert not Correspondence().holds("image", expected, actual)
    assert Correspondence().holds("image", None, None)


def test_a_driver_may_give_an_id_again_when_its_row_is_gone() -> None:
    ids = Correspondence()

    assert ids.holds("tag", 1, 1)
    assert ids.holds("tag", 2, 1)


def test_images_with_ids_that_drivers_made_up_are_alike() -> None:
    expected = [{"id": A_UUID, "disk_format": None, "name": "n"}]
    actual = [{"id": ANOTHER_UUID, "disk_format": None, "name": "n"}]

    assert fields("image_get_all", expected, actual) == []
