"""A divergence with its evidence: every outcome, and why a caller sees an image or does not."""

from __future__ import annotations

import contextlib
import itertools
from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from simple_db.api import Database
from simple_db.oracle.comparing.outcomes import Raised
from simple_db.oracle.programs.cast import CAST
from simple_db.oracle.targets.target import reference

if TYPE_CHECKING:
    from simple_db.operations.explanation import Explanation
    from simple_db.oracle.comparing.comparison import Divergence, Sides, Step
    from simple_db.oracle.programs.calls import Call, Program

_OF_VISIBILITY = {"Forbidden", "ForbiddenPublicImage", "ImageNotFound"}


@frozen
class Evidence:
    """A divergence, and the outcomes of every call of its program.

    Attributes:
        divergence: Its program shows it when it is run from beginning to end.
        steps: The calls of the program, in order.
        repeated: Whether it occurred again when the program was run again.
    """

    divergence: Divergence
    steps: tuple[Step, ...]
    repeated: bool = True

    @property
    def program(self) -> Program:
        """The calls."""
        return self.divergence.program


def gathered(divergence: Divergence, both: Sides) -> Evidence:
    """Run the program of a divergence again, and return it with the outcomes of all calls.

    If the state differs only when it is read after every call, the program includes these reads.
    """
    programs = [divergence.program]
    if divergence.is_of_state:
        *calls, read = divergence.program
        programs.append(tuple(itertools.chain.from_iterable((call, read) for call in calls)))
    for program in programs:
        steps = both.steps(program)
        for difference in steps[-1].differences:
            if difference.field == divergence.difference.field:
                last = steps[-1]
                again = evolve(
                    divergence,
                    program=program,
                    difference=difference,
                    expected=last.expected,
                    actual=last.actual,
                )
                return Evidence(again, tuple(steps))
    return Evidence(divergence, tuple(both.steps(divergence.program)), repeated=False)


def explained(divergence: Divergence) -> Explanation | None:
    """Return why the last caller can or cannot see and change an image, or None.

    None if the sides do not differ in who sees, lists or changes an image.
    """
    *before, last = divergence.program
    image_id = _in_question(divergence)
    if image_id is None or last.context is None:
        return None
    database = Database()
    target = reference(database)
    for call in before:
        with contextlib.suppress(Exception):
            target.call(call)
    explanation = database.explain(CAST[last.context], image_id)
    return explanation if explanation.steps[0].holds else None


def _in_question(divergence: Divergence) -> str | None:
    """Return the id of the image that only one side shows or changes, or None."""
    last, difference = divergence.program[-1], divergence.difference
    if last.function == "image_get_all" and difference.field in {"[] missing", "[] extra"}:
        listed = set(difference.expected) ^ set(difference.actual)
        return min(listed, default=None)
    outcomes = (divergence.expected, divergence.actual)
    raised = {outcome.error for outcome in outcomes if isinstance(outcome, Raised)}
    return _image_of(last) if difference.field == "" and raised & _OF_VISIBILITY else None


def _image_of(call: Call) -> str | None:
    given = call.given()
    values: Any = given.get("values")
    named = values.get("image_id") if isinstance(values, dict) else None
    return given.get("image_id") or given.get("image_ref") or named
