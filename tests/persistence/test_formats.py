from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from simple_db import Database, snapshot
from simple_db.model.errors import SnapshotError, SnapshotTooNew
from simple_db.persistence import formats
from tests import golden
from tests.support.build import a_full_database, refused, sealed

if TYPE_CHECKING:
    from pathlib import Path

GOLDEN = {int(path.stem): path for path in golden.DIRECTORY.glob("*.json")}

every_version = pytest.mark.parametrize("path", GOLDEN.values(), ids=lambda path: path.name)


# --- golden files ----------------------------------------------------------------------------


def test_every_version_has_its_golden_file() -> None:
    assert sorted(GOLDEN) == list(range(1, formats.VERSION + 1))


@every_version
def test_a_golden_file_has_the_version_of_its_name(path: Path) -> None:
    assert snapshot.read(path).version == json.loads(path.read_bytes())["version"] == int(path.stem)


@every_version
def test_a_golden_file_has_rows_in_every_table_and_deleted_ones_where_there_can_be_any(
    path: Path,
) -> None:
    for record, rows in snapshot.read(path).cut.rows.items():
        deleted = {getattr(row, "deleted", None) for row in rows.values()}
        assert deleted in ({True, False}, {None}), record


@every_version
def test_every_format_is_read_as_the_same_database(path: Path) -> None:
    db = Database()
    db.load(path)
    db.check()

    assert db.snapshot() == golden.filled().snapshot()


def test_the_golden_file_of_the_current_version_is_what_is_written_now_but_for_the_writer() -> None:
    there = GOLDEN[formats.VERSION].read_bytes().splitlines()
    now = golden.filled().snapshot().splitlines()
    first, writer = 0, 1

    assert there[writer].startswith(b'"writer":')
    assert there[writer + 1 :] == now[writer + 1 :]
    assert there[first].split(b'"sha256"')[0] == now[first].split(b'"sha256"')[0]


@every_version
def test_every_format_is_written_again_in_the_current_one(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "glance.json"
    copy.write_bytes(path.read_bytes())
    db = Database()
    db.load(copy)
    db.save(copy)

    assert snapshot.read(copy).version == formats.VERSION


@every_version
def test_a_file_of_every_format_that_was_cut_off_is_refused(path: Path) -> None:
    content = path.read_bytes()
    for length in range(0, len(content) - 1, 97):  # the last byte ends a line
        with pytest.raises(SnapshotError):
            Database().restore(content[:length])


# --- versions --------------------------------------------------------------------------------

NEWER = formats.VERSION + 1


@pytest.mark.parametrize(
    "content",
    [
        json.dumps({"format": "simple_db", "version": NEWER}).encode(),
        a_full_database()
        .snapshot()
        .replace(b'"version":%d' % formats.VERSION, b'"version":%d' % NEWER, 1),
        b'{"format":"simple_db","version":%d,"sha256":"%b",\n"unheard":"of"}' % (NEWER, b"0" * 64),
    ],
)
def test_a_newer_version_is_refused_and_both_versions_are_named(
    full: Database, content: bytes
) -> None:
    with refused(full, SnapshotTooNew, f"version {NEWER}", f"versions up to {formats.VERSION}"):
        full.restore(content)


def test_a_file_of_a_newer_version_is_refused_with_its_name(full: Database, tmp_path: Path) -> None:
    path = tmp_path / "glance.json"
    path.write_bytes(b'{"format":"simple_db","version":%d}' % NEWER)

    with refused(full, SnapshotTooNew, path, f"version {NEWER}"):
        full.load(path)


# --- version 1 -------------------------------------------------------------------------------


def version_1(**changes: Any) -> bytes:
    return json.dumps(json.loads(GOLDEN[1].read_bytes()) | changes).encode()


def test_version_1_has_no_checksum_and_can_be_edited() -> None:
    edited = version_1(counters={**json.loads(version_1())["counters"], "image_tags": 100})
    found = snapshot.decoded(edited)

    assert found.checksum == ""
    assert 100 in found.cut.next_ids.values()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tables": None}, "tables: this must be a JSON object of lists of rows"),
        ({"tables": {"images": {}}}, "tables: this must be a JSON object of lists of rows"),
        ({"tables": {"images": []}}, "tables lacks 'cached_images, image_locations"),
        ({"counters": {}}, "counters lacks"),
        ({"extra": 1}, "the snapshot has unknown 'extra'"),
    ],
)
def test_a_document_of_version_1_with_one_wrong_place_is_refused(
    changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SnapshotError, match=message):
        Database().restore(version_1(**changes))


def test_a_document_of_version_1_without_counters_is_refused() -> None:
    document = json.loads(version_1())
    del document["counters"]

    with pytest.raises(SnapshotError, match="the snapshot lacks 'counters'"):
        Database().restore(json.dumps(document).encode())


def test_a_step_leaves_its_document_as_it_was() -> None:
    document = json.loads(version_1())
    formats.current(document)

    assert document == json.loads(version_1())


def test_a_document_of_the_current_version_is_current() -> None:
    document = json.loads(sealed({"format": "simple_db", "tables": {}}))

    assert formats.current(document) is document
