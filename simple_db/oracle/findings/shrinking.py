"""Shrinking: everything is left out of a program without which it still diverges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from simple_db.oracle.comparing.comparison import Divergence, reproduced
from simple_db.oracle.programs.calls import Call, parameters_of
from simple_db.oracle.programs.domain import NEEDED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simple_db.oracle.comparing.comparison import Sides
    from simple_db.oracle.programs.calls import Program


# An administrator sees everything, and no rule of visibility is for a stranger.
_SIMPLEST_CALLERS = ("admin", "stranger")


def shrunk(divergence: Divergence, both: Sides) -> Divergence:
    """Return the same divergence on a program from which nothing more can be left out.

    Args:
        divergence: What to shrink; its function, outcomes and field stay the same.
        both: The sides on which it was found.
    """
    shorter = _first_shorter(divergence, both)
    while shorter is not None:
        divergence, shorter = shorter, _first_shorter(shorter, both)
    return divergence


def _first_shorter(divergence: Divergence, both: Sides) -> Divergence | None:
    for program in shorter_programs(divergence.program):
        found = reproduced(divergence, program, both)
        if found is not None and found.fingerprint.explains(divergence.fingerprint):
            return found
    return None


def shorter_programs(program: Program) -> Iterator[Program]:
    """Yield programs with one thing less, or with a simpler caller.

    Programs without a whole call come first; the last call is never left out.
    """
    for place in reversed(range(len(program) - 1)):
        yield program[:place] + program[place + 1 :]
    for place, call in enumerate(program):
        for simpler in _simpler_calls(call):
            yield (*program[:place], simpler, *program[place + 1 :])


def _simpler_calls(call: Call) -> Iterator[Call]:
    for simpler in _SIMPLEST_CALLERS:
        if call.context in {None, simpler}:
            break
        yield evolve(call, context=simpler)
    optional = parameters_of(call.function).optional
    for place, (name, value) in enumerate(call.arguments):
        before, after = call.arguments[:place], call.arguments[place + 1 :]
        if name in optional:
            yield evolve(call, arguments=before + after)
        for simpler in _simpler_values(value, NEEDED.get(call.function, frozenset())):
            yield evolve(call, arguments=(*before, (name, simpler), *after))


def _simpler_values(value: Any, needed: frozenset[str]) -> Iterator[Any]:
    """Yield the values without one item, or without one key that is not needed, at any depth."""
    if isinstance(value, dict):
        for key, part in value.items():
            if key not in needed:
                yield {other: value[other] for other in value if other != key}
            for simpler in _simpler_values(part, needed):
                yield value | {key: simpler}
    if isinstance(value, list):
        for place, part in enumerate(value):
            yield value[:place] + value[place + 1 :]
            for simpler in _simpler_values(part, needed):
                yield [*value[:place], simpler, *value[place + 1 :]]
