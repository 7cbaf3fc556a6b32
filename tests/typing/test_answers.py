"""What functions return is what their annotations say: the keys of each dict, and every value."""

from __future__ import annotations

import inspect
import itertools
import types
import typing
from typing import Any, Literal, get_args, get_origin, is_typeddict

import pytest

from simple_db import Database
from simple_db.api import FUNCTIONS
from simple_db.model.shapes import ListedTaskDict, V1ImageDict
from tests.support.build import ADMIN, a_full_database

FULL = a_full_database()
FULL.task_update(ADMIN, "t", {"image_id": "a", "input": {"a": [1]}, "message": "done"})
FULL.image_create(ADMIN, {"id": "waits", "status": "pending_delete"})
FULL.metadef_resource_type_create(ADMIN, {"name": "spare"})
FULL.metadef_namespace_create(ADMIN, {"namespace": "empty", "owner": "alice"})

HERE = "http://here"
ASSOCIATED = {"name": "r2", "prefix": "a_", "properties_target": None}
SCHEMA = {"name": "new", "json_schema": {"type": "string"}, "description": "", "required": None}

# Arguments behind the context, with which each function has an answer to look at.
CALLS: dict[str, tuple[Any, ...]] = {
    "image_create": ({"status": "queued", "tags": ["a"], "properties": {"os": None}},),
    "image_update": ("a", {"name": "debian"}),
    "image_destroy": ("a",),
    "image_restore": ("waits",),
    "image_get": ("a", True),
    "image_get_all": (),
    "image_location_add": ("a", {"url": "file:///b", "metadata": {}, "status": "active"}),
    "image_location_update": (
        "a",
        {"id": 2, "url": "file:///b", "metadata": {}, "status": "active"},
    ),
    "image_location_delete": ("a", 2, "deleted"),
    "image_property_create": ({"image_id": "a", "name": "arch", "value": "arm"},),
    "image_property_delete": ("os", "a"),
    "image_member_create": ({"image_id": "a", "member": "carol"},),
    "image_member_update": (2, {"status": "rejected"}),
    "image_member_delete": (2,),
    "image_member_find": ("a",),
    "image_member_count": ("a",),
    "image_tag_set_all": ("a", ["lts"]),
    "image_tag_create": ("a", "lts"),
    "image_tag_delete": ("a", 'a "quoted"\ntag'),
    "image_tag_get_all": ("a",),
    "is_image_mutable": ({"owner": "alice"},),
    "is_image_visible": ({"id": "a", "owner": "alice", "visibility": "shared"},),
    "user_get_storage_usage": ("alice",),
    "user_get_staging_usage": ("alice",),
    "user_get_image_count": ("alice",),
    "user_get_uploading_count": ("alice",),
    "task_create": ({"type": "import", "status": "pending", "owner": "alice"},),
    "task_update": ("t", {"result": [1]}),
    "task_delete": ("t",),
    "task_get": ("t",),
    "task_get_all": (),
    "tasks_get_by_image": ("a",),
    "metadef_namespace_create": ({"namespace": "new", "owner": "alice"},),
    "metadef_namespace_update": (1, {"description": "of images", "protected": True}),
    "metadef_namespace_delete": ("empty",),
    "metadef_namespace_get": ("n",),
    "metadef_namespace_get_all": (),
    "metadef_resource_type_create": ({"name": "new"},),
    "metadef_resource_type_delete": ("spare",),
    "metadef_resource_type_get": ("r",),
    "metadef_resource_type_get_all": (),
    "metadef_resource_type_association_create": ("n", ASSOCIATED),
    "metadef_resource_type_association_delete": ("n", "r"),
    "metadef_resource_type_association_get": ("n", "r"),
    "metadef_resource_type_association_get_all_by_namespace": ("n",),
    "metadef_tag_create_tags": ("n", [{"name": "one"}, {"name": "two"}]),
    "node_reference_create": ("http://there",),
    "node_reference_get_by_url": (HERE,),
    "insert_cache_details": (HERE, "b", 5),
    "update_hit_count": ("a", HERE),
    "get_hit_count": ("a", HERE),
    "is_image_cached_for_node": (HERE, "a"),
    "get_cached_images": (HERE,),
    "get_cached_nodes": ("a",),
    "get_least_recently_accessed": (HERE,),
    "delete_cached_image": ("a", HERE),
    "delete_all_cached_images": (HERE,),
    "purge_deleted_rows": (1, -1),
    "purge_deleted_rows_from_images": (1, -1),
}
for subject, name, values in (
    ("metadef_object", "o", SCHEMA),
    ("metadef_property", "p", SCHEMA),
    ("metadef_tag", "t", {"name": "new"}),
):
    CALLS |= {
        f"{subject}_create": ("n", values),
        f"{subject}_update": ("n", 1, values),
        f"{subject}_delete": ("n", name),
        f"{subject}_get": ("n", name),
        f"{subject}_get_all": ("n",),
        f"{subject}_count": ("n",),
        f"{subject}_delete_namespace_content": ("n",),
    }

WITHOUT_CONTEXT = {
    "image_set_property_atomic": ("a", "lock", "mine"),
    "image_delete_property_atomic": ("a", "os", "linux"),
}

SWITCHES = ("return_tag", "v1_mode")
"""Parameters whose value tells which keys there are."""


def switched(name: str) -> list[dict[str, bool]]:
    """Give the combinations of the switches that the function has, none of them given too."""
    there = [each for each in SWITCHES if each in inspect.signature(method(name)).parameters]
    return [
        {key: value for key, value in zip(there, values, strict=True) if value is not None}
        for values in itertools.product([None, False, True], repeat=len(there))
    ]


def method(name: str) -> Any:
    return getattr(Database, name)


def annotated(name: str, switches: dict[str, bool]) -> Any:
    """Give what a type checker takes the answer for: of overloads the first that fits."""
    for each in typing.get_overloads(method(name)) or [method(name)]:
        hints = typing.get_type_hints(each)
        parameters = inspect.signature(each).parameters
        given = {key: parameters[key].default for key in SWITCHES if key in parameters} | switches
        if all(fits(value, hints[key]) for key, value in given.items()):
            return hints["return"]
    raise AssertionError(f"no overload of {name} takes {switches}")


def fits(value: Any, annotation: Any) -> bool:
    """Tell whether the value is of the type, and of each dict whether it has just its keys."""
    if annotation is Any:
        return True
    if is_typeddict(annotation):
        return fits_the_shape(value, annotation)
    arguments = get_args(annotation)
    match get_origin(annotation):
        case typing.Literal:
            return value in arguments
        case typing.Union | types.UnionType:
            return any(fits(value, each) for each in arguments)
        case None:
            return type(value) is (annotation or types.NoneType)
        case origin:
            assert origin is list
            return type(value) is list and all(fits(each, arguments[0]) for each in value)


def fits_the_shape(value: Any, shape: Any) -> bool:
    hints = typing.get_type_hints(shape)
    return (
        type(value) is dict
        and shape.__required_keys__ <= value.keys() <= hints.keys()
        and all(fits(each, hints[key]) for key, each in value.items())
    )


def answer(name: str, switches: dict[str, bool]) -> Any:
    database = FULL.fork()
    args = WITHOUT_CONTEXT.get(name) or (ADMIN, *CALLS[name])
    return getattr(database, name)(*args, **switches)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_answer_is_what_the_annotation_says(name: str) -> None:
    for switches in switched(name):
        told = answer(name, switches)
        assert told != [], "no dict to look at"
        assert fits(told, annotated(name, switches)), (told, annotated(name, switches))


def test_what_is_in_the_answers_of_v1_is_told_by_return_tag() -> None:
    for tagged in (False, True):
        (first, *_) = answer("image_get_all", {"v1_mode": True, "return_tag": tagged})
        assert ("tags" in first) is tagged
    assert V1ImageDict.__optional_keys__ == {"tags"}


OVERLOADED = [name for name in FUNCTIONS if typing.get_overloads(method(name))]


@pytest.mark.parametrize("name", OVERLOADED)
def test_overloads_have_the_parameters_and_defaults_of_their_function(name: str) -> None:
    whole = inspect.signature(method(name)).parameters
    for overload in typing.get_overloads(method(name)):
        parameters = inspect.signature(overload).parameters
        needed = {key for key in SWITCHES if key in parameters} - {
            key for key, each in parameters.items() if each.default is not each.empty
        }
        assert list(parameters) == list(whole)
        for key, parameter in parameters.items():
            if key not in needed:
                assert parameter.default == whole[key].default


def test_the_functions_with_switches_are_overloaded() -> None:
    assert [name for name in FUNCTIONS if len(switched(name)) > 1] == OVERLOADED


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        ("a", int),
        (True, int),
        (None, str),
        (1, str | None),
        (("a",), list[str]),
        (["a", 1], list[str]),
        ("weird", Literal["public", "private"]),
        ({}, ListedTaskDict),
        (FULL.task_get(ADMIN, "t"), ListedTaskDict),
    ],
)
def test_what_does_not_fit_is_seen(value: Any, annotation: Any) -> None:
    assert not fits(value, annotation)
