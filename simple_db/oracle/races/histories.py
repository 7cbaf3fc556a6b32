"""Histories: what the calls of a race came to on a target, and which of them overlapped.

Before and after each call a counter is read. A call precedes another if it responded before the
other was invoked; otherwise the two overlap.
"""

from __future__ import annotations

import contextlib
import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from simple_db.oracle.programs.calls import Call, Program, resolved
from simple_db.oracle.targets.target import CannotRun, Target

if TYPE_CHECKING:
    from simple_db.oracle.races.lanes import Race

Ticks = Iterator[int]

Outcome = tuple[str, Any]
"""``("returned", what is told of the answer)`` or ``("raised", name of the class)``."""

_PATIENCE = 60  # seconds until a lane that does not end is taken for a deadlock


@frozen
class Event:
    """One call of a history.

    Attributes:
        call: As it is in the race, lookups and all.
        outcome: What it came to.
        invoked: The counter before the call.
        responded: The counter after it.
    """

    call: Call
    outcome: Outcome
    invoked: int
    responded: int


@frozen
class History:
    """What happened in a race: the events of its three parts."""

    prefix: tuple[Event, ...]
    lanes: tuple[tuple[Event, ...], ...]
    final: tuple[Event, ...]

    @property
    def parallel(self) -> tuple[Event, ...]:
        """The events of all lanes, one lane after another."""
        return tuple(itertools.chain(*self.lanes))


def record(race: Race, target: Target) -> History:
    """Run the race on the target, emptied before, and return what happened.

    Raises:
        CannotRun: a lane does not end, as when calls wait for each other.
    """
    return _recorded(race, target, _at_once)


def record_in_turn(race: Race, target: Target) -> History:
    """Run the race on the target without threads, lane after lane, and return what happened."""
    return _recorded(race, target, _in_turn)


Lanes = Callable[[Sequence[Program], Target, Ticks], Sequence[tuple[Event, ...]]]


def _recorded(race: Race, target: Target, run: Lanes) -> History:
    target.reset()
    ticks = itertools.count()
    prefix = _sequence(race.prefix, target, ticks)
    happened = run([bound(lane, target) for lane in race.lanes], target, ticks)
    lanes = tuple(
        tuple(evolve(event, call=call) for call, event in zip(lane, events, strict=True))
        for lane, events in zip(race.lanes, happened, strict=True)
    )
    return History(prefix, lanes, _sequence(race.final, target, ticks))


def bound(calls: Program, target: Target) -> Program:
    """Return the calls with every lookup replaced by what it finds on the target now."""
    return tuple(
        evolve(
            call,
            arguments=tuple((name, resolved(value, target.call)) for name, value in call.arguments),
        )
        for call in calls
    )


def _in_turn(lanes: Sequence[Program], target: Target, ticks: Ticks) -> Sequence[tuple[Event, ...]]:
    return [_sequence(lane, target, ticks) for lane in lanes]


def _at_once(lanes: Sequence[Program], target: Target, ticks: Ticks) -> Sequence[tuple[Event, ...]]:
    late = set(range(len(lanes)))
    happened: dict[int, tuple[Event, ...]] = {}

    def run(number: int) -> None:
        late.remove(number)
        while late:  # a barrier would let one lane go well before the next
            time.sleep(0)
        happened[number] = _sequence(lanes[number], target, ticks)

    threads = [
        threading.Thread(target=run, args=(number,), daemon=True) for number in range(len(lanes))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE)
    if len(happened) < len(lanes):
        calls = "; ".join(str(call) for lane in lanes for call in lane)
        raise CannotRun(f"{target.name} does not come back from these calls at once: {calls}")
    return [happened[number] for number in range(len(lanes))]


def _sequence(calls: Program, target: Target, ticks: Ticks) -> tuple[Event, ...]:
    return tuple(_event(call, target, ticks) for call in calls)


def _event(call: Call, target: Target, ticks: Ticks) -> Event:
    invoked = next(ticks)
    try:
        answer = target.call(call)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the call came to
        return Event(call, ("raised", type(error).__name__), invoked, next(ticks))
    responded = next(ticks)
    return Event(call, ("returned", told(answer)), invoked, responded)


def outcome_of(call: Call, target: Target) -> Outcome:
    """Make the call and return what it came to."""
    return _event(call, target, itertools.count()).outcome


def told(answer: Any) -> Any:
    """Return what decides of an answer: no time, no id that a driver made up, no deleted child."""
    if isinstance(answer, dict):
        deciding = {
            *("status", "name", "value", "visibility", "owner", "size", "min_ram", "deleted"),
            *("properties", "locations", "tags", "url", "metadata", "member", "can_share", "hits"),
        }
        return {key: told(answer[key]) for key in sorted(deciding & answer.keys())}
    if isinstance(answer, list | tuple | set):
        parts = [part for part in answer if not (isinstance(part, dict) and part.get("deleted"))]
        return sorted(map(told, parts), key=repr)
    return answer


@contextlib.contextmanager
def eager_switching() -> Iterator[None]:
    """Let Python switch between threads as often as it can, so that races show."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def drawn(history: History) -> str:
    """Return the history as text: a row a call, and a bar from its invocation to its response."""
    rows = [("before", event) for event in history.prefix]
    rows += [
        (f"lane {number}", event) for number, lane in enumerate(history.lanes, 1) for event in lane
    ]
    rows += [("after", event) for event in history.final]
    begin = min((event.invoked for event in history.parallel), default=0)
    end = max((event.responded for event in history.parallel), default=0)
    width = end - begin + 1
    return "\n".join(
        f"{part:<7} {_bar(event, begin, end):<{width}}  {event.call}  {shown(event.outcome)}"
        for part, event in rows
    )


def _bar(event: Event, begin: int, end: int) -> str:
    """Draw one character a tick; what is before and after the lanes has no bar."""
    if event.invoked < begin or event.responded > end:
        return ""
    inside = event.responded - event.invoked - 1
    return " " * (event.invoked - begin) + "[" + "=" * inside + "]"


def shown(outcome: Outcome) -> str:
    """Return the outcome in words."""
    kind, what = outcome
    return f"raised {what}" if kind == "raised" else f"returned {what!r}"
