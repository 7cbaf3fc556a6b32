"""The result as JSON, whose keys docs/oracle.md lists, and as JUnit XML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from simple_db.oracle.comparing.outcomes import CallOutcome, Raised
from simple_db.oracle.findings import sentences
from simple_db.oracle.findings.clauses import clause_of
from simple_db.oracle.findings.evidence import explained
from simple_db.oracle.report.result import fingerprint_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simple_db.oracle.findings.evidence import Evidence
    from simple_db.oracle.report.result import Result

JSON_VERSION = 1
"""The version of the JSON; it changes when a key is removed or changes its meaning."""


def as_json(result: Result) -> str:
    """Return the result as JSON; answers and calls in it are text, as Python writes them."""
    return json.dumps(_document(result), indent=2) + "\n"


def _document(result: Result) -> dict[str, Any]:
    findings, request = result.findings, result.request
    return {
        "version": JSON_VERSION,
        "target": request.target,
        "agrees": result.agrees,
        "ops": list(request.ops),
        "seed": request.seed,
        "budget_seconds": request.budget,
        "seconds": round(findings.seconds, 3),
        "programs": findings.programs,
        "calls": findings.calls,
        "signatures": [
            {
                "function": one.function,
                "what": one.what,
                "expected": one.expected,
                "actual": one.actual,
                "fingerprint": str(fingerprint_of(one)),
            }
            for one in result.new_signatures
        ],
        "divergences": list(_divergences(result)),
        "races": [str(violation) for violation in result.true_races],
        "histories": result.races.histories if result.races else 0,
        "known": [
            {
                "fingerprint": str(fingerprint),
                "kind": entry.kind,
                "reason": entry.reason,
                "met": result.met.get(fingerprint, 0),
            }
            for entry in result.known
            for fingerprint in entry.fingerprints
        ],
        "unmet": [str(fingerprint) for fingerprint in result.unmet],
        "coverage": [
            {
                "function": cell.function,
                "context": cell.context or None,
                "outcome": cell.outcome,
                "calls": count,
            }
            for cell, count in sorted(
                findings.coverage.items(),
                key=lambda item: (item[0].function, item[0].context, item[0].outcome),
            )
        ],
        "never_called": result.never_called,
        "statuses": dict(sorted(findings.statuses.items())),
    }


def _divergences(result: Result) -> Iterator[dict[str, Any]]:
    for evidence, path in result.with_paths:
        divergence, fingerprint = evidence.divergence, evidence.divergence.fingerprint
        explanation = explained(divergence)
        yield {
            "sentence": sentences.sentence(divergence),
            "function": fingerprint.function,
            "outcomes": fingerprint.outcomes,
            "field": fingerprint.field,
            "features": list(fingerprint.features),
            "fingerprint": str(fingerprint),
            "of": "state" if divergence.is_of_state else "answer",
            "leak": divergence.is_leak,
            "program": [str(call) for call in divergence.program],
            "reference": _outcome(divergence.expected),
            "target": _outcome(divergence.actual),
            "difference": {
                "field": divergence.difference.field,
                "reference": _there(divergence.difference.expected),
                "target": _there(divergence.difference.actual),
            },
            "clause": clause_of(fingerprint).row,
            "explanation": None if explanation is None else str(explanation),
            "repeated": evidence.repeated,
            "test": None if path is None else str(path),
        }


def _outcome(outcome: CallOutcome) -> dict[str, Any]:
    if isinstance(outcome, Raised):
        return {"raises": outcome.error, "message": outcome.message}
    return {"returns": repr(outcome.value)}


def _there(value: Any) -> str | None:
    """Return what one side has in a place, or None if it has nothing there."""
    return None if value is ... else repr(value)


# --- JUnit ---------------------------------------------------------------------------------------


def as_junit(result: Result) -> str:
    """Return the result as JUnit XML.

    There is a failing test case for each divergence, difference of signature, race and stale entry
    of the register, and a passing one for each other function that was called.
    """
    cases = [*_failures(result)]
    failed = {case.get("name") for case in cases}
    called = {cell.function for cell in result.findings.coverage}
    diverging = {one.divergence.fingerprint.function for one in result.evidence}
    passed = [
        _case(result, function) for function in sorted(called - diverging) if function not in failed
    ]
    suite = ET.Element(
        "testsuite",
        name=f"simple-db oracle {result.request.target}",
        tests=str(len(cases) + len(passed)),
        failures=str(len(cases)),
        errors="0",
        skipped="0",
        time=f"{result.findings.seconds:.3f}",
    )
    suite.extend([*cases, *passed])
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _failures(result: Result) -> Iterator[ET.Element]:
    for one in result.new_signatures:
        yield _failure(result, f"signature of {one.function}: {one.what}", str(one.actual))
    for evidence in result.evidence:
        yield _failure(result, sentences.sentence(evidence.divergence), _story(evidence))
    for violation in result.true_races:
        yield _failure(result, f"race of {', '.join(sorted(violation.functions))}", str(violation))
    for fingerprint in result.unmet:
        yield _failure(result, f"known: {fingerprint}", "Stale: remove it from the register.")


def _story(evidence: Evidence) -> str:
    divergence, difference = evidence.divergence, evidence.divergence.difference
    return "\n".join(
        [
            *map(str, divergence.program),
            f"in {difference.field or 'the outcome'}",
            f"reference: {difference.expected!r}",
            f"target: {difference.actual!r}",
            f"fingerprint: {divergence.fingerprint}",
        ]
    )


def _case(result: Result, name: str) -> ET.Element:
    return ET.Element("testcase", classname=result.request.target, name=_printable(name))


def _failure(result: Result, name: str, story: str) -> ET.Element:
    case = _case(result, name)
    failure = ET.SubElement(case, "failure", message=_printable(name), type="Divergence")
    failure.text = _printable(story)
    return case


def _printable(text: str) -> str:
    """Return the text without the characters that XML cannot have."""
    return "".join(
        one if one.isprintable() or one in "\n\t" else "\N{REPLACEMENT CHARACTER}" for one in text
    )
