"""Locations of images: where the data of an image is stored."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
from attrs import field, frozen

from simple_db.model import values
from simple_db.model.errors import ImageNotFound, Invalid, NotFound
from simple_db.model.records import Json, Location, columns_of, soft_deleted
from simple_db.model.shapes import Context, LocationDict
from simple_db.store import HasStore, Tables

_DELETED_STATUSES = ("deleted", "pending_delete")
_COLUMNS = columns_of(Location)


@frozen
class _Values:
    """A caller's location, checked; one without id is to be added."""

    id: int | None
    value: str = field(repr=False)
    meta_data: Json = field(repr=False)
    status: str


def image_location_add(
    db: HasStore, context: Context | None, image_id: str, location: Mapping[str, Any]
) -> None:
    """Add a location to an image.

    Args:
        context: Who calls; every caller may.
        image_id: The image; it may be deleted.
        location: ``url``, text; ``metadata``, anything JSON can hold; ``status``, text: with
            ``deleted`` or ``pending_delete`` the location is deleted at once.

    Raises:
        Invalid: a value is missing or wrong, or has a character beyond U+FFFF.
        ImageNotFound: there is no such image.
    """
    given = _new(location, image_id)
    with db.store.writing() as tables:
        _add(tables, image_id, given)


def image_location_update(
    db: HasStore, context: Context | None, image_id: str, location: Mapping[str, Any]
) -> None:
    """Replace URL, metadata and status of a location; its status says whether it is deleted.

    Args:
        context: Who calls; every caller may.
        image_id: The image that the location belongs to.
        location: ``id`` of the location; ``url``, ``metadata`` and ``status`` as in
            `image_location_add`.

    Raises:
        Invalid: a value is missing or wrong, or has a character beyond U+FFFF.
        NotFound: the image has no location of that id.
    """
    given = _checked(location, image_id)
    if given.id is None:
        raise Invalid(
            f"a location of image {values.worded(image_id)} is to be updated, and has no id"
        )
    with db.store.writing() as tables:
        _update(tables, _location(tables, image_id, given.id), given)


def image_location_delete(
    db: HasStore,
    context: Context | None,
    image_id: str,
    location_id: int,
    status: str,
    delete_time: dt.datetime | None = None,
) -> None:
    """Soft-delete a location of an image; one that is deleted already is deleted again.

    Args:
        context: Who calls; every caller may.
        image_id: The image that the location belongs to.
        location_id: The id of the location.
        status: ``deleted``, or ``pending_delete``.
        delete_time: Ignored, as in Glance's driver: the location is deleted now.

    Raises:
        Invalid: it has another status.
        NotFound: the image has no location of that id.
    """
    if status not in _DELETED_STATUSES:
        raise Invalid(
            f"a location is deleted with status deleted or pending_delete, "
            f"not {values.shown(status)}"
        )
    deleted_status: str = values.stored(_COLUMNS["status"], status)
    with db.store.writing() as tables:
        _delete(tables, _location(tables, image_id, location_id), deleted_status)


def location_dicts(tables: Tables, image_id: str, *, show_deleted: bool) -> list[LocationDict]:
    """Return fresh dicts of the image's locations in the order in which they were added."""
    return [
        {
            "id": row.id,
            "url": row.value,
            "metadata": values.json_copy(row.meta_data),
            "status": row.status,
        }
        for row in tables.locations.where(image_id=image_id)
        if show_deleted or not row.deleted
    ]


def set_locations(tables: Tables, image_id: str, locations: Iterable[object]) -> None:
    """Give the image these locations: those with an id are updated, the others added in order.

    Live locations whose id is not among them are soft-deleted. If several are wrong, the error
    of the first is raised, as in Glance's driver.

    Raises:
        Invalid: a location is no dict; or has a character beyond U+FFFF.
        NotFound: its id is not one of the image's locations.
        Invalid: a value of it is missing or wrong.
    """
    given = [values.mapping(location, "a location") for location in locations]
    kept = [location.get("id") for location in given]
    for row in tables.locations.where(image_id=image_id):
        if not row.deleted and row.id not in kept:
            _delete(tables, row, "deleted")
    for location in given:
        if location.get("id") is None:
            _add(tables, image_id, _new(location))
        else:
            values.refuse_beyond_basic_plane(location)
            _update(tables, _location(tables, image_id, location["id"]), _checked(location))


def delete_locations(tables: Tables, image_id: str) -> None:
    """Soft-delete every live location of the image."""
    for row in tables.locations.where(image_id=image_id):
        if not row.deleted:
            _delete(tables, row, "deleted")


def _new(location: object, *guarded: object) -> _Values:
    """Return a checked location to add; a status or metadata of None is the default."""
    given = values.mapping(location, "a location")
    defaults = {"status": "active", "metadata": {}}
    missing = {key: value for key, value in defaults.items() if key in given and given[key] is None}
    return _checked(given | missing | {"id": None}, *guarded)


def _checked(location: object, *guarded: object) -> _Values:
    given = values.mapping(location, "a location")
    values.refuse_beyond_basic_plane(given, *guarded)
    values.require_keys(given, ["url", "metadata", "status"], "the location")
    return _Values(
        id=given.get("id"),
        value=values.stored(_COLUMNS["value"], given["url"]),
        meta_data=values.stored(_COLUMNS["meta_data"], given["metadata"]),
        status=values.stored(_COLUMNS["status"], given["status"]),
    )


def _add(tables: Tables, image_id: str, given: _Values) -> None:
    image = tables.images.get(image_id)
    if image is None:
        raise ImageNotFound(f"No image found with ID {values.worded(image_id)}, to have a location")
    tables.locations.put(
        Location(
            id=tables.locations.new_id(),
            image_id=image.id,
            value=given.value,
            meta_data=given.meta_data,
            status=given.status,
            created_at=tables.now,
            updated_at=tables.now,
            **_deletion(given.status, tables.now),
        )
    )


def _update(tables: Tables, row: Location, given: _Values) -> None:
    tables.locations.put(
        attrs.evolve(
            row,
            value=given.value,
            meta_data=given.meta_data,
            status=given.status,
            updated_at=tables.now,
            **_deletion(given.status, tables.now),
        )
    )


def _deletion(status: str, now: dt.datetime) -> dict[str, Any]:
    deleted = status in _DELETED_STATUSES
    return {"deleted": deleted, "deleted_at": now if deleted else None}


def _delete(tables: Tables, row: Location, status: str) -> None:
    tables.locations.put(attrs.evolve(soft_deleted(row, tables.now), status=status))


def _location(tables: Tables, image_id: str, location_id: int) -> Location:
    row = tables.locations.get(location_id)
    if row is None or row.image_id != values.uuid_as_text(image_id):
        raise NotFound(
            f"No location found with ID {values.worded(location_id)} among those of image "
            f"{values.worded(image_id)}"
        )
    return row
