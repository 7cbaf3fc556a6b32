"""The planned listing equals the naive one, which filters all rows and sorts them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simple_db import Database
from simple_db.model.errors import SimpleDBError
from simple_db.oracle.programs.strategies import programs
from simple_db.oracle.targets.target import DriverTarget, reference
from simple_db.queries import indexes, plan
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
