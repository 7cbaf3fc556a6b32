from __future__ import annotations

import sys
import threading
import time
from typing import Any

import pytest

from simple_db import Database
from simple_db.oracle.programs.calls import NO_ROW, Call, call, location_id, member_id
from simple_db.oracle.races import histories
from simple_db.oracle.races.histories import Event, History, drawn, eager_switching, summary
from simple_db.oracle.races.lanes import Race
from simple_db.oracle.targets.target import CannotRun, DriverTarget, reference
from tests.support.build import utc

AN_IMAGE = call("image_create", "admin", values={"id": "i", "status": "active", "owner": "alice"})
TAGS = call("image_tag_get_all", "admin", image_id="i")


def tag(value: str) -> Call:
    return call("image_tag_create", "admin", image_id="i", value=value)


def a_race(*lanes: tuple[Call, ...], final: tuple[Call, ...] = ()) -> Race:
    return Race((AN_IMAGE,), lanes, final)


class Slow(Database):
    """Takes a moment for each tag, in no lock."""

    def image_tag_create(self, context: Any, image_id: Any, value: Any) -> Any:
        time.sleep(0.02)
        return super().image_tag_create(context, image_id, value)


# --- recording -----------------------------------------------------------------------------------


def test_a_history_has_every_call_of_a_race_and_what_it_came_to() -> None:
    history = histories.record(
        a_race((tag("a"), tag("b")), (tag("c"),), final=(TAGS,)), reference()
    )

    assert [event.call for event in history.prefix] == [AN_IMAGE]
    assert [[event.outcome for event in lane] for lane in history.lanes] == [
        [("returned", "a"), ("returned", "b")],
        [("returned", "c")],
    ]
    assert [event.outcome for event in history.final] == [("returned", ["a", "b", "c"])]


def test_a_race_begins_on_an_empty_target() -> None:
    target = reference()
    race = a_race((tag("a"),), (tag("b"),), final=(TAGS,))

    assert [histories.record(race, target).final[0].outcome for _ in range(2)] == [
        ("returned", ["a", "b"])
    ] * 2


def test_an_error_is_an_outcome_by_its_name() -> None:
    history = histories.record(a_race((AN_IMAGE,), (tag("a"),)), reference())

    assert history.lanes[0][0].outcome == ("raised", "Duplicate")


def test_parts_precede_each_other_and_so_do_calls_of_a_lane() -> None:
    race = a_race((tag("a"), tag("b")), (tag("c"),), final=(TAGS,))
    history = histories.record(race, reference())

    first, second = history.lanes[0]
    assert first.responded < second.invoked
    for event in history.parallel:
        assert history.prefix[-1].responded < event.invoked < event.responded
        assert event.responded < history.final[0].invoked


def test_calls_of_two_lanes_overlap() -> None:
    history = histories.record(a_race((tag("a"),), (tag("b"),)), DriverTarget("slow", Slow()))

    one, other = history.parallel
    assert one.invoked < other.responded
    assert other.invoked < one.responded


def test_lanes_in_turn_do_not_overlap() -> None:
    history = histories.record_in_turn(
        a_race((tag("a"),), (tag("b"),)), DriverTarget("slow", Slow())
    )

    one, other = history.parallel
    assert one.responded < other.invoked


def test_a_lookup_is_resolved_before_the_lanes_and_written_as_it_was() -> None:
    values = {"image_id": "i", "member": "bob"}
    leave = call("image_member_delete", "admin", memb_id=member_id("i", "bob"))
    join = call("image_member_create", "admin", values=values)
    race = Race((AN_IMAGE, join), ((leave, leave), (tag("a"),)), ())
    lane, _ = histories.record(race, reference()).lanes

    # Were it resolved at the second call, there would be no such member any more.
    assert [event.outcome for event in lane] == [("returned", None)] * 2
    assert lane[0].call == leave


def test_a_lookup_that_finds_nothing_is_no_row() -> None:
    update = call(
        "image_location_update", "admin", image_id="i", location={"id": location_id("i", 0)}
    )
    [bound] = histories.bound((update,), reference())

    assert bound.given()["location"] == {"id": NO_ROW}


def test_lanes_that_wait_for_each_other_cannot_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    class Stuck(Database):
        image_tag_create: Any = staticmethod(lambda *_: released.wait(60))

    monkeypatch.setattr(histories, "_PATIENCE", 0.01)
    with pytest.raises(CannotRun, match=r"stuck does not return .* image_tag_create"):
        histories.record(a_race((tag("a"),), (tag("b"),)), DriverTarget("stuck", Stuck()))
    released.set()


def test_switching_is_eager_for_a_while_only() -> None:
    before = sys.getswitchinterval()
    with eager_switching():
        assert sys.getswitchinterval() < before / 100

    assert sys.getswitchinterval() == before


# --- what is told of answers ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "tells"),
    [
        (None, None),
        (5, 5),
        (["b", "a"], ["a", "b"]),
        (("b", "a"), ["a", "b"]),
        ({"id": 7, "created_at": utc("2026-01-01"), "name": "n"}, {"name": "n"}),
        ([{"name": "p", "deleted": True}], []),
        ([{"name": "p", "deleted": False}], [{"deleted": False, "name": "p"}]),
        (
            {"properties": [{"name": "b"}, {"name": "a"}]},
            {"properties": [{"name": "a"}, {"name": "b"}]},
        ),
    ],
)
def test_neither_times_nor_ids_nor_deleted_children_are_told(answer: Any, tells: Any) -> None:
    assert summary(answer) == tells


# --- drawn ---------------------------------------------------------------------------------------


def test_a_drawing_shows_which_calls_overlap() -> None:
    history = History(
        prefix=(Event(AN_IMAGE, ("returned", {}), 0, 1),),
        lanes=(
            (Event(tag("a"), ("returned", "a"), 2, 5),),
            (Event(tag("b"), ("raised", "Invalid"), 3, 4), Event(TAGS, ("returned", []), 6, 7)),
        ),
        final=(Event(TAGS, ("returned", ["a"]), 8, 9),),
    )

    assert drawn(history).splitlines() == [
        f"before          {AN_IMAGE}  returned {{}}",
        "lane 1  [==]    image_tag_create(admin, 'i', 'a')  returned 'a'",
        "lane 2   []     image_tag_create(admin, 'i', 'b')  raised Invalid",
        "lane 2      []  image_tag_get_all(admin, 'i')  returned []",
        "after           image_tag_get_all(admin, 'i')  returned ['a']",
    ]
