"""The assertions of an emitted test, about the place where the answers differ."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from attrs import frozen

from simple_db.oracle.comparing.answers import IDS, NAMES, ORDERED, SECONDS, is_uuid
from simple_db.oracle.comparing.outcomes import Moment, Returned
from simple_db.oracle.emission.calls import variable_of
from simple_db.oracle.emission.source import fits, statement, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from simple_db.oracle.comparing.comparison import Step
    from simple_db.oracle.findings.evidence import Evidence
    from simple_db.oracle.programs.calls import Call

_ABOUT_LISTS = (" missing", " extra", " order")


@frozen
class Claim:
    """The assertions of a test after its last call.

    Attributes:
        lines: The assertions, as statements of source.
        timed: The number of a call that the test makes between ``before`` and ``after``.
        kept: The number of a call whose answer the test assigns to ``earlier``.
    """

    lines: tuple[str, ...]
    timed: int | None = None
    kept: int | None = None


def claim(evidence: Evidence) -> Claim:
    """Return the assertions of a test whose last call returns on the reference.

    The answer is in the variable that `variable_of` names.
    """
    last = evidence.steps[-1]
    expected, actual = evidence.divergence.expected, evidence.divergence.actual
    assert isinstance(expected, Returned)  # noqa: S101 - else there is no answer
    field = evidence.divergence.difference.field
    variable = variable_of(last.call, expected.value)
    if not isinstance(actual, Returned) or not field:
        return Claim(tuple(_likeness(last, variable, expected.value)))
    about_list = field.endswith(_ABOUT_LISTS)
    steps = re.findall(r"\[\]|[^.\[\]]+", field.partition(" ")[0])
    whole = _Place(variable, expected.value, actual.value, ordered=last.call.function in ORDERED)
    place, lines = _reached(whole, steps[:-1] if about_list else steps)
    if about_list:
        return Claim((*lines, *_of_list(place)))
    found = _of_place(place, evidence.steps)
    return Claim((*lines, *found.lines), found.timed, found.kept)


# --- the way to where the two differ -------------------------------------------------------------


@frozen
class _Place:
    """A place in an answer: an expression for it, and what both sides have there.

    If one side has nothing there, that is ``...``. The key is that of the place in its row.
    """

    text: str
    expected: Any
    actual: Any
    key: str = ""
    row: _Place | None = None
    ordered: bool = False

    def at(self, key: str) -> _Place:
        return _Place(
            f"{self.text}[{written(key)}]",
            self.expected.get(key, ...),
            self.actual.get(key, ...),
            key,
            self,
            ordered=key in ORDERED,
        )


def _reached(place: _Place, steps: Sequence[str]) -> tuple[_Place, list[str]]:
    """Follow the steps to a place; return it with the lines that assign a row on the way."""
    lines: list[str] = []
    for number, step in enumerate(steps):
        if step == "[]":
            place, more = _row(place, steps[number + 1 : number + 2])
            lines += more
        else:
            place = place.at(step)
    return place, lines


def _row(rows: _Place, keys: Sequence[str]) -> tuple[_Place, list[str]]:
    """Return the row of a list in which the values of the keys differ."""
    pairs = list(_pairs(rows))
    differing = [
        pair
        for pair in pairs
        if any(pair[1].get(key, ...) != pair[2].get(key, ...) for key in keys)
    ]
    place, expected, actual = (differing or pairs)[0]
    name, one = _name_key(rows.expected), _one_of(rows)
    if len(rows.expected) > 1 and name is not None:
        is_it = f"one[{written(name)}] == {written(expected[name])}"
        line = f"{one} = next(one for one in {rows.text} if {is_it})"
        if fits(line):
            return _Place(one, expected, actual), [line]
    return _Place(f"{rows.text}[{place}]", expected, actual), []


def _pairs(rows: _Place) -> Iterator[tuple[int, Any, Any]]:
    """Yield the rows that belong together, with their index on the reference."""
    name = _name_key(rows.expected)
    for place, row in enumerate(rows.expected):
        others = [
            other for other in rows.actual if name is not None and other.get(name) == row[name]
        ]
        yield place, row, (others or rows.actual)[0 if others else place]


def _name_key(rows: Sequence[Any]) -> str | None:
    """Return the key whose values identify the rows, whichever driver made them, or None."""
    for key in NAMES:
        names = [row.get(key) for row in rows if isinstance(row, dict)]
        given = [name for name in names if isinstance(name, str) and not is_uuid(name)]
        if given and len(set(given)) == len(rows):
            return key
    return None


def _one_of(rows: _Place) -> str:
    many = rows.key or rows.text
    if many.endswith("ies"):
        return f"{many[:-3]}y".replace("property", "image_property").replace("image_image", "image")
    return many.removesuffix("s")


# --- what is asserted there ----------------------------------------------------------------------


def _of_list(rows: _Place) -> Iterator[str]:
    """Assert which rows there are, and their order if the API fixes it."""
    expected = rows.expected
    key = _name_key([*expected, *rows.actual]) or _name_key(expected)
    if not expected:
        yield from _equal(rows.text, [])
    elif not isinstance(expected[0], dict):
        text = rows.text if rows.ordered or len(expected) == 1 else f"sorted({rows.text})"
        yield from _equal(text, expected if rows.ordered else sorted(expected))
    elif key is None:
        yield from _equal(f"len({rows.text})", len(expected))
    else:
        one = _one_of(rows)
        named = f"{one}[{written(key)}] for {one} in {rows.text}"
        names = [row[key] for row in expected]
        as_they_come = rows.ordered or len(expected) == 1
        text = f"[{named}]" if as_they_come else f"sorted({named})"
        yield from _equal(text, names if as_they_come else sorted(names))


def _of_place(place: _Place, steps: Sequence[Step]) -> Claim:
    expected, actual, row = place.expected, place.actual, place.row
    if row is not None and ... in (expected, actual):
        word = "not in" if expected is ... else "in"
        return Claim((f"assert {written(place.key)} {word} {row.text}",))
    if isinstance(expected, Moment):
        return _of_time(place)
    if place.key in IDS and _is_made_up(expected):
        return _of_id(place, steps)
    text = f"datetime.fromtimestamp({place.text})" if place.key in SECONDS else place.text
    return Claim(tuple(_equal(text, expected)))


def _of_time(place: _Place) -> Claim:
    """Assert of a time in what the sides differ: that it is set, what it equals, or when it was."""
    text, row = place.text, place.row
    if place.actual is None:
        return Claim((f"assert {text} is not None",))
    if row is not None and place.key != "created_at" and "created_at" in row.expected:
        created = row.at("created_at")
        at_once = place.expected == created.expected
        if at_once is not (place.actual == created.actual):
            return Claim((f"assert {text} {'==' if at_once else '!='} {created.text}",))
    if place.key in SECONDS:
        text = f"datetime.fromtimestamp({text})"
    return Claim((f"assert before <= {text} <= after",), timed=place.expected.call)


def _of_id(place: _Place, steps: Sequence[Step]) -> Claim:
    """Assert that an id which the driver made up is the one in an earlier answer."""
    if place.actual is None:
        return Claim((f"assert {place.text} is not None",))
    for number, step in enumerate(steps[:-1]):
        answer = step.expected.value if isinstance(step.expected, Returned) else None
        for path in _paths(answer, place.key, place.expected):
            return Claim((f"assert {place.text} == earlier{path}",), kept=number)
    return Claim(tuple(_equal(place.text, place.expected)))


def _paths(value: Any, key: str, wanted: Any) -> Iterator[str]:
    """Yield the subscripts under which an answer has the id."""
    if not isinstance(value, dict | list):
        return
    for step, part in value.items() if isinstance(value, dict) else enumerate(value):
        if step == key and part == wanted:
            yield f"[{written(step)}]"
        yield from (f"[{written(step)}]{rest}" for rest in _paths(part, key, wanted))


def _is_made_up(value: Any) -> bool:
    return isinstance(value, int) or is_uuid(value)


def _likeness(step: Step, variable: str, value: Any) -> Iterator[str]:
    """Assert enough of an answer to identify it."""
    if isinstance(value, list):
        yield from _of_list(_Place(variable, value, value, ordered=step.call.function in ORDERED))
    elif isinstance(value, dict):
        for key in _identifying_keys(step.call, value):
            yield from _equal(f"{variable}[{written(key)}]", value[key])
    else:
        yield from _equal(variable, value)


def _identifying_keys(call: Call, value: dict[str, Any]) -> list[str]:
    """Return the keys that the caller gave, or else the first that names the row."""
    given = {
        key: part
        for _name, values in call.arguments
        if isinstance(values, dict)
        for key, part in values.items()
    }
    same = [key for key in value if key in given and value[key] == given[key]]
    names = [key for key in reversed(NAMES) if key in value and not _is_made_up(value[key])]
    return same or names[:1] or list(value)[:1]


def _equal(text: str, expected: Any) -> list[str]:
    """Assert equality; a value that does not fit into the line is assigned to ``expected``."""
    if expected is None or isinstance(expected, bool):
        return [f"assert {text} is {expected}"]
    line = f"assert {text} == {written(expected)}"
    if fits(line):
        return [line]
    return ["\n".join(statement("expected = ", expected)).strip(), f"assert {text} == expected"]


def is_plain(value: Any) -> bool:
    """Return whether an answer can be compared in the call itself, without a variable."""
    return not isinstance(value, dict | list | dt.datetime)
