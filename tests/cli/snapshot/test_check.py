from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from simple_db.model.errors import SnapshotError
from simple_db.persistence import database_file
from tests.support.command_line import said
from tests.support.saved import OLD, SECRET, edited, saved, with_a_journal

Captured = pytest.CaptureFixture[str]

# What is wrong with a file is the business of who reads it.
PRINTED = """\
good.json: good: version 2, written by simple_db 0.1.0, 1 image, 2 rows, 1.6 kB
old.json: good: version 1, and 2 is current ('simple-db snapshot upgrade'), \
written by simple_db 0.1.0, 3 images, 36 rows, 8.9 kB
killed.json: good: version 2, written by simple_db 0.1.0, 2 images, 3 rows, 1.6 kB, \
with 1 call of its journal
torn.json: good: version 2, written by simple_db 0.1.0, 2 images, 3 rows, 1.6 kB, \
with 1 call of its journal, whose last line was not written to the end and is left out
bad.json: bad: this is not a snapshot of simple_db
edited.json: bad: this snapshot is not as it was written
broken.json: bad: {here}/broken.json.journal: line 2 of the journal is not as it was written
missing.json: bad: cannot be read: No such file or directory
"""


def test_each_file_gets_a_line_with_what_it_holds_or_what_is_wrong_with_it(
    capsys: Captured, tmp_path: Path
) -> None:
    saved("good.json")
    shutil.copy(OLD, "old.json")
    with_a_journal("killed.json")
    with_a_journal("torn.json", more=b'{"sha')
    Path("bad.json").write_text("{")
    edited()
    broken = with_a_journal("broken.json")
    broken.write_bytes(broken.read_bytes().replace(b"new", b"old"))
    expected = PRINTED.format(here=tmp_path).splitlines()
    printed = said(
        capsys, "snapshot", "check", *(line.partition(":")[0] for line in expected), code=1
    )

    shown = printed.splitlines()
    assert shown[:4] == expected[:4]
    assert [line[: len(begin)] for line, begin in zip(shown, expected, strict=True)] == expected


def test_all_good_files_are_a_success(capsys: Captured) -> None:
    saved("good.json")
    assert said(capsys, "snapshot", "check", "good.json", str(OLD)).count(": good: ") == 2


def test_what_is_checked_is_printed_for_programs(capsys: Captured) -> None:
    saved()
    printed = said(
        capsys, "snapshot", "check", "--json", "glance.json", edited(), "missing.json", code=1
    )
    good, bad, missing = json.loads(printed)

    assert good["file"] == "glance.json"
    assert (good["good"], good["problem"], good["version"]) == (True, None, 2)
    assert good["bytes"] == Path("glance.json").stat().st_size
    assert (good["counts"]["images"], good["counts"]["tasks"]) == (1, 0)
    assert good["journal"] == {"calls": 0, "torn_bytes": 0}
    assert list(bad) == ["file", "bytes", "good", "problem"]
    assert bad["good"] is False
    assert "not as it was written" in bad["problem"]
    assert missing == {
        "file": "missing.json",
        "bytes": 0,
        "good": False,
        "problem": "cannot be read: No such file or directory",
    }


def test_a_problem_has_no_secret_and_stays_in_its_line(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SnapshotError(f"\x1b[2J{SECRET}\nis no row")

    saved()
    monkeypatch.setattr(database_file, "contents", fail)

    assert said(capsys, "snapshot", "check", "glance.json", code=1) == (
        "glance.json: bad: \\x1b[2Jhttp://***@host/a is no row\n"
    )
