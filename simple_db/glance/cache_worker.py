"""The thread that copies images to the cache goes on after an image that it cannot copy."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING, Any

from glance.image_cache.prefetcher import Prefetcher

from simple_db.glance.replaced import replaced

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG = logging.getLogger(__name__)


@contextlib.contextmanager
def failed_copies_logged() -> Iterator[None]:
    """Make Glance's thread go on after an image that cannot be copied, until the end of the block.

    Its data is missing, for example, or the disk is full. In Glance an exception ends the thread,
    and no further image is copied.
    """
    fetch = Prefetcher.fetch_image_into_cache

    def fetch_or_log(prefetcher: Any, image_id: str) -> bool:
        try:
            fetched: bool = fetch(prefetcher, image_id)
        except Exception as error:  # noqa: BLE001 - whatever a store or the database raises
            why = " ".join(str(error).split()) or type(error).__name__
            LOG.warning("Image %s is not copied to the cache: %s", image_id, why)
            return False
        return fetched

    with replaced(Prefetcher, fetch_image_into_cache=fetch_or_log):
        yield
