from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest

from simple_db import Database
from simple_db.persistence import claims, journal
from tests.support.build import ADMIN
from tests.support.command_line import refused, said
from tests.support.saved import CURRENT, OLD, edited, saved

Captured = pytest.CaptureFixture[str]


def upgraded(capsys: Captured, *arguments: str) -> str:
    return said(capsys, "snapshot", "upgrade", *arguments)


def not_upgraded(capsys: Captured, *arguments: str) -> str:
    return refused(capsys, "snapshot", "upgrade", *arguments)


def test_an_older_format_is_brought_to_the_current_one_and_the_file_keeps_its_mode(
    capsys: Captured, tmp_path: Path
) -> None:
    shutil.copy(OLD, "old.json")
    Path("old.json").chmod(0o640)

    assert upgraded(capsys, "old.json") == "old.json: upgraded from version 1 to 2\n"
    assert Path("old.json").read_bytes() == CURRENT.read_bytes()
    assert stat.S_IMODE(Path("old.json").stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["old.json"]


def test_the_current_format_is_left_untouched(capsys: Captured) -> None:
    saved()
    before = Path("glance.json").stat()

    assert upgraded(capsys, "--reseal", "glance.json") == (
        "glance.json: current already: version 2\n"
    )
    after = Path("glance.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_that_was_edited_is_sealed_again_on_request_only(capsys: Captured) -> None:
    assert "not as it was written" in not_upgraded(capsys, edited())
    assert upgraded(capsys, "--reseal", "edited.json") == "edited.json: given a new checksum\n"

    database = Database()
    database.load("edited.json")
    assert database.image_get(ADMIN, "abc")["name"] == "debian"


def test_a_dry_run_says_what_would_be_done_and_does_not_do_it(capsys: Captured) -> None:
    shutil.copy(OLD, "old.json")
    shown = upgraded(capsys, "--dry-run", "--reseal", "old.json", edited())

    assert shown.splitlines() == [
        "old.json: would be upgraded from version 1 to 2",
        "edited.json: would be given a new checksum",
    ]
    assert Path("old.json").read_bytes() == OLD.read_bytes()
    assert "not as it was written" in not_upgraded(capsys, "edited.json")


def test_a_file_that_is_open_or_has_a_journal_is_not_upgraded(capsys: Captured) -> None:
    shutil.copy(OLD, "old.json")
    with claims.claimed("old.json"):
        assert "old.json is in use" in not_upgraded(capsys, "old.json")
    journal.beside("old.json").touch()

    assert "old.json.journal" in not_upgraded(capsys, "old.json")
    assert Path("old.json").read_bytes() == OLD.read_bytes()


def test_an_upgrade_that_would_be_larger_than_the_bound_is_refused(capsys: Captured) -> None:
    shutil.copy(OLD, "old.json")
    size = Path("old.json").stat().st_size

    assert f"more than {size} bytes" in not_upgraded(capsys, "old.json", "--max-bytes", f"{size}")
    assert Path("old.json").read_bytes() == OLD.read_bytes()
