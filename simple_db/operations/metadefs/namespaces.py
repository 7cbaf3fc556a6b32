"""Namespaces: named sets of metadata definitions."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from attrs import frozen

from simple_db.model.errors import InvalidParameterValue, MetadefDuplicateNamespace
from simple_db.model.records import Namespace, columns_of
from simple_db.model.shapes import Context, NamespaceDict, SortDirection
from simple_db.model.values import mapping, refuse_beyond_basic_plane, sequence, shown, stored
from simple_db.operations.metadefs import rows
from simple_db.operations.metadefs.scope import (
    may_see_namespace,
    scope_candidates,
    visible_namespace,
    visible_namespace_of_id,
)
from simple_db.operations.visibility import caller_of
from simple_db.queries import paging, plan
from simple_db.store import HasStore, Tables

_VISIBILITY = columns_of(Namespace)["visibility"]


def metadef_namespace_get_all(
    db: HasStore,
    context: Context | None,
    marker: int | None = None,
    limit: int | None = None,
    sort_key: str = "created_at",
    sort_dir: SortDirection | None = "desc",
    filters: Mapping[str, Any] | None = None,
) -> list[NamespaceDict]:
    """Return fresh dicts of a page of the namespaces that the caller may see.

    Args:
        context: Who calls; None is an administrator.
        marker: The id of the namespace behind whose place in the order the page starts, also
            where the filters leave it out.
        limit: The largest number of namespaces; None is no limit.
        sort_key: A column of a namespace; ties are broken by ``created_at`` and ``id``.
        sort_dir: ``asc`` or ``desc``; None is ``asc``.
        filters: ``visibility``, the namespaces of that one; ``id_list``, those of these ids;
            ``resource_types``, those that are associated with one of these, separated by commas
            or in a list, which then replaces ``id_list``. Other filters are ignored, as is None
            except for ``resource_types``. Where no namespace is associated with one of these, the
            list is empty, whatever the marker, the limit and the order are.

    Raises:
        Invalid: the filters cannot be read.
        InvalidSortDir: the direction is another.
        InvalidSortKey: the key is no column.
        Invalid: the limit cannot be read.
        MetadefNamespaceNotFound: the marker does not exist.
        MetadefForbidden: the caller may not see it.
    """
    query = _parsed(filters)
    caller = caller_of(context)
    with db.store.reading() as tables:
        ids = query.ids if query.resource_types is None else _ids_for(tables, query.resource_types)
        if query.resource_types is not None and not ids:
            return []
        # Only now: Glance's driver checks none of them where no resource type matches.
        order = rows.page_order(Namespace, sort_key, sort_dir)
        size = paging.page_limit(limit)
        start = None if marker is None else visible_namespace_of_id(tables, caller, marker)
        page = plan.page(
            tables.namespaces,
            order,
            start,
            size,
            lambda row: (
                may_see_namespace(caller, row)
                and (ids is None or row.id in ids)
                and query.visibility in {None, row.visibility}
            ),
            scope_candidates(tables, caller),
        )
        return [_dict(row) for row in page]


def metadef_namespace_get(
    db: HasStore, context: Context | None, namespace_name: str
) -> NamespaceDict:
    """Return a fresh dict of the namespace of that name.

    Raises:
        MetadefNamespaceNotFound: there is none.
        MetadefForbidden: the caller may not see it.
    """
    caller = caller_of(context)
    with db.store.reading() as tables:
        return _dict(visible_namespace(tables, caller, namespace_name))


def metadef_namespace_create(
    db: HasStore, context: Context | None, values: Mapping[str, Any]
) -> NamespaceDict:
    """Add a namespace and return a fresh dict of it.

    Args:
        context: Who calls; every caller may, for any owner.
        values: ``namespace``, its name, and ``owner``, a project, text; ``display_name`` and
            ``description``, text; ``visibility``, ``public`` or another text, which shows it to
            its owner only; ``protected``, which this API ignores. The database sets times and ids.

    Raises:
        Invalid: a value is missing or wrong, or has a character beyond U+FFFF.
        MetadefDuplicateNamespace: there is one of that name.
    """
    given = _complete(values)
    with db.store.writing() as tables:
        _require_free(tables, given["namespace"])
        now = tables.now
        row = Namespace(id=tables.namespaces.new_id(), created_at=now, updated_at=now, **given)
        return _dict(tables.namespaces.put(row))


def metadef_namespace_update(
    db: HasStore, context: Context | None, namespace_id: int, namespace_dict: Mapping[str, Any]
) -> NamespaceDict:
    """Change a namespace and return a fresh dict of it.

    Values that are what the namespace has already change nothing, ``updated_at`` included.

    Args:
        context: Who calls; every caller that sees the namespace may.
        namespace_id: The id of the namespace.
        namespace_dict: As in `metadef_namespace_create`, each optional.

    Raises:
        Invalid: a value is wrong, has a character beyond U+FFFF, or is another ``id``.
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefDuplicateNamespace: there is another of that name.
    """
    caller = caller_of(context)
    refuse_beyond_basic_plane(namespace_dict)
    given = rows.changes(Namespace, namespace_dict)
    with db.store.writing() as tables:
        row = visible_namespace_of_id(tables, caller, namespace_id)
        changed = rows.changed(tables, row, given)
        if changed.namespace != row.namespace:
            _require_free(tables, changed.namespace)
        return _dict(rows.put_if_changed(tables.namespaces, row, changed))


def metadef_namespace_delete(
    db: HasStore, context: Context | None, namespace_name: str
) -> NamespaceDict:
    """Remove a namespace and all that is in it; return a fresh dict of what it was.

    Its associations go too, and the resource types stay.

    Args:
        context: Who calls; every caller that sees the namespace may.
        namespace_name: A namespace that the caller may see, protected or not.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
    """
    caller = caller_of(context)
    with db.store.writing() as tables:
        row = visible_namespace(tables, caller, namespace_name)
        for table in (
            tables.metadef_objects,
            tables.metadef_properties,
            tables.metadef_tags,
            tables.associations,
        ):
            rows.remove_of_namespace(table, row.id)
        tables.namespaces.remove(row.id)
        return _dict(row)


@frozen
class _Query:
    """What a listing asks for; None is no condition."""

    visibility: str | None
    ids: list[Any] | None
    resource_types: list[str] | None


def _parsed(filters: Mapping[str, Any] | None) -> _Query:
    given = mapping(filters or {}, "filters")
    ids = given.get("id_list")
    return _Query(
        # A query of Glance's API can have several; the driver uses the first.
        visibility=stored(_VISIBILITY, next(_values_of(filters, "visibility"), None)),
        ids=None if ids is None else sequence(ids, "the filter id_list"),
        resource_types=_names(given["resource_types"]) if "resource_types" in given else None,
    )


def _values_of(filters: Mapping[str, Any] | None, name: str) -> Iterator[Any]:
    return (value for key, value in (filters or {}).items() if key == name)


def _names(value: object) -> list[str]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidParameterValue(
            f"the filter resource_types takes text or a list of it, not {shown(value)}"
        )
    return names


def _ids_for(tables: Tables, resource_types: list[str]) -> set[int]:
    """Return the ids of the namespaces that are associated with one of the resource types."""
    return {
        association.namespace_id
        for name in resource_types
        for resource_type in tables.resource_types.where(name=name)
        for association in tables.associations.where(resource_type_id=resource_type.id)
    }


def _complete(namespace: object) -> dict[str, Any]:
    refuse_beyond_basic_plane(namespace)
    return rows.new_values(Namespace, namespace, ["namespace", "owner"])


def _require_free(tables: Tables, name: str) -> None:
    if tables.namespaces.where(namespace=name):
        raise MetadefDuplicateNamespace(f"The metadata definition namespace={name} exists already")


def _dict(row: Namespace) -> NamespaceDict:
    return cast("NamespaceDict", rows.row_dict(row))
