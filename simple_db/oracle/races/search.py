"""The search for races whose outcomes no order of the calls explains, and the shortest of each."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from simple_db.api import FUNCTIONS
from simple_db.oracle.races.histories import (
    History,
    drawn,
    eager_switching,
    record,
    record_in_turn,
    shown,
)
from simple_db.oracle.races.lanes import Race, random_race
from simple_db.oracle.races.linearizability import Refusal, refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator

    from simple_db.oracle.programs.calls import Program
    from simple_db.oracle.targets.target import Target

_RUNS = 3
"""How often each race is run in the search: each time, threads meet in another way."""

_TRIES = 40
"""How often a shorter race is run until it counts as explained."""

_ORDERS = 24
"""The most orders in which lanes are run in turn: all orders of four lanes."""


@frozen
class Violation:
    """The shortest race found, and a history of it that is not linearizable.

    Attributes:
        race: The calls.
        history: The calls with their outcomes.
        refusal: Why no order of the calls explains the outcomes.
        in_turn: Whether the target also differs from simple_db when the lanes run one after
            another. Then it takes no threads to show it.
    """

    race: Race
    history: History
    refusal: Refusal
    in_turn: bool

    @property
    def functions(self) -> frozenset[str]:
        """The functions that the lanes call."""
        return frozenset(call.function for lane in self.race.lanes for call in lane)

    def __str__(self) -> str:
        """Draw the lanes, and say how many of the calls some order explains."""
        explained = "; ".join(str(event.call) for event in self.refusal.longest)
        lines = [
            drawn(self.history),
            f"No order of the calls explains this. After {explained or 'the calls before'},",
            *(f"  {event.call} would have {shown(what)}" for event, what in self.refusal.instead),
        ]
        if self.in_turn:
            lines.append("It takes no threads: lanes that run one after another show it, too.")
        return "\n".join(lines)


@frozen
class RaceFindings:
    """What a search found.

    Attributes:
        histories: How many histories were checked, without those of shrinking.
        violations: The shortest for each set of functions.
    """

    histories: int
    violations: tuple[Violation, ...]


def search(
    target: Target,
    *,
    histories: int,
    lanes: int = 3,
    seed: int = 0,
    functions: Container[str] = FUNCTIONS,
    goes_on: Callable[[RaceFindings], bool] = lambda _: True,
) -> RaceFindings:
    """Run random races on the target and check their outcomes.

    Args:
        target: The target, which is called from many threads.
        histories: How many to check at most.
        lanes: How many threads each race has, 2 at least.
        seed: Determines the races, though not how their threads meet.
        functions: Functions to call, if the target has them.
        goes_on: Called with what was found so far before each history; False ends the search.

    Raises:
        CannotRun: calls of the target wait for each other.
    """
    chance = random.Random(seed)  # noqa: S311 - no secret is made
    there = {one for one in FUNCTIONS if one in functions and target.signature(one) is not None}
    found = RaceFindings(0, ())
    with eager_switching():
        while found.histories < histories and goes_on(found):
            if found.histories % _RUNS == 0:
                race = random_race(chance, lanes, there)
            new = _new_violations(race, target, found.violations)
            found = RaceFindings(found.histories + 1, (*found.violations, *new))
    return found


def _new_violations(
    race: Race, target: Target, known: tuple[Violation, ...]
) -> Iterator[Violation]:
    """Run the race once and yield its violation, unless a known one may be the cause."""
    violation = _violation(race, target, tries=1)
    if violation and not any(one.functions <= violation.functions for one in known):
        yield _shrunk(violation, target)


def _violation(race: Race, target: Target, *, tries: int) -> Violation | None:
    for _ in range(tries):
        history = record(race, target)
        refused = refusal(history)
        if refused is not None and not _differs_before(history, refused):
            return Violation(race, history, refused, _differs_in_turn(race, target))
    return None


def _differs_before(history: History, refused: Refusal) -> bool:
    """Return whether the target differs in the prefix, before there are threads."""
    return any(event in history.prefix for event, _ in refused.instead)


def _differs_in_turn(race: Race, target: Target) -> bool:
    orders = itertools.islice(itertools.permutations(race.lanes), _ORDERS)
    in_turn = (record_in_turn(evolve(race, lanes=lanes), target) for lanes in orders)
    return any(refusal(history) is not None for history in in_turn)


def _shrunk(violation: Violation, target: Target) -> Violation:
    """Leave out whatever can be left out while a violation of the same kind remains."""
    for race in _shorter(violation.race):
        shorter = _violation(race, target, tries=_TRIES)
        if shorter is not None and shorter.in_turn is violation.in_turn:
            return _shrunk(shorter, target)
    return violation


def _shorter(race: Race) -> Iterator[Race]:
    """Yield the race without a lane, without a call of a lane, or without another call."""
    for place, lane in enumerate(race.lanes):
        others = (*race.lanes[:place], *race.lanes[place + 1 :])
        if len(others) > 1:
            yield evolve(race, lanes=others)
        for part in _one_less(lane) if len(lane) > 1 else ():
            yield evolve(race, lanes=(part, *others))
    for part in _one_less(race.prefix):
        yield evolve(race, prefix=part)
    for part in _one_less(race.final):
        yield evolve(race, final=part)


def _one_less(calls: Program) -> Iterator[Program]:
    return ((*calls[:place], *calls[place + 1 :]) for place in range(len(calls)))
