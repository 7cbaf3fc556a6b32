"""Faults of metadata definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from simple_db.model.errors import MetadefForbidden
from simple_db.oracle.faults.breaking import ADMIN, breaks

if TYPE_CHECKING:
    from simple_db.oracle.faults.breaking import Asked


@breaks("metadef_namespace_get_all")
def private_namespaces_are_listed(call: Asked) -> Any:
    """A private namespace is listed for its owner only."""
    return call.answer(context=ADMIN)


@breaks("metadef_namespace_delete", row="Q34")
def a_protected_namespace_is_not_deleted(call: Asked) -> Any:
    """Whoever sees a namespace may delete it, protected or not."""
    name = call.given["namespace_name"]
    if call.database.metadef_namespace_get(call.context, name)["protected"]:
        raise MetadefForbidden(f"Namespace {name} is protected")
    return call.answer()


@breaks("metadef_namespace_delete", "metadef_namespace_create")
def objects_outlive_their_namespace(call: Asked) -> Any:
    """The objects of a namespace are deleted with it: a new one of its name is empty."""
    if call.function == "metadef_namespace_delete":
        return call.answer_keeping("metadef_objects")
    namespace = call.answer()
    with call.tables() as tables:
        for row in tables.metadef_objects.where():
            if tables.namespaces.get(row.namespace_id) is None:
                tables.metadef_objects.put(attrs.evolve(row, namespace_id=namespace["id"]))
    return namespace


@breaks("metadef_object_get_all")
def everybody_sees_private_objects(call: Asked) -> Any:
    """Listing the objects of a private namespace of another raises MetadefForbidden."""
    return call.answer(context=ADMIN)


@breaks("metadef_object_delete_namespace_content")
def tags_go_with_objects(call: Asked) -> Any:
    """Deleting the objects of a namespace leaves its tags."""
    answer = call.answer()
    call.database.metadef_tag_delete_namespace_content(call.context, call.given["namespace_name"])
    return answer


@breaks("metadef_tag_create_tags")
def can_append_is_dropped(call: Asked) -> Any:
    """With `can_append`, the tags that a namespace has stay."""
    return call.answer(can_append=False)


@breaks("metadef_resource_type_association_create")
def the_prefix_is_dropped(call: Asked) -> Any:
    """An association has its prefix."""
    return call.answer(values=call.given["values"] | {"prefix": None})
