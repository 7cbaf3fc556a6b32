"""The functions of the Glance database API as methods: the table that `Database` inherits."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from simple_db.operations import (
    cached_images,
    images,
    locations,
    members,
    properties,
    purge,
    quotas,
    tags,
    tasks,
    visibility,
)
from simple_db.operations.metadefs import associations as metadef_associations
from simple_db.operations.metadefs import namespaces as metadef_namespaces
from simple_db.operations.metadefs import objects as metadef_objects
from simple_db.operations.metadefs import properties as metadef_properties
from simple_db.operations.metadefs import resource_types as metadef_resource_types
from simple_db.operations.metadefs import tags as metadef_tags

if TYPE_CHECKING:
    from simple_db.store import Store

M = TypeVar("M", bound=Callable[..., Any])


def of_a_database(method: M) -> M:
    """Tell who calls the method on the class to make a database first."""

    @functools.wraps(method)
    def call(self: object, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(self, Functions):
            name = method.__name__
            raise TypeError(
                f"{name} is a method of a database, not of the class: `db = Database()` and "
                f"`db.{name}(...)`, or `with Database.open(path) as db`"
            )
        return method(self, *args, **kwargs)

    return cast("M", call)


class Functions:
    """The functions of Glance's database API, as methods of what has a store.

    As an annotation it takes a `simple_db.Database` and a `simple_db.glance.Driver`.
    """

    if TYPE_CHECKING:

        @property
        def store(self) -> Store:
            """Where the rows are."""
            ...

    image_create = images.image_create
    image_update = images.image_update
    image_destroy = images.image_destroy
    image_restore = images.image_restore
    image_get = images.image_get
    image_get_all = images.image_get_all

    image_location_add = locations.image_location_add
    image_location_update = locations.image_location_update
    image_location_delete = locations.image_location_delete

    image_property_create = properties.image_property_create
    image_property_delete = properties.image_property_delete
    image_set_property_atomic = properties.image_set_property_atomic
    image_delete_property_atomic = properties.image_delete_property_atomic

    image_member_create = members.image_member_create
    image_member_update = members.image_member_update
    image_member_delete = members.image_member_delete
    image_member_find = members.image_member_find
    image_member_count = members.image_member_count

    image_tag_set_all = tags.image_tag_set_all
    image_tag_create = tags.image_tag_create
    image_tag_delete = tags.image_tag_delete
    image_tag_get_all = tags.image_tag_get_all

    is_image_mutable = visibility.is_image_mutable
    is_image_visible = visibility.is_image_visible

    user_get_storage_usage = quotas.user_get_storage_usage
    user_get_staging_usage = quotas.user_get_staging_usage
    user_get_image_count = quotas.user_get_image_count
    user_get_uploading_count = quotas.user_get_uploading_count

    task_create = tasks.task_create
    task_update = tasks.task_update
    task_delete = tasks.task_delete
    task_get = tasks.task_get
    task_get_all = tasks.task_get_all
    tasks_get_by_image = tasks.tasks_get_by_image

    metadef_namespace_create = metadef_namespaces.metadef_namespace_create
    metadef_namespace_update = metadef_namespaces.metadef_namespace_update
    metadef_namespace_delete = metadef_namespaces.metadef_namespace_delete
    metadef_namespace_get = metadef_namespaces.metadef_namespace_get
    metadef_namespace_get_all = metadef_namespaces.metadef_namespace_get_all

    metadef_object_create = metadef_objects.metadef_object_create
    metadef_object_update = metadef_objects.metadef_object_update
    metadef_object_delete = metadef_objects.metadef_object_delete
    metadef_object_get = metadef_objects.metadef_object_get
    metadef_object_get_all = metadef_objects.metadef_object_get_all
    metadef_object_count = metadef_objects.metadef_object_count
    metadef_object_delete_namespace_content = (
        metadef_objects.metadef_object_delete_namespace_content
    )

    metadef_property_create = metadef_properties.metadef_property_create
    metadef_property_update = metadef_properties.metadef_property_update
    metadef_property_delete = metadef_properties.metadef_property_delete
    metadef_property_get = metadef_properties.metadef_property_get
    metadef_property_get_all = metadef_properties.metadef_property_get_all
    metadef_property_count = metadef_properties.metadef_property_count
    metadef_property_delete_namespace_content = (
        metadef_properties.metadef_property_delete_namespace_content
    )

    metadef_tag_create = metadef_tags.metadef_tag_create
    metadef_tag_create_tags = metadef_tags.metadef_tag_create_tags
    metadef_tag_update = metadef_tags.metadef_tag_update
    metadef_tag_delete = metadef_tags.metadef_tag_delete
    metadef_tag_get = metadef_tags.metadef_tag_get
    metadef_tag_get_all = metadef_tags.metadef_tag_get_all
    metadef_tag_count = metadef_tags.metadef_tag_count
    metadef_tag_delete_namespace_content = metadef_tags.metadef_tag_delete_namespace_content

    metadef_resource_type_create = metadef_resource_types.metadef_resource_type_create
    metadef_resource_type_delete = metadef_resource_types.metadef_resource_type_delete
    metadef_resource_type_get = metadef_resource_types.metadef_resource_type_get
    metadef_resource_type_get_all = metadef_resource_types.metadef_resource_type_get_all

    metadef_resource_type_association_create = (
        metadef_associations.metadef_resource_type_association_create
    )
    metadef_resource_type_association_delete = (
        metadef_associations.metadef_resource_type_association_delete
    )
    metadef_resource_type_association_get = (
        metadef_associations.metadef_resource_type_association_get
    )
    metadef_resource_type_association_get_all_by_namespace = (
        metadef_associations.metadef_resource_type_association_get_all_by_namespace
    )

    node_reference_create = cached_images.node_reference_create
    node_reference_get_by_url = cached_images.node_reference_get_by_url
    insert_cache_details = cached_images.insert_cache_details
    update_hit_count = cached_images.update_hit_count
    get_hit_count = cached_images.get_hit_count
    is_image_cached_for_node = cached_images.is_image_cached_for_node
    get_cached_images = cached_images.get_cached_images
    get_cached_nodes = cached_images.get_cached_nodes
    get_least_recently_accessed = cached_images.get_least_recently_accessed
    delete_cached_image = cached_images.delete_cached_image
    delete_all_cached_images = cached_images.delete_all_cached_images

    purge_deleted_rows = purge.purge_deleted_rows
    purge_deleted_rows_from_images = purge.purge_deleted_rows_from_images

    @of_a_database
    def configure(self) -> None:
        """Do nothing: there is no engine to configure, and Glance calls this at start-up."""

    @of_a_database
    def clear_db_env(self) -> None:
        """Do nothing: there is no engine to forget. To forget the rows, call `reset`."""

    @of_a_database
    def reset(self) -> None:
        """Forget every row, and count ids from 1 again."""
        with self.store.writing() as tables:
            for table in tables:
                table.replace({}, next_id=1)
