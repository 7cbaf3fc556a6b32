"""The driver of a server, which keeps its image cache when its URL changes."""

from __future__ import annotations

import contextlib
import functools
import inspect
from typing import TYPE_CHECKING, Any

from glance.common.exception import Duplicate

from simple_db.glance.driver import Driver

if TYPE_CHECKING:
    from collections.abc import Callable

    from simple_db import Database

_URL = "node_reference_url"

_OF_A_NODE = (
    "delete_all_cached_images",
    "delete_cached_image",
    "get_cached_images",
    "get_hit_count",
    "get_least_recently_accessed",
    "is_image_cached_for_node",
    "node_reference_get_by_url",
    "update_hit_count",
)


class ServerDriver(Driver):
    """A driver whose rows a start of the server does not change, on another port either.

    Glance adds a row for the server's URL when it starts, and finds cached images by that row. Here
    the row is added with the first cached image; and a server whose URL has no row uses the latest
    row, that of the server before it, whose files it has too.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._here: str | None = None
        functions = vars(self)
        self._create_node = functions["node_reference_create"]
        self._insert = functions["insert_cache_details"]
        self._nodes = functions["get_cached_nodes"]
        functions["node_reference_create"] = self._note_url
        functions["insert_cache_details"] = self._insert_with_node
        functions["get_cached_nodes"] = self._present_nodes
        for name in _OF_A_NODE:
            functions[name] = self._of_noted_node(functions[name])

    def _note_url(self, _: Any, node_reference_url: str) -> None:
        """Leave the row to `_insert_with_node`."""
        self._here = node_reference_url

    def _insert_with_node(self, context: Any, node_reference_url: str, *args: Any) -> Any:
        url = self._noted(node_reference_url)
        with contextlib.suppress(Duplicate):
            self._create_node(context, url)
        return self._insert(context, url, *args)

    def _present_nodes(self, context: Any, image_id: str) -> list[str | None]:
        before = self._here and self._noted(self._here)
        return [self._here if url == before else url for url in self._nodes(context, image_id)]

    def _of_noted_node(self, function: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            given = signature.bind(*args, **kwargs)
            given.arguments[_URL] = self._noted(given.arguments[_URL])
            return function(*given.args, **given.kwargs)

        return call

    def _noted(self, url: str) -> str:
        """Return the URL of the server's row, or of the latest row if it has none."""
        if url != self._here:
            return url
        with self.database.store.reading() as tables:
            rows = tables.nodes.rows
            if not rows or tables.nodes.where(node_reference_url=url):
                return url
            return rows[max(rows)].node_reference_url
