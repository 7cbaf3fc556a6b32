"""One frozen record per table of the Glance schema: its columns, and a fresh dict of them.

The annotations are the schema: names, types, widths, nullability and references are those of
Glance 33 (``glance.db.sqlalchemy.models``), and everything that needs them (checks, filters, sort
keys, snapshots) reads them from here with `columns_of`.
"""

import datetime as dt
import operator
import typing
from collections.abc import Mapping
from types import NoneType
from typing import Annotated, Any, ClassVar, Literal, TypeVar

import attrs
from attrs import field, frozen

Json = Any
"""What JSON can hold: None, bool, int, float, str, and lists and string-keyed dicts of them."""

IMAGE_STATUSES = frozenset(
    {
        "active",
        "deactivated",
        "deleted",
        "importing",
        "killed",
        "pending_delete",
        "queued",
        "saving",
        "uploading",
    }
)


@frozen
class ColumnType:
    """What the values of a column are: a kind, and what the schema says beyond it.

    `width` is in characters, `choices` are the only values of an enum, `references` is the table
    whose id the value is.
    """

    kind: Literal["string", "text", "enum", "integer", "bigint", "boolean", "datetime", "json"]
    width: int | None = None
    choices: tuple[str, ...] = ()
    references: str | None = None


@frozen
class Column:
    """A column of a table."""

    table: str
    name: str
    type: ColumnType
    nullable: bool

    def __str__(self) -> str:
        """Return the column as messages name it: ``images.status``."""
        return f"{self.table}.{self.name}"


_TEXT = ColumnType("text")
_INTEGER = ColumnType("integer")
_BIGINT = ColumnType("bigint")
_BOOLEAN = ColumnType("boolean")
_DATETIME = ColumnType("datetime")
_JSON = ColumnType("json")
_VISIBILITY = ColumnType("enum", choices=("private", "public", "shared", "community"))
_IMAGE = ColumnType("string", width=36, references="images")


def _string(width: int) -> ColumnType:
    return ColumnType("string", width=width)


@frozen(kw_only=True)
class SoftDeletable:
    """The four columns that every table of images has; times are naive UTC."""

    table: ClassVar[str]

    created_at: Annotated[dt.datetime, _DATETIME]
    updated_at: Annotated[dt.datetime | None, _DATETIME]
    deleted_at: Annotated[dt.datetime | None, _DATETIME] = None
    deleted: Annotated[bool, _BOOLEAN] = False


@frozen(kw_only=True)
class Image(SoftDeletable):
    """A row of ``images``: `size` and `virtual_size` in bytes, `min_disk` GB, `min_ram` MB."""

    table: ClassVar = "images"

    id: Annotated[str, _string(36)]
    name: Annotated[str | None, _string(255)] = None
    disk_format: Annotated[str | None, _string(20)] = None
    container_format: Annotated[str | None, _string(20)] = None
    size: Annotated[int | None, _BIGINT] = None
    virtual_size: Annotated[int | None, _BIGINT] = None
    status: Annotated[str, _string(30)]
    visibility: Annotated[str, _VISIBILITY] = "shared"
    checksum: Annotated[str | None, _string(32)] = None
    os_hash_algo: Annotated[str | None, _string(64)] = None
    os_hash_value: Annotated[str | None, _string(128)] = None
    min_disk: Annotated[int, _INTEGER] = 0
    min_ram: Annotated[int, _INTEGER] = 0
    owner: Annotated[str | None, _string(255)] = None
    protected: Annotated[bool, _BOOLEAN] = False
    os_hidden: Annotated[bool, _BOOLEAN] = False


@frozen(kw_only=True)
class Property(SoftDeletable):
    """A row of ``image_properties``; an image has one of each name, deleted or not."""

    table: ClassVar = "image_properties"

    id: Annotated[int, _INTEGER]
    image_id: Annotated[str, _IMAGE]
    name: Annotated[str, _string(255)]
    value: Annotated[str | None, _TEXT] = None


@frozen(kw_only=True)
class Tag(SoftDeletable):
    """A row of ``image_tags``; nothing forbids two of the same value."""

    table: ClassVar = "image_tags"

    id: Annotated[int, _INTEGER]
    image_id: Annotated[str, _IMAGE]
    value: Annotated[str, _string(255)]


@frozen(kw_only=True)
class Location(SoftDeletable):
    """A row of ``image_locations``; `value` is the URL, which can carry credentials."""

    table: ClassVar = "image_locations"

    id: Annotated[int, _INTEGER]
    image_id: Annotated[str, _IMAGE]
    value: Annotated[str, _TEXT] = field(repr=False)
    meta_data: Annotated[Json, _JSON] = field(factory=dict, repr=False)
    status: Annotated[str, _string(30)] = "active"


@frozen(kw_only=True)
class Member(SoftDeletable):
    """A row of ``image_members``; nothing forbids two live ones of the same image and member."""

    table: ClassVar = "image_members"

    id: Annotated[int, _INTEGER]
    image_id: Annotated[str, _IMAGE]
    member: Annotated[str, _string(255)]
    can_share: Annotated[bool, _BOOLEAN] = False
    status: Annotated[str, _string(20)] = "pending"


RECORDS: tuple[type[SoftDeletable], ...] = (Image, Location, Property, Member, Tag)
"""Every record, parents before their children: the tables of a database in order."""


def _columns(record: type[SoftDeletable]) -> dict[str, Column]:
    hints = typing.get_type_hints(record, include_extras=True)
    names = [*record.__annotations__, *SoftDeletable.__annotations__]
    return {name: _column(record.table, name, hints[name]) for name in names if name != "table"}


def _column(table: str, name: str, annotation: object) -> Column:
    values, column_type = typing.get_args(annotation)
    nullable = values is Json or NoneType in typing.get_args(values)
    return Column(table, name, column_type, nullable)


_COLUMNS = {record.table: _columns(record) for record in RECORDS}
_GETTERS = {table: operator.attrgetter(*columns) for table, columns in _COLUMNS.items()}


def columns_of(record: type[SoftDeletable]) -> Mapping[str, Column]:
    """Return the columns of a record's table by name: its own first, then the common four."""
    return _COLUMNS[record.table]


def as_dict(record: SoftDeletable) -> dict[str, Any]:
    """Return a fresh dict of the record's columns; a JSON value in it is the record's own."""
    return dict(zip(_COLUMNS[record.table], _GETTERS[record.table](record), strict=True))


R = TypeVar("R", bound=SoftDeletable)


def soft_deleted(record: R, now: dt.datetime) -> R:
    """Return the record as soft-deleted now, whether or not it was deleted before."""
    return attrs.evolve(record, deleted=True, deleted_at=now, updated_at=now)
