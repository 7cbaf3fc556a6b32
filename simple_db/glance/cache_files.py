"""The files of the image cache: each is in the cache's directory, whatever the id of its image.

Glance names them by the ids of images, and a snapshot can have ids that are paths.
"""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING, Any

from glance.image_cache.drivers import centralized_db

from simple_db.glance.image_files import is_file_name
from simple_db.glance.replaced import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

# Directories that are in the one of the cache.
_TAKEN = {"incomplete", "invalid", "queue"}


@contextlib.contextmanager
def cache_files_inside() -> Iterator[None]:
    """Have Glance's cache use files of its own alone, until the end of the block.

    To prune it ends, too, where files are left that no row of the database is about.
    """
    driver = centralized_db.Driver
    path_of, oldest = driver.get_image_filepath, driver.get_least_recently_accessed

    def path_inside(self: Any, image_id: str, cache_status: str = "active") -> Any:
        return path_of(self, _file_name(image_id), cache_status)

    def oldest_if_any(self: Any) -> Any:
        image_id, size = oldest(self)
        return None if image_id is None else (image_id, size)

    with replaced(
        driver, get_image_filepath=path_inside, get_least_recently_accessed=oldest_if_any
    ):
        yield


def _file_name(image_id: str) -> str:
    """Return the name of an image's file, which is the id wherever that can be a file's name."""
    text = str(image_id)
    if is_file_name(text) and text.lower() not in _TAKEN:
        return text
    return "%" + hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
