"""What an emitted test asserts: that the target answers what the reference does, in one place."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

from attrs import frozen

from simple_db.oracle.comparing.outcomes import Moment, Returned, subject_of
from simple_db.oracle.emission.source import fits, statement, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from simple_db.oracle.comparing.comparison import Step
    from simple_db.oracle.findings.evidence import Evidence
    from simple_db.oracle.programs.calls import Call

_VARIABLES = {
    "properties": "image_property",
    "locations": "location",
    "object": "metadef_object",
    "property": "metadef_property",
    "tag definition": "tag",
    "resource type": "resource_type",
    "cached image": "cached_image",
}
_ABOUT_LISTS = (" missing", " extra", " order")
_IN_ORDER = {
    "image_get_all",
    "task_get_all",
    "metadef_namespace_get_all",
    "metadef_tag_get_all",
    "metadef_tag_create_tags",
    "locations",
}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_IDS = {"id", "image_id", "namespace_id", "node_reference_id"}
_SECONDS = {"last_accessed", "last_modified"}

# What tells rows apart, the first that does.
_NAMES = ("member", "url", "namespace", "node_reference_url", "name", "image_id", "id")


@frozen
class Claim:
    """What a test asserts after its last call.

    Attributes:
        lines: The assertions, as statements of source.
        timed: The place of a call that must have happened between ``before`` and ``after``.
        kept: The place of a call whose answer must have the name ``earlier``.
    """

    lines: tuple[str, ...]
    timed: int | None = None
    kept: int | None = None


def variable_of(call: Call, value: Any) -> str:
    """Return what a person would call the answer, as in ``image`` or ``images``."""
    subject = subject_of(call.function)
    singular = _VARIABLES.get(subject, subject)
    if not isinstance(value, list):
        return singular
    return f"{singular[:-1]}ies" if singular.endswith("y") else f"{singular}s"


def claim(evidence: Evidence) -> Claim:
    """Return the assertions of a test whose last call returns on the reference.

    The answer has the name that `variable_of` gives it.
    """
    last = evidence.steps[-1]
    expected, actual = evidence.divergence.expected, evidence.divergence.actual
    assert isinstance(expected, Returned)  # noqa: S101 - else there is no answer to look at
    field = evidence.divergence.difference.field
    variable = variable_of(last.call, expected.value)
    if not isinstance(actual, Returned) or not field:
        return Claim(tuple(_likeness(last, variable, expected.value)))
    about_list = field.endswith(_ABOUT_LISTS)
    steps = re.findall(r"\[\]|[^.\[\]]+", field.partition(" ")[0])
    whole = _Place(variable, expected.value, actual.value, ordered=last.call.function in _IN_ORDER)
    place, lines = _reached(whole, steps[:-1] if about_list else steps)
    if about_list:
        return Claim((*lines, *_of_list(place)))
    found = _of_place(place, evidence.steps)
    return Claim((*lines, *found.lines), found.timed, found.kept)


# --- the way to where the two differ -------------------------------------------------------------


@frozen
class _Place:
    """A place in an answer: the expression for it, and what both sides have there.

    What one side has not there is ``...``. The key is the one under which it is in its row.
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
            ordered=key in _IN_ORDER,
        )


def _reached(place: _Place, steps: Sequence[str]) -> tuple[_Place, list[str]]:
    """Follow the steps to a place, and give the lines that name a row on the way there."""
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
    """Give the rows that belong together, with their place on the reference."""
    name = _name_key(rows.expected)
    for place, row in enumerate(rows.expected):
        others = [
            other for other in rows.actual if name is not None and other.get(name) == row[name]
        ]
        yield place, row, (others or rows.actual)[0 if others else place]


def _name_key(rows: Sequence[Any]) -> str | None:
    """Return the key that tells the rows apart, whichever driver made them."""
    for key in _NAMES:
        names = [row.get(key) for row in rows if isinstance(row, dict)]
        given = [name for name in names if isinstance(name, str) and not _UUID.fullmatch(name)]
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
    """Assert which rows there are, and in which order if that is fixed."""
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
    if place.key in _IDS and _is_made_up(expected):
        return _of_id(place, steps)
    text = f"datetime.fromtimestamp({place.text})" if place.key in _SECONDS else place.text
    return Claim(tuple(_equal(text, expected)))


def _of_time(place: _Place) -> Claim:
    """Assert of a time what tells the sides apart: that there is one, equal to which, or when."""
    text, row = place.text, place.row
    if place.actual is None:
        return Claim((f"assert {text} is not None",))
    if row is not None and place.key != "created_at" and "created_at" in row.expected:
        created = row.at("created_at")
        at_once = place.expected == created.expected
        if at_once is not (place.actual == created.actual):
            return Claim((f"assert {text} {'==' if at_once else '!='} {created.text}",))
    if place.key in _SECONDS:
        text = f"datetime.fromtimestamp({text})"
    return Claim((f"assert before <= {text} <= after",), timed=place.expected.call)


def _of_id(place: _Place, steps: Sequence[Step]) -> Claim:
    """Assert that an id made up by the driver is the one that it told before."""
    if place.actual is None:
        return Claim((f"assert {place.text} is not None",))
    for number, step in enumerate(steps[:-1]):
        answer = step.expected.value if isinstance(step.expected, Returned) else None
        for path in _paths(answer, place.key, place.expected):
            return Claim((f"assert {place.text} == earlier{path}",), kept=number)
    return Claim(tuple(_equal(place.text, place.expected)))


def _paths(value: Any, key: str, wanted: Any) -> Iterator[str]:
    """Give the subscripts under which an answer has the id."""
    if not isinstance(value, dict | list):
        return
    for step, part in value.items() if isinstance(value, dict) else enumerate(value):
        if step == key and part == wanted:
            yield f"[{written(step)}]"
        yield from (f"[{written(step)}]{rest}" for rest in _paths(part, key, wanted))


def _is_made_up(value: Any) -> bool:
    return isinstance(value, int) or bool(_UUID.fullmatch(str(value)))


def _likeness(step: Step, variable: str, value: Any) -> Iterator[str]:
    """Assert of a whole answer what tells that it is the right one."""
    if isinstance(value, list):
        yield from _of_list(_Place(variable, value, value, ordered=step.call.function in _IN_ORDER))
    elif isinstance(value, dict):
        for key in _told_keys(step.call, value):
            yield from _equal(f"{variable}[{written(key)}]", value[key])
    else:
        yield from _equal(variable, value)


def _told_keys(call: Call, value: dict[str, Any]) -> list[str]:
    """Return the keys of an answer that the caller gave, or else the first that names the row."""
    given = {
        key: part
        for _name, values in call.arguments
        if isinstance(values, dict)
        for key, part in values.items()
    }
    same = [key for key in value if key in given and value[key] == given[key]]
    names = [key for key in reversed(_NAMES) if key in value and not _is_made_up(value[key])]
    return same or names[:1] or list(value)[:1]


def _equal(text: str, expected: Any) -> list[str]:
    """Assert equality; what does not fit into a line gets a name."""
    if expected is None or isinstance(expected, bool):
        return [f"assert {text} is {expected}"]
    line = f"assert {text} == {written(expected)}"
    if fits(line):
        return [line]
    return ["\n".join(statement("expected = ", expected)).strip(), f"assert {text} == expected"]


def is_plain(value: Any) -> bool:
    """Return whether an answer can be compared as it is, without a name for it."""
    return not isinstance(value, dict | list | dt.datetime)
