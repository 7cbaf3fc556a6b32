"""Random races: some calls one after another, then lanes, each of which runs in its own thread.

All calls are about two images, and each race has few functions, so that its calls collide. The
comparison ignores times and ids that drivers make up, so no call sorts by time or deletes by age.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from simple_db.oracle.programs.calls import Call, Program, call, location_id, member_id

if TYPE_CHECKING:
    import random
    from collections.abc import Container, Sequence

IMAGE, RIVAL, NODE = "image-1", "image-2", "http://node"


@frozen
class Race:
    """A program with threads.

    Attributes:
        prefix: The calls before the lanes, one after another.
        lanes: The calls of each thread, one after another. Their lookups are resolved after the
            prefix, before the threads start.
        final: The calls after all lanes have ended; they have no lookups.
    """

    prefix: Program
    lanes: tuple[Program, ...]
    final: Program


def random_race(chance: random.Random, lanes: int, functions: Container[str]) -> Race:
    """Return a race of lanes with one to three calls each.

    Args:
        chance: The source of randomness.
        lanes: How many, 2 at least.
        functions: Functions that may be called.
    """
    groups = [group for group in _COLLIDING if group[0].function in functions]
    few = chance.sample(groups, min(len(groups), chance.choice([1, 2, 2, 3])))

    def lane() -> Program:
        length = chance.choice([1, 1, 2, 3])
        return tuple(chance.choice(chance.choice(few)) for _ in range(length))

    before = (*_ALWAYS, *(one for one in _SOMETIMES if chance.choice([True, False])))
    return Race(
        prefix=tuple(one for one in before if one.function in functions),
        lanes=tuple(lane() for _ in range(lanes)),
        final=tuple(one for one in _FINAL if one.function in functions),
    )


_OF_IMAGE = {"image_id": IMAGE}
_CACHED = {"image_id": IMAGE, "node_reference_url": NODE}


def _location(url: str, **columns: Any) -> dict[str, Any]:
    return {"url": url, "metadata": {}, "status": "active"} | columns


_NEW_IMAGE = {"id": IMAGE, "status": "queued", "owner": "alice", "size": 1}
_NEW_MEMBER = {"image_id": IMAGE, "member": "accepted", "status": "pending"}
_ALWAYS: Program = (
    call("image_create", "admin", values=_NEW_IMAGE | {"locations": [_location("file:///0")]}),
    call("image_member_create", "admin", values=_NEW_MEMBER),
    call("node_reference_create", "admin", node_reference_url=NODE),
)
_SOMETIMES: Program = (
    call("image_set_property_atomic", image_id=IMAGE, name="lock", value="a"),
    call("image_tag_create", "admin", image_id=IMAGE, value="red"),
    call("insert_cache_details", "admin", **_CACHED, filesize=1, hits=0),
)
_FINAL: Program = (
    call("image_get", "admin", image_id=IMAGE),
    call("image_get", "admin", image_id=RIVAL),
    call("image_tag_get_all", "admin", image_id=IMAGE),
    call("image_member_find", "admin", image_id=IMAGE),
    call("get_hit_count", "admin", **_CACHED),
)


def _varied(
    function: str, argument: str, values: Sequence[Any], context: str | None = "admin", **given: Any
) -> tuple[Call, ...]:
    """Return a call for each of the values of one argument."""
    return tuple(call(function, context, **given, **{argument: value}) for value in values)


_MEMBERSHIP = member_id(IMAGE, "accepted")
_PLACE = location_id(IMAGE, 0)
_STATUSES = [{"status": "saving"}, {"status": "active", "size": 2}]
_NAMES = [{"name": "a"}, {"name": "b"}]
_PROPERTIES = [{"properties": {"lock": "b"}}, {"properties": {"p": "a"}}, {"properties": {}}]
_PLACES = [{"locations": [_location("file:///a")]}, {"locations": [_location("file:///b")]}]

# The calls of one group have one function and get in the way of each other and of most others.
_COLLIDING: tuple[tuple[Call, ...], ...] = (
    _varied("image_set_property_atomic", "value", "abc", None, **_OF_IMAGE, name="lock"),
    _varied("image_delete_property_atomic", "value", "ab", None, **_OF_IMAGE, name="lock"),
    _varied("image_update", "values", _STATUSES, **_OF_IMAGE, from_state="queued"),
    _varied("image_update", "values", _STATUSES, **_OF_IMAGE, from_state="saving"),
    _varied("image_update", "values", [*_NAMES, *_PROPERTIES], "alice", **_OF_IMAGE),
    _varied("image_update", "values", _PROPERTIES, **_OF_IMAGE, purge_props=True),
    _varied(
        "image_update", "values", _PROPERTIES, **_OF_IMAGE, purge_props=True, atomic_props=["lock"]
    ),
    _varied("image_update", "values", _PLACES, **_OF_IMAGE),
    _varied("image_create", "values", [_NEW_IMAGE | {"id": RIVAL} | name for name in _NAMES]),
    _varied("image_destroy", "image_id", [IMAGE]),
    _varied("image_get", "image_id", [IMAGE, RIVAL]),
    _varied("image_get_all", "sort_key", [["id"]], filters={"deleted": False}, return_tag=True),
    _varied("image_property_create", "values", [_OF_IMAGE | {"name": "p", "value": "b"}]),
    _varied("image_property_delete", "prop_ref", ["p", "lock"], image_ref=IMAGE),
    _varied("image_member_create", "values", [_NEW_MEMBER, _NEW_MEMBER | {"member": "stranger"}]),
    _varied(
        "image_member_update",
        "values",
        [{"status": "accepted"}, {"can_share": True}],
        memb_id=_MEMBERSHIP,
    ),
    _varied("image_member_delete", "memb_id", [_MEMBERSHIP]),
    _varied("image_member_find", "member", ["accepted", "stranger"]),
    _varied("image_member_count", "image_id", [IMAGE]),
    _varied("image_tag_create", "value", ["red", "blue"], **_OF_IMAGE),
    _varied("image_tag_set_all", "tags", [["red"], ["blue", "green"], []], **_OF_IMAGE),
    _varied("image_tag_delete", "value", ["red", "blue"], **_OF_IMAGE),
    _varied("image_tag_get_all", "image_id", [IMAGE]),
    _varied("image_location_add", "location", [_location("file:///a")], **_OF_IMAGE),
    _varied(
        "image_location_update",
        "location",
        [_location("file:///0", id=_PLACE, metadata={key: 1}) for key in "ab"],
        **_OF_IMAGE,
    ),
    _varied(
        "image_location_delete",
        "status",
        ["deleted", "pending_delete"],
        **_OF_IMAGE,
        location_id=_PLACE,
    ),
    _varied("user_get_storage_usage", "owner_id", ["alice"]),
    _varied("user_get_image_count", "owner_id", ["alice"]),
    _varied("insert_cache_details", "filesize", [1, 2], **_CACHED),
    _varied("update_hit_count", "image_id", [IMAGE], node_reference_url=NODE),
    _varied("get_hit_count", "image_id", [IMAGE], node_reference_url=NODE),
    _varied("delete_cached_image", "image_id", [IMAGE], node_reference_url=NODE),
)
