"""Reports of images without their data in the data directory, and with unusable ids."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from simple_db.glance.image_files import IMAGE_STORES, is_file_name, place_of

if TYPE_CHECKING:
    from pathlib import Path

    from simple_db import Database
    from simple_db.model.records import Image, Location

_DIRECTORIES = {store: store for store in IMAGE_STORES} | {
    "os_glance_staging_store": "staging",
    "os_glance_tasks_store": "tasks",
}
"""The directory of each store that the metadata of a location can name."""

MOST_IMAGES = 20
"""How many images a report names."""


def lost_data(database: Database, data: Path) -> list[str]:
    """Return a report of the live images whose data is elsewhere, missing or of another size.

    Args:
        database: the images, with their locations.
        data: the data directory.

    Returns:
        A line with the number of images, and one for each of the first `MOST_IMAGES` by id. It is
        empty if all data is there. It contains no URL of a location.
    """
    return _report(
        "images have no data in the data directory, and cannot be downloaded",
        [f"{image.id}{_name(image)}: {why}" for image, why in _lost(database, data)],
    )


def odd_ids(database: Database) -> list[str]:
    """Return a report of the live images whose id cannot be the name of a file.

    Returns:
        As `lost_data`.
    """
    with database.store.reading() as tables:
        images = [image for image in tables.images.rows.values() if not image.deleted]
    odd = sorted(image.id for image in images if not is_file_name(image.id))
    return _report(
        "images have ids that cannot be names of files, so no data can be uploaded to them",
        list(map(repr, odd)),
    )


def _report(what: str, images: list[str]) -> list[str]:
    """Return a line with the number of images, and one for each of the first, if there are any."""
    if not images:
        return []
    more = len(images) - MOST_IMAGES
    return [
        f"{len(images)} {what}:",
        *(f"  {image}" for image in images[:MOST_IMAGES]),
        *([f"  and {more} more"] if more > 0 else []),
    ]


def _lost(database: Database, data: Path) -> list[tuple[Image, str]]:
    """Return images and what is wrong with one of their locations, by id."""
    with database.store.reading() as tables:
        images = tables.images.rows
        live = [
            (images[row.image_id], row)
            for row in tables.locations.rows.values()
            if not row.deleted and not images[row.image_id].deleted
        ]
    sizes = {name: _sizes(data / name) for name in set(_DIRECTORIES.values())}
    lost = {image.id: (image, why) for image, row in live if (why := _why(image, row, sizes))}
    return [lost[image_id] for image_id in sorted(lost)]


def _sizes(directory: Path) -> dict[str, int]:
    """Return the sizes in bytes of the regular files in a directory by their names."""
    with os.scandir(directory) as entries:
        found = {entry.name: entry.stat(follow_symlinks=False) for entry in entries}
    return {name: file.st_size for name, file in found.items() if stat.S_ISREG(file.st_mode)}


def _why(image: Image, location: Location, sizes: dict[str, dict[str, int]]) -> str:
    place = place_of(location.value)
    metadata = location.meta_data if isinstance(location.meta_data, dict) else {}
    store = _DIRECTORIES.get(str(metadata.get("store")))
    if place is None or place.store not in ([store] if store else IMAGE_STORES):
        return "its data is outside of the data directory"
    size = sizes[place.store].get(place.name)
    if size is None:
        return f"{place.store} has no data of it"
    if image.size is not None and size != image.size:
        return f"{place.store} has {size} bytes of it in place of {image.size}"
    return ""


def _name(image: Image) -> str:
    return f" ({image.name!r})" if image.name else ""  # control characters are escaped
