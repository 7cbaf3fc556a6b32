"""Faults of the image cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simple_db.oracle.faults.breaking import breaks

if TYPE_CHECKING:
    from simple_db.oracle.faults.breaking import Asked


@breaks("update_hit_count")
def hits_are_not_counted(call: Asked) -> Any:
    """Every read of a cached image is counted."""
    return call.answer_keeping("cached_images", "hits")


@breaks("update_hit_count")
def a_read_leaves_last_accessed(call: Asked) -> Any:
    """A read renews when a cached image was last accessed."""
    return call.answer_keeping("cached_images", "last_accessed")


@breaks("get_least_recently_accessed")
def the_most_recently_accessed_is_returned(call: Asked) -> Any:
    """The image that was read the longest ago is returned."""
    images = call.database.get_cached_images(call.context, call.given["node_reference_url"])
    latest = max(images, key=lambda image: image["last_accessed"], default=None)
    return latest and latest["image_id"]


@breaks("insert_cache_details")
def an_image_is_cached_anew(call: Asked) -> Any:
    """Inserting the details of an image that is cached already changes nothing."""
    given = call.given
    call.database.delete_cached_image(call.context, given["image_id"], given["node_reference_url"])
    return call.answer()


@breaks("is_image_cached_for_node")
def the_cache_of_any_server_will_do(call: Asked) -> Any:
    """The caches of servers are separate."""
    return bool(call.database.get_cached_nodes(call.context, call.given["image_id"]))


@breaks("delete_all_cached_images")
def the_caches_of_all_servers_are_emptied(call: Asked) -> Any:
    """The caches of other servers stay as they are."""
    with call.rows("cached_images") as rows:
        rows.replace({}, rows.next_id)
    return call.answer()
