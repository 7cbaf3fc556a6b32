"""For every fault of the oracle's self-test a short program on which it shows."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any

from simple_db.oracle.programs.calls import (
    Call,
    call,
    location_id,
    member_id,
    parameters_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from simple_db.oracle.programs.calls import Program


class Api:
    """Writes a call as it is made: what is required by place, the rest by name."""

    def __getattr__(self, function: str) -> Callable[..., Call]:
        return functools.partial(_written, function)


def _written(function: str, *places: Any, **names: Any) -> Call:
    takes = parameters_of(function)
    context, given = (places[0], places[1:]) if takes.has_context else (None, places)
    return call(function, context, **dict(zip(takes.required, given, strict=True)), **names)


api = Api()

IMAGE = {"id": "image-1", "status": "active"}
LOCATION = {"url": "file:///a", "metadata": {}, "status": "active"}
TASK = {"id": "task-1", "type": "import", "status": "pending", "owner": "alice", "input": {}}
FIRST = location_id("image-1", 0)
CHANGED = IMAGE | {"url": "file:///a", "metadata": {"store": "file"}, "id": FIRST}
MEMBER = {"image_id": "image-1", "member": "pending"}
ITS_ID = member_id("image-1", "pending", include_deleted=True)
PROPERTY = {"image_id": "image-1", "name": "os", "value": "1"}
NAMESPACE = {"namespace": "ns-1", "owner": "alice", "visibility": "private"}
DAY = dt.datetime(2020, 1, 1)  # noqa: DTZ001 - naive UTC, as every time in the database


def on_an_image(*calls: Call, **values: Any) -> Program:
    return (api.image_create("admin", IMAGE | values), *calls)


def on_a_task(*calls: Call, **values: Any) -> Program:
    return (api.task_create("admin", TASK | values), *calls)


def on_a_namespace(*calls: Call, **values: Any) -> Program:
    return (api.metadef_namespace_create("admin", NAMESPACE | values), *calls)


def on_a_server(*calls: Call) -> Program:
    return (api.node_reference_create("admin", "http://here"), *calls)


SHOWN: dict[str, Program] = {
    "from state is dropped": on_an_image(
        api.image_update("admin", "image-1", {}, from_state="queued")
    ),
    "purge props is dropped": on_an_image(
        api.image_property_create("admin", PROPERTY),
        api.image_update("admin", "image-1", {}, purge_props=True),
    ),
    "an update loses properties": on_an_image(
        api.image_update("admin", "image-1", {"properties": {"p": None}}),
        api.image_update("admin", "image-1", {}),
    ),
    "atomic properties are overwritten": on_an_image(
        api.image_update("admin", "image-1", {"properties": {"os": "1"}}),
        api.image_update("admin", "image-1", {}, purge_props=True, atomic_props=["os"]),
    ),
    "an update leaves updated at": on_an_image(
        api.image_update("admin", "image-1", {}), api.image_get_all("admin")
    ),
    "a refused update leaves a trace": on_an_image(
        api.image_update("admin", "image-1", {"status": "queued"}, from_state="queued"),
        api.image_get_all("admin"),
    ),
    "a public image is merely forbidden": on_an_image(
        api.image_update("stranger", "image-1", {}), visibility="public"
    ),
    "a stranger may destroy": on_an_image(api.image_destroy("stranger", "image-1")),
    "an error is swallowed": (api.image_destroy("admin", "image-1"),),
    "a destroyed image has another status": on_an_image(
        api.image_destroy("admin", "image-1"), api.image_get_all("admin")
    ),
    "a destroyed image lacks deleted at": on_an_image(
        api.image_destroy("admin", "image-1"), api.image_get_all("admin")
    ),
    "tags outlive their image": on_an_image(
        api.image_tag_create("admin", "image-1", "t1"),
        api.image_destroy("admin", "image-1"),
        api.image_get_all("admin", return_tag=True),
    ),
    "members outlive their image": on_an_image(
        api.image_member_create("admin", MEMBER),
        api.image_destroy("admin", "image-1"),
        api.image_member_find("admin", include_deleted=True),
    ),
    "properties outlive their image": on_an_image(
        api.image_destroy("admin", "image-1"),
        api.image_get_all("admin"),
        properties={"ram_min2": "1"},
    ),
    "locations outlive their image": on_an_image(
        api.image_destroy("admin", "image-1"), api.image_get_all("admin"), locations=[LOCATION]
    ),
    "any image is restored": on_an_image(api.image_restore("admin", "image-1")),
    "an image is created twice": on_an_image(api.image_create("admin", IMAGE)),
    "characters beyond the basic plane are replaced": (
        api.image_create("admin", IMAGE | {"name": "😀"}),
    ),
    "an invisible image is not found": on_an_image(
        api.image_get("stranger", "image-1"), owner="alice"
    ),
    "everybody gets deleted images": on_an_image(
        api.image_destroy("admin", "image-1"), api.image_get("stranger", "image-1")
    ),
    "can see deleted is not looked at": on_an_image(
        api.image_destroy("admin", "image-1"), api.image_get("admin_not_seeing_deleted", "image-1")
    ),
    "only accepted members get an image": on_an_image(
        api.image_member_create("admin", {"image_id": "image-1", "member": "alice"}),
        api.image_get("alice", "image-1"),
        owner="accepted",
    ),
    "community is taken for public": on_an_image(
        api.image_get("admin", "image-1", v1_mode=True), visibility="community"
    ),
    "a deactivated image shows its locations": on_an_image(
        api.image_location_add("admin", "image-1", LOCATION),
        api.image_get("stranger", "image-1"),
        status="deactivated",
    ),
    "locations come in reverse order": on_an_image(
        api.image_location_add("admin", "image-1", LOCATION | {"url": "file:///b"}),
        api.image_location_add("admin", "image-1", LOCATION),
        api.image_get("admin", "image-1"),
    ),
    "an old answer is given again": on_an_image(
        api.image_get("alice", "image-1"),
        api.image_update("admin", "image-1", {"min_ram": 2}),
        api.image_get("alice", "image-1"),
    ),
    "the status of a membership is dropped": on_an_image(
        api.image_member_create("admin", MEMBER),
        api.is_image_visible(
            "pending",
            {"id": "image-1", "owner": "alice", "visibility": "shared"},
            status="rejected",
        ),
    ),
    "whoever has no project owns what nobody owns": (
        api.is_image_mutable("nobody", {"visibility": "shared", "id": "image-1", "owner": None}),
    ),
    "a page is one too long": on_an_image(
        api.image_create("admin", IMAGE | {"id": "image-3"}), api.image_get_all("admin", limit=1)
    ),
    "a limit of 0 is none": on_an_image(api.image_get_all("admin", limit=0)),
    "a page begins with its marker": on_an_image(api.image_get_all("admin", marker="image-1")),
    "nulls are largest": on_an_image(
        api.image_create("admin", IMAGE | {"id": "image-2"}),
        api.image_update("admin", "image-1", {"name": "%"}),
        api.image_get_all("admin", sort_key=["name"]),
    ),
    "the second direction is reversed": on_an_image(
        api.image_create("admin", IMAGE | {"id": "image-2"}),
        api.image_get_all("admin", sort_key=["protected", "created_at"], sort_dir=["asc", "asc"]),
    ),
    "in is taken for text": on_an_image(
        api.image_update("admin", "image-1", {"container_format": "ovf"}),
        api.image_get_all("admin", filters={"container_format": "in:ovf,bare,ovf,bare,bare,ovf"}),
    ),
    "size min excludes its bound": on_an_image(
        api.image_update("admin", "image-1", {"size": 4}),
        api.image_get_all("admin", filters={"size_min": 4}),
    ),
    "gte is taken for gt": on_an_image(
        api.image_get_all("admin", filters={"created_at": "gte:2020-01-01T00:00:00Z"}),
        created_at=DAY,
    ),
    "changes since is dropped": on_an_image(
        api.image_get_all("admin", filters={"changes-since": DAY}), updated_at=DAY
    ),
    "os hidden is dropped": on_an_image(
        api.image_update("admin", "image-1", {"os_hidden": True}),
        api.image_get_all("admin", filters={"os_hidden": False}),
    ),
    "is public is dropped": on_an_image(api.image_get_all("admin", is_public=True)),
    "deleted properties match": on_an_image(
        api.image_property_create("admin", PROPERTY),
        api.image_property_delete("admin", "os", "image-1"),
        api.image_get_all("admin", filters={"properties": {"os": "1"}}),
    ),
    "filters by a property are dropped": on_an_image(
        api.image_get_all("admin", filters={"os": "1"})
    ),
    "one tag is enough": on_an_image(
        api.image_tag_create("admin", "image-1", "t1"),
        api.image_get_all("admin", filters={"tags": ["t1", "t2"]}),
    ),
    "killed images are live": on_an_image(
        api.image_update("admin", "image-1", {"status": "killed"}),
        api.image_get_all("admin", filters={"deleted": False}),
    ),
    "deleted images are left out": on_an_image(
        api.image_destroy("admin", "image-1"), api.image_get_all("admin")
    ),
    "a bad query is fine where nothing is listed": (api.image_get_all("admin", sort_dir=["up"]),),
    "the status of members is dropped": on_an_image(
        api.image_member_create("admin", {"image_id": "image-1", "member": "alice"}),
        api.image_get_all("alice"),
    ),
    "nothing is shared with those without project": on_an_image(
        api.image_member_create("admin", MEMBER), api.image_get_all("nobody")
    ),
    "images without owner are listed": on_an_image(api.image_get_all("stranger")),
    "administrators are listed community images": on_an_image(
        api.image_get_all("admin"), visibility="community"
    ),
    "admin as user is dropped": on_an_image(api.image_get_all("admin", admin_as_user=True)),
    "a new member has accepted": on_an_image(
        api.image_member_create("admin", {"image_id": "image-1", "member": "alice"})
    ),
    "a second membership is refused": on_an_image(
        api.image_member_create("admin", MEMBER), api.image_member_create("admin", MEMBER)
    ),
    "a deleted membership stays deleted": on_an_image(
        api.image_member_create("admin", MEMBER),
        api.image_member_delete("admin", ITS_ID),
        api.image_member_update("admin", ITS_ID, {}),
        api.image_member_find("admin", include_deleted=True),
    ),
    "can share is remembered": on_an_image(
        api.image_member_create(
            "admin", {"image_id": "image-1", "member": "pending", "can_share": True}
        ),
        api.image_member_update("admin", ITS_ID, {}),
        api.image_member_find("admin"),
    ),
    "an update of nothing renews updated at": on_an_image(
        api.image_member_create("admin", MEMBER),
        api.image_member_update("admin", ITS_ID, {}),
        api.image_member_find("admin"),
    ),
    "deleted members count": on_an_image(
        api.image_member_create("admin", MEMBER),
        api.image_member_delete("admin", ITS_ID),
        api.image_member_count("admin", "image-1"),
    ),
    "everybody finds all members": on_an_image(
        api.image_member_create("admin", MEMBER), api.image_member_find("stranger")
    ),
    "deleted members are found": on_an_image(
        api.image_member_create("admin", MEMBER),
        api.image_destroy("admin", "image-1"),
        api.image_member_delete("admin", member_id("image-1", "pending")),
    ),
    "setting all tags appends": on_an_image(
        api.image_tag_set_all("admin", "image-1", [""]),
        api.image_tag_set_all("admin", "image-1", []),
        api.image_get_all("admin", return_tag=True),
    ),
    "a tag is there once": on_an_image(
        api.image_tag_create("admin", "image-1", "t1"),
        api.image_tag_create("admin", "image-1", "t1"),
        api.image_get_all("admin", return_tag=True),
    ),
    "deleted tags are returned": on_an_image(
        api.image_tag_create("admin", "image-1", "t1"),
        api.image_tag_delete("admin", "image-1", "t1"),
        api.image_tag_get_all("admin", "image-1"),
    ),
    "every new location is active": on_an_image(
        api.image_location_add("admin", "image-1", LOCATION | {"status": "deleted"}),
        api.image_get_all("admin"),
    ),
    "new metadata is dropped": on_an_image(
        api.image_location_add("admin", "image-1", LOCATION),
        api.image_location_update("admin", "image-1", CHANGED),
        api.image_get_all("admin"),
    ),
    "locations share their metadata": on_an_image(
        api.image_location_add("admin", "image-1", LOCATION),
        api.image_location_add("admin", "image-1", LOCATION),
        api.image_location_update("admin", "image-1", CHANGED),
        api.image_get_all("admin"),
    ),
    "a deleted location keeps its status": on_an_image(
        api.image_location_add("admin", "image-1", LOCATION),
        api.image_location_delete("admin", "image-1", FIRST, "deleted"),
        api.image_get("admin", "image-1", force_show_deleted=True),
    ),
    "a location of another image is deleted": on_an_image(
        api.image_location_add("admin", "image-1", LOCATION),
        api.image_location_delete("admin", "image-2", FIRST, "deleted"),
    ),
    "no locations are set": on_an_image(
        api.image_location_add("admin", "image-1", LOCATION),
        api.image_update("admin", "image-1", {"locations": []}),
        api.image_get_all("admin"),
    ),
    "an atomic property is overwritten": on_an_image(
        api.image_set_property_atomic("image-1", "os", ""), properties={"os": "1"}
    ),
    "an atomic property is deleted whatever its value": on_an_image(
        api.image_delete_property_atomic("image-1", "os", "x"), properties={"os": "1"}
    ),
    "a deleted property is gone": on_an_image(
        api.image_property_create("admin", PROPERTY),
        api.image_property_delete("admin", "os", "image-1"),
        api.image_get_all("admin"),
    ),
    "deleted images do not count": on_an_image(
        api.image_destroy("admin", "image-1"),
        api.user_get_image_count("admin", "alice"),
        owner="alice",
    ),
    "killed images count": on_an_image(
        api.user_get_image_count("admin", "alice"), status="killed", owner="alice"
    ),
    "images that are saved do not count": on_an_image(
        api.user_get_uploading_count("admin", "alice"), status="saving", owner="alice"
    ),
    "an import takes no room": on_an_image(
        api.image_update("admin", "image-1", {"owner": "alice", "size": 2, "status": "importing"}),
        api.user_get_staging_usage("admin", "alice"),
    ),
    "the image to leave out is counted": on_an_image(
        api.image_update("admin", "image-1", {"owner": "alice", "size": 2, "status": "active"}),
        api.image_location_add("admin", "image-1", LOCATION),
        api.user_get_storage_usage("admin", "alice", image_id="image-1"),
    ),
    "what waits for its deletion takes no room": on_an_image(
        api.image_update("admin", "image-1", {"owner": "alice", "size": 2}),
        api.image_location_add("admin", "image-1", LOCATION | {"status": "pending_delete"}),
        api.user_get_storage_usage("admin", "alice"),
    ),
    "the message is dropped": (
        api.task_create("admin", TASK | {"type": "export", "status": "success", "message": ""}),
    ),
    "the result is lost": on_a_task(
        api.task_update("admin", "task-1", {}),
        status="processing",
        owner="stranger",
        input="t",
        result={},
    ),
    "a deleted task stays deleted": on_a_task(
        api.task_delete("admin", "task-1"),
        api.task_update("admin", "task-1", {}),
        api.task_get("admin", "task-1"),
        owner="stranger",
        input="t",
    ),
    "the task of another is not found": on_a_task(
        api.task_get("alice", "task-1"), owner="stranger"
    ),
    "tasks of others are listed": on_a_task(api.task_get_all("stranger"), input=[]),
    "expired tasks stay": on_a_task(
        api.task_get_all("stranger"),
        api.task_get("admin", "task-1"),
        type="export",
        status="processing",
        owner="stranger",
        expires_at=DAY,
    ),
    "the marker of tasks is dropped": on_a_task(
        api.task_get_all("admin", marker="task-1"), type="export", input=[]
    ),
    "private namespaces are listed": on_a_namespace(
        api.metadef_namespace_get_all("alice"), owner="stranger"
    ),
    "a protected namespace is not deleted": on_a_namespace(
        api.metadef_namespace_delete("admin", "ns-1"), protected=True
    ),
    "objects outlive their namespace": on_a_namespace(
        api.metadef_object_create("admin", "ns-1", {"name": "two"}),
        api.metadef_namespace_delete("admin", "ns-1"),
        api.metadef_namespace_create("admin", NAMESPACE | {"visibility": "public"}),
        api.metadef_object_get_all("admin", "ns-1"),
    ),
    "everybody sees private objects": on_a_namespace(
        api.metadef_object_get_all("stranger", "ns-1")
    ),
    "tags go with objects": on_a_namespace(
        api.metadef_tag_create("admin", "ns-1", {"name": "two"}),
        api.metadef_object_delete_namespace_content("admin", "ns-1"),
        api.metadef_tag_get_all("admin", "ns-1"),
        owner="stranger",
    ),
    "can append is dropped": on_a_namespace(
        api.metadef_tag_create("admin", "ns-1", {"name": "one"}),
        api.metadef_tag_create_tags("admin", "ns-1", [{"name": "one"}], can_append=True),
        owner="stranger",
        visibility="public",
    ),
    "the prefix is dropped": on_a_namespace(
        api.metadef_resource_type_association_create(
            "admin", "ns-1", {"prefix": "a", "name": "volume", "properties_target": ""}
        ),
        visibility="public",
    ),
    "hits are not counted": on_a_server(
        api.insert_cache_details("admin", "http://here", "image-1", 2),
        api.update_hit_count("admin", "image-1", "http://here"),
        api.get_cached_images("admin", "http://here"),
    ),
    "a read leaves last accessed": on_a_server(
        api.insert_cache_details("admin", "http://here", "image-1", 2),
        api.update_hit_count("admin", "image-1", "http://here"),
        api.get_cached_images("admin", "http://here"),
    ),
    "the most recently accessed is returned": on_a_server(
        api.insert_cache_details("admin", "http://here", "image-1", 2),
        api.insert_cache_details("admin", "http://here", "image-3", 3),
        api.get_least_recently_accessed("admin", "http://here"),
    ),
    "an image is cached anew": on_a_server(
        api.insert_cache_details("admin", "http://here", "image-1", 0),
        api.insert_cache_details("admin", "http://here", "image-1", 0, hits=3),
        api.get_cached_images("admin", "http://here"),
    ),
    "the cache of any server will do": on_a_server(
        api.insert_cache_details("admin", "http://here", "image-1", 1),
        api.is_image_cached_for_node("admin", "http://there", "image-1"),
    ),
    "the caches of all servers are emptied": on_a_server(
        api.insert_cache_details("admin", "http://here", "image-1", 4),
        api.delete_all_cached_images("admin", "http://there"),
        api.get_cached_images("admin", "http://here"),
    ),
}
