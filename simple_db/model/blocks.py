"""Context managers whose errors say that a ``with`` is missing."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, NoReturn, ParamSpec, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

P = ParamSpec("P")
T = TypeVar("T")


# A subclass, not a wrapper: with a wrapper, the end of a block would begin with a call of ours, in
# which an exception from outside could come before anything protects the end.
class _Block(contextlib._GeneratorContextManager[T]):  # noqa: SLF001 - the only class there is
    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(
            f"this is for a with statement, and has no {name!r} itself: write `with ... as it` "
            f"and use it.{name} in the block",
            name=name,
            obj=self,
        )

    # contextlib deletes its attributes when a block is entered, before anything has begun. A call
    # of ours is safe here.
    def __delattr__(self, name: str) -> None:
        if name not in vars(self):
            raise RuntimeError(
                "this context manager has been entered already: for another with statement, make "
                "a new one, with Database.open(path) or checkpoint() for example"
            )
        super().__delattr__(name)


def block(
    function: Callable[P, Iterator[T]],
) -> Callable[P, contextlib.AbstractContextManager[T]]:
    """Make a context manager of a generator function, as `contextlib.contextmanager` does.

    To ask it for an attribute, without a ``with``, is an AttributeError that says what to write. To
    enter it twice is a RuntimeError.
    """

    @functools.wraps(function)
    def made(*args: P.args, **kwargs: P.kwargs) -> contextlib.AbstractContextManager[T]:
        # What a generator function returns is a generator, whatever it is annotated with.
        return _Block(cast("Callable[P, Generator[T]]", function), args, kwargs)

    return made
