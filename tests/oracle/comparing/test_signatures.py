from __future__ import annotations

import inspect
import types
from typing import TYPE_CHECKING, Any

import pytest

from simple_db import Database
from simple_db.oracle.comparing import signatures
from simple_db.oracle.programs.calls import call
from simple_db.oracle.targets.named import resolve
from simple_db.oracle.targets.target import FAKE, DriverTarget, reference

if TYPE_CHECKING:
    from collections.abc import Callable


def told(**functions: Any) -> list[str]:
    """Give what is told of a driver that is simple_db but for these functions."""
    return [str(one) for one in signatures.differences(a_target(**functions))]


def a_target(**functions: Any) -> DriverTarget:
    db = Database()
    names = {name: getattr(db, name) for name in dir(db) if not name.startswith("_")}
    return DriverTarget("a driver", types.SimpleNamespace(**names | functions))


def taking(*required: str, **optional: Any) -> Callable[..., None]:
    """Make a function with these parameters."""

    def function() -> None:
        raise AssertionError("a signature is read, and nothing called")

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(name, kind) for name in required]
    parameters += [inspect.Parameter(name, kind, default=value) for name, value in optional.items()]
    vars(function)["__signature__"] = inspect.Signature(parameters)
    return function


def decorated(*_args: Any, **_options: Any) -> None:
    """Say nothing of what the function within takes."""


def test_simple_db_has_the_signatures_of_the_api() -> None:
    assert signatures.differences(reference()) == []


def test_a_missing_function_is_told() -> None:
    assert told(image_get=None) == ["image_get: is missing"]


def test_a_missing_parameter_is_told() -> None:
    assert told(image_tag_get_all=taking("context")) == [
        "image_tag_get_all: has no parameter image_id"
    ]


def test_parameters_in_another_order_are_told() -> None:
    assert told(image_tag_get_all=taking("image_id", "context")) == [
        "image_tag_get_all: has its parameters in the order image_id, context"
    ]


@pytest.mark.parametrize(
    ("function", "default"),
    [
        (taking("context", "image_id", force_show_deleted=True, v1_mode=False), "True"),
        (taking("context", "image_id", "force_show_deleted", v1_mode=False), "none at all"),
    ],
)
def test_another_default_is_told(function: Any, default: str) -> None:
    assert told(image_get=function) == [
        f"image_get: force_show_deleted has the default {default}, not False"
    ]


def test_a_further_parameter_is_told_if_it_must_be_given() -> None:
    assert told(image_tag_get_all=taking("context", "image_id", colour=None)) == []
    assert told(image_tag_get_all=taking("context", "image_id", "colour")) == [
        "image_tag_get_all: requires a parameter colour, which the API has not"
    ]


def test_a_decorated_function_is_taken_to_be_right() -> None:
    assert told(image_tag_get_all=decorated) == []


def test_both_signatures_are_given() -> None:
    [found] = signatures.differences(a_target(image_tag_get_all=taking("context")))

    assert (found.expected, found.actual) == ("(context, image_id)", "(context)")


@pytest.mark.parametrize(
    ("function", "taken"),
    [
        (None, False),
        (taking("context", "image_id"), False),
        (taking("context", "image_id", "v1_mode"), True),
        (taking("context", "other_name", "v1_mode"), True),
        (decorated, True),
    ],
)
def test_a_call_can_be_made_if_each_argument_has_a_parameter(function: Any, taken: bool) -> None:
    made = call("image_get", "admin", image_id="image-1", v1_mode=True)

    assert signatures.takes(a_target(image_get=function), made) is taken


@pytest.mark.glance
def test_glances_in_tree_fake_has_other_signatures() -> None:
    found = [str(one) for one in signatures.differences(resolve(FAKE))]

    assert "user_get_image_count: is missing" in found
    assert "task_get_all: has no parameter admin_as_user" in found
