from __future__ import annotations

import hashlib
import itertools
import json
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from simple_db import Database, __version__
from simple_db.model import values
from simple_db.model.errors import SnapshotDamaged, SnapshotError
from simple_db.model.records import Image
from simple_db.persistence import decoding, formats, json_weight
from tests.support.build import (
    ADMIN,
    a_database,
    a_full_database,
    a_location,
    an_image,
    document_of,
    refused,
    rows,
    sealed,
    sealed_bytes,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simple_db.persistence.database_file import SaveMode


EMPTY = Database().snapshot()


# --- what is read ----------------------------------------------------------------------------


def test_the_order_of_keys_and_rows_does_not_matter() -> None:
    snapshot = a_full_database().snapshot()
    shuffled = json.loads(snapshot)
    for table in shuffled["tables"].values():
        table.reverse()
    db = Database()
    db.restore(sealed(shuffled, sort_keys=True, indent=4))

    assert db.snapshot() == snapshot


def test_what_is_read_names_its_version_its_writer_and_its_checksum() -> None:
    found = decoding.decoded(EMPTY)

    assert (found.version, found.writer) == (formats.VERSION, __version__)
    assert found.checksum == json.loads(EMPTY)["sha256"]


def test_of_two_equal_keys_the_last_is_read_as_json_readers_do() -> None:
    payload = a_full_database().snapshot().split(b"\n", 1)[1]
    db = Database()
    db.restore(sealed_bytes(payload.replace(b'"name":null', b'"name":5,"name":"new"', 1)))

    assert [row["name"] for row in rows(db, "images")] == ["new", None]


def test_a_nul_character_in_a_text_is_text() -> None:
    db = Database()
    db.restore(sealed(changed(*in_row("images", "name"), to="a\0b")))

    assert rows(db, "images")[0]["name"] == "a\0b"


def test_progress_is_reported_in_rows_until_all_are_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simple_db.persistence.layout.ROWS_AT_ONCE", 3)
    db = a_database()
    for _ in range(7):
        an_image(db)
    steps: list[tuple[int, int]] = []
    found = decoding.decoded(db.snapshot(), progress=lambda *step: steps.append(step))

    assert steps == [(3, 7), (6, 7), (7, 7)]
    assert len(found.cut.rows[Image]) == 7


def test_a_row_in_a_later_step_is_named_by_its_number_in_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simple_db.persistence.layout.ROWS_AT_ONCE", 3)

    with pytest.raises(SnapshotError, match=r"image_properties, row 4: .*name is required"):
        Database().restore(sealed(changed("tables", "image_properties", 3, "name", to=None)))


# --- damage ----------------------------------------------------------------------------------


def a_small_snapshot() -> bytes:
    db = a_database()
    an_image(db, "a")
    a_location(db, "a")
    return db.snapshot()


def test_every_truncation_is_refused(full: Database) -> None:
    before = full.snapshot()
    small = a_small_snapshot()
    for length in range(len(small)):
        with pytest.raises(SnapshotError):
            full.restore(small[:length])

    assert full.snapshot() == before
    assert full.revision == a_full_database().revision


def test_every_flipped_bit_is_refused_and_damage_behind_the_first_line_called_so() -> None:
    db = a_full_database()
    before = db.snapshot()
    small = a_small_snapshot()
    payload = small.index(b"\n") + 1
    for place, bit in itertools.product(range(len(small)), range(8)):
        flipped = bytearray(small)
        flipped[place] ^= 1 << bit
        with pytest.raises(SnapshotDamaged if place >= payload else SnapshotError):
            db.restore(bytes(flipped))

    assert db.snapshot() == before
    assert db.revision == a_full_database().revision


DAMAGED: list[tuple[bytes, bytes, str]] = [
    (b'"status":"active"', b'"status":"actave"', "images, row 1: images.status cannot hold"),
    (b'"name":null', b'"nane":null', "images, row 1 lacks 'name'"),
    (b'"size":1099511627776', b'"size":1099511627777', "Every row of it can be read"),
    (b'"owner":"alice"', b'"owner":"alice', r"not JSON: .*line 7 column \d+"),
    (b'"tables":{', b'"fables":{', "the snapshot lacks 'tables'"),
    (b'"counts":{"images":2', b'"counts":{"images":3', "counts: images is 3, and there are 2 rows"),
    (
        b'{"format":"simple_db","version":2,',
        b'{"version":2,"format":"simple_db",',
        "has no checksum",
    ),
    (b'"version":2,', b'"version":2 ,', "has no checksum"),
    (b"}}\n", b"}}", "Every row of it can be read"),
    (b"}}\n", b"}}\n\n", "Every row of it can be read"),
]


@pytest.mark.parametrize(("there", "then", "message"), DAMAGED)
def test_the_message_says_what_is_damaged_and_where(
    there: bytes, then: bytes, message: str
) -> None:
    snapshot = a_full_database().snapshot()
    damaged = snapshot.replace(there, then, 1)
    assert damaged != snapshot

    with pytest.raises(SnapshotDamaged, match=f"this snapshot is not as it was written.*{message}"):
        Database().restore(damaged)


def test_a_torn_first_line_is_called_torn() -> None:
    with pytest.raises(SnapshotDamaged, match=r"torn or damaged: .*line 1 column 81"):
        Database().restore(EMPTY[:80])


def test_a_lost_row_shows_in_the_count_of_its_table() -> None:
    lines = a_full_database().snapshot().splitlines(keepends=True)
    [lost] = [number for number, line in enumerate(lines) if line.startswith(b',{"id":"b"')]
    del lines[lost]

    with pytest.raises(SnapshotDamaged, match="counts: images is 2, and there are 1 rows"):
        Database().restore(b"".join(lines))


def test_the_message_has_both_checksums() -> None:
    damaged = EMPTY.replace(b'"images":0', b'"images":7', 1)
    payload = damaged.split(b"\n", 1)[1]

    with pytest.raises(SnapshotDamaged) as caught:
        Database().restore(damaged)

    assert f"SHA-256 {hashlib.sha256(payload).hexdigest()[:8]}" in str(caught.value)
    assert f"says {json.loads(EMPTY)['sha256'][:8]}" in str(caught.value)


def test_an_edited_snapshot_can_be_read_if_its_checksum_is_ignored() -> None:
    edited = a_full_database().snapshot().replace(b'"owner":"alice"', b'"owner":"carol"', 1)
    found = decoding.decoded(edited, ignore_checksum=True)

    assert found.cut.rows[Image]["a"].owner == "carol"
    assert found.checksum == ""


def test_the_counts_of_an_edited_snapshot_are_ignored_too() -> None:
    edited = EMPTY.replace(b'"images":0', b'"images":7', 1)

    assert decoding.decoded(edited, ignore_checksum=True).cut.rows[Image] == {}


# --- refused documents -----------------------------------------------------------------------


REMOVED = object()


def changed(*path: Any, to: Any) -> Any:
    """Give the document of the full database with one place in it changed, or removed."""
    changed = document_of(a_full_database())
    place = changed
    for step in path[:-1]:
        place = place[step]
    if to is REMOVED:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return changed


def in_row(table: str, column: str) -> tuple[Any, ...]:
    return ("tables", table, 0, column)


NO_JSON = [
    b"",
    b"{",
    b"not json",
    b"\xff\xfe",
    b"\xef\xbb\xbf" + EMPTY,
    b'{"format": NaN}',
    b'{"format": 1e400}',
    b'{"format": "\\ud800"}',
    b'{"format": "\x00"}',
    b"1" * 5000,
    b'"' + b'\\"' * 100_000,
    "\ud800",
]


NO_SNAPSHOT: list[tuple[Any, str]] = [
    *(
        (other, 'it lacks "format": "simple_db"')
        for other in (None, "simple_db", {"format": "other"})
    ),
    ([], 'it lacks "format": "simple_db"'),
    ({}, 'it lacks "format": "simple_db"'),
    ({"format": "simple_db"}, "has version None"),
    *(
        ({"format": "simple_db", "version": version}, f"has version {version!r}")
        for version in ("1", True, 1.0, 0, -1)
    ),
    ({"format": "simple_db", "version": "2" * 1000}, "has version '2{99}, and"),
    (
        {"format": "simple_db", "version": formats.VERSION},
        "has no checksum.*lacks 'counters, counts,",
    ),
]


# One wrong place in a document that is right otherwise: the place, what is there, what is message.
WRONG: list[tuple[tuple[Any, ...], Any, str]] = [
    (("writer",), REMOVED, "the snapshot lacks 'writer'"),
    (("writer",), 1, "writer: this must be a release, not 1"),
    (("counts",), REMOVED, "the snapshot lacks 'counts'"),
    (("counts",), [], "counts: this must be a JSON object"),
    (("counts", "image_tags"), REMOVED, "counts lacks 'image_tags'"),
    (("counts", "flavors"), 0, "counts has unknown 'flavors'"),
    (("counts", "image_tags"), 3, "counts: image_tags is 3, and there are 2 rows"),
    (("counts", "image_tags"), None, "counts: image_tags is None, and there are 2 rows"),
    (("counters",), REMOVED, "the snapshot lacks 'counters'"),
    (("tables",), REMOVED, "the snapshot lacks 'tables'"),
    (("extra",), 1, "the snapshot has unknown 'extra'"),
    (("tables",), [], "tables: this must be a JSON object"),
    (("tables",), None, "tables: this must be a JSON object"),
    (("counters",), [], "counters: this must be a JSON object"),
    (("tables", "image_tags"), REMOVED, "tables lacks 'image_tags'"),
    (("tables", "flavors"), [], "tables has unknown 'flavors'"),
    (("tables", "image_tags"), {}, "image_tags: this must be a list of rows"),
    (("tables", "image_tags"), None, "image_tags: this must be a list of rows"),
    (("tables", "image_tags", 0), [], "image_tags, row 1: this must be a JSON object"),
    (("tables", "images", 1), "b", "images, row 2: this must be a JSON object"),
    (("counters", "image_tags"), REMOVED, "counters lacks 'image_tags'"),
    (("counters", "images"), 1, "counters has unknown 'images'"),
    *(
        (("counters", "image_tags"), wrong, "counters: image_tags must be a positive integer")
        for wrong in (0, -1, "3", 3.0, 2**63, True, None)
    ),
    (("counters", "image_tags"), 2, "image_tags is 2, and the id 2 is not below that"),
    (in_row("images", "name"), REMOVED, "images, row 1 lacks 'name'"),
    (in_row("images", "colour"), "blue", "images, row 1 has unknown 'colour'"),
    (in_row("images", "id"), "b", "images, row 2: the id 'b' is there twice"),
    (in_row("image_tags", "id"), 2, "image_tags, row 2: the id 2 is there twice"),
    (in_row("images", "id"), None, "images, row 1: images.id is required"),
    (in_row("images", "id"), "", "images, row 1: images.id cannot hold ''"),
    (in_row("images", "id"), "a" * 37, "images, row 1: images.id cannot hold 'a{37}'"),
    (in_row("tasks", "id"), "", "tasks, row 1: tasks.id cannot hold ''"),
    (in_row("images", "status"), None, "images, row 1: images.status is required"),
    (in_row("images", "status"), "lost", "images, row 1: images.status cannot hold 'lost'"),
    (in_row("image_members", "member"), None, "image_members.member is required"),
    (in_row("images", "id"), 5, "images.id holds 5, which is of another type"),
    (in_row("images", "name"), 5, "images.name holds 5, which is of another type"),
    (in_row("images", "name"), ["a"], "images.name cannot hold"),
    (in_row("images", "size"), "5", "images.size holds '5', which is of another type"),
    (in_row("images", "size"), 5.0, "images.size holds 5.0, which is of another type"),
    (in_row("images", "size"), True, "images.size holds True, which is of another type"),
    (in_row("images", "size"), 2**63, "images.size cannot hold"),
    (in_row("images", "size"), 2**64, "images.size cannot hold"),
    (in_row("images", "size"), 10**300, "images.size cannot hold"),
    (in_row("images", "size"), -(2**63) - 1, "images.size holds -9.2.*of another type"),
    (in_row("images", "protected"), 1, "images.protected holds 1, which is of another type"),
    (in_row("images", "protected"), "true", "images.protected cannot hold"),
    (in_row("images", "visibility"), "secret", "images.visibility cannot hold 'secret'"),
    (in_row("image_tags", "id"), "1", "image_tags.id holds '1', which is of another type"),
    (in_row("image_tags", "id"), True, "image_tags.id holds True, which is of another type"),
    (in_row("image_tags", "id"), None, "image_tags.id is required"),
    (in_row("image_tags", "id"), [1], "image_tags.id cannot hold"),
    (in_row("image_locations", "value"), None, "image_locations.value is required"),
    (in_row("image_locations", "meta_data"), 2**63, "image_locations.meta_data cannot hold"),
    (in_row("metadef_objects", "json_schema"), None, "metadef_objects.json_schema is required"),
    (in_row("images", "created_at"), None, "images.created_at is required"),
    (in_row("images", "created_at"), 5, "images.created_at cannot hold"),
    (in_row("images", "created_at"), "yesterday", "images, row 1: images.created_at .*yesterday"),
    (in_row("images", "created_at"), "2026-13-01T12:00:00", "row 1: images.created_at"),
    (in_row("images", "created_at"), "10000-01-01T12:00:00", "row 1: images.created_at"),
    (in_row("images", "created_at"), "2026-01-01", "cannot hold '2026-01-01': .*naive UTC"),
    *(
        (in_row("images", "created_at"), f"2026-01-01T12:00:00{end}", "is not naive UTC")
        for end in ("Z", "+02:00", ".5")
    ),
    (in_row("image_tags", "image_id"), "gone", "image_tags.image_id of row 1 is 'gone'"),
    (in_row("task_info", "task_id"), "gone", "task_info.task_id of row 'gone' is 'gone'"),
    (
        in_row("metadef_namespace_resource_types", "namespace_id"),
        7,
        r"metadef_namespace_resource_types.namespace_id of row \(1, 7\) is 7",
    ),
    (
        in_row("image_properties", "name"),
        "note",
        "image_properties: row 2 has the same image_id, name",
    ),
]


@pytest.mark.parametrize("snapshot", NO_JSON)
def test_what_is_no_json_is_refused(full: Database, snapshot: Any) -> None:
    with refused(full, SnapshotError, "this is not a snapshot of simple_db: it is not JSON"):
        full.restore(snapshot)


@pytest.mark.parametrize("snapshot", [None, 5, {}, object()])
def test_what_is_no_text_is_no_snapshot(full: Database, snapshot: Any) -> None:
    with refused(full, SnapshotError, "this is not a snapshot of simple_db"):
        full.restore(snapshot)


@pytest.mark.parametrize(("held", "message"), NO_SNAPSHOT)
def test_json_that_is_no_snapshot_is_refused(full: Database, held: Any, message: str) -> None:
    before = full.snapshot()

    with pytest.raises(SnapshotError, match=message):
        full.restore(json.dumps(held).encode())

    assert full.snapshot() == before


@pytest.mark.parametrize(("path", "value", "message"), WRONG)
def test_a_document_with_one_wrong_place_is_refused(
    full: Database, path: tuple[Any, ...], value: Any, message: str
) -> None:
    before, revision = full.snapshot(), full.revision

    with pytest.raises(SnapshotError, match=message):
        full.restore(sealed(changed(*path, to=value)))

    assert (full.snapshot(), full.revision) == (before, revision)


@pytest.mark.parametrize(
    "text", ["NaN", "Infinity", "-Infinity", "1e400", '"\\ud800"', "01", "'a'"]
)
def test_a_value_that_json_does_not_have_is_refused_with_its_line(text: str) -> None:
    payload = a_full_database().snapshot().split(b"\n", 1)[1]
    hostile = payload.replace(b'"name":null', b'"name":' + text.encode(), 1)

    with pytest.raises(SnapshotError, match=r"not JSON: .*line 7 column \d+"):
        Database().restore(sealed_bytes(hostile))


def test_a_version_of_very_many_digits_is_refused() -> None:
    hostile = EMPTY.replace(b'"version":2', b'"version":' + b"1" * 5000)

    with pytest.raises(SnapshotError, match="not JSON"):
        Database().restore(hostile)


def test_a_message_shows_no_secret() -> None:
    value = ["swift://user:secret@host"]

    with pytest.raises(SnapshotError) as caught:
        Database().restore(sealed(changed(*in_row("image_locations", "value"), to=value)))

    assert "secret" not in str(caught.value)


# --- bounds ----------------------------------------------------------------------------------


def nested(depth: int) -> Any:
    """Give a list in a list, so many of them."""
    return [nested(depth - 1)] if depth else 1


def test_metadata_of_the_greatest_depth_comes_back() -> None:
    db, other = a_database(), Database()
    an_image(db, "a")
    a_location(db, "a", metadata={"deep": nested(values.JSON_DEPTH - 1)})
    other.restore(db.snapshot())

    assert other.snapshot() == db.snapshot()


def test_metadata_that_is_nested_too_deeply_is_refused() -> None:
    deep = changed(*in_row("image_locations", "meta_data"), to=nested(values.JSON_DEPTH + 1))

    with pytest.raises(SnapshotError, match=r"meta_data cannot hold this value.*nested deeper"):
        Database().restore(sealed(deep))


@pytest.fixture
def _no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "simple_db.persistence.decoding._document", lambda _: pytest.fail("it was parsed")
    )


DEEPER_THAN_THE_PARSER_GOES = 1025


FORMAT_1 = b'{"format":"simple_db","version":1,'


@pytest.mark.parametrize("opened", [b"[", b"[\n", b'{"a":', b'{"a":\n', b'["\\"]",'])
@pytest.mark.parametrize("wrapped", [bytes, sealed_bytes, lambda deep: FORMAT_1 + b'"x":' + deep])
def test_what_is_nested_too_deeply_to_be_parsed_is_refused(
    opened: bytes, wrapped: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(SnapshotError, match="not JSON"):
        Database().restore(wrapped(opened * DEEPER_THAN_THE_PARSER_GOES))


@pytest.mark.parametrize("levels", [values.JSON_DEPTH + 1, 500, 1000])
@pytest.mark.parametrize(
    "path",
    [
        *(("counts",), ("counts", "images"), ("counters", "image_tags"), ("writer",), ("extra",)),
        *(("tables",), ("tables", "images"), ("tables", "flavors"), ("tables", "images", 0)),
        *(in_row("images", name) for name in ("id", "name", "size", "status", "created_at")),
        *(in_row("images", name) for name in ("protected", "visibility", "colour")),
        *(in_row("image_tags", name) for name in ("id", "image_id", "value")),
        *(in_row("image_locations", "meta_data"), in_row("metadef_objects", "json_schema")),
    ],
)
def test_what_is_nested_too_deeply_for_its_place_is_refused(
    path: tuple[Any, ...], levels: int
) -> None:
    payload = sealed(changed(*path, to="deep")).split(b"\n", 1)[1]
    deep = payload.replace(b'"deep"', b"[" * levels + b"]" * levels)

    assert deep != payload
    with pytest.raises(SnapshotError) as caught:
        Database().restore(sealed_bytes(deep))
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("text", ["[" * 100, "{" * 100, '"[' * 100, "\\[" * 100, '\\"{[' * 100])
def test_brackets_in_a_text_come_back(text: str) -> None:
    db, other = a_database(), Database()
    an_image(db, "a", name=text)
    a_location(db, "a", metadata={text: [text]})
    other.restore(db.snapshot())

    assert other.snapshot() == db.snapshot()


def test_many_objects_that_end_in_one_line_are_no_nesting() -> None:
    metadata: Any = {f"key {number}": {"a": {}} for number in range(100)}
    pretty = sealed(changed(*in_row("image_locations", "meta_data"), to=metadata), indent=1)
    db = Database()
    db.restore(sealed_bytes(pretty.split(b"\n", 1)[1].replace(b"{}\n      }", b"{}}")))

    assert rows(db, "image_locations")[0]["meta_data"] == metadata


@pytest.mark.usefixtures("_no_parser")
def test_what_is_too_large_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(SnapshotError, match=f"has {len(EMPTY)} bytes, and at most 1000 are read"):
        decoding.decoded(EMPTY, max_bytes=1000)


def test_what_is_just_not_too_large_is_read() -> None:
    assert decoding.decoded(EMPTY, max_bytes=len(EMPTY)).checksum


# --- memory ----------------------------------------------------------------------------------


HEAVY = "[" + "{}," * 1_000_000 + "{}]"
"""What would take 50 times its size when it is parsed."""


@pytest.fixture
def _no_large_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    def loads(text: bytes) -> Any:
        assert len(text) < 100_000, "it was parsed"
        return parse(text)

    parse = orjson.loads
    monkeypatch.setattr(orjson, "loads", loads)


@pytest.mark.usefixtures("_no_large_parse")
@pytest.mark.parametrize("wrapped", [bytes, sealed_bytes, lambda heavy: FORMAT_1 + b'"x":' + heavy])
@pytest.mark.parametrize("heavy", [HEAVY, HEAVY.replace("},", "},\n"), HEAVY.replace("{}", '"a"')])
def test_too_many_values_are_refused_before_they_are_parsed(
    heavy: str, wrapped: Callable[[bytes], bytes]
) -> None:
    with pytest.raises(SnapshotError, match=r"too many values in \d+ bytes: parsed, they would"):
        Database().restore(wrapped(heavy.encode()))


@pytest.mark.usefixtures("_no_large_parse")
@pytest.mark.parametrize(
    ("place", "heavy"),
    [
        (b'"name":null', b'"name":%b'),
        (b'"name":null', b'"colour":%b,"name":null'),
        (b'"images":[\n', b'"images":%b,"x":['),
        (b'"images":[\n {', b'"images":[\n {"a":%b,'),
        (b'"counts":{', b'"counts":{"x":%b,'),
    ],
)
def test_too_many_values_where_there_are_to_be_few_are_refused_before_they_are_parsed(
    place: bytes, heavy: bytes
) -> None:
    payload = a_full_database().snapshot().split(b"\n", 1)[1]
    assert place in payload
    with pytest.raises(SnapshotError, match="too many values"):
        Database().restore(sealed_bytes(payload.replace(place, heavy % HEAVY.encode(), 1)))


@pytest.mark.usefixtures("_no_large_parse")
@pytest.mark.parametrize(
    "row",
    [
        *(b"{}", b"[]", b"0", b'{"id":0}', b'{"meta_data":[[],[]]}', b"-", b"[" * 40),
        *(b'{"meta_data":%b}' % (b"[" * 20 + b"]" * 20), b"[" * 20 + b"]" * 20),
        b'{"id":0,"name":%b,"size":0,"os":0}' % (b"[" * 20 + b"]" * 20),
    ],
)
def test_too_many_rows_that_are_none_are_refused_before_they_are_parsed(row: bytes) -> None:
    payload = EMPTY.split(b"\n", 1)[1].replace(
        b'"images":[\n', b'"images":[\n ' + b"\n,".join([row] * 10**5 * 5)
    )
    with pytest.raises(SnapshotError, match="too many values"):
        Database().restore(sealed_bytes(payload))


def add_small_values(db: Database, number: int) -> None:
    """Add a location to the image, whose metadata takes many times its size in memory."""
    metadata: Any = {"many": [{} for _ in range(number)]}
    db.image_location_add(ADMIN, "a", {"url": "a", "metadata": metadata, "status": "active"})


def test_any_number_of_rows_with_many_small_values_in_a_json_valued_column_come_back() -> None:
    db, other = a_database(), Database()
    an_image(db, "a")
    for number in range(20):
        add_small_values(db, 15_000)
        small_values: Any = [{} for _ in range(15_000)]
        task = {"id": f"{number}", "type": "import", "status": "pending", "owner": "alice"}
        db.task_create(ADMIN, task | {"input": small_values})
    content = db.snapshot()
    other.restore(content)

    assert json_weight.is_heavy(content)
    assert other.snapshot() == content


@pytest.mark.parametrize("text", ["[" * 3_000_000, "{,:" * 1_000_000, '\\",' * 1_000_000])
def test_a_text_of_what_would_be_values_elsewhere_comes_back(text: str) -> None:
    db, other = a_database(), Database()
    an_image(db, "a", name=text)
    other.restore(db.snapshot())

    assert other.snapshot() == db.snapshot()


@pytest.mark.parametrize("save", ["exit", "always"])
def test_however_many_small_values_a_row_has_they_come_back(tmp_path: Path, save: SaveMode) -> None:
    with Database.open(tmp_path / "glance.json", save=save) as db:
        an_image(db, "a")
        add_small_values(db, 100_000)
        db.save()
        add_small_values(db, 100_000)
        state = db.snapshot()
    again = Database()
    again.load(tmp_path / "glance.json")
    assert again.snapshot() == state


# --- files -----------------------------------------------------------------------------------


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "glance.json"
    path.write_bytes(EMPTY)

    with pytest.raises(SnapshotError, match=f"{path} has {len(EMPTY)} bytes, and at most 1000"):
        decoding.read(path, max_bytes=1000)
