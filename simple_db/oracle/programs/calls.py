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
"""The id that a lookup gives which finds nothing: no row of a short program has it."""


@frozen
class Parameters:
    """What a function of the API takes after its context, by name."""

    has_context: bool
    required: tuple[str, ...]
    optional: tuple[str, ...]


@functools.cache
def parameters_of(function: str) -> Parameters:
    """Return what the function of the API takes."""
    _db, *parameters = inspect.signature(getattr(Database, function)).parameters.values()
    names = [parameter for parameter in parameters if parameter.name != "context"]
    return Parameters(
        has_context=len(names) < len(parameters),
        required=tuple(one.name for one in names if one.default is one.empty),
        optional=tuple(one.name for one in names if one.default is not one.empty),
    )


@frozen
class Call:
    """A call: a function of the API, who calls, and what is given.

    Attributes:
        function: One of `simple_db.api.FUNCTIONS`.
        context: The name of the caller in `cast`; None where the function takes no context.
        arguments: Names and values, in the order of the signature. A value is what JSON knows, a
            naive datetime, or a `Lookup`.
    """

    function: str
    context: str | None
    arguments: tuple[tuple[str, Any], ...] = ()

    def given(self) -> dict[str, Any]:
        """Return the arguments by name, in a copy of their own; lookups are still lookups."""
        return {name: copy.deepcopy(value) for name, value in self.arguments}

    def __str__(self) -> str:
        """Write the call as Python does: what is required by place, the rest by name."""
        places, names = placed(self.function, dict(self.arguments))
        context = [self.context] if self.context else []
        written = [*context, *map(repr, places), *(f"{name}={names[name]!r}" for name in names)]
        return f"{self.function}({', '.join(written)})"


Program = tuple[Call, ...]


def call(function: str, context: str | None = None, /, **given: Any) -> Call:
    """Return the call with these arguments, in the order of the signature.

    Raises:
        ValueError: the API has no such function, or it takes no such argument.
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
    """Split arguments into those that are required, by place, and the others, by name.

    Glance calls its drivers so, and the names of required parameters are not the same in all.
    """
    required = parameters_of(function).required
    places = [given[name] for name in required if name in given]
    return places, {name: value for name, value in given.items() if name not in required}


@frozen
class Lookup:
    """A value that the driver made up, such as the id of a row, named by what a caller knows.

    Attributes:
        call: What an administrator asks.
        path: Where in the answer the value is.
    """

    call: Call
    path: tuple[str | int, ...]

    def __repr__(self) -> str:
        """Write the lookup as the expression that it stands for."""
        return f"{self.call}{''.join(f'[{step!r}]' for step in self.path)}"


def _oldest_first(answer: Any) -> Any:
    """Put rows in the order in which most drivers give them: some servers keep to none."""
    return sorted(answer, key=itemgetter("created_at")) if isinstance(answer, list) else answer


def member_id(image_id: str, member: str, *, include_deleted: bool = False) -> Lookup:
    """Name the membership of the project in the image; the first, deleted or not, if asked so."""
    asked = {"image_id": image_id, "member": member}
    deleted = {"include_deleted": True} if include_deleted else {}
    return Lookup(call("image_member_find", "admin", **asked, **deleted), (0, "id"))


def location_id(image_id: str, place: int) -> Lookup:
    """Name the image's location of that place, from 0."""
    return Lookup(call("image_get", "admin", image_id=image_id), ("locations", place, "id"))


def namespace_id(namespace: str) -> Lookup:
    """Name the namespace of that name."""
    return Lookup(call("metadef_namespace_get", "admin", namespace_name=namespace), ("id",))


def content_id(kind: str, namespace: str, name: str) -> Lookup:
    """Name what a namespace has of that name; `kind` is ``object``, ``property`` or ``tag``."""
    function = f"metadef_{kind}_get"
    last = parameters_of(function).required[-1]
    return Lookup(call(function, "admin", namespace_name=namespace, **{last: name}), ("id",))


def resolved(value: Any, answer: Callable[[Call], Any]) -> Any:
    """Return the value with every lookup in it replaced by what it finds, or by `NO_ROW`.

    Args:
        value: An argument; it is not changed.
        answer: Makes a call and returns its answer, or raises whatever the driver raises.
    """
    if isinstance(value, Lookup):
        try:
            return functools.reduce(getitem, value.path, _oldest_first(answer(value.call)))
        except Exception:  # noqa: BLE001 - whatever the driver says of it: there is no such row
            return NO_ROW
    if isinstance(value, dict):
        return {key: resolved(part, answer) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(resolved(part, answer) for part in value)
    return copy.copy(value)
