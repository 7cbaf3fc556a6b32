"""A context manager as a decorator of functions, of every kind, and of test classes."""

from __future__ import annotations

import functools
import inspect
import unittest
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    Make = Callable[[], AbstractContextManager[object]]

D = TypeVar("D", bound="Callable[..., Any]")

_TEST = "test"
"""How the names of the decorated methods of a class begin."""

_MAKE = "_simple_db_make"
"""The attribute of a decorated TestCase that makes the context manager of its tests."""

_OF_PYTEST = ("setup_method", "teardown_method", "setup_class", "teardown_class")
"""What pytest calls before and after the tests of a class, outside of decorated methods."""

_OF_UNITTEST = ("setUp", "tearDown", "asyncSetUp", "asyncTearDown", "setUpClass", "tearDownClass")
"""What unittest calls before and after tests; a mixin may have it without being a TestCase."""


def decorated(function: D, make: Make) -> D:
    """Return the function with a context manager of its own around each call.

    A class is changed and returned. If it is a `unittest.TestCase`, a context manager is around
    each test, from ``setUp`` to the last clean-up; of another class the test methods are decorated,
    inherited ones too.

    Raises:
        TypeError: it is neither function nor class, or an asynchronous generator function, or the
            result of a decorator that must be above this one; or it is a class without tests, or
            one with set-up methods that would be called outside.
    """
    if inspect.isclass(function):
        _decorate_class(function, make)
        return function
    return cast("D", _wrapped(function, make))


def _decorate_class(cls: type, make: Make) -> None:
    is_test_case = issubclass(cls, unittest.TestCase)
    for name in _OF_PYTEST if is_test_case else _OF_PYTEST + _OF_UNITTEST:
        if hasattr(cls, name):
            raise TypeError(
                f"{cls.__name__}.{name} would be called outside of what decorates the tests: make "
                "the class a unittest.TestCase with setUp and tearDown, which are within it, or "
                "use the fixture glance_db_api instead of the decorator"
            )
    if is_test_case:
        _decorate_runs(cls, make)
    elif not _decorate_tests(cls, make):
        raise TypeError(
            f"{cls.__name__} has nothing to decorate: it is no unittest.TestCase, and none of its "
            f"methods begins with {_TEST}"
        )


def _decorate_runs(cls: type, make: Make) -> None:
    setattr(cls, _MAKE, make)
    for name in ("run", "debug"):
        setattr(cls, name, _run_within(getattr(cls, name), make))


def _run_within(run: Any, make: Make) -> Callable[..., Any]:
    @functools.wraps(run)
    def call(self: unittest.TestCase, *args: Any, **kwargs: Any) -> Any:
        # If a class and its base are both decorated, the decorator of the class counts.
        if getattr(type(self), _MAKE) is not make:
            return run(self, *args, **kwargs)
        with make():
            return run(self, *args, **kwargs)

    return call


def _decorate_tests(cls: type, make: Make) -> bool:
    """Decorate the tests of a class, and return whether there are any."""
    is_any = False
    for name in dir(cls):
        member = inspect.getattr_static(cls, name)
        if not name.startswith(_TEST):
            continue
        if isinstance(member, (staticmethod, classmethod)):
            setattr(cls, name, type(member)(_wrapped(member.__func__, make)))
        elif inspect.isfunction(member):
            setattr(cls, name, _wrapped(member, make))
        else:
            continue
        is_any = True
    return is_any


def _wrapped(function: Any, make: Make) -> Callable[..., Any]:
    _check_order(function)
    if not inspect.isroutine(function):
        raise TypeError(f"a decorator takes a function or a class of tests, not {function!r}")
    if inspect.isasyncgenfunction(function):
        raise TypeError(
            f"{function.__name__} is an asynchronous generator function, which may never be "
            "finished: write a with statement in it"
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


def _check_order(function: object) -> None:
    """Refuse the result of a decorator that Python or pytest would not see in a wrapper."""
    above = None
    if isinstance(function, (staticmethod, classmethod)):
        above = type(function).__name__
    elif (
        # Until pytest 8.3 a fixture is a function with an attribute.
        hasattr(function, "_pytestfixturefunction")
        or type(function).__name__ == "FixtureFunctionDefinition"
    ):
        above = "pytest.fixture"
    if above:
        raise TypeError(f"put @{above} above @install(): it is to take what @install() returns")


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
