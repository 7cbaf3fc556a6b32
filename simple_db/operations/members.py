"""Members of images: the projects that an image is shared with."""

from collections.abc import Mapping
from typing import Any, cast

import attrs

from simple_db.model.errors import ImageNotFound, Invalid, NotFound
from simple_db.model.records import Member, as_dict, soft_deleted
from simple_db.model.shapes import Context, MemberDict
from simple_db.model.values import (
    mapping,
    refuse_beyond_basic_plane,
    require_keys,
    stored_columns,
    worded,
)
from simple_db.operations.visibility import Caller, caller_of
from simple_db.store import HasStore, Tables

_WRITABLE = frozenset({"image_id", "member", "can_share", "status"})


def image_member_create(
    db: HasStore, context: Context | None, values: Mapping[str, Any]
) -> MemberDict:
    """Share an image with a project and return a fresh dict of the membership.

    Nothing forbids a second live membership of the same project, as in Glance's driver.

    Args:
        context: Who calls; every caller may.
        values: ``image_id`` and ``member`` (a project), text; ``status``, ``pending`` unless
            given; ``can_share``, False unless given.

    Raises:
        Invalid: a value is missing or wrong, or has a character beyond U+FFFF.
        ImageNotFound: there is no such image.
    """
    given = _complete(values)
    with db.store.writing() as tables:
        _require_image(tables, given["image_id"], given["member"])
        now = tables.now
        row = Member(id=tables.members.new_id(), created_at=now, updated_at=now, **given)
        return _member_dict(tables.members.put(row))


def image_member_update(
    db: HasStore, context: Context | None, memb_id: int, values: Mapping[str, Any]
) -> MemberDict:
    """Change a membership and return a fresh dict of it.

    A deleted membership is live again afterwards; ``can_share`` is False unless it is given.

    Args:
        context: Who calls; every caller may.
        memb_id: The id of the membership.
        values: As in `image_member_create`, each optional.

    Raises:
        Invalid: a value is wrong.
        NotFound: there is no such membership.
        ImageNotFound: the new image of the membership does not exist.
    """
    given = {"can_share": False} | _writable(values)
    with db.store.writing() as tables:
        row = _member(tables, memb_id)
        changed = attrs.evolve(row, deleted=False, **given)
        _require_image(tables, changed.image_id, changed.member)
        if changed != row:  # a write that changes nothing leaves `updated_at` alone
            changed = tables.members.put(attrs.evolve(changed, updated_at=tables.now))
        return _member_dict(changed)


def image_member_delete(db: HasStore, context: Context | None, memb_id: int) -> None:
    """Soft-delete a membership.

    Args:
        context: Who calls; every caller may.
        memb_id: The id of the membership.

    Raises:
        NotFound: there is no such membership.
    """
    with db.store.writing() as tables:
        tables.members.put(soft_deleted(_member(tables, memb_id), tables.now))


def image_member_find(
    db: HasStore,
    context: Context | None,
    image_id: str | None = None,
    member: str | None = None,
    status: str | None = None,
    include_deleted: bool = False,
) -> list[MemberDict]:
    """Return fresh dicts of the memberships that the caller may see, in the order of their ids.

    An administrator sees all, anyone else those of their own images and their own.

    Args:
        context: Who calls; None is an administrator.
        image_id: If given, only memberships of this image.
        member: If given, only memberships of this project.
        status: If given, only memberships of this status.
        include_deleted: Whether soft-deleted memberships are returned too.
    """
    caller = caller_of(context)
    with db.store.reading() as tables:
        return [
            _member_dict(row)
            for row in _candidates(tables, image_id, member)
            if (include_deleted or not row.deleted)
            and (status is None or row.status == status)
            and _may_see_member(tables, caller, row)
        ]


def image_member_count(db: HasStore, context: Context | None, image_id: str) -> int:
    """Return the number of live memberships of the image; none for an image that does not exist.

    Raises:
        Invalid: the image id is empty or None.
    """
    if not image_id:
        raise Invalid("image_member_count needs the id of an image")
    with db.store.reading() as tables:
        # Not str(): a subclass of text may return another text.
        asked = worded(image_id)
        rows = tables.members.where(image_id=asked)
        return sum(not row.deleted for row in rows)


def _complete(member: Mapping[str, Any]) -> dict[str, Any]:
    named = mapping(member, "the values of a member")
    refuse_beyond_basic_plane(named)
    given = {key: value for key, value in named.items() if value is not None}
    require_keys(given, ["image_id", "member"], "the member")
    return _writable(given)


def _writable(member: Mapping[str, Any]) -> dict[str, Any]:
    named = mapping(member, "the values of a member")
    return stored_columns(Member, {key: value for key, value in named.items() if key in _WRITABLE})


def _require_image(tables: Tables, image_id: str, member: str) -> None:
    if tables.images.get(image_id) is None:
        raise ImageNotFound(f"No image found with ID {image_id}, to be shared with {member}")


def _member(tables: Tables, memb_id: int) -> Member:
    row = tables.members.get(memb_id)
    if row is None:
        raise NotFound(f"No image member found with ID {worded(memb_id)}")
    return row


def _candidates(tables: Tables, image_id: str | None, member: str | None) -> list[Member]:
    if image_id is None:
        return tables.members.where() if member is None else [*tables.members.having(member=member)]
    if member is None:
        return tables.members.where(image_id=image_id)
    return tables.members.where(image_id=image_id, member=member)


def _may_see_member(tables: Tables, caller: Caller, row: Member) -> bool:
    if caller.is_admin:
        return True
    image = tables.images.rows[row.image_id]
    # To a caller without project, an image without owner is its own.
    return caller.owner in (image.owner, row.member)


def _member_dict(row: Member) -> MemberDict:
    member = as_dict(row)
    del member["deleted_at"]
    return cast("MemberDict", member)
