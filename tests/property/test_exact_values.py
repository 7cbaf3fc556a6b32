"""Whatever classes callers use, and whatever clocks give: what is stored is exact, or nothing is.

The programs are those of the oracle, which call every function of the API.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from freezegun.api import FakeDatetime
from hypothesis import given
from hypothesis import strategies as st

from simple_db import Database
from simple_db.errors import Invalid, SimpleDBError
from simple_db.oracle.programs.calls import resolved
from simple_db.oracle.programs.strategies import OPS, programs
from simple_db.oracle.targets import DriverTarget, reference
from tests.world import BEGINNING, World

if TYPE_CHECKING:
    from simple_db.oracle.programs.calls import Call

EXACT = {str, int, float, bool, dt.datetime, type(None)}


class Text(str):
    """As a member of an enumeration is text, and shows itself otherwise."""

    __slots__ = ()

    def __str__(self) -> str:
        return "Text.MEMBER"


class Whole(int):
    def __str__(self) -> str:
        return "Whole.MEMBER"


class Fraction(float):
    pass


class Row(dict[Any, Any]):
    pass


class Several(list[Any]):
    pass


def disguised(value: Any) -> Any:
    """Give the value in subclasses of Python's classes, down to keys and leaves."""
    if isinstance(value, dict):
        return Row({disguised(key): disguised(part) for key, part in value.items()})
    if isinstance(value, list):
        return Several(map(disguised, value))
    if isinstance(value, dt.datetime):
        return FakeDatetime.combine(value.date(), value.time())
    for kind, disguise in ((str, Text), (int, Whole), (float, Fraction)):
        if type(value) is kind:
            return disguise(value)
    return value


def is_exact(value: Any) -> bool:
    if type(value) is dict:
        return all(type(key) is str and is_exact(part) for key, part in value.items())
    if type(value) is list:
        return all(map(is_exact, value))
    return type(value) in EXACT


def attempt(target: DriverTarget, call: Call, given: dict[str, Any]) -> Any:
    """Make the call with these arguments, and give its answer or its error's class."""
    try:
        return target.call_with(call.function, call.context, given)
    except SimpleDBError as error:
        return type(error)


def arguments_of(call: Call, target: DriverTarget) -> dict[str, Any]:
    return {name: resolved(value, target.call) for name, value in call.arguments}


# --- classes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("op", OPS)
@given(data=st.data())
def test_subclasses_everywhere_leave_what_plain_values_leave(op: str, data: st.DataObject) -> None:
    world = World()
    plain = reference(Database(clock=world.now, new_id=world.new_id))
    other = reference(
        Database(
            clock=lambda: disguised(world.now()),
            new_id=lambda: disguised(world.new_id()),
        )
    )
    for call in data.draw(programs(_with_images(op))):
        world.next_turn()
        given = arguments_of(call, plain)
        answer = attempt(plain, call, given)
        assert attempt(other, call, disguised(given)) == answer
        other.driver.check()
    assert other.driver.snapshot() == plain.driver.snapshot()


@pytest.mark.parametrize("op", OPS)
@given(data=st.data())
def test_answers_are_exact(op: str, data: st.DataObject) -> None:
    target = reference(Database(clock=lambda: FakeDatetime(2020, 1, 2)))
    for call in data.draw(programs(_with_images(op))):
        answer = attempt(target, call, disguised(arguments_of(call, target)))
        assert isinstance(answer, type) or is_exact(answer), f"{call}: {answer!r}"


def _with_images(op: str) -> tuple[str, ...]:
    """Give parts of the API of which programs can be about this one."""
    return (op,) if op in {"tasks", "metadefs", "cache"} else ("images", op)


# --- clocks -----------------------------------------------------------------------------------


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError


class BreakableClock:
    """A clock that stands still, and gives something else while it is broken."""

    def __init__(self) -> None:
        self.gives: Any = BEGINNING
        self.readings = 0

    def __call__(self) -> Any:
        self.readings += 1
        return self.gives


NO_TIMES = (
    "now",
    None,
    5,
    1.5,
    b"now",
    dt.date(2020, 1, 2),
    dt.time(1),
    dt.datetime(2020, 1, 2, tzinfo=dt.UTC),
    Unshowable(),
)


@pytest.mark.parametrize("op", OPS)
@given(data=st.data(), no_time=st.sampled_from(NO_TIMES))
def test_a_call_that_reads_a_broken_clock_is_invalid_and_works_with_a_good_one(
    op: str, data: st.DataObject, no_time: Any
) -> None:
    clock = BreakableClock()
    target = reference(Database(clock=clock))
    for call in data.draw(programs(_with_images(op))):
        given = arguments_of(call, target)
        _call_with_a_broken_clock(clock, no_time, target, call, given)
        attempt(target, call, given)
        target.driver.check()


def _call_with_a_broken_clock(
    clock: BreakableClock, no_time: Any, target: DriverTarget, call: Call, given: dict[str, Any]
) -> None:
    before = target.driver.snapshot()
    clock.gives, clock.readings = no_time, 0
    try:
        target.call_with(call.function, call.context, given)
        told = ""
    except SimpleDBError as error:
        told = str(error) if type(error) is Invalid else ""
    clock.gives = BEGINNING
    shown = "this Unshowable" if isinstance(no_time, Unshowable) else repr(no_time)
    assert ("the clock of a database" in told and shown in told) == bool(clock.readings)
    assert clock.readings == 0 or target.driver.snapshot() == before
