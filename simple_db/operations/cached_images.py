"""The image cache: which server has which images in its cache, and how often they are read."""

import datetime as dt
from typing import Any, cast

import attrs

from simple_db.model import clock, values
from simple_db.model.errors import Duplicate, NotFound
from simple_db.model.records import CachedImage, NodeReference, as_dict, columns_of
from simple_db.model.shapes import CachedImageDict, Context, NodeReferenceDict
from simple_db.store import HasStore, Tables


def node_reference_create(
    db: HasStore, context: Context | None, node_reference_url: str
) -> NodeReferenceDict:
    """Add a server by its URL, and return a fresh dict of it.

    Args:
        context: Who calls; every caller may.
        node_reference_url: The URL of the server.

    Raises:
        Invalid: the URL is no text, or has a character beyond U+FFFF.
        Duplicate: there is a server of that URL.
    """
    values.refuse_beyond_basic_plane(node_reference_url)
    url = values.stored(columns_of(NodeReference)["node_reference_url"], node_reference_url)
    with db.store.writing() as tables:
        if _find_node(tables, url) is not None:
            raise Duplicate(f"The node reference {url} already exists")
        node = NodeReference(node_reference_id=tables.nodes.new_id(), node_reference_url=url)
        return _node_dict(tables.nodes.put(node))


def node_reference_get_by_url(
    db: HasStore, context: Context | None, node_reference_url: str
) -> NodeReferenceDict:
    """Return a fresh dict of the server.

    Raises:
        NotFound: there is no server of that URL.
    """
    with db.store.reading() as tables:
        return _node_dict(_node(tables, node_reference_url))


def insert_cache_details(
    db: HasStore,
    context: Context | None,
    node_reference_url: str,
    image_id: str,
    filesize: int,
    checksum: str | None = None,
    last_accessed: dt.datetime | str | None = None,
    last_modified: dt.datetime | str | None = None,
    hits: int | None = None,
) -> None:
    """Record that a server has an image in its cache; nothing changes if that is recorded already.

    Args:
        context: Who calls; every caller may.
        node_reference_url: The server.
        image_id: The image; it need not exist.
        filesize: The size in bytes.
        checksum: The MD5 of the data, in hexadecimal digits.
        last_accessed: When it was last read, naive UTC or ISO 8601 text; now unless given.
        last_modified: When it was last written, likewise.
        hits: How often it was read; 0 unless given.

    Raises:
        Invalid: a value is wrong, or has a character beyond U+FFFF.
        NotFound: there is no server of that URL.
    """
    values.refuse_beyond_basic_plane(node_reference_url, image_id, {"checksum": checksum})
    with db.store.writing() as tables:
        node = _node(tables, node_reference_url)
        given = values.stored_columns(
            CachedImage,
            {
                "image_id": image_id,
                "size": filesize,
                "checksum": checksum,
                "last_accessed": _time(last_accessed) or tables.now,
                "last_modified": _time(last_modified) or tables.now,
                "hits": hits or 0,
            },
        )
        if not _cached(tables, given["image_id"], node_reference_url):
            tables.cached_images.put(
                CachedImage(
                    id=tables.cached_images.new_id(),
                    node_reference_id=node.node_reference_id,
                    **given,
                )
            )


def update_hit_count(
    db: HasStore, context: Context | None, image_id: str, node_reference_url: str
) -> None:
    """Count one more read of an image in a server's cache, now; nothing happens if it is not there.

    Raises:
        Invalid: an argument has a character beyond U+FFFF.
    """
    values.refuse_beyond_basic_plane(image_id, node_reference_url)
    with db.store.writing() as tables:
        for row in _cached(tables, image_id, node_reference_url):
            tables.cached_images.put(attrs.evolve(row, hits=row.hits + 1, last_accessed=tables.now))


def get_hit_count(
    db: HasStore, context: Context | None, image_id: str, node_reference_url: str
) -> int:
    """Return how often an image was read from a server's cache; 0 if it is not there."""
    with db.store.reading() as tables:
        return sum(row.hits for row in _cached(tables, image_id, node_reference_url))


def is_image_cached_for_node(
    db: HasStore, context: Context | None, node_reference_url: str, image_id: str
) -> bool:
    """Return whether a server has the image in its cache."""
    with db.store.reading() as tables:
        return bool(_cached(tables, image_id, node_reference_url))


def get_cached_images(
    db: HasStore, context: Context | None, node_reference_url: str
) -> list[CachedImageDict]:
    """Return fresh dicts of the images in a server's cache, in the order of their ids.

    Their times are seconds since the epoch. As in Glance's driver these are computed as if the
    stored times, which are in UTC, were local.
    """
    with db.store.reading() as tables:
        return [_cached_dict(row) for row in _cached_on(tables, node_reference_url)]


def get_cached_nodes(db: HasStore, context: Context | None, image_id: str) -> list[str]:
    """Return the URLs of the servers that have the image in their cache, the earliest first."""
    with db.store.reading() as tables:
        rows = tables.cached_images.where(image_id=image_id)
        return [tables.nodes.rows[row.node_reference_id].node_reference_url for row in rows]


def get_least_recently_accessed(
    db: HasStore, context: Context | None, node_reference_url: str
) -> str | None:
    """Return the id of the image that was read the longest ago from a server's cache, or None."""
    with db.store.reading() as tables:
        rows = _cached_on(tables, node_reference_url)
        oldest = min(rows, key=lambda row: (row.last_accessed, row.id), default=None)
        return None if oldest is None else oldest.image_id


def delete_cached_image(
    db: HasStore, context: Context | None, image_id: str, node_reference_url: str
) -> None:
    """Remove the record that a server has the image in its cache, if there is one."""
    with db.store.writing() as tables:
        for row in _cached(tables, image_id, node_reference_url):
            tables.cached_images.remove(row.id)


def delete_all_cached_images(
    db: HasStore, context: Context | None, node_reference_url: str
) -> None:
    """Remove the records of all images in a server's cache.

    Raises:
        Invalid: the URL has a character beyond U+FFFF.
    """
    values.refuse_beyond_basic_plane(node_reference_url)
    with db.store.writing() as tables:
        for row in _cached_on(tables, node_reference_url):
            tables.cached_images.remove(row.id)


def _time(moment: dt.datetime | str | None) -> dt.datetime | str | None:
    """Return the moment that a text names; Glance's migration of its cache passes text."""
    try:
        return clock.parse_time(moment) if isinstance(moment, str) else moment
    except ValueError:
        return moment  # the column refuses it and names itself


def _find_node(tables: Tables, url: str) -> NodeReference | None:
    return next(iter(tables.nodes.where(node_reference_url=url)), None)


def _node(tables: Tables, url: str) -> NodeReference:
    node = _find_node(tables, url)
    if node is None:
        raise NotFound(f"The node reference {values.worded(url)} was not found")
    return node


def _cached_on(tables: Tables, url: str) -> list[CachedImage]:
    node = _find_node(tables, url)
    if node is None:
        return []
    return tables.cached_images.where(node_reference_id=node.node_reference_id)


def _cached(tables: Tables, image_id: str, url: str) -> list[CachedImage]:
    """Return the row of the image in the server's cache, or none."""
    node = _find_node(tables, url)
    if node is None:
        return []
    return tables.cached_images.where(image_id=image_id, node_reference_id=node.node_reference_id)


def _node_dict(node: NodeReference) -> NodeReferenceDict:
    return cast("NodeReferenceDict", as_dict(node))


def _cached_dict(row: CachedImage) -> CachedImageDict:
    answer: dict[str, Any] = as_dict(row)
    del answer["node_reference_id"]
    answer["last_accessed"] = row.last_accessed.timestamp()
    answer["last_modified"] = row.last_modified.timestamp()
    return cast("CachedImageDict", answer)
