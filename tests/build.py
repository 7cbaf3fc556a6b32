"""Tiny builders, so that a test states only what matters to it."""

from __future__ import annotations

import datetime as dt
import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from simple_db import Database, RequestContext
from simple_db.records import Image
from tests.world import BEGINNING, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simple_db.errors import SimpleDBError

ALICE = RequestContext(owner="alice")
BOB = RequestContext(owner="bob")
ADMIN = RequestContext(owner="admin", is_admin=True)
NOBODY = RequestContext()

MISSING = "no-such-image"
EMOJI = "\N{GRINNING FACE}"
UUID = "c80a1a6c-bd1f-41c5-90ee-81afedb1d58d"


def utc(text: str) -> dt.datetime:
    """Read a time as naive UTC."""
    return dt.datetime.fromisoformat(text)


def a_database(world: World | None = None) -> Database:
    """Make a database whose clock stands still until the world's time is made to pass."""
    return Database(clock=(world or World()).now)


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
