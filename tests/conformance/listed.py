"""Glance's tests that simple_db need not pass, each with the reason: what is not here, it passes.

A test of the first two tables asks for what Glance's SQL driver refuses or answers otherwise.
"""

from collections.abc import Mapping

_CACHED = "glance.tests.unit.test_cached_images.TestCachedImagesNegative"
_DB = "glance.tests.unit.test_db"
_IMAGES = "glance.tests.unit.v2.test_images_resource.TestImagesController"
_METADEFS = "glance.tests.unit.v2.test_metadef_resources.TestMetadefsControllers"
_TASKS = "glance.tests.unit.v2.test_tasks_resource.TestTasksController"
_SQL = "glance.tests.functional.db.test_sqlalchemy"

UNIT: Mapping[str, tuple[str, ...]] = {
    "stores a mock object as the id of a task or as the import lock; a column holds text": (
        f"{_IMAGES}.test_add_location",
        f"{_IMAGES}.test_add_location_locked_by_bustable_task",
        f"{_IMAGES}.test_add_location_locked_by_bustable_terminal_task_failure",
        f"{_IMAGES}.test_add_location_locked_by_bustable_terminal_task_success",
        f"{_IMAGES}.test_add_location_with_service_role",
        f"{_IMAGES}.test_image_import",
        f"{_IMAGES}.test_image_import_add_default_service_endpoint_for_glance_download",
        f"{_IMAGES}.test_image_import_copy_allowed_by_policy",
        f"{_IMAGES}.test_image_import_locked_by_bustable_task",
        f"{_IMAGES}.test_image_import_locked_by_bustable_terminal_task_failure",
        f"{_IMAGES}.test_image_import_locked_by_bustable_terminal_task_success",
        f"{_IMAGES}.test_image_import_locked_by_reaped_task",
        "glance.tests.unit.v2.test_images_resource.TestMultiImagesController.test_add_location",
        f"{_TASKS}.test_notifications_on_create",
    ),
    "expects the oldest namespace first; it is asked for, and SQL lists, the newest first": (
        f"{_METADEFS}.test_namespace_index_resource_type_delete_race",
    ),
    "stores the text 'true' in os_hidden, which is a boolean column": (
        f"{_IMAGES}.test_update_queued_image_with_hidden",
    ),
    "counts an image that is shared with a pending member, asking for members of no status": (
        f"{_DB}.TestImageRepo.test_list_status",
    ),
    "saves an image without owner as somebody who is no administrator, which is forbidden": (
        f"{_DB}.TestEncryptedLocations.test_encrypt_locations_on_save",
    ),
    "expects an error for a resource type that is not there; the SQL driver creates it": (
        f"{_METADEFS}.test_resource_type_association_create_non_existing_resource_type",
    ),
    "calls with the text 'test' for a context": (f"{_CACHED}.test_queue_image_from_api_disabled",),
}

SQL_DRIVER: Mapping[str, tuple[str, ...]] = {
    "mocks the private _paginate_query of the SQL driver": (
        f"{_SQL}.TestSqlAlchemyDBDataIntegrity.test_paginate_redundant_sort_keys",
        f"{_SQL}.TestSqlAlchemyDBDataIntegrity.test_paginate_non_redundant_sort_keys",
    ),
    "deletes, inserts or counts rows with SQL statements of its own": (
        f"{_SQL}.TestDBPurge.test_db_purge_images_table",
        f"{_SQL}.TestDBPurge.test_purge_images_table_fk_constraint_failure",
        f"{_SQL}.TestDBPurge.test_purge_task_info_with_refs_to_soft_deleted_tasks",
    ),
}

FUNCTIONAL: Mapping[str, tuple[str, ...]] = {}


def reasons(table: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Return the reason of each test of a table."""
    return {test: reason for reason, tests in table.items() for test in tests}
