"""The schema of `simple_db.model.records` as Mermaid and as Markdown.

Types are named as in SQL. `simple_db.cli.schema_picture` draws the same as a picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from simple_db.model.records import (
    RECORDS,
    Association,
    CachedImage,
    Image,
    Location,
    Member,
    MetadefObject,
    MetadefProperty,
    MetadefTag,
    Namespace,
    NodeReference,
    Property,
    ResourceType,
    Tag,
    Task,
    TaskInfo,
    columns_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simple_db.model.records import Column, Record

GROUPS: dict[str, tuple[type[Record], ...]] = {
    "Images": (Image, Location, Property, Member, Tag),
    "Metadata definitions": (
        Namespace,
        MetadefObject,
        MetadefProperty,
        MetadefTag,
        ResourceType,
        Association,
    ),
    "Tasks": (Task, TaskInfo),
    "Image cache": (NodeReference, CachedImage),
}
"""Every record, by subject."""

_SQL_NAMES = {"json": "TEXT(JSON)"}

_INTRODUCTION = """\
# Schema

The tables of a database and of a snapshot, as `simple_db.model.records` declares them: those of
Glance 33. This page is what `simple-db schema --format markdown` prints.

![The tables, their columns and their references](schema.svg)

- `TEXT(JSON)` is a JSON value, which Glance keeps in a column of text.
- Times are naive UTC with microseconds.
- Widths are Glance's. SQLite does not enforce them, and neither does simple_db.
- The unique keys are those that simple_db holds. Glance's schema has one more, of `image_members`
  (`image_id`, `member`, `deleted_at`); no two live memberships break it, for nulls are distinct.
"""


@frozen
class Reference:
    """A column whose values are ids of another table's rows."""

    column: Column
    parent: type[Record]
    alone: bool
    """Whether no two rows refer to the same one: the column is the whole primary key."""


def sql_type(column: Column) -> str:
    """Return the column's type as SQL names it: ``VARCHAR(255)``, ``BIGINT``, ``TEXT(JSON)``."""
    kind, width = column.type.kind, column.type.width
    if kind == "string":
        return f"VARCHAR({width})"
    return _SQL_NAMES.get(kind, kind.upper())


def references_of(record: type[Record]) -> list[Reference]:
    """Return the references of the record's table, in the order of its columns."""
    return [
        Reference(column, _record_of(column.type.references), record.key == (column.name,))
        for column in columns_of(record).values()
        if column.type.references
    ]


def marks_of(column: Column) -> list[str]:
    """Return ``PK`` for a column of the primary key and ``FK`` for one that refers to a table."""
    primary = column.name in _record_of(column.table).key
    return ["PK"] * primary + ["FK"] * bool(column.type.references)


def _record_of(table: str) -> type[Record]:
    return next(record for record in RECORDS if record.table == table)


def mermaid() -> str:
    """Return the schema as an entity-relationship diagram in Mermaid's language."""
    return "\n".join(["erDiagram", *_mermaid_lines(), ""])


def _mermaid_lines() -> Iterator[str]:
    for record in RECORDS:
        for reference in references_of(record):
            many = "o|" if reference.alone else "o{"
            ends = f"{reference.parent.table} ||--{many} {record.table}"
            yield f"    {ends} : {reference.column.name}"
    for record in RECORDS:
        yield f"    {record.table} {{"
        for column in columns_of(record).values():
            yield f"        {sql_type(column)} {column.name}{_mermaid_marks(record, column)}"
        yield "    }"


def _mermaid_marks(record: type[Record], column: Column) -> str:
    unique = ["UK"] * any(column.name in names for names in record.unique)
    marks = ", ".join([*marks_of(column), *unique])
    remarks = ", ".join(["null"] * column.nullable + list(column.type.choices))
    return (f" {marks}" if marks else "") + (f' "{remarks}"' if remarks else "")


def markdown() -> str:
    """Return the schema as a page in Markdown, with the picture ``schema.svg`` beside it."""
    return "\n".join([_INTRODUCTION, *_markdown_lines()])


def _markdown_lines() -> Iterator[str]:
    for group, records in GROUPS.items():
        yield f"## {group}\n"
        for record in records:
            yield from _markdown_table(record)


def _markdown_table(record: type[Record]) -> Iterator[str]:
    yield f"### {record.table}\n"
    yield "| column | type | null | key |"
    yield "|---|---|---|---|"
    for column in columns_of(record).values():
        null = "yes" if column.nullable else "no"
        yield f"| `{column.name}` | {_type_with_choices(column)} | {null} | {_key(column)} |"
    for names in record.unique:
        yield f"\nUnique: {', '.join(f'`{name}`' for name in names)}."
    yield ""


def _type_with_choices(column: Column) -> str:
    choices = ", ".join(f"'{choice}'" for choice in column.type.choices)
    return f"{sql_type(column)}({choices})" if choices else sql_type(column)


def _key(column: Column) -> str:
    keys = ["primary"] * ("PK" in marks_of(column))
    parent = column.type.references
    if parent:
        keys.append(f"of [{parent}](#{parent})")
    return ", ".join(keys)
