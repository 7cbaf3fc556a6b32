from __future__ import annotations

import pytest

from simple_db.oracle.programs.calls import Call, call, member_id
from simple_db.oracle.races.histories import Event, History, OutcomeSummary, record, summary
from simple_db.oracle.races.lanes import Race
from simple_db.oracle.races.linearizability import allowed, refusal
from simple_db.oracle.targets.target import reference

NEW_IMAGE = call("image_create", "admin", values={"id": "i", "status": "queued", "owner": "alice"})
MADE = ("returned", summary(reference().call(NEW_IMAGE)))
TAGS = call("image_tag_get_all", "admin", image_id="i")
DONE = ("returned", None)
DUPLICATE = ("raised", "Duplicate")


def lock(value: str) -> Call:
    return call("image_set_property_atomic", image_id="i", name="lock", value=value)


def tag(value: str) -> Call:
    return call("image_tag_create", "admin", image_id="i", value=value)


def event(one: Call, outcome: OutcomeSummary, invoked: int, responded: int) -> Event:
    """Make an event at a time after the prefix."""
    return Event(one, outcome, 10 + invoked, 10 + responded)


def history(*lanes: list[Event], final: tuple[Event, ...] = ()) -> History:
    """Make a history of an image and these lanes."""
    return History((Event(NEW_IMAGE, MADE, 0, 1),), tuple(map(tuple, lanes)), final)


# --- atomic properties ---------------------------------------------------------------------------


def test_one_of_two_who_set_an_atomic_property_may_win() -> None:
    for first, second in [(DONE, DUPLICATE), (DUPLICATE, DONE)]:
        lanes = [event(lock("a"), first, 0, 3)], [event(lock("b"), second, 1, 2)]
        assert refusal(history(*lanes)) is None


# This is what Glance's in-tree fake does.
def test_two_who_set_an_atomic_property_cannot_both_win() -> None:
    refused = refusal(history([event(lock("a"), DONE, 0, 3)], [event(lock("b"), DONE, 1, 2)]))

    assert refused is not None
    assert [one.call for one in refused.longest] == [lock("a")]
    assert [(one.call, outcome) for one, outcome in refused.instead] == [(lock("b"), DUPLICATE)]


def test_two_who_set_an_atomic_property_cannot_both_lose() -> None:
    lanes = [event(lock("a"), DUPLICATE, 0, 3)], [event(lock("b"), DUPLICATE, 1, 2)]
    refused = refusal(history(*lanes))

    assert refused is not None
    assert refused.longest == ()
    assert [outcome for _, outcome in refused.instead] == [DONE, DONE]


# --- real time -----------------------------------------------------------------------------------


def test_what_a_call_that_responded_has_done_is_seen_by_those_after_it() -> None:
    made = event(tag("a"), ("returned", "a"), 0, 1)

    assert refusal(history([made], [event(TAGS, ("returned", ["a"]), 2, 3)])) is None
    assert refusal(history([made], [event(TAGS, ("returned", []), 2, 3)])) is not None


@pytest.mark.parametrize("seen", [[], ["a"]])
def test_what_a_call_is_doing_is_seen_or_not(seen: list[str]) -> None:
    lanes = [event(tag("a"), ("returned", "a"), 0, 3)], [event(TAGS, ("returned", seen), 1, 2)]
    assert refusal(history(*lanes)) is None


def test_what_was_seen_once_stays_to_be_seen() -> None:
    reads = [event(TAGS, ("returned", ["a"]), 1, 2), event(TAGS, ("returned", []), 3, 4)]
    assert refusal(history([event(tag("a"), ("returned", "a"), 0, 9)], reads)) is not None


def test_calls_of_a_lane_stay_in_order() -> None:
    loser = [event(lock("a"), DUPLICATE, 0, 1), event(lock("b"), DONE, 2, 3)]
    assert refusal(history(loser)) is not None


def test_what_is_there_at_last_has_to_be_explained_too() -> None:
    lanes = [event(tag("a"), ("returned", "a"), 0, 2)], [event(tag("b"), ("returned", "b"), 1, 3)]

    for tags, explained in [(["a", "b"], True), (["a"], False), ([], False)]:
        final = (event(TAGS, ("returned", tags), 4, 5),)
        assert (refusal(history(*lanes, final=final)) is None) is explained


# --- the prefix and lookups ----------------------------------------------------------------------


def test_a_prefix_that_came_to_something_else_is_refused_by_itself() -> None:
    refused = refusal(History((Event(NEW_IMAGE, DUPLICATE, 0, 1),), (), ()))

    assert refused is not None
    assert refused.longest == ()
    assert [(one.call, outcome) for one, outcome in refused.instead] == [(NEW_IMAGE, MADE)]


def test_a_lookup_means_the_row_that_was_there_before_the_lanes() -> None:
    join = call("image_member_create", "admin", values={"image_id": "i", "member": "bob"})
    leave = call("image_member_delete", "admin", memb_id=member_id("i", "bob"))
    race = Race((NEW_IMAGE, join), ((leave, leave), (tag("a"),)), (TAGS,))

    assert refusal(record(race, reference())) is None


def test_many_calls_that_overlap_are_checked_without_trying_every_order() -> None:
    lanes = [[event(tag(str(n)), ("returned", str(n)), n, 50 + n)] for n in range(9)]
    never = event(TAGS, ("returned", ["never"]), 90, 91)

    assert refusal(history(*lanes, final=(never,))) is not None


# --- what a race may come to ---------------------------------------------------------------------


def test_a_race_may_come_to_what_each_order_of_its_lanes_gives() -> None:
    race = Race((NEW_IMAGE,), ((lock("a"),), (lock("b"),)), ())

    assert allowed(race) == [((DONE,), (DUPLICATE,), ()), ((DUPLICATE,), (DONE,), ())]


def test_orders_that_come_to_the_same_count_once() -> None:
    race = Race((NEW_IMAGE,), ((tag("a"), tag("b")), (tag("c"),)), (TAGS,))

    assert allowed(race) == [
        (
            (("returned", "a"), ("returned", "b")),
            (("returned", "c"),),
            (("returned", ["a", "b", "c"]),),
        )
    ]
