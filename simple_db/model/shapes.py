"""Types of arguments and results: the context of a call, and the dicts that are returned."""

import datetime as dt
from typing import Literal, Never, NotRequired, Protocol, TypedDict

from attrs import frozen

from simple_db.model.records import Json
from simple_db.model.values import shown

Visibility = Literal["public", "community", "shared", "private"]
MemberStatus = Literal["pending", "accepted", "rejected"]
SortDirection = Literal["asc", "desc"]


class Context(Protocol):
    """Who calls: anything with these three, such as ``glance.context.RequestContext``."""

    @property
    def is_admin(self) -> bool:
        """Whether the caller may see and change every image."""
        ...

    @property
    def owner(self) -> str | None:
        """The project on whose behalf the call is made."""
        ...

    @property
    def can_see_deleted(self) -> bool | None:
        """Whether the caller can see deleted images; None, which Glance's can be, is no."""
        ...


@frozen(init=False)
class RequestContext:
    """A context that needs no other library.

    Args:
        owner: The project on whose behalf the call is made.
        is_admin: Whether the caller may see and change every image.
        can_see_deleted: Whether the caller can see deleted images; `is_admin` unless given, as in
            Glance.

    Raises:
        TypeError: an argument is given by position or by an unknown name; or `is_admin` or
            `can_see_deleted` is neither True nor False.
    """

    owner: str | None
    is_admin: bool
    can_see_deleted: bool

    def __init__(
        self,
        *given: Never,
        owner: str | None = None,
        is_admin: bool = False,
        can_see_deleted: bool | None = None,
        **unknown: Never,
    ) -> None:
        if given:
            raise TypeError(
                "RequestContext takes its arguments by their names, as in "
                f"RequestContext(owner={given[0]!r})"
            )
        for name in unknown:
            raise TypeError(
                f"RequestContext has no {name}, but owner, is_admin and can_see_deleted: the "
                "project on whose behalf a call is made is RequestContext(owner=...)"
            )
        sees = is_admin if can_see_deleted is None else can_see_deleted
        for name, value in (("is_admin", is_admin), ("can_see_deleted", sees)):
            if not isinstance(value, bool):
                raise TypeError(f"{name} of a RequestContext is True or False, not {shown(value)}")
        self.__attrs_init__(owner, is_admin, sees)


class LocationDict(TypedDict):
    """A location of an image; `url` can contain credentials."""

    id: int
    url: str
    metadata: Json
    status: str


class PropertyDict(TypedDict):
    """A row of ``image_properties``, deleted or not."""

    id: int
    image_id: str
    name: str
    value: str | None
    created_at: dt.datetime
    updated_at: dt.datetime | None
    deleted_at: dt.datetime | None
    deleted: bool


class MemberDict(TypedDict):
    """A row of ``image_members`` without its ``deleted_at``, as in Glance's driver."""

    id: int
    image_id: str
    member: str
    can_share: bool
    status: str
    created_at: dt.datetime
    updated_at: dt.datetime | None
    deleted: bool


class AnyImageDict(TypedDict):
    """What every dict of an image has: a row of ``images``, its properties and its locations.

    Deleted properties are among them. `size` and `virtual_size` are in bytes, `min_disk` in GB,
    `min_ram` in MB, times naive UTC.
    """

    id: str
    name: str | None
    disk_format: str | None
    container_format: str | None
    size: int | None
    virtual_size: int | None
    status: str
    checksum: str | None
    os_hash_algo: str | None
    os_hash_value: str | None
    min_disk: int
    min_ram: int
    owner: str | None
    protected: bool
    os_hidden: bool
    created_at: dt.datetime
    updated_at: dt.datetime | None
    deleted_at: dt.datetime | None
    deleted: bool
    properties: list[PropertyDict]
    locations: list[LocationDict]


class ImageDict(AnyImageDict):
    """An image as all functions return it; its tags are what `image_tag_get_all` returns."""

    visibility: Visibility


class TaggedImageDict(ImageDict):
    """An image as `image_get_all` returns it with ``return_tag=True``."""

    tags: list[str]


class V1ImageDict(AnyImageDict):
    """An image as a function returns it with ``v1_mode=True``; it has tags as above only."""

    is_public: bool
    tags: NotRequired[list[str]]


class ListedTaskDict(TypedDict):
    """A row of ``tasks``, as `task_get_all` returns it: without `input`, `result` and `message`."""

    id: str
    type: str
    status: str
    owner: str
    expires_at: dt.datetime | None
    image_id: str | None
    request_id: str | None
    user_id: str | None
    created_at: dt.datetime
    updated_at: dt.datetime | None
    deleted_at: dt.datetime | None
    deleted: bool


class TaskDict(ListedTaskDict):
    """A task as the other functions return it, with its row of ``task_info``.

    Every task that this API has created has one. Without it, after a snapshot from elsewhere say,
    the dict does not have these three.
    """

    input: Json
    result: Json
    message: str | None


class NodeReferenceDict(TypedDict):
    """A row of ``node_reference``."""

    node_reference_id: int
    node_reference_url: str


class CachedImageDict(TypedDict):
    """A row of ``cached_images`` of one server: `size` in bytes, times in seconds since 1970."""

    id: int
    image_id: str
    last_accessed: float
    last_modified: float
    size: int
    hits: int
    checksum: str | None


class NamespaceDict(TypedDict):
    """A row of ``metadef_namespaces``."""

    id: int
    namespace: str
    display_name: str | None
    description: str | None
    visibility: str | None
    protected: bool | None
    owner: str
    created_at: dt.datetime
    updated_at: dt.datetime | None


class MetadefObjectDict(TypedDict):
    """A row of ``metadef_objects``."""

    id: int
    namespace_id: int
    name: str
    description: str | None
    required: str | None
    json_schema: Json
    created_at: dt.datetime
    updated_at: dt.datetime | None


class MetadefPropertyDict(TypedDict):
    """A row of ``metadef_properties``."""

    id: int
    namespace_id: int
    name: str
    json_schema: Json
    created_at: dt.datetime
    updated_at: dt.datetime | None


class MetadefTagDict(TypedDict):
    """A row of ``metadef_tags``."""

    id: int
    namespace_id: int
    name: str
    created_at: dt.datetime
    updated_at: dt.datetime | None


class ResourceTypeDict(TypedDict):
    """A row of ``metadef_resource_types``."""

    id: int
    name: str
    protected: bool
    created_at: dt.datetime
    updated_at: dt.datetime | None


class AssociationDict(TypedDict):
    """An association of a namespace with the resource type of that name."""

    name: str
    properties_target: str | None
    prefix: str | None
    created_at: dt.datetime
    updated_at: dt.datetime | None
