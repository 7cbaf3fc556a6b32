"""Databases that are kept in a file: how they are opened, and what is on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from simple_db import Database
from simple_db.persistence.database_file import SaveMode
from tests.support.world import World

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

NAME = "glance.json"
JOURNAL = f"{NAME}.journal"
LOCK = f"{NAME}.lock"
FOREVER = 3600.0
"""Seconds: nothing is saved unasked."""

EVERY_MODE = pytest.mark.parametrize("save", get_args(SaveMode))


def opened(
    path: Path, save: SaveMode = "always", interval: float = FOREVER
) -> AbstractContextManager[Database]:
    return Database.open(path, save=save, interval=interval, clock=World().now)


def on_disk(path: Path) -> bytes:
    """Give the database that the file and its journal hold now."""
    database = Database()
    database.load(path)
    database.check()
    return database.snapshot()


def held(directory: Path) -> dict[str, bytes]:
    return {found.name: found.read_bytes() for found in directory.iterdir()}
