import os
from pathlib import Path

import pytest

from simple_db.glance.starting import NewPaths, owner_only

pytestmark = pytest.mark.glance


def test_what_a_failed_start_has_made_is_removed_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "file").touch()
    before = {*tmp_path.rglob("*")}
    with NewPaths() as new:
        new.directory(tmp_path / "new" / "deep")
        new.directory(tmp_path / "old" / "new")
        new.directory(tmp_path / "old")
        new.file(tmp_path / "new" / "deep" / "file")
        new.file(tmp_path / "old" / "file")
        new.file(tmp_path / "never made")
        (tmp_path / "new" / "deep" / "file").touch()
    assert {*tmp_path.rglob("*")} == before


def test_a_file_behind_a_link_is_removed_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    with NewPaths() as new:
        new.file(tmp_path / "link")
        (tmp_path / "target").touch()
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_what_somebody_else_has_put_into_a_new_directory_stays(tmp_path: Path) -> None:
    with NewPaths() as new:
        new.directory(tmp_path / "new")
        (tmp_path / "new" / "theirs").touch()
    assert (tmp_path / "new" / "theirs").exists()


def test_what_is_kept_stays(tmp_path: Path) -> None:
    with NewPaths() as new:
        new.directory(tmp_path / "new")
        new.keep()
    assert (tmp_path / "new").is_dir()


def test_a_directory_that_is_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="exists"), NewPaths() as new:
        new.directory(tmp_path / "file")
    assert (tmp_path / "file").exists()


def test_what_is_made_is_for_the_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with owner_only():
            (tmp_path / "file").touch()
            (tmp_path / "directory").mkdir()
        assert os.umask(0) == 0
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "directory").stat().st_mode & 0o777 == 0o700
