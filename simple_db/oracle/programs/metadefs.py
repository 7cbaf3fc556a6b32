"""Random calls on metadata definitions."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from simple_db.oracle.programs.calls import content_id, namespace_id
from simple_db.oracle.programs.domain import NAMESPACES
from simple_db.oracle.programs.draws import (
    Calls,
    Values,
    admin,
    any_of,
    anyone,
    calls_of,
    maybe_text,
    some,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simple_db.oracle.programs.calls import Program

_namespaces = st.sampled_from([*NAMESPACES[:1] * 4, NAMESPACES[1], "missing"])
_resource_types = st.sampled_from(["server", "volume"])
_NAMES = ("one", "two")
_NAMESPACE: Values = {
    "namespace": st.sampled_from(NAMESPACES),
    "owner": st.sampled_from(["alice", "stranger"]),
    "visibility": st.sampled_from(["private", "public"]),
    "display_name": maybe_text,
    "description": maybe_text,
    "protected": st.booleans(),
    "unknown": texts,
}
_CONTENT: Values = {
    "name": st.sampled_from(_NAMES),
    "description": maybe_text,
    "required": maybe_text,
    "json_schema": st.sampled_from([{}, {"type": "string"}, {"a": [1, None]}]),
    "unknown": texts,
}
_NEEDED_BY = {"object": ("name",), "property": ("name", "json_schema"), "tag": ("name",)}
_DESCRIBED_BY = {
    "object": ("description", "required", "json_schema"),
    "property": ("json_schema",),
    "tag": (),
}
# The names of the parameters for a name, values and an id.
_TAKES = {
    "object": ("object_name", "object_dict", "object_id"),
    "property": ("property_name", "property_dict", "property_id"),
    "tag": ("name", "tag_dict", "id"),
}


def new_namespaces(name: str) -> st.SearchStrategy[Values]:
    """Make values of a new namespace of that name."""
    required = {key: _NAMESPACE[key] for key in ("owner", "visibility")}
    optional = {key: _NAMESPACE[key] for key in ("display_name", "description", "protected")}
    return some({"namespace": st.just(name), **required}, **optional)


@functools.cache
def creations_of(kind: str, namespaces: st.SearchStrategy[str]) -> Calls:
    """Make creations of an ``object``, a ``property`` or a ``tag`` in a namespace."""
    needed = {key: _CONTENT[key] for key in _NEEDED_BY[kind]}
    made = some(needed, **_optional_of(kind))
    _, values, _ = _TAKES[kind]
    return calls_of(f"metadef_{kind}_create", namespace_name=namespaces, **{values: made})


def _optional_of(kind: str) -> Values:
    return {key: _CONTENT[key] for key in (*_DESCRIBED_BY[kind], "unknown")}


def _content(kind: str) -> Sequence[Calls]:
    """Make calls on the content of a namespace of that kind."""
    name, values, row = _TAKES[kind]
    ids = st.builds(content_id, st.just(kind), st.just(NAMESPACES[0]), _CONTENT["name"])
    changed = some(name=_CONTENT["name"], **_optional_of(kind))
    updates = {"namespace_name": st.just(NAMESPACES[0]), row: ids, values: changed}
    one = {"namespace_name": _namespaces, name: _CONTENT["name"]}
    return (
        *[creations_of(kind, _namespaces)] * 2,
        *[calls_of(f"metadef_{kind}_update", **updates)] * 2,
        calls_of(f"metadef_{kind}_get", anyone, **one),
        calls_of(f"metadef_{kind}_delete", **one),
        calls_of(f"metadef_{kind}_get_all", anyone, namespace_name=_namespaces),
        calls_of(f"metadef_{kind}_count", namespace_name=_namespaces),
        calls_of(f"metadef_{kind}_delete_namespace_content", namespace_name=_namespaces),
    )


_new_associations = st.fixed_dictionaries(
    {"name": _resource_types, "properties_target": maybe_text, "prefix": maybe_text}
)
METADEFS: Sequence[Calls] = (
    *[
        calls_of(
            "metadef_namespace_create", values=st.sampled_from(NAMESPACES).flatmap(new_namespaces)
        )
    ]
    * 2,
    calls_of(
        "metadef_namespace_update",
        namespace_id=st.builds(namespace_id, st.sampled_from(NAMESPACES)),
        namespace_dict=some(**_NAMESPACE),
    ),
    calls_of("metadef_namespace_get", anyone, namespace_name=_namespaces),
    calls_of("metadef_namespace_delete", namespace_name=_namespaces),
    calls_of(
        "metadef_namespace_get_all",
        anyone,
        filters=some(
            visibility=_NAMESPACE["visibility"],
            resource_types=st.lists(_resource_types, min_size=1, max_size=2).map(",".join),
        ),
        sort_key=st.sampled_from(["created_at", "namespace", "id", "owner"]),
        sort_dir=st.sampled_from(["asc", "desc"]),
        limit=st.integers(0, 2),
    ),
    *_content("object"),
    *_content("property"),
    *_content("tag"),
    calls_of(
        "metadef_tag_create_tags",
        namespace_name=_namespaces,
        tag_list=st.lists(st.fixed_dictionaries({"name": _CONTENT["name"]}), max_size=2),
        can_append=st.booleans(),
    ),
    calls_of(
        "metadef_resource_type_create",
        values=some({"name": _resource_types}, protected=st.booleans()),
    ),
    calls_of("metadef_resource_type_get", resource_type_name=_resource_types),
    calls_of("metadef_resource_type_get_all"),
    calls_of(
        "metadef_resource_type_association_create",
        namespace_name=_namespaces,
        values=_new_associations,
    ),
    calls_of(
        "metadef_resource_type_association_get",
        anyone,
        namespace_name=_namespaces,
        resource_type_name=_resource_types,
    ),
    calls_of(
        "metadef_resource_type_association_delete",
        namespace_name=_namespaces,
        resource_type_name=_resource_types,
    ),
    calls_of(
        "metadef_resource_type_association_get_all_by_namespace",
        anyone,
        namespace_name=_namespaces,
    ),
)


def _renamed(kind: str) -> st.SearchStrategy[Program]:
    """Make two of a kind, and rename one to the name of the other."""
    _, values, row = _TAKES[kind]
    space = {"namespace_name": st.just(NAMESPACES[0])}
    needed = {key: _CONTENT[key] for key in _NEEDED_BY[kind]}
    made = [
        calls_of(
            f"metadef_{kind}_create",
            admin,
            **space,
            **{values: st.fixed_dictionaries(needed | {"name": st.just(one)})},
        )
        for one in _NAMES
    ]
    change = calls_of(
        f"metadef_{kind}_update",
        admin,
        **space,
        **{
            row: st.just(content_id(kind, NAMESPACES[0], _NAMES[0])),
            values: st.just({"name": _NAMES[1]}),
        },
    )
    return st.tuples(*made, change)


RENAMED: st.SearchStrategy[Program] = any_of([_renamed(kind) for kind in _TAKES])
"""Renaming to a name that is taken in the namespace."""
