import fcntl
import os
import tempfile
from pathlib import Path

import pytest

from simple_db.glance.private_directory import private_directory
from simple_db.glance.starting import StartError

pytestmark = pytest.mark.glance


@pytest.fixture(autouse=True)
def _in_a_temporary_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def left(tmp_path: Path, name: str) -> Path:
    """Make what a killed server leaves: a directory with a lock that nobody holds."""
    (tmp_path / name).mkdir()
    (tmp_path / name / "lock").touch()
    (tmp_path / name / "glance-api.conf").touch()
    return tmp_path / name


def test_a_private_directory_is_there_for_its_owner_until_the_block_ends(tmp_path: Path) -> None:
    with private_directory() as private:
        assert private.parent == tmp_path
        assert private.stat().st_mode & 0o777 == 0o700
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_server_has_left_is_removed(tmp_path: Path) -> None:
    left(tmp_path, "simple-db-1")
    left(tmp_path, "simple-db-2")
    with private_directory() as private:
        assert list(tmp_path.iterdir()) == [private]


def test_what_another_server_uses_stays(tmp_path: Path) -> None:
    with private_directory() as theirs, private_directory() as ours:
        assert {*tmp_path.iterdir()} == {theirs, ours}
        assert (theirs / "lock").exists()


def test_what_is_not_ours_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = left(tmp_path, "elsewhere")
    (tmp_path / "simple-db-link").symlink_to(outside)
    (tmp_path / "simple-db-file").touch()
    (tmp_path / "simple-db-without-lock").mkdir()
    locked_by_a_link = left(tmp_path, "simple-db-linked-lock")
    (locked_by_a_link / "lock").unlink()
    (locked_by_a_link / "lock").symlink_to(outside / "lock")
    before = {*tmp_path.rglob("*")}
    with private_directory():
        pass
    left(tmp_path, "simple-db-of-another-user")
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with private_directory():
        pass
    assert {*tmp_path.rglob("*")} >= {*before, tmp_path / "simple-db-of-another-user" / "lock"}


def test_a_directory_that_is_being_made_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def lock(handle: int, how: int) -> None:
        monkeypatch.undo()
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        (making,) = tmp_path.iterdir()
        with private_directory():
            seen.append(making.is_dir())
        fcntl.flock(handle, how)

    monkeypatch.setattr("simple_db.glance.private_directory.fcntl.flock", lock)
    with private_directory():
        pass
    assert seen == [True]


@pytest.mark.parametrize("name", ["a b", "50%", "a#b", "a?b", "a$b", "a\nb"])
def test_a_temporary_directory_that_glance_cannot_use_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / name))
    with pytest.raises(StartError, match="set TMPDIR to one"), private_directory():
        pass
