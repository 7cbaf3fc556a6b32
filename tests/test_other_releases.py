"""What the SQL driver does otherwise in another release of Glance: rows of docs/semantics.md.

Each test compares the driver of the installed release with its column, and simple_db with the last.
`make matrix` runs them in all releases.
"""

from __future__ import annotations

from typing import Any

import pytest
from glance.db.sqlalchemy import api as sql

from simple_db import Database, RequestContext
from simple_db.installed import glance_release
from simple_db.model import errors
from simple_db.oracle.semantics import ROWS
from tests.support.reference import SqlDriver
from tests.support.world import World

pytestmark = pytest.mark.glance

RELEASE = int(glance_release.release().partition(".")[0])
URL = "http://glance.example"
ADMIN = RequestContext(is_admin=True)


def column(number: str) -> str:
    """Give what a row says of the installed release; the newest is the last column."""
    *_, glance_31, glance_32, newest = ROWS[number]
    return {31: glance_31, 32: glance_32}.get(RELEASE, newest)


def test_the_nodes_that_have_an_image_in_their_cache() -> None:
    database: Any = Database()
    database.image_create(None, {"id": "image", "status": "active"})
    database.node_reference_create(None, URL)
    database.insert_cache_details(None, URL, "image", 5)
    assert database.get_cached_nodes(None, "image") == [URL]
    has_it = hasattr(sql, "get_cached_nodes")
    assert column("G1") == ("their URLs" if has_it else "no such function")


def test_sorting_by_a_relation() -> None:
    with pytest.raises(errors.InvalidSortKey):
        Database().image_get_all(None, sort_key=["properties"])
    with pytest.raises(Exception, match=r".") as raised:
        SqlDriver(World()).call("image_get_all", ADMIN, sort_key=["properties"])
    assert column("G2").startswith(type(raised.value).__name__)
