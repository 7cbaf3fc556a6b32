"""Custom properties of images: one row for each name, deleted or not."""

from collections.abc import Collection, Mapping
from typing import Any, cast

import attrs

from simple_db.model.errors import Duplicate, ImageNotFound, NotFound
from simple_db.model.records import Image, Property, as_dict, columns_of, soft_deleted
from simple_db.model.shapes import Context, PropertyDict
from simple_db.model.values import (
    mapping,
    refuse_beyond_basic_plane,
    require_keys,
    shown,
    stored,
    stored_columns,
    worded,
)
from simple_db.queries.plan import Parents
from simple_db.store import HasStore, Tables

_COLUMNS = columns_of(Property)


def image_property_create(
    db: HasStore, context: Context | None, values: Mapping[str, Any]
) -> PropertyDict:
    """Add a property to an image and return a fresh dict of it.

    Args:
        context: Who calls; every caller may.
        values: ``image_id`` and ``name``, text; ``value``, text or None.

    Raises:
        Invalid: a value is missing or wrong.
        ImageNotFound: there is no such image.
        Duplicate: the image has a property of that name, live or deleted.
    """
    given = _given(values)
    with db.store.writing() as tables:
        image_id, name = given["image_id"], given["name"]
        _require_image(tables, image_id, name)
        if _find(tables, image_id, name) is not None:
            raise Duplicate(f"Image {image_id} has, or had, a property {name!r}; update the image")
        return _property_dict(_add(tables, image_id, name, given.get("value")))


def image_property_delete(
    db: HasStore, context: Context | None, prop_ref: str, image_ref: str
) -> PropertyDict:
    """Soft-delete a property of an image and return a fresh dict of it.

    A deleted property can be deleted again, which renews its ``deleted_at``.

    Args:
        context: Who calls; every caller may.
        prop_ref: The name of the property.
        image_ref: The id of the image.

    Raises:
        NotFound: the image has no property of that name, nor had one.
    """
    with db.store.writing() as tables:
        row = _find(tables, image_ref, prop_ref)
        if row is None:
            raise NotFound(f"Image {worded(image_ref)} has no property {shown(prop_ref)}")
        return _property_dict(tables.properties.put(soft_deleted(row, tables.now)))


def image_set_property_atomic(db: HasStore, image_id: str, name: str, value: str | None) -> None:
    """Set a property that the image does not have: of many callers at once, one succeeds.

    A soft-deleted property of that name is revived with the new value.

    Raises:
        Invalid: the name or the value is no text.
        ImageNotFound: there is no such image.
        Duplicate: the image has the property; another caller was first.
    """
    given = _given({"image_id": image_id, "name": name, "value": value})
    with db.store.writing() as tables:
        _require_image(tables, image_id, name)
        row = _find(tables, image_id, given["name"])
        if row is None:
            _add(tables, given["image_id"], given["name"], given["value"])
        elif row.deleted:
            _revive(tables, row, given["value"])
        else:
            raise Duplicate(f"Image {image_id} has the property {name!r} already")


def image_delete_property_atomic(db: HasStore, image_id: str, name: str, value: str | None) -> None:
    """Remove a property, row and all, if it has exactly this value: of many callers one succeeds.

    Raises:
        Invalid: the value is no text.
        NotFound: the image has no live property of that name and value.
    """
    wanted = stored(_COLUMNS["value"], value)
    with db.store.writing() as tables:
        row = _find(tables, image_id, name)
        if row is None or row.deleted or row.value != wanted:
            raise NotFound(
                f"Image {worded(image_id)} has no property {shown(name)} with that value"
            )
        tables.properties.remove(row.id)


def property_dicts(tables: Tables, image_id: str) -> list[PropertyDict]:
    """Return fresh dicts of the image's properties, deleted ones too, in the order of their ids."""
    return [_property_dict(row) for row in tables.properties.where(image_id=image_id)]


def _property_dict(row: Property) -> PropertyDict:
    return cast("PropertyDict", as_dict(row))


def has_property(tables: Tables, image_id: str, name: str, value: str | None) -> bool:
    """Return whether the image has a live property of that name and value."""
    row = _find(tables, image_id, name)
    return row is not None and not row.deleted and row.value == value


def images_with(tables: Tables, name: object, value: str | None) -> Collection[Image]:
    """Return the images that have a property of that name and value, deleted or not."""
    found = tables.properties.having(name=name, value=value)
    return Parents(tables.images.rows, found, "image_id")


def checked(properties: object, *, leave_out: Collection[str] = ()) -> dict[str, str | None]:
    """Return names and values of a caller's properties, as the table stores them.

    Values of names to leave out are not checked.

    Raises:
        Invalid: they are no dict of text, or have a character beyond U+FFFF.
    """
    named = mapping(properties, "properties")
    refuse_beyond_basic_plane(named)
    return {
        stored(_COLUMNS["name"], name): stored(_COLUMNS["value"], value)
        for name, value in named.items()
        if name not in leave_out
    }


def set_properties(
    tables: Tables,
    image_id: str,
    properties: Mapping[str, str | None],
    *,
    purge: bool,
    keep: Collection[str],
) -> None:
    """Set these properties of the image, and with `purge` soft-delete every other row.

    Names in `keep` are not purged. A row that is deleted already is deleted again by a purge, as
    in Glance's driver, which renews its ``deleted_at``.
    """
    existing = {row.name: row for row in tables.properties.where(image_id=image_id)}
    for name, value in properties.items():
        if name in existing:
            _revive(tables, existing[name], value)
        else:
            _add(tables, image_id, name, value)
    for name, row in existing.items():
        if purge and name not in properties and name not in keep:
            tables.properties.put(soft_deleted(row, tables.now))


def _given(properties: Mapping[str, Any]) -> dict[str, Any]:
    named = mapping(properties, "the values of a property")
    require_keys(named, ["image_id", "name"], "the property")
    return stored_columns(Property, named)


def _require_image(tables: Tables, image_id: str, name: str) -> None:
    if tables.images.get(image_id) is None:
        raise ImageNotFound(f"No image found with ID {image_id}, to have a property {name!r}")


def _find(tables: Tables, image_id: str, name: str) -> Property | None:
    return next(iter(tables.properties.where(image_id=image_id, name=name)), None)


def _add(tables: Tables, image_id: str, name: str, value: str | None) -> Property:
    return tables.properties.put(
        Property(
            id=tables.properties.new_id(),
            image_id=image_id,
            name=name,
            value=value,
            created_at=tables.now,
            updated_at=tables.now,
        )
    )


def _revive(tables: Tables, row: Property, value: str | None) -> None:
    # A write that changes nothing leaves `updated_at` alone, and `deleted_at` stays for good.
    if row.deleted or row.value != value:
        tables.properties.put(attrs.evolve(row, value=value, deleted=False, updated_at=tables.now))
