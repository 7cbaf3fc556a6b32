from __future__ import annotations

import itertools
import json
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from simple_db import Database, snapshot
from simple_db.cli import commands
from simple_db.cli.snapshot import commands as snapshot_commands
from simple_db.model.errors import SnapshotError
from simple_db.persistence import claims, database_file, journal
from tests.support.build import ADMIN, a_database, a_location, an_image
from tests.support.pages import TESTS

Captured = pytest.CaptureFixture[str]

OLD = TESTS / "golden" / "1.json"
CURRENT = TESTS / "golden" / "2.json"

# The exit code of a command on several files where one is bad, or is not there.
CODE_OF_BAD = {"check": 1, "upgrade": 2, "upgrade --dry-run": 2}

SECRET = "http://user:secret@host/a"  # noqa: S105 - it is one


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def said(capsys: Captured, *arguments: str, code: int = 0) -> str:
    """Return what a command line prints; it complains of nothing."""
    assert commands.run(["snapshot", *arguments]) == code
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def told(capsys: Captured, *arguments: str, code: int = 0) -> Any:
    """Return the JSON that a command line prints."""
    return json.loads(said(capsys, *arguments, "--json", code=code))


def refused(capsys: Captured, *arguments: str) -> str:
    """Return the one line that a command line is refused with; nothing else is printed."""
    assert commands.run(["snapshot", *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("simple-db: ")
    assert printed.err.count("\n") == 1
    return printed.err


def saved(path: str = "glance.json", name: str = "cirros", url: str = SECRET) -> Database:
    """Save a database of one image, which has a location, and return it."""
    database = a_database()
    an_image(database, "abc", name=name)
    a_location(database, "abc", url)
    database.save(path)
    return database


def edited(path: str = "edited.json") -> str:
    """Save a snapshot and change it by hand."""
    saved(path)
    content = Path(path).read_text()
    assert "cirros" in content
    Path(path).write_text(content.replace("cirros", "debian"))
    return path


def with_a_journal(path: str = "glance.json") -> None:
    """Save a snapshot with a call in its journal, as a process leaves it that is killed."""
    saved("other.json")
    with Database.open("other.json", save="always") as database:
        an_image(database, "new")
        shutil.copy("other.json", path)
        shutil.copy(journal.beside("other.json"), journal.beside(path))


# --- check -----------------------------------------------------------------------------------


def test_a_good_snapshot_is_told_in_a_line_with_what_it_holds(capsys: Captured) -> None:
    saved()

    assert said(capsys, "check", "glance.json").startswith(
        "glance.json: good: version 2, written by simple_db 0.1.0, 1 image, 2 rows, "
    )


def test_a_bad_snapshot_is_told_in_a_line_with_what_is_wrong(capsys: Captured) -> None:
    saved()
    Path("bad.json").write_text("{")
    good, bad = said(capsys, "check", "glance.json", "bad.json", code=1).splitlines()

    assert good.startswith("glance.json: good: ")
    assert bad.startswith("bad.json: bad: this is not a snapshot of simple_db")


def test_a_snapshot_of_an_older_format_is_good_and_can_be_upgraded(capsys: Captured) -> None:
    line = said(capsys, "check", str(OLD))

    assert ": good: version 1, and 2 is current ('simple-db snapshot upgrade')" in line


def test_what_is_checked_is_told_to_programs(capsys: Captured) -> None:
    saved()
    edited()
    good, bad = told(capsys, "check", "glance.json", "edited.json", code=1)

    assert good["file"] == "glance.json"
    assert (good["good"], good["problem"], good["version"]) == (True, None, 2)
    assert good["bytes"] == Path("glance.json").stat().st_size
    assert (good["counts"]["images"], good["counts"]["tasks"]) == (1, 0)
    assert good["journal"] == {"calls": 0, "torn_bytes": 0}
    assert list(bad) == ["file", "bytes", "good", "problem"]
    assert bad["good"] is False
    assert "not as it was written" in bad["problem"]


def test_a_journal_is_checked_with_its_snapshot(capsys: Captured) -> None:
    with_a_journal()
    beside = journal.beside("glance.json")
    assert "2 images, 3 rows" in said(capsys, "check", "glance.json")

    with beside.open("ab") as file:
        file.write(b'{"sha')
    line = said(capsys, "check", "glance.json")
    assert "with 1 call of its journal, whose last line was not written to its end" in line

    beside.write_bytes(beside.read_bytes().replace(b"new", b"old"))
    line = said(capsys, "check", "glance.json", code=1)
    assert line.startswith("glance.json: bad: ")
    assert "line 2 of the journal is not as it was written" in line


def test_a_problem_tells_no_secret_and_stays_in_its_line(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise SnapshotError(f"\x1b[2J{SECRET}\nis no row")

    saved()
    monkeypatch.setattr(database_file, "contents", fail)

    assert said(capsys, "check", "glance.json", code=1) == (
        "glance.json: bad: \\x1b[2Jhttp://***@host/a is no row\n"
    )
    assert refused(capsys, "show", "glance.json") == (
        "simple-db: \\x1b[2Jhttp://***@host/a is no row\n"
    )


# --- show ------------------------------------------------------------------------------------


def test_a_snapshot_is_shown_with_its_counts_and_images(capsys: Captured) -> None:
    database = saved()
    shown = said(capsys, "show", "glance.json")

    assert shown.startswith("glance.json\nversion 2, written by simple_db 0.1.0\n1 image, 2 rows, ")
    assert f"SHA-256 {snapshot.decoded(database.snapshot()).checksum}\n" in shown
    assert "image_locations" in shown
    assert "abc  cirros  alice  shared      active" in shown


def test_a_snapshot_without_a_seal_is_shown_without_one(capsys: Captured) -> None:
    assert "SHA-256" not in said(capsys, "show", str(OLD))


def test_what_is_listed_can_be_chosen(capsys: Captured) -> None:
    database = saved()
    an_image(database, "gone")
    an_image(database, "more")
    database.image_destroy(ADMIN, "gone")
    database.save("glance.json")

    assert "gone" not in said(capsys, "show", "glance.json")
    assert "(deleted)" in said(capsys, "show", "glance.json", "--deleted")
    assert "... and 1 more" in said(capsys, "show", "glance.json", "--limit", "1")
    assert "... and" not in said(capsys, "show", "glance.json", "--limit", "0")


def test_an_image_is_shown_with_its_secrets_masked_unless_they_are_to_be_revealed(
    capsys: Captured,
) -> None:
    saved()
    shown = said(capsys, "show", "glance.json", "--image", "a")

    assert "http://***@host/a" in shown
    assert SECRET not in shown
    assert SECRET in said(capsys, "show", "glance.json", "--image", "a", "--reveal")


def test_what_a_snapshot_holds_is_told_to_programs(capsys: Captured) -> None:
    saved()
    document = told(capsys, "show", "glance.json")
    (image,) = document["images"]

    assert (document["version"], image["id"]) == (2, "abc")
    assert image["locations"][0]["value"] == "http://***@host/a"
    assert told(capsys, "show", "glance.json", "--image", "abc") == image
    revealed = told(capsys, "show", "glance.json", "--image", "abc", "--reveal")
    assert revealed["locations"][0]["value"] == SECRET


def test_what_a_journal_adds_is_shown(capsys: Captured) -> None:
    with_a_journal()

    assert [one["id"] for one in told(capsys, "show", "glance.json")["images"]] == ["abc", "new"]
    assert "with 1 call of its journal" in said(capsys, "show", "glance.json")


def test_a_file_that_was_edited_is_shown_on_request_only(capsys: Captured) -> None:
    assert "--reseal" in refused(capsys, "show", edited())
    assert "debian" in said(capsys, "show", "edited.json", "--unsealed")


# --- diff ------------------------------------------------------------------------------------


def test_snapshots_that_hold_the_same_do_not_differ(capsys: Captured) -> None:
    shutil.copy(OLD, "old.json")

    assert said(capsys, "diff", "old.json", str(CURRENT)).startswith("They hold the same: ")
    document = told(capsys, "diff", "old.json", str(CURRENT))
    assert document == {
        "old": "old.json",
        "new": str(CURRENT),
        "same": True,
        "groups": [],
        "counters": [],
    }


def test_what_differs_is_told_and_is_the_exit_code(capsys: Captured) -> None:
    saved("a.json")
    saved("b.json", name="debian")

    assert said(capsys, "diff", "a.json", "b.json", code=1) == (
        "~ image debian abc\n    name: cirros -> debian\n\n1 row: 1 changed\n"
    )
    (group,) = told(capsys, "diff", "a.json", "b.json", code=1)["groups"]
    assert group["changes"][0]["fields"] == [{"column": "name", "old": "cirros", "new": "debian"}]


def test_secrets_that_differ_are_masked_unless_they_are_to_be_revealed(capsys: Captured) -> None:
    saved("a.json")
    saved("b.json", url=SECRET.replace("secret", "other"))

    assert "secret" not in said(capsys, "diff", "a.json", "b.json", code=1)
    assert f"value: {SECRET} -> " in said(capsys, "diff", "a.json", "b.json", "--reveal", code=1)


def test_what_was_edited_by_hand_can_be_seen(capsys: Captured) -> None:
    saved()
    assert "edited.json" in refused(capsys, "diff", "glance.json", edited())

    shown = said(capsys, "diff", "--unsealed", "glance.json", "edited.json", code=1)
    assert "name: cirros -> debian" in shown


# --- upgrade ---------------------------------------------------------------------------------


def test_an_older_format_is_brought_to_the_current_one_and_the_file_keeps_its_mode(
    capsys: Captured, tmp_path: Path
) -> None:
    shutil.copy(OLD, "old.json")
    Path("old.json").chmod(0o640)

    assert said(capsys, "upgrade", "old.json") == "old.json: upgraded from version 1 to 2\n"
    assert Path("old.json").read_bytes() == CURRENT.read_bytes()
    assert stat.S_IMODE(Path("old.json").stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["old.json"]


def test_the_current_format_is_left_untouched(capsys: Captured) -> None:
    saved()
    before = Path("glance.json").stat()

    assert said(capsys, "upgrade", "--reseal", "glance.json") == (
        "glance.json: current already: version 2\n"
    )
    after = Path("glance.json").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_file_that_was_edited_is_sealed_again_on_request_only(capsys: Captured) -> None:
    assert "not as it was written" in refused(capsys, "upgrade", edited())
    assert said(capsys, "upgrade", "--reseal", "edited.json") == "edited.json: sealed again\n"

    database = Database()
    database.load("edited.json")
    assert database.image_get(ADMIN, "abc")["name"] == "debian"


def test_what_would_be_done_is_said_and_not_done(capsys: Captured) -> None:
    shutil.copy(OLD, "old.json")
    shown = said(capsys, "upgrade", "--dry-run", "--reseal", "old.json", edited())

    assert shown.splitlines() == [
        "old.json: would be upgraded from version 1 to 2",
        "edited.json: would be sealed again",
    ]
    assert Path("old.json").read_bytes() == OLD.read_bytes()
    assert "not as it was written" in refused(capsys, "upgrade", "edited.json")


def test_a_file_that_cannot_be_read_does_not_keep_the_others_back(capsys: Captured) -> None:
    shutil.copy(OLD, "old.json")
    Path("bad.json").write_text("{")

    assert commands.run(["snapshot", "upgrade", "bad.json", "old.json"]) == 2
    printed = capsys.readouterr()
    assert printed.out == "old.json: upgraded from version 1 to 2\n"
    assert printed.err.startswith("simple-db: bad.json: this is not a snapshot")
    assert Path("bad.json").read_text() == "{"


def test_a_file_that_is_open_or_has_a_journal_is_not_upgraded(capsys: Captured) -> None:
    shutil.copy(OLD, "old.json")
    with claims.claimed("old.json"):
        assert "old.json is in use" in refused(capsys, "upgrade", "old.json")
    journal.beside("old.json").touch()

    assert "old.json.journal" in refused(capsys, "upgrade", "old.json")
    assert Path("old.json").read_bytes() == OLD.read_bytes()


# --- several files ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "paths", [*itertools.permutations(["good.json", "bad.json", "missing.json"])]
)
@pytest.mark.parametrize("command", ["check", "upgrade", "upgrade --dry-run"])
def test_every_file_is_told_whatever_the_others_are(
    capsys: Captured, command: str, paths: tuple[str, ...]
) -> None:
    saved("good.json")
    Path("bad.json").write_text("{")

    assert commands.run(["snapshot", *command.split(), *paths, "."]) == CODE_OF_BAD[command]
    printed = capsys.readouterr()
    lines = (printed.out + printed.err.replace("simple-db: ", "")).splitlines()
    named = [line.replace(":", " ").split()[0] for line in lines]
    assert sorted(named) == sorted([*paths, "."])
    assert [line for line in lines if ": good" in line or "current" in line] == [
        line for line in lines if line.startswith("good.json: ")
    ]
    assert sorted(path.name for path in Path().iterdir()) == ["bad.json", "good.json"]


def test_both_files_of_a_difference_are_told_where_neither_can_be_read(capsys: Captured) -> None:
    Path("bad.json").write_text("{")
    told = refused(capsys, "diff", "missing.json", "bad.json")

    assert "missing.json cannot be read: No such file" in told
    assert "bad.json: this is not a snapshot" in told


def test_a_file_that_is_not_there_is_told_to_programs_too(capsys: Captured) -> None:
    saved()
    good, missing = told(capsys, "check", "glance.json", "missing.json", code=1)

    assert good["good"] is True
    assert missing == {
        "file": "missing.json",
        "bytes": 0,
        "good": False,
        "problem": "cannot be read: No such file or directory",
    }


# --- terminals, help and errors --------------------------------------------------------------


@pytest.mark.parametrize("coloured", [True, False])
def test_colour_and_progress_are_for_terminals(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, coloured: bool
) -> None:
    saved()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(snapshot_commands, "_BIG", 0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if not coloured:
        monkeypatch.setenv("NO_COLOR", "")
    assert commands.run(["snapshot", "check", "glance.json"]) == 0
    printed = capsys.readouterr()

    assert ("\x1b[32mgood" in printed.out) is coloured
    assert "Reading glance.json" in printed.err
    assert ("\x1b[3" in printed.err) is coloured


def test_a_terminal_is_filled_and_no_more_and_elsewhere_nothing_is_cut(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(name="a long name " * 9)
    assert max(map(len, said(capsys, "show", "glance.json").splitlines())) > 80

    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, said(capsys, "show", "glance.json").splitlines())) <= 80


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_the_help_of_snapshot_has_its_commands_and_examples(
    capsys: Captured, arguments: list[str]
) -> None:
    text = said(capsys, *arguments)

    assert {"check", "show", "diff", "upgrade"} <= set(text.split())
    assert "..." not in text.replace("[ARGS]...", "")
    assert "simple-db snapshot show glance.json --image 1f0a" in text


@pytest.mark.parametrize("command", ["check", "show", "diff", "upgrade"])
def test_the_help_of_each_command_has_examples(capsys: Captured, command: str) -> None:
    assert f"Examples:\n    simple-db snapshot {command} " in said(capsys, command, "--help")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["check"], "FILE"),
        (["show", "nowhere.json"], "nowhere.json"),
        (["show", "glance.json", "--image", "z"], "'z'"),
        (["show", "glance.json", "--limit", "-1"], "--limit"),
        (["diff", "glance.json"], "NEW"),
        (["diff", "glance.json", "nowhere.json"], "nowhere.json"),
        (["upgrade"], "FILE"),
        (["levitate"], "levitate"),
    ],
)
def test_what_cannot_start_is_refused_in_one_line(
    capsys: Captured, arguments: list[str], named: str
) -> None:
    saved()

    assert named in refused(capsys, *arguments)


EVERY_READER = pytest.mark.parametrize(
    "command", [["check"], ["show"], ["show", "--unsealed"], ["diff", "glance.json"], ["upgrade"]]
)


@EVERY_READER
@pytest.mark.parametrize("max_bytes", ["1000", "0", "-1", "many", "1.5"])
def test_what_is_larger_than_the_bound_is_refused(
    capsys: Captured, command: list[str], max_bytes: str
) -> None:
    saved()
    before = Path("glance.json").read_bytes()
    code = commands.run(["snapshot", *command, "glance.json", "--max-bytes", max_bytes])
    printed = capsys.readouterr()

    assert code == (1 if (command, max_bytes) == (["check"], "1000") else 2)
    assert "at most 1000 are read" in printed.out + printed.err or max_bytes != "1000"
    assert Path("glance.json").read_bytes() == before


@EVERY_READER
def test_what_is_as_large_as_the_bound_is_read(capsys: Captured, command: list[str]) -> None:
    saved()
    size = Path("glance.json").stat().st_size

    assert said(capsys, *command, "glance.json", "--max-bytes", f"{size}")


def test_an_upgrade_that_would_be_larger_than_the_bound_is_refused(capsys: Captured) -> None:
    shutil.copy(OLD, "old.json")
    size = Path("old.json").stat().st_size
    told = refused(capsys, "upgrade", "old.json", "--max-bytes", f"{size}")

    assert f"more than {size} bytes" in told
    assert Path("old.json").read_bytes() == OLD.read_bytes()
