from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from simple_db.api import FUNCTIONS
from simple_db.oracle.comparing.outcomes import Raised, Recording
from simple_db.oracle.programs.calls import parameters_of
from simple_db.oracle.programs.cast import CAST
from simple_db.oracle.programs.domain import NEEDED
from simple_db.oracle.programs.strategies import OPS, op_of, programs
from simple_db.oracle.targets.target import reference

if TYPE_CHECKING:
    from collections.abc import Callable

    from simple_db.oracle.programs.calls import Call, Program


def some(ops: tuple[str, ...], count: int = 100) -> list[Program]:
    """Make programs, many at once: hypothesis repeats itself less within an example."""
    made = []

    @settings(
        max_examples=count // 10,
        phases=[Phase.generate],
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(programs(ops), min_size=10, max_size=10))
    def make(several: list[Program]) -> None:
        made.extend(several)

    make()
    return made


@pytest.fixture(scope="module")
def made() -> list[Program]:
    return some(OPS[:5], 200) + some(("tasks", "cache"), 100) + some(("metadefs",), 200)


@pytest.fixture(scope="module")
def calls(made: list[Program]) -> list[Call]:
    return [call for program in made for call in program]


def test_every_function_is_of_a_part_and_called(calls: list[Call]) -> None:
    # Glance's SQL driver cannot delete a resource type.
    never = {"metadef_resource_type_delete", "get_cached_nodes"}
    assert {op_of(function) for function in FUNCTIONS} == set(OPS)
    assert set(FUNCTIONS) - {call.function for call in calls} <= never


def test_everybody_of_the_cast_calls(calls: list[Call]) -> None:
    assert {call.context for call in calls} - {None} == CAST.keys()


@pytest.mark.parametrize("op", OPS)
def test_a_part_of_the_api_is_called_alone(op: str) -> None:
    creations = {"image_create"} if op in OPS[:5] else set()
    functions = {call.function for program in some((op,), 30) for call in program}
    assert {op_of(function) for function in functions - creations} == {op}


def test_a_call_has_what_is_required_and_the_keys_that_it_needs(calls: list[Call]) -> None:
    for call in calls:
        given_names = [name for name, _ in call.arguments]
        assert set(parameters_of(call.function).required) <= set(given_names)
        for value in call.given().values():
            if isinstance(value, dict) and call.function.endswith("_create"):
                location = {"url", "metadata"}
                assert NEEDED.get(call.function, frozenset()) - location <= value.keys()


def _names(call: Call) -> list[str]:
    found = [call.given().get(key, {}).get("name") for key in ("values", "filters")]
    return [name for name in found if name is not None]


def _tags(call: Call) -> list[str]:
    arguments = call.given() if call.function.startswith("image_tag") else {}
    return [arguments["value"]] if "value" in arguments else arguments.get("tags", [])


def _properties(call: Call) -> list[str]:
    return [value for name, value in call.arguments if name in {"prop_ref", "name"}]


@pytest.mark.parametrize("texts", [_names, _tags, _properties])
def test_texts_that_differ_in_case_only_come_together(
    made: list[Program], texts: Callable[[Call], list[str]]
) -> None:
    together = [{text for call in program for text in texts(call)} for program in made]
    assert any(len({text.casefold() for text in some}) < len(some) for some in together)


def test_calls_mostly_succeed_and_never_fail_but_in_glances_vocabulary(made: list[Program]) -> None:
    recording = Recording(reference())
    refused = []
    for program in made:
        recording.restart()
        outcomes: list[Any] = [recording.outcome(call) for call in program]
        refused += [one for one in outcomes if isinstance(one, Raised)]

    assert not [one for one in refused if one.leaked]
    assert len(refused) < sum(map(len, made)) / 2


@pytest.mark.parametrize("ops", [(), ("images", "paintings")])
def test_what_is_no_part_of_the_api_is_named(ops: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{list(ops)} are not parts of the API")):
        programs(ops)
