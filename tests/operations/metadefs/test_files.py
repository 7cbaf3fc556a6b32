import json
from pathlib import Path
from typing import Any

import pytest

from simple_db import Database
from simple_db.model import errors
from simple_db.operations.metadefs import files as metadef_files
from simple_db.operations.metadefs.files import Loaded, Mode
from tests.support.build import a_database, refused, rows
from tests.support.world import World

TABLES = (
    "metadef_namespaces",
    "metadef_resource_types",
    "metadef_namespace_resource_types",
    "metadef_properties",
    "metadef_objects",
    "metadef_tags",
)

WHOLE: dict[str, Any] = {
    "namespace": "OS::Compute::Quota",
    "display_name": "Flavor Quota",
    "description": "Limits",
    "visibility": "public",
    "protected": True,
    "owner": "alice",
    "resource_type_associations": [
        {"name": "OS::Nova::Flavor", "prefix": "quota:", "properties_target": None},
    ],
    "properties": {"shares": {"title": "Shares", "type": "integer"}},
    "objects": [
        {
            "name": "CPU",
            "description": "Limits of CPU",
            "required": ["period", "quota"],
            "properties": {"period": {"type": "integer"}},
        },
    ],
    "tags": [{"name": "limits"}],
}


def a_file(directory: Path, document: Any, name: str = "a.json") -> Path:
    path = directory / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), "utf-8")
    return path


def loaded(db: Database, *documents: Any, directory: Path, mode: Mode = "keep") -> Loaded:
    """Load a file of each document, through the disk."""
    files = [a_file(directory, one, f"{number}.json") for number, one in enumerate(documents)]
    return metadef_files.load(db, [metadef_files.read(file) for file in files], mode)


def contents(db: Database) -> dict[str, list[dict[str, Any]]]:
    """Give all rows of metadata definitions without their times."""
    return {
        table: [
            {name: cell for name, cell in row.items() if name not in {"created_at", "updated_at"}}
            for row in rows(db, table)
        ]
        for table in TABLES
    }


# --- paths -----------------------------------------------------------------------------------


def test_the_files_of_a_directory_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.json", "a.json", "README", "c.JSON"):
        (tmp_path / name).touch()
    (tmp_path / "d.json").mkdir()
    assert [path.name for path in metadef_files.paths(tmp_path)] == ["a.json", "b.json"]


def test_a_file_is_taken_whatever_its_name(tmp_path: Path) -> None:
    path = a_file(tmp_path, {}, "definitions")
    assert metadef_files.paths(str(path)) == [path]


@pytest.mark.parametrize(
    ("path", "why"),
    [("nowhere", "cannot be read"), ("nul\0", "cannot be read"), (".", "has no .json file")],
)
def test_a_path_without_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(errors.Invalid, match=why):
        metadef_files.paths(path)


# --- reading ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ("{", "Expecting"),
        ("[]", "must be a dict"),
        ('{"namespace": "n", "properties": {"p": {"maximum": NaN}}}', "NaN"),
        ("[" * 100_000, "recursion"),
        ({}, "the namespace: metadef_namespaces.namespace is required"),
        ({"namespace": ["n"]}, "metadef_namespaces.namespace"),
        ({"namespace": "n", "owner": None}, "metadef_namespaces.owner"),
        ({"namespace": "n", "protected": "yes"}, "metadef_namespaces.protected"),
        ({"namespace": "n", "properties": []}, "properties must be a dict"),
        ({"namespace": "n", "properties": {"p": None}}, "property 'p'"),
        ({"namespace": "n", "objects": None}, "objects must be a list"),
        ({"namespace": "n", "objects": [{"name": "o"}, "o"]}, "objects, item 2"),
        ({"namespace": "n", "objects": [{}]}, "objects, item 1: metadef_objects.name"),
        ({"namespace": "n", "objects": [{"name": "o", "required": [1]}]}, "item 1: required"),
        ({"namespace": "n", "objects": [{"name": "o", "required": "p"}]}, "item 1: required"),
        ({"namespace": "n", "tags": [{}]}, "tags, item 1: metadef_tags.name"),
        ({"namespace": "n", "resource_type_associations": [{}]}, "associations, item 1"),
        (
            {"namespace": "n", "resource_type_associations": [{"name": "t", "prefix": {}}]},
            "prefix",
        ),
    ],
)
def test_a_bad_file_is_refused_by_name_and_place(tmp_path: Path, document: Any, named: str) -> None:
    path = a_file(tmp_path, document)
    with pytest.raises(errors.Invalid) as caught:
        metadef_files.read(path)
    assert str(path) in str(caught.value)
    assert named in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff", b'{"namespace": "\xc3'])
def test_a_file_that_is_no_text_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(errors.Invalid, match=r"a\.json"):
        metadef_files.read(path)


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(errors.Invalid, match=r"a\.json"):
        metadef_files.read(tmp_path / "a.json")


def test_what_is_not_known_in_a_file_is_ignored(db: Database, tmp_path: Path) -> None:
    loaded(db, {"namespace": "n", "levitate": True, "tags": [{"name": "t"}]}, directory=tmp_path)
    assert [row["name"] for row in rows(db, "metadef_tags")] == ["t"]


# --- loading ---------------------------------------------------------------------------------


def test_a_file_becomes_rows_of_every_table(db: Database, tmp_path: Path) -> None:
    assert loaded(db, WHOLE, directory=tmp_path) == Loaded(new=1)
    assert contents(db) == {
        "metadef_namespaces": [
            {
                "id": 1,
                "namespace": "OS::Compute::Quota",
                "display_name": "Flavor Quota",
                "description": "Limits",
                "visibility": "public",
                "protected": True,
                "owner": "alice",
            }
        ],
        "metadef_resource_types": [{"id": 1, "name": "OS::Nova::Flavor", "protected": True}],
        "metadef_namespace_resource_types": [
            {
                "namespace_id": 1,
                "resource_type_id": 1,
                "prefix": "quota:",
                "properties_target": None,
            }
        ],
        "metadef_properties": [
            {
                "id": 1,
                "namespace_id": 1,
                "name": "shares",
                "json_schema": {"title": "Shares", "type": "integer"},
            }
        ],
        "metadef_objects": [
            {
                "id": 1,
                "namespace_id": 1,
                "name": "CPU",
                "description": "Limits of CPU",
                "required": "period,quota",
                "json_schema": {"period": {"type": "integer"}},
            }
        ],
        "metadef_tags": [{"id": 1, "namespace_id": 1, "name": "limits"}],
    }
    db.check()


def test_what_a_file_leaves_out_is_none_and_its_owner_is_admin(tmp_path: Path) -> None:
    db = a_database()
    loaded(db, {"namespace": "n", "objects": [{"name": "o"}]}, directory=tmp_path)
    (namespace,) = rows(db, "metadef_namespaces")
    assert namespace["owner"] == "admin"
    assert namespace["visibility"] is None
    assert namespace["updated_at"] is None
    (one,) = rows(db, "metadef_objects")
    assert one["json_schema"] == {}
    assert one["required"] is None


CHANGED: dict[str, Any] = {
    "namespace": "OS::Compute::Quota",
    "display_name": "Other",
    "owner": "bob",
    "resource_type_associations": [
        {"name": "OS::Nova::Flavor", "prefix": "other:"},
        {"name": "OS::Glance::Image"},
    ],
    "properties": {"shares": {"type": "string"}, "more": {"type": "string"}},
    "objects": [{"name": "CPU", "properties": {}}, {"name": "RAM"}],
    "tags": [{"name": "more"}],
}


def merged(tmp_path: Path, mode: Mode) -> tuple[Database, Loaded]:
    """Load one file and, a day later, one that says otherwise."""
    world = World()
    db = a_database(world)
    loaded(db, WHOLE, directory=tmp_path)
    world.pass_time(days=1)
    outcome = loaded(db, CHANGED, directory=tmp_path, mode=mode)
    db.check()
    return db, outcome


def names(db: Database, table: str) -> list[str]:
    return [row["name"] for row in rows(db, table)]


def changed_rows(db: Database) -> list[str]:
    """Give the names of all rows that say that they have been updated."""
    return [
        row.get("namespace") or row.get("name") or row["prefix"]
        for table in TABLES
        for row in rows(db, table)
        if row["updated_at"]
    ]


def test_a_namespace_that_is_there_is_skipped(tmp_path: Path) -> None:
    db, outcome = merged(tmp_path, "keep")
    alone = a_database()
    loaded(alone, WHOLE, directory=tmp_path)
    assert outcome == Loaded(skipped=1)
    assert db.snapshot() == alone.snapshot()


def test_merging_adds_what_is_not_there_and_changes_nothing(tmp_path: Path) -> None:
    db, outcome = merged(tmp_path, "merge")
    assert outcome == Loaded(merged=1)
    assert rows(db, "metadef_namespaces")[0]["display_name"] == "Flavor Quota"
    assert names(db, "metadef_properties") == ["shares", "more"]
    assert names(db, "metadef_objects") == ["CPU", "RAM"]
    assert names(db, "metadef_tags") == ["limits", "more"]
    assert names(db, "metadef_resource_types") == ["OS::Nova::Flavor", "OS::Glance::Image"]
    assert rows(db, "metadef_namespace_resource_types")[0]["prefix"] == "quota:"
    assert changed_rows(db) == []


def test_preferring_the_new_replaces_what_both_have_and_deletes_nothing(tmp_path: Path) -> None:
    db, outcome = merged(tmp_path, "prefer_new")
    assert outcome == Loaded(merged=1)
    (namespace,) = rows(db, "metadef_namespaces")
    assert (namespace["display_name"], namespace["visibility"]) == ("Other", None)
    assert rows(db, "metadef_properties")[0]["json_schema"] == {"type": "string"}
    assert rows(db, "metadef_namespace_resource_types")[0]["prefix"] == "other:"
    assert names(db, "metadef_tags") == ["limits", "more"]
    (cpu, _) = rows(db, "metadef_objects")
    assert (cpu["description"], cpu["json_schema"]) == (None, {})
    assert cpu["required"] == "period,quota"
    assert changed_rows(db) == ["OS::Compute::Quota", "OS::Nova::Flavor", "other:", "shares", "CPU"]


def test_overwriting_deletes_a_namespace_and_makes_it_anew(tmp_path: Path) -> None:
    db, outcome = merged(tmp_path, "overwrite")
    assert outcome == Loaded(overwritten=1)
    (namespace,) = rows(db, "metadef_namespaces")
    assert (namespace["id"], namespace["owner"]) == (2, "bob")
    assert names(db, "metadef_properties") == ["shares", "more"]
    assert names(db, "metadef_tags") == ["more"]
    assert names(db, "metadef_resource_types") == ["OS::Nova::Flavor", "OS::Glance::Image"]
    assert changed_rows(db) == []


def test_a_resource_type_that_is_there_keeps_its_protection(db: Database, tmp_path: Path) -> None:
    db.metadef_resource_type_create(None, {"name": "OS::Nova::Flavor", "protected": False})
    loaded(db, WHOLE, directory=tmp_path, mode="prefer_new")
    assert [row["protected"] for row in rows(db, "metadef_resource_types")] == [False]


def test_a_name_that_is_there_twice_in_a_file_is_loaded_once(db: Database, tmp_path: Path) -> None:
    loaded(db, {"namespace": "n", "tags": [{"name": "t"}, {"name": "t"}]}, directory=tmp_path)
    assert names(db, "metadef_tags") == ["t"]


def test_of_two_files_of_one_namespace_the_second_is_skipped(db: Database, tmp_path: Path) -> None:
    assert loaded(db, WHOLE, CHANGED, directory=tmp_path) == Loaded(new=1, skipped=1)


def test_what_is_loaded_shares_nothing_between_databases(tmp_path: Path) -> None:
    definitions = [metadef_files.read(a_file(tmp_path, WHOLE))]
    one, other = a_database(), a_database()
    for db in (one, other):
        metadef_files.load(db, definitions)
    metadef_files.unload(one)
    assert rows(one, "metadef_tags") == []
    assert len(rows(other, "metadef_tags")) == 1


def test_a_load_that_fails_half_way_leaves_no_trace(db: Database, tmp_path: Path) -> None:
    def half() -> Any:
        yield metadef_files.read(a_file(tmp_path, WHOLE))
        raise errors.Invalid("half way")

    with refused(db, errors.Invalid):
        metadef_files.load(db, half())


# --- unloading and writing -------------------------------------------------------------------


def test_unloading_deletes_every_definition_and_no_image(db: Database, tmp_path: Path) -> None:
    db.image_create(None, {"status": "queued"})
    loaded(db, WHOLE, {"namespace": "n"}, directory=tmp_path)
    assert metadef_files.unload(db) == 2
    assert [rows(db, table) for table in TABLES] == [[]] * len(TABLES)
    assert len(rows(db, "images")) == 1
    db.check()


def test_ids_of_unloaded_definitions_are_not_given_again(db: Database, tmp_path: Path) -> None:
    loaded(db, WHOLE, directory=tmp_path)
    metadef_files.unload(db)
    loaded(db, WHOLE, directory=tmp_path)
    assert rows(db, "metadef_tags")[0]["id"] == 2


def test_what_is_written_is_what_was_read(db: Database, tmp_path: Path) -> None:
    loaded(db, WHOLE, directory=tmp_path)
    (path,) = metadef_files.write(tmp_path / "new" / "out", metadef_files.dump(db))
    assert json.loads(path.read_text("utf-8")) == WHOLE


def test_what_is_written_and_loaded_elsewhere_is_the_same_database(tmp_path: Path) -> None:
    one, other = a_database(), a_database()
    loaded(one, WHOLE, CHANGED | {"namespace": "ü"}, {"namespace": "n"}, directory=tmp_path)
    paths = list(metadef_files.write(tmp_path / "out", metadef_files.dump(one)))
    metadef_files.load(other, map(metadef_files.read, paths))
    assert other.snapshot() == one.snapshot()


def test_files_are_named_after_display_names_and_no_two_alike(db: Database, tmp_path: Path) -> None:
    shown = ["Flavor Quota", "flavor_quota!", None, "::", "é" * 200]
    documents = [
        {"namespace": f"n::{number}", "display_name": name} for number, name in enumerate(shown)
    ]
    loaded(db, *documents, directory=tmp_path)
    paths = metadef_files.write(tmp_path, metadef_files.dump(db))
    assert [path.name for path in paths] == [
        "FlavorQuota.json",
        "flavorquota-2.json",
        "n2.json",
        "namespace.json",
        f"{'é' * 80}.json",
    ]


def test_a_file_that_is_there_is_replaced(db: Database, tmp_path: Path) -> None:
    loaded(db, WHOLE, directory=tmp_path)
    for _ in range(2):
        list(metadef_files.write(tmp_path / "out", metadef_files.dump(db)))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["FlavorQuota.json"]


@pytest.mark.parametrize("directory", ["file", "file/below", "nul\0"])
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, directory: str) -> None:
    db = a_database()
    loaded(db, WHOLE, directory=tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(errors.Invalid, match=r"FlavorQuota\.json cannot be written"):
        list(metadef_files.write(tmp_path / directory, metadef_files.dump(db)))


# --- modes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("merge", "prefer_new", "overwrite", "mode"),
    [
        (False, False, False, "keep"),
        (True, False, False, "merge"),
        (True, True, False, "prefer_new"),
        (True, False, True, "overwrite"),
    ],
)
def test_three_switches_name_a_mode(
    merge: bool, prefer_new: bool, overwrite: bool, mode: str
) -> None:
    named = metadef_files.mode_of(merge=merge, prefer_new=prefer_new, overwrite=overwrite)
    assert named == mode


@pytest.mark.parametrize(
    ("merge", "prefer_new", "overwrite"),
    [(False, True, False), (False, False, True), (False, True, True), (True, True, True)],
)
def test_switches_that_contradict_each_other_are_refused(
    merge: bool, prefer_new: bool, overwrite: bool
) -> None:
    with pytest.raises(errors.Invalid):
        metadef_files.mode_of(merge=merge, prefer_new=prefer_new, overwrite=overwrite)
