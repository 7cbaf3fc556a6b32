"""What is told of a result: on the terminal, as JSON, and as JUnit XML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve
from rich.console import Console

from simple_db.oracle.comparing.fingerprints import Fingerprint, parse
from simple_db.oracle.comparing.signatures import SignatureDifference
from simple_db.oracle.findings.register import Entry
from simple_db.oracle.findings.search import Coverage, Findings
from simple_db.oracle.programs.calls import call
from simple_db.oracle.races.search import RaceFindings
from simple_db.oracle.report import exports
from simple_db.oracle.report import terminal as report
from simple_db.oracle.report.result import Result, Task
from tests.support.broken import a_violation, broken_target, evidence_of

if TYPE_CHECKING:
    from simple_db import Database
    from simple_db.oracle.findings.evidence import Evidence

AN_IMAGE = call(
    "image_create", "admin", values={"id": "image-1", "status": "active", "owner": "alice"}
)
GET = call("image_get", "stranger", image_id="image-1")
TASK = Task("somebodys.driver", ("images", "tags"), 120.0, 7)
NO_TAGS = SignatureDifference("image_tag_create", "has no parameter value", "(value)", "(tag)")


def open_to_all(db: Database, _context: Any, image_id: str, **options: Any) -> Any:
    return db.image_get(None, image_id, **options)


def killed(db: Database, context: Any, image_id: str, **options: Any) -> Any:
    return db.image_get(context, image_id, **options) | {"status": "killed"}


def of_visibility() -> Evidence:
    return evidence_of(broken_target(image_get=open_to_all), AN_IMAGE, GET)


def of_a_field() -> Evidence:
    return evidence_of(broken_target(image_get=killed), AN_IMAGE, evolve(GET, context="admin"))


def of_rows() -> Evidence:
    def none(_db: Database, _context: Any, **_options: Any) -> Any:
        return []

    return evidence_of(broken_target(image_get_all=none), AN_IMAGE, call("image_get_all", "admin"))


def of_a_key() -> Evidence:
    def brief(db: Database, context: Any, image_id: str) -> Any:
        return {"id": db.image_get(context, image_id)["id"]}

    return evidence_of(broken_target(image_get=brief), AN_IMAGE, evolve(GET, context="admin"))


def findings(**known: int) -> Findings:
    found = Findings(programs=10, calls=1234, seconds=5.0)
    found.coverage[Coverage("image_create", "admin", "returns")] = 12
    found.coverage[Coverage("image_get", "stranger", "raises Forbidden")] = 345
    found.coverage[Coverage("image_tag_create", "", "returns")] = 1
    found.made.update({("image_get", ""): 9999, ("image_update", ""): 9999})
    found.statuses["active"] = 12
    for line, count in known.items():
        found.known[parse(line)] = count
    return found


def a_result(*evidence: Evidence, **attributes: Any) -> Result:
    given: dict[str, Any] = {"signatures": (), "findings": findings()} | attributes
    return Result(TASK, evidence=evidence, **given)


def entry(line: str) -> Entry:
    return Entry((parse(line),), "accepted", "so it is")


def shown(result: Result, width: int = 100, **options: Any) -> str:
    console = Console(width=width, highlight=False, **options)
    with console.capture() as captured:
        report.show_signatures(result, console)
        report.show(result, console)
    return captured.get()


def in_a_line(text: str) -> str:
    return " ".join(text.split())


# --- the terminal --------------------------------------------------------------------------------


def test_agreement_is_said_in_the_last_line() -> None:
    assert shown(a_result()).endswith("\nsomebodys.driver agrees with the reference.\n")


def test_a_divergence_is_told_with_its_program_and_both_answers() -> None:
    text = in_a_line(shown(a_result(of_visibility())))

    assert "1. image_get by a stranger raises Forbidden" in text
    assert "2 image_get(stranger, 'image-1')" in text
    assert "reference raises Forbidden: " in text
    assert "target returns {'id': 'image-1', 'name': None, 'status': 'active', ...}" in text
    assert (
        "known by image_get | raises Forbidden / returns | | as a user, not seeing deleted" in text
    )


def test_a_difference_of_a_field_is_told_by_that_field() -> None:
    text = in_a_line(shown(a_result(of_a_field())))

    assert "in status reference 'active' target 'killed'" in text


def test_a_difference_of_rows_is_told_by_their_names() -> None:
    assert "in [] missing reference image-1 target (none)" in in_a_line(shown(a_result(of_rows())))


def test_rows_are_told_by_their_first_columns() -> None:
    evidence = evidence_of(
        broken_target(image_get_all=lambda *_args, **_options: int("no")),
        AN_IMAGE,
        call("image_get_all", "admin"),
    )

    text = in_a_line(shown(a_result(evidence)))
    assert "reference returns [{'id': 'image-1', 'name': None, 'status': 'active', ...}]" in text
    assert "target raises ValueError: invalid literal" in text


def test_a_key_that_one_side_has_not_is_told_so() -> None:
    text = in_a_line(shown(a_result(of_a_key())))

    assert "in checksum only in reference reference None target (no such key)" in text


def test_the_clause_is_told_unless_it_is_the_general_one() -> None:
    special = evidence_of(
        broken_target(image_update=lambda *_args, **_options: int("no")),
        AN_IMAGE,
        call("image_update", "admin", image_id="image-1", values={"unknown": "1"}),
    )

    assert "clause Q4: An unknown key among the values" in in_a_line(shown(a_result(special)))
    assert "R2" not in shown(a_result(of_a_field()))


@pytest.mark.parametrize("width", [80, 160])
def test_it_is_explained_who_sees_an_image(width: int) -> None:
    text = shown(a_result(of_visibility()), width)

    assert "owned by alice, for project stranger" in in_a_line(text)
    assert "changed no none of: the caller is an administrator;" in in_a_line(text) or width > 80
    assert max(map(len, text.splitlines())) <= width


def test_a_wide_terminal_has_the_explanation_beside_the_program() -> None:
    lines = shown(a_result(of_visibility()), 160).splitlines()

    assert any("image_create(admin" in line and "image image-1" in line for line in lines)


def test_colours_are_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    result = a_result(of_a_field())

    assert "\x1b[32m" in shown(result, force_terminal=True, color_system="standard")
    assert "\x1b" not in shown(result)


def test_no_color_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    assert "\x1b[32m" not in shown(a_result(of_a_field()), force_terminal=True)


def test_markup_in_an_answer_is_text() -> None:
    def bold(db: Database, context: Any, image_id: str) -> Any:
        return db.image_get(context, image_id) | {"name": "[bold]"}

    evidence = evidence_of(broken_target(image_get=bold), AN_IMAGE, evolve(GET, context="admin"))

    assert "'[bold]'" in shown(a_result(evidence))


def test_a_long_answer_is_cut() -> None:
    def long(_db: Database, _context: Any, _image_id: str) -> str:
        return "a" * 999

    evidence = evidence_of(broken_target(image_get=long), AN_IMAGE, evolve(GET, context="admin"))
    text = shown(a_result(evidence), 600)

    assert "a" * 280 in text
    assert "a" * 310 not in text


def test_the_table_of_divergences_counts_those_of_a_function_and_outcomes() -> None:
    text = in_a_line(shown(a_result(of_a_field(), of_a_key(), of_visibility())))

    assert "image_get raises Forbidden / returns 1" in text
    assert "image_get returns / returns 2 status, checksum only in reference" in text


def test_the_table_of_calls_tells_who_called_and_what_it_came_to() -> None:
    text = in_a_line(shown(a_result()))

    assert "image_create 12 2········· returns" in text
    assert "image_get 345 ·····3···· Forbidden" in text
    assert "image_tag_create 1 ---------- returns" in text
    assert "Images were created as: active 12." in text
    assert "image_get 345 ·····3···· Forbidden 345" in in_a_line(shown(a_result(), 160))


def test_functions_that_were_never_called_are_named() -> None:
    text = in_a_line(shown(a_result()))

    assert "Never called: image_update," in text
    assert "task_create" not in text


def test_when_everything_was_called_nothing_is_said_of_it() -> None:
    result = a_result()
    every = [Coverage(name, "admin", "returns") for name in result.never_called]
    result.findings.coverage.update(every)

    assert "Never called" not in shown(result)


def test_a_run_without_any_image_says_so() -> None:
    assert "Images were created as: none was." in shown(a_result(findings=Findings()))


def test_differences_of_signature_come_first_and_together() -> None:
    other = evolve(NO_TAGS, what="requires a parameter tag, which the API has not")
    text = shown(a_result(of_a_field(), signatures=[NO_TAGS, other]))

    assert text.startswith("Signatures")
    assert text.index("requires a parameter tag") < text.index("1. image_get")
    assert text.count("image_tag_create") == 2
    assert "1 divergence, 2 differences of signature" in in_a_line(text)


def test_a_difference_of_signature_can_be_known() -> None:
    known = [entry("image_tag_create | signature | has no parameter value | ")]
    result = a_result(signatures=[NO_TAGS], known=known)

    assert result.agrees
    assert "Signatures" not in shown(result)


def test_the_register_is_told_with_what_was_met() -> None:
    line = "image_get | returns / returns | status | "
    text = shown(a_result(findings=findings(**{line: 1500}), known=[entry(line)]), 160)

    assert "accepted so it is image_get | returns / returns | status | 1,500" in in_a_line(text)
    assert "never" not in text
    assert text.endswith("agrees with the reference.\n")


def test_a_known_divergence_that_never_occurs_is_a_failure() -> None:
    result = a_result(known=[entry("image_get | returns / returns | status | ")])
    text = in_a_line(shown(result))

    assert not result.agrees
    assert "never" in text
    assert "mend the register" in text
    assert "1 known divergence that never occurred." in text


def test_a_known_divergence_that_had_no_chance_is_none() -> None:
    result = a_result(known=[entry("task_get | returns / returns | status | ")])

    assert result.agrees
    assert "never" not in shown(result)


def test_a_race_is_drawn() -> None:
    text = shown(a_result(races=RaceFindings(1000, (a_violation(), a_violation(in_turn=True)))))

    assert "Race of image_create\n" in text
    assert "No order of the calls explains this." in text
    assert (
        "1,000 histories of threads, 1 that no order of calls explains; 1 more of calls that differ"
        " in turn, too." in in_a_line(text)
    )
    assert "1 race." in text


def test_no_race_is_said_so() -> None:
    text = shown(a_result(races=RaceFindings(1000, ())))

    assert "1,000 histories of threads, 0 that no order of calls explains." in text


def test_emitted_tests_are_named_and_what_they_did_is_told() -> None:
    result = a_result(
        of_a_field(), of_a_key(), paths=[Path("out/test_a.py"), Path("out/test_b.py")]
    )
    text = in_a_line(shown(evolve(result, unproven=[Path("out/test_b.py")])))

    assert "test out/test_a.py" in text
    assert (
        "2 tests in out; 1 of them, run here, passed on the reference and failed on the target."
        in text
    )
    assert "out/test_b.py does not show its divergence." in text


def test_emitted_tests_of_races_are_counted_by_themselves() -> None:
    result = evolve(a_result(), race_paths=[Path("out/test_a_race.py")])

    assert "1 test of races in out: a race does not show in every run." in in_a_line(shown(result))


def test_what_did_not_show_again_is_marked() -> None:
    text = shown(a_result(evolve(of_a_field(), repeated=False)))

    assert "It did not show again" in text


# --- JSON ----------------------------------------------------------------------------------------


def test_the_json_has_all_of_it() -> None:
    line = "image_update | returns / returns | name | "
    result = a_result(
        of_visibility(),
        signatures=[NO_TAGS],
        known=[entry(line)],
        races=RaceFindings(9, (a_violation(),)),
        paths=[Path("out/test_a.py")],
    )
    document = json.loads(exports.as_json(result))
    (divergence,) = document.pop("divergences")

    assert document == {
        "version": 1,
        "target": "somebodys.driver",
        "agrees": False,
        "ops": ["images", "tags"],
        "seed": 7,
        "budget_seconds": 120.0,
        "seconds": 5.0,
        "programs": 10,
        "calls": 1234,
        "signatures": [
            {
                "function": "image_tag_create",
                "what": "has no parameter value",
                "expected": "(value)",
                "actual": "(tag)",
                "fingerprint": "image_tag_create | signature | has no parameter value | ",
            }
        ],
        "races": [str(a_violation())],
        "histories": 9,
        "known": [{"fingerprint": line, "kind": "accepted", "reason": "so it is", "met": 0}],
        "unmet": [line],
        "coverage": [
            {"function": "image_create", "context": "admin", "outcome": "returns", "calls": 12},
            {
                "function": "image_get",
                "context": "stranger",
                "outcome": "raises Forbidden",
                "calls": 345,
            },
            {"function": "image_tag_create", "context": None, "outcome": "returns", "calls": 1},
        ],
        "never_called": result.never_called,
        "statuses": {"active": 12},
    }
    assert divergence.pop("explanation").startswith("image image-1, shared")
    assert divergence.pop("reference")["raises"] == "Forbidden"
    assert "'id': 'image-1'" in divergence.pop("target")["returns"]
    assert divergence.pop("difference")["field"] == ""
    assert divergence == {
        "sentence": "image_get by a stranger raises Forbidden",
        "function": "image_get",
        "outcomes": "raises Forbidden / returns",
        "field": "",
        "features": ["as a user", "not seeing deleted"],
        "fingerprint": "image_get | raises Forbidden / returns |  | as a user, not seeing deleted",
        "of": "answer",
        "leak": False,
        "program": [str(AN_IMAGE), str(GET)],
        "clause": "R2",
        "repeated": True,
        "test": "out/test_a.py",
    }


def test_the_json_of_agreement_has_the_same_keys() -> None:
    with_all = a_result(of_a_key(), races=RaceFindings(1, ()))

    document = json.loads(exports.as_json(a_result()))

    assert document.keys() == json.loads(exports.as_json(with_all)).keys()
    assert document["agrees"] is True


def test_what_one_side_has_not_is_null_in_json() -> None:
    (divergence,) = json.loads(exports.as_json(a_result(of_a_key())))["divergences"]

    assert divergence["difference"] == {
        "field": "checksum only in reference",
        "reference": "None",
        "target": None,
    }
    assert divergence["test"] is None
    assert divergence["explanation"] is None


# --- JUnit ---------------------------------------------------------------------------------------


def cases(result: Result) -> dict[str, bool]:
    """Give the names of the test cases, and whether each passes."""
    suite = ET.fromstring(exports.as_junit(result))  # noqa: S314 - we wrote it
    assert suite.get("tests") == str(len(suite))
    assert suite.get("failures") == str(len(suite.findall("testcase/failure")))
    return {str(case.get("name")): case.find("failure") is None for case in suite}


def test_junit_has_a_case_for_each_divergence_and_each_function_that_agrees() -> None:
    assert cases(a_result(of_visibility())) == {
        "image_get by a stranger raises Forbidden": False,
        "image_create": True,
        "image_tag_create": True,
    }


def test_junit_has_a_case_for_whatever_else_fails() -> None:
    line = "image_update | returns / returns | name | "
    result = a_result(
        signatures=[NO_TAGS], known=[entry(line)], races=RaceFindings(9, (a_violation(),))
    )

    assert cases(result) == {
        "signature of image_tag_create: has no parameter value": False,
        "race of image_create": False,
        f"known: {line}": False,
        "image_create": True,
        "image_get": True,
        "image_tag_create": True,
    }


def test_junit_tells_the_story() -> None:
    suite = ET.fromstring(exports.as_junit(a_result(of_a_field())))  # noqa: S314 - we wrote it

    assert suite[0][0].text == (
        f"{AN_IMAGE}\n"
        "image_get(admin, 'image-1')\n"
        "in status\n"
        "reference: 'active'\n"
        "target: 'killed'\n"
        "known by: image_get | returns / returns | status | "
    )


def test_junit_is_xml_whatever_is_in_an_answer() -> None:
    def odd(db: Database, context: Any, image_id: str) -> Any:
        return db.image_get(context, image_id) | {"name": Odd()}

    class Odd:
        def __repr__(self) -> str:
            return "<\x00&\ud800>"

    evidence = evidence_of(broken_target(image_get=odd), AN_IMAGE, evolve(GET, context="admin"))

    assert cases(a_result(evidence))


def test_a_fingerprint_of_a_signature_reads_back() -> None:
    known = Fingerprint("image_tag_create", "signature", "has no parameter value")

    assert parse(str(known)) == known
    assert a_result(signatures=[NO_TAGS], known=[Entry((known,), "accepted", "so")]).met == {
        known: 1
    }
