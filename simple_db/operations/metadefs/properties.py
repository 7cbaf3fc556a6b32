"""Properties of a namespace, each a JSON schema."""

from collections.abc import Mapping
from typing import Any, cast

from simple_db.model import values
from simple_db.model.errors import MetadefDuplicateProperty, MetadefPropertyNotFound
from simple_db.model.records import MetadefProperty
from simple_db.model.shapes import Context, MetadefPropertyDict
from simple_db.operations.metadefs import rows
from simple_db.operations.metadefs.content import Kind
from simple_db.operations.metadefs.scope import visible_namespace
from simple_db.operations.visibility import caller_of
from simple_db.store import HasStore

PROPERTIES: Kind[MetadefProperty] = Kind(
    "property",
    MetadefProperty,
    lambda tables: tables.metadef_properties,
    MetadefPropertyNotFound,
    MetadefDuplicateProperty,
)


def metadef_property_get_all(
    db: HasStore, context: Context | None, namespace_name: str
) -> list[MetadefPropertyDict]:
    """Return fresh dicts of the namespace's properties in the order in which they were added.

    Args:
        context: Who calls; None is an administrator.
        namespace_name: A namespace that the caller may see.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
    """
    caller = caller_of(context)
    with db.store.reading() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        return [_dict(row) for row in PROPERTIES.all(tables, namespace)]


def metadef_property_get(
    db: HasStore, context: Context | None, namespace_name: str, property_name: str
) -> MetadefPropertyDict:
    """Return a fresh dict of the property of that name.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefPropertyNotFound: it has no such property.
    """
    caller = caller_of(context)
    with db.store.reading() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        return _dict(PROPERTIES.named(tables, namespace, property_name))


def metadef_property_create(
    db: HasStore, context: Context | None, namespace_name: str, property_dict: Mapping[str, Any]
) -> MetadefPropertyDict:
    """Add a property to the namespace and return a fresh dict of it.

    Args:
        context: Who calls; every caller that sees the namespace may.
        namespace_name: A namespace that the caller may see.
        property_dict: ``name``, text; ``json_schema``, anything that JSON can hold, an empty dict
            unless given. The database sets times and ids.

    Raises:
        Invalid: a value is missing or wrong, or has a character beyond U+FFFF.
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefDuplicateProperty: it has a property of that name.
    """
    caller = caller_of(context)
    values.refuse_beyond_basic_plane(namespace_name, property_dict)
    given = PROPERTIES.new_values(property_dict)
    with db.store.writing() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        return _dict(PROPERTIES.create(tables, namespace, given))


def metadef_property_update(
    db: HasStore,
    context: Context | None,
    namespace_name: str,
    property_id: int,
    property_dict: Mapping[str, Any],
) -> MetadefPropertyDict:
    """Change a property of the namespace and return a fresh dict of it.

    Values that are what the property has already change nothing, ``updated_at`` included.

    Args:
        context: Who calls; every caller that sees the namespace may.
        namespace_name: A namespace that the caller may see.
        property_id: The id of the property.
        property_dict: As in `metadef_property_create`, each optional.

    Raises:
        Invalid: a value is wrong, has a character beyond U+FFFF, or is another ``id`` or
            ``namespace_id``.
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefPropertyNotFound: it has no property of that id.
        MetadefDuplicateProperty: it has another property of that name.
    """
    caller = caller_of(context)
    values.refuse_beyond_basic_plane(namespace_name, property_dict)
    given = rows.changes(MetadefProperty, property_dict)
    with db.store.writing() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        return _dict(PROPERTIES.update(tables, namespace, property_id, given))


def metadef_property_delete(
    db: HasStore, context: Context | None, namespace_name: str, property_name: str
) -> MetadefPropertyDict:
    """Remove a property of the namespace and return a fresh dict of what it was.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefPropertyNotFound: it has no such property.
    """
    caller = caller_of(context)
    with db.store.writing() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        return _dict(PROPERTIES.delete(tables, namespace, property_name))


def metadef_property_delete_namespace_content(
    db: HasStore, context: Context | None, namespace_name: str
) -> int:
    """Remove all properties of the namespace and return their number.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
    """
    caller = caller_of(context)
    with db.store.writing() as tables:
        return PROPERTIES.delete_all(tables, visible_namespace(tables, caller, namespace_name))


def metadef_property_count(db: HasStore, context: Context | None, namespace_name: str) -> int:
    """Return how many properties the namespace has.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
    """
    caller = caller_of(context)
    with db.store.reading() as tables:
        return len(PROPERTIES.all(tables, visible_namespace(tables, caller, namespace_name)))


def _dict(row: MetadefProperty) -> MetadefPropertyDict:
    return cast("MetadefPropertyDict", rows.row_dict(row))
