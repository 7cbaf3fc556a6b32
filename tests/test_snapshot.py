from __future__ import annotations

import copy
import datetime as dt
import json
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from simple_db import Database
from simple_db.errors import SnapshotError
from simple_db.records import (
    RECORDS,
    Association,
    MetadefObject,
    MetadefProperty,
    MetadefTag,
    Namespace,
    ResourceType,
    columns_of,
)
from tests.build import (
    ADMIN,
    ALICE,
    EMOJI,
    a_database,
    a_location,
    a_member,
    a_property,
    an_image,
    refused,
    rows,
    utc,
)
from tests.world import World

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EMPTY = b"""\
{"format":"simple_db","version":1,
"counters":{"image_locations":1,"image_properties":1,"image_members":1,"image_tags":1,\
"metadef_namespaces":1,"metadef_resource_types":1,"metadef_objects":1,"metadef_properties":1,\
"metadef_tags":1,"node_reference":1,"cached_images":1},
"tables":{
"images":[
],
"image_locations":[
],
"image_properties":[
],
"image_members":[
],
"image_tags":[
],
"tasks":[
],
"task_info":[
],
"metadef_namespaces":[
],
"metadef_resource_types":[
],
"metadef_namespace_resource_types":[
],
"metadef_objects":[
],
"metadef_properties":[
],
"metadef_tags":[
],
"node_reference":[
],
"cached_images":[
]}}
"""


def a_full_database() -> Database:
    """Make a database with live and deleted rows in every table, and counters ahead of them."""
    world = World()
    db = a_database(world)
    for image_id in ("b", "a"):
        an_image(db, image_id, size=2**40, properties={"os": "linux", "note": None})
        a_location(db, image_id, metadata={"b": [1.5, None, EMOJI], "a": {"c": 1}})
        a_member(db, image_id)
        db.image_tag_create(ADMIN, image_id, 'a "quoted"\ntag')
        world.pass_time(microseconds=1)
    db.image_set_property_atomic("a", "lock", "mine")
    db.image_delete_property_atomic("a", "lock", "mine")
    db.image_destroy(ALICE, "b")
    db.task_create(ADMIN, {"id": "t", "type": "import", "status": "pending", "owner": "alice"})
    db.node_reference_create(ADMIN, "http://here")
    db.insert_cache_details(ADMIN, "http://here", "a", 10)
    add_definitions(db)
    return db


def add_definitions(db: Database) -> None:
    """Add a row to each table of metadata definitions."""
    with db.store.writing() as tables:
        times: dict[str, Any] = {"created_at": tables.now, "updated_at": tables.now}
        within: dict[str, Any] = times | {"namespace_id": 1}
        new = [table.new_id() for table in tables if table.record.table.startswith("metadef_")]
        assert set(new) == {1}
        tables.namespaces.put(Namespace(id=1, namespace="n", owner="alice", **times))
        tables.resource_types.put(ResourceType(id=1, name="r", **times))
        tables.associations.put(Association(resource_type_id=1, **within))
        tables.metadef_objects.put(MetadefObject(id=1, name="o", **within))
        tables.metadef_properties.put(MetadefProperty(id=1, name="p", **within))
        tables.metadef_tags.put(MetadefTag(id=1, name="t", **within))


def document(db: Database) -> Any:
    return json.loads(db.snapshot())


# --- bytes -----------------------------------------------------------------------------------


def test_an_empty_database_is_this_document() -> None:
    assert Database().snapshot() == EMPTY


def test_a_snapshot_is_one_json_object() -> None:
    snapshot = document(a_full_database())

    assert list(snapshot) == ["format", "version", "counters", "tables"]
    assert (snapshot["format"], snapshot["version"]) == ("simple_db", 1)


@pytest.mark.parametrize("record", RECORDS)
def test_a_table_and_its_columns_are_named_as_in_the_schema(record: Any) -> None:
    row = document(a_full_database())["tables"][record.table][0]

    assert list(row) == list(columns_of(record))


def test_a_location_is_named_as_in_the_schema() -> None:
    row = document(a_full_database())["tables"]["image_locations"][0]

    assert row["value"] == "file:///a"
    assert row["meta_data"] == {"a": {"c": 1}, "b": [1.5, None, EMOJI]}


def test_soft_deleted_rows_and_counters_are_held() -> None:
    snapshot = document(a_full_database())

    assert [row["deleted"] for row in snapshot["tables"]["images"]] == [False, True]
    assert snapshot["counters"] == {
        "image_locations": 3,
        "image_properties": 6,
        "image_members": 3,
        "image_tags": 3,
        "metadef_namespaces": 2,
        "metadef_resource_types": 2,
        "metadef_objects": 2,
        "metadef_properties": 2,
        "metadef_tags": 2,
        "node_reference": 2,
        "cached_images": 2,
    }


def test_times_are_naive_utc_in_iso_8601() -> None:
    row = document(a_full_database())["tables"]["images"][0]

    assert row["created_at"] == "2026-01-01T12:00:00.000001"
    assert row["deleted_at"] is None


def test_a_row_is_a_line_of_its_own() -> None:
    db = a_full_database()
    lines = db.snapshot().decode().splitlines()
    held = [row for table in document(db)["tables"].values() for row in table]

    assert [json.loads(line[1:]) for line in lines if line.startswith((" {", ",{"))] == held
    assert len(lines) == len(EMPTY.splitlines()) + len(held)


def test_one_more_row_is_one_more_line() -> None:
    db = a_database()
    for image_id in ("a", "c", "b"):
        before = db.snapshot().splitlines()
        an_image(db, image_id)
        after = db.snapshot().splitlines()

        assert len(set(after) - set(before)) <= 2
        assert len(after) == len(before) + 1


def test_rows_are_sorted_by_id() -> None:
    db = a_database()
    for image_id in ("c", "a", "B", "b"):
        an_image(db, image_id)

    assert [row["id"] for row in rows(db, "images")] == ["B", "a", "b", "c"]


def test_equal_databases_give_equal_bytes_whatever_the_order_of_calls() -> None:
    def tag(db: Database) -> None:
        db.image_tag_create(ADMIN, "a", "blue")

    def share(db: Database) -> None:
        a_member(db, "b")

    def locate(db: Database) -> None:
        a_location(db, "a", metadata={"x": 1, "y": 2})

    def locate_the_other_way_round(db: Database) -> None:
        a_location(db, "a", metadata={"y": 2, "x": 1})

    first, second = a_database(), a_database()
    an_image(first, "a"), an_image(first, "b")
    an_image(second, "b"), an_image(second, "a")
    for step in (tag, share, locate):
        step(first)
    for step in (locate_the_other_way_round, share, tag):
        step(second)

    assert first.snapshot() == second.snapshot()


def test_a_detour_over_calls_that_fail_gives_equal_bytes() -> None:
    first, second = a_full_database(), a_full_database()
    with pytest.raises(SnapshotError):
        second.restore(b"")
    second.image_update(ADMIN, "a", {"name": "new"})
    second.image_update(ADMIN, "a", {"name": None})
    first.image_update(ADMIN, "a", {})

    assert first.snapshot() == second.snapshot()


def test_a_snapshot_changes_nothing() -> None:
    db = a_full_database()
    revision = db.revision

    assert db.snapshot() == db.snapshot()
    assert db.revision == revision


def test_a_clock_of_another_class_of_datetimes_can_be_written() -> None:
    class Moment(dt.datetime):
        """What a test's frozen clock gives."""

    now = Moment.fromisoformat("2026-01-01T12:00:00")
    db = Database(clock=lambda: now)
    an_image(db, created_at=now)

    assert rows(db, "images")[0]["created_at"] == "2026-01-01T12:00:00"


# --- restore ---------------------------------------------------------------------------------


def test_a_restored_snapshot_is_the_same_database() -> None:
    first, second = a_full_database(), Database()
    second.restore(first.snapshot())

    assert second.snapshot() == first.snapshot()
    assert second.image_get_all(ADMIN) == first.image_get_all(ADMIN)
    second.check()


def test_a_restored_database_goes_on_as_the_first_would_have() -> None:
    first = a_full_database()
    second = Database(clock=lambda: utc("2026-01-01T12:00:00.000002"))
    second.restore(first.snapshot())
    for db in (first, second):
        a_property(db, "a", "new")
        a_member(db, "a", "carol")

    assert second.snapshot() == first.snapshot()


def test_a_restore_forgets_what_was_there() -> None:
    db = a_full_database()
    db.restore(EMPTY)

    assert db.snapshot() == EMPTY
    db.check()


def test_a_restored_database_shares_nothing_with_the_first() -> None:
    first, second = a_full_database(), Database()
    second.restore(first.snapshot())
    before = first.snapshot()
    second.reset()

    assert first.snapshot() == before


def test_a_restore_is_one_change() -> None:
    first, second = a_full_database(), Database()
    second.restore(first.snapshot())

    assert second.revision == 1


@pytest.mark.parametrize("kind", [bytearray, memoryview, bytes.decode])
def test_a_snapshot_is_read_from_whatever_holds_its_text(kind: Any) -> None:
    db = Database()
    snapshot = a_full_database().snapshot()
    db.restore(kind(snapshot))

    assert db.snapshot() == snapshot


def test_the_order_of_keys_and_rows_does_not_matter() -> None:
    snapshot = a_full_database().snapshot()
    shuffled = json.loads(snapshot)
    for table in shuffled["tables"].values():
        table.reverse()
    db = Database()
    db.restore(json.dumps(shuffled, sort_keys=True, indent=4).encode())

    assert db.snapshot() == snapshot


# --- refused documents -----------------------------------------------------------------------

REMOVED = object()


def changed(*path: Any, to: Any) -> Any:
    """Give the document of the full database with one place in it changed, or removed."""
    changed = copy.deepcopy(document(a_full_database()))
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


NO_JSON = [b"", b"{", b"not json", b"\xff\xfe", b'{"format": NaN}', b"[" * 2000, EMPTY[:-2]]

NO_SNAPSHOT: list[tuple[Any, str]] = [
    (None, 'it lacks "format": "simple_db"'),
    ([], 'it lacks "format": "simple_db"'),
    ("simple_db", 'it lacks "format": "simple_db"'),
    ({}, 'it lacks "format": "simple_db"'),
    ({"format": "other"}, 'it lacks "format": "simple_db"'),
    ({"format": "simple_db"}, "has version None"),
    ({"format": "simple_db", "version": 2}, "has version 2, and this release .* reads version 1"),
    ({"format": "simple_db", "version": 1}, "the snapshot lacks counters, tables"),
]

# One wrong place in a document that is right otherwise: the place, what is there, what is told.
WRONG: list[tuple[tuple[Any, ...], Any, str]] = [
    (("version",), "1", "has version '1'"),
    (("version",), True, "has version True"),
    (("version",), 1.0, "has version 1.0"),
    (("version",), None, "has version None"),
    (("version",), REMOVED, "has version None"),
    (("counters",), REMOVED, "the snapshot lacks counters"),
    (("tables",), REMOVED, "the snapshot lacks tables"),
    (("extra",), 1, "the snapshot has unknown extra"),
    (("tables",), [], "tables: this must be a JSON object"),
    (("tables",), None, "tables: this must be a JSON object"),
    (("counters",), [], "counters: this must be a JSON object"),
    (("tables", "image_tags"), REMOVED, "tables lacks image_tags"),
    (("tables", "flavors"), [], "tables has unknown flavors"),
    (("tables", "image_tags"), {}, "image_tags: this must be a list of rows"),
    (("tables", "image_tags"), None, "image_tags: this must be a list of rows"),
    (("tables", "image_tags", 0), [], "image_tags, row 1: this must be a JSON object"),
    (("tables", "images", 1), "b", "images, row 2: this must be a JSON object"),
    (("counters", "image_tags"), REMOVED, "counters lacks image_tags"),
    (("counters", "images"), 1, "counters has unknown images"),
    (("counters", "image_tags"), 0, "counters: image_tags must be a positive integer"),
    (("counters", "image_tags"), -1, "counters: image_tags must be a positive integer"),
    (("counters", "image_tags"), "3", "counters: image_tags must be a positive integer"),
    (("counters", "image_tags"), 3.0, "counters: image_tags must be a positive integer"),
    (("counters", "image_tags"), True, "counters: image_tags must be a positive integer"),
    (("counters", "image_tags"), None, "counters: image_tags must be a positive integer"),
    (("counters", "image_tags"), 2, "image_tags is 2, and an id is not below that"),
    (in_row("images", "name"), REMOVED, "images, row 1 lacks name"),
    (in_row("images", "colour"), "blue", "images, row 1 has unknown colour"),
    (in_row("images", "id"), "b", "images, row 2: the id 'b' is there twice"),
    (in_row("image_tags", "id"), 2, "image_tags, row 2: the id 2 is there twice"),
    (in_row("images", "id"), None, "images, row 1: images.id is required"),
    (in_row("images", "status"), None, "images, row 1: images.status is required"),
    (in_row("image_members", "member"), None, "image_members.member is required"),
    (in_row("images", "id"), 5, "images.id holds 5, which is of another type"),
    (in_row("images", "name"), 5, "images.name holds 5, which is of another type"),
    (in_row("images", "name"), ["a"], "images.name cannot hold"),
    (in_row("images", "size"), "5", "images.size holds '5', which is of another type"),
    (in_row("images", "size"), 5.0, "images.size holds 5.0, which is of another type"),
    (in_row("images", "size"), True, "images.size holds True, which is of another type"),
    (in_row("images", "size"), 2**63, "images.size cannot hold"),
    (in_row("images", "size"), 2**64, "images.size cannot hold"),
    (in_row("images", "protected"), 1, "images.protected holds 1, which is of another type"),
    (in_row("images", "protected"), "true", "images.protected cannot hold"),
    (in_row("images", "visibility"), "secret", "images.visibility cannot hold 'secret'"),
    (in_row("image_tags", "id"), "1", "image_tags.id holds '1', which is of another type"),
    (in_row("image_tags", "id"), True, "image_tags.id holds True, which is of another type"),
    (in_row("image_locations", "value"), None, "image_locations.value is required"),
    (in_row("image_locations", "meta_data"), 2**63, "image_locations.meta_data cannot hold"),
    (in_row("images", "created_at"), None, "images.created_at is required"),
    (in_row("images", "created_at"), 5, "images.created_at cannot hold"),
    (in_row("images", "created_at"), "yesterday", "images, row 1: .*yesterday"),
    (in_row("images", "created_at"), "2026-01-01", "'2026-01-01' is not naive UTC"),
    (in_row("images", "created_at"), "2026-01-01T12:00:00Z", "is not naive UTC"),
    (in_row("images", "created_at"), "2026-01-01T12:00:00+02:00", "is not naive UTC"),
    (in_row("images", "created_at"), "2026-01-01T12:00:00.5", "is not naive UTC"),
    (in_row("image_tags", "image_id"), "gone", "image_tags.image_id of row 1 is 'gone'"),
    (
        in_row("image_properties", "name"),
        "note",
        "image_properties: row 2 has the same image_id, name",
    ),
]


@pytest.mark.parametrize("snapshot", NO_JSON)
def test_bytes_that_are_no_json_are_refused(snapshot: bytes) -> None:
    db = a_full_database()

    with refused(db, SnapshotError, "this is no snapshot of simple_db, for it is no JSON"):
        db.restore(snapshot)


@pytest.mark.parametrize("snapshot", [None, 5, {}, object()])
def test_what_is_no_text_is_no_snapshot(snapshot: Any) -> None:
    db = a_full_database()

    with refused(db, SnapshotError, "this is no snapshot of simple_db"):
        db.restore(snapshot)


@pytest.mark.parametrize(("held", "told"), NO_SNAPSHOT)
def test_json_that_is_no_snapshot_is_refused(held: Any, told: str) -> None:
    db = a_full_database()

    before = db.snapshot()

    with pytest.raises(SnapshotError, match=told):
        db.restore(json.dumps(held).encode())

    assert db.snapshot() == before


@pytest.mark.parametrize(("path", "value", "told"), WRONG)
def test_a_document_with_one_wrong_place_is_refused(
    path: tuple[Any, ...], value: Any, told: str
) -> None:
    db = a_full_database()
    before, revision = db.snapshot(), db.revision

    with pytest.raises(SnapshotError, match=told):
        db.restore(json.dumps(changed(*path, to=value)).encode())

    assert (db.snapshot(), db.revision) == (before, revision)


def test_metadata_that_is_nested_too_deeply_is_refused() -> None:
    deep: Any = 1
    for _ in range(65):
        deep = [deep]

    with pytest.raises(SnapshotError, match=r"meta_data cannot hold this value.*nested deeper"):
        Database().restore(
            json.dumps(changed(*in_row("image_locations", "meta_data"), to=deep)).encode()
        )


def test_a_refusal_tells_no_secret() -> None:
    value = ["swift://user:secret@host"]

    with pytest.raises(SnapshotError) as caught:
        Database().restore(
            json.dumps(changed(*in_row("image_locations", "value"), to=value)).encode()
        )

    assert "secret" not in str(caught.value)


# --- files -----------------------------------------------------------------------------------


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_saved_file_holds_the_snapshot_and_can_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "glance.json"
    first, second = a_full_database(), Database()
    first.save(path)
    second.load(str(path))

    assert path.read_bytes() == first.snapshot()
    assert second.snapshot() == first.snapshot()


def test_a_save_takes_the_place_of_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "glance.json"
    a_full_database().save(path)
    Database().save(path)

    assert path.read_bytes() == EMPTY
    assert names(tmp_path) == ["glance.json"]


def test_a_new_file_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "glance.json"
    before = os.umask(0)
    try:
        Database().save(path)
    finally:
        os.umask(before)

    assert mode(path) == 0o600


@pytest.mark.parametrize("kept", [0o600, 0o640, 0o644, 0o666])
def test_an_old_file_keeps_its_mode(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "glance.json"
    path.touch()
    path.chmod(kept)
    Database().save(path)

    assert mode(path) == kept
    assert path.read_bytes() == EMPTY


@pytest.mark.parametrize("exists", [True, False])
def test_a_symbolic_link_is_followed(tmp_path: Path, exists: bool) -> None:
    target, link = tmp_path / "target" / "glance.json", tmp_path / "link.json"
    target.parent.mkdir()
    link.symlink_to("target/glance.json")
    if exists:
        target.touch()
    Database().save(link)

    assert link.is_symlink()
    assert target.read_bytes() == EMPTY
    assert names(target.parent) == ["glance.json"]


def test_a_path_can_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Database().save("glance.json")

    assert names(tmp_path) == ["glance.json"]


def test_a_file_is_whole_on_the_disk_before_it_gets_its_name_which_is_on_the_disk_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "glance.json"
    path.write_bytes(b"old")
    synced: list[tuple[int, bytes, bytes]] = []
    sync = os.fsync

    def watch(descriptor: int) -> None:
        is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)
        content = os.pread(descriptor, 10_000, 0) if is_file else b"the directory"
        synced.append((descriptor, content, path.read_bytes()))
        sync(descriptor)

    monkeypatch.setattr("os.fsync", watch)
    Database().save(path)

    assert [step[1:] for step in synced] == [(EMPTY, b"old"), (b"the directory", EMPTY)]
    for descriptor, *_ in synced:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def fail(*_: object) -> None:
    raise OSError(28, "No space left on device")


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("broken", ["os.fsync", "os.fchmod", "pathlib.Path.replace"])
@pytest.mark.parametrize(("how", "error"), [(fail, SnapshotError), (interrupt, KeyboardInterrupt)])
def test_a_save_that_fails_leaves_the_old_file_and_no_other(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
    how: Callable[..., None],
    error: type[BaseException],
) -> None:
    path = tmp_path / "glance.json"
    path.write_bytes(b"old")
    db = a_full_database()
    before = db.snapshot()

    monkeypatch.setattr(broken, how)
    with pytest.raises(error):
        db.save(path)
    monkeypatch.undo()

    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["glance.json"]
    assert db.snapshot() == before


def test_a_failed_save_names_the_file_and_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "glance.json"
    monkeypatch.setattr("os.fsync", fail)

    with pytest.raises(SnapshotError, match=f"{path} cannot be written.*No space left on device"):
        Database().save(path)


@pytest.mark.parametrize("name", ["missing/glance.json", "directory", "a\0b", "n" * 300])
def test_a_file_that_cannot_be_written_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "directory").mkdir()
    path = tmp_path / name

    with pytest.raises(SnapshotError, match="cannot be written"):
        Database().save(path)

    assert names(tmp_path) == ["directory"]


@pytest.mark.parametrize("name", ["missing.json", "missing/glance.json", ".", "a\0b", "n" * 300])
def test_a_file_that_cannot_be_read_is_told_and_nothing_is_changed(
    tmp_path: Path, name: str
) -> None:
    db = a_full_database()

    with refused(db, SnapshotError, "cannot be read"):
        db.load(tmp_path / name)


def test_a_file_that_may_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(_: object) -> bytes:
        raise PermissionError(13, "Permission denied")

    db = a_full_database()
    monkeypatch.setattr("pathlib.Path.read_bytes", forbid)

    with refused(db, SnapshotError, "glance.json cannot be read", "Permission denied"):
        db.load(tmp_path / "glance.json")


@pytest.mark.parametrize("content", [b"", b"not json", b'{"format":"other"}'])
def test_a_file_that_holds_no_snapshot_is_told_and_stays(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "glance.json"
    path.write_bytes(content)
    db = a_full_database()

    with refused(db, SnapshotError, path, "this is no snapshot of simple_db"):
        db.load(path)

    assert path.read_bytes() == content
