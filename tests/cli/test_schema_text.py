import re
from typing import TYPE_CHECKING, Any

import pytest

from simple_db.cli import schema_picture, schema_text
from simple_db.model.records import RECORDS, Image, Member, Record, columns_of
from tests.support.pages import PROJECT

if TYPE_CHECKING:
    from simple_db.model.records import Column

DOCS = PROJECT / "docs"

EVERY_RECORD = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.table)


def tables_of_markdown() -> dict[str, dict[str, list[str]]]:
    """Read the cells of each column of each table from the page."""
    read: dict[str, dict[str, list[str]]] = {}
    for section in schema_text.markdown().split("\n### ")[1:]:
        table, *lines = section.splitlines()
        cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| `")]
        read[table] = {name.strip("`"): rest for name, *rest in cells}
    return read


def column(table: str, name: str) -> "Column":
    record = next(record for record in RECORDS if record.table == table)
    return columns_of(record)[name]


# --- the schema ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "name", "sql"),
    [
        ("images", "name", "VARCHAR(255)"),
        ("images", "size", "BIGINT"),
        ("images", "min_ram", "INTEGER"),
        ("images", "visibility", "ENUM"),
        ("images", "deleted", "BOOLEAN"),
        ("images", "created_at", "DATETIME"),
        ("image_properties", "value", "TEXT"),
        ("image_locations", "meta_data", "TEXT(JSON)"),
    ],
)
def test_a_type_is_named_as_in_sql(table: str, name: str, sql: str) -> None:
    assert schema_text.sql_type(column(table, name)) == sql


def test_every_record_is_in_one_group() -> None:
    grouped = [record for records in schema_text.GROUPS.values() for record in records]
    assert sorted(map(repr, grouped)) == sorted(map(repr, RECORDS))


@EVERY_RECORD
def test_every_table_and_column_is_on_the_page(record: type[Record]) -> None:
    assert list(tables_of_markdown()[record.table]) == list(columns_of(record))


@EVERY_RECORD
def test_every_table_and_column_is_in_the_diagram(record: type[Record]) -> None:
    block = schema_text.mermaid().split(f"    {record.table} {{\n")[1].split("    }\n")[0]
    assert [line.split()[1] for line in block.splitlines()] == list(columns_of(record))


def test_the_diagram_has_keys_references_nulls_and_choices() -> None:
    diagram = schema_text.mermaid()
    assert diagram.startswith("erDiagram\n")
    assert "\n    images ||--o{ image_tags : image_id\n" in diagram
    assert "\n    tasks ||--o| task_info : task_id\n" in diagram
    assert "\n        VARCHAR(36) id PK\n" in diagram
    assert "\n        INTEGER namespace_id FK, UK\n" in diagram
    assert '\n        VARCHAR(255) name "null"\n' in diagram
    assert '\n        ENUM visibility "private, public, shared, community"\n' in diagram


def test_a_row_refers_to_one_alone_where_that_is_its_whole_key() -> None:
    alone = {
        reference.column.table
        for record in RECORDS
        for reference in schema_text.references_of(record)
        if reference.alone
    }
    assert alone == {"task_info"}


@pytest.mark.parametrize(
    ("name", "drawn"),
    [("schema.md", schema_text.markdown), ("schema.svg", schema_picture.svg)],
)
def test_the_file_in_the_docs_is_what_the_command_draws(name: str, drawn: Any) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == drawn()


# --- Glance ----------------------------------------------------------------------------------

# What Glance's models hold to be unique and our records do not, with the reason.
NOT_OURS: dict[type[Record], set[tuple[str, ...]]] = {
    # SQL holds nulls to be distinct: two live memberships are never refused, and two deleted ones
    # only where they were deleted in the same microsecond. Glance's own code never gets there.
    Member: {("image_id", "member", "deleted_at")},
}


def glance_table(record: type[Record]) -> Any:
    models = pytest.importorskip("glance.db.sqlalchemy.models")
    metadefs = pytest.importorskip("glance.db.sqlalchemy.models_metadef")
    tables = {**models.BASE.metadata.tables, **metadefs.BASE_DICT.metadata.tables}
    return tables[record.table]


def glance_type(column: Any) -> str:
    """Name the type of a column of Glance as our schema does."""
    kind = type(column.type).__name__
    names = {"JSONEncodedDict": "TEXT(JSON)", "BigInteger": "BIGINT", "Enum": "ENUM"}
    if kind == "String":
        return f"VARCHAR({column.type.length})"
    return names.get(kind, kind.upper())


@pytest.mark.glance
def test_glance_has_the_tables_that_are_drawn_and_no_others() -> None:
    models = pytest.importorskip("glance.db.sqlalchemy.models")
    metadefs = pytest.importorskip("glance.db.sqlalchemy.models_metadef")
    tables = {*models.BASE.metadata.tables, *metadefs.BASE_DICT.metadata.tables}
    assert {*tables_of_markdown()} == tables


@pytest.mark.glance
@EVERY_RECORD
def test_columns_types_widths_and_nulls_are_those_of_glance(record: type[Record]) -> None:
    drawn = {
        name: (re.sub(r"(?<=ENUM)\(.*\)", "", cells[0]), cells[1] == "yes")
        for name, cells in tables_of_markdown()[record.table].items()
    }
    assert drawn == {
        column.name: (glance_type(column), column.nullable)
        for column in glance_table(record).columns
    }


@pytest.mark.glance
@EVERY_RECORD
def test_keys_are_those_of_glance(record: type[Record]) -> None:
    assert set(record.key) == {column.name for column in glance_table(record).primary_key}


@pytest.mark.glance
@EVERY_RECORD
def test_references_are_those_of_glance(record: type[Record]) -> None:
    drawn = {
        (reference.column.name, f"{reference.parent.table}.{reference.parent.key[0]}")
        for reference in schema_text.references_of(record)
    }
    assert drawn == {
        (key.parent.name, key.target_fullname) for key in glance_table(record).foreign_keys
    }


@pytest.mark.glance
@EVERY_RECORD
def test_what_is_unique_is_what_glance_holds_to_be_unique(record: type[Record]) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    table = glance_table(record)
    constraints = {
        tuple(constraint.columns.keys())
        for constraint in table.constraints
        if isinstance(constraint, sqlalchemy.UniqueConstraint)
    }
    indexes = {tuple(index.columns.keys()) for index in table.indexes if index.unique}
    assert set(record.unique) == (constraints | indexes) - NOT_OURS.get(record, set())


@pytest.mark.glance
def test_the_choices_of_an_enum_are_those_of_glance() -> None:
    (choices,) = {
        column.type.choices for column in columns_of(Image).values() if column.type.choices
    }
    assert list(choices) == glance_table(Image).columns["visibility"].type.enums
