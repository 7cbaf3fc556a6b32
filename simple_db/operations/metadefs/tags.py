"""Tags of a namespace, which it proposes for images."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from simple_db.model import values
from simple_db.model.errors import MetadefDuplicateTag, MetadefTagNotFound
from simple_db.model.records import MetadefTag
from simple_db.model.shapes import Context, MetadefTagDict, SortDirection
from simple_db.operations.metadefs import rows
from simple_db.operations.metadefs.content import Kind
from simple_db.operations.metadefs.scope import visible_namespace
from simple_db.operations.visibility import caller_of
from simple_db.queries import paging
from simple_db.store import HasStore

TAGS: Kind[MetadefTag] = Kind(
    "tag", MetadefTag, lambda tables: tables.metadef_tags, MetadefTagNotFound, MetadefDuplicateTag
)


def metadef_tag_get_all(
    db: HasStore,
    context: Context | None,
    namespace_name: str,
    filters: object = None,
    marker: int | None = None,
    limit: int | None = None,
    sort_key: str = "created_at",
    sort_dir: SortDirection | None = "desc",
) -> list[MetadefTagDict]:
    """Return fresh dicts of a page of the namespace's tags.

    Args:
        context: Who calls; None is an administrator.
        namespace_name: A namespace that the caller may see.
        filters: Ignored, as in Glance's driver.
        marker: The id of the tag behind whose place in the order the page starts.
        limit: The largest number of tags; None is no limit.
        sort_key: A column of a tag; ties are broken by ``created_at`` and ``id``.
        sort_dir: ``asc`` or ``desc``; None is ``asc``.

    Raises:
        InvalidSortDir: the direction is another.
        InvalidSortKey: the key is no column.
        Invalid: the limit is no number, or negative.
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefTagNotFound: the marker is no tag of the namespace.
    """
    order = rows.page_order(MetadefTag, sort_key, sort_dir)
    size = paging.page_limit(limit)
    caller = caller_of(context)
    with db.store.reading() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        start = None if marker is None else TAGS.of_id(tables, namespace, marker)
        page = paging.page(TAGS.all(tables, namespace), order, start, size)
        return [_dict(row) for row in page]


def metadef_tag_get(
    db: HasStore, context: Context | None, namespace_name: str, name: str
) -> MetadefTagDict:
    """Return a fresh dict of the tag of that name.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefTagNotFound: it has no such tag.
    """
    caller = caller_of(context)
    with db.store.reading() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        return _dict(TAGS.named(tables, namespace, name))


def metadef_tag_create(
    db: HasStore, context: Context | None, namespace_name: str, tag_dict: Mapping[str, Any]
) -> MetadefTagDict:
    """Add a tag to the namespace and return a fresh dict of it.

    Args:
        context: Who calls; every caller that sees the namespace may.
        namespace_name: A namespace that the caller may see.
        tag_dict: ``name``, text. The database sets times and ids.

    Raises:
        Invalid: a value is missing or wrong, or has a character beyond U+FFFF.
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefDuplicateTag: it has a tag of that name.
    """
    caller = caller_of(context)
    values.refuse_beyond_basic_plane(namespace_name, tag_dict)
    given = TAGS.new_values(tag_dict)
    with db.store.writing() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        return _dict(TAGS.create(tables, namespace, given))


def metadef_tag_create_tags(
    db: HasStore,
    context: Context | None,
    namespace_name: str,
    tag_list: Iterable[Mapping[str, Any]] | None,
    can_append: bool = False,
) -> list[MetadefTagDict]:
    """Give the namespace these tags, in place of all that it has, and return fresh dicts of them.

    Without any tag nothing happens, and the namespace need not exist, as in Glance's driver.
    Characters beyond U+FFFF are not refused.

    Args:
        context: Who calls; every caller that sees the namespace may.
        namespace_name: A namespace that the caller may see.
        tag_list: Dicts as in `metadef_tag_create`.
        can_append: Whether the tags that the namespace has already stay.

    Raises:
        Invalid: the tags are no list of dicts, or a value is missing or wrong.
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefDuplicateTag: two of the tags have one name, or one has that of a tag that stays.
    """
    caller = caller_of(context)
    given = [] if tag_list is None else values.sequence(tag_list, "tag_list")
    new = [TAGS.new_values(tag) for tag in given]
    if not new:
        return []
    with db.store.writing() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        if not can_append:
            TAGS.delete_all(tables, namespace)
        return [_dict(TAGS.create(tables, namespace, tag)) for tag in new]


def metadef_tag_update(
    db: HasStore,
    context: Context | None,
    namespace_name: str,
    id: int,  # noqa: A002 - the name is Glance's
    tag_dict: Mapping[str, Any],
) -> MetadefTagDict:
    """Change a tag of the namespace and return a fresh dict of it.

    Values that are what the tag has already change nothing, ``updated_at`` included.

    Args:
        context: Who calls; every caller that sees the namespace may.
        namespace_name: A namespace that the caller may see.
        id: The id of the tag.
        tag_dict: As in `metadef_tag_create`, each optional.

    Raises:
        Invalid: a value is wrong, has a character beyond U+FFFF, or is another ``id`` or
            ``namespace_id``.
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefTagNotFound: it has no tag of that id.
        MetadefDuplicateTag: it has another tag of that name.
    """
    caller = caller_of(context)
    values.refuse_beyond_basic_plane(namespace_name, tag_dict)
    given = rows.changes(MetadefTag, tag_dict)
    with db.store.writing() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        return _dict(TAGS.update(tables, namespace, id, given))


def metadef_tag_delete(
    db: HasStore, context: Context | None, namespace_name: str, name: str
) -> MetadefTagDict:
    """Remove a tag of the namespace and return a fresh dict of what it was.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
        MetadefTagNotFound: it has no such tag.
    """
    caller = caller_of(context)
    with db.store.writing() as tables:
        namespace = visible_namespace(tables, caller, namespace_name)
        return _dict(TAGS.delete(tables, namespace, name))


def metadef_tag_delete_namespace_content(
    db: HasStore, context: Context | None, namespace_name: str
) -> int:
    """Remove all tags of the namespace and return their number.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
    """
    caller = caller_of(context)
    with db.store.writing() as tables:
        return TAGS.delete_all(tables, visible_namespace(tables, caller, namespace_name))


def metadef_tag_count(db: HasStore, context: Context | None, namespace_name: str) -> int:
    """Return how many tags the namespace has.

    Raises:
        MetadefNamespaceNotFound: there is no such namespace.
        MetadefForbidden: the caller may not see it.
    """
    caller = caller_of(context)
    with db.store.reading() as tables:
        return len(TAGS.all(tables, visible_namespace(tables, caller, namespace_name)))


def _dict(row: MetadefTag) -> MetadefTagDict:
    return cast("MetadefTagDict", rows.row_dict(row))
