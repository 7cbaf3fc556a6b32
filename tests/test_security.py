"""docs/security.md is true: each rule names tests, and all of them exist."""

from __future__ import annotations

import re

import pytest

from tests.pages import names_in, page, rows

RULES = rows(page("security.md"), "I")


def test_rules_are_numbered_without_gaps() -> None:
    assert list(RULES) == [f"I{number}" for number in range(1, len(RULES) + 1)]
    assert len(RULES) >= 9


@pytest.mark.parametrize("number", RULES)
def test_a_rule_names_tests_that_exist(number: str) -> None:
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", RULES[number])
    assert named
    assert [test for file, test in named if test not in names_in(file)] == []
