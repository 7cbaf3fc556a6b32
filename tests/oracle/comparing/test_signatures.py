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


def differences(target: DriverTarget) -> list[str]:
    return [str(one) for one in signatures.differences(target)]


def a_target(**functions: Any) -> DriverTarget:
    """Return simple_db with other functions in place of some."""
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
    """Hide the signature of another function, as decorators do."""


def test_simple_db_has_the_signatures_of_the_api() -> None:
    assert signatures.differences(reference()) == []


@pytest.mark.parametrize(
    ("function", "taken", "found"),
    [
        ("image_get", None, "is missing"),
        ("image_tag_get_all", taking("context"), "has no parameter image_id"),
        (
            "image_tag_get_all",
            taking("image_id", "context"),
            "has its parameters in the order image_id, context",
        ),
        (
            "image_get",
            taking("context", "image_id", force_show_deleted=True, v1_mode=False),
            "force_show_deleted has the default True, not False",
        ),
        (
            "image_get",
            taking("context", "image_id", "force_show_deleted", v1_mode=False),
            "force_show_deleted has the default none at all, not False",
        ),
        (
            "image_tag_get_all",
            taking("context", "image_id", "colour"),
            "requires a parameter colour, which the API has not",
        ),
    ],
)
def test_signatures_differ_in_this(function: str, taken: Any, found: str) -> None:
    assert differences(a_target(**{function: taken})) == [f"{function}: {found}"]


@pytest.mark.parametrize("function", [decorated, taking("context", "image_id", colour=None)])
def test_decorated_functions_and_further_defaults_are_no_difference(function: Any) -> None:
    assert differences(a_target(image_tag_get_all=function)) == []


def test_a_difference_has_both_signatures() -> None:
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
    assert {
        "user_get_image_count: is missing",
        "task_get_all: has no parameter admin_as_user",
    } <= set(differences(resolve(FAKE)))
