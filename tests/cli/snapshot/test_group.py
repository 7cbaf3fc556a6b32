"""What the four commands on snapshots have in common."""

from __future__ import annotations

import itertools
import shutil
import sys
from pathlib import Path

import pytest

from simple_db.cli import commands, reading
from tests.support.command_line import said
from tests.support.saved import OLD, saved

Captured = pytest.CaptureFixture[str]

# The exit code of a command on several files where one is bad, or is missing.
CODE_OF_BAD = {"check": 1, "upgrade": 2, "upgrade --dry-run": 2}

EVERY_READER = pytest.mark.parametrize(
    "command", [["check"], ["show"], ["show", "--unsealed"], ["diff", "glance.json"], ["upgrade"]]
)


@pytest.mark.parametrize(
    "paths", [*itertools.permutations(["old.json", "bad.json", "missing.json"])]
)
@pytest.mark.parametrize("command", CODE_OF_BAD)
def test_a_file_that_cannot_be_read_does_not_keep_the_others_back(
    capsys: Captured, command: str, paths: tuple[str, ...]
) -> None:
    shutil.copy(OLD, "old.json")
    Path("bad.json").write_text("{")

    assert commands.run(["snapshot", *command.split(), *paths, "."]) == CODE_OF_BAD[command]
    printed = capsys.readouterr()
    lines = (printed.out + printed.err.replace("simple-db: ", "")).splitlines()
    named = [line.replace(":", " ").split()[0] for line in lines]
    assert sorted(named) == sorted([*paths, "."])
    (good,) = [line for line in lines if "good: " in line or "upgraded from version 1" in line]
    assert good.startswith("old.json: ")
    assert sorted(path.name for path in Path().iterdir()) == ["bad.json", "old.json"]
    assert Path("bad.json").read_text() == "{"


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
    assert said(capsys, "snapshot", *command, "glance.json", "--max-bytes", f"{size}")


@pytest.mark.parametrize("coloured", [True, False])
def test_colour_and_progress_are_for_terminals(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, coloured: bool
) -> None:
    saved()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(reading, "_BIG", 0)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    if not coloured:
        monkeypatch.setenv("NO_COLOR", "")
    assert commands.run(["snapshot", "check", "glance.json"]) == 0
    printed = capsys.readouterr()

    assert ("\x1b[32mgood" in printed.out) is coloured
    assert "Reading glance.json" in printed.err
