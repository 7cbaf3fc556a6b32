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
        "an image whose id changes",
        "ImageNotFound, or DBReferenceError where it has children",
        "Invalid",
    ),
    Difference(
        "a filter of another type",
        "AttributeError, TypeError or DBError of oslo.db",
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
        "arguments",
        "filters, sort keys, directions and the values of members and properties are changed",
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
        "creates one where the image id is empty or None",
        "ImageNotFound",
    ),
    Difference(
        "times with an offset",
        "the offset is dropped",
        "converted to UTC",
    ),
    Difference(
        "ids of rows",
        "taken from the values of a member or a property",
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
        "rows deleted at one moment",
        "a limited purge takes them in the order of creation, or of an index of SQLite",
        "a limited purge takes those with the smallest ids first",
    ),
    Difference(
        "no context",
        "AttributeError",
        "None is an administrator",
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
        "values of another shape",
        "Invalid",
        "AttributeError",
        "image_create",
        "image_update",
    )
    | _leaks("a bad sort direction", "InvalidSortDir", "KeyError", "image_get_all")
    | _leaks("as many directions as keys", "Invalid", "AssertionError", "image_get_all")
    | _leaks("a range of no column", "Invalid", "AttributeError", "image_get_all")
)

# Calls that simple_db makes and the driver cannot: the machine leaves them out on both sides.
BEYOND_THE_DRIVER: dict[tuple[str, str], str] = {
    (function, "DBDuplicateEntry"): DIFFERENCES[
        "one project twice a member, deleted at one moment"
    ].name
    for function in ("image_destroy", "image_member_delete", "image_member_update")
}

# Functions that fail in the driver and leave a trace all the same.
LEAVES_A_TRACE = {"image_create": DIFFERENCES["an image that its creator may not see"].name}
