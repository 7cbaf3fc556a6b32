"""Everything that the server changes in Glance's own code, besides the database and the stores."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from simple_db.glance.cache_files import cache_files_inside
from simple_db.glance.cache_worker import failed_copies_logged
from simple_db.glance.downloads import guarded_sources, impatient_downloads
from simple_db.glance.full_disk import full_disks_answered
from simple_db.glance.one_server import nothing_forwarded
from simple_db.glance.staged_files import only_staged_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextlib.contextmanager
def amended(own_port: int, data: Path) -> Iterator[None]:
    """Make Glance follow the rules of docs/security.md until the end of the block.

    Args:
        own_port: where the server listens.
        data: the absolute path of the data directory.
    """
    with (
        full_disks_answered(),
        nothing_forwarded(),
        guarded_sources(own_port),
        impatient_downloads(),
        only_staged_files(data),
        cache_files_inside(),
        failed_copies_logged(),
    ):
        yield
