"""What a call came to on each side, brought into a form that can be compared.

Two drivers give different ids to their rows, and read different clocks. So a time becomes the call
during which it was read, and ids are held to correspond: which id of the target stands for which of
the reference.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, frozen

from simple_db.model import errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from simple_db.oracle.programs.calls import Call
    from simple_db.oracle.targets.target import Target

_VOCABULARY = {name for name, kind in vars(errors).items() if isinstance(kind, type)}

# Their answers are lists whose order the API fixes; any other list may come in any order.
_ORDERED = {
    "image_get_all",
    "task_get_all",
    "metadef_namespace_get_all",
    "metadef_tag_get_all",
    "metadef_tag_create_tags",
}

# An id of this form was made up by a driver.
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# What tells the rows of a list apart, the first that a row has: see `_label`.
_NATURAL_KEYS = ("member", "url", "namespace", "node_reference_url", "name", "image_id", "id")
_NAMED_BY_ID = ("disk_format", "expires_at")


@frozen
class Moment:
    """A time that a driver read from its clock.

    Attributes:
        call: The place in the program of the call that read it, from 0.
    """

    call: int

    def __repr__(self) -> str:
        """Say which call it was, from 1 as people count."""
        return f"<time of call {self.call + 1}>"


@frozen
class Returned:
    """The call returned this value, in its form for comparing."""

    value: Any

    @property
    def kind(self) -> str:
        """How the outcome is called in fingerprints."""
        return "returns"


@frozen
class Raised:
    """The call raised an exception.

    Attributes:
        error: The name of its class.
        leaked: Whether that is none of Glance's.
        message: What it says; not compared.
    """

    error: str
    leaked: bool
    message: str = ""

    @property
    def kind(self) -> str:
        """How the outcome is called in fingerprints."""
        return f"raises {self.error}"


Outcome = Returned | Raised


@define
class Recording:
    """A target, and when it made each call since it was reset."""

    target: Target
    _ends: list[dt.datetime] = Factory(list)

    def restart(self) -> None:
        """Begin a program: forget every row, and begin to count calls."""
        self.target.reset()
        self._ends = [self.target.now()]

    def outcome(self, call: Call) -> Outcome:
        """Make the next call of the program and give what it came to."""
        while self.target.now() <= self._ends[-1]:
            pass  # a microsecond at most, so that no time belongs to two calls
        try:
            answer = self.target.call(call)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other side must match it
            self._ends.append(self.target.now())
            return _raised(error)
        self._ends.append(self.target.now())
        return Returned(self._normal(answer))

    def _normal(self, value: Any) -> Any:
        if isinstance(value, dt.datetime):
            return self._moment(value)
        if isinstance(value, dict):
            return {key: self._normal(_as_time(key, part)) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._normal(part) for part in value)
        if hasattr(value, "__table__"):  # a row as SQLAlchemy has it
            columns = value.__table__.columns
            return {column.name: self._normal(getattr(value, column.name)) for column in columns}
        return value

    def _moment(self, time: dt.datetime) -> dt.datetime | Moment:
        """Give the call that read the time; one that was given by a caller stays as it is."""
        if self._ends[0] < time <= self._ends[-1]:
            return Moment(bisect_left(self._ends, time) - 1)
        return time


def _as_time(key: str, value: Any) -> Any:
    """Return the seconds since 1970 that the image cache tells as a time."""
    if key in {"last_accessed", "last_modified"} and isinstance(value, float):
        return dt.datetime.fromtimestamp(value)  # noqa: DTZ006 - as it was made: of naive UTC
    return value


def _raised(error: Exception) -> Raised:
    names = {kind.__name__ for kind in type(error).__mro__}
    leaked = names.isdisjoint(_VOCABULARY | {"GlanceException"})
    return Raised(type(error).__name__, leaked, str(error))


@frozen
class Difference:
    """One place in which two outcomes differ.

    Attributes:
        field: Where, as in ``[].locations[].status``; after it, what is there on one side only.
        expected: What the reference has there.
        actual: What the target has there.
        slight: Whether later calls can still be compared: a key that one side lacks, or a time.
    """

    field: str
    expected: Any
    actual: Any
    slight: bool = False


@define
class Correspondence:
    """Which id of the target stands for which id of the reference, by kind of row."""

    _ids: dict[tuple[str, Any], Any] = Factory(dict)

    def holds(self, kind: str, expected: Any, actual: Any) -> bool:
        """Return whether the two can be ids of the same row, and hold them to it from now on."""
        if expected is None or actual is None:
            return expected is actual
        return bool(self._ids.setdefault((kind, expected), actual) == actual)


def differences(
    function: str, expected: Outcome, actual: Outcome, ids: Correspondence
) -> list[Difference]:
    """Return every place in which the target's outcome differs from the reference's.

    Outcomes of different kinds differ in one place, whose field is empty.
    """
    if isinstance(expected, Returned) and isinstance(actual, Returned):
        walk = _Walk(subject_of(function), ids)
        ordered = function in _ORDERED
        return list(walk.parts("", expected.value, actual.value, ordered=ordered))
    return [] if expected.kind == actual.kind else [Difference("", expected, actual)]


def subject_of(function: str) -> str:
    """Return the kind of row that the function's answer is about."""
    return next((kind for start, kind in _SUBJECTS.items() if function.startswith(start)), function)


_SUBJECTS = {
    "image_member": "member",
    "image_property": "properties",
    "image_location": "locations",
    "image_tag": "tag",
    "image": "image",
    "task": "task",
    "metadef_namespace": "namespace",
    "metadef_object": "object",
    "metadef_property": "property",
    "metadef_tag": "tag definition",
    "metadef_resource_type_association": "association",
    "metadef_resource_type": "resource type",
    "node_reference": "node_reference",
    "get_cached": "cached image",
}


@frozen
class _Walk:
    """A walk through two values at once."""

    subject: str
    ids: Correspondence

    def parts(
        self, path: str, expected: Any, actual: Any, *, ordered: bool
    ) -> Iterator[Difference]:
        if isinstance(expected, dict) and isinstance(actual, dict):
            yield from self._dicts(path, expected, actual)
        elif isinstance(expected, list) and isinstance(actual, list):
            yield from self._lists(path, expected, actual, ordered=ordered)
        elif kind := self._kind_of_id(path):
            if not self.ids.holds(kind, expected, actual):
                yield Difference(path, expected, actual)
        elif expected != actual:
            yield Difference(path, expected, actual, slight=path.endswith(_TIMES))

    def _dicts(
        self, path: str, expected: Mapping[str, Any], actual: Mapping[str, Any]
    ) -> Iterator[Difference]:
        if path.rpartition(".")[2] in _JSON:
            if expected != actual:
                yield Difference(path, expected, actual)
            return
        for key in sorted(expected.keys() | actual.keys(), key=str):
            within = f"{path}.{key}" if path else str(key)
            if key not in actual:
                yield Difference(f"{within} only in reference", expected[key], ..., slight=True)
            elif key not in expected:
                yield Difference(f"{within} only in target", ..., actual[key], slight=True)
            else:
                yield from self.parts(
                    within, expected[key], actual[key], ordered=key == "locations"
                )

    def _lists(
        self, path: str, expected: Sequence[Any], actual: Sequence[Any], *, ordered: bool
    ) -> Iterator[Difference]:
        path = f"{path}[]"
        names, other_names = ([_label(row) for row in rows] for rows in (expected, actual))
        missing = Counter(names) - Counter(other_names)
        extra = Counter(other_names) - Counter(names)
        if missing:
            yield Difference(f"{path} missing", names, other_names)
        if extra:
            yield Difference(f"{path} extra", names, other_names)
        if missing or extra:
            return
        turned = names != other_names or _is_turned(expected, actual)
        if ordered and turned:
            yield Difference(f"{path} order", names, other_names)
        if not ordered or turned:
            expected, actual = _sorted(expected), _sorted(actual)
        for row, other in zip(expected, actual, strict=True):
            yield from self.parts(path, row, other, ordered=False)

    def _kind_of_id(self, path: str) -> str | None:
        """Return the kind of row whose id is there, or None where no id is."""
        *_, parent, key = ("", *path.split("."))
        if key in {"id", "node_reference_id"}:
            return parent.removesuffix("[]") or self.subject
        return key.removesuffix("_id") if key in {"image_id", "namespace_id"} else None


_TIMES = ("_at", "last_accessed", "last_modified")

# What is in these was given by a caller, and is compared as a whole.
_JSON = {"metadata", "input", "result", "json_schema"}


def _label(row: Any) -> str:
    """Return what tells the row apart from others, whichever driver made it."""
    if not isinstance(row, dict):
        return repr(row)
    keys = ("id",) if any(key in row for key in _NAMED_BY_ID) else _NATURAL_KEYS
    name = next((row[key] for key in keys if key in row), "")
    return "<made up>" if _UUID.fullmatch(str(name)) else str(name)


def _sorted(rows: Sequence[Any]) -> list[Any]:
    return sorted(rows, key=_place)


def _is_turned(rows: Sequence[Any], others: Sequence[Any]) -> bool:
    """Return whether these are the same rows in another order, those of the same name included."""
    places, other_places = ([_place(row) for row in one] for one in (rows, others))
    return places != other_places and sorted(places) == sorted(other_places)


def _place(row: Any) -> tuple[str, str]:
    return _label(row), str(_times_and_state(row))


def _times_and_state(row: Any) -> Any:
    """Return what puts rows of the same name in order: when they were made, and what they are."""
    if not isinstance(row, dict):
        return row
    return [row.get(key) for key in ("created_at", "deleted", "status", "value", "metadata")]
