"""Where simple_db is meant to differ from Glance's SQL driver; everywhere else they must agree.

Every difference is a row of docs/semantics.md. `tests.test_differences` shows both sides of each;
the machine in `tests.property.test_agreement_with_sql_driver` knows these and no others: it
translates the leaks below, skips what the driver cannot do, and does not generate the rest.
"""

from __future__ import annotations

from attrs import frozen


@frozen
class Difference:
    """What the driver does, and what simple_db does instead."""

    name: str
    reference: str
    ours: str


_ROWS = (
    # --- errors: the driver leaks those of Python, SQLAlchemy and oslo.db
    Difference(
        "a child of a missing image",
        "DBReferenceError of oslo.db",
        "ImageNotFound",
    ),
    Difference(
        "a task created twice",
        "DBDuplicateEntry of oslo.db",
        "Duplicate",
    ),
    Difference(
        "a missing member or property",
        "NoResultFound of SQLAlchemy",
        "NotFound",
    ),
    Difference(
        "a property created twice",
        "DBDuplicateEntry of oslo.db, also where the first one is deleted",
        "Duplicate",
    ),
    Difference(
        "a tag stored twice and deleted once",
        "MultipleResultsFound of SQLAlchemy",
        "Duplicate",
    ),
    Difference(
        "a purged image that still has rows",
        "DBReferenceError of oslo.db",
        "Conflict",
    ),
    Difference(
        "a location without id, or lacking a key",
        "TypeError or KeyError",
        "Invalid",
    ),
    Difference(
        "a value that the column cannot hold",
        "DBError of oslo.db, LookupError, TypeError or ValueError",
        "Invalid",
    ),
    Difference(
        "None where a column takes none",
        "DBError of oslo.db",
        "Invalid",
    ),
    Difference(
        "values of another shape",
        "AttributeError or TypeError",
        "Invalid",
    ),
    Difference(
        "tags among the values of a new image",
        "AttributeError",
        "the image has these tags",
    ),
    Difference(
        "a context that cannot tell whether it sees deleted images",
        "AttributeError",
        "it does if it is an administrator's",
    ),
    Difference(
        "a time of the cache as text",
        "DBError of oslo.db",
        "read as ISO 8601",
    ),
    Difference(
        "an image or a task whose id changes",
        "ImageNotFound; DBReferenceError where it has children, as tasks have; DBDuplicateEntry"
        " where the new id is taken",
        "Invalid",
    ),
    Difference(
        "a filter of another type",
        "AttributeError, TypeError, ArgumentError of SQLAlchemy or DBError of oslo.db",
        "InvalidParameterValue, or another Invalid",
    ),
    Difference(
        "a range of no column",
        "AttributeError",
        "Invalid",
    ),
    Difference(
        "a bad sort direction",
        "KeyError",
        "InvalidSortDir",
    ),
    Difference(
        "as many directions as keys",
        "AssertionError where there are more or fewer",
        "Invalid",
    ),
    Difference(
        "sorting by what is no column",
        "NotImplementedError or ArgumentError for an attribute of the model",
        "InvalidSortKey",
    ),
    Difference(
        "an image dict that lacks a key",
        "KeyError",
        "Invalid",
    ),
    Difference(
        "two faults in one call",
        "tells the one that it meets first, often in the rows",
        "tells what is wrong with the arguments first",
    ),
    # --- traces
    Difference(
        "an image that its creator may not see",
        "Forbidden or ImageNotFound, and the image stays",
        "the same error, and no image",
    ),
    Difference(
        "an image that is given away by an update with its id",
        "Forbidden, and the image has its new owner",
        "the same error, and nothing is changed",
    ),
    Difference(
        "a task that its creator, or its owner, may not see afterwards",
        "Forbidden or TaskNotFound, and the task is created or changed",
        "the same error, and nothing is changed",
    ),
    Difference(
        "arguments",
        "filters, sort keys, directions and the values of members, properties and metadata"
        " definitions are changed",
        "no argument is changed",
    ),
    # --- pages
    Difference(
        "pages over nulls",
        "rows whose sort key is null are lost or repeated behind a marker",
        "pages glued together are the whole list",
    ),
    Difference(
        "pages by a boolean or by visibility",
        "KeyError as soon as there is a marker",
        "a page as by any column",
    ),
    Difference(
        "a page of images that have a tag twice",
        "shorter than its limit, because rows are counted before they are joined",
        "as many images as its limit",
    ),
    Difference(
        "a negative limit",
        "no limit",
        "Invalid",
    ),
    # --- values
    Difference(
        "a number that is no integer",
        "stored as it is, or cut off on creation",
        "Invalid",
    ),
    Difference(
        "text for a number that is none",
        "stored as text by an update",
        "Invalid",
    ),
    Difference(
        "an empty status",
        "stored by an update",
        "Invalid",
    ),
    Difference(
        "an update of no image",
        "creates one where the image id is empty or None, and leaves it where that is Forbidden",
        "ImageNotFound",
    ),
    Difference(
        "times with an offset",
        "the offset is dropped",
        "converted to UTC",
    ),
    Difference(
        "ids of rows",
        "taken from the values of a member, a property or a metadata definition",
        "always given by the database",
    ),
    Difference(
        "JSON beyond JSON",
        "NaN, large integers, lone surrogates, sets and times are stored as text",
        "Invalid",
    ),
    Difference(
        "a new property comes back whole",
        "the values as they were given, and no deleted_at",
        "the eight columns of the row",
    ),
    Difference(
        "a number written over its own text",
        "renews updated_at of the property",
        "changes nothing",
    ),
    # --- filters
    Difference(
        "a range of what is no number",
        "compared as SQLite compares numbers with text",
        "Invalid",
    ),
    Difference(
        "times that are nearly ISO 8601",
        "read: a month, day or second of one digit, dashes in some places only",
        "InvalidParameterValue",
    ),
    Difference(
        "a property named like an attribute of the model",
        "is never matched by a filter",
        "is matched",
    ),
    # --- members
    Difference(
        "one project twice a member, deleted at one moment",
        "DBDuplicateEntry of oslo.db, so that such an image cannot be destroyed",
        "both are deleted",
    ),
    Difference(
        "an image that is noted twice in one cache",
        "PendingRollbackError of SQLAlchemy",
        "nothing changes",
    ),
    Difference(
        "a number of rows to purge below -1",
        "no limit, as is None",
        "Invalid",
    ),
    Difference(
        "the id of a row given as text",
        "found, as SQLite compares text with numbers",
        "NotFound",
    ),
    Difference(
        "rows deleted at one moment",
        "a limited purge takes them in the order of creation, or of an index of SQLite",
        "a limited purge takes those with the smallest ids first",
    ),
    Difference(
        "no context",
        "AttributeError",
        "None is an administrator",
    ),
    # --- metadata definitions
    Difference(
        "a metadata definition that lacks a key",
        "KeyError",
        "Invalid",
    ),
    Difference(
        "an object or property renamed to a name that is taken",
        "PendingRollbackError of SQLAlchemy",
        "MetadefDuplicateObject or MetadefDuplicateProperty",
    ),
    Difference(
        "deleting a resource type",
        "AttributeError",
        "it is removed, unless it is protected or a namespace is associated with it",
    ),
    Difference(
        "a definition of another namespace",
        "changed, or taken for a marker, by its id",
        "not found",
    ),
    Difference(
        "a metadata definition whose id or namespace changes",
        "it changes; KeyError, PendingRollbackError or DBReferenceError where it cannot",
        "Invalid",
    ),
    Difference(
        "metadata definitions in no order that there is",
        "InvalidSortKey of oslo.db, ValueError or TypeError",
        "InvalidSortKey or InvalidSortDir",
    ),
    Difference(
        "a direction that says where nulls go",
        "taken for namespaces and tags",
        "InvalidSortDir",
    ),
    Difference(
        "a filter of tasks named like an attribute of the model",
        "no task, or ArgumentError of SQLAlchemy",
        "ignored, as is every key that is no column",
    ),
    Difference(
        "a list of metadata definitions without sort key",
        "comes as the database finds it",
        "is in the order in which the rows, or the resource types, were added",
    ),
    Difference(
        "metadata definitions come back as they are stored",
        "as they were given: a number for its digits, a tuple for a list",
        "as they are stored",
    ),
    Difference(
        "an id that is text, a name that is a number",
        "read as the column would store it",
        "not found",
    ),
    # --- ids
    Difference(
        "a UUID object for an id",
        "DBError of oslo.db or TypeError, or it is not found",
        "its 36 characters, in lower case",
    ),
    Difference(
        "a new image or task whose id is empty or too long",
        "stored; ImageNotFound where an image's is too long, and the image stays",
        "Invalid",
    ),
    Difference(
        "a number for the id of a new image",
        "TypeError, and the image stays",
        "its digits",
    ),
)

DIFFERENCES = {row.name: row for row in _ROWS}


@frozen
class Leak:
    """An exception of the driver that is none of Glance's, and what simple_db raises instead."""

    difference: str
    ours: str


def _leaks(
    difference: str, ours: str, exceptions: str, *functions: str
) -> dict[tuple[str, str], Leak]:
    return {
        (function, exception): Leak(DIFFERENCES[difference].name, ours)
        for function in functions
        for exception in exceptions.split()
    }


LEAKS: dict[tuple[str, str], Leak] = (
    _leaks(
        "a child of a missing image",
        "ImageNotFound",
        "DBReferenceError",
        "image_location_add",
        "image_member_create",
        "image_member_update",
        "image_property_create",
        "image_set_property_atomic",
        "image_tag_create",
        "image_tag_set_all",
    )
    | _leaks("a task created twice", "Duplicate", "DBDuplicateEntry", "task_create")
    | _leaks(
        "a missing member or property",
        "NotFound",
        "NoResultFound",
        "image_member_delete",
        "image_member_update",
        "image_property_delete",
    )
    | _leaks(
        "a property created twice",
        "Duplicate",
        "DBDuplicateEntry",
        "image_property_create",
    )
    | _leaks(
        "a tag stored twice and deleted once",
        "Duplicate",
        "MultipleResultsFound",
        "image_tag_delete",
        "image_tag_set_all",
    )
    | _leaks(
        "a purged image that still has rows",
        "Conflict",
        "DBReferenceError",
        "purge_deleted_rows_from_images",
    )
    | _leaks(
        "a location without id, or lacking a key",
        "Invalid",
        "TypeError",
        "image_location_update",
    )
    | _leaks(
        "a value that the column cannot hold",
        "Invalid",
        "DBError LookupError",
        "image_create",
        "image_update",
    )
    | _leaks(
        "None where a column takes none",
        "Invalid",
        "DBError",
        "image_member_create",
        "image_member_update",
    )
    | _leaks(
        "an image or a task whose id changes",
        "Invalid",
        "DBReferenceError DBDuplicateEntry",
        "image_update",
        "task_update",
    )
    | _leaks(
        "values of another shape",
        "Invalid",
        "AttributeError",
        "image_create",
        "image_update",
    )
    | _leaks("a bad sort direction", "InvalidSortDir", "KeyError", "image_get_all", "task_get_all")
    | _leaks("as many directions as keys", "Invalid", "AssertionError", "image_get_all")
    | _leaks("a range of no column", "Invalid", "AttributeError", "image_get_all")
    | _leaks(
        "None where a column takes none",
        "Invalid",
        "DBError",
        "metadef_namespace_create",
        "metadef_namespace_update",
        "metadef_object_create",
        "metadef_object_update",
        "metadef_property_create",
        "metadef_property_update",
        "metadef_resource_type_create",
        "metadef_tag_create",
        "metadef_tag_create_tags",
        "metadef_tag_update",
    )
    | _leaks(
        "a metadata definition that lacks a key",
        "Invalid",
        "KeyError",
        "metadef_namespace_create",
        "metadef_resource_type_association_create",
    )
    | _leaks(
        "an object or property renamed to a name that is taken",
        "MetadefDuplicateObject",
        "PendingRollbackError",
        "metadef_object_update",
    )
    | _leaks(
        "an object or property renamed to a name that is taken",
        "MetadefDuplicateProperty",
        "PendingRollbackError",
        "metadef_property_update",
    )
    | _leaks(
        "metadata definitions in no order that there is",
        "InvalidSortKey",
        "InvalidSortKey",
        "metadef_namespace_get_all",
        "metadef_tag_get_all",
    )
    | _leaks(
        "metadata definitions in no order that there is",
        "InvalidSortDir",
        "ValueError",
        "metadef_namespace_get_all",
        "metadef_tag_get_all",
    )
)

# Calls that simple_db makes and the driver cannot: the machine leaves them out on both sides.
BEYOND_THE_DRIVER: dict[tuple[str, str], str] = {
    (function, "DBDuplicateEntry"): DIFFERENCES[
        "one project twice a member, deleted at one moment"
    ].name
    for function in ("image_destroy", "image_member_delete", "image_member_update")
} | {
    ("insert_cache_details", "PendingRollbackError"): DIFFERENCES[
        "an image that is noted twice in one cache"
    ].name,
    ("metadef_resource_type_delete", "AttributeError"): DIFFERENCES[
        "deleting a resource type"
    ].name,
}

# Functions that fail in the driver and leave a trace all the same.
LEAVES_A_TRACE = {
    "image_create": DIFFERENCES["an image that its creator may not see"].name,
    "image_update": DIFFERENCES["an image that is given away by an update with its id"].name,
    "task_create": DIFFERENCES[
        "a task that its creator, or its owner, may not see afterwards"
    ].name,
    "task_update": DIFFERENCES[
        "a task that its creator, or its owner, may not see afterwards"
    ].name,
}

# Lists that the driver gives in whatever order SQLite finds them.
HAS_NO_ORDER = dict.fromkeys(
    (
        "metadef_object_get_all",
        "metadef_property_get_all",
        "metadef_resource_type_association_get_all_by_namespace",
        "metadef_resource_type_get_all",
    ),
    DIFFERENCES["a list of metadata definitions without sort key"].name,
)
