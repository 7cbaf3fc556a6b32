from __future__ import annotations

import sys
import threading
import time
from typing import Any

import pytest

from simple_db import Database
from simple_db.oracle.programs.calls import NO_ROW, Call, location_id, member_id
from simple_db.oracle.races import histories
from simple_db.oracle.races.histories import Event, History, drawn, eager_switching, summary
from simple_db.oracle.races.lanes import Race
from simple_db.oracle.targets.target import CannotRun, DriverTarget, reference
from tests.support.build import utc
from tests.support.faults_shown import api

AN_IMAGE = api.image_create("admin", {"id": "i", "status": "active", "owner": "alice"})
TAGS = api.image_tag_get_all("admin", "i")
TAG_A, TAG_B, TAG_C = (api.image_tag_create("admin", "i", value) for value in "abc")


def a_race(*lanes: tuple[Call, ...], final: tuple[Call, ...] = (TAGS,)) -> Race:
    return Race((AN_IMAGE,), lanes, final)


TWO_TAGS = a_race((TAG_A,), (TAG_B,))


class Slow(Database):
    """Takes a moment for each tag, in no lock."""

    def image_tag_create(self, context: Any, image_id: Any, value: Any) -> Any:
        time.sleep(0.02)
        return super().image_tag_create(context, image_id, value)


SLOW = DriverTarget("slow", Slow())


# --- recording -----------------------------------------------------------------------------------


def test_a_history_has_every_call_of_a_race_on_an_empty_target_with_its_outcome() -> None:
    race, target = a_race((TAG_A, TAG_B, AN_IMAGE), (TAG_C,)), reference()
    for history in (histories.record(race, target) for _ in range(2)):
        assert [event.call for event in history.prefix] == [AN_IMAGE]
        assert [[event.outcome for event in lane] for lane in history.lanes] == [
            [("returned", "a"), ("returned", "b"), ("raised", "Duplicate")],
            [("returned", "c")],
        ]
        assert [event.outcome for event in history.final] == [("returned", ["a", "b", "c"])]


def test_parts_precede_each_other_and_so_do_calls_of_a_lane() -> None:
    history = histories.record(a_race((TAG_A, TAG_B), (TAG_C,)), reference())

    first, second = history.lanes[0]
    assert first.responded < second.invoked
    for event in history.parallel:
        assert history.prefix[-1].responded < event.invoked < event.responded
        assert event.responded < history.final[0].invoked


def test_calls_of_two_lanes_overlap_unless_they_run_in_turn() -> None:
    one, other = histories.record(TWO_TAGS, SLOW).parallel
    assert one.invoked < other.responded
    assert other.invoked < one.responded

    one, other = histories.record_in_turn(TWO_TAGS, SLOW).parallel
    assert one.responded < other.invoked


def test_a_lookup_is_resolved_before_the_lanes_and_written_as_it_was() -> None:
    join = api.image_member_create("admin", {"image_id": "i", "member": "bob"})
    leave = api.image_member_delete("admin", member_id("i", "bob"))
    race = Race((AN_IMAGE, join), ((leave, leave), (TAG_A,)), ())
    lane, _ = histories.record(race, reference()).lanes

    # Were it resolved at the second call, there would be no such member any more.
    assert [event.outcome for event in lane] == [("returned", None)] * 2
    assert lane[0].call == leave


def test_a_lookup_that_finds_nothing_is_no_row() -> None:
    update = api.image_location_update("admin", "i", {"id": location_id("i", 0)})
    [bound] = histories.bound((update,), reference())
    assert bound.given()["location"] == {"id": NO_ROW}


def test_lanes_that_wait_for_each_other_cannot_be_run(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    class Stuck(Database):
        image_tag_create: Any = staticmethod(lambda *_: released.wait(60))

    monkeypatch.setattr(histories, "_PATIENCE", 0.01)
    with pytest.raises(CannotRun, match=r"stuck does not return .* image_tag_create"):
        histories.record(TWO_TAGS, DriverTarget("stuck", Stuck()))
    released.set()


def test_switching_is_eager_for_a_while_only() -> None:
    before = sys.getswitchinterval()
    with eager_switching():
        assert sys.getswitchinterval() < before / 100
    assert sys.getswitchinterval() == before


# --- summaries and drawings ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "compared"),
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
def test_neither_times_nor_ids_nor_deleted_rows_are_compared(answer: Any, compared: Any) -> None:
    assert summary(answer) == compared


def test_a_drawing_shows_which_calls_overlap() -> None:
    history = History(
        prefix=(Event(AN_IMAGE, ("returned", {}), 0, 1),),
        lanes=(
            (Event(TAG_A, ("returned", "a"), 2, 5),),
            (Event(TAG_B, ("raised", "Invalid"), 3, 4), Event(TAGS, ("returned", []), 6, 7)),
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
