from __future__ import annotations

import errno
import functools
import os
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from simple_db import Database
from simple_db.model.errors import SnapshotDamaged, SnapshotError
from tests.support.build import (
    ADMIN,
    a_full_database,
    a_member,
    a_property,
    refused,
    utc,
)
from tests.support.disk import mode, names

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


EMPTY = Database().snapshot()


# --- snapshot and restore --------------------------------------------------------------------


def test_a_snapshot_changes_nothing(full: Database) -> None:
    revision = full.revision

    assert full.snapshot() == full.snapshot()
    assert full.revision == revision


def test_a_restored_snapshot_is_the_same_database_in_one_change(full: Database) -> None:
    second = Database()
    second.restore(full.snapshot())

    assert second.snapshot() == full.snapshot()
    assert second.image_get_all(ADMIN) == full.image_get_all(ADMIN)
    assert second.revision == 1
    second.check()


def test_a_restored_database_goes_on_as_the_first_would_have() -> None:
    first = a_full_database()
    second = Database(clock=lambda: utc("2026-01-01T12:00:00.000002"))
    second.restore(first.snapshot())
    for db in (first, second):
        a_property(db, "a", "new")
        a_member(db, "a", "carol")

    assert second.snapshot() == first.snapshot()


def test_a_restore_forgets_what_was_there(full: Database) -> None:
    full.restore(EMPTY)

    assert full.snapshot() == EMPTY
    full.check()


def test_a_restored_database_shares_nothing_with_the_first() -> None:
    first, second = a_full_database(), Database()
    second.restore(first.snapshot())
    before = first.snapshot()
    second.reset()

    assert first.snapshot() == before


@pytest.mark.parametrize("kind", [bytearray, memoryview, bytes.decode])
def test_a_snapshot_is_read_from_whatever_holds_its_text(kind: Any) -> None:
    db = Database()
    snapshot = a_full_database().snapshot()
    db.restore(kind(snapshot))

    assert db.snapshot() == snapshot


# --- bounds ----------------------------------------------------------------------------------


def test_what_can_be_written_within_a_bound_is_what_can_be_read_within_it(tmp_path: Path) -> None:
    db, path = a_full_database(), tmp_path / "glance.json"
    content = db.snapshot()
    size = len(content)
    writers: list[Callable[..., object]] = [db.snapshot, functools.partial(db.save, path)]
    for write in writers:
        with pytest.raises(SnapshotError, match=rf"more than {size - 1} bytes.*purge.*max_bytes"):
            write(max_bytes=size - 1)
    assert names(tmp_path) == []
    db.save(path, max_bytes=size)
    other = Database()
    readers: list[Callable[..., object]] = [
        functools.partial(other.restore, content),
        functools.partial(other.load, path),
    ]
    for read in readers:
        other.reset()
        with refused(other, SnapshotError, f"at most {size - 1} are read", "max_bytes"):
            read(max_bytes=size - 1)
        read(max_bytes=size)
        assert other.snapshot(max_bytes=size) == content


def test_a_bound_can_be_larger_than_any_file() -> None:
    content = a_full_database().snapshot(max_bytes=2**70)
    db = Database()
    db.restore(content, max_bytes=2**70)

    assert db.snapshot() == content


# --- files -----------------------------------------------------------------------------------


def test_a_saved_file_holds_the_snapshot_is_its_owners_alone_and_can_be_loaded(
    full: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    second = Database()
    full.save("glance.json")
    second.load(str(tmp_path / "glance.json"))

    assert (tmp_path / "glance.json").read_bytes() == full.snapshot() == second.snapshot()
    assert mode(tmp_path / "glance.json") == 0o600
    assert names(tmp_path) == ["glance.json"]


def test_a_save_takes_the_place_of_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "glance.json"
    a_full_database().save(path)
    Database().save(path)

    assert path.read_bytes() == EMPTY
    assert names(tmp_path) == ["glance.json"]


def test_what_cannot_be_encoded_opens_no_file(
    full: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "glance.json"
    path.write_bytes(b"old")
    unwritable: Any = object()
    with full.store.writing() as tables:
        tables.images.put(attrs.evolve(tables.images.rows["a"], name=unwritable))

    monkeypatch.setattr(
        "simple_db.persistence.files.System.open", lambda *_: pytest.fail("it was opened")
    )
    with pytest.raises(SnapshotError, match=r"not saved .*images\.name cannot be"):
        full.save(path)

    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["glance.json"]


def test_a_failed_save_names_the_file_and_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "glance.json"
    monkeypatch.setattr("simple_db.persistence.files.System.fsync", staticmethod(fail))

    with pytest.raises(SnapshotError, match=f"{path} cannot be written.*No space left on device"):
        Database().save(path)

    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["missing/glance.json", "a\0b", "n" * 300])
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(SnapshotError, match=r"cannot be (claimed|written|looked at): \w"):
        Database().save(tmp_path / name)

    assert names(tmp_path) == []


@pytest.mark.parametrize("name", ["missing.json", "missing/glance.json", "a\0b", "n" * 300])
def test_a_file_that_cannot_be_read_is_an_error_and_nothing_is_changed(
    full: Database, tmp_path: Path, name: str
) -> None:
    with refused(full, SnapshotError, "cannot be read"):
        full.load(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "why", "error"),
    [
        *(
            (content, "this is not a snapshot of simple_db", SnapshotError)
            for content in (b"", b"not json", b'{"format":"other"}')
        ),
        (EMPTY[:-1], "this snapshot is not as it was written", SnapshotDamaged),
    ],
)
def test_a_file_that_holds_no_snapshot_is_an_error_and_stays(
    full: Database, tmp_path: Path, content: bytes, why: str, error: type[SnapshotError]
) -> None:
    path = tmp_path / "glance.json"
    path.write_bytes(content)

    with refused(full, error, path, why):
        full.load(path)

    assert path.read_bytes() == content
