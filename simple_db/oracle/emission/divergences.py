"""A divergence as a pytest file, which needs the target and nothing of simple_db.

The test makes the calls of the program and asserts what the reference answers, in the one place
where the target answers something else.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from attrs import Factory, define

from simple_db.oracle.comparing.outcomes import CallOutcome, Raised
from simple_db.oracle.emission.assertions import Claim, claim, is_plain
from simple_db.oracle.emission.calls import CallWriter, Variables, variable_of
from simple_db.oracle.emission.files import EmittedTest, as_file
from simple_db.oracle.emission.source import WIDTH, fits, statement, written
from simple_db.oracle.findings import sentences
from simple_db.oracle.findings.clauses import clause_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from simple_db.oracle.comparing.comparison import Divergence, Step
    from simple_db.oracle.emission.fixtures import Fixture
    from simple_db.oracle.findings.evidence import Evidence

_NOW = [
    "def now():",
    '    """Return the time as drivers store it: UTC without a time zone."""',
    "    return datetime.now(timezone.utc).replace(tzinfo=None)",
    "",
    "",
]


def emitted(evidence: Evidence, fixture: Fixture) -> EmittedTest:
    """Return a test that passes on the reference and fails on the target.

    Args:
        evidence: The divergence.
        fixture: Makes the driver.
    """
    name = sentences.name_of(evidence.divergence)
    body = list(_body(evidence))
    code = [*(_NOW if "now()" in "\n".join(body) else []), f"def {name}(db):", *body]
    return as_file(name, list(_docstring(evidence, fixture)), fixture, code)


def _docstring(evidence: Evidence, fixture: Fixture) -> Iterator[str]:
    divergence = evidence.divergence
    clause = clause_of(divergence.fingerprint)
    paragraphs = [
        f"Clause {clause.row} of simple_db's docs/semantics.md: {clause.says}",
        _difference(divergence, fixture.target),
        f"Fingerprint: {divergence.fingerprint}",
    ]
    yield f"{sentences.sentence(divergence)}."
    yield ""
    for paragraph in paragraphs:
        yield from textwrap.wrap(paragraph.strip(), WIDTH, break_on_hyphens=False)


def _difference(divergence: Divergence, target: str) -> str:
    """Return a sentence about what the target does instead."""
    field = divergence.difference.field
    if not field:
        expected, actual = _kind(divergence.expected), _kind(divergence.actual)
        return f"The last call {expected}; on {target} it {actual}."
    if divergence.is_of_state:
        function = divergence.program[-2].function
        return f"{function} leaves another state on {target}; the last call shows it, in {field}."
    return f"The last call returns something else on {target}, in {field}."


def _kind(outcome: CallOutcome) -> str:
    return f"raises {outcome.error}" if isinstance(outcome, Raised) else "returns"


def _body(evidence: Evidence) -> Iterator[str]:
    *before, last = evidence.steps
    made = claim(evidence) if not isinstance(last.expected, Raised) else Claim(())
    writer = _BodyWriter(made)
    for place, step in enumerate(before):
        yield from writer.call_before(place, step)
    if before:
        yield ""
    yield from writer.last_call(len(before), last)


@define
class _BodyWriter:
    """Writes the calls of a test and what it asserts."""

    claim: Claim
    calls: CallWriter = Factory(CallWriter)

    def call_before(self, place: int, step: Step) -> Iterator[str]:
        variables: Variables = {}
        invocation = self.calls.invocation(step.call, variables)
        yield from self.calls.assignments(variables)
        if isinstance(step.expected, Raised) or isinstance(step.actual, Raised):
            yield f"    with suppress(Exception):  # {_kind(step.expected)}"
            yield from statement("", invocation, depth=2)
        else:
            keeps = "earlier = " * (self.claim.kept == place)
            yield from self._timed(place, statement(keeps, invocation))
        self.calls.note(step.call)

    def last_call(self, place: int, step: Step) -> Iterator[str]:
        variables: Variables = {}
        invocation = self.calls.invocation(step.call, variables)
        yield from self.calls.assignments(variables)
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
