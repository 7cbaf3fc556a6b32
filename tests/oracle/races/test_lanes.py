from __future__ import annotations

import random

import pytest

from simple_db.api import FUNCTIONS
from simple_db.oracle.races.histories import summary
from simple_db.oracle.races.lanes import Race, random_race
from simple_db.oracle.targets.target import reference


def some_races(
    count: int = 200, lanes: int = 3, functions: tuple[str, ...] = FUNCTIONS
) -> list[Race]:
    chance = random.Random(7)  # noqa: S311 - no secret
    return [random_race(chance, lanes, functions) for _ in range(count)]


def functions_of(race: Race) -> set[str]:
    return {call.function for part in (race.prefix, *race.lanes, race.final) for call in part}


@pytest.mark.parametrize("lanes", [2, 5])
def test_a_race_has_as_many_lanes_as_wanted_and_each_has_calls(lanes: int) -> None:
    for race in some_races(lanes=lanes):
        assert len(race.lanes) == lanes
        assert all(race.lanes)


def test_the_same_chance_makes_the_same_races_of_few_functions() -> None:
    races = some_races()
    assert races == some_races()
    assert max(len({call.function for lane in race.lanes for call in lane}) for race in races) <= 3


def test_a_race_calls_only_what_there_is() -> None:
    there = ("image_create", "image_update", "image_get", "image_tag_create")
    assert set().union(*map(functions_of, some_races(functions=there))) == set(there)


def test_races_call_what_can_collide() -> None:
    called = set().union(*map(functions_of, some_races(count=1000)))
    assert {
        *("image_create", "image_update", "image_destroy", "image_set_property_atomic"),
        *("image_delete_property_atomic", "image_member_update", "image_tag_set_all"),
        *("image_location_delete", "update_hit_count"),
    } <= called


def test_what_comes_before_is_in_the_domain() -> None:
    for race in some_races():
        target = reference()
        for call in race.prefix:
            summary(target.call(call))
