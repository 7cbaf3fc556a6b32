"""The files of the image cache: each is in the cache's directory, whatever the id of its image.

Glance names the files by the ids of the images, and the ids of a snapshot can be paths.
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

# Names of directories in that of the cache.
_TAKEN = {"incomplete", "invalid", "queue"}


@contextlib.contextmanager
def cache_files_inside() -> Iterator[None]:
    """Make Glance's cache use files in its own directory only, until the end of the block.

    And make its pruning end where there are files without a row in the database.
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
    """Return the name of an image's file: the id, if a file can have that name, or its hash."""
    text = str(image_id)
    if is_file_name(text) and text.lower() not in _TAKEN:
        return text
    return "%" + hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
