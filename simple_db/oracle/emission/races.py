"""A race as a pytest file, which needs the target and nothing of simple_db."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from attrs import evolve

from simple_db.oracle.emission.calls import CallWriter, Variables
from simple_db.oracle.emission.files import EmittedTest, as_file
from simple_db.oracle.emission.source import Invocation, statement
from simple_db.oracle.races.histories import drawn, outcome_of, summary
from simple_db.oracle.races.linearizability import allowed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simple_db.oracle.emission.fixtures import Fixture
    from simple_db.oracle.programs.calls import Program
    from simple_db.oracle.races.lanes import Race
    from simple_db.oracle.races.search import Violation

_RUN = '''\
def outcome(call):
    try:
        return ("returned", summary(call()))
    except Exception as error:
        return ("raised", type(error).__name__)


def at_once(lanes):
    """Run each lane in a thread of its own, and return the outcomes of its calls."""
    late = set(range(len(lanes)))
    outcomes = [None] * len(lanes)

    def run(number):
        late.remove(number)
        while late:
            time.sleep(0)
        outcomes[number] = [outcome(call) for call in lanes[number]]

    places = range(len(lanes))
    threads = [threading.Thread(target=run, args=(place,)) for place in places]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def {name}(db):
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(RUNS):
            lanes, final = prepared(db)
            outcomes = [*at_once(lanes), [outcome(call) for call in final]]
            assert outcomes in ALLOWED
    finally:
        sys.setswitchinterval(interval)'''


def emitted(violation: Violation, fixture: Fixture) -> EmittedTest:
    """Return a test that fails on a target which has the race.

    It depends on chance how threads meet, so the test makes the calls many times, and may pass.

    Args:
        violation: The race, and a history of it.
        fixture: Makes the driver, which needs a function `reset`.
    """
    race = violation.race
    name = f"test_race_of_{'_and_'.join(sorted(violation.functions))}"
    docstring = [
        f"{fixture.target} under threads: no order of these calls explains their outcomes.",
        *("", *drawn(violation.history).splitlines(), ""),
        "A bar goes from the invocation of a call to its response. The test makes the calls many",
        "times. Each time, the outcomes must be those of some order of the lanes.",
    ]
    constants = [
        *("", "RUNS = 300", ""),
        "# The outcomes of each lane, and of the calls after them, for every order of the lanes.",
        *statement("ALLOWED = ", _in_lists(race), depth=0),
    ]
    code = [
        *_prepared(race),
        *("", "", *inspect.getsource(summary).splitlines()),
        *("", "", *_RUN.format(name=name).splitlines()),
    ]
    return as_file(name, docstring, fixture, code, constants)


def _in_lists(race: Race) -> list[list[list[tuple[str, object]]]]:
    """Return the allowed outcomes in lists, as the test collects its own."""
    return [[list(lane) for lane in outcomes] for outcomes in allowed(race)]


def _prepared(race: Race) -> Iterator[str]:
    """Yield the function that makes the first calls, and returns those of the lanes."""
    writer, variables = CallWriter(), Variables()
    yield "def prepared(db):"
    yield '    """Make the calls before the lanes; return the lanes, and the calls after them."""'
    yield "    db.reset()"
    for call in race.prefix:
        invocation = writer.invocation(call, {})
        if outcome_of(call, writer.reference)[0] == "returned":  # the others change nothing
            yield from statement("", invocation)
    lanes = [_deferred(lane, writer, variables) for lane in race.lanes]
    final = _deferred(race.final, writer, variables)
    yield from writer.assignments(variables)
    yield from statement("lanes = ", lanes)
    yield from statement("final = ", final)
    yield "    return lanes, final"


def _deferred(calls: Program, writer: CallWriter, variables: Variables) -> list[Invocation]:
    invocations = [writer.invocation(call, variables) for call in calls]
    return [evolve(one, function=f"lambda: {one.function}") for one in invocations]
