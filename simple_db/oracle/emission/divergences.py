"""A divergence as a pytest file of its own, which needs the target and nothing of simple_db.

The test makes the calls of the program and asserts what the reference answers, in the one place
where the target answers something else.
"""

from __future__ import annotations

import contextlib
import re
import textwrap
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, frozen

from simple_db.oracle.comparing.outcomes import Outcome, Raised
from simple_db.oracle.emission.assertions import Claim, claim, is_plain, variable_of
from simple_db.oracle.emission.source import (
    WIDTH,
    Expression,
    Invocation,
    fits,
    statement,
    tidied,
    written,
)
from simple_db.oracle.findings import sentences
from simple_db.oracle.findings.clauses import clause_of
from simple_db.oracle.programs.calls import NO_ROW, Call, Lookup, parameters_of, placed, resolved
from simple_db.oracle.programs.cast import CAST
from simple_db.oracle.targets.target import DriverTarget, reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from simple_db.oracle.comparing.comparison import Divergence, Step
    from simple_db.oracle.emission.fixtures import Fixture
    from simple_db.oracle.findings.evidence import Evidence


@frozen
class EmittedTest:
    """A pytest file.

    Attributes:
        name: That of its only test, which is a sentence.
        text: What is in the file.
    """

    name: str
    text: str

    def passes_on(self, driver: Any) -> bool:
        """Run the test on a driver without a row, and return whether it passes."""
        names: dict[str, Any] = {}
        exec(compile(self.text, f"{self.name}.py", "exec"), names)  # noqa: S102 - our own text
        try:
            names[self.name](driver)
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - pytest's own are no `Exception`
            return False
        return True


def emitted(evidence: Evidence, fixture: Fixture) -> EmittedTest:
    """Return a test that passes on the reference and fails on the target.

    Args:
        evidence: What to show.
        fixture: How the test gets at the target.
    """
    name = sentences.name_of(evidence.divergence)
    body = list(_body(evidence))
    text = "\n".join(
        [
            *_docstring(evidence, fixture),
            "",
            *_imports([*body, *fixture.lines()]),
            *_constants(body),
            "",
            "",
            *fixture.lines(),
            "",
            "",
            *(_NOW if "now()" in "\n".join(body) else []),
            f"def {name}(db):",
            *body,
            "",
        ]
    )
    return EmittedTest(name, text)


def write(tests: Iterable[EmittedTest], directory: Path) -> list[Path]:
    """Write each test into a file of its own, and return the paths in the same order.

    The directory is made if it is not there; other files in it stay.
    """
    directory.mkdir(parents=True, exist_ok=True)
    names: set[str] = set()
    paths = []
    for test in tests:
        path = directory / f"{_free(test.name, names)}.py"
        path.write_text(test.text, encoding="utf-8")
        paths.append(path)
    return paths


def _free(name: str, names: set[str]) -> str:
    """Return the name, with a number behind it if it is taken, and take it."""
    free, number = name, 1
    while free in names:
        number += 1
        free = f"{name}_{number}"
    names.add(free)
    return free


# --- the head of the file ------------------------------------------------------------------------

_NOW = [
    "def now():",
    '    """Return the time as drivers have it: UTC, without saying so."""',
    "    return datetime.now(timezone.utc).replace(tzinfo=None)",
    "",
    "",
]


def _docstring(evidence: Evidence, fixture: Fixture) -> Iterator[str]:
    divergence = evidence.divergence
    clause = clause_of(divergence.fingerprint)
    paragraphs = [
        f"Clause {clause.row} of simple_db's docs/semantics.md: {clause.says}",
        _difference(divergence, fixture.target),
        f"Fingerprint: {divergence.fingerprint}",
    ]
    yield f'"""{sentences.sentence(divergence)}.'
    yield ""
    for paragraph in paragraphs:
        yield from textwrap.wrap(
            paragraph.replace("\\", "\\\\").strip(), WIDTH, break_on_hyphens=False
        )
    yield '"""'


def _difference(divergence: Divergence, target: str) -> str:
    """Tell in a sentence what the target does instead."""
    field = divergence.difference.field
    if not field:
        expected, actual = _kind(divergence.expected), _kind(divergence.actual)
        return f"The last call {expected}; on {target} it {actual}."
    if divergence.is_of_state:
        function = divergence.program[-2].function
        return f"{function} leaves another state on {target}; the last call shows it, in {field}."
    return f"The last call returns something else on {target}, in {field}."


def _kind(outcome: Outcome) -> str:
    return f"raises {outcome.error}" if isinstance(outcome, Raised) else "returns"


def _imports(lines: Sequence[str]) -> Iterator[str]:
    text = "\n".join(lines)
    yield "import importlib"
    yield "import os"
    if "suppress(" in text:
        yield "from contextlib import suppress"
    if "datetime(" in text or "datetime." in text or "now()" in text:
        yield f"from datetime import datetime{', timezone' * ('now()' in text)}"
    if _callers(text):
        yield "from types import SimpleNamespace"
    yield from ("", "import pytest")


def _constants(body: Sequence[str]) -> Iterator[str]:
    """Give the callers that the test names, and the id of no row."""
    text = "\n".join(body)
    lines = [line for name in _callers(text) for line in _caller(name)]
    if "NO_ROW" in text:
        lines.append(f"NO_ROW = {NO_ROW}")
    yield from ["", *lines] if lines else []


def _callers(text: str) -> list[str]:
    return [name for name in CAST if re.search(rf"\b{name.upper()}\b", text)]


def _caller(name: str) -> list[str]:
    who = CAST[name]
    given = {"owner": who.owner, "is_admin": who.is_admin, "can_see_deleted": who.can_see_deleted}
    return statement(f"{name.upper()} = ", Invocation("SimpleNamespace", names=given), depth=0)


# --- the test ------------------------------------------------------------------------------------


def _body(evidence: Evidence) -> Iterator[str]:
    *before, last = evidence.steps
    made = claim(evidence) if not isinstance(last.expected, Raised) else Claim(())
    writer = _Writer(made)
    for place, step in enumerate(before):
        yield from writer.call_before(place, step)
    if before:
        yield ""
    yield from writer.last_call(len(before), last)


@define
class _Writer:
    """The writer of a body; the reference goes along, to tell which lookups find a row."""

    claim: Claim
    reference: DriverTarget = Factory(reference)

    def call_before(self, place: int, step: Step) -> Iterator[str]:
        lookups, invocation = self._call(step.call)
        yield from lookups
        if isinstance(step.expected, Raised) or isinstance(step.actual, Raised):
            yield f"    with suppress(Exception):  # {_kind(step.expected)}"
            yield from statement("", invocation, depth=2)
        else:
            keeps = "earlier = " * (self.claim.kept == place)
            yield from self._timed(place, statement(keeps, invocation))
        with contextlib.suppress(Exception):
            self.reference.call(step.call)

    def last_call(self, place: int, step: Step) -> Iterator[str]:
        lookups, invocation = self._call(step.call)
        yield from lookups
        if isinstance(step.expected, Raised):
            yield "    with pytest.raises(Exception) as caught:"
            yield from statement("", invocation, depth=2)
            yield f"    assert caught.type.__name__ == {written(step.expected.error)}"
            return
        variable = variable_of(step.call, step.expected.value)
        compared = f"assert {variable} "
        for line in self.claim.lines:
            asked = line.replace(compared, f"assert {written(invocation)} ", 1)
            if is_plain(step.expected.value) and line.startswith(compared) and fits(asked):
                yield f"    {asked}"
                return
        yield from self._timed(place, statement(f"{variable} = ", invocation))
        yield from (f"    {line}" for line in self.claim.lines)

    def _timed(self, place: int, lines: Iterable[str]) -> Iterator[str]:
        if self.claim.timed != place:
            yield from lines
            return
        yield "    before = now()"
        yield from lines
        yield "    after = now()"

    def _call(self, call: Call) -> tuple[list[str], Invocation]:
        """Return the lines that look for rows, and the call with what they find."""
        found: dict[Call, str] = {}
        places, names = placed(
            call.function,
            {name: self._with_names(tidied(value), found) for name, value in call.arguments},
        )
        caller = [Expression(str(call.context or "admin").upper())]
        invocation = Invocation(
            f"db.{call.function}",
            (*(caller if parameters_of(call.function).has_context else []), *places),
            names,
        )
        lines = [
            line
            for looked, variable in found.items()
            for line in statement(f"{variable} = ", self._call(looked)[1])
        ]
        return lines, invocation

    def _with_names(self, value: Any, found: dict[Call, str]) -> Any:
        """Return an argument with an expression for each lookup; note which calls look."""
        if isinstance(value, Lookup):
            if resolved(value, self.reference.call) == NO_ROW:
                return Expression("NO_ROW")
            answer: Any = [] if value.path[0] == 0 else {}
            taken = f"_{len(found) + 1}" if found and value.call not in found else ""
            variable = found.setdefault(value.call, variable_of(value.call, answer) + taken)
            return Expression(variable + "".join(f"[{written(step)}]" for step in value.path))
        if isinstance(value, dict):
            return {key: self._with_names(part, found) for key, part in value.items()}
        if isinstance(value, list):
            return [self._with_names(part, found) for part in value]
        return value
