from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import settings

from simple_db import Database
from simple_db.model.errors import Duplicate
from simple_db.oracle.races.search import search
from simple_db.oracle.targets.named import resolve
from simple_db.oracle.targets.target import FAKE, DriverTarget, reference

# 200 at home, 1,000 in CI, 20,000 at night.
HISTORIES = 10 * settings().max_examples

LOCKS = ("image_create", "image_set_property_atomic")

HITS = (
    *("image_create", "node_reference_create", "insert_cache_details"),
    *("update_hit_count", "get_hit_count"),
)


class Forgetful(Database):
    """Checks whether the image has the property, and sets it a moment later."""

    def image_set_property_atomic(self, image_id: str, name: str, value: Any) -> None:
        if any(row["name"] == name for row in self.image_get(None, image_id)["properties"]):
            raise Duplicate
        time.sleep(0.001)
        self.image_update(None, image_id, {"properties": {name: value}})


class Twice(Database):
    """Counts every hit twice, threads or not."""

    def update_hit_count(self, *args: Any) -> None:
        super().update_hit_count(*args)
        super().update_hit_count(*args)


class Other(Database):
    """Makes images with another name, which takes no threads."""

    def image_create(self, context: Any, values: Any, v1_mode: bool = False) -> Any:
        return super().image_create(context, values | {"name": "other"}, v1_mode)


def test_simple_db_is_linearizable() -> None:
    found = search(reference(), histories=HISTORIES)
    assert [str(violation) for violation in found.violations] == []
    assert found.histories == HISTORIES


def test_an_update_between_look_and_write_is_found_made_short_and_drawn() -> None:
    target = DriverTarget("forgetful", Forgetful())
    [violation] = search(target, histories=60, functions=LOCKS).violations

    assert violation.functions == {"image_set_property_atomic"}
    assert [len(lane) for lane in violation.race.lanes] == [1, 1]
    assert [call.function for call in violation.race.prefix] == ["image_create"]
    assert violation.race.final == ()
    assert not violation.in_turn
    text = str(violation)
    assert text.count("  image_set_property_atomic('image-1', 'lock', ") == 3
    assert "No order of the calls explains this. After image_set_property_atomic(" in text
    assert text.endswith(" would have raised Duplicate")


def test_a_difference_that_needs_no_threads_is_said_to_need_none() -> None:
    target = DriverTarget("twice", Twice())
    found = search(target, histories=60, functions=HITS)

    assert {violation.in_turn for violation in found.violations} == {True}
    assert "It takes no threads" in str(found.violations[0])


def test_a_difference_before_the_lanes_is_none_of_theirs() -> None:
    assert search(DriverTarget("other", Other()), histories=30, functions=LOCKS).violations == ()


def test_a_search_ends_when_it_is_to_go_on_no_more() -> None:
    found = search(reference(), histories=30, goes_on=lambda so_far: so_far.histories < 2)
    assert found.histories == 2


@pytest.mark.glance
def test_glances_in_tree_fake_lets_two_callers_set_the_same_atomic_property() -> None:
    pytest.importorskip("glance")
    found = search(resolve(FAKE), histories=300, functions=LOCKS)
    races = [one.race for one in found.violations if one.functions == {LOCKS[1]}]

    assert [[len(lane) for lane in race.lanes] for race in races] == [[1, 1]]


@pytest.mark.glance
def test_glances_in_tree_fake_lets_two_callers_create_the_same_image() -> None:
    pytest.importorskip("glance")
    target = resolve(FAKE)
    found = search(
        target,
        histories=10_000,
        functions=("image_create",),
        goes_on=lambda so_far: not so_far.violations,
    )

    assert [one.in_turn for one in found.violations] == [False]
