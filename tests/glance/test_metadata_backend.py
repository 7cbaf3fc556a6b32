from __future__ import annotations

import inspect
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import glance.cmd.manage
import glance.db.metadata
import pytest
import sqlalchemy
from glance.common import exception
from glance.db.sqlalchemy import metadata as sql_metadata
from glance.db.sqlalchemy import models_metadef
from oslo_config import cfg
from oslo_utils import timeutils

from simple_db import Database
from simple_db.glance import api, install, metadata_backend
from tests.support import entry_points
from tests.support.build import a_database, rows
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.glance

SHIPPED = Path(sys.prefix) / "etc" / "glance" / "metadefs"

Rows = dict[str, list[dict[str, Any]]]

TABLES = [table.name for table in models_metadef.BASE_DICT.metadata.sorted_tables]

MODES: list[dict[str, bool]] = [
    {},
    {"merge": True},
    {"merge": True, "prefer_new": True},
    {"merge": True, "overwrite": True},
]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Give a directory of definitions that differ from the shipped ones in every way."""
    made = tmp_path / "changed"
    made.mkdir()
    for path in sorted(SHIPPED.glob("*.json"))[::3]:
        changed = json.loads(path.read_text())
        _change(changed)
        (made / path.name).write_text(json.dumps(changed))
    new = {"namespace": "New", "owner": "alice", "tags": [{"name": "t"}, {"name": "t"}]}
    (made / "new.json").write_text(json.dumps(new))
    (made / "once-more.json").write_text(json.dumps({**new, "description": "once more"}))
    return made


def _change(document: dict[str, Any]) -> None:
    document["description"] = "changed"
    del document["display_name"]
    document["tags"] = [{"name": "new"}]
    document.setdefault("properties", {})["new"] = {"type": "string"}
    for name in list(document["properties"])[1:3]:
        document["properties"][name] = {"title": "changed", "type": "string"}
    for item in document["resource_type_associations"][:1]:
        item["prefix"] = "changed:"
    document["resource_type_associations"].append({"name": "New::Type", "properties_target": "x"})
    document["objects"] = [
        *document.get("objects", [])[1:],
        {"name": "new", "properties": {"a": {}}},
    ]
    for item in document["objects"][:1]:
        item["description"] = "changed"


# --- against Glance's SQL backend ------------------------------------------------------------


class Sql:
    """Glance's SQL backend on SQLite; the disk gives it the files in the order of their names."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.engine = sqlalchemy.create_engine("sqlite://", poolclass=sqlalchemy.pool.StaticPool)
        models_metadef.BASE_DICT.metadata.create_all(self.engine)

    def load(self, path: Path, *, backwards: bool = False, **mode: bool) -> None:
        def listdir(path: str) -> list[str]:
            return sorted((one.name for one in Path(path).iterdir()), reverse=backwards)

        with (
            mock.patch.object(timeutils, "utcnow", self._world.now),
            mock.patch.object(sql_metadata, "os", mock.Mock(listdir=listdir)),
        ):
            sql_metadata.db_load_metadefs(self.engine, str(path), **mode)

    def rows(self) -> Rows:
        reflected = sqlalchemy.MetaData()
        reflected.reflect(self.engine)
        with self.engine.connect() as connection:
            return {
                table: [
                    {name: _plain(name, cell) for name, cell in row.items()}
                    for row in connection.execute(reflected.tables[table].select()).mappings()
                ]
                for table in TABLES
            }


def _plain(name: str, cell: Any) -> Any:
    if name.endswith("_at"):
        return cell and cell.isoformat()
    return json.loads(cell) if name == "json_schema" else cell


def without_ids(found: Rows) -> dict[str, list[dict[str, Any]]]:
    """Give the rows with names in the place of ids, in an order of their own."""
    namespaces = {row["id"]: row["namespace"] for row in found["metadef_namespaces"]}
    types = {row["id"]: row["name"] for row in found["metadef_resource_types"]}
    named: dict[str, list[dict[str, Any]]] = {}
    for table, held in found.items():
        named[table] = sorted(
            (
                {name: cell for name, cell in row.items() if not name.endswith("id")}
                | {"of": namespaces.get(row.get("namespace_id"))}
                | {"for": types.get(row.get("resource_type_id"))}
                for row in held
            ),
            key=lambda row: json.dumps(row, sort_keys=True),
        )
    return named


def ours(database: Database) -> dict[str, list[dict[str, Any]]]:
    return without_ids({table: rows(database, table) for table in TABLES})


@pytest.mark.parametrize("mode", MODES, ids=str)
def test_every_mode_leaves_the_rows_that_the_sql_backend_leaves(
    directory: Path, mode: dict[str, bool]
) -> None:
    world = World()
    sql, database = Sql(world), a_database(world)
    for path in (SHIPPED, directory):
        sql.load(path, **mode)
        metadata_backend.db_load_metadefs(database, path, **mode)
        world.pass_time(days=1)
        assert ours(database) == without_ids(sql.rows())
    database.check()


def test_unloading_leaves_what_the_sql_backend_leaves() -> None:
    world = World()
    sql, database = Sql(world), a_database(world)
    sql.load(SHIPPED)
    metadata_backend.db_load_metadefs(database, SHIPPED)
    sql_metadata.db_unload_metadefs(sql.engine)
    metadata_backend.db_unload_metadefs(database)
    assert ours(database) == without_ids(sql.rows())


@pytest.mark.parametrize("name", ["db_load_metadefs", "db_unload_metadefs", "db_export_metadefs"])
def test_the_functions_take_what_the_sql_backend_takes(name: str) -> None:
    theirs, mine = (
        inspect.signature(getattr(module, name)).parameters
        for module in (sql_metadata, metadata_backend)
    )
    assert list(theirs) == list(mine)
    assert [one.default for one in list(theirs.values())[1:]] == [
        one.default for one in list(mine.values())[1:]
    ]


# --- where it is meant to differ from Glance's SQL backend -----------------------------------


def a_file(path: Path, **document: Any) -> Path:
    path.write_text(json.dumps({"namespace": "ns", **document}))
    return path


def both() -> tuple[Sql, Database]:
    world = World()
    return Sql(world), a_database(world)


def held(sql: Sql, database: Database, table: str, column: str) -> tuple[list[Any], list[Any]]:
    """Give a column as the SQL backend has filled it, and as ours has."""
    return (
        [row[column] for row in sql.rows()[table]],
        [row[column] for row in rows(database, table)],
    )


def test_a_bad_file_is_named_and_no_other_is_loaded_either(tmp_path: Path) -> None:
    sql, database = both()
    a_file(tmp_path / "good.json")
    (tmp_path / "bad.json").write_text("{")
    sql.load(tmp_path)
    with pytest.raises(exception.Invalid, match=r"bad\.json"):
        metadata_backend.db_load_metadefs(database, tmp_path)
    assert held(sql, database, "metadef_namespaces", "namespace") == (["ns"], [])
    assert database.revision == 0


def test_a_path_without_files_is_an_error(tmp_path: Path) -> None:
    sql, database = both()
    for path in (tmp_path, tmp_path / "missing"):
        sql.load(path)
        with pytest.raises(exception.Invalid, match=path.name):
            metadata_backend.db_load_metadefs(database, path)


@pytest.mark.parametrize(
    "switches", [["prefer_new"], ["overwrite"], ["merge", "prefer_new", "overwrite"]]
)
def test_switches_that_contradict_each_other_are_an_error(switches: list[str]) -> None:
    sql, database = both()
    mode = dict.fromkeys(switches, True)
    sql.load(SHIPPED, **mode)
    with pytest.raises(exception.Invalid):
        metadata_backend.db_load_metadefs(database, SHIPPED, **mode)
    assert held(sql, database, "metadef_namespaces", "namespace") == ([], [])


def test_the_files_of_a_directory_are_loaded_in_the_order_of_their_names(tmp_path: Path) -> None:
    sql, database = both()
    for name in ("a", "b"):
        a_file(tmp_path / f"{name}.json", description=name)
    sql.load(tmp_path, backwards=True)
    metadata_backend.db_load_metadefs(database, tmp_path)
    assert held(sql, database, "metadef_namespaces", "description") == (["b"], ["a"])


@pytest.mark.parametrize(
    ("given", "column", "theirs", "loaded"),
    [
        ({}, "json_schema", None, {}),
        ({"required": ["p", "q"], "properties": {}}, "required", None, "p,q"),
    ],
)
def test_an_object_without_properties_has_none_and_what_it_requires_is_loaded(
    tmp_path: Path, given: dict[str, Any], column: str, theirs: Any, loaded: Any
) -> None:
    sql, database = both()
    path = a_file(tmp_path / "a.json", objects=[{"name": "o", **given}])
    sql.load(path)
    metadata_backend.db_load_metadefs(database, path)
    assert held(sql, database, "metadef_objects", column) == ([theirs], [loaded])


def test_an_export_is_a_file_with_the_owner_and_what_objects_require(tmp_path: Path) -> None:
    sql, database = both()
    objects = [{"name": "o", "required": ["p"], "properties": {}}]
    path = a_file(tmp_path / "a.json", owner="alice", objects=objects)
    sql.load(path)
    metadata_backend.db_load_metadefs(database, path)
    with pytest.raises(TypeError):
        sql_metadata.db_export_metadefs(sql.engine, str(tmp_path))
    metadata_backend.db_export_metadefs(database, tmp_path)
    exported = json.loads((tmp_path / "ns.json").read_text())
    assert (exported["owner"], exported["objects"][0]["required"]) == ("alice", ["p"])


# --- the files that Glance ships -------------------------------------------------------------


def test_all_shipped_files_load() -> None:
    database = Database()
    metadata_backend.db_load_metadefs(database, SHIPPED)
    names = {json.loads(path.read_text())["namespace"] for path in SHIPPED.glob("*.json")}
    assert len(names) >= 30
    assert {row["namespace"] for row in rows(database, "metadef_namespaces")} == names
    database.check()


def test_what_is_exported_and_loaded_elsewhere_is_the_same_but_for_ids(tmp_path: Path) -> None:
    world = World()
    one, other = a_database(world), a_database(world)
    metadata_backend.db_load_metadefs(one, SHIPPED)
    metadata_backend.db_export_metadefs(one, tmp_path / "out")
    metadata_backend.db_load_metadefs(other, tmp_path / "out")
    assert ours(other) == ours(one)
    assert len(list((tmp_path / "out").iterdir())) == len(list(SHIPPED.glob("*.json")))


def test_an_exported_file_means_what_the_shipped_one_means(tmp_path: Path) -> None:
    database = Database()
    for path in sorted(SHIPPED.glob("*.json")):
        metadata_backend.db_load_metadefs(database, path)
        metadata_backend.db_export_metadefs(database, tmp_path)
        metadata_backend.db_unload_metadefs(database)
        (written,) = tmp_path.iterdir()
        assert meant(written) == meant(path)
        written.unlink()


def meant(path: Path) -> dict[str, Any]:
    """Give a file's document with all that it leaves out, in an order of its own."""
    document = json.loads(path.read_text())
    for name in ("resource_type_associations", "objects", "tags"):
        document[name] = sorted(
            (
                {key: value for key, value in item.items() if value is not None}
                for item in document.get(name, [])
            ),
            key=lambda item: item["name"],
        )
    defaults: dict[str, Any] = {
        "visibility": None,
        "owner": "admin",
        "protected": None,
        "properties": {},
    }
    return {**defaults, **document}


def test_glance_shows_what_was_loaded() -> None:
    database = Database()
    metadata_backend.db_load_metadefs(database, SHIPPED)
    with install(database) as db_api:
        shown = db_api.metadef_namespace_get_all(mock.Mock(is_admin=True, owner="admin"))
    assert "OS::Compute::Quota" in {one["namespace"] for one in shown}


# --- which database --------------------------------------------------------------------------


@pytest.fixture
def _empty_default() -> Iterator[None]:
    yield
    api.database.reset()


@pytest.mark.usefixtures("_empty_default")
@pytest.mark.parametrize("engine", [None, sqlalchemy.create_engine("sqlite://")])
def test_without_a_database_the_installed_one_is_meant_and_else_the_default(engine: Any) -> None:
    metadata_backend.db_load_metadefs(engine, SHIPPED / "compute-quota.json")
    assert len(rows(api.database, "metadef_namespaces")) == 1
    with install() as db_api:
        metadata_backend.db_load_metadefs(engine, SHIPPED)
        assert len(rows(db_api.database, "metadef_namespaces")) >= 30
    metadata_backend.db_unload_metadefs(engine)
    assert rows(api.database, "metadef_namespaces") == []


def test_the_commands_of_glance_use_the_installed_database(tmp_path: Path) -> None:
    manage = glance.cmd.manage.DbCommands()
    before = dict(vars(glance.db.metadata))
    with install() as db_api:
        manage.load_metadefs(str(SHIPPED))
        assert len(rows(db_api.database, "metadef_namespaces")) >= 30
        manage.load_metadefs(str(SHIPPED), True, True, False)
        manage.export_metadefs(str(tmp_path))
        manage.unload_metadefs()
        assert rows(db_api.database, "metadef_namespaces") == []
    assert len(list(tmp_path.iterdir())) >= 30
    assert glance.cmd.manage.metadata is sql_metadata
    assert dict(vars(glance.db.metadata)) == before


def test_without_a_path_the_one_of_the_configuration_is_meant(tmp_path: Path) -> None:
    try:
        cfg.CONF.set_override("metadata_source_path", str(SHIPPED))
        with install() as db_api:
            glance.db.metadata.load_metadefs()
            cfg.CONF.set_override("metadata_source_path", str(tmp_path))
            glance.db.metadata.export_metadefs()
            glance.db.metadata.unload_metadefs()
            assert rows(db_api.database, "metadef_namespaces") == []
    finally:
        cfg.CONF.clear_override("metadata_source_path")
    assert len(list(tmp_path.iterdir())) >= 30


# --- what goes wrong -------------------------------------------------------------------------


def test_a_directory_that_cannot_be_written_is_an_error_of_glance(tmp_path: Path) -> None:
    database = Database()
    metadata_backend.db_load_metadefs(database, SHIPPED)
    (tmp_path / "file").touch()
    with pytest.raises(exception.Invalid, match="cannot be written"):
        metadata_backend.db_export_metadefs(database, tmp_path / "file")


# --- the entry point -------------------------------------------------------------------------


def test_stevedore_loads_the_backend_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry_points.installed(tmp_path, monkeypatch)
    assert entry_points.loaded("glance.database.metadata_backend") is metadata_backend
