from __future__ import annotations

import json
from typing import Any

import pytest

from simple_db import snapshot
from tests.support.build import ADMIN, an_image
from tests.support.command_line import refused, said
from tests.support.saved import OLD, SECRET, edited, saved, with_a_journal

Captured = pytest.CaptureFixture[str]

PRINTED = """\
killed.json
version 2, written by simple_db 0.1.0
2 images, 3 rows, 1.6 kB, with 1 call of its journal
SHA-256 {seal}

Table            Rows  Deleted
──────────────────────────────
images              2
image_locations     1

2 images
ID   Name    Owner  Visibility  Status  Size  Tags
──────────────────────────────────────────────────
abc  cirros  alice  shared      active     -
new  -       alice  shared      active     -
"""


def shown(capsys: Captured, *arguments: str) -> str:
    return said(capsys, "snapshot", "show", *arguments)


def for_programs(capsys: Captured, *arguments: str) -> Any:
    return json.loads(shown(capsys, *arguments, "--json"))


def test_a_snapshot_is_shown_with_its_journal(capsys: Captured) -> None:
    with_a_journal("killed.json")
    lines = [line.rstrip() for line in shown(capsys, "killed.json").splitlines()]
    seal = snapshot.decoded(saved().snapshot()).checksum

    assert lines == PRINTED.format(seal=seal).splitlines()
    assert [one["id"] for one in for_programs(capsys, "killed.json")["images"]] == ["abc", "new"]


def test_a_snapshot_without_a_seal_is_shown_without_one(capsys: Captured) -> None:
    assert "SHA-256" not in shown(capsys, str(OLD))


def test_what_is_listed_can_be_chosen(capsys: Captured) -> None:
    database = saved()
    an_image(database, "gone")
    an_image(database, "more")
    database.image_destroy(ADMIN, "gone")
    database.save("glance.json")

    assert "gone" not in shown(capsys, "glance.json")
    assert "(deleted)" in shown(capsys, "glance.json", "--deleted")
    assert "... and 1 more" in shown(capsys, "glance.json", "--limit", "1")
    assert "... and" not in shown(capsys, "glance.json", "--limit", "0")


def test_an_image_is_shown_with_its_secrets_masked_unless_they_are_to_be_revealed(
    capsys: Captured,
) -> None:
    saved()
    masked = shown(capsys, "glance.json", "--image", "a")

    assert "http://***@host/a" in masked
    assert SECRET not in masked
    assert SECRET in shown(capsys, "glance.json", "--image", "a", "--reveal")


def test_what_a_snapshot_holds_is_printed_for_programs(capsys: Captured) -> None:
    saved()
    document = for_programs(capsys, "glance.json")
    (image,) = document["images"]

    assert (document["version"], image["id"]) == (2, "abc")
    assert image["locations"][0]["value"] == "http://***@host/a"
    assert for_programs(capsys, "glance.json", "--image", "abc") == image
    revealed = for_programs(capsys, "glance.json", "--image", "abc", "--reveal")
    assert revealed["locations"][0]["value"] == SECRET


def test_a_file_that_was_edited_is_shown_on_request_only(capsys: Captured) -> None:
    assert "--reseal" in refused(capsys, "snapshot", "show", edited())
    assert "debian" in shown(capsys, "edited.json", "--unsealed")


def test_a_terminal_is_filled_and_no_more_and_elsewhere_nothing_is_cut(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved(name="a long name " * 9)
    assert max(map(len, shown(capsys, "glance.json").splitlines())) > 80

    monkeypatch.setenv("COLUMNS", "80")
    assert max(map(len, shown(capsys, "glance.json").splitlines())) <= 80
