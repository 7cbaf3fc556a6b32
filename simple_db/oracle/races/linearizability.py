"""Whether a history is linearizable: whether its calls, in some order, explain what they came to.

The order must put a call before every other that was invoked after it had responded; simple_db,
making the calls one after another, must then come to the same outcomes. The search is that of Wing
and Gong (1993), with Lowe's memory of what was tried: which calls were made, and the state after.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from attrs import frozen

from simple_db.api import Database
from simple_db.model.records import as_dict, counts_ids, key_of
from simple_db.oracle.races.histories import Event, History, Outcome, bound, outcome_of
from simple_db.oracle.targets import reference

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from simple_db.model.records import Record
    from simple_db.oracle.programs.calls import Call, Program
    from simple_db.oracle.races.lanes import Race
    from simple_db.store import Cut

_NOW = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - naive UTC, as every time in the database


@frozen
class Refusal:
    """Why no order explains a history.

    Attributes:
        longest: As many of the events after the prefix as some order explains, in that order.
        instead: Each call that could be next, and what it would have come to.
    """

    longest: tuple[Event, ...]
    instead: tuple[tuple[Event, Outcome], ...]


def refusal(history: History) -> Refusal | None:
    """Return why the history is not linearizable, or None if it is."""
    sequence = _Sequence()
    for event in history.prefix:
        outcome = sequence.make(event.call)
        if outcome != event.outcome:
            return Refusal((), ((event, outcome),))
    search = _Search(sequence, (*history.parallel, *history.final))
    return None if search.explains() else search.refusal()


class _Sequence:
    """The reference, which can go back to a state in which it was."""

    def __init__(self) -> None:
        # With a clock that stands still, calls in another order leave the same state.
        self._database = Database(clock=lambda: _NOW)
        self._target = reference(self._database)

    def make(self, call: Call) -> Outcome:
        return outcome_of(call, self._target)

    def bound(self, calls: Program) -> Program:
        return bound(calls, self._target)

    def state(self) -> Cut:
        return self._database.store.cut()

    def go_back(self, state: Cut) -> None:
        self._database.store.become(state)


def _contents(state: Cut, before: Cut) -> Hashable:
    """Return what decides of a state: all but the ids of the rows that were not there before.

    Those depend on the order of the calls and no call names them.
    """
    return tuple(
        tuple(sorted(_content(row, before.next_ids[record]) for row in rows.values()))
        for record, rows in state.rows.items()
    )


def _content(row: Record, next_id: int) -> str:
    columns = as_dict(row)
    if counts_ids(type(row)) and key_of(row) >= next_id:
        del columns[type(row).key[0]]
    return repr(columns)


class _Search:
    """A search for an order that explains the events; sets of events are the bits of a number."""

    def __init__(self, sequence: _Sequence, events: tuple[Event, ...]) -> None:
        self._sequence = sequence
        self._events = events
        self._calls = sequence.bound(tuple(event.call for event in events))
        self._before = sequence.state()
        self._tried: set[tuple[int, Hashable]] = set()
        self._longest: tuple[tuple[int, ...], Cut] = (), self._before

    def explains(self) -> bool:
        return self._explains((), 0, self._before)

    def refusal(self) -> Refusal:
        order, state = self._longest
        return Refusal(
            tuple(self._events[place] for place in order),
            tuple(
                (self._events[place], self._outcome(place, state))
                for place in self._next(sum(1 << place for place in order))
            ),
        )

    def _explains(self, order: tuple[int, ...], made: int, state: Cut) -> bool:
        """Return whether the events can go on after these were made, in this order."""
        contents = _contents(state, self._before)
        if (made, contents) in self._tried:
            return False
        self._tried.add((made, contents))
        if len(order) > len(self._longest[0]):
            self._longest = order, state
        for place in self._next(made):
            if self._outcome(place, state) == self._events[place].outcome:
                after = self._sequence.state()
                if self._explains((*order, place), made | 1 << place, after):
                    return True
        return len(order) == len(self._events)

    def _next(self, made: int) -> list[int]:
        """Return the events still to come that none of the others precedes."""
        left = [place for place in range(len(self._events)) if not made & 1 << place]
        first = min((self._events[place].responded for place in left), default=0)
        return [place for place in left if self._events[place].invoked < first]

    def _outcome(self, place: int, state: Cut) -> Outcome:
        self._sequence.go_back(state)
        return self._sequence.make(self._calls[place])


Outcomes = tuple[tuple[Outcome, ...], ...]
"""The outcomes of each lane of a race, and then those of its final calls."""


def allowed(race: Race) -> list[Outcomes]:
    """Return what the race may come to: its outcomes in every order of its lanes, each once."""
    sequence = _Sequence()
    for call in race.prefix:
        sequence.make(call)
    lanes = tuple(sequence.bound(lane) for lane in race.lanes)
    found: list[Outcomes] = []
    for outcomes in _interleaved(sequence, lanes, ((),) * len(lanes), race.final):
        if outcomes not in found:
            found.append(outcomes)
    return found


def _interleaved(
    sequence: _Sequence, lanes: tuple[Program, ...], made: Outcomes, final: Program
) -> Iterator[Outcomes]:
    state = sequence.state()
    if not any(lanes):
        yield (*made, tuple(sequence.make(call) for call in final))
    for place, lane in enumerate(lanes):
        if lane:
            sequence.go_back(state)
            outcome = sequence.make(lane[0])
            rest = (*lanes[:place], lane[1:], *lanes[place + 1 :])
            now = (*made[:place], (*made[place], outcome), *made[place + 1 :])
            yield from _interleaved(sequence, rest, now, final)
