from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from simple_db.oracle.findings.search import Coverage, Findings
from simple_db.oracle.races.search import RaceFindings
from simple_db.oracle.report import terminal as report
from tests.oracle.report.results import (
    GOLDEN,
    NAME,
    NO_TAGS,
    a_result,
    answering,
    entry,
    everything,
    of_a_field,
    of_visibility,
)
from tests.support.golden_texts import assert_golden

if TYPE_CHECKING:
    from simple_db.oracle.report.result import Result


def shown(result: Result, width: int = 100, **options: Any) -> str:
    console = Console(width=width, highlight=False, **options)
    with console.capture() as captured:
        report.show_signatures(result, console)
        report.show(result, console)
    return captured.get()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("agreement", {"known": [entry("task_get | returns / returns | status | ")]}),
        ("no_race", {"races": RaceFindings(1000, ()), "findings": Findings()}),
        ("stale", {"known": [entry(NAME)]}),
    ],
)
def test_a_short_report_is_this_text(name: str, changes: dict[str, Any]) -> None:
    assert_golden(shown(a_result(**changes)), GOLDEN / f"{name}.txt")


@pytest.mark.parametrize(("name", "width"), [("everything", 100), ("everything_wide", 160)])
def test_a_report_of_everything_is_this_text_and_has_explanations_beside_programs_if_wide(
    name: str, width: int
) -> None:
    assert_golden(shown(everything(), width), GOLDEN / f"{name}.txt")


def test_a_narrow_report_fits_its_terminal() -> None:
    assert max(map(len, shown(a_result(of_visibility()), 80).splitlines())) <= 80


def test_colours_are_for_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    result = a_result(of_a_field())

    assert "\x1b[32m" in shown(result, force_terminal=True, color_system="standard")
    assert "\x1b" not in shown(result)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in shown(result, force_terminal=True)


def test_markup_in_an_answer_is_text() -> None:
    evidence = answering(lambda image: image | {"name": "[bold]"})
    assert "'[bold]'" in shown(a_result(evidence))


def test_a_long_answer_is_cut() -> None:
    text = shown(a_result(answering(lambda _: "a" * 999)), 600)
    assert "a" * 280 in text
    assert "a" * 310 not in text


def test_when_everything_was_called_no_function_is_said_to_be_missing() -> None:
    result = a_result()
    every = [Coverage(name, "admin", "returns") for name in result.never_called]
    result.findings.coverage.update(every)

    assert "Never called" not in shown(result)


def test_a_known_difference_of_signature_is_not_shown() -> None:
    known = [entry("image_tag_create | signature | has no parameter value | ")]
    result = a_result(signatures=[NO_TAGS], known=known)

    assert result.agrees
    assert list(result.met.values()) == [1]
    assert "Signatures" not in shown(result)
