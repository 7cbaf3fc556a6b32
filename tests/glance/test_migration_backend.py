import functools
from pathlib import Path
from typing import Any

import pytest
from glance.common import exception

from simple_db import Database
from simple_db.glance import migration_backend
from simple_db.persistence import formats
from tests import golden
from tests.support import entry_points

pytestmark = pytest.mark.glance

CURRENT = formats.VERSION


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "glance.json"


def a_snapshot(path: Path, version: int = CURRENT) -> bytes:
    """Save a database with one image, as if by a release of that format version."""
    database = Database()
    database.image_create(None, {"status": "queued"})
    content = database.snapshot().replace(b'"version":%d' % CURRENT, b'"version":%d' % version, 1)
    path.write_bytes(content)
    return content


def test_a_file_that_is_not_there_has_the_initial_version(path: Path) -> None:
    assert migration_backend.db_version(None, path) == 0
    assert migration_backend.db_version(None, str(path), init_version=7) == 7


def of_version(path: Path, version: int) -> bytes:
    """Put the golden file of a format version there."""
    content = (golden.DIRECTORY / f"{version}.json").read_bytes()
    path.write_bytes(content)
    return content


@pytest.mark.parametrize("version", range(1, CURRENT + 1))
def test_the_version_of_a_file_is_the_one_that_it_names(path: Path, version: int) -> None:
    of_version(path, version)
    assert migration_backend.db_version(None, path) == version


@pytest.mark.parametrize("version", range(1, CURRENT))
def test_a_file_of_an_older_version_is_brought_to_the_current_one(path: Path, version: int) -> None:
    of_version(path, version)
    assert migration_backend.db_sync(None, path) == CURRENT
    assert migration_backend.db_version(None, path) == CURRENT
    database = Database()
    database.load(path)
    assert database.snapshot() == golden.filled().snapshot()


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"version": 1}', b"[" * 100_000])
def test_what_is_no_snapshot_has_no_version(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(exception.GlanceException, match=r"glance\.json"):
        migration_backend.db_version(None, path)


@pytest.mark.parametrize("call", [migration_backend.db_sync, migration_backend.db_version_control])
def test_a_file_that_is_not_there_is_made_empty(path: Path, call: object) -> None:
    assert callable(call)
    assert call(None, path) == CURRENT
    database = Database()
    database.load(path)
    assert database.snapshot() == Database().snapshot()


def test_a_file_that_cannot_be_looked_at_is_not_taken_for_absent(path: Path) -> None:
    path.symlink_to(path)
    with pytest.raises(exception.GlanceException, match="cannot be looked at: Too many levels"):
        migration_backend.db_version(None, path, init_version=7)


@pytest.mark.parametrize("version", [None, CURRENT, str(CURRENT)])
def test_a_file_of_the_current_version_stays_as_it_is(
    path: Path, version: int | str | None
) -> None:
    content = a_snapshot(path)
    assert migration_backend.db_sync(None, path, version) == CURRENT
    assert migration_backend.db_version_control(None, path, version) == CURRENT
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "call",
    [
        migration_backend.db_version,
        migration_backend.db_sync,
        functools.partial(migration_backend.db_sync, sanity_check=False),
    ],
)
def test_a_file_of_a_newer_version_is_refused_and_stays_as_it_is(path: Path, call: Any) -> None:
    content = a_snapshot(path, CURRENT + 1)
    with pytest.raises(exception.GlanceException, match=f"has version {CURRENT + 1}"):
        call(None, path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("version", [0, CURRENT + 1, "liberty"])
def test_there_is_no_way_to_another_version(path: Path, version: int | str) -> None:
    with pytest.raises(exception.Invalid, match="cannot be brought to version"):
        migration_backend.db_sync(None, path, version)
    assert not path.exists()


@pytest.mark.parametrize("sanity_check", [True, False])
def test_a_broken_file_of_the_current_version_is_found_and_stays(
    path: Path, sanity_check: bool
) -> None:
    content = b'{"format":"simple_db","version":%d}' % CURRENT
    path.write_bytes(content)
    with pytest.raises(exception.GlanceException, match="lacks"):
        migration_backend.db_sync(None, path, sanity_check=sanity_check)
    assert path.read_bytes() == content


def test_a_file_that_is_in_use_is_an_error(path: Path) -> None:
    with (
        Database.open(path),
        pytest.raises(exception.GlanceException, match="is in use by this process"),
    ):
        migration_backend.db_sync(None, path)


def test_a_file_that_cannot_be_written_is_an_error_of_glance(tmp_path: Path) -> None:
    with pytest.raises(exception.GlanceException, match="cannot be claimed: No such file"):
        migration_backend.db_sync(None, tmp_path / "nowhere" / "glance.json")


def test_stevedore_loads_the_backend_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry_points.installed(tmp_path, monkeypatch)
    assert entry_points.loaded("glance.database.migration_backend") is migration_backend
