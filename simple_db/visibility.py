"""Who may see, list and change an image: the only reader of a context.

A caller sees an image, asked for by its id, when one of these holds, and changes it when one of
those marked ``*`` does:

- the caller is an administrator *
- the image has no owner
- the image is public or community
- the caller is the owner *
- the image is shared with the caller, whatever the status of the membership

A listing has rules of its own, see `listed`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen

from simple_db import values
from simple_db.errors import Forbidden, ForbiddenPublicImage, ImageNotFound, Invalid
from simple_db.filters import ImageQuery
from simple_db.records import Image, SoftDeletable
from simple_db.shapes import Context
from simple_db.store import HasStore, Tables


@frozen
class Caller:
    """Who calls, read from a context once a call."""

    is_admin: bool
    owner: str | None
    can_see_deleted: bool


_OPEN = ("public", "community")

_ADMINISTRATOR = Caller(is_admin=True, owner=None, can_see_deleted=True)


def caller_of(context: Context | None) -> Caller:
    """Return who calls; None stands for an administrator.

    Raises:
        Invalid: the context lacks `is_admin` or `owner`.
    """
    if context is None:
        return _ADMINISTRATOR
    try:
        is_admin, owner = bool(context.is_admin), values.uuid_as_text(context.owner)
    except AttributeError as error:
        raise Invalid(
            f"a context has is_admin, owner and can_see_deleted, or is None: {error}"
        ) from error
    try:
        can_see_deleted = bool(context.can_see_deleted)
    except AttributeError:  # as in contexts that tests make up; it follows the first in Glance
        can_see_deleted = is_admin
    return Caller(is_admin, owner, can_see_deleted)


@frozen
class Access:
    """What the rules read of an image; an `Image` has it all."""

    id: str
    owner: str | None
    visibility: str


def is_image_mutable(db: HasStore, context: Context | None, image: Mapping[str, Any]) -> bool:
    """Return whether the caller may change the image.

    Args:
        context: Who calls; None is an administrator.
        image: A dict of an image; only its ``owner`` is read, and it need not be stored.

    Raises:
        Invalid: the image has no ``owner``.

    Source: "Image info methods"; ``is_image_mutable`` of Glance 33.
    """
    caller = caller_of(context)
    if caller.is_admin:
        return True
    values.required(image, ["owner"], "the image")
    return _owns(caller, values.uuid_as_text(image["owner"]))


def is_image_visible(
    db: HasStore, context: Context | None, image: Mapping[str, Any], status: str | None = None
) -> bool:
    """Return whether the caller may see the image.

    Args:
        context: Who calls; None is an administrator.
        image: A dict of an image; its ``id``, ``owner`` and ``visibility`` are read.
        status: If given, the status that a membership must have to count.

    Raises:
        Invalid: the image lacks one of the three keys.

    Source: "Image info methods"; ``is_image_visible`` of Glance 33.
    """
    caller = caller_of(context)
    if caller.is_admin:
        return True
    values.required(image, ["id", "owner", "visibility"], "the image")
    access = Access(image["id"], values.uuid_as_text(image["owner"]), image["visibility"])
    with db.store.reading() as tables:
        return may_see(tables, caller, access, status)


def may_see(
    tables: Tables, caller: Caller, image: Access | Image, status: str | None = None
) -> bool:
    """Return whether the caller may see the image when asking for it by its id."""
    return (
        caller.is_admin
        or image.owner is None
        or image.visibility in _OPEN
        or _owns(caller, image.owner)
        or (image.visibility == "shared" and _is_member(tables, caller, image.id, status))
    )


def may_change(caller: Caller, image: Access | Image) -> bool:
    """Return whether the caller may change the image."""
    return caller.is_admin or _owns(caller, image.owner)


def _owns(caller: Caller, owner: str | None) -> bool:
    return caller.owner is not None and owner == caller.owner


def _is_member(tables: Tables, caller: Caller, image_id: str, status: str | None) -> bool:
    return caller.owner is not None and any(
        row.member == caller.owner and not row.deleted and (status is None or row.status == status)
        for row in tables.members.where(image_id=image_id)
    )


def exists_for(caller: Caller, row: SoftDeletable, *, show_deleted: bool = False) -> bool:
    """Return whether the row is there for the caller: a deleted one is for some only."""
    return not row.deleted or show_deleted or caller.can_see_deleted


def visible_image(
    tables: Tables, caller: Caller, image_id: object, *, show_deleted: bool = False
) -> Image:
    """Return the image of that id.

    Raises:
        ImageNotFound: there is none, or it is deleted and the caller may not see that.
        Forbidden: the caller may not see it.
    """
    image = tables.images.get(image_id)
    if image is None or not exists_for(caller, image, show_deleted=show_deleted):
        raise ImageNotFound(f"No image found with ID {image_id}")
    if not may_see(tables, caller, image):
        raise Forbidden(f"Image {image_id} is not visible to project {caller.owner}")
    return image


def require_change(caller: Caller, image: Image) -> None:
    """Check that the caller may change the image.

    Raises:
        ForbiddenPublicImage: the caller may not, and the image is public or community.
        Forbidden: the caller may not, and the image is another.
    """
    if not may_change(caller, image):
        kind = ForbiddenPublicImage if image.visibility in _OPEN else Forbidden
        raise kind(f"Image {image.id} is not owned by project {caller.owner}")


def listed(
    tables: Tables, caller: Caller, query: ImageQuery, member_status: str, *, as_user: bool
) -> Callable[[Image], bool]:
    """Return the rule of which images a listing shows the caller.

    An administrator who does not ask `as_user` is shown every image; anyone else the public and
    community ones, their own, and those shared with them in a membership of that status (``all``
    is any). Then the filter ``visibility`` is held: without it, only one's own community images
    are shown, and with ``all`` every one.
    """
    owner = caller.owner
    everything = caller.is_admin and not as_user
    shared = set() if everything else _shared_with(tables, owner, member_status)

    def in_scope(image: Image) -> bool:
        return (
            everything
            or image.visibility in _OPEN
            or _owns(caller, image.owner)
            or (image.visibility == "shared" and image.id in shared)
        )

    def asked_for(image: Image) -> bool:
        if query.visibility is None:
            return image.visibility != "community" or _owns(caller, image.owner)
        return query.visibility in ("all", image.visibility)

    return lambda image: in_scope(image) and asked_for(image)


def _shared_with(tables: Tables, owner: str | None, member_status: str) -> set[str]:
    if owner is None:
        # Glance's driver lets a caller without project see what is shared with anybody.
        return {row.image_id for row in tables.members.rows.values() if not row.deleted}
    return {
        row.image_id
        for row in tables.members.where(member=owner)
        if not row.deleted and member_status in ("all", row.status)
    }
