"""Python source text, in a form that ruff and black do not change."""

from __future__ import annotations

import datetime as dt
import itertools
import unicodedata
from typing import TYPE_CHECKING, Any

from attrs import Factory, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WIDTH = 88
"""How many columns a line has at most if it can be broken: the default of formatters."""

_INDENT = "    "


@frozen
class Expression:
    """An expression that is written as it is, on one line."""

    text: str


@frozen
class Invocation:
    """A call: arguments by place, and arguments by name."""

    function: str
    places: tuple[Any, ...] = ()
    names: Mapping[str, Any] = Factory(dict)


def written(value: Any) -> str:
    """Return a value as one line of source.

    Args:
        value: What JSON knows, a naive time, an `Expression`, an `Invocation`, or containers of
            these.
    """
    if isinstance(value, dict | list | tuple | Invocation):
        opening, closing = _brackets(value)
        inside = ", ".join(prefix + written(part) for prefix, part in _parts(value))
        return opening + inside + closing
    if isinstance(value, Expression):
        return value.text
    if isinstance(value, dt.datetime):
        return _time(value)
    return _quoted(value) if isinstance(value, str) else repr(value)


def statement(prefix: str, value: Any, *, depth: int = 1, suffix: str = "") -> list[str]:
    """Return the lines of a statement: a prefix, a value, and a suffix.

    A value that is too long is broken into a line for each of its parts. A comma after the last
    one keeps formatters for longer lines from joining them.

    Args:
        prefix: As in ``answer = ``.
        value: As in `written`.
        depth: How many levels the statement is indented.
        suffix: As in ``,``.
    """
    margin = _INDENT * depth
    line = f"{margin}{prefix}{written(value)}{suffix}"
    parts = list(_parts(value))
    if not parts or _columns(line) <= WIDTH:
        return [line]
    opening, closing = _brackets(value)
    inside = (statement(before, part, depth=depth + 1, suffix=",") for before, part in parts)
    return [
        f"{margin}{prefix}{opening}",
        *itertools.chain.from_iterable(inside),
        f"{margin}{closing}{suffix}",
    ]


def fits(line: str, *, depth: int = 1) -> bool:
    """Return whether the line is short enough."""
    return _columns(_INDENT * depth + line) <= WIDTH


def _columns(line: str) -> int:
    """Return how many columns the line takes in a terminal, as formatters count."""
    return sum(1 + (unicodedata.east_asian_width(one) in "WF") for one in line)


def _brackets(value: Any) -> tuple[str, str]:
    if isinstance(value, Invocation):
        return f"{value.function}(", ")"
    if isinstance(value, tuple):
        return "(", ",)" if len(value) == 1 else ")"
    return ("{", "}") if isinstance(value, dict) else ("[", "]")


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the parts in brackets, each with what is written before it."""
    if isinstance(value, Invocation):
        yield from (("", part) for part in value.places)
        yield from ((f"{name}=", part) for name, part in value.names.items())
    elif isinstance(value, dict):
        yield from ((f"{written(key)}: ", part) for key, part in value.items())
    elif isinstance(value, list | tuple):
        yield from (("", part) for part in value)


def _time(value: dt.datetime) -> str:
    numbers = [*value.timetuple()[:6], value.microsecond]
    while numbers[-1] == 0:
        numbers.pop()
    return f"datetime({', '.join(map(str, numbers))})"


def _quoted(text: str) -> str:
    """Write the text in double quotes, unless it has more of those than of single ones."""
    escaped = repr('"' + text)[2:-1]  # the double quote makes repr use single quotes
    if text.count('"') > text.count("'"):
        return f"'{escaped}'"
    return '"' + escaped.replace(r"\'", "'").replace('"', r"\"") + '"'
