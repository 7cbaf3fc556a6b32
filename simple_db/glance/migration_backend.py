"""The migration backend ``simple_db`` of Glance: the format versions of a snapshot file.

The entry point ``simple_db`` of ``glance.database.migration_backend`` is this module. Its functions
have the signatures of ``oslo_db.sqlalchemy.migration``, which was Glance's own entry point as long
as it had one. They take a snapshot file in place of the directory of migrations, and no engine: a
database in memory always has the current format.

A migration brings a file of an older format to the current one; `simple_db.persistence.formats` has
the versions and the steps between them. There are no downgrades.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simple_db import Database
from simple_db.glance.driver import glance_error
from simple_db.model.errors import Invalid, SimpleDBError
from simple_db.persistence import database_file, files, formats

if TYPE_CHECKING:
    import os


def db_sync(
    engine: Any,
    abs_path: str | os.PathLike[str],
    version: int | str | None = None,
    init_version: int = 0,
    sanity_check: bool = True,
) -> int:
    """Bring a snapshot file to the current format version; create an empty one if there is none.

    Args:
        engine: ignored.
        abs_path: the snapshot file.
        version: None, or the current version: there is no other target.
        init_version: ignored.
        sanity_check: ignored; every file is checked.

    Returns:
        The version that the file has now.

    Raises:
        Invalid: the target is another version.
        GlanceException: the file has a version that this release does not know, cannot be read or
            written, or is in use; it is as it was.
    """
    try:
        _check_target(version)
        with Database.open(abs_path, save="manual") as database:
            if _found(database) != formats.VERSION:
                database.save()
    except SimpleDBError as error:
        raise glance_error(error) from error
    return formats.VERSION


def _found(database: Database) -> int:
    return database.file.opened.version if database.file else 0


def db_version(engine: Any, abs_path: str | os.PathLike[str], init_version: int = 0) -> int:
    """Return the format version of a snapshot file, or `init_version` if there is none.

    Args:
        engine: ignored.
        abs_path: the snapshot file.
        init_version: what is returned for no file.

    Raises:
        GlanceException: the file cannot be read, or is no snapshot.
    """
    try:
        if not files.exists(abs_path):
            return init_version
        return database_file.contents(abs_path).decoded.version
    except SimpleDBError as error:
        raise glance_error(error) from error


def db_version_control(
    engine: Any, abs_path: str | os.PathLike[str], version: int | str | None = None
) -> int:
    """Put a snapshot file under version control; every snapshot is, so this is `db_sync`.

    Args:
        engine: ignored.
        abs_path: the snapshot file.
        version: None, or the current version.

    Returns:
        The version that the file has.

    Raises:
        Invalid, GlanceException: as `db_sync` does.
    """
    return db_sync(engine, abs_path, version)


def _check_target(version: int | str | None) -> None:
    if version is not None and str(version) != str(formats.VERSION):
        raise Invalid(
            f"a snapshot cannot be brought to version {version!r}: this release of simple_db "
            f"writes version {formats.VERSION} only"
        )
