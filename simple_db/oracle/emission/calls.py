"""Calls as source text, and the variables that hold the rows which they name."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from attrs import Factory, define

from simple_db.oracle.comparing.answers import subject_of
from simple_db.oracle.emission.source import Expression, Invocation, statement, written
from simple_db.oracle.programs.calls import (
    NO_ROW,
    Call,
    Lookup,
    parameters_of,
    placed,
    resolved,
    tidied,
)
from simple_db.oracle.targets.target import DriverTarget, reference

if TYPE_CHECKING:
    from collections.abc import Mapping

Variables = dict[Call, str]
"""The variables that hold the answers of calls."""

_NAMES = {
    "properties": "image_property",
    "locations": "location",
    "object": "metadef_object",
    "property": "metadef_property",
    "tag definition": "tag",
    "resource type": "resource_type",
    "cached image": "cached_image",
}


def variable_of(call: Call, value: Any) -> str:
    """Return the name of a variable for the answer, as in ``image`` or ``images``."""
    subject = subject_of(call.function)
    singular = _NAMES.get(subject, subject)
    if not isinstance(value, list):
        return singular
    return f"{singular[:-1]}ies" if singular.endswith("y") else f"{singular}s"


@define
class CallWriter:
    """Writes calls. The reference makes them, too, so that it is known which lookups find a row."""

    reference: DriverTarget = Factory(reference)

    def note(self, call: Call) -> None:
        """Make the call on the reference; the calls that are written next come after it."""
        with contextlib.suppress(Exception):
            self.reference.call(call)

    def invocation(self, call: Call, variables: Variables) -> Invocation:
        """Return the call with a variable for each row that it names.

        Args:
            call: The call.
            variables: The variables so far; those that the call needs are added.
        """
        places, names = placed(
            call.function,
            {name: self._with_names(tidied(value), variables) for name, value in call.arguments},
        )
        caller = [Expression(str(call.context or "admin").upper())]
        return Invocation(
            f"db.{call.function}",
            (*(caller if parameters_of(call.function).has_context else []), *places),
            names,
        )

    def assignments(self, variables: Mapping[Call, str]) -> list[str]:
        """Return the lines that make the calls and assign their answers to the variables."""
        return [
            line
            for call, variable in variables.items()
            for line in statement(f"{variable} = ", self.invocation(call, {}))
        ]

    def _with_names(self, value: Any, variables: Variables) -> Any:
        if isinstance(value, Lookup):
            return self._row(value, variables)
        if isinstance(value, dict):
            return {key: self._with_names(part, variables) for key, part in value.items()}
        if isinstance(value, list):
            return [self._with_names(part, variables) for part in value]
        return value

    def _row(self, lookup: Lookup, variables: Variables) -> Expression:
        if resolved(lookup, self.reference.call) == NO_ROW:
            return Expression("NO_ROW")
        answer: Any = [] if lookup.path[0] == 0 else {}
        number = f"_{len(variables) + 1}" if variables and lookup.call not in variables else ""
        variable = variables.setdefault(lookup.call, variable_of(lookup.call, answer) + number)
        return Expression(variable + "".join(f"[{written(step)}]" for step in lookup.path))
