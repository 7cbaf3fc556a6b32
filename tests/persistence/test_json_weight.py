from __future__ import annotations

import pytest

from simple_db.persistence import json_weight

MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    "item",
    ["[]", "{}", "0", "-9", '"a"', '"abc"', "[0]", '{"":0}', "[[]]", "[" * 60 + "]" * 60, '"["'],
)
def test_many_small_values_are_heavy(item: str) -> None:
    json = f"{item},".encode() * (2 * MEGABYTE // len(item))

    assert json_weight.is_heavy(json)
    assert f"too many values in {len(json)} bytes" in str(json_weight.refusal(json))


@pytest.mark.parametrize(
    "item", ['"a name"', "123456", "true", "1000.25", '{"id": "%s"}' % ("a" * 36)]
)
def test_values_of_a_usual_length_are_not_heavy(item: str) -> None:
    json = f"{item},".encode() * (2 * MEGABYTE // len(item))

    assert not json_weight.is_heavy(json)


@pytest.mark.parametrize("inside", ["[", "{", ",", ":", '\\"', "\\\\", '\\",[', '[\\\\\\"'])
def test_what_is_in_a_text_is_no_value(inside: str) -> None:
    text = f'"{inside * (2 * MEGABYTE // len(inside))}"'.encode()

    assert not json_weight.is_dense(text.replace(b'\\"', b"''"))
    assert not json_weight.is_heavy(text) or inside.count('"') * 2 >= len(inside)


def test_few_values_are_not_heavy_however_small() -> None:
    assert json_weight.is_dense(b"[]," * 10_000)
    assert not json_weight.is_heavy(b"[]," * 10_000)


@pytest.mark.parametrize("end", ['"', "\\", '"\\', '"a\\"', ""])
def test_a_text_without_an_end_goes_to_the_end(end: str) -> None:
    json = b"[]," * 1_000_000 + end.encode()

    assert json_weight.is_heavy(json)
