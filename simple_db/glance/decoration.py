"""A context manager as a decorator: of functions of every kind, and of classes of tests."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    Make = Callable[[], AbstractContextManager[object]]

D = TypeVar("D", bound="Callable[..., Any]")

_TEST = "test"
"""What the methods of a class begin with that are decorated."""


def decorated(function: D, make: Make) -> D:
    """Return a function that does the same, each call within a context manager of its own.

    A class comes back itself, with its tests decorated, those that it inherits too.

    Raises:
        TypeError: it is no function and no class, or an asynchronous generator function.
    """
    if inspect.isclass(function):
        _decorate_tests(function, make)
        return function
    return cast("D", _wrapped(function, make))


def _decorate_tests(cls: type, make: Make) -> None:
    for name in dir(cls):
        member = inspect.getattr_static(cls, name)
        if not name.startswith(_TEST):
            continue
        if isinstance(member, (staticmethod, classmethod)):
            setattr(cls, name, type(member)(_wrapped(member.__func__, make)))
        elif inspect.isfunction(member):
            setattr(cls, name, _wrapped(member, make))


def _wrapped(function: Any, make: Make) -> Callable[..., Any]:
    if not inspect.isroutine(function):
        raise TypeError(f"a decorator takes a function or a class of tests, not {function!r}")
    if inspect.isasyncgenfunction(function):
        raise TypeError(
            f"{function.__name__} is an asynchronous generator function, whose end nobody waits "
            "for: write a with statement in it"
        )
    if inspect.iscoroutinefunction(function):
        return _coroutine_function(function, make)
    if inspect.isgeneratorfunction(function):
        return _generator_function(function, make)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with make():
            return function(*args, **kwargs)

    return call


def _coroutine_function(function: Any, make: Make) -> Callable[..., Any]:
    @functools.wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        with make():
            return await function(*args, **kwargs)

    return call


def _generator_function(function: Any, make: Make) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with make():
            return (yield from function(*args, **kwargs))

    return call
