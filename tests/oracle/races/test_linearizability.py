from __future__ import annotations

import pytest

from simple_db.oracle.programs.calls import Call, member_id
from simple_db.oracle.races.histories import Event, History, OutcomeSummary, record, summary
from simple_db.oracle.races.lanes import Race
from simple_db.oracle.races.linearizability import allowed, refusal
from simple_db.oracle.targets.target import reference
from tests.support.faults_shown import api

NEW_IMAGE = api.image_create("admin", {"id": "i", "status": "queued", "owner": "alice"})
MADE = ("returned", summary(reference().call(NEW_IMAGE)))
TAGS = api.image_tag_get_all("admin", "i")
DONE = ("returned", None)
DUPLICATE = ("raised", "Duplicate")
LOCK_A, LOCK_B = (api.image_set_property_atomic("i", "lock", value) for value in "ab")
TAG_A, TAG_B, TAG_C = (api.image_tag_create("admin", "i", value) for value in "abc")
Lanes = list[list[Event]]


def event(one: Call, outcome: OutcomeSummary, invoked: int, responded: int) -> Event:
    """Make an event at a time after the prefix."""
    return Event(one, outcome, 10 + invoked, 10 + responded)


def history(lanes: Lanes, *final: Event) -> History:
    """Make a history of an image and these lanes."""
    return History((Event(NEW_IMAGE, MADE, 0, 1),), tuple(map(tuple, lanes)), final)


def locks(first: OutcomeSummary, second: OutcomeSummary) -> Lanes:
    """Let two lanes that overlap set an atomic property."""
    return [[event(LOCK_A, first, 0, 3)], [event(LOCK_B, second, 1, 2)]]


def tags(*seen: tuple[list[str], int, int], until: int = 1) -> Lanes:
    """Let a lane add a tag from tick 0, and another read the tags at these ticks."""
    reads = [event(TAGS, ("returned", found), begin, end) for found, begin, end in seen]
    return [[event(TAG_A, ("returned", "a"), 0, until)], reads]


@pytest.mark.parametrize(
    ("lanes", "explained"),
    [
        # one of two who set an atomic property wins
        (locks(DONE, DUPLICATE), True),
        (locks(DUPLICATE, DONE), True),
        # a call is seen by those after it, and by those that overlap or not
        (tags((["a"], 2, 3)), True),
        (tags(([], 2, 3)), False),
        (tags((["a"], 1, 2), until=3), True),
        (tags(([], 1, 2), until=3), True),
        # what was seen once is seen from then on
        (tags((["a"], 1, 2), ([], 3, 4), until=9), False),
        # calls of a lane stay in order
        ([[event(LOCK_A, DUPLICATE, 0, 1), event(LOCK_B, DONE, 2, 3)]], False),
    ],
)
def test_a_history_is_explained_by_an_order_that_keeps_to_real_time(
    lanes: Lanes, explained: bool
) -> None:
    assert (refusal(history(lanes)) is None) is explained


@pytest.mark.parametrize(
    ("outcome", "longest", "instead"),
    [
        # this is what Glance's in-tree fake does
        (DONE, [LOCK_A], [(LOCK_B, DUPLICATE)]),
        (DUPLICATE, [], [(LOCK_A, DONE), (LOCK_B, DONE)]),
    ],
    ids=["win", "lose"],
)
def test_two_who_set_an_atomic_property_can_neither_both_win_nor_both_lose(
    outcome: OutcomeSummary, longest: list[Call], instead: list[tuple[Call, OutcomeSummary]]
) -> None:
    refused = refusal(history(locks(outcome, outcome)))

    assert refused is not None
    assert [one.call for one in refused.longest] == longest
    assert [(one.call, told) for one, told in refused.instead] == instead


@pytest.mark.parametrize(("found", "explained"), [(["a", "b"], True), (["a"], False), ([], False)])
def test_the_calls_after_the_lanes_have_to_be_explained_too(
    found: list[str], explained: bool
) -> None:
    lanes = [[event(TAG_A, ("returned", "a"), 0, 2)], [event(TAG_B, ("returned", "b"), 1, 3)]]
    final = event(TAGS, ("returned", found), 4, 5)
    assert (refusal(history(lanes, final)) is None) is explained


def test_a_prefix_with_another_outcome_is_refused_by_itself() -> None:
    refused = refusal(History((Event(NEW_IMAGE, DUPLICATE, 0, 1),), (), ()))

    assert refused is not None
    assert refused.longest == ()
    assert [(one.call, outcome) for one, outcome in refused.instead] == [(NEW_IMAGE, MADE)]


def test_a_lookup_means_the_row_that_was_there_before_the_lanes() -> None:
    join = api.image_member_create("admin", {"image_id": "i", "member": "bob"})
    leave = api.image_member_delete("admin", member_id("i", "bob"))
    race = Race((NEW_IMAGE, join), ((leave, leave), (TAG_A,)), (TAGS,))

    assert refusal(record(race, reference())) is None


def test_many_calls_that_overlap_are_checked_without_trying_every_order() -> None:
    calls = [api.image_tag_create("admin", "i", str(n)) for n in range(9)]
    lanes = [[event(one, ("returned", str(n)), n, 50 + n)] for n, one in enumerate(calls)]
    assert refusal(history(lanes, event(TAGS, ("returned", ["never"]), 90, 91))) is not None


def test_a_race_can_have_the_outcomes_of_each_order_of_its_lanes() -> None:
    race = Race((NEW_IMAGE,), ((LOCK_A,), (LOCK_B,)), ())
    assert allowed(race) == [((DONE,), (DUPLICATE,), ()), ((DUPLICATE,), (DONE,), ())]


def test_orders_with_the_same_outcomes_count_once() -> None:
    race = Race((NEW_IMAGE,), ((TAG_A, TAG_B), (TAG_C,)), (TAGS,))
    lanes = (("returned", "a"), ("returned", "b")), (("returned", "c"),)
    assert allowed(race) == [(*lanes, (("returned", ["a", "b", "c"]),))]
