"""Python source text, in the form that ruff and black leave as it is."""

from __future__ import annotations

import datetime as dt
import itertools
import unicodedata
from typing import TYPE_CHECKING, Any

from attrs import Factory, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WIDTH = 88
"""How many columns a line has at most, where it can be broken; the default of formatters."""

_INDENT = "    "


@frozen
class Expression:
    """An expression that is written as it stands, on one line."""

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
    """Return the lines of a statement: what is before a value, the value, and what is after it.

    A value that is too long for the line is broken into a line for each of its parts, with a comma
    behind the last, so that formatters for longer lines leave it so.

    Args:
        prefix: As in ``answer = ``.
        value: As in `written`.
        depth: How far the statement is indented.
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


def tidied(value: Any) -> Any:
    """Return the value with the keys of its dicts as people write them: names come first."""
    if isinstance(value, dict):
        return {key: tidied(value[key]) for key in sorted(value, key=_place)}
    return [tidied(part) for part in value] if isinstance(value, list) else value


def _place(key: str) -> int:
    return _FIRST.index(key) if key in _FIRST else len(_FIRST)


_FIRST = ("id", "image_id", "namespace", "name", "member", "url", "type", "status", "owner")


def fits(line: str, *, depth: int = 1) -> bool:
    """Return whether a line need not be broken."""
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
    """Give what is in brackets, each part with what is written before it."""
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
    escaped = repr('"' + text)[2:-1]  # in single quotes, because of the double one
    if text.count('"') > text.count("'"):
        return f"'{escaped}'"
    return '"' + escaped.replace(r"\'", "'").replace('"', r"\"") + '"'
