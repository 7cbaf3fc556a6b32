from __future__ import annotations

import ast
import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simple_db.oracle.emission.source import WIDTH, Expression, Invocation, fits, statement, written

NOON = dt.datetime(2020, 1, 2, 12)  # noqa: DTZ001 - naive UTC, as every time in the database


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("it's", '"it\'s"'),
        ('say "a"', "'say \"a\"'"),
        ("'\"", '"\'\\""'),
        ("\\", '"\\\\"'),
        ("ünï\n", '"ünï\\n"'),
        (None, "None"),
        (NOON, "datetime(2020, 1, 2, 12)"),
        (dt.datetime(2020, 1, 1), "datetime(2020, 1, 1)"),  # noqa: DTZ001
        ((1,), "(1,)"),
        ({"a": [1, (2, 3)]}, '{"a": [1, (2, 3)]}'),
        (Invocation("f", (Expression("x"), 1), {"b": 2}), "f(x, 1, b=2)"),
    ],
)
def test_a_value_is_written_as_people_write_it(value: Any, text: str) -> None:
    assert written(value) == text


@given(st.text())
def test_every_text_reads_back(text: str) -> None:
    assert ast.literal_eval(written(text)) == text


def test_what_fits_stays_on_one_line() -> None:
    assert statement("answer = ", [1, 2]) == ["    answer = [1, 2]"]


def test_what_does_not_fit_has_a_line_for_each_part_and_a_comma_at_the_end() -> None:
    call = Invocation("f", (Expression("X"),), {"values": {"a": "a" * 30, "b": "b" * 40}})
    assert statement("answer = ", call) == [
        "    answer = f(",
        "        X,",
        "        values={",
        f'            "a": "{"a" * 30}",',
        f'            "b": "{"b" * 40}",',
        "        },",
        "    )",
    ]


def test_what_has_no_parts_cannot_be_broken() -> None:
    assert statement("x = ", "a" * WIDTH, depth=0) == [f'x = "{"a" * WIDTH}"']


def test_wide_characters_take_two_columns() -> None:
    assert fits("a" * (WIDTH - 4))
    assert not fits("a" * (WIDTH - 5) + "\N{GRINNING FACE}")
