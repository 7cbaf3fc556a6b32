"""docs/security.md is true: each rule names tests, and all of them exist."""

from __future__ import annotations

import itertools
import re

import pytest

from tests.support.pages import names_in, page, rows

RULES = rows(page("security.md"), "BFIW")


def test_rules_are_numbered_without_gaps() -> None:
    assert len(RULES) >= 17
    for letter, group in itertools.groupby(RULES, key=lambda number: number[0]):
        numbers = list(group)
        assert numbers == [f"{letter}{number}" for number in range(1, len(numbers) + 1)]


@pytest.mark.parametrize("number", RULES)
def test_a_rule_names_tests_that_exist(number: str) -> None:
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", RULES[number])
    assert named
    assert [test for file, test in named if test not in names_in(file)] == []
