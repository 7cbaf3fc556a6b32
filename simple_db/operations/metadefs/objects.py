"""Objects of a namespace: groups of properties, each a JSON schema."""

from collections.abc import Mapping
from typing import Any, cast

from simple_db.model import values
from simple_db.model.errors import MetadefDuplicateObject, MetadefObjectNotFound
from simple_db.model.records import MetadefObject
from simple_db.model.shapes import Context, MetadefObjectDict
from simple_db.operations.metadefs import rows
from simple_db.operations.metadefs.content import Kind
from simple_db.operations.metadefs.scope import visible_namespace
from simple_db.operations.visibility import caller_of
from simple_db.store import HasStore

OBJECTS: Kind[MetadefObject] = Kind(
    "object",
    MetadefObject,
    lambda tables: tables.metadef_objects,
    MetadefObjectNotFound,
    MetadefDuplicateObject,
)


def metadef_object_get_all(
    db: HasStore, context: Context | None, namespace_name: str
) -> list[MetadefObjectDict]:
    """Return fresh dicts of the namespace's objects in the order in which they were added.

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
        return [_dict(row) for row in OBJECTS.all(tables, namespace)]


def metadef_object_get(
    db: HasStore, context: Context | None, namespace_name: str, object_name: str
) -> MetadefObjectDict:
    """Return a fresh dict of the object of that name.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefObjectNotFound: it has no such object.
    """
    caller = caller_of(context)
    with db.store.reading() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        return _dict(OBJECTS.named(tables, namespace, object_name))


def metadef_object_create(
    db: HasStore, context: Context | None, namespace_name: str, object_dict: Mapping[str, Any]
) -> MetadefObjectDict:
    """Add an object to the namespace and return a fresh dict of it.

    Args:
        context: Who calls; every caller that sees the namespace may.
        namespace_name: A namespace that the caller may see.
        object_dict: ``name``, text; ``description``, text; ``required``, text (Glance writes names
            of properties there, separated by commas); ``json_schema``, anything that JSON can
            hold, an empty dict unless given. The database sets times and ids.

    Raises:
        Invalid: a value is missing or wrong, or has a character beyond U+FFFF.
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefDuplicateObject: it has an object of that name.
    """
    caller = caller_of(context)
    values.refuse_beyond_basic_plane(namespace_name, object_dict)
    given = OBJECTS.new_values(object_dict)
    with db.store.writing() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        return _dict(OBJECTS.create(tables, namespace, given))


def metadef_object_update(
    db: HasStore,
    context: Context | None,
    namespace_name: str,
    object_id: int,
    object_dict: Mapping[str, Any],
) -> MetadefObjectDict:
    """Change an object of the namespace and return a fresh dict of it.

    Values that are what the object has already change nothing, ``updated_at`` included.

    Args:
        context: Who calls; every caller that sees the namespace may.
        namespace_name: A namespace that the caller may see.
        object_id: The id of the object.
        object_dict: As in `metadef_object_create`, each optional.

    Raises:
        Invalid: a value is wrong, has a character beyond U+FFFF, or is another ``id`` or
            ``namespace_id``.
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefObjectNotFound: it has no object of that id.
        MetadefDuplicateObject: it has another object of that name.
    """
    caller = caller_of(context)
    values.refuse_beyond_basic_plane(namespace_name, object_dict)
    given = rows.changes(MetadefObject, object_dict)
    with db.store.writing() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        return _dict(OBJECTS.update(tables, namespace, object_id, given))


def metadef_object_delete(
    db: HasStore, context: Context | None, namespace_name: str, object_name: str
) -> MetadefObjectDict:
    """Remove an object of the namespace and return a fresh dict of what it was.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefObjectNotFound: it has no such object.
    """
    caller = caller_of(context)
    with db.store.writing() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        return _dict(OBJECTS.delete(tables, namespace, object_name))


def metadef_object_delete_namespace_content(
    db: HasStore, context: Context | None, namespace_name: str
) -> int:
    """Remove all objects of the namespace and return their number.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
    """
    caller = caller_of(context)
    with db.store.writing() as tables:
        return OBJECTS.delete_all(tables, visible_namespace(tables, caller, namespace_name))


def metadef_object_count(db: HasStore, context: Context | None, namespace_name: str) -> int:
    """Return how many objects the namespace has.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
    """
    caller = caller_of(context)
    with db.store.reading() as tables:
        return len(OBJECTS.all(tables, visible_namespace(tables, caller, namespace_name)))


def _dict(row: MetadefObject) -> MetadefObjectDict:
    return cast("MetadefObjectDict", rows.row_dict(row))
