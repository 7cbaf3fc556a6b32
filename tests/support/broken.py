"""A driver with a fault: simple_db with a function or two that are not right."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from simple_db import Database
from simple_db.oracle.comparing.comparison import Divergence, compare, sides
from simple_db.oracle.comparing.fingerprints import Fingerprint, features
from simple_db.oracle.findings.evidence import Evidence, gathered
from simple_db.oracle.programs.calls import call
from simple_db.oracle.races.histories import Event, History
from simple_db.oracle.races.lanes import Race
from simple_db.oracle.races.linearizability import Refusal
from simple_db.oracle.races.search import Violation
from simple_db.oracle.targets.target import DriverTarget, reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from simple_db.oracle.programs.calls import Call


class Broken:
    """A database; each function given here takes it first, and is in the place of its own."""

    def __init__(self, **functions: Callable[..., Any]) -> None:
        self.db = Database()
        self.functions = functions

    def __getattr__(self, name: str) -> Any:
        if name in self.functions:
            return functools.partial(self.functions[name], self.db)
        return getattr(self.db, name)


def broken_target(**functions: Callable[..., Any]) -> DriverTarget:
    """Return such a driver as a target called ``broken``."""
    return DriverTarget("broken", Broken(**functions))


def evidence_of(target: DriverTarget, *program: Call) -> Evidence:
    """Return what differs in the answer to the last call, or else in the state after it."""
    both = sides(reference(), target)
    step = both.steps(program)[-1]
    if not step.differences:
        return evidence_of_state(target, *program)
    difference = step.differences[0]
    kinds = f"{step.expected.kind} / {step.actual.kind}"
    known_by = Fingerprint(step.call.function, kinds, difference.field, features(program))
    return gathered(Divergence(program, known_by, difference, step.expected, step.actual), both)


def evidence_of_state(target: DriverTarget, *program: Call) -> Evidence:
    """Return the divergence that a comparison finds."""
    both = sides(reference(), target)
    divergence = compare(program, both)
    assert divergence is not None
    return gathered(divergence, both)


def a_violation(*, in_turn: bool = False) -> Violation:
    """Return a race of two lanes that create the same image."""
    create = call("image_create", "admin", values={"id": "image-1", "status": "active"})
    event = Event(create, ("returned", None), 0, 1)
    history = History((), ((event,), (event,)), ())
    race = Race((), ((create,), (create,)), ())
    return Violation(race, history, Refusal((event,), ((event, ("raised", "Duplicate")),)), in_turn)
