"""Associations of namespaces with the types of resources that their definitions are for."""

from collections.abc import Mapping
from typing import Any

from simple_db.model.errors import (
    MetadefDuplicateResourceTypeAssociation,
    MetadefResourceTypeAssociationNotFound,
)
from simple_db.model.records import Association, Namespace, ResourceType, columns_of, key_of
from simple_db.model.shapes import AssociationDict, Context
from simple_db.model.values import mapping, require_keys, stored, stored_columns
from simple_db.operations.metadefs.resource_types import add_resource_type, resource_type_named
from simple_db.operations.metadefs.scope import visible_namespace
from simple_db.operations.visibility import caller_of
from simple_db.store import HasStore, Tables

_NAME = columns_of(ResourceType)["name"]
_OWN = ("properties_target", "prefix")


def metadef_resource_type_association_get(
    db: HasStore, context: Context | None, namespace_name: str, resource_type_name: str
) -> AssociationDict:
    """Return a fresh dict of the association of the namespace with the resource type.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefResourceTypeNotFound: there is no such resource type.
        MetadefResourceTypeAssociationNotFound: the two are not associated.
    """
    caller = caller_of(context)
    with db.store.reading() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        return _dict(tables, _association(tables, namespace, resource_type_name))


def metadef_resource_type_association_get_all_by_namespace(
    db: HasStore, context: Context | None, namespace_name: str
) -> list[AssociationDict]:
    """Return fresh dicts of all associations of the namespace.

    They come in the order in which their resource types were added.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
    """
    caller = caller_of(context)
    with db.store.reading() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        found = tables.associations.where(namespace_id=namespace.id)
        return [_dict(tables, row) for row in found]


def metadef_resource_type_association_create(
    db: HasStore, context: Context | None, namespace_name: str, values: Mapping[str, Any]
) -> AssociationDict:
    """Associate the namespace with a resource type and return a fresh dict of the association.

    A resource type that does not exist is added, unprotected.

    Args:
        context: Who calls; every caller that sees the namespace may.
        namespace_name: A namespace that the caller may see.
        values: ``name`` of the resource type, text; ``properties_target`` (whose properties,
            such as ``image`` for a volume) and ``prefix`` of their names, text or None.

    Raises:
        Invalid: a value is missing or wrong.
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefDuplicateResourceTypeAssociation: the two are associated already.
    """
    name, given = _checked(values)
    caller = caller_of(context)
    with db.store.writing() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        found = tables.resource_types.where(name=name)
        resource_type = found[0] if found else add_resource_type(tables, {"name": name})
        return _dict(tables, _associate(tables, namespace, resource_type, given))


def metadef_resource_type_association_delete(
    db: HasStore, context: Context | None, namespace_name: str, resource_type_name: str
) -> AssociationDict:
    """Remove an association and return a fresh dict of what it was; the resource type stays.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefResourceTypeNotFound: there is no such resource type.
        MetadefResourceTypeAssociationNotFound: the two are not associated.
    """
    caller = caller_of(context)
    with db.store.writing() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        row = _association(tables, namespace, resource_type_name)
        tables.associations.remove(key_of(row))
        return _dict(tables, row)


def _checked(association: object) -> tuple[str, dict[str, Any]]:
    """Return the name of the resource type, and what the association stores."""
    named = mapping(association, "the values of an association")
    require_keys(named, ["name", *_OWN], "the association")
    name: str = stored(_NAME, named["name"])
    return name, stored_columns(Association, {key: named[key] for key in _OWN})


def _association(tables: Tables, namespace: Namespace, resource_type_name: object) -> Association:
    resource_type = resource_type_named(tables, resource_type_name)
    row = tables.associations.get((resource_type.id, namespace.id))
    if row is None:
        raise MetadefResourceTypeAssociationNotFound(
            f"No association of resource-type={resource_type.name} to "
            f"namespace={namespace.namespace} was found among the metadata definitions"
        )
    return row


def _associate(
    tables: Tables, namespace: Namespace, resource_type: ResourceType, given: dict[str, Any]
) -> Association:
    now = tables.now
    row = Association(
        resource_type_id=resource_type.id,
        namespace_id=namespace.id,
        created_at=now,
        updated_at=now,
        **given,
    )
    if tables.associations.get(key_of(row)) is not None:
        raise MetadefDuplicateResourceTypeAssociation(
            f"The metadata definition association of resource-type={resource_type.name} to "
            f"namespace={namespace.namespace} exists already"
        )
    return tables.associations.put(row)


def _dict(tables: Tables, row: Association) -> AssociationDict:
    return {
        "name": tables.resource_types.rows[row.resource_type_id].name,
        "properties_target": row.properties_target,
        "prefix": row.prefix,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
