import json
import sys
from pathlib import Path

import pytest

from simple_db import Database
from simple_db.cli import commands, schema_picture
from simple_db.model import errors, schema
from tests.support.build import rows

Captured = pytest.CaptureFixture[str]

DOCUMENTS = {
    "a.json": {"namespace": "a", "display_name": "A", "tags": [{"name": "t"}]},
    "b.json": {"namespace": "b", "display_name": "B"},
}


@pytest.fixture(autouse=True)
def _in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "files").mkdir()
    for name, document in DOCUMENTS.items():
        (tmp_path / "files" / name).write_text(json.dumps(document))


def said(capsys: Captured, *arguments: str) -> str:
    """Return what a command line prints; it ends well and complains of nothing."""
    assert commands.run(list(arguments)) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def refused(capsys: Captured, *arguments: str, code: int = 2) -> str:
    """Return the one line that a command line is refused with; nothing else is printed."""
    assert commands.run(list(arguments)) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("simple-db: ")
    assert printed.err.count("\n") == 1
    return printed.err


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
    told = said(capsys, "metadefs", "load", "files/a.json", "--snapshot", "other.json")
    assert told.startswith("Loaded 1 namespace into other.json")
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
def test_what_becomes_of_namespaces_that_are_there_is_chosen_and_told(
    capsys: Captured, switches: list[str], outcome: str
) -> None:
    said(capsys, "metadefs", "load", "files")
    assert outcome in said(capsys, "metadefs", "load", *switches, "files")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["load"], "PATH"),
        (["load", "nowhere"], "nowhere"),
        (["load", "--prefer-new", "files"], "--merge"),
        (["load", "--merge", "--prefer-new", "--overwrite", "files"], "exclude"),
        (["load", "--snapshot", "files/a.json", "files"], "files/a.json"),
        (["unload"], "glance.json"),
        (["export", "out"], "glance.json"),
        (["export", "out", "--max-bytes", "0"], "--max-bytes"),
        (["levitate"], "levitate"),
    ],
)
def test_what_cannot_start_is_refused_in_one_line_and_writes_nothing(
    capsys: Captured, tmp_path: Path, arguments: list[str], named: str
) -> None:
    assert named in refused(capsys, "metadefs", *arguments)
    assert [path.name for path in tmp_path.iterdir()] == ["files"]


def test_a_bad_file_is_named_and_the_snapshot_stays_as_it_was(
    capsys: Captured, tmp_path: Path
) -> None:
    said(capsys, "metadefs", "load", "files")
    before = Path("glance.json").read_bytes()
    (tmp_path / "files" / "c.json").write_text("{")
    assert "c.json" in refused(capsys, "metadefs", "load", "--merge", "--overwrite", "files")
    assert Path("glance.json").read_bytes() == before


def test_every_bad_file_is_named(capsys: Captured, tmp_path: Path) -> None:
    for name in ("c.json", "d.json"):
        (tmp_path / "files" / name).write_text("{")
    told = refused(capsys, "metadefs", "load", "files")
    assert "c.json: " in told
    assert "d.json: " in told
    assert [path.name for path in tmp_path.iterdir()] == ["files"]


def test_a_snapshot_that_is_not_saved_is_a_failure(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise errors.SnapshotError("disk full")

    monkeypatch.setattr(Database, "save", fail)
    told = refused(capsys, "metadefs", "load", "files", code=1)
    assert "snapshot glance.json is not saved: disk full" in told


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
    told = refused(capsys, "metadefs", "export", "out", "--max-bytes", "100")

    assert "at most 100 are read" in told
    assert not Path("out").exists()


def test_definitions_are_exported_while_a_server_has_the_snapshot_open(capsys: Captured) -> None:
    said(capsys, "metadefs", "load", "files")
    with Database.open("glance.json", save="always") as database:
        database.metadef_namespace_create(None, {"namespace": "c", "owner": "alice"})
        assert "Exported 3 namespaces" in said(capsys, "metadefs", "export", "out")


def test_a_directory_that_cannot_be_written_is_refused(capsys: Captured) -> None:
    said(capsys, "metadefs", "load", "files")
    assert "A.json cannot be written" in refused(capsys, "metadefs", "export", "glance.json")


# --- progress and help -----------------------------------------------------------------------


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


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_the_help_of_metadefs_has_its_commands_and_examples(
    capsys: Captured, arguments: list[str]
) -> None:
    text = said(capsys, "metadefs", *arguments)
    assert {"load", "unload", "export"} <= set(text.split())
    assert "simple-db metadefs load .venv/etc/glance/metadefs" in text


# --- schema ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "drawn"),
    [
        ([], schema_picture.svg()),
        (["--format", "svg"], schema_picture.svg()),
        (["--format", "mermaid"], schema.mermaid()),
        (["--format", "markdown"], schema.markdown()),
    ],
)
def test_the_schema_is_printed_or_written(
    capsys: Captured, arguments: list[str], drawn: str
) -> None:
    assert said(capsys, "schema", *arguments) == drawn
    assert said(capsys, "schema", *arguments, "--output", "drawing") == ""
    assert Path("drawing").read_text("utf-8") == drawn


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(["--format", "crayon"], "crayon"), (["--output", "nowhere/drawing"], "nowhere/drawing")],
)
def test_a_schema_that_cannot_be_drawn_is_refused(
    capsys: Captured, arguments: list[str], named: str
) -> None:
    assert named in refused(capsys, "schema", *arguments)
