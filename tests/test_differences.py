"""Both sides of every difference from Glance's SQL driver: what it does, what simple_db does.

Each case is one small program. A case whose reference side fails tells that Glance has changed.
"""

from __future__ import annotations

import copy
import datetime as dt
import functools
import types
import uuid
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from attrs import frozen

from simple_db import Database, RequestContext
from tests.support.build import UUID
from tests.support.differences import DIFFERENCES
from tests.support.reference import SqlDriver
from tests.support.world import BEGINNING, World

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[..., Any]
    Program = Callable[[Call], Any]

pytestmark = pytest.mark.glance

ADMIN = RequestContext(is_admin=True)
ALICE = RequestContext(owner="alice")
BOB = RequestContext(owner="bob")
AHEAD = dt.timezone(dt.timedelta(hours=2))


@frozen
class Case:
    """A program, and what it comes to on either side: a value, or the name of an exception."""

    difference: str
    program: Program
    reference: Any
    ours: Any


def set_up(call: Call) -> None:
    """Make the image that every program finds."""
    image = {
        "id": "image",
        "name": "one",
        "status": "active",
        "owner": "alice",
        "size": 5,
        "created_at": BEGINNING,
        "properties": {"p": "1", "metadata": "x"},
        "locations": [{"url": "file:///a", "metadata": {}, "status": "active"}],
    }
    call("image_create", ADMIN, image)
    call("image_tag_create", ADMIN, "image", "t")
    call("image_member_create", ADMIN, {"image_id": "image", "member": "bob"})


# --- programs ---------------------------------------------------------------------------------


def does(function: str, *args: Any, **kwargs: Any) -> Program:
    return lambda call: call(function, *copy.deepcopy(args), **copy.deepcopy(kwargs))


def shows(key: str, function: str, *args: Any) -> Program:
    """Tell one key of the answer."""
    return lambda call: call(function, *copy.deepcopy(args))[key]


def created(**values: Any) -> Program:
    """Create an image, and tell of it the keys that were given."""
    given = {"id": "other", "status": "queued"} | values

    def program(call: Call) -> Any:
        image = call("image_create", ADMIN, copy.deepcopy(given))
        return {key: image[key] for key in values}

    return program


def updated(**values: Any) -> Program:
    """Change the image, and tell of it the keys that were given."""

    def program(call: Call) -> Any:
        image = call("image_update", ADMIN, "image", copy.deepcopy(values))
        return {key: image[key] for key in values}

    return program


def located(metadata: Any) -> Program:
    """Add a location, and tell its metadata."""

    def program(call: Call) -> Any:
        location = {"url": "file:///b", "metadata": metadata, "status": "active"}
        call("image_location_add", ADMIN, "image", location)
        return call("image_get", ADMIN, "image")["locations"][-1]["metadata"]

    return program


def listed(*images: dict[str, Any], **query: Any) -> Program:
    """Create images too, and tell the ids of those that are listed."""

    def program(call: Call) -> Any:
        for values in images:
            call("image_create", ADMIN, {"status": "queued"} | values)
        images_listed = call("image_get_all", ADMIN, **copy.deepcopy(query))
        return [image["id"] for image in images_listed]

    return program


def filtered(**filters: Any) -> Program:
    return listed(filters=filters)


def tasks_listed(**filters: Any) -> Program:
    """Create a task, and tell the ids of those that are listed."""

    def program(call: Call) -> Any:
        a_task(call)
        return [task["id"] for task in call("task_get_all", ADMIN, filters=dict(filters))]

    return program


def two_tags(call: Call) -> Any:
    call("image_tag_create", ADMIN, "image", "t")
    return call("image_tag_delete", ADMIN, "image", "t")


def two_tags_in_a_page(call: Call) -> Any:
    for image_id in ("image", "other"):
        if image_id == "other":
            call("image_create", ADMIN, {"id": "other", "status": "queued"})
            call("image_tag_create", ADMIN, image_id, "t")
        call("image_tag_create", ADMIN, image_id, "t")
    return len(call("image_get_all", ADMIN, filters={"tags": ["t"]}, limit=2))


def property_created_again(call: Call) -> Any:
    call("image_property_delete", ADMIN, "p", "image")
    return call("image_property_create", ADMIN, {"image_id": "image", "name": "p", "value": "2"})


def purged_with_rows(call: Call) -> Any:
    call("image_destroy", ADMIN, "image")
    return call("purge_deleted_rows_from_images", ADMIN, -1, -1)


def renamed_without_children(call: Call) -> Any:
    call("image_create", ADMIN, {"id": "bare", "status": "queued"})
    return call("image_update", ADMIN, "bare", {"id": "other"})


def trace_of_an_invisible_image(call: Call) -> Any:
    try:
        call("image_create", ALICE, {"id": "hidden", "status": "queued", "owner": "bob"})
    except Exception as error:  # noqa: BLE001 - of either side
        image = call("image_get_all", ADMIN, filters={"id": "hidden"})
        return type(error).__name__, len(image)


def trace_of_an_image_given_away(call: Call) -> Any:
    try:
        call("image_update", ALICE, "image", {"id": "image", "owner": "bob"})
    except Exception as error:  # noqa: BLE001 - of either side
        return type(error).__name__, call("image_get", ADMIN, "image")["owner"]


def trace_of_a_new_image(*creation: Any) -> Program:
    """Make a call that is to create an image, and tell its error and the ids of all images."""

    def program(call: Call) -> Any:
        try:
            function, *arguments = creation
            call(function, *copy.deepcopy(arguments))
            error = None
        except Exception as raised:  # noqa: BLE001 - of either side
            error = type(raised).__name__
        ids = [image["id"] for image in call("image_get_all", ADMIN)]
        return error, sorted({*ids} - {"image"})

    return program


def a_task(call: Call, **values: Any) -> Any:
    task = {"id": "task", "type": "import", "status": "pending", "owner": "alice"} | values
    return call("task_create", ADMIN, task)


def task_created_twice(call: Call) -> Any:
    a_task(call)
    a_task(call)


def task_with_another_id(call: Call) -> Any:
    a_task(call)
    return call("task_update", ADMIN, "task", {"id": "other"})


def image_with_a_taken_id(call: Call) -> Any:
    call("image_create", ADMIN, {"id": "taken", "status": "queued"})
    return call("image_update", ADMIN, "image", {"id": "taken"})


def trace_of_a_task_given_away(call: Call) -> Any:
    a_task(call)
    try:
        call("task_update", ALICE, "task", {"owner": "bob"})
    except Exception as error:  # noqa: BLE001 - of either side
        return type(error).__name__, call("task_get", ADMIN, "task")["owner"]


def created_with_tags(call: Call) -> Any:
    call("image_create", ADMIN, {"id": "other", "status": "queued", "tags": ["a", "b", "a"]})
    return call("image_tag_get_all", ADMIN, "other")


def noted_with_text(call: Call) -> Any:
    call("node_reference_create", ADMIN, "http://here")
    call(
        "insert_cache_details",
        ADMIN,
        "http://here",
        "image",
        1,
        last_accessed=BEGINNING.isoformat(),
    )
    cached = call("get_cached_images", ADMIN, "http://here")
    return [image["last_accessed"] for image in cached]


def noted_twice(call: Call) -> Any:
    call("node_reference_create", ADMIN, "http://here")
    call("insert_cache_details", ADMIN, "http://here", "image", 1)
    return call("insert_cache_details", ADMIN, "http://here", "image", 2)


def arguments_after_a_listing(call: Call) -> Any:
    filters, keys, directions = {"visibility": "all"}, ["name"], ["asc"]
    call("image_get_all", ADMIN, filters=filters, sort_key=keys, sort_dir=directions)
    return filters, keys, directions


def values_after_a_member(call: Call) -> Any:
    values = {"image_id": "image", "member": "carol", "deleted": True}
    call("image_member_create", ADMIN, values)
    return sorted(values)


def twice_a_member_and_destroyed(call: Call) -> Any:
    call("image_member_create", ADMIN, {"image_id": "image", "member": "bob"})
    return call("image_destroy", ADMIN, "image")["deleted"]


def images_purged_in_part(call: Call) -> Any:
    for image_id in ("z", "a"):
        call("image_create", ADMIN, {"id": image_id, "status": "queued"})
        call("image_destroy", ADMIN, image_id)
    call("purge_deleted_rows_from_images", ADMIN, -1, 1)
    return [image["id"] for image in call("image_get_all", ADMIN, filters={"deleted": True})]


def number_over_text(call: Call) -> Any:
    call("image_update", ADMIN, "image", {"properties": {"p": 1}})
    row = call("image_get", ADMIN, "image")["properties"][0]
    return row["value"], row["updated_at"] - BEGINNING


def a_namespace(call: Call, name: str = "ns", **values: Any) -> Any:
    namespace = {"namespace": name, "owner": "alice", "visibility": "private"} | values
    return call("metadef_namespace_create", ADMIN, namespace)["id"]


def defined(function: str, *args: Any, **kwargs: Any) -> Program:
    """Make a namespace of alice's with two of everything and one of bob's, and call a function."""

    def program(call: Call) -> Any:
        a_namespace(call)
        a_namespace(call, "bobs", owner="bob")
        for kind in ("object", "property", "tag"):
            for name in ("one", "two"):
                call(f"metadef_{kind}_create", ADMIN, "ns", {"name": name})
        association = {"name": "server", "properties_target": None, "prefix": None}
        call("metadef_resource_type_association_create", ADMIN, "ns", association)
        call("metadef_resource_type_create", ADMIN, {"name": "system", "protected": True})
        call("metadef_resource_type_create", ADMIN, {"name": "bare"})
        return call(function, *copy.deepcopy(args), **copy.deepcopy(kwargs))

    return program


def part(key: str, program: Program) -> Program:
    """Tell one key of the answer, or of each dict in it."""

    def told(call: Call) -> Any:
        answer = program(call)
        return [row[key] for row in answer] if isinstance(answer, list) else answer[key]

    return told


def values_after_an_object(call: Call) -> Any:
    a_namespace(call)
    values = {"name": "o", "created_at": BEGINNING}
    call("metadef_object_create", ADMIN, "ns", values)
    return sorted(values)


def named_by_a_number(call: Call) -> Any:
    call("metadef_resource_type_create", ADMIN, {"name": "5"})
    return call("metadef_resource_type_get", ADMIN, 5)


def objects_in_a_row(call: Call) -> Any:
    a_namespace(call)
    for name in ("b", "a"):
        call("metadef_object_create", ADMIN, "ns", {"name": name})
    return [row["name"] for row in call("metadef_object_get_all", ADMIN, "ns")]


def namespaces_behind_a_null(call: Call) -> Any:
    a_namespace(call, "c", description="")
    first = a_namespace(call, "a")
    a_namespace(call, "b")
    query = {"sort_key": "description", "sort_dir": "asc", "marker": first}
    found = call("metadef_namespace_get_all", ADMIN, **query)
    return [row["namespace"] for row in found]


def members_purged_in_part(call: Call) -> Any:
    call("image_create", ADMIN, {"id": "shared", "status": "queued"})
    for member in ("carol", "alice"):
        call("image_member_create", ADMIN, {"image_id": "shared", "member": member})
    call("image_destroy", ADMIN, "shared")
    call("purge_deleted_rows", ADMIN, -1, 1)
    return [row["member"] for row in call("image_member_find", ADMIN, "shared", None, None, True)]


def with_a_uuid(function: str, *args: Any) -> Program:
    """Make an image and a task whose id is the text of a UUID, and call a function."""

    def program(call: Call) -> Any:
        call("image_create", ADMIN, {"id": UUID, "status": "queued"})
        call("image_member_create", ADMIN, {"image_id": UUID, "member": "bob"})
        a_task(call, id=UUID)
        return call(function, ADMIN, *args)

    return program


NULL_SIZES = ({"id": "a", "size": None}, {"id": "b", "size": None}, {"id": "c", "size": -1})
BY_SIZE: dict[str, Any] = {"sort_key": ["size"], "sort_dir": ["asc"]}

CASES = [
    # --- errors
    *(
        Case("a child of a missing image", program, "DBReferenceError", "ImageNotFound")
        for program in (
            does("image_tag_create", ADMIN, "missing", "t"),
            does("image_tag_set_all", ADMIN, "missing", ["t"]),
            does("image_member_create", ADMIN, {"image_id": "missing", "member": "bob"}),
            does("image_member_update", ADMIN, 1, {"image_id": "missing"}),
            does("image_property_create", ADMIN, {"image_id": "missing", "name": "p"}),
            does("image_set_property_atomic", "missing", "p", "1"),
            does(
                "image_location_add",
                ADMIN,
                "missing",
                {"url": "file:///a", "metadata": {}, "status": "active"},
            ),
        )
    ),
    *(
        Case("a missing member or property", program, "NoResultFound", "NotFound")
        for program in (
            does("image_member_update", ADMIN, 99, {}),
            does("image_member_delete", ADMIN, 99),
            does("image_property_delete", ADMIN, "never set", "image"),
        )
    ),
    Case("a property created twice", property_created_again, "DBDuplicateEntry", "Duplicate"),
    Case(
        "a property created twice",
        does("image_property_create", ADMIN, {"image_id": "image", "name": "p"}),
        "DBDuplicateEntry",
        "Duplicate",
    ),
    Case("a tag stored twice and deleted once", two_tags, "MultipleResultsFound", "Duplicate"),
    Case("a purged image that still has rows", purged_with_rows, "DBReferenceError", "Conflict"),
    Case(
        "a location without id, or lacking a key",
        does(
            "image_location_update",
            ADMIN,
            "image",
            {"url": "file:///a", "metadata": {}, "status": "active"},
        ),
        "TypeError",
        "Invalid",
    ),
    Case(
        "a location without id, or lacking a key",
        does("image_location_add", ADMIN, "image", {"url": "file:///a", "metadata": {}}),
        "KeyError",
        "Invalid",
    ),
    *(
        Case("a value that the column cannot hold", program, leak, "Invalid")
        for program, leak in (
            (created(visibility="bogus"), "LookupError"),
            (created(size="many"), "ValueError"),
            (created(size=2**63), "DBError"),
            (created(os_hidden="no"), "DBError"),
            (created(created_at="2026-01-01"), "DBError"),
            (created(name=["one"]), "DBError"),
            (created(name="\ud800"), "DBInvalidUnicodeParameter"),
            (updated(protected="no"), "DBError"),
            (updated(properties={"p": [1]}), "DBError"),
        )
    ),
    *(
        Case("None where a column takes none", program, "DBError", "Invalid")
        for program in (
            updated(visibility=None),
            updated(min_disk=None),
            updated(status=None),
            does("image_member_update", ADMIN, 1, {"status": None}),
            does("image_member_create", ADMIN, {"image_id": "image"}),
            does("image_tag_create", ADMIN, "image", None),
            does("image_property_create", ADMIN, {"image_id": "image", "name": None}),
        )
    ),
    *(
        Case("values of another shape", program, leak, "Invalid")
        for program, leak in (
            (created(properties=None), "AttributeError"),
            (updated(locations={"url": "file:///a"}), "AttributeError"),
            (does("image_tag_set_all", ADMIN, "image", None), "TypeError"),
            (does("purge_deleted_rows", ADMIN, None, 1), "TypeError"),
            (listed(limit="many"), "ValueError"),
        )
    ),
    Case("an image or a task whose id changes", updated(id="other"), "DBReferenceError", "Invalid"),
    *(
        Case("an image or a task whose id changes", program, reference, "Invalid")
        for program, reference in (
            (renamed_without_children, "ImageNotFound"),
            (task_with_another_id, "DBReferenceError"),
            (image_with_a_taken_id, "DBDuplicateEntry"),
        )
    ),
    *(
        Case("a filter of another type", program, reference, ours)
        for program, reference, ours in (
            (filtered(name=1), "AttributeError", "InvalidParameterValue"),
            (filtered(created_at=BEGINNING), "AttributeError", "InvalidParameterValue"),
            (listed(filters={"changes-since": None}), "AttributeError", "InvalidParameterValue"),
            (filtered(tags=None), "TypeError", "Invalid"),
            (filtered(properties=None), "AttributeError", "Invalid"),
            (filtered(p=[1]), "DBError", "Invalid"),
            (filtered(size=[1]), "DBError", "InvalidParameterValue"),
            (filtered(size_min=[1]), "TypeError", "InvalidFilterRangeValue"),
        )
    ),
    Case("a range of no column", filtered(unknown_min=1), "AttributeError", "Invalid"),
    Case("a bad sort direction", listed(sort_dir=["ASC"]), "KeyError", "InvalidSortDir"),
    *(
        Case("as many directions as keys", program, "AssertionError", "Invalid")
        for program in (
            listed(sort_key=["name"], sort_dir=["asc", "asc"]),
            listed(sort_key=["name", "size", "id"], sort_dir=["asc", "asc"]),
        )
    ),
    Case(
        "sorting by what is no column",
        listed(sort_key=["properties"]),
        # SQLAlchemy 2.0, of the time of Glance 31 and 32, makes a statement of it.
        "OperationalError" if sa.__version__.startswith("2.0.") else "NotImplementedError",
        "InvalidSortKey",
    ),
    Case(
        "sorting by what is no column", listed(sort_key=["save"]), "ArgumentError", "InvalidSortKey"
    ),
    Case(
        "an image dict that lacks a key",
        does("is_image_visible", BOB, {"id": "image", "owner": "alice"}),
        "KeyError",
        "Invalid",
    ),
    Case(
        "two faults in one call",
        does("image_member_update", ADMIN, 99, {"status": None}),
        "NoResultFound",
        "Invalid",
    ),
    Case(
        "two faults in one call",
        does("image_update", ADMIN, "image", {"visibility": "bogus"}, from_state="queued"),
        "Conflict",
        "Invalid",
    ),
    # --- traces
    Case(
        "an image that its creator may not see",
        trace_of_an_invisible_image,
        ("Forbidden", 1),
        ("Forbidden", 0),
    ),
    Case(
        "an image that is given away by an update with its id",
        trace_of_an_image_given_away,
        ("Forbidden", "bob"),
        ("Forbidden", "alice"),
    ),
    Case(
        "an update of no image",
        trace_of_a_new_image("image_update", ALICE, "", {"status": "queued", "owner": "bob"}),
        ("Forbidden", ["00000-generated"]),
        ("ImageNotFound", []),
    ),
    Case(
        "a new image or task whose id is empty or too long",
        trace_of_a_new_image("image_create", ADMIN, {"id": "i" * 37, "status": "queued"}),
        ("ImageNotFound", ["i" * 37]),
        ("Invalid", []),
    ),
    Case(
        "a new image or task whose id is empty or too long",
        trace_of_a_new_image("image_create", ADMIN, {"id": "", "status": "queued"}),
        (None, [""]),
        ("Invalid", []),
    ),
    *(
        Case(
            "a new image or task whose id is empty or too long",
            shows(
                "id",
                "task_create",
                ADMIN,
                {"id": task_id, "type": "import", "status": "pending", "owner": "alice"},
            ),
            task_id,
            "Invalid",
        )
        for task_id in ("", "t" * 37)
    ),
    Case(
        "a number for the id of a new image",
        trace_of_a_new_image("image_create", ADMIN, {"id": 5, "status": "queued"}),
        ("TypeError", ["5"]),
        (None, ["5"]),
    ),
    Case(
        "a task that its creator, or its owner, may not see afterwards",
        trace_of_a_task_given_away,
        ("Forbidden", "bob"),
        ("Forbidden", "alice"),
    ),
    Case(
        "a number of rows to purge below -1",
        does("purge_deleted_rows", ADMIN, 0, -2),
        None,
        "Invalid",
    ),
    Case(
        "the id of a row given as text",
        does("image_location_delete", ADMIN, "image", "1", "deleted"),
        None,
        "NotFound",
    ),
    Case("tags among the values of a new image", created_with_tags, "AttributeError", ["a", "b"]),
    Case(
        "a context that cannot tell whether it sees deleted images",
        shows("id", "image_get", types.SimpleNamespace(is_admin=True, owner=None), "image"),
        "AttributeError",
        "image",
    ),
    Case("a time of the cache as text", noted_with_text, "DBError", [BEGINNING.timestamp()]),
    Case("a task created twice", task_created_twice, "DBDuplicateEntry", "Duplicate"),
    Case("an image that is noted twice in one cache", noted_twice, "PendingRollbackError", None),
    Case(
        "arguments",
        arguments_after_a_listing,
        ({}, ["name", "created_at", "id"], ["asc", "asc", "asc"]),
        ({"visibility": "all"}, ["name"], ["asc"]),
    ),
    Case(
        "arguments",
        values_after_a_member,
        ["can_share", "deleted", "image_id", "member"],
        ["deleted", "image_id", "member"],
    ),
    # --- pages
    Case(
        "pages over nulls",
        listed(*NULL_SIZES, marker="a", **BY_SIZE),
        [],
        ["b", "c", "image"],
    ),
    Case(
        "pages by a boolean or by visibility",
        listed(*NULL_SIZES, marker="a", limit=1, sort_key=["os_hidden", "id"], sort_dir=["asc"]),
        "KeyError",
        ["b"],
    ),
    Case("a page of images that have a tag twice", two_tags_in_a_page, 1, 2),
    Case("a negative limit", listed(limit=-1), ["image"], "Invalid"),
    # --- values
    Case("a number that is no integer", created(size=1.5), {"size": 1}, "Invalid"),
    Case("a number that is no integer", updated(size=1.5), {"size": 1.5}, "Invalid"),
    Case("text for a number that is none", updated(size="many"), {"size": "many"}, "Invalid"),
    Case("an empty status", updated(status=""), {"status": ""}, "Invalid"),
    Case(
        "an update of no image",
        shows("status", "image_update", ADMIN, "", {"status": "queued"}),
        "queued",
        "ImageNotFound",
    ),
    Case(
        "times with an offset",
        shows(
            "created_at",
            "image_create",
            ADMIN,
            {"status": "queued", "created_at": BEGINNING.replace(tzinfo=AHEAD)},
        ),
        BEGINNING,
        BEGINNING - dt.timedelta(hours=2),
    ),
    Case(
        "ids of rows",
        shows("id", "image_member_create", ADMIN, {"image_id": "image", "member": "b", "id": 77}),
        77,
        2,
    ),
    *(
        Case("JSON beyond JSON", located(metadata), reference, "Invalid")
        for metadata, reference in (
            ({"a": 2**80}, {"a": 2**80}),
            ({"a": "\ud800"}, {"a": "\ud800"}),
            ({"a": {1}}, {"a": [1]}),
            ({"a": BEGINNING}, {"a": "2026-01-01T12:00:00.000000"}),
        )
    ),
    Case(
        "a new property comes back whole",
        lambda call: sorted(
            call("image_property_create", ADMIN, {"image_id": "image", "name": "new"})
        ),
        ["created_at", "deleted", "id", "image_id", "name", "updated_at"],
        [
            "created_at",
            "deleted",
            "deleted_at",
            "id",
            "image_id",
            "name",
            "updated_at",
            "value",
        ],
    ),
    Case(
        "a number written over its own text",
        number_over_text,
        ("1", dt.timedelta(days=1)),
        ("1", dt.timedelta()),
    ),
    # --- filters
    Case("a range of what is no number", filtered(name_min=1), ["image"], "Invalid"),
    Case("a range of what is no number", filtered(deleted_max=0), ["image"], "Invalid"),
    *(
        Case("times that are nearly ISO 8601", program, ["image"], "InvalidParameterValue")
        for program in (
            filtered(created_at="gt:2025-2-1"),
            filtered(created_at="gt:2025-0201"),
            filtered(created_at="gt:2025-02-01T10:11:1"),
        )
    ),
    Case("a property named like an attribute of the model", filtered(metadata="x"), [], ["image"]),
    # --- members, purge, context
    Case(
        "one project twice a member, deleted at one moment",
        twice_a_member_and_destroyed,
        "DBDuplicateEntry",
        True,
    ),
    Case("rows deleted at one moment", images_purged_in_part, ["a"], ["z"]),
    Case("rows deleted at one moment", members_purged_in_part, ["carol"], ["alice"]),
    Case("no context", shows("id", "image_get", None, "image"), "AttributeError", "image"),
    # --- metadata definitions
    *(
        Case("a metadata definition that lacks a key", program, "KeyError", "Invalid")
        for program in (
            does("metadef_namespace_create", ADMIN, {"owner": "alice"}),
            defined("metadef_resource_type_association_create", ADMIN, "ns", {"name": "volume"}),
        )
    ),
    *(
        Case("None where a column takes none", program, "DBError", "Invalid")
        for program in (
            does("metadef_namespace_create", ADMIN, {"namespace": "ns"}),
            does("metadef_resource_type_create", ADMIN, {"protected": True}),
            defined("metadef_object_create", ADMIN, "ns", {}),
            defined("metadef_property_update", ADMIN, "ns", 1, {"json_schema": None}),
            defined("metadef_tag_create_tags", ADMIN, "ns", [{"name": None}]),
        )
    ),
    *(
        Case(
            "an object or property renamed to a name that is taken",
            defined(f"metadef_{kind}_update", ADMIN, "ns", 1, {"name": "two"}),
            "PendingRollbackError",
            f"MetadefDuplicate{kind.title()}",
        )
        for kind in ("object", "property")
    ),
    *(
        Case(
            "deleting a resource type",
            part("name", defined("metadef_resource_type_delete", ADMIN, name)),
            "AttributeError",
            ours,
        )
        for name, ours in (
            ("bare", "bare"),
            ("server", "MetadefIntegrityError"),
            ("system", "ProtectedMetadefResourceTypeSystemDelete"),
        )
    ),
    *(
        Case(
            "a definition of another namespace",
            part("name", defined(f"metadef_{kind}_update", BOB, "bobs", 1, {"name": "mine"})),
            "mine",
            f"Metadef{kind.title()}NotFound",
        )
        for kind in ("object", "property", "tag")
    ),
    Case(
        "a definition of another namespace",
        defined("metadef_tag_get_all", BOB, "bobs", marker=1),
        [],
        "MetadefTagNotFound",
    ),
    *(
        Case("a metadata definition whose id or namespace changes", program, reference, "Invalid")
        for program, reference in (
            (part("id", defined("metadef_namespace_update", ADMIN, 2, {"id": 9})), 9),
            (defined("metadef_namespace_update", ADMIN, 2, {"id": 1}), "KeyError"),
            (part("id", defined("metadef_object_update", ADMIN, "ns", 1, {"id": 9})), 9),
            (
                part(
                    "namespace_id",
                    defined("metadef_tag_update", ADMIN, "ns", 1, {"namespace_id": 2}),
                ),
                2,
            ),
            (
                defined("metadef_tag_update", ADMIN, "ns", 1, {"namespace_id": 99}),
                "DBReferenceError",
            ),
        )
    ),
    *(
        Case("metadata definitions in no order that there is", program, reference, ours)
        for query, reference, ours in (
            ({"sort_key": "bogus"}, "InvalidSortKey", "InvalidSortKey"),
            ({"sort_key": ["name"]}, "TypeError", "InvalidSortKey"),
            ({"sort_dir": "up"}, "ValueError", "InvalidSortDir"),
        )
        for program in (
            defined("metadef_tag_get_all", ADMIN, "ns", **query),
            defined("metadef_namespace_get_all", ADMIN, **query),
        )
    ),
    Case(
        "a direction that says where nulls go",
        part(
            "name",
            defined("metadef_tag_get_all", ADMIN, "ns", sort_key="name", sort_dir="asc-nullslast"),
        ),
        ["one", "two"],
        "InvalidSortDir",
    ),
    *(
        Case("a filter of tasks named like an attribute of the model", program, reference, ["task"])
        for program, reference in (
            (tasks_listed(info="x"), "ArgumentError"),
            (tasks_listed(metadata="x"), []),
            (tasks_listed(values="x"), []),
        )
    ),
    Case(
        "a list of metadata definitions without sort key",
        objects_in_a_row,
        ["a", "b"],
        ["b", "a"],
    ),
    Case(
        "metadata definitions come back as they are stored",
        part("namespace", does("metadef_namespace_create", ADMIN, {"namespace": 5, "owner": "a"})),
        5,
        "5",
    ),
    Case(
        "metadata definitions come back as they are stored",
        part(
            "json_schema",
            defined("metadef_property_update", ADMIN, "ns", 1, {"json_schema": {"a": (1,)}}),
        ),
        {"a": (1,)},
        {"a": [1]},
    ),
    *(
        Case("an id that is text, a name that is a number", program, reference, ours)
        for program, reference, ours in (
            (
                part("id", defined("metadef_namespace_update", ADMIN, "1", {})),
                1,
                "MetadefNamespaceNotFound",
            ),
            (
                part("id", defined("metadef_namespace_get_all", ADMIN, filters={"id_list": ["1"]})),
                [1],
                [],
            ),
            (
                part("name", named_by_a_number),
                "5",
                "MetadefResourceTypeNotFound",
            ),
        )
    ),
    Case("arguments", values_after_an_object, ["name", "namespace_id"], ["created_at", "name"]),
    Case("pages over nulls", namespaces_behind_a_null, ["b"], ["b", "c"]),
    Case(
        "a negative limit",
        part("name", defined("metadef_tag_get_all", ADMIN, "ns", limit=-1)),
        ["two", "one"],
        "Invalid",
    ),
    Case(
        "ids of rows",
        part(
            "id", does("metadef_namespace_create", ADMIN, {"id": 7, "namespace": "n", "owner": "a"})
        ),
        7,
        1,
    ),
    *(
        Case("a filter of another type", program, reference, ours)
        for program, reference, ours in (
            (
                does("metadef_namespace_get_all", ADMIN, filters={"id_list": 1}),
                "ArgumentError",
                "Invalid",
            ),
            (
                does("metadef_namespace_get_all", ADMIN, filters={"resource_types": None}),
                "AttributeError",
                "InvalidParameterValue",
            ),
        )
    ),
    # --- ids
    *(
        Case("a UUID object for an id", program, reference, ours)
        for program, reference, ours in (
            (created(id=uuid.UUID(UUID)), "DBError", {"id": UUID}),
            (part("id", with_a_uuid("image_get", uuid.UUID(UUID))), "TypeError", UUID),
            (part("id", with_a_uuid("task_get", uuid.UUID(UUID))), "TaskNotFound", UUID),
            (part("member", with_a_uuid("image_member_find", uuid.UUID(UUID))), [], ["bob"]),
        )
    ),
]


@functools.cache
def sql_driver() -> tuple[World, SqlDriver]:
    world = World()
    return world, SqlDriver(world)


def outcome(program: Program, call: Call, world: World) -> Any:
    """Give what the program returns a day later, or the name of the exception's class."""
    set_up(call)
    world.pass_time(days=1)
    try:
        return program(call)
    except Exception as error:  # noqa: BLE001 - of either side
        return type(error).__name__


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.difference)
def test_the_sql_driver_does_what_the_difference_says(case: Case) -> None:
    world, driver = sql_driver()
    world.restart()
    driver.reset()
    assert outcome(case.program, driver.call, world) == case.reference


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.difference)
def test_simple_db_does_what_the_difference_says(case: Case) -> None:
    world = World()
    db = Database(clock=world.now, new_id=world.new_id)

    def call(function: str, *args: Any, **kwargs: Any) -> Any:
        return getattr(db, function)(*args, **kwargs)

    assert outcome(case.program, call, world) == case.ours
    db.check()


def test_every_difference_has_a_case() -> None:
    assert {case.difference for case in CASES} == set(DIFFERENCES)
