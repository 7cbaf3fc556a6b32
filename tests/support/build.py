"""Tiny builders, so that a test states only what matters to it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from simple_db import Database, RequestContext
from simple_db.model.records import (
    Association,
    Image,
    MetadefObject,
    MetadefProperty,
    MetadefTag,
    Namespace,
    ResourceType,
)
from simple_db.persistence import formats
from tests.support.world import BEGINNING, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simple_db.model.errors import SimpleDBError

ALICE = RequestContext(owner="alice")
BOB = RequestContext(owner="bob")
ADMIN = RequestContext(owner="admin", is_admin=True)
NOBODY = RequestContext()

MISSING = "no-such-image"
EMOJI = "\N{GRINNING FACE}"
UUID = "c80a1a6c-bd1f-41c5-90ee-81afedb1d58d"

FIRST_LINE = ("format", "version", "sha256")
"""The keys of a snapshot that its checksum does not cover."""


def utc(text: str) -> dt.datetime:
    """Read a time as naive UTC."""
    return dt.datetime.fromisoformat(text)


class Query(dict[str, Any]):
    """A mapping with a key twice, as a query of Glance's API can be one."""

    def items(self) -> Any:
        return [(key, part) for key, value in super().items() for part in value]


def a_database(world: World | None = None) -> Database:
    """Make a database whose clock stands still until the world's time is made to pass."""
    return Database(clock=(world or World()).now)


def a_full_database() -> Database:
    """Make a database with live and deleted rows in every table, and counters ahead of them."""
    world = World()
    db = a_database(world)
    for image_id in ("b", "a"):
        an_image(db, image_id, size=2**40, properties={"os": "linux", "note": None})
        a_location(db, image_id, metadata={"b": [1.5, None, EMOJI], "a": {"c": 1}})
        a_member(db, image_id)
        db.image_tag_create(ADMIN, image_id, 'a "quoted"\ntag')
        world.pass_time(microseconds=1)
    db.image_set_property_atomic("a", "lock", "mine")
    db.image_delete_property_atomic("a", "lock", "mine")
    db.image_destroy(ALICE, "b")
    db.task_create(ADMIN, {"id": "t", "type": "import", "status": "pending", "owner": "alice"})
    db.node_reference_create(ADMIN, "http://here")
    db.insert_cache_details(ADMIN, "http://here", "a", 10)
    _add_definitions(db)
    return db


def _add_definitions(db: Database) -> None:
    """Add a row to each table of metadata definitions."""
    with db.store.writing() as tables:
        times: dict[str, Any] = {"created_at": tables.now, "updated_at": tables.now}
        within: dict[str, Any] = times | {"namespace_id": 1}
        new = [table.new_id() for table in tables if table.record.table.startswith("metadef_")]
        assert set(new) == {1}
        tables.namespaces.put(Namespace(id=1, namespace="n", owner="alice", **times))
        tables.resource_types.put(ResourceType(id=1, name="r", **times))
        tables.associations.put(Association(resource_type_id=1, **within))
        tables.metadef_objects.put(MetadefObject(id=1, name="o", **within))
        tables.metadef_properties.put(MetadefProperty(id=1, name="p", **within))
        tables.metadef_tags.put(MetadefTag(id=1, name="t", **within))


def an_image(db: Database, image_id: str | None = None, **values: Any) -> str:
    """Create a shared, active image of alice, unless the values say otherwise; give its id."""
    image = {"id": image_id, "status": "active", "owner": "alice"} | values
    return db.image_create(ADMIN, image)["id"]


def a_location(db: Database, image_id: str, url: str = "file:///a", **values: Any) -> int:
    """Add a location to the image and give its id."""
    location = {"url": url, "metadata": {}, "status": "active"} | values
    db.image_location_add(ADMIN, image_id, location)
    return int(rows(db, "image_locations")[-1]["id"])


def a_member(db: Database, image_id: str, member: str = "bob", status: str = "accepted") -> int:
    """Share the image with a project and give the id of the membership."""
    values = {"image_id": image_id, "member": member, "status": status}
    return db.image_member_create(ADMIN, values)["id"]


def a_property(db: Database, image_id: str, name: str = "os", value: str | None = "linux") -> None:
    """Give the image a property."""
    db.image_property_create(ADMIN, {"image_id": image_id, "name": name, "value": value})


def a_namespace(db: Database, name: str = "ns", **values: Any) -> int:
    """Create a private namespace of alice's, unless the values say otherwise; give its id."""
    namespace = {"namespace": name, "owner": "alice", "visibility": "private"} | values
    return db.metadef_namespace_create(ADMIN, namespace)["id"]


def image_record(**columns: Any) -> Image:
    """Make the record of an image by itself, stored nowhere."""
    times: dict[str, Any] = {"created_at": BEGINNING, "updated_at": BEGINNING}
    return Image(**(times | {"id": "i", "status": "active"} | columns))


def rows(db: Database, table: str) -> list[dict[str, Any]]:
    """Give all rows of a table, deleted ones too, in the order of their ids; times as text."""
    found: list[dict[str, Any]] = json.loads(db.snapshot())["tables"][table]
    return found


def document_of(db: Database) -> Any:
    """Give the snapshot of a database as what JSON makes of it."""
    return json.loads(db.snapshot())


def counted(document: Any) -> Any:
    """Give a document whose counts are those of its tables."""
    return document | {"counts": {table: len(rows) for table, rows in document["tables"].items()}}


def sealed(document: Any, **dumps: Any) -> bytes:
    """Write a document as a snapshot whose checksum is right, whatever else is wrong with it."""
    rest = {key: value for key, value in document.items() if key not in FIRST_LINE}
    return sealed_bytes(json.dumps(rest, **dumps).encode()[1:])


def sealed_bytes(payload: bytes) -> bytes:
    """Put the first line of a snapshot of the current version before its payload."""
    checksum = hashlib.sha256(payload).hexdigest().encode()
    return (
        b'{"format":"simple_db","version":%d,"sha256":"%b",\n' % (formats.VERSION, checksum)
        + payload
    )


def ids(dicts: list[Any]) -> list[Any]:
    """Give the ids of the dicts in their order."""
    return [one["id"] for one in dicts]


@contextmanager
def refused(db: Database, error: type[SimpleDBError], *named: object) -> Iterator[None]:
    """Hold the call to raise this very class, to name these things, and to leave no trace."""
    before = db.snapshot()
    with pytest.raises(error) as caught:
        yield
    assert caught.type is error
    for name in named:
        assert re.search(rf"(?<!\w){re.escape(str(name))}(?!\w)", str(caught.value))
    assert db.snapshot() == before
    db.check()


def ruin(value: Any) -> None:
    """Empty everything that can be changed in a value, from the inside out."""
    if isinstance(value, (list, tuple)):
        for part in value:
            ruin(part)
    if isinstance(value, dict):
        for part in value.values():
            ruin(part)
    if isinstance(value, (dict, list)):
        value.clear()
