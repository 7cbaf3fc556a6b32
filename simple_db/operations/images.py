"""Images: created, updated, destroyed, restored, found and listed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeVar, cast, overload

import attrs

from simple_db.model.errors import Conflict, Duplicate, Invalid
from simple_db.model.records import (
    IMAGE_STATUSES,
    Image,
    Member,
    Property,
    Tag,
    as_dict,
    soft_deleted,
)
from simple_db.model.shapes import (
    Context,
    ImageDict,
    SortDirection,
    TaggedImageDict,
    V1ImageDict,
)
from simple_db.model.values import (
    checked_id,
    limit_int4,
    mapping,
    refuse_beyond_basic_plane,
    sequence,
    shown,
    stored_columns,
    worded,
)
from simple_db.operations import locations, properties, tags
from simple_db.operations.visibility import (
    Caller,
    caller_of,
    listed,
    require_change,
    scope_candidates,
    visible_image,
)
from simple_db.queries import filters as image_filters
from simple_db.queries import paging, plan
from simple_db.store import HasStore, Table, Tables

Child = TypeVar("Child", Property, Member, Tag)

_PROTECTED = frozenset({"created_at", "updated_at", "deleted_at", "deleted"})


@overload
def image_create(
    db: HasStore,
    context: Context | None,
    values: Mapping[str, Any],
    v1_mode: Literal[False] = False,
) -> ImageDict: ...
@overload
def image_create(
    db: HasStore, context: Context | None, values: Mapping[str, Any], *, v1_mode: Literal[True]
) -> V1ImageDict: ...
@overload
def image_create(
    db: HasStore, context: Context | None, values: Mapping[str, Any], v1_mode: bool = False
) -> ImageDict | V1ImageDict: ...
def image_create(
    db: HasStore, context: Context | None, values: Mapping[str, Any], v1_mode: bool = False
) -> ImageDict | V1ImageDict:
    """Create an image and return a fresh dict of it.

    Args:
        context: Who calls; the image must be visible to the caller.
        values: Columns of the image, of which ``status`` is required and ``id`` is made up unless
            given; ``properties``, a dict of text; ``locations``, a list as for
            `image_location_add`; ``tags``, a list of text; ``is_public`` instead of
            ``visibility``. `size` is in bytes, `min_disk` in GB, `min_ram` in MB, times naive UTC.
            Other keys are ignored.
        v1_mode: Whether the dict has ``is_public`` instead of ``visibility``.

    Raises:
        Invalid: a value is missing or wrong, or has a character beyond U+FFFF.
        Duplicate: there is an image of that id, deleted or not.
        ImageNotFound: the image is created deleted, and the caller may not see such.
        Forbidden: the image would not be visible to the caller. No image is created.

    See docs/semantics.md, D22.
    """
    caller = caller_of(context)
    named = _named(values)
    with db.store.writing() as tables:
        image = _insert(tables, _new_columns(named))
        _set_children(tables, image, named)
        tags.add_tags(tables, image.id, named.get("tags") or ())
        visible_image(tables, caller, image.id)
        return _image_dict(tables, caller, image, v1_mode=v1_mode)


@overload
def image_update(
    db: HasStore,
    context: Context | None,
    image_id: str,
    values: Mapping[str, Any],
    purge_props: bool = False,
    from_state: str | None = None,
    v1_mode: Literal[False] = False,
    atomic_props: Collection[str] | None = None,
) -> ImageDict: ...
@overload
def image_update(
    db: HasStore,
    context: Context | None,
    image_id: str,
    values: Mapping[str, Any],
    purge_props: bool = False,
    from_state: str | None = None,
    *,
    v1_mode: Literal[True],
    atomic_props: Collection[str] | None = None,
) -> V1ImageDict: ...
@overload
def image_update(
    db: HasStore,
    context: Context | None,
    image_id: str,
    values: Mapping[str, Any],
    purge_props: bool = False,
    from_state: str | None = None,
    v1_mode: bool = False,
    atomic_props: Collection[str] | None = None,
) -> ImageDict | V1ImageDict: ...
def image_update(
    db: HasStore,
    context: Context | None,
    image_id: str,
    values: Mapping[str, Any],
    purge_props: bool = False,
    from_state: str | None = None,
    v1_mode: bool = False,
    atomic_props: Collection[str] | None = None,
) -> ImageDict | V1ImageDict:
    """Change an image and return a fresh dict of it.

    Args:
        context: Who calls; the owner or an administrator may.
        image_id: The image.
        values: As for `image_create`, each optional. Times, ``deleted`` and ``tags`` are ignored;
            no ``locations``, or an empty list, leaves the locations alone.
        purge_props: Whether properties that `values` does not name are deleted.
        from_state: If given, the status that the image must have.
        v1_mode: Whether the dict has ``is_public`` instead of ``visibility``.
        atomic_props: Names of properties that this call neither sets nor deletes.

    Raises:
        Invalid: a value has a character beyond U+FFFF.
        ImageNotFound: there is no such image, or it is deleted and the caller may not see that.
        Forbidden: the caller may not see the image, or not change it.
        ForbiddenPublicImage: the caller may not change it, and it is public or community.
        Invalid: the value of a column is wrong.
        Conflict: the status is not `from_state`.
        Invalid: the id would change.
        Forbidden: the caller would not see the image afterwards. Where `values` has its ``id``,
            this comes last.
        Invalid: a property or a location is wrong; properties come first, and locations in order.
        NotFound: a location has an id that is not one of the image's.
    """
    caller = caller_of(context)
    named = _named(values, image_id, from_state)
    with db.store.writing() as tables:
        image = visible_image(tables, caller, image_id)
        require_change(caller, image)
        changes = _changed_columns(named)
        _require_state(image, from_state, to=changes.get("status", image.status))
        _require_id(image, changes.get("id", image.id))
        image = tables.images.put(attrs.evolve(image, **changes, updated_at=tables.now))
        if "id" not in changes:
            # Glance's driver checks here too, unless it has written the id: then it finds the image
            # as it was before. The order of the errors depends on that.
            visible_image(tables, caller, image_id)
        _set_children(tables, image, named, purge=purge_props, keep=atomic_props)
        visible_image(tables, caller, image_id)
        return _image_dict(tables, caller, image, v1_mode=v1_mode)


def image_destroy(db: HasStore, context: Context | None, image_id: str) -> ImageDict:
    """Soft-delete an image with all that belongs to it, and return a fresh dict of it.

    Its ``status`` stays; its locations get the status ``deleted``.

    Args:
        context: Who calls; the owner or an administrator may.
        image_id: The image.

    Raises:
        ImageNotFound: there is no such image, or it is deleted and the caller may not see that.
        Forbidden: the caller may not see the image, or not change it.
        ForbiddenPublicImage: the caller may not change it, and it is public or community.
    """
    caller = caller_of(context)
    with db.store.writing() as tables:
        image = visible_image(tables, caller, image_id)
        require_change(caller, image)
        image = tables.images.put(soft_deleted(image, tables.now))
        locations.delete_locations(tables, image_id)
        _delete_children(tables, tables.properties, image_id)
        _delete_children(tables, tables.members, image_id)
        _delete_children(tables, tables.tags, image_id)
        return _image_dict(tables, caller, image)


def image_restore(db: HasStore, context: Context | None, image_id: str) -> None:
    """Make an image active again that waits for its deletion (``pending_delete``).

    Deleted rows that belong to it stay deleted.

    Args:
        context: Who calls; the image must be visible to the caller.
        image_id: The image.

    Raises:
        ImageNotFound: there is no such image, or it is deleted and the caller may not see that.
        Forbidden: the caller may not see the image.
        Conflict: it has another status.
    """
    caller = caller_of(context)
    with db.store.writing() as tables:
        image = visible_image(tables, caller, image_id)
        _require_state(image, "pending_delete", to="active")
        tables.images.put(
            attrs.evolve(image, status="active", deleted=False, updated_at=tables.now)
        )


@overload
def image_get(
    db: HasStore,
    context: Context | None,
    image_id: str,
    force_show_deleted: bool = False,
    v1_mode: Literal[False] = False,
) -> ImageDict: ...
@overload
def image_get(
    db: HasStore,
    context: Context | None,
    image_id: str,
    force_show_deleted: bool = False,
    *,
    v1_mode: Literal[True],
) -> V1ImageDict: ...
@overload
def image_get(
    db: HasStore,
    context: Context | None,
    image_id: str,
    force_show_deleted: bool = False,
    v1_mode: bool = False,
) -> ImageDict | V1ImageDict: ...
def image_get(
    db: HasStore,
    context: Context | None,
    image_id: str,
    force_show_deleted: bool = False,
    v1_mode: bool = False,
) -> ImageDict | V1ImageDict:
    """Return a fresh dict of the image.

    Its properties include deleted ones. Its locations do not, unless `force_show_deleted`; a
    deactivated image shows them to administrators only.

    Args:
        context: Who calls; the image must be visible to the caller.
        image_id: The image.
        force_show_deleted: Whether a deleted image is found, and deleted locations are shown.
        v1_mode: Whether the dict has ``is_public`` instead of ``visibility``.

    Raises:
        ImageNotFound: there is no such image, or it is deleted and the caller may not see that.
        Forbidden: the caller may not see it.
    """
    caller = caller_of(context)
    with db.store.reading() as tables:
        image = visible_image(tables, caller, image_id, show_deleted=force_show_deleted)
        return _image_dict(tables, caller, image, show_deleted=force_show_deleted, v1_mode=v1_mode)


@overload
def image_get_all(
    db: HasStore,
    context: Context | None,
    filters: Mapping[str, Any] | None = None,
    marker: str | None = None,
    limit: int | None = None,
    sort_key: Sequence[str] | None = None,
    sort_dir: Sequence[SortDirection] | None = None,
    member_status: str = "accepted",
    is_public: bool | None = None,
    admin_as_user: bool = False,
    return_tag: Literal[False] = False,
    v1_mode: Literal[False] = False,
) -> list[ImageDict]: ...
@overload
def image_get_all(
    db: HasStore,
    context: Context | None,
    filters: Mapping[str, Any] | None = None,
    marker: str | None = None,
    limit: int | None = None,
    sort_key: Sequence[str] | None = None,
    sort_dir: Sequence[SortDirection] | None = None,
    member_status: str = "accepted",
    is_public: bool | None = None,
    admin_as_user: bool = False,
    *,
    return_tag: Literal[True],
    v1_mode: Literal[False] = False,
) -> list[TaggedImageDict]: ...
@overload
def image_get_all(
    db: HasStore,
    context: Context | None,
    filters: Mapping[str, Any] | None = None,
    marker: str | None = None,
    limit: int | None = None,
    sort_key: Sequence[str] | None = None,
    sort_dir: Sequence[SortDirection] | None = None,
    member_status: str = "accepted",
    is_public: bool | None = None,
    admin_as_user: bool = False,
    return_tag: bool = False,
    *,
    v1_mode: Literal[True],
) -> list[V1ImageDict]: ...
@overload
def image_get_all(
    db: HasStore,
    context: Context | None,
    filters: Mapping[str, Any] | None = None,
    marker: str | None = None,
    limit: int | None = None,
    sort_key: Sequence[str] | None = None,
    sort_dir: Sequence[SortDirection] | None = None,
    member_status: str = "accepted",
    is_public: bool | None = None,
    admin_as_user: bool = False,
    return_tag: bool = False,
    v1_mode: bool = False,
) -> list[ImageDict] | list[TaggedImageDict] | list[V1ImageDict]: ...
def image_get_all(
    db: HasStore,
    context: Context | None,
    filters: Mapping[str, Any] | None = None,
    marker: str | None = None,
    limit: int | None = None,
    sort_key: Sequence[str] | None = None,
    sort_dir: Sequence[SortDirection] | None = None,
    member_status: str = "accepted",
    is_public: bool | None = None,
    admin_as_user: bool = False,
    return_tag: bool = False,
    v1_mode: bool = False,
) -> list[ImageDict] | list[TaggedImageDict] | list[V1ImageDict]:
    """Return fresh dicts of the images that match all filters, in order, one page.

    Deleted images are listed too, unless the filter ``deleted`` excludes them. All pages together
    are the whole list, for every sort key.

    Args:
        context: Who calls; `visibility.listed` says which images are listed for whom.
        filters: Any of: a column of ``images`` (None is ignored); ``name``, ``id``, ``status``,
            ``container_format``, ``disk_format`` as ``text``, ``eq:text`` or ``in:a,"b,c"``;
            ``created_at``, ``updated_at`` as ISO 8601 with ``gt:``, ``gte:``, ``lt:``, ``lte:``,
            ``neq:`` or ``eq:``; ``size_min``, ``size_max`` and so on for every numeric column,
            bounds included; ``changes-since``, a datetime; ``properties``, a dict; ``tags``, a
            list; ``visibility``, one of the four or ``all``; any other key is the name of a
            property.
        marker: The id of the image after whose place the page starts; the filters need not match.
        limit: How many images the page has at most.
        sort_key: Columns to sort by, ``created_at`` unless given. Ties are broken by
            ``created_at`` and ``id``; None is smaller than any value.
        sort_dir: ``asc`` or ``desc`` for each key, or one for all; ``desc`` unless given.
        member_status: The status of memberships that make a shared image listed; ``all`` is any.
        is_public: If given, whether public images are listed, or those that are not.
        admin_as_user: Whether an administrator is treated as any other caller.
        return_tag: Whether each dict has the image's ``tags``.
        v1_mode: Whether the dicts have ``is_public`` instead of ``visibility``.

    Raises:
        Invalid: a filter, the sort keys and directions, or the limit is wrong, whatever images
            there are; a subclass says more.
        ImageNotFound: there is no image of the marker's id, or it is deleted and not shown.
        Forbidden: the caller may not see the marker.

    See docs/semantics.md, R5.
    """
    query = image_filters.compile_filters(filters, is_public)
    order = paging.sort_order(Image, sort_key, sort_dir)
    page_limit = paging.page_limit(limit)
    caller = caller_of(context)
    with db.store.reading() as tables:
        start = None
        if marker is not None:
            start = visible_image(tables, caller, marker, show_deleted=query.shows_deleted)
        in_scope = listed(tables, caller, query.visibility, member_status, as_user=admin_as_user)
        page = plan.page(
            tables.images,
            order,
            start,
            page_limit,
            lambda image: in_scope(image) and _matches(tables, query, image),
            _candidates(tables, caller, query, as_user=admin_as_user),
        )
        return [
            _image_dict(
                tables,
                caller,
                image,
                show_deleted=query.shows_deleted,
                with_tags=return_tag,
                v1_mode=v1_mode,
            )
            for image in page
        ]


def _matches(tables: Tables, query: image_filters.ImageQuery, image: Image) -> bool:
    if not all(condition(image) for condition in query.conditions):
        return False
    if not all(properties.has_property(tables, image.id, *pair) for pair in query.properties):
        return False
    return not query.tags or set(query.tags) <= set(tags.live_tags(tables, image.id))


def _candidates(
    tables: Tables, caller: Caller, query: image_filters.ImageQuery, *, as_user: bool
) -> Iterator[plan.Candidates[Image]]:
    """Give the images that can match, by each thing that is asked for and that an index knows."""
    for column, wanted in query.equal.items():
        yield [tables.images.having(**{column: value}) for value in wanted]
    for name, value in query.properties:
        yield [properties.images_with(tables, name, value)]
    for tag in query.tags:
        yield [tags.images_with(tables, tag)]
    yield from scope_candidates(tables, caller, query.visibility, as_user=as_user)


def _image_dict(
    tables: Tables,
    caller: Caller,
    image: Image,
    *,
    show_deleted: bool = False,
    with_tags: bool = False,
    v1_mode: bool = False,
) -> ImageDict:
    """Return a fresh dict of the image as the caller may see it.

    Of the shapes of images it is the one that the overloads of the public functions say.
    """
    answer = as_dict(image)
    hides_locations = image.status == "deactivated" and not caller.is_admin
    answer["locations"] = (
        []
        if hides_locations
        else locations.location_dicts(tables, image.id, show_deleted=show_deleted)
    )
    answer["properties"] = properties.property_dicts(tables, image.id)
    if with_tags:
        answer["tags"] = tags.live_tags(tables, image.id)
    if v1_mode:
        answer["is_public"] = answer.pop("visibility") == "public"
    return cast("ImageDict", answer)


def _named(image: Mapping[str, Any], *guarded: object) -> dict[str, Any]:
    named = mapping(image, "the values of an image")
    refuse_beyond_basic_plane(named, *guarded)
    return named


def _new_columns(named: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked columns of a new image; a value of None is the column's default."""
    given = _with_visibility(named)
    _check_status(given.get("status"))
    for key in ("min_ram", "min_disk"):
        given[key] = given.get(key) or 0
    given["protected"] = bool(given.get("protected"))
    given["owner"] = given.get("owner") or None
    columns = stored_columns(
        Image, {key: value for key, value in given.items() if value is not None}
    )
    limit_int4(columns, ["min_disk", "min_ram"])
    return columns


def _changed_columns(named: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked columns of an image that are to change."""
    given = _with_visibility(named)
    if "status" in given:
        _check_status(given["status"])
    if "owner" in given:
        given["owner"] = given["owner"] or None
    columns = stored_columns(
        Image, {key: value for key, value in given.items() if key not in _PROTECTED}
    )
    limit_int4(columns, ["min_disk", "min_ram"])
    return columns


def _with_visibility(named: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of the values in which ``is_public`` has become ``visibility``."""
    given = dict(named)
    if "is_public" in given:
        if "visibility" in given:
            raise Invalid("an image has visibility or is_public among its values, not both")
        given["visibility"] = "public" if given.pop("is_public") else "shared"
    return given


def _check_status(status: object) -> None:
    if not isinstance(status, str) or status not in IMAGE_STATUSES:
        raise Invalid(
            f"the status of an image is one of {', '.join(sorted(IMAGE_STATUSES))}, "
            f"not {shown(status)}"
        )


def _require_state(image: Image, status: str | None, *, to: str) -> None:
    if status and image.status != status:
        raise Conflict(
            f"Image {image.id} cannot go from {image.status} to {to}: the call needs "
            f"{worded(status)}"
        )


def _require_id(image: Image, image_id: str) -> None:
    if image_id != image.id:
        raise Invalid(f"the id of image {image.id} cannot become {shown(image_id)}")


def _insert(tables: Tables, columns: dict[str, Any]) -> Image:
    image_id = checked_id(Image, columns.pop("id") if "id" in columns else tables.new_id())
    if tables.images.get(image_id) is not None:
        raise Duplicate(f"Image ID {image_id} already exists")
    times = {"created_at": tables.now, "updated_at": tables.now}
    return tables.images.put(Image(id=image_id, **(times | columns)))


def _set_children(
    tables: Tables,
    image: Image,
    named: Mapping[str, Any],
    *,
    purge: bool = False,
    keep: Collection[str] | None = None,
) -> None:
    """Give the image the properties and locations among its values."""
    kept = sequence(keep or (), "atomic_props")
    given = properties.checked(named.get("properties", {}), leave_out=kept)
    properties.set_properties(tables, image.id, given, purge=purge, keep=kept)
    found = sequence(named.get("locations") or (), "locations")
    if found:
        locations.set_locations(tables, image.id, found)


def _delete_children(tables: Tables, table: Table[Child], image_id: str) -> None:
    for row in table.where(image_id=image_id):
        if not row.deleted:
            table.put(soft_deleted(row, tables.now))
