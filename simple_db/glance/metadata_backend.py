"""The metadata backend ``simple_db`` of Glance: loads, unloads and exports definitions.

The entry point ``simple_db`` of ``glance.database.metadata_backend`` is this module. Its functions
have the signatures of ``glance.db.sqlalchemy.metadata``. The engine is a `Driver` or a `Database`;
None, or any other engine, means the driver of the `install()` in force, or else that of
`simple_db.glance.api`.

They load, replace and skip what Glance's SQL backend does, and differ where that one loses
something: docs/semantics.md has a row for each case.

While a driver is installed, the commands of ``glance-manage`` that load, unload and export
definitions use this module.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

from glance.db.sqlalchemy import metadata as _options  # noqa: F401 - it registers the path's option
from oslo_config import cfg

from simple_db import Database
from simple_db.glance import api, in_force
from simple_db.glance.driver import Driver, glance_error
from simple_db.model.errors import SimpleDBError
from simple_db.operations.metadefs import files as metadef_files

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

LOG = logging.getLogger(__name__)


def db_load_metadefs(
    engine: Any = None,
    metadata_path: str | os.PathLike[str] | None = None,
    merge: bool = False,
    prefer_new: bool = False,
    overwrite: bool = False,
) -> None:
    """Load the definitions of a file, or of all ``.json`` files of a directory: all, or none.

    Args:
        engine: the database; see above.
        metadata_path: the file or directory; without it Glance's option `metadata_source_path`.
        merge: add to existing namespaces what they lack; otherwise their files are skipped.
        prefer_new: with `merge`, replace what they have by what the files have.
        overwrite: with `merge`, delete existing namespaces and create them again.

    Raises:
        Invalid: these switches exclude each other, there is no file, or one is bad; nothing is
            loaded.
    """
    with _raising_as_glance():
        mode = metadef_files.mode_of(merge=merge, prefer_new=prefer_new, overwrite=overwrite)
        path = metadata_path or cfg.CONF.metadata_source_path
        definitions = [metadef_files.read(file) for file in metadef_files.paths(path)]
        loaded = metadef_files.load(_database(engine), definitions, mode)
    LOG.info("metadata definitions of %s: %s", path, loaded)


def db_unload_metadefs(engine: Any = None) -> None:
    """Delete all metadata definitions, and all resource types.

    Args:
        engine: the database; see above.
    """
    count = metadef_files.unload(_database(engine))
    LOG.info("metadata definitions of %d namespaces are unloaded", count)


def db_export_metadefs(
    engine: Any = None, metadata_path: str | os.PathLike[str] | None = None
) -> None:
    """Write each namespace to a file of its own; a file of that name is replaced.

    Args:
        engine: the database; see above.
        metadata_path: a directory; without it Glance's option `metadata_source_path`.

    Raises:
        Invalid: a file cannot be written; those before it are.
    """
    with _raising_as_glance():
        path = metadata_path or cfg.CONF.metadata_source_path
        for file in metadef_files.write(path, metadef_files.dump(_database(engine))):
            LOG.info("metadata definitions are saved in %s", file)


def _database(engine: Any) -> Database:
    if isinstance(engine, Database):
        return engine
    driver = engine if isinstance(engine, Driver) else in_force.current() or api.driver
    return driver.database


@contextlib.contextmanager
def _raising_as_glance() -> Iterator[None]:
    try:
        yield
    except SimpleDBError as error:
        raise glance_error(error) from error
