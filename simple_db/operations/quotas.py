"""What the images of a project use, for Glance's quotas."""

from collections.abc import Collection

from simple_db.model import values
from simple_db.model.records import Image
from simple_db.model.shapes import Context
from simple_db.store import HasStore, Tables

_GONE = frozenset({"deleted", "killed", "pending_delete"})
_STAGING = frozenset({"importing", "uploading"})
_UPLOADING = _STAGING | {"saving"}

# An import that copies an image to more stores sets it to the stores that are left.
_COPYING = "os_glance_importing_to_stores"


def user_get_storage_usage(
    db: HasStore, context: Context | None, owner_id: str | None, image_id: str | None = None
) -> int:
    """Return the bytes that the project's images take up: size times locations, summed.

    A location counts unless its status is ``deleted``.

    Args:
        context: Who calls; every caller may.
        owner_id: The project; None is for the images without owner.
        image_id: If given, an image that is not counted.

    Raises:
        ImageNotFound: the id is too long for an image's.
    """
    values.limit_image_id(image_id)
    with db.store.reading() as tables:
        return sum(
            _size(image) * _stored_copies(tables, image)
            for image in _owned(tables, owner_id, _GONE)
            if image.id != values.uuid_as_text(image_id)
        )


def user_get_staging_usage(db: HasStore, context: Context | None, owner_id: str | None) -> int:
    """Return the bytes of the project's images that are being staged: uploaded or copied."""
    with db.store.reading() as tables:
        return sum(
            _size(image)
            for image in _owned(tables, owner_id, _GONE)
            if image.status in _STAGING or _is_copying(tables, image)
        )


def user_get_image_count(db: HasStore, context: Context | None, owner_id: str | None) -> int:
    """Return how many images the project has, deleted ones too unless their status says so."""
    with db.store.reading() as tables:
        return len(_owned(tables, owner_id, _GONE))


def user_get_uploading_count(db: HasStore, context: Context | None, owner_id: str | None) -> int:
    """Return how many of the project's images are being uploaded, imported or copied."""
    with db.store.reading() as tables:
        return sum(
            image.status in _UPLOADING or _is_copying(tables, image)
            for image in _owned(tables, owner_id, _GONE)
        )


def _owned(tables: Tables, owner_id: str | None, without: Collection[str]) -> list[Image]:
    return [row for row in tables.images.having(owner=owner_id) if row.status not in without]


def _size(image: Image) -> int:
    return max(image.size or 0, 0)


def _stored_copies(tables: Tables, image: Image) -> int:
    return sum(row.status != "deleted" for row in tables.locations.where(image_id=image.id))


def _is_copying(tables: Tables, image: Image) -> bool:
    # A deleted row of this property counts too, as in Glance's driver.
    return any(row.value for row in tables.properties.where(image_id=image.id, name=_COPYING))
