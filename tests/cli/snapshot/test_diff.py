from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.support.command_line import refused, said
from tests.support.saved import CURRENT, OLD, SECRET, edited, saved

Captured = pytest.CaptureFixture[str]


def differing(capsys: Captured, *arguments: str) -> str:
    return said(capsys, "snapshot", "diff", *arguments, code=1)


def test_snapshots_that_hold_the_same_do_not_differ(capsys: Captured) -> None:
    shutil.copy(OLD, "old.json")
    files = ("old.json", str(CURRENT))

    assert said(capsys, "snapshot", "diff", *files).startswith("They hold the same: ")
    assert json.loads(said(capsys, "snapshot", "diff", *files, "--json")) == {
        "old": "old.json",
        "new": str(CURRENT),
        "same": True,
        "groups": [],
        "counters": [],
    }


def test_what_differs_is_printed_and_is_the_exit_code(capsys: Captured) -> None:
    saved("a.json")
    saved("b.json", name="debian")

    assert differing(capsys, "a.json", "b.json") == (
        "~ image debian abc\n    name: cirros -> debian\n\n1 row: 1 changed\n"
    )
    (group,) = json.loads(differing(capsys, "a.json", "b.json", "--json"))["groups"]
    assert group["changes"][0]["fields"] == [{"column": "name", "old": "cirros", "new": "debian"}]


def test_secrets_that_differ_are_masked_unless_they_are_to_be_revealed(capsys: Captured) -> None:
    saved("a.json")
    saved("b.json", url=SECRET.replace("secret", "other"))

    assert "secret" not in differing(capsys, "a.json", "b.json")
    assert f"value: {SECRET} -> " in differing(capsys, "a.json", "b.json", "--reveal")


def test_what_was_edited_by_hand_can_be_seen(capsys: Captured) -> None:
    saved()
    assert "edited.json" in refused(capsys, "snapshot", "diff", "glance.json", edited())

    shown = differing(capsys, "--unsealed", "glance.json", "edited.json")
    assert "name: cirros -> debian" in shown


def test_both_files_are_named_where_neither_can_be_read(capsys: Captured) -> None:
    Path("bad.json").write_text("{")
    shown = refused(capsys, "snapshot", "diff", "missing.json", "bad.json")

    assert "missing.json cannot be read: No such file" in shown
    assert "bad.json: this is not a snapshot" in shown
