"""Snapshot files of one image with one location, as the tests of commands read them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from simple_db import Database, snapshot
from simple_db.persistence import journal
from tests.support.build import a_database, a_location, an_image
from tests.support.pages import TESTS

if TYPE_CHECKING:
    from simple_db.store import Cut

OLD = TESTS / "golden" / "1.json"
"""A snapshot of the first format."""

CURRENT = TESTS / "golden" / "2.json"
"""The same snapshot in the current format."""

SECRET = "http://user:secret@host/a"  # noqa: S105 - it is one
"""The URL of the location."""


def saved(path: str = "glance.json", name: str = "cirros", url: str = SECRET) -> Database:
    """Save a database of one image, which has a location, and return it."""
    database = a_database()
    an_image(database, "abc", name=name)
    a_location(database, "abc", url)
    database.save(path)
    return database


def contents(database: Database) -> Cut:
    """Return the tables of a database as a snapshot has them."""
    return snapshot.decoded(database.snapshot()).cut


def edited(path: str = "edited.json") -> str:
    """Save a snapshot, change it by hand, and return its path."""
    saved(path)
    content = Path(path).read_text()
    assert "cirros" in content
    Path(path).write_text(content.replace("cirros", "debian"))
    return path


def with_a_journal(path: str = "glance.json", more: bytes = b"") -> Path:
    """Save a snapshot with a call in its journal, as a killed process leaves it.

    Returns the path of the journal, which ends with `more`.
    """
    saved("other.json")
    with Database.open("other.json", save="always") as database:
        an_image(database, "new")
        shutil.copy("other.json", path)
        shutil.copy(journal.beside("other.json"), journal.beside(path))
    Path("other.json").unlink()
    beside = journal.beside(path)
    beside.write_bytes(beside.read_bytes() + more)
    return beside
