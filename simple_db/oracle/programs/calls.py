"""Programs as plain data: calls of the database API that any driver can make."""

from __future__ import annotations

import copy
import functools
import inspect
from operator import getitem, itemgetter
from typing import TYPE_CHECKING, Any

from attrs import frozen

from simple_db.api import FUNCTIONS, Database

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NO_ROW = 10**6
"""The value of a lookup that finds nothing: no row of a short program has this id."""


@frozen
class Parameters:
    """The parameters of a function of the API after its context."""

    has_context: bool
    required: tuple[str, ...]
    optional: tuple[str, ...]


@functools.cache
def parameters_of(function: str) -> Parameters:
    """Return the parameters of the function of the API."""
    _db, *parameters = inspect.signature(getattr(Database, function)).parameters.values()
    names = [parameter for parameter in parameters if parameter.name != "context"]
    return Parameters(
        has_context=len(names) < len(parameters),
        required=tuple(one.name for one in names if one.default is one.empty),
        optional=tuple(one.name for one in names if one.default is not one.empty),
    )


@frozen
class Call:
    """A call: a function of the API, a caller, and arguments.

    Attributes:
        function: One of `simple_db.api.FUNCTIONS`.
        context: The name of the caller in `cast`; None where the function takes no context.
        arguments: Names and values, in the order of the signature. A value is a value of JSON, a
            naive datetime, or a `Lookup`.
    """

    function: str
    context: str | None
    arguments: tuple[tuple[str, Any], ...] = ()

    def given(self) -> dict[str, Any]:
        """Return a deep copy of the arguments by name; lookups are not resolved."""
        return {name: copy.deepcopy(value) for name, value in self.arguments}

    def __str__(self) -> str:
        """Return the call as Python source: required arguments by place, others by name."""
        places, names = placed(self.function, dict(self.arguments))
        context = [self.context] if self.context else []
        written = [*context, *map(repr, places), *(f"{name}={names[name]!r}" for name in names)]
        return f"{self.function}({', '.join(written)})"


Program = tuple[Call, ...]


def call(function: str, context: str | None = None, /, **given: Any) -> Call:
    """Return the call with these arguments, in the order of the signature.

    Raises:
        ValueError: there is no such function in the API, or it takes no such argument.
    """
    if function not in FUNCTIONS:
        raise ValueError(f"{function} is no function of the database API")
    takes = parameters_of(function)
    known = (*takes.required, *takes.optional)
    unknown = given.keys() - set(known)
    if unknown:
        raise ValueError(f"{function} takes no {', '.join(sorted(unknown))}; it takes {known}")
    return Call(function, context, tuple((name, given[name]) for name in known if name in given))


def placed(function: str, given: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Split arguments into required ones, by place, and others, by name.

    Glance calls its drivers in this way, and they name the required parameters differently.
    """
    required = parameters_of(function).required
    places = [given[name] for name in required if name in given]
    return places, {name: value for name, value in given.items() if name not in required}


def tidied(value: Any) -> Any:
    """Return the value with the keys of its dicts in a readable order: ids and names first."""
    if isinstance(value, dict):
        return {key: tidied(value[key]) for key in sorted(value, key=_rank)}
    return [tidied(part) for part in value] if isinstance(value, list) else value


def _rank(key: str) -> int:
    return _FIRST.index(key) if key in _FIRST else len(_FIRST)


_FIRST = ("id", "image_id", "namespace", "name", "member", "url", "type", "status", "owner")


@frozen
class Lookup:
    """A value that the driver made up, such as the id of a row, as the result of a call.

    Attributes:
        call: A call of an administrator.
        path: The place of the value in the answer.
    """

    call: Call
    path: tuple[str | int, ...]

    def __repr__(self) -> str:
        """Return the lookup as the expression that it stands for."""
        return f"{self.call}{''.join(f'[{step!r}]' for step in self.path)}"


def _oldest_first(answer: Any) -> Any:
    """Sort rows as most drivers do; some servers return them in any order."""
    return sorted(answer, key=itemgetter("created_at")) if isinstance(answer, list) else answer


def member_id(image_id: str, member: str, *, include_deleted: bool = False) -> Lookup:
    """Look up the first membership of the project in the image; a deleted one only if asked so."""
    asked = {"image_id": image_id, "member": member}
    deleted = {"include_deleted": True} if include_deleted else {}
    return Lookup(call("image_member_find", "admin", **asked, **deleted), (0, "id"))


def location_id(image_id: str, place: int) -> Lookup:
    """Look up the location of the image at that place, from 0."""
    return Lookup(call("image_get", "admin", image_id=image_id), ("locations", place, "id"))


def namespace_id(namespace: str) -> Lookup:
    """Look up the namespace of that name."""
    return Lookup(call("metadef_namespace_get", "admin", namespace_name=namespace), ("id",))


def content_id(kind: str, namespace: str, name: str) -> Lookup:
    """Look up content of a namespace by name; `kind` is ``object``, ``property`` or ``tag``."""
    function = f"metadef_{kind}_get"
    last = parameters_of(function).required[-1]
    return Lookup(call(function, "admin", namespace_name=namespace, **{last: name}), ("id",))


def resolved(value: Any, answer: Callable[[Call], Any]) -> Any:
    """Return the value with every lookup replaced by what it finds, or by `NO_ROW`.

    Args:
        value: An argument; it is not changed.
        answer: Makes a call and returns its answer, or raises whatever the driver raises.
    """
    if isinstance(value, Lookup):
        try:
            return functools.reduce(getitem, value.path, _oldest_first(answer(value.call)))
        except Exception:  # noqa: BLE001 - whatever the driver raises means that there is no such row
            return NO_ROW
    if isinstance(value, dict):
        return {key: resolved(part, answer) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(resolved(part, answer) for part in value)
    return copy.copy(value)
