"""Histories: the outcomes of the calls of a race on a target, and which calls overlapped.

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

OutcomeSummary = tuple[str, Any]
"""What is compared of an outcome: ``("returned", summary)`` or ``("raised", name of class)``."""

_PATIENCE = 60  # seconds, after which a lane that has not ended counts as a deadlock


@frozen
class Event:
    """One call of a history.

    Attributes:
        call: As it is in the race, with its lookups.
        outcome: Its outcome.
        invoked: The counter before the call.
        responded: The counter after it.
    """

    call: Call
    outcome: OutcomeSummary
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
    """Empty the target, run the race on it, and return what happened.

    Raises:
        CannotRun: a lane does not end, probably because calls wait for each other.
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
        while late:  # a barrier would wake the lanes one after another
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
        raise CannotRun(f"{target.name} does not return from these calls in threads: {calls}")
    return [happened[number] for number in range(len(lanes))]


def _sequence(calls: Program, target: Target, ticks: Ticks) -> tuple[Event, ...]:
    return tuple(_event(call, target, ticks) for call in calls)


def _event(call: Call, target: Target, ticks: Ticks) -> Event:
    invoked = next(ticks)
    try:
        answer = target.call(call)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the outcome
        return Event(call, ("raised", type(error).__name__), invoked, next(ticks))
    responded = next(ticks)
    return Event(call, ("returned", summary(answer)), invoked, responded)


def outcome_of(call: Call, target: Target) -> OutcomeSummary:
    """Make the call and return its outcome."""
    return _event(call, target, itertools.count()).outcome


def summary(answer: Any) -> Any:
    """Return what is compared of an answer: no times, made-up ids or deleted rows."""
    if isinstance(answer, dict):
        compared = {
            *("status", "name", "value", "visibility", "owner", "size", "min_ram"),
            *("deleted", "properties", "locations", "tags", "url", "metadata"),
            *("member", "can_share", "hits"),
        }
        return {key: summary(answer[key]) for key in sorted(compared & answer.keys())}
    if isinstance(answer, list | tuple | set):
        live = [it for it in answer if not (isinstance(it, dict) and it.get("deleted"))]
        return sorted(map(summary, live), key=repr)
    return answer


@contextlib.contextmanager
def eager_switching() -> Iterator[None]:
    """Let Python switch between threads as often as possible, so that races occur."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def drawn(history: History) -> str:
    """Return the history as text: a line for each call, with a bar from invocation to response."""
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
    """Draw a character for each tick; calls before and after the lanes have no bar."""
    if event.invoked < begin or event.responded > end:
        return ""
    inside = event.responded - event.invoked - 1
    return " " * (event.invoked - begin) + "[" + "=" * inside + "]"


def shown(outcome: OutcomeSummary) -> str:
    """Return the outcome in words."""
    kind, what = outcome
    return f"raised {what}" if kind == "raised" else f"returned {what!r}"
