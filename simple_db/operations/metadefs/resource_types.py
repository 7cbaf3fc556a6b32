"""Types of resources that metadata definitions apply to; every caller may see and change them."""

from collections.abc import Mapping
from typing import Any, cast

from simple_db.model.errors import (
    MetadefDuplicateResourceType,
    MetadefIntegrityError,
    MetadefResourceTypeNotFound,
    ProtectedMetadefResourceTypeSystemDelete,
)
from simple_db.model.records import ResourceType
from simple_db.model.shapes import Context, ResourceTypeDict
from simple_db.model.values import worded
from simple_db.operations.metadefs import rows
from simple_db.store import HasStore, Tables


def metadef_resource_type_create(
    db: HasStore, context: Context | None, values: Mapping[str, Any]
) -> ResourceTypeDict:
    """Add a resource type and return a fresh dict of it.

    Args:
        context: Who calls; every caller may.
        values: ``name``, text; ``protected``, False unless given. The database sets times and
            ids.

    Raises:
        Invalid: a value is missing or wrong.
        MetadefDuplicateResourceType: there is one of that name.
    """
    given = rows.new_values(ResourceType, values, ["name"])
    with db.store.writing() as tables:
        return _dict(add_resource_type(tables, given))


def metadef_resource_type_get(
    db: HasStore, context: Context | None, resource_type_name: str
) -> ResourceTypeDict:
    """Return a fresh dict of the resource type of that name.

    Raises:
        MetadefResourceTypeNotFound: there is none.
    """
    with db.store.reading() as tables:
        return _dict(resource_type_named(tables, resource_type_name))


def metadef_resource_type_get_all(db: HasStore, context: Context | None) -> list[ResourceTypeDict]:
    """Return fresh dicts of all resource types in the order in which they were added."""
    with db.store.reading() as tables:
        return [_dict(row) for row in tables.resource_types.where()]


def metadef_resource_type_delete(
    db: HasStore, context: Context | None, resource_type_name: str
) -> ResourceTypeDict:
    """Remove a resource type and return a fresh dict of what it was.

    Args:
        context: Who calls; every caller may.
        resource_type_name: The name of a resource type that no namespace is associated with.

    Raises:
        MetadefResourceTypeNotFound: there is none of that name.
        ProtectedMetadefResourceTypeSystemDelete: it is protected.
        MetadefIntegrityError: a namespace is associated with it.
    """
    with db.store.writing() as tables:
        row = resource_type_named(tables, resource_type_name)
        _require_removable(tables, row)
        tables.resource_types.remove(row.id)
        return _dict(row)


def resource_type_named(tables: Tables, name: object) -> ResourceType:
    """Return the resource type of that name.

    Raises:
        MetadefResourceTypeNotFound: there is none.
    """
    found = tables.resource_types.where(name=name)
    if not found:
        raise MetadefResourceTypeNotFound(
            f"No metadata definition resource-type with name={worded(name)} was found"
        )
    return found[0]


def add_resource_type(tables: Tables, given: dict[str, Any]) -> ResourceType:
    """Add a resource type and return it.

    Raises:
        MetadefDuplicateResourceType: there is one of that name.
    """
    if tables.resource_types.where(name=given["name"]):
        raise MetadefDuplicateResourceType(
            f"A metadata definition resource-type with name={given['name']} exists already"
        )
    now = tables.now
    row = ResourceType(id=tables.resource_types.new_id(), created_at=now, updated_at=now, **given)
    return tables.resource_types.put(row)


def _require_removable(tables: Tables, row: ResourceType) -> None:
    if row.protected:
        raise ProtectedMetadefResourceTypeSystemDelete(
            f"Metadata definition resource-type {row.name} is protected, and is not deleted"
        )
    associations = len(tables.associations.where(resource_type_id=row.id))
    if associations:
        raise MetadefIntegrityError(
            f"The metadata definition resource-type with name={row.name} is not deleted: it is "
            f"associated with {associations} namespaces"
        )


def _dict(row: ResourceType) -> ResourceTypeDict:
    return cast("ResourceTypeDict", rows.row_dict(row))
