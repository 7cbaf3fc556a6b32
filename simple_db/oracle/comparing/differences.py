"""The places in which the outcomes of a call on two sides differ."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, frozen

from simple_db.oracle.comparing.answers import IDS, JSON, NAMES, ORDERED, is_uuid, subject_of
from simple_db.oracle.comparing.outcomes import CallOutcome, Returned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Images and tasks have these columns; their names are no keys, so their ids identify them.
_IDENTIFIED_BY_ID = ("disk_format", "expires_at")

_TIMES = ("_at", "last_accessed", "last_modified")


@frozen
class Difference:
    """One place in which two outcomes differ.

    Attributes:
        field: Where, as in ``[].locations[].status``; behind it, if the two lists or keys differ:
            ``missing``, ``extra``, ``order``, ``only in reference`` or ``only in target``.
        expected: What the reference has there.
        actual: What the target has there.
        slight: Whether later calls can still be compared, as where a key or a time differs.
    """

    field: str
    expected: Any
    actual: Any
    slight: bool = False


@define
class Correspondence:
    """Which id of the target stands for which id of the reference, by kind of row."""

    _ids: dict[tuple[str, Any], Any] = Factory(dict)

    def matches(self, kind: str, expected: Any, actual: Any) -> bool:
        """Return whether the two can be ids of the same row; the first pair of an id counts."""
        if expected is None or actual is None:
            return expected is actual
        return bool(self._ids.setdefault((kind, expected), actual) == actual)


def differences(
    function: str, expected: CallOutcome, actual: CallOutcome, ids: Correspondence
) -> list[Difference]:
    """Return every place in which the target's outcome differs from the reference's.

    Outcomes of different kinds differ in one place, whose field is empty.
    """
    if isinstance(expected, Returned) and isinstance(actual, Returned):
        walk = _Walk(subject_of(function), ids)
        ordered = function in ORDERED
        return list(walk.parts("", expected.value, actual.value, ordered=ordered))
    return [] if expected.kind == actual.kind else [Difference("", expected, actual)]


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
            if not self.ids.matches(kind, expected, actual):
                yield Difference(path, expected, actual)
        elif expected != actual:
            yield Difference(path, expected, actual, slight=path.endswith(_TIMES))

    def _dicts(
        self, path: str, expected: Mapping[str, Any], actual: Mapping[str, Any]
    ) -> Iterator[Difference]:
        if path.rpartition(".")[2] in JSON:
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
                yield from self.parts(within, expected[key], actual[key], ordered=key in ORDERED)

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
        moved = names != other_names or _is_moved(expected, actual)
        if ordered and moved:
            yield Difference(f"{path} order", names, other_names)
        if not ordered or moved:
            expected, actual = _sorted(expected), _sorted(actual)
        for row, other in zip(expected, actual, strict=True):
            yield from self.parts(path, row, other, ordered=False)

    def _kind_of_id(self, path: str) -> str | None:
        """Return the kind of row whose id is there, or None where no id is."""
        *_, parent, key = ("", *path.split("."))
        if key not in IDS:
            return None
        if key in {"image_id", "namespace_id"}:
            return key.removesuffix("_id")
        return parent.removesuffix("[]") or self.subject


def _label(row: Any) -> str:
    """Return the name of the row, which is the same on both sides."""
    if not isinstance(row, dict):
        return repr(row)
    keys = ("id",) if any(key in row for key in _IDENTIFIED_BY_ID) else NAMES
    name = next((row[key] for key in keys if key in row), "")
    return "<made up>" if is_uuid(name) else str(name)


def _sorted(rows: Sequence[Any]) -> list[Any]:
    return sorted(rows, key=_sort_key)


def _is_moved(rows: Sequence[Any], others: Sequence[Any]) -> bool:
    """Return whether these are the same rows in another order, those of the same name included."""
    keys, other_keys = ([_sort_key(row) for row in one] for one in (rows, others))
    return keys != other_keys and sorted(keys) == sorted(other_keys)


def _sort_key(row: Any) -> tuple[str, str]:
    return _label(row), str(_times_and_state(row))


def _times_and_state(row: Any) -> Any:
    """Return what orders rows of the same name, on both sides alike."""
    if not isinstance(row, dict):
        return row
    return [row.get(key) for key in ("created_at", "deleted", "status", "value", "metadata")]
