"""One frozen record per table of the Glance schema: its columns, and a fresh dict of them.

The annotations are the schema: names, types, widths, nullability and references are those of
Glance 33 (``glance.db.sqlalchemy.models``), and everything that needs them (checks, filters, sort
keys, snapshots) reads them from here with `columns_of`.
"""

import datetime as dt
import inspect
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
    whose id the value is. A JSON-valued column can be None unless it is `required`.
    """

    kind: Literal["string", "text", "enum", "integer", "bigint", "boolean", "datetime", "json"]
    width: int | None = None
    choices: tuple[str, ...] = ()
    references: str | None = None
    required: bool = False


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
_NAMESPACE = ColumnType("integer", references="metadef_namespaces")
# A JSON schema; unlike other JSON-valued columns it is never None.
_SCHEMA = ColumnType("json", required=True)


def _string(width: int) -> ColumnType:
    return ColumnType("string", width=width)


@frozen
class Record:
    """A row of a table.

    `key` are the columns of the primary key, `unique` the unique keys.
    """

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]] = ("id",)
    unique: ClassVar[tuple[tuple[str, ...], ...]] = ()


@frozen(kw_only=True)
class Timestamped(Record):
    """When a row was created and last changed, naive UTC."""

    created_at: Annotated[dt.datetime, _DATETIME]
    updated_at: Annotated[dt.datetime | None, _DATETIME]


@frozen(kw_only=True)
class SoftDeletable(Timestamped):
    """A row that is marked as deleted before it is removed."""

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
    unique: ClassVar = (("image_id", "name"),)

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


@frozen(kw_only=True)
class Task(SoftDeletable):
    """A row of ``tasks``: work that Glance does in the background, such as an import."""

    table: ClassVar = "tasks"

    id: Annotated[str, _string(36)]
    type: Annotated[str, _string(30)]
    status: Annotated[str, _string(30)]
    owner: Annotated[str, _string(255)]
    expires_at: Annotated[dt.datetime | None, _DATETIME] = None
    image_id: Annotated[str | None, _string(36)] = None
    request_id: Annotated[str | None, _string(64)] = None
    user_id: Annotated[str | None, _string(64)] = None


@frozen(kw_only=True)
class TaskInfo(Record):
    """A row of ``task_info``: the input, the result and the message of a task."""

    table: ClassVar = "task_info"
    key: ClassVar = ("task_id",)

    task_id: Annotated[str, ColumnType("string", width=36, references="tasks")]
    input: Annotated[Json, _JSON] = field(default=None, repr=False)
    result: Annotated[Json, _JSON] = field(default=None, repr=False)
    message: Annotated[str | None, _TEXT] = field(default=None, repr=False)


@frozen(kw_only=True)
class Namespace(Timestamped):
    """A row of ``metadef_namespaces``: a named set of metadata definitions."""

    table: ClassVar = "metadef_namespaces"
    unique: ClassVar = (("namespace",),)

    id: Annotated[int, _INTEGER]
    namespace: Annotated[str, _string(80)]
    display_name: Annotated[str | None, _string(80)] = None
    description: Annotated[str | None, _TEXT] = None
    visibility: Annotated[str | None, _string(32)] = None
    protected: Annotated[bool | None, _BOOLEAN] = None
    owner: Annotated[str, _string(255)]


@frozen(kw_only=True)
class MetadefObject(Timestamped):
    """A row of ``metadef_objects``: a group of properties, as a JSON schema."""

    table: ClassVar = "metadef_objects"
    unique: ClassVar = (("namespace_id", "name"),)

    id: Annotated[int, _INTEGER]
    namespace_id: Annotated[int, _NAMESPACE]
    name: Annotated[str, _string(80)]
    description: Annotated[str | None, _TEXT] = None
    required: Annotated[str | None, _TEXT] = None
    json_schema: Annotated[Json, _SCHEMA] = field(factory=dict)


@frozen(kw_only=True)
class MetadefProperty(Timestamped):
    """A row of ``metadef_properties``: one property, as a JSON schema."""

    table: ClassVar = "metadef_properties"
    unique: ClassVar = (("namespace_id", "name"),)

    id: Annotated[int, _INTEGER]
    namespace_id: Annotated[int, _NAMESPACE]
    name: Annotated[str, _string(80)]
    json_schema: Annotated[Json, _SCHEMA] = field(factory=dict)


@frozen(kw_only=True)
class MetadefTag(Timestamped):
    """A row of ``metadef_tags``: a tag that a namespace proposes for images."""

    table: ClassVar = "metadef_tags"
    unique: ClassVar = (("namespace_id", "name"),)

    id: Annotated[int, _INTEGER]
    namespace_id: Annotated[int, _NAMESPACE]
    name: Annotated[str, _string(80)]


@frozen(kw_only=True)
class ResourceType(Timestamped):
    """A row of ``metadef_resource_types``: a type of resource that definitions apply to."""

    table: ClassVar = "metadef_resource_types"
    unique: ClassVar = (("name",),)

    id: Annotated[int, _INTEGER]
    name: Annotated[str, _string(80)]
    protected: Annotated[bool, _BOOLEAN] = False


@frozen(kw_only=True)
class Association(Timestamped):
    """A row of ``metadef_namespace_resource_types``: a namespace applies to a resource type."""

    table: ClassVar = "metadef_namespace_resource_types"
    key: ClassVar = ("resource_type_id", "namespace_id")

    resource_type_id: Annotated[int, ColumnType("integer", references="metadef_resource_types")]
    namespace_id: Annotated[int, _NAMESPACE]
    properties_target: Annotated[str | None, _string(80)] = None
    prefix: Annotated[str | None, _string(80)] = None


@frozen(kw_only=True)
class NodeReference(Record):
    """A row of ``node_reference``: a server that caches images."""

    table: ClassVar = "node_reference"
    key: ClassVar = ("node_reference_id",)
    unique: ClassVar = (("node_reference_url",),)

    node_reference_id: Annotated[int, _BIGINT]
    node_reference_url: Annotated[str, _string(255)]


@frozen(kw_only=True)
class CachedImage(Record):
    """A row of ``cached_images``: an image that a server has in its cache; `size` in bytes."""

    table: ClassVar = "cached_images"
    unique: ClassVar = (("image_id", "node_reference_id"),)

    id: Annotated[int, _BIGINT]
    image_id: Annotated[str, _string(36)]
    last_accessed: Annotated[dt.datetime, _DATETIME]
    last_modified: Annotated[dt.datetime, _DATETIME]
    size: Annotated[int, _BIGINT]
    hits: Annotated[int, _INTEGER]
    checksum: Annotated[str | None, _string(32)] = None
    node_reference_id: Annotated[int, ColumnType("bigint", references="node_reference")]


RECORDS: tuple[type[Record], ...] = (
    Image,
    Location,
    Property,
    Member,
    Tag,
    Task,
    TaskInfo,
    Namespace,
    ResourceType,
    Association,
    MetadefObject,
    MetadefProperty,
    MetadefTag,
    NodeReference,
    CachedImage,
)
"""Every record, parents before their children: the tables of a database in order."""


def _columns(record: type[Record]) -> dict[str, Column]:
    hints = typing.get_type_hints(record, include_extras=True)
    own, *bases = record.__mro__
    names = [name for kind in (own, *reversed(bases)) for name in inspect.get_annotations(kind)]
    columns = [
        _column(record.table, name, hints[name]) for name in names if name in _fields(record)
    ]
    return {column.name: column for column in columns}


def _fields(record: type[Record]) -> set[str]:
    return {attribute.name for attribute in attrs.fields(record)}


def _column(table: str, name: str, annotation: object) -> Column:
    values, column_type = typing.get_args(annotation)
    may_be_none = values is Json or NoneType in typing.get_args(values)
    nullable = may_be_none and not column_type.required
    return Column(table, name, column_type, nullable)


_COLUMNS = {record.table: _columns(record) for record in RECORDS}
_GETTERS = {table: operator.attrgetter(*columns) for table, columns in _COLUMNS.items()}
_KEYS = {record.table: operator.attrgetter(*record.key) for record in RECORDS}


def columns_of(record: type[Record]) -> Mapping[str, Column]:
    """Return the columns of a record's table by name: its own first, then the common ones."""
    return _COLUMNS[record.table]


def key_of(record: Record) -> Any:
    """Return the value of the record's primary key, a tuple where that has several columns."""
    return _KEYS[record.table](record)


def counts_ids(record: type[Record]) -> bool:
    """Return whether the table counts the ids of its rows itself, as numbers in order."""
    types = [columns_of(record)[name].type for name in record.key]
    return all(type_.kind in {"integer", "bigint"} and not type_.references for type_ in types)


def as_dict(record: Record) -> dict[str, Any]:
    """Return a fresh dict of the record's columns; a JSON value in it is the record's own."""
    return dict(zip(_COLUMNS[record.table], _GETTERS[record.table](record), strict=True))


S = TypeVar("S", bound=SoftDeletable)


def soft_deleted(record: S, now: dt.datetime) -> S:
    """Return the record as soft-deleted now, whether or not it was deleted before."""
    return attrs.evolve(record, deleted=True, deleted_at=now, updated_at=now)
