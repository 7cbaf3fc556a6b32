"""Who may see, list and change an image: the only reader of a context.

The rules for an image that is requested by its id are the tables `THERE`, `SEEN` and `CHANGED`; the
rules for a listing are `listing_scope` and `listing_default`. In each table it is enough that one
rule holds. To change an image, a caller must also see it, and to see it, it must exist for the
caller. A listing checks neither.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVarTuple

from attrs import frozen

from simple_db.model import values
from simple_db.model.errors import Forbidden, ForbiddenPublicImage, ImageNotFound, Invalid
from simple_db.model.records import Image, SoftDeletable
from simple_db.model.shapes import Context
from simple_db.queries import plan
from simple_db.queries.plan import Parents
from simple_db.store import HasStore, Tables


@frozen
class Caller:
    """Who calls, read from a context once a call."""

    is_admin: bool
    owner: str | None
    can_see_deleted: bool


_OPEN = ("public", "community")

_NO_CONTEXT = Caller(is_admin=True, owner=None, can_see_deleted=True)


def caller_of(context: Context | None) -> Caller:
    """Return who calls; None stands for an administrator.

    Raises:
        Invalid: the context lacks `is_admin` or `owner`, or is the class of one.
    """
    if context is None:
        return _NO_CONTEXT
    try:
        given, owner = context.is_admin, values.uuid_as_text(context.owner)
    except AttributeError as error:
        raise Invalid(
            f"a context has is_admin, owner and can_see_deleted, or is None: {error}"
        ) from error
    if hasattr(given, "__get__"):  # an attribute of the class, which would count as true
        raise Invalid(
            f"is_admin of a context is True or False, not {values.shown(given)}: a context is an "
            "object, not its class"
        )
    is_admin = bool(given)
    try:
        can_see_deleted = bool(context.can_see_deleted)
    except AttributeError:  # contexts of tests lack it; in Glance its default is is_admin
        can_see_deleted = is_admin
    return Caller(is_admin, owner, can_see_deleted)


@frozen
class Access:
    """What the rules read of an image; an `Image` has it all."""

    id: str
    owner: str | None
    visibility: str


Given = TypeVarTuple("Given")


@frozen
class Rule(Generic[*Given]):
    """What a rule says, and whether it holds."""

    says: str
    holds: Callable[[*Given], bool]


def _one_holds(rules: Iterable[Rule[*Given]], *given: *Given) -> bool:
    for rule in rules:  # noqa: SIM110 - a generator makes `image_get` a tenth longer
        if rule.holds(*given):
            return True
    return False


THERE: tuple[Rule[Caller, SoftDeletable], ...] = (
    Rule("it is not deleted", lambda _, row: not row.deleted),
    Rule("the caller can see what is deleted", lambda caller, _: caller.can_see_deleted),
)
"""When a row exists for a caller."""

SEEN: tuple[Rule[Caller, Access | Image, Tables, str | None], ...] = (
    Rule("the caller is an administrator", lambda caller, *_: caller.is_admin),
    Rule("the image has no owner", lambda _, image, *__: image.owner is None),
    Rule("the image is public or community", lambda _, image, *__: image.visibility in _OPEN),
    Rule("the caller is the owner", lambda caller, image, *_: _owns(caller, image.owner)),
    Rule(
        "the image is shared with the caller, whatever the status of the membership",
        lambda caller, image, tables, status: (
            image.visibility == "shared" and _is_member(tables, caller, image.id, status)
        ),
    ),
)
"""When a caller sees an image that exists for it."""


def _owns(caller: Caller, owner: str | None) -> bool:
    return caller.owner is not None and owner == caller.owner


CHANGED: tuple[Rule[Caller, str | None], ...] = (
    Rule("the caller is an administrator", lambda caller, _: caller.is_admin),
    Rule("the caller is the owner", _owns),
)
"""When a caller may change an image that it sees."""


def is_image_mutable(db: HasStore, context: Context | None, image: Mapping[str, Any]) -> bool:
    """Return whether the caller may change the image.

    Args:
        context: Who calls; None is an administrator.
        image: A dict of an image; only its ``owner`` is read, and it need not be stored.

    Raises:
        Invalid: the image has no ``owner``.
    """
    caller = caller_of(context)
    if caller.is_admin:
        return True
    values.require_keys(image, ["owner"], "the image")
    return may_change(caller, values.uuid_as_text(image["owner"]))


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
    """
    caller = caller_of(context)
    if caller.is_admin:
        return True
    values.require_keys(image, ["id", "owner", "visibility"], "the image")
    access = Access(image["id"], values.uuid_as_text(image["owner"]), image["visibility"])
    with db.store.reading() as tables:
        return may_see(tables, caller, access, status)


def may_see(
    tables: Tables, caller: Caller, image: Access | Image, status: str | None = None
) -> bool:
    """Return whether the caller may see the image that it requests by its id."""
    return _one_holds(SEEN, caller, image, tables, status)


def may_change(caller: Caller, owner: str | None) -> bool:
    """Return whether the caller may change the images of that owner."""
    return _one_holds(CHANGED, caller, owner)


def _is_member(tables: Tables, caller: Caller, image_id: str, status: str | None) -> bool:
    return caller.owner is not None and any(
        row.member == caller.owner and not row.deleted and (status is None or row.status == status)
        for row in tables.members.where(image_id=image_id)
    )


def exists_for(caller: Caller, row: SoftDeletable, *, show_deleted: bool = False) -> bool:
    """Return whether the row exists for the caller; a deleted row exists for some only."""
    return show_deleted or _one_holds(THERE, caller, row)


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
        raise ImageNotFound(f"No image found with ID {values.worded(image_id)}")
    if not may_see(tables, caller, image):
        raise Forbidden(f"Image {image.id} is not visible to project {values.worded(caller.owner)}")
    return image


def require_change(caller: Caller, image: Image) -> None:
    """Check that the caller may change the image.

    Raises:
        ForbiddenPublicImage: the caller may not, and the image is public or community.
        Forbidden: the caller may not, and the image is another.
    """
    if not may_change(caller, image.owner):
        kind = ForbiddenPublicImage if image.visibility in _OPEN else Forbidden
        raise kind(f"Image {image.id} is not owned by project {values.worded(caller.owner)}")


def listed(
    tables: Tables, caller: Caller, visibility: object, member_status: str, *, as_user: bool
) -> Callable[[Image], bool]:
    """Return the condition that a listing shows an image to the caller.

    The image must be in the scope of the listing and have the requested visibility. ``all`` stands
    for every visibility, None for the images that are shown by default.
    """
    in_scope = _one_of(listing_scope(tables, caller, member_status, as_user=as_user))
    by_default = _one_of(listing_default(caller))

    def has_visibility(image: Image) -> bool:
        return visibility in ("all", image.visibility)

    is_shown = by_default if visibility is None else has_visibility
    return lambda image: in_scope(image) and is_shown(image)


def _one_of(rules: Iterable[Rule[Image]]) -> Callable[[Image], bool]:
    """Return the condition that at least one of the rules holds, fast enough for a listing."""
    checks = [rule.holds for rule in rules]

    def one_holds(image: Image) -> bool:
        for holds in checks:  # noqa: SIM110 - a generator for each image doubles it
            if holds(image):
                return True
        return False

    return one_holds


def listing_scope(
    tables: Tables, caller: Caller, member_status: str = "accepted", *, as_user: bool = False
) -> list[Rule[Image]]:
    """Return the rules that bring an image into the scope of a listing.

    Args:
        tables: The tables.
        caller: Who calls.
        member_status: The status of the memberships that count; ``all`` is any.
        as_user: Whether an administrator is treated as any other caller.
    """
    if caller.is_admin and not as_user:
        return [Rule("the caller is an administrator", lambda _: True)]
    is_shared = _shared_with(tables, caller.owner, member_status)
    whom = f"the caller, and the membership is {values.worded(member_status)}"
    if caller.owner is None:
        whom = "anybody, as the caller has no project"
    return [
        Rule("the image is public or community", lambda image: image.visibility in _OPEN),
        _ownership(caller.owner),
        Rule(
            f"the image is shared with {whom}",
            lambda image: image.visibility == "shared" and is_shared(image.id),
        ),
    ]


def listing_default(caller: Caller) -> list[Rule[Image]]:
    """Return the rules that show an image in scope where no visibility is requested."""
    return [
        Rule("the image is not community", lambda image: image.visibility != "community"),
        _ownership(caller.owner),
    ]


def _ownership(owner: str | None) -> Rule[Image]:
    return Rule("the caller is the owner", lambda image: owner is not None and image.owner == owner)


def _shared_with(tables: Tables, owner: str | None, member_status: str) -> Callable[[str], bool]:
    """Return which ids are those of images that are shared with a project."""
    if owner is None:
        # In Glance's driver a caller without project is listed what is shared with anybody.
        return lambda image_id: any(
            not row.deleted for row in tables.members.where(image_id=image_id)
        )
    return lambda image_id: any(
        not row.deleted and member_status in ("all", row.status)
        for row in tables.members.where(image_id=image_id, member=owner)
    )


def scope_candidates(
    tables: Tables, caller: Caller, visibility: object, *, as_user: bool
) -> Iterator[plan.Candidates[Image]]:
    """Give the images that a listing can show, as far as an index knows its scope.

    Args:
        tables: The tables.
        caller: Who calls.
        visibility: The filter of that name.
        as_user: Whether an administrator is shown what any other caller would be.
    """
    images = tables.images
    if isinstance(visibility, str) and visibility != "all":
        yield [images.having(visibility=visibility)]
    if (caller.is_admin and not as_user) or caller.owner is None:
        return
    memberships = tables.members.having(member=caller.owner)
    yield [
        *(images.having(visibility=visible) for visible in _OPEN),
        images.having(owner=caller.owner),
        Parents(images.rows, memberships, "image_id"),
    ]
