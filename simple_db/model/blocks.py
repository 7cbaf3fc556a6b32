"""Context managers of the standard library's kind that say so where the ``with`` is missing."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, NoReturn, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

P = ParamSpec("P")
T = TypeVar("T")


# Of this class, and not around one: what ends a block must not begin with a call of ours, in which
# an exception from outside could come before anything protects the end.
class _Block(contextlib._GeneratorContextManager[T]):  # noqa: SLF001 - the only class there is
    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"this is for a with statement, which gives what has {name!r}: `with ... as it`, and "
            f"it.{name} in the block",
            name=name,
            obj=self,
        )

    # contextlib deletes its attributes where a block is entered, before anything begins: here a
    # call of ours does no harm.
    def __delattr__(self, name: str) -> None:
        if name not in vars(self):
            raise RuntimeError(
                "a block is entered once: for another with statement, call again what has made it, "
                "Database.open(path) or checkpoint(), say"
            )
        super().__delattr__(name)


def block(
    function: Callable[P, Iterator[T]],
) -> Callable[P, contextlib.AbstractContextManager[T]]:
    """Make a context manager of a generator function, as `contextlib.contextmanager` does.

    Who asks for an attribute of the thing that it gives, without a ``with``, gets an AttributeError
    that says so; who enters it twice gets a RuntimeError.
    """

    @functools.wraps(function)
    def made(*args: P.args, **kwargs: P.kwargs) -> contextlib.AbstractContextManager[T]:
        # What a generator function returns is a generator, whatever it is annotated with.
        return _Block(cast("Callable[P, Generator[T]]", function), args, kwargs)

    return made
