"""A race as a pytest file of its own, which needs its driver and nothing of simple_db."""

from __future__ import annotations

import inspect
import pprint
import textwrap
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from simple_db.oracle.programs.calls import NO_ROW, Call, Lookup, resolved
from simple_db.oracle.programs.cast import CAST
from simple_db.oracle.races.histories import drawn, outcome_of, told
from simple_db.oracle.races.linearizability import allowed
from simple_db.oracle.targets.target import reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from simple_db.oracle.emission.fixtures import Fixture
    from simple_db.oracle.races.histories import Outcome
    from simple_db.oracle.races.lanes import Race
    from simple_db.oracle.races.linearizability import Outcomes
    from simple_db.oracle.races.search import Violation

_TEMPLATE = '''\
"""{driver} under threads: no order of these calls explains what they came to.

{history}

The bars go from a call's invocation to its response. The test makes the calls many times, and holds
each time to what one of the orders of the lanes gives. It needs pytest and the driver only.
"""

import importlib
import os
import sys
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

RUNS = 300

{contexts}

# What each lane may come to, and at last the calls after them.
ALLOWED = (
{allowed}
)


{fixture}


def prepared(db):
    """Begin anew; return the lanes, and what is called when they have ended."""
{prepared}
    lanes = {lanes}
    final = {final}
    return lanes, final


{told}

def outcome(call):
    try:
        return "returned", told(call())
    except Exception as error:
        return "raised", type(error).__name__


def at_once(lanes):
    """Run each lane in a thread of its own, and return what its calls came to."""
    late = set(range(len(lanes)))
    outcomes = [None] * len(lanes)

    def run(number):
        late.remove(number)
        while late:
            time.sleep(0)
        outcomes[number] = [outcome(call) for call in lanes[number]]

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(lanes))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def test_some_order_of_the_lanes_explains_what_they_come_to(db):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(RUNS):
            lanes, final = prepared(db)
            happened = [*at_once(lanes), [outcome(call) for call in final]]
            assert happened in ALLOWED
    finally:
        sys.setswitchinterval(interval)
'''


def text_of_test(violation: Violation, fixture: Fixture) -> str:
    """Return the text of a pytest file that fails on a target which has the race.

    How threads meet is chance: the test makes the calls many times, and can still pass.

    Args:
        violation: The race, and what it came to once.
        fixture: How the test gets at its driver, which has a function `reset`.
    """
    race = violation.race
    rows: dict[str, Lookup] = {}
    lanes = [[_with_names(call, rows) for call in lane] for lane in race.lanes]
    return _TEMPLATE.format(
        driver=fixture.target,
        history=drawn(violation.history),
        fixture="\n".join(fixture.lines()),
        contexts="\n".join(_contexts(race)),
        allowed=textwrap.indent(pprint.pformat(_in_lists(allowed(race)), width=96), "    "),
        prepared=textwrap.indent("\n".join(_preparations(race, rows)), "    "),
        lanes=_written(f"[{', '.join(map(_deferred, lane))}]" for lane in lanes),
        final=_written(map(_deferred, race.final)),
        told=inspect.getsource(told),
    )


def _contexts(race: Race) -> Iterator[str]:
    called = [call for part in (race.prefix, *race.lanes, race.final) for call in part]
    for name in dict.fromkeys(["admin", *(call.context for call in called if call.context)]):
        who = CAST[name]
        yield (
            f"{name} = SimpleNamespace(owner={who.owner!r}, is_admin={who.is_admin},"
            f" can_see_deleted={who.can_see_deleted})"
        )


def _preparations(race: Race, rows: Mapping[str, Lookup]) -> Iterator[str]:
    yield "db.reset()"
    target = reference()
    for call in race.prefix:
        if outcome_of(call, target)[0] == "returned":  # the others do nothing
            yield f"db.{call}"
    for name, lookup in rows.items():
        is_there = resolved(lookup, target.call) != NO_ROW
        yield f"{name} = {f'db.{lookup}' if is_there else NO_ROW}"


def _deferred(call: Call) -> str:
    return f"lambda: db.{call}"


def _written(parts: Iterable[str]) -> str:
    """Write a list within a function, a part a line."""
    lines = "".join(f"        {part},\n" for part in parts)
    return f"[\n{lines}    ]" if lines else "[]"


def _in_lists(found: list[Outcomes]) -> list[list[list[Outcome]]]:
    """Return what lanes may come to in the lists in which the test collects it."""
    return [[list(lane) for lane in outcomes] for outcomes in found]


@frozen
class _Name:
    """A variable of the test, in the place of an argument."""

    name: str

    def __repr__(self) -> str:
        return self.name


def _with_names(call: Call, rows: dict[str, Lookup]) -> Call:
    """Return the call with a variable for each lookup in it; note in `rows` which is which."""
    arguments = tuple((name, _named(value, rows)) for name, value in call.arguments)
    return evolve(call, arguments=arguments)


def _named(value: Any, rows: dict[str, Lookup]) -> Any:
    if isinstance(value, Lookup):
        known = [name for name, lookup in rows.items() if lookup == value]
        name = known[0] if known else f"row_{len(rows) + 1}"
        rows[name] = value
        return _Name(name)
    if isinstance(value, dict):
        return {key: _named(part, rows) for key, part in value.items()}
    if isinstance(value, list):
        return [_named(part, rows) for part in value]
    return value
