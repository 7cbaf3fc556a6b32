from __future__ import annotations

import datetime as dt
import difflib
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from simple_db import Database
from simple_db.model.errors import SnapshotError
from simple_db.model.records import RECORDS, columns_of
from simple_db.persistence import encoding
from tests.support.build import (
    ADMIN,
    a_database,
    a_full_database,
    a_location,
    a_member,
    an_image,
    document_of,
    rows,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# --- rows ------------------------------------------------------------------------------------


FULL = """\
"counts":{"images":2,"image_locations":2,"image_properties":4,"image_members":2,\
"image_tags":2,"tasks":1,"task_info":1,"metadef_namespaces":1,"metadef_resource_types":1,\
"metadef_namespace_resource_types":1,"metadef_objects":1,"metadef_properties":1,\
"metadef_tags":1,"node_reference":1,"cached_images":1},
"counters":{"image_locations":3,"image_properties":6,"image_members":3,"image_tags":3,\
"metadef_namespaces":2,"metadef_resource_types":2,"metadef_objects":2,"metadef_properties":2,\
"metadef_tags":2,"node_reference":2,"cached_images":2},
"tables":{
"images":[
 {"id":"a","name":null,"disk_format":null,"container_format":null,"size":1099511627776,\
"virtual_size":null,"status":"active","visibility":"shared","checksum":null,\
"os_hash_algo":null,"os_hash_value":null,"min_disk":0,"min_ram":0,"owner":"alice",\
"protected":false,"os_hidden":false,"created_at":"2026-01-01T12:00:00.000001",\
"updated_at":"2026-01-01T12:00:00.000001","deleted_at":null,"deleted":false}
,{"id":"b","name":null,"disk_format":null,"container_format":null,"size":1099511627776,\
"virtual_size":null,"status":"active","visibility":"shared","checksum":null,\
"os_hash_algo":null,"os_hash_value":null,"min_disk":0,"min_ram":0,"owner":"alice",\
"protected":false,"os_hidden":false,"created_at":"2026-01-01T12:00:00",\
"updated_at":"2026-01-01T12:00:00.000002","deleted_at":"2026-01-01T12:00:00.000002",\
"deleted":true}
],
"image_locations":[
 {"id":1,"image_id":"b","value":"file:///a","meta_data":{"a":{"c":1},"b":[1.5,null,"😀"]},\
"status":"deleted","created_at":"2026-01-01T12:00:00",\
"updated_at":"2026-01-01T12:00:00.000002","deleted_at":"2026-01-01T12:00:00.000002",\
"deleted":true}
,{"id":2,"image_id":"a","value":"file:///a","meta_data":{"a":{"c":1},"b":[1.5,null,"😀"]},\
"status":"active","created_at":"2026-01-01T12:00:00.000001",\
"updated_at":"2026-01-01T12:00:00.000001","deleted_at":null,"deleted":false}
"""
"""A part of the snapshot of the full database: its counts and counters, and two tables."""


def test_counts_counters_and_rows_are_written_as_these_lines() -> None:
    lines = a_full_database().snapshot().decode().splitlines(keepends=True)

    assert "".join(lines[2:12]) == FULL


@pytest.mark.parametrize("record", RECORDS)
def test_a_table_and_its_columns_are_named_as_in_the_schema(record: Any) -> None:
    row = document_of(a_full_database())["tables"][record.table][0]

    assert list(row) == list(columns_of(record))


def test_rows_are_sorted_by_id() -> None:
    db = a_database()
    for image_id in ("c", "a", "B", "b"):
        an_image(db, image_id)

    assert [row["id"] for row in rows(db, "images")] == ["B", "a", "b", "c"]


def test_a_clock_of_another_class_of_datetimes_can_be_written() -> None:
    class Moment(dt.datetime):
        """What a test's frozen clock gives."""

    now = Moment.fromisoformat("2026-01-01T12:00:00")
    db = Database(clock=lambda: now)
    an_image(db, created_at=now)

    assert rows(db, "images")[0]["created_at"] == "2026-01-01T12:00:00"


# --- differences of two snapshots ------------------------------------------------------------


def changed_lines(before: bytes, after: bytes) -> list[str]:
    """Give the lines that a difference between two snapshots shows, with their signs."""
    lines = difflib.unified_diff(before.decode().splitlines(), after.decode().splitlines(), n=0)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def test_a_changed_image_is_one_changed_line_besides_the_checksum(full: Database) -> None:
    before = full.snapshot()
    full.image_update(ADMIN, "a", {"name": "cirros"})
    first, image = (line for line in changed_lines(before, full.snapshot()) if line.startswith("+"))

    assert first.startswith('+{"format":"simple_db",')
    assert '"name":"cirros"' in image


@pytest.mark.parametrize("image_id", ["aa", "z"])
def test_one_more_image_is_one_more_line_besides_checksum_and_counts(image_id: str) -> None:
    db = a_full_database()
    before = db.snapshot()
    an_image(db, image_id)
    changes = changed_lines(before, db.snapshot())

    assert [line[:10] for line in changes if line.startswith("-")] == ['-{"format"', '-"counts":']
    assert [line[:10] for line in changes if line.startswith("+")] == [
        '+{"format"',
        '+"counts":',
        '+,{"id":"' + image_id[:1],
    ]


# --- equal bytes -----------------------------------------------------------------------------


def test_equal_databases_give_equal_bytes_whatever_the_order_of_calls() -> None:
    steps: list[Callable[[Database], object]] = [
        lambda db: db.image_tag_create(ADMIN, "a", "blue"),
        lambda db: a_member(db, "b"),
    ]
    first, second = a_database(), a_database()
    an_image(first, "a"), an_image(first, "b")
    an_image(second, "b"), an_image(second, "a")
    a_location(second, "a", metadata={"y": 2, "x": 1})
    for step, other in zip(steps, reversed(steps), strict=True):
        step(first), other(second)
    a_location(first, "a", metadata={"x": 1, "y": 2})

    assert first.snapshot() == second.snapshot()


def test_a_detour_over_calls_that_fail_gives_equal_bytes() -> None:
    first, second = a_full_database(), a_full_database()
    with pytest.raises(SnapshotError):
        second.restore(b"")
    second.image_update(ADMIN, "a", {"name": "new"})
    second.image_update(ADMIN, "a", {"name": None})
    first.image_update(ADMIN, "a", {})

    assert first.snapshot() == second.snapshot()


PROGRAM = """
import sys
from tests.support.build import a_full_database
sys.stdout.buffer.write(a_full_database().snapshot())
"""


@pytest.mark.parametrize("hash_seed", ["0", "1"])
def test_the_hash_seed_does_not_show(hash_seed: str) -> None:
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    written = subprocess.run(  # noqa: S603 - it is our own
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, check=True
    )

    assert written.stdout == a_full_database().snapshot()


# --- the cut ---------------------------------------------------------------------------------


def test_others_write_while_a_snapshot_is_encoded_and_it_is_of_the_moment_of_its_cut() -> None:
    db = a_full_database()
    before = db.snapshot()

    def write(done: int, of: int) -> None:
        # Another thread, for the lock would let this one in again.
        writer = threading.Thread(target=an_image, args=(db, f"at {done} of {of}"), daemon=True)
        writer.start()
        writer.join(timeout=30)
        assert not writer.is_alive()

    encoded = encoding.encoded(db.store.cut(), progress=write)

    assert bytes(encoded) == before
    assert len(rows(db, "images")) == 2 + len(RECORDS)
    db.check()


def test_progress_is_reported_in_rows_until_all_are_encoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("simple_db.persistence.layout.ROWS_AT_ONCE", 3)
    db = a_database()
    for _ in range(7):
        an_image(db)
    steps: list[tuple[int, int]] = []
    encoding.encoded(db.store.cut(), lambda *step: steps.append(step))

    assert steps == [(3, 7), (6, 7), (7, 7)]


def test_a_snapshot_that_is_too_large_is_not_encoded_further_than_to_the_bound() -> None:
    def note(done: int, _: int) -> None:
        rows_encoded.append(done)

    db = a_database()
    an_image(db)
    rows_encoded: list[int] = []
    with pytest.raises(SnapshotError, match="more than 500 bytes"):
        encoding.encoded(db.store.cut(), note, max_bytes=500)

    assert rows_encoded == []
