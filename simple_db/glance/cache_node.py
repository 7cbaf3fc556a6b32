"""The driver of a server, which notes the node of its image cache when that has its first image."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from glance.common.exception import Duplicate

from simple_db.glance.driver import Driver

if TYPE_CHECKING:
    from simple_db import Database


class ServerDriver(Driver):
    """A driver on which a start of the server changes nothing.

    Glance's cache adds a row for the server's URL when it starts; a port can be another one each
    time, and the row is needed by the images in the cache only.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        functions = vars(self)
        self._create_node = functions["node_reference_create"]
        self._insert = functions["insert_cache_details"]
        functions["node_reference_create"] = self._nothing
        functions["insert_cache_details"] = self._insert_with_node

    def _nothing(self, context: Any, node_reference_url: str) -> None:
        """Leave the row to `_insert_with_node`."""

    def _insert_with_node(self, context: Any, node_reference_url: str, *args: Any) -> Any:
        with contextlib.suppress(Duplicate):
            self._create_node(context, node_reference_url)
        return self._insert(context, node_reference_url, *args)
