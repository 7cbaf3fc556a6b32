"""Glance's database API as a module, on one database of its own.

It takes the place of ``glance.db.simple.api``::

    from simple_db.glance import api as db_api

    image = db_api.image_create(context, {"status": "queued"})

Errors are those of ``glance.common.exception``, the time is that of ``oslo_utils.timeutils``.
`database` is where the rows are and `driver` the object with the functions.
"""

import sys
from typing import TYPE_CHECKING, NoReturn

from simple_db.glance.driver import Driver, lacking, new_database

database = new_database()
driver = Driver(database)

image_create = driver.image_create
image_update = driver.image_update
image_destroy = driver.image_destroy
image_restore = driver.image_restore
image_get = driver.image_get
image_get_all = driver.image_get_all

image_location_add = driver.image_location_add
image_location_update = driver.image_location_update
image_location_delete = driver.image_location_delete

image_property_create = driver.image_property_create
image_property_delete = driver.image_property_delete
image_set_property_atomic = driver.image_set_property_atomic
image_delete_property_atomic = driver.image_delete_property_atomic

image_member_create = driver.image_member_create
image_member_update = driver.image_member_update
image_member_delete = driver.image_member_delete
image_member_find = driver.image_member_find
image_member_count = driver.image_member_count

image_tag_set_all = driver.image_tag_set_all
image_tag_create = driver.image_tag_create
image_tag_delete = driver.image_tag_delete
image_tag_get_all = driver.image_tag_get_all

is_image_mutable = driver.is_image_mutable
is_image_visible = driver.is_image_visible

user_get_storage_usage = driver.user_get_storage_usage
user_get_staging_usage = driver.user_get_staging_usage
user_get_image_count = driver.user_get_image_count
user_get_uploading_count = driver.user_get_uploading_count

task_create = driver.task_create
task_update = driver.task_update
task_delete = driver.task_delete
task_get = driver.task_get
task_get_all = driver.task_get_all
tasks_get_by_image = driver.tasks_get_by_image

metadef_namespace_create = driver.metadef_namespace_create
metadef_namespace_update = driver.metadef_namespace_update
metadef_namespace_delete = driver.metadef_namespace_delete
metadef_namespace_get = driver.metadef_namespace_get
metadef_namespace_get_all = driver.metadef_namespace_get_all

metadef_object_create = driver.metadef_object_create
metadef_object_update = driver.metadef_object_update
metadef_object_delete = driver.metadef_object_delete
metadef_object_get = driver.metadef_object_get
metadef_object_get_all = driver.metadef_object_get_all
metadef_object_count = driver.metadef_object_count
metadef_object_delete_namespace_content = driver.metadef_object_delete_namespace_content

metadef_property_create = driver.metadef_property_create
metadef_property_update = driver.metadef_property_update
metadef_property_delete = driver.metadef_property_delete
metadef_property_get = driver.metadef_property_get
metadef_property_get_all = driver.metadef_property_get_all
metadef_property_count = driver.metadef_property_count
metadef_property_delete_namespace_content = driver.metadef_property_delete_namespace_content

metadef_tag_create = driver.metadef_tag_create
metadef_tag_create_tags = driver.metadef_tag_create_tags
metadef_tag_update = driver.metadef_tag_update
metadef_tag_delete = driver.metadef_tag_delete
metadef_tag_get = driver.metadef_tag_get
metadef_tag_get_all = driver.metadef_tag_get_all
metadef_tag_count = driver.metadef_tag_count
metadef_tag_delete_namespace_content = driver.metadef_tag_delete_namespace_content

metadef_resource_type_create = driver.metadef_resource_type_create
metadef_resource_type_delete = driver.metadef_resource_type_delete
metadef_resource_type_get = driver.metadef_resource_type_get
metadef_resource_type_get_all = driver.metadef_resource_type_get_all

metadef_resource_type_association_create = driver.metadef_resource_type_association_create
metadef_resource_type_association_delete = driver.metadef_resource_type_association_delete
metadef_resource_type_association_get = driver.metadef_resource_type_association_get
metadef_resource_type_association_get_all_by_namespace = (
    driver.metadef_resource_type_association_get_all_by_namespace
)

node_reference_create = driver.node_reference_create
node_reference_get_by_url = driver.node_reference_get_by_url
insert_cache_details = driver.insert_cache_details
update_hit_count = driver.update_hit_count
get_hit_count = driver.get_hit_count
is_image_cached_for_node = driver.is_image_cached_for_node
get_cached_images = driver.get_cached_images
get_cached_nodes = driver.get_cached_nodes
get_least_recently_accessed = driver.get_least_recently_accessed
delete_cached_image = driver.delete_cached_image
delete_all_cached_images = driver.delete_all_cached_images

purge_deleted_rows = driver.purge_deleted_rows
purge_deleted_rows_from_images = driver.purge_deleted_rows_from_images

configure = driver.configure
clear_db_env = driver.clear_db_env
reset = driver.reset
get_engine = driver.get_engine


def _refuse(name: str) -> NoReturn:
    """Tell callers which function is missing; Python suggests the nearest name that there is."""
    raise AttributeError(lacking(__name__, name), name=name, obj=sys.modules[__name__])


if not TYPE_CHECKING:  # to a type checker it would mean that there is every name
    __getattr__ = _refuse
