"""docs/snapshot.md is true: each promise names tests, and all of them exist."""

from __future__ import annotations

import re

import pytest

from tests.support.pages import TESTS, names_in, page, rows

PROMISES = rows(page("snapshot.md"), "P")


def test_promises_are_numbered_without_gaps() -> None:
    assert list(PROMISES) == [f"P{number}" for number in range(1, len(PROMISES) + 1)]
    assert len(PROMISES) >= 11


@pytest.mark.parametrize("number", PROMISES)
def test_a_promise_names_tests_that_exist(number: str) -> None:
    named = re.findall(r"`([\w/]+\.py)(?:::(test_\w+))?`", PROMISES[number])
    assert named
    for file, test in named:
        assert not test or test in names_in(file)
        assert (TESTS / file).exists()
