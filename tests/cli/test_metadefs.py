import json
import sys
from pathlib import Path

import pytest

from simple_db import Database
from simple_db.cli import commands
from simple_db.model import errors
from tests.support.build import rows
from tests.support.command_line import refused, said

Captured = pytest.CaptureFixture[str]

DOCUMENTS = {
    "a.json": {"namespace": "a", "display_name": "A", "tags": [{"name": "t"}]},
    "b.json": {"namespace": "b", "display_name": "B"},
}


@pytest.fixture(autouse=True)
def _files(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    for name, document in DOCUMENTS.items():
        (tmp_path / "files" / name).write_text(json.dumps(document))


def saved(path: str = "glance.json") -> Database:
    database = Database()
    database.load(path)
    return database


# --- load ------------------------------------------------------------------------------------


def test_a_directory_is_loaded_into_a_new_snapshot_and_counted(capsys: Captured) -> None:
    assert said(capsys, "metadefs", "load", "files") == (
        "Loaded 2 namespaces into glance.json, which is a new file: "
        "2 new, 0 merged, 0 overwritten, 0 skipped\n"
    )
    assert [row["namespace"] for row in rows(saved(), "metadef_namespaces")] == ["a", "b"]


def test_one_file_is_loaded_into_a_snapshot_that_is_there(capsys: Captured) -> None:
    database = Database()
    database.image_create(None, {"status": "queued"})
    database.save("other.json")
    shown = said(capsys, "metadefs", "load", "files/a.json", "--snapshot", "other.json")
    assert shown.startswith("Loaded 1 namespace into other.json")
    assert len(rows(saved("other.json"), "images")) == 1
    assert len(rows(saved("other.json"), "metadef_tags")) == 1


@pytest.mark.parametrize(
    ("switches", "outcome"),
    [
        ([], "0 merged, 0 overwritten, 2 skipped"),
        (["--merge"], "2 merged, 0 overwritten, 0 skipped"),
        (["--merge", "--prefer-new"], "2 merged, 0 overwritten, 0 skipped"),
        (["--merge", "--overwrite"], "0 merged, 2 overwritten, 0 skipped"),
    ],
)
def test_what_becomes_of_namespaces_that_are_there_is_chosen_and_counted(
    capsys: Captured, switches: list[str], outcome: str
) -> None:
    said(capsys, "metadefs", "load", "files")
    assert outcome in said(capsys, "metadefs", "load", *switches, "files")


def test_every_bad_file_is_named_and_the_snapshot_stays_as_it_was(
    capsys: Captured, tmp_path: Path
) -> None:
    said(capsys, "metadefs", "load", "files")
    before = Path("glance.json").read_bytes()
    for name in ("c.json", "d.json"):
        (tmp_path / "files" / name).write_text("{")
    shown = refused(capsys, "metadefs", "load", "--merge", "--overwrite", "files")

    assert "c.json: " in shown
    assert "d.json: " in shown
    assert Path("glance.json").read_bytes() == before


def test_a_snapshot_that_is_not_saved_is_a_failure(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise errors.SnapshotError("disk full")

    monkeypatch.setattr(Database, "save", fail)
    shown = refused(capsys, "metadefs", "load", "files", code=1)
    assert "snapshot glance.json is not saved: disk full" in shown


@pytest.mark.parametrize("command", [["load", "files"], ["unload"]])
def test_a_snapshot_that_a_server_has_open_is_not_changed(
    capsys: Captured, command: list[str]
) -> None:
    said(capsys, "metadefs", "load", "files")
    before = Path("glance.json").read_bytes()
    with Database.open("glance.json", save="manual"):
        assert "glance.json is in use by this process" in refused(capsys, "metadefs", *command)
    assert Path("glance.json").read_bytes() == before


def test_the_calls_of_a_server_that_was_killed_are_kept(capsys: Captured) -> None:
    with Database.open("killed.json", save="always") as database:
        database.image_create(None, {"status": "queued"})
        for ending in ("", ".journal"):
            Path(f"glance.json{ending}").write_bytes(Path(f"killed.json{ending}").read_bytes())
    said(capsys, "metadefs", "load", "files")
    assert len(rows(saved(), "images")) == 1
    assert len(rows(saved(), "metadef_namespaces")) == 2


# --- unload and export -----------------------------------------------------------------------


def test_definitions_are_unloaded_and_counted(capsys: Captured) -> None:
    said(capsys, "metadefs", "load", "files")
    assert said(capsys, "metadefs", "unload") == "Unloaded 2 namespaces from glance.json\n"
    assert rows(saved(), "metadef_namespaces") == []


def test_definitions_are_exported_and_counted(capsys: Captured) -> None:
    said(capsys, "metadefs", "load", "files")
    assert said(capsys, "metadefs", "export", "out") == (
        "Exported 2 namespaces from glance.json to out\n"
    )
    assert sorted(path.name for path in Path("out").iterdir()) == ["A.json", "B.json"]


def test_a_snapshot_that_is_larger_than_the_bound_is_not_exported(capsys: Captured) -> None:
    said(capsys, "metadefs", "load", "files")
    shown = refused(capsys, "metadefs", "export", "out", "--max-bytes", "100")

    assert "at most 100 are read" in shown
    assert not Path("out").exists()


def test_definitions_are_exported_while_a_server_has_the_snapshot_open(capsys: Captured) -> None:
    said(capsys, "metadefs", "load", "files")
    with Database.open("glance.json", save="always") as database:
        database.metadef_namespace_create(None, {"namespace": "c", "owner": "alice"})
        assert "Exported 3 namespaces" in said(capsys, "metadefs", "export", "out")


def test_a_directory_that_cannot_be_written_is_refused(capsys: Captured) -> None:
    said(capsys, "metadefs", "load", "files")
    assert "A.json cannot be written" in refused(capsys, "metadefs", "export", "glance.json")


# --- progress ----------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["Reading", "Writing"])
def test_progress_is_shown_on_a_terminal(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, label: str
) -> None:
    said(capsys, "metadefs", "load", "files")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    arguments = {"Reading": ["load", "files"], "Writing": ["export", "out"]}[label]
    assert commands.run(["metadefs", *arguments]) == 0
    printed = capsys.readouterr()
    assert label in printed.err
    assert "100%" in printed.err
    assert "\x1b[3" not in printed.err
    assert printed.out.count("\n") == 1
