"""What a snapshot holds, by what it belongs to: an image with its children, a task, a namespace.

For people it becomes tables (`simple_db.cli.snapshot.tables`), for programs the JSON of `document`.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import frozen

from simple_db.model import credentials
from simple_db.model.errors import ImageNotFound
from simple_db.model.records import (
    RECORDS,
    Association,
    Image,
    Location,
    Member,
    MetadefObject,
    MetadefProperty,
    MetadefTag,
    Namespace,
    Property,
    Record,
    ResourceType,
    Tag,
    Task,
    TaskInfo,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from simple_db.snapshot import Decoded
    from simple_db.store import Cut

R = TypeVar("R", bound=Record)


@frozen
class ImageOutline:
    """An image and all that belongs to it, deleted rows too, each in the order of the ids."""

    image: Image
    locations: list[Location]
    properties: list[Property]
    members: list[Member]
    tags: list[Tag]
    tasks: list[Task]


@frozen
class NamespaceOutline:
    """A namespace of metadata definitions, and the names of what it defines."""

    namespace: Namespace
    objects: list[str]
    properties: list[str]
    tags: list[str]
    resource_types: list[str]


@frozen
class Count:
    """How many rows of a table are there, and how many of them are deleted."""

    table: str
    rows: int
    deleted: int


def counts(contents: Cut) -> list[Count]:
    """Return the counts of every table, in the order of the tables."""
    return [
        Count(record.table, len(rows), sum(getattr(row, "deleted", False) for row in rows.values()))
        for record, rows in ((record, contents.rows[record]) for record in RECORDS)
    ]


def images(contents: Cut) -> list[ImageOutline]:
    """Return all images, deleted ones too, in the order of their ids."""
    locations = _by(contents, Location, "image_id")
    properties = _by(contents, Property, "image_id")
    members = _by(contents, Member, "image_id")
    tags = _by(contents, Tag, "image_id")
    tasks = _by(contents, Task, "image_id")
    return [
        ImageOutline(
            image,
            locations.get(image.id, []),
            properties.get(image.id, []),
            members.get(image.id, []),
            tags.get(image.id, []),
            tasks.get(image.id, []),
        )
        for image in rows_of(contents, Image)
    ]


def image(contents: Cut, beginning: str) -> ImageOutline:
    """Return the image of an id, or of the only id that begins like this.

    Raises:
        ImageNotFound: there is no such image, or more than one.
    """
    held = contents.rows[Image]
    found = [beginning] if beginning in held else [key for key in held if key.startswith(beginning)]
    if not found:
        raise ImageNotFound(f"no image has the id {beginning!r}, and none has one that begins so")
    if len(found) > 1:
        raise ImageNotFound(f"the ids of {len(found)} images begin with {beginning!r}: say more")
    return next(one for one in images(contents) if one.image.id == found[0])


def namespaces(contents: Cut) -> list[NamespaceOutline]:
    """Return the namespaces of metadata definitions, in the order of their ids."""
    objects = _by(contents, MetadefObject, "namespace_id")
    properties = _by(contents, MetadefProperty, "namespace_id")
    tags = _by(contents, MetadefTag, "namespace_id")
    associations = _by(contents, Association, "namespace_id")
    types = contents.rows[ResourceType]
    return [
        NamespaceOutline(
            namespace,
            [row.name for row in objects.get(namespace.id, [])],
            [row.name for row in properties.get(namespace.id, [])],
            [row.name for row in tags.get(namespace.id, [])],
            [types[row.resource_type_id].name for row in associations.get(namespace.id, [])],
        )
        for namespace in rows_of(contents, Namespace)
    ]


def rows_of(contents: Cut, record: type[R]) -> list[R]:
    """Return the rows of a table in the order of their ids."""
    held = contents.rows[record]
    return [held[key] for key in sorted(held)]


def _by(contents: Cut, record: type[R], column: str) -> dict[Any, list[R]]:
    found: dict[Any, list[R]] = defaultdict(list)
    for row in rows_of(contents, record):
        found[getattr(row, column)].append(row)
    return found


# --- for programs ----------------------------------------------------------------------------


def document(decoded: Decoded, *, reveal: bool = False) -> dict[str, Any]:
    """Return what a snapshot holds as JSON takes it: docs/snapshot.md describes it."""
    contents = decoded.cut
    return {
        "version": decoded.version,
        "writer": decoded.writer,
        "sha256": decoded.checksum or None,
        "counts": {
            count.table: {"rows": count.rows, "deleted": count.deleted}
            for count in counts(contents)
        },
        "images": [image_document(one, reveal=reveal) for one in images(contents)],
        "tasks": [_task_document(contents, row, reveal) for row in rows_of(contents, Task)],
        "namespaces": [_namespace_document(one, reveal) for one in namespaces(contents)],
    }


def image_document(outline: ImageOutline, *, reveal: bool = False) -> dict[str, Any]:
    """Return an image and all that belongs to it as JSON takes it: the columns of each row."""

    def documents(rows: Iterable[Record]) -> list[dict[str, Any]]:
        return [row_document(row, reveal=reveal) for row in rows]

    return row_document(outline.image, reveal=reveal) | {
        "locations": documents(outline.locations),
        "properties": documents(outline.properties),
        "members": documents(outline.members),
        "tags": documents(outline.tags),
        "tasks": [task.id for task in outline.tasks],
    }


def row_document(row: Record, *, reveal: bool = False) -> dict[str, Any]:
    """Return the columns of a row as JSON takes them: a time as ISO 8601, naive UTC."""
    shown = credentials.columns(row, reveal=reveal)
    return {name: plain(value) for name, value in shown.items()}


def plain(value: Any) -> Any:
    """Return the value of a column as JSON takes it."""
    return value.isoformat() if isinstance(value, dt.datetime) else value


def _task_document(contents: Cut, task: Task, reveal: bool) -> dict[str, Any]:
    info = contents.rows[TaskInfo].get(task.id)
    told = row_document(info, reveal=reveal) if info else {}
    return row_document(task, reveal=reveal) | {
        name: told.get(name) for name in ("input", "result", "message")
    }


def _namespace_document(outline: NamespaceOutline, reveal: bool) -> dict[str, Any]:
    return row_document(outline.namespace, reveal=reveal) | {
        "objects": outline.objects,
        "properties": outline.properties,
        "tags": outline.tags,
        "resource_types": outline.resource_types,
    }
