"""The planned listing equals the naive one, which filters all rows and sorts them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simple_db import Database
from simple_db.model.errors import SimpleDBError
from simple_db.oracle.programs.calls import call
from simple_db.oracle.programs.draws import anyone, image_ids
from simple_db.oracle.programs.strategies import programs
from simple_db.oracle.targets.target import DriverTarget, reference
from simple_db.queries import indexes, plan
from tests.property import strategies as some
from tests.property.beyond import OF_IMAGES
from tests.support.build import utc

if TYPE_CHECKING:
    from simple_db.oracle.programs.calls import Call, Program

NAIVE = 10**9
THRESHOLDS = st.sampled_from([0, 1, 2, 3])


@pytest.fixture(autouse=True)
def _short_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexes, "_BLOCK", 2)


def target() -> DriverTarget:
    times, ids = itertools.count(1), itertools.count(1)
    return reference(
        Database(
            clock=lambda: utc("2026-01-01").replace(microsecond=next(times)),
            new_id=lambda: f"id-{next(ids)}",
        )
    )


def answer(of: DriverTarget, call: Call) -> Any:
    try:
        return of.call(call)
    except SimpleDBError as error:
        return type(error), str(error)


def moved(of: DriverTarget, how: str) -> None:
    """Let the target go on with its database, a fork of it, or what a snapshot of it restores."""
    if how == "fork":
        of.driver = of.driver.fork()
    elif how == "restore":
        of.driver.restore(of.driver.snapshot())


@given(
    programs(),
    THRESHOLDS,
    st.lists(st.sampled_from(["stay", "stay", "fork", "restore"]), min_size=1),
)
def test_planned_listings_equal_naive_ones_after_any_calls_forks_and_restores(
    program: Program, threshold: int, moves: list[str]
) -> None:
    planned, naive = target(), target()
    with pytest.MonkeyPatch.context() as patch:
        for call, move in zip(program, itertools.cycle(moves), strict=False):
            patch.setattr(plan, "LARGE", threshold)
            found = answer(planned, call)
            patch.setattr(plan, "LARGE", NAIVE)

            assert found == answer(naive, call)
            planned.driver.check()
            moved(planned, move)
            moved(naive, move)


def one_filter(key: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({key: some.FILTERS[key]})


LISTINGS = st.builds(
    lambda who, order, given: call("image_get_all", who, **order | given),
    anyone,
    some.orders(),
    st.fixed_dictionaries(
        {"filters": st.sampled_from(sorted(some.FILTERS)).flatmap(one_filter)},
        optional={
            "marker": image_ids,
            "limit": st.integers(0, 4),
            "member_status": st.sampled_from(["all", "rejected"]),
            "admin_as_user": st.booleans(),
        },
    ),
)


@given(st.lists(programs(OF_IMAGES), min_size=2, max_size=2), st.lists(LISTINGS, min_size=20))
def test_a_planned_listing_equals_a_naive_one_for_each_filter_caller_order_and_page(
    made: list[Program], listings: list[Call]
) -> None:
    both = target()
    with pytest.MonkeyPatch.context() as patch:
        for one in (one for program in made for one in program):
            answer(both, one)
        for listing in listings:
            patch.setattr(plan, "LARGE", 0)
            found = answer(both, listing)
            patch.setattr(plan, "LARGE", NAIVE)

            assert found == answer(both, listing)
    both.driver.check()
