"""No snapshot, whoever made it, does anything but be read or be refused.

Most are near to a good one and have an unbroken seal, so that they reach what is behind it. Each is
refused with a `SnapshotError` of a readable length, and leaves the database as it was; or it
is read, and is a sound database that comes back from its own snapshot.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from simple_db import Database
from simple_db.model.errors import SnapshotError
from simple_db.persistence import json_weight
from tests import golden
from tests.support.build import a_full_database, counted, document_of, sealed, sealed_bytes

LONGEST_MESSAGE = 1000

GOOD = a_full_database().snapshot()
FIRST_LINE, _, PAYLOAD = GOOD.partition(b"\n")
DOCUMENT = document_of(a_full_database())
VERSION_1 = json.loads((golden.DIRECTORY / "1.json").read_bytes())


def hold(content: bytes) -> None:
    db = Database()
    told = refusal(db, content)
    event("refused" if told else "read")
    if told is None:
        db.check()
        again = Database()
        again.restore(db.snapshot())
        assert again.snapshot() == db.snapshot()
    else:
        assert 0 < len(told) < LONGEST_MESSAGE
        assert db.revision == 0


def refusal(db: Database, content: bytes) -> str | None:
    """Restore the database, and give what is told if that is refused."""
    try:
        db.restore(content)
    except SnapshotError as error:
        return str(error)
    return None


# --- bytes -----------------------------------------------------------------------------------


@given(st.binary(max_size=300), st.sampled_from([b"", GOOD[:40], FIRST_LINE, FIRST_LINE + b"\n"]))
def test_any_bytes_are_refused_or_read(content: bytes, before: bytes) -> None:
    hold(before + content)
    hold(sealed_bytes(content))


_STRUCTURE = [b"[", b"]", b"{", b"}", b'"', b"\\", b",", b":", b"\n", b"\0", b"\xff", b"[" * 80]
_VALUES = [b"null", b"true", b"-", b"0", b"9" * 30, b"1e400", b"NaN", b'"\\ud800"', b'"a"', b"[]"]
_edits = st.tuples(
    st.integers(0, len(PAYLOAD)),
    st.integers(0, 8),
    st.one_of(
        st.sampled_from([*_STRUCTURE, *_VALUES]),
        st.binary(max_size=4),
        st.integers(0, len(PAYLOAD) - 40),
    ),
)


@given(st.lists(_edits, min_size=1, max_size=4), st.booleans())
def test_a_snapshot_with_other_bytes_is_refused_or_read(
    edits: list[tuple[int, int, bytes | int]], seals: bool
) -> None:
    content = PAYLOAD
    for start, length, put in edits:
        new = put if isinstance(put, bytes) else PAYLOAD[put : put + 40]
        content = content[:start] + new + content[start + length :]
    hold(sealed_bytes(content) if seals else FIRST_LINE + b"\n" + content)


# --- structure -------------------------------------------------------------------------------

_texts = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(codec=None), max_size=5),  # lone surrogates too
    st.sampled_from(["", "a", "b", "t", "os", "note", "active", "queued", "shared", "import"]),
    st.sampled_from([36, 37, 10**5]).map("a".__mul__),
    st.datetimes().map(lambda time: time.isoformat()),
    st.sampled_from(["2026-01-01T24:00:00", "2026-01-01T12:00:00Z", "0000-01-01T00:00:00"]),
)
_leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 6),
    st.integers(),
    st.sampled_from([2**31, 2**63 - 1, 2**63, -(2**63), 2**64, 10**400]),
    st.floats(),
    _texts,
)
_values = st.recursive(
    _leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(_texts, inner, max_size=3)
    ),
    max_leaves=8,
)


def _nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


_any_values = st.one_of(_values, st.sampled_from([60, 64, 65, 72, 100]).map(_nested))


@st.composite
def _changed(draw: st.DrawFn, document: Any) -> Any:
    """Draw a document with up to three changes in places that are drawn too."""
    document = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        _change(draw, _container(draw, document))
    if draw(st.booleans()) and _has_lists(document):
        document = counted(document)
    return document


def _container(draw: st.DrawFn, document: Any) -> Any:
    """Draw a dict or a list in the document, most often one deep in it."""
    place = document
    while children := [child for child in _children(place) if child]:
        if not draw(st.integers(0, 5)):
            break
        # The tables are the last of the children, and have the most in them.
        place = children[-1] if place is document else draw(st.sampled_from(children))
    return place


def _children(place: Any) -> list[Any]:
    values = place.values() if isinstance(place, dict) else place
    return [child for child in values if isinstance(child, (dict, list))]


def _change(draw: st.DrawFn, place: Any) -> None:
    keys = sorted(place) if isinstance(place, dict) else range(len(place))
    key = draw(st.sampled_from(keys))
    how = draw(st.sampled_from(["put", "put", "put", "copy", "remove", "add"]))
    if how == "put":
        place[key] = draw(_any_values)
    elif how == "copy":
        place[key] = copy.deepcopy(place[draw(st.sampled_from(keys))])
    elif how == "remove":
        del place[key]
    elif isinstance(place, dict):
        place[draw(_texts)] = draw(_any_values)
    else:
        place.append(draw(st.one_of(st.just(copy.deepcopy(place[key])), _any_values)))


def _has_lists(document: Any) -> bool:
    tables = document.get("tables")
    return isinstance(tables, dict) and all(isinstance(rows, list) for rows in tables.values())


@given(_changed(DOCUMENT))
def test_a_document_with_other_values_is_refused_or_read(document: Any) -> None:
    hold(sealed(document))


@given(_changed(VERSION_1))
def test_a_document_of_version_1_with_other_values_is_refused_or_read(document: Any) -> None:
    hold(json.dumps(document).encode())


# --- memory ----------------------------------------------------------------------------------

WEIGHTS = {",": 48, ":": 48, "{": 208, "[": 96}
"""What each mark is taken to need in memory outside of texts, in bytes; a quotation mark is 20."""


def weight(json: str) -> int:
    """Count the marks one by one."""
    total = 20 * json.count('"')
    in_text = escaped = False
    for mark in json:
        if in_text and escaped:
            escaped = False
        elif in_text and mark == "\\":
            escaped = True
        elif mark == '"':
            in_text = not in_text
        elif not in_text:
            total += WEIGHTS.get(mark, 0)
    return total


@given(st.lists(st.text('",:{[]}\\\na', max_size=50) | st.text(" ", max_size=50)).map("".join))
def test_values_are_those_outside_of_texts_as_a_loop_counts_them(json: str) -> None:
    assert json_weight.is_dense(json.encode()) == (weight(json) > 11 * len(json))
