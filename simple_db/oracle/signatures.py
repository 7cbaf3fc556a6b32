"""What can be told before anything runs: functions that are missing, or take other parameters."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from attrs import frozen

from simple_db.api import FUNCTIONS, Database
from simple_db.oracle.programs.calls import Call, parameters_of, placed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simple_db.oracle.targets import Target

_ANYTHING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


@frozen
class SignatureDifference:
    """A function whose signature is not that of the API.

    Attributes:
        function: Its name.
        what: What is different, as a phrase.
        expected: The signature of the API.
        actual: That of the target; None if it has no such function.
    """

    function: str
    what: str
    expected: str
    actual: str | None

    def __str__(self) -> str:
        """Tell the difference in one line."""
        return f"{self.function}: {self.what}"


def differences(target: Target) -> list[SignatureDifference]:
    """Return every difference between the target's signatures and those of the API.

    A decorated function that takes ``*args`` and ``**kwargs`` is taken to be right, and further
    parameters of the target's own that have defaults are no difference.
    """
    return [difference for function in FUNCTIONS for difference in _differences(target, function)]


def _differences(target: Target, function: str) -> Iterator[SignatureDifference]:
    expected = _of_the_api(function)
    actual = target.signature(function)
    if actual is None:
        yield SignatureDifference(function, "is missing", str(expected), None)
    elif not _hides(actual):
        for what in _phrases(expected, actual):
            yield SignatureDifference(function, what, str(expected), str(actual))


def _of_the_api(function: str) -> inspect.Signature:
    """Return the names and defaults; what types they have is nobody else's business."""
    _db, *parameters = inspect.signature(getattr(Database, function)).parameters.values()
    bare = [parameter.replace(annotation=parameter.empty) for parameter in parameters]
    return inspect.Signature(bare)


def _hides(signature: inspect.Signature) -> bool:
    """Return whether the signature is that of a decorator, which says nothing."""
    return any(parameter.kind in _ANYTHING for parameter in signature.parameters.values())


def _phrases(expected: inspect.Signature, actual: inspect.Signature) -> Iterator[str]:
    """Tell the differences of names, order and defaults."""
    ours, theirs = expected.parameters, actual.parameters
    for name in ours.keys() - theirs.keys():
        yield f"has no parameter {name}"
    for name, parameter in theirs.items():
        if name not in ours and parameter.default is parameter.empty:
            yield f"requires a parameter {name}, which the API has not"
        elif name in ours and parameter.default != ours[name].default:
            yield f"{name} has the default {_default(parameter)}, not {_default(ours[name])}"
    common = [name for name in theirs if name in ours]
    if common != [name for name in ours if name in theirs]:
        yield f"has its parameters in the order {', '.join(common)}"


def _default(parameter: inspect.Parameter) -> str:
    return "none at all" if parameter.default is parameter.empty else repr(parameter.default)


def takes(target: Target, call: Call) -> bool:
    """Return whether the target has the function and a parameter for each argument."""
    signature = target.signature(call.function)
    if signature is None:
        return False
    places, names = placed(call.function, dict(call.arguments))
    context = [None] if parameters_of(call.function).has_context else []
    try:
        signature.bind(*context, *places, **names)
    except TypeError:
        return False
    return True
