"""The oracle's programs, with calls and values beyond those that it draws, and time that passes.

The oracle keeps to few and simple values, for every driver. Of these here Glance's SQL driver
takes some, and refuses the others with an error of Glance's own, or with one that
simple_db/oracle/semantics.toml knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from simple_db.model.records import Task, columns_of
from simple_db.oracle.programs.calls import Lookup, call, content_id, namespace_id, parameters_of
from simple_db.oracle.programs.cast import MEMBER_STATUSES
from simple_db.oracle.programs.domain import (
    IMAGE_IDS,
    LONG_AGO,
    NAMESPACES,
    PROPERTIES,
    TASK_IDS,
    URLS,
)
from simple_db.oracle.programs.draws import admin, any_of, anyone, calls_of, image_ids
from simple_db.oracle.programs.flows import flows_of_an_image
from simple_db.oracle.programs.metadefs import creations_of
from simple_db.oracle.programs.strategies import programs
from tests.property import strategies as some
from tests.support.build import EMOJI

if TYPE_CHECKING:
    from simple_db.oracle.programs.calls import Call, Program
    from simple_db.oracle.programs.draws import Calls
    from tests.support.pair import Pair

Event = Callable[["Pair"], None]
Step = tuple[Event, "Call"]
Beyond = dict[str, st.SearchStrategy[Any]]

LACKING: Any = ...
"""Stands for a key that is not there."""


def _keys(*faults: some.Values, **wider: st.SearchStrategy[Any]) -> st.SearchStrategy[some.Values]:
    """Make what is given of one key instead, or one of these faults."""
    one = [st.fixed_dictionaries({key: values}) for key, values in wider.items()]
    return st.one_of(*one, *([st.sampled_from(faults)] if faults else []))


_bad_images: tuple[some.Values, ...] = (
    *({"name": EMOJI}, {"unknown": f"a{EMOJI}"}, {"properties": {EMOJI: "x"}}),
    *({"properties": {"x": EMOJI}}, {"properties": None}, {"status": "bogus"}),
    *({"visibility": "bogus"}, {"visibility": "public", "is_public": True}, {"size": 2**63}),
    {"min_disk": 2**31},
)
_image: Beyond = {
    "name": some.maybe_texts,
    "unknown": some.maybe_texts,
    "size": some.sizes,
    "virtual_size": some.sizes,
    "min_disk": st.just(-1),
    "min_ram": st.just(2**31 - 1),
    "owner": st.just(""),
    "tags": st.just([]),
}
_created_image = _keys(
    *_bad_images,
    *({"status": None}, {"min_ram": None, "min_disk": ""}),
    *({"deleted": True, "deleted_at": LONG_AGO}, {"id": f"img-{EMOJI}"}, {"id": LACKING}),
    *({"id": None, "os_hidden": None, "created_at": None, "locations": None}, {"visibility": None}),
    *({"protected": None}, {"visibility": LACKING, "is_public": True}),
    *({"visibility": LACKING, "is_public": False}, {"visibility": LACKING, "is_public": None}),
    {"locations": [{"url": EMOJI, "metadata": {}, "status": "active"}]},
    **_image,
    properties=some.properties,
)
_changed_image = _keys(
    *_bad_images,
    *({"min_ram": 2**31}, {"visibility": None}, {"os_hidden": None}, {"min_disk": None}),
    *({"visibility": LACKING, "is_public": True}, {"visibility": LACKING, "is_public": False}),
    **_image,
    properties=some.text_properties,
)
_location = _keys(
    *({"url": EMOJI}, {"metadata": {EMOJI: 1}}, {"metadata": {"a": {"b": EMOJI}}}),
    *({"metadata": {"a": [EMOJI], EMOJI: {}}}, {"unknown": "x"}),
    url=some.texts,
    metadata=some.metadata,
)
_member = _keys(
    {"image_id": some.MISSING},
    {"image_id": some.TOO_LONG},
    {"status": None},
    status=st.just("other"),
)
_projects = st.sampled_from(["alice", "bob", None])
_tag = st.sampled_from([EMOJI, "ünï", 'a"b'])
_value: Beyond = {"value": some.property_values}
_purge: Beyond = {
    "age_in_days": st.sampled_from([-1, 2]),
    "max_rows": st.sampled_from([0, 1, 2, 3, 2**31]),
}
_listing: Beyond = {
    "filters": st.one_of(_keys({"unknown_min": 1}, *some.BAD_FILTERS), _keys(**some.FILTERS)),
    "sort_key": st.one_of(
        st.lists(st.sampled_from(some.SORT_KEYS), max_size=3), st.just(["bogus"])
    ),
    "sort_dir": st.sampled_from([["up"], ["asc", "desc"], ["desc"], []]),
    "marker": st.sampled_from([some.MISSING, some.TOO_LONG, ""]),
    "limit": st.integers(0, 5),
    "member_status": st.just("bogus"),
    "is_public": st.none(),
}

_task = _keys({"id": LACKING}, {"input": LACKING}, deleted=st.booleans(), expires_at=some.times)
_task_times = st.one_of(
    some.times.map(lambda time: time.isoformat(" ", "microseconds")),
    st.sampled_from(["2026-01-01T12:00:00Z", "2026-01-01 12:00:00", "soon", ""]),
)
_tasks: Beyond = {
    "filters": _keys({"status": None}, created_at=_task_times, expires_at=_task_times),
    "sort_key": st.sampled_from([*columns_of(Task), "bogus"]),
    "sort_dir": st.sampled_from(["up", None]),
    "marker": st.sampled_from(["", "missing", "t" * 37]),
    "limit": st.none(),
}

_definition_faults: tuple[some.Values, ...] = (
    {"name": EMOJI},
    {"created_at": "a time that is", "updated_at": "not looked at"},
)
_content = _keys(
    *_definition_faults,
    name=st.sampled_from(["One", ""]),
    description=some.maybe_texts,
    required=some.maybe_texts,
    json_schema=some.schemas,
    unknown=some.maybe_texts,
)
_namespace = _keys(
    *({"owner": None}, {"namespace": None}, {"description": EMOJI}, {"unknown": {"a": EMOJI}}),
    {"created_at": "not looked at"},
    namespace=st.sampled_from(["Ns-1", "ünï"]),
    visibility=st.sampled_from(["community", None]),
    display_name=some.maybe_texts,
    description=some.maybe_texts,
    protected=st.sampled_from([None, 0, 1]),
)
_namespaces: Beyond = {
    "filters": _keys(
        {"visibility": "bogus"},
        {"visibility": None},
        resource_types=st.lists(st.sampled_from(["server", "volume", "image"]), max_size=3).map(
            ",".join
        ),
        unknown=some.maybe_texts,
    ),
    "sort_key": st.sampled_from(
        ["id", "owner", "display_name", "description", "visibility", "protected", "bogus", None]
    ),
    "sort_dir": st.sampled_from(["up", "", None]),
    "limit": st.sampled_from([None, 5]),
}
_content_names = st.sampled_from([EMOJI, "One", ""])

_contents: dict[str, Beyond] = {
    f"metadef_{kind}_{action}": {f"{kind}_dict": _content}
    for kind in ("object", "property", "tag")
    for action in ("create", "update")
}
_contents_by_name: dict[str, Beyond] = {
    f"metadef_{kind}_{action}": {name: _content_names}
    for kind, name in (("object", "object_name"), ("property", "property_name"), ("tag", "name"))
    for action in ("get", "delete")
}
_BEYOND: Mapping[str, Beyond] = {
    "image_create": {"values": _created_image},
    "image_update": {
        "values": _changed_image,
        "from_state": st.sampled_from(["", EMOJI, "saving"]),
    },
    "image_location_add": {
        "location": st.one_of(_location, st.just({"metadata": None, "status": None}))
    },
    "image_location_update": {"location": st.one_of(_location, st.just({"id": LACKING}))},
    "image_location_delete": {"delete_time": st.none()},
    "image_property_create": {"values": _keys(value=some.property_values, deleted=st.booleans())},
    "image_set_property_atomic": _value,
    "image_delete_property_atomic": _value,
    "image_member_create": {
        "values": st.one_of(_member, _keys({"member": EMOJI}, {"member": None}))
    },
    "image_member_update": {
        "values": st.one_of(
            _member, _keys(image_id=st.sampled_from(IMAGE_IDS), deleted=st.booleans())
        )
    },
    "image_tag_create": {"value": _tag},
    "image_tag_delete": {"value": _tag},
    "image_tag_set_all": {"tags": st.lists(_tag, max_size=3)},
    "image_get_all": _listing,
    "is_image_visible": {"status": st.none()},
    "image_member_find": {"image_id": st.none(), "member": st.none(), "status": st.none()},
    "image_member_count": {"image_id": st.just("")},
    "user_get_storage_usage": {"owner_id": _projects, "image_id": st.none()},
    "purge_deleted_rows": _purge,
    "purge_deleted_rows_from_images": _purge,
    "task_create": {"values": _task},
    "task_update": {"values": _keys(deleted=st.booleans(), expires_at=some.times)},
    "task_get_all": _tasks,
    "node_reference_create": {"node_reference_url": st.just(f"http://{EMOJI}")},
    "insert_cache_details": {
        "filesize": st.just(2**40),
        "checksum": st.just("c" * 32),
        "last_accessed": st.none(),
        "last_modified": st.none(),
        "hits": st.none(),
    },
    "metadef_namespace_create": {
        "values": st.one_of(
            _namespace, st.sampled_from([{"owner": LACKING}, {"namespace": LACKING}])
        )
    },
    "metadef_namespace_update": {"namespace_dict": _namespace},
    "metadef_namespace_get_all": _namespaces,
    "metadef_tag_create_tags": {
        "tag_list": st.lists(st.builds(lambda name: {"name": name}, _content_names), max_size=3)
    },
    "metadef_tag_get_all": {
        "sort_key": st.sampled_from(["id", "updated_at", "namespace_id", "bogus", None]),
        "sort_dir": st.sampled_from(["up", "", None]),
        "limit": st.sampled_from([None, 5]),
        "filters": st.just({"name": "one"}),
    },
    "metadef_resource_type_create": {
        "values": _keys(
            *({"name": None}, {"name": EMOJI}, {"name": LACKING}, {"created_at": "not looked at"}),
            protected=st.sampled_from([None, 1]),
            unknown=some.maybe_texts,
        )
    },
    "metadef_resource_type_association_create": {
        "values": _keys(
            {"name": LACKING},
            {"unknown": EMOJI},
            properties_target=some.maybe_texts,
            prefix=some.maybe_texts,
        )
    },
    **_contents,
    **_contents_by_name,
}

# The names of what may not be there, in any function.
_OF_NOTHING: Beyond = {
    "image_id": st.sampled_from([some.MISSING, some.TOO_LONG, f"img-{EMOJI}"]),
    "image_ref": st.sampled_from([some.MISSING, some.TOO_LONG]),
    "task_id": st.sampled_from(["", "missing", "t" * 37]),
    "node_reference_url": st.just("http://nowhere"),
    "namespace_name": st.sampled_from(["missing", EMOJI, "Ns-1"]),
    "resource_type_name": st.sampled_from(["missing", "image"]),
}


def beyond(one: Call) -> st.SearchStrategy[Call]:
    """Give the call with one argument beyond what the oracle draws, if there is such a one."""
    takes = parameters_of(one.function)
    of_nothing = {key: _OF_NOTHING[key] for key in takes.required if key in _OF_NOTHING}
    if any(isinstance(value, Lookup) for _, value in one.arguments):
        # D50: with the id of a row, the driver changes it in whatever namespace it is.
        of_nothing.pop("namespace_name", None)
    known = of_nothing | _BEYOND.get(one.function, {})
    if not known:
        return st.just(one)
    return st.sampled_from(sorted(known)).flatmap(
        lambda argument: known[argument].map(lambda value: _with(one, argument, value))
    )


def _with(one: Call, argument: str, value: Any) -> Call:
    given = one.given()
    if isinstance(value, dict):
        merged = (given.get(argument) or {}) | value
        value = {key: part for key, part in merged.items() if part is not LACKING}
    return call(one.function, one.context, **given | {argument: value})


# --- calls that the oracle does not make ---------------------------------------------------------

OF_IMAGES = ("images", "members", "tags", "locations", "properties")

_names = st.sampled_from(PROPERTIES[:2])
_written_again = {
    "image_id": image_ids,
    "values": st.builds(lambda name: {"properties": {name: "1"}}, _names),
    "purge_props": st.booleans(),
}
_pages = st.builds(
    lambda who, order, given: call("image_get_all", who, **order | given),
    anyone,
    some.orders(),
    st.fixed_dictionaries(
        {}, optional={"filters": some.filters, "marker": image_ids, "limit": st.integers(0, 3)}
    ),
)
_namespace_ids = st.builds(namespace_id, st.sampled_from([*NAMESPACES, "missing"]))
_pages_of_namespaces = calls_of(
    "metadef_namespace_get_all",
    anyone,
    filters=st.fixed_dictionaries({"id_list": st.lists(_namespace_ids, max_size=3)}),
    marker=_namespace_ids,
    limit=st.integers(0, 2),
    sort_key=st.sampled_from(["display_name", "description", "updated_at", "created_at"]),
    sort_dir=st.sampled_from(["asc", "desc"]),
)
_shared = {"id": IMAGE_IDS[0], "owner": "another", "visibility": "shared"}
_usages = ("storage_usage", "staging_usage", "image_count", "uploading_count")
_more_on_images: Sequence[Calls] = (
    calls_of("image_update", admin, **_written_again),
    calls_of("image_property_delete", admin, prop_ref=_names, image_ref=image_ids),
    *[_pages] * 3,
    calls_of(
        "is_image_visible",
        st.sampled_from([*MEMBER_STATUSES]),
        image=st.just(_shared),
        status=st.sampled_from([None, *MEMBER_STATUSES]),
    ),
    any_of([calls_of(f"user_get_{usage}", admin, owner_id=some.owners) for usage in _usages]),
)
_more_on_tasks: Sequence[Calls] = (
    calls_of("purge_deleted_rows", admin, age_in_days=st.integers(0, 2), max_rows=st.just(-1)),
    calls_of("get_cached_nodes", admin, image_id=image_ids),
)
_first = {"image_id": st.just(IMAGE_IDS[0])}
_lock = {**_first, "name": st.just(PROPERTIES[1]), "value": st.sampled_from(["1", "1", None])}
_locked_and_unlocked = st.tuples(
    calls_of("image_set_property_atomic", **_lock),
    calls_of("image_delete_property_atomic", **_lock),
)
_tagged_anew = st.tuples(
    calls_of("image_tag_create", admin, **_first, value=st.just("t1")),
    calls_of("image_tag_set_all", admin, **_first, tags=st.lists(some.tags, max_size=2)),
)
_here: Beyond = {"node_reference_url": st.just(URLS[0]), "image_id": st.just(IMAGE_IDS[0])}
_cached_and_used = st.tuples(
    calls_of("node_reference_create", admin, node_reference_url=_here["node_reference_url"]),
    calls_of("insert_cache_details", admin, **_here, filesize=st.just(1), last_accessed=some.times),
    any_of(
        [
            *[calls_of("update_hit_count", admin, **_here)] * 3,
            calls_of("delete_cached_image", admin, **_here),
            calls_of("delete_all_cached_images", admin, node_reference_url=st.just(URLS[0])),
        ]
    ),
)
_a_task = {"type": "import", "status": "pending", "owner": "alice", "input": {"a": 1}}
_told = st.fixed_dictionaries({"message": some.maybe_texts, "expires_at": some.times})
_made_and_deleted = st.tuples(
    calls_of(
        "task_create", admin, values=_told.map(lambda told: {"id": TASK_IDS[0], **_a_task, **told})
    ),
    calls_of("task_update", admin, task_id=st.just(TASK_IDS[0]), values=_told),
    calls_of("task_delete", admin, task_id=st.just(TASK_IDS[0])),
)
_more_on_definitions: Sequence[Calls] = (
    calls_of(
        "metadef_resource_type_delete",
        admin,
        resource_type_name=st.sampled_from(["server", "volume"]),
    ),
    *[_pages_of_namespaces] * 2,
    calls_of(
        "metadef_tag_get_all",
        admin,
        namespace_name=st.just(NAMESPACES[0]),
        marker=st.builds(content_id, st.just("tag"), st.just(NAMESPACES[0]), st.just("one")),
        limit=st.integers(0, 2),
        sort_key=st.sampled_from(["id", "name", "created_at", "updated_at", "namespace_id"]),
        sort_dir=st.sampled_from(["asc", "desc"]),
    ),
)
_this = {"namespace_name": st.just(NAMESPACES[0])}
_name = st.sampled_from(["one", "two"])


def _defined_and_changed(kind: str, name: str, values: str, row: str) -> st.SearchStrategy[Program]:
    """Make a definition in a namespace, and change or delete it."""
    ids = st.builds(content_id, st.just(kind), st.just(NAMESPACES[0]), _name)
    known = st.fixed_dictionaries({"name": _name}, optional={"unknown": some.texts})
    changes = _keys(description=some.texts, json_schema=some.schemas, name=_name)
    return st.tuples(
        creations_of(kind, _this["namespace_name"]),
        any_of(
            [
                calls_of(f"metadef_{kind}_delete", admin, **_this, **{name: _name}),
                calls_of(f"metadef_{kind}_update", admin, **_this, **{row: ids, values: changes}),
                calls_of(f"metadef_{kind}_update", admin, **_this, **{row: ids, values: known}),
            ]
        ),
    )


_association = {"name": st.just("server"), "prefix": st.none(), "properties_target": st.none()}
_flows_of_definitions: Sequence[st.SearchStrategy[Program]] = (
    _defined_and_changed("object", "object_name", "object_dict", "object_id"),
    _defined_and_changed("property", "property_name", "property_dict", "property_id"),
    _defined_and_changed("tag", "name", "tag_dict", "id"),
    st.tuples(
        creations_of("tag", _this["namespace_name"]),
        calls_of(
            "metadef_tag_create_tags",
            admin,
            **_this,
            tag_list=st.lists(st.fixed_dictionaries({"name": _name}), min_size=1, max_size=2),
            can_append=st.booleans(),
        ),
    ),
    st.tuples(
        calls_of(
            "metadef_namespace_update",
            admin,
            namespace_id=st.builds(namespace_id, st.just(NAMESPACES[0])),
            namespace_dict=_keys(description=some.texts, protected=st.booleans()),
        )
    ),
    st.tuples(
        calls_of(
            "metadef_resource_type_association_create",
            admin,
            **_this,
            values=st.fixed_dictionaries(_association),
        ),
        calls_of(
            "metadef_resource_type_association_delete",
            admin,
            **_this,
            resource_type_name=st.just("server"),
        ),
    ),
)
_MORE: Mapping[str, st.SearchStrategy[Program]] = {
    # What is made, changed and removed: in the oracle's programs that seldom meets.
    "images": any_of(
        [
            *map(st.tuples, _more_on_images),
            *[image_ids.flatmap(flows_of_an_image)] * 7,
            _locked_and_unlocked,
            _tagged_anew,
        ]
    ),
    "tasks": any_of([*map(st.tuples, _more_on_tasks), *[_cached_and_used, _made_and_deleted] * 2]),
    "metadefs": any_of(
        [*map(st.tuples, _more_on_definitions), *_flows_of_definitions, *_flows_of_definitions]
    ),
}


# --- what happens before a call ------------------------------------------------------------------


def nothing_happens(_pair: Pair) -> None:
    """Let the call follow the one before."""


def a_day_passes(pair: Pair) -> None:
    pair.world.pass_time(days=1)


def days_pass(pair: Pair) -> None:
    pair.world.pass_time(days=3)


def simple_db_is_restored_from_its_snapshot(pair: Pair) -> None:
    pair.db.restore(pair.db.snapshot())


_events = st.sampled_from(
    [*[nothing_happens] * 12, a_day_passes, days_pass, simple_db_is_restored_from_its_snapshot]
)


@st.composite
def steps(draw: st.DrawFn, ops: Sequence[str]) -> list[Step]:
    """Draw three programs in a row, with what happens before each call."""
    several = [draw(programs(ops)) for _ in range(3)]
    return [
        (draw(_events), another)
        for program in several
        for one in program
        for another in draw(_with_others(one, ops[0]))
    ]


def _with_others(one: Call, subject: str) -> st.SearchStrategy[Program]:
    """Give the call as it is, or with a value beyond, or with further calls behind it."""
    as_it_is, more = st.just((one,)), _MORE[subject].map(lambda others: (one, *others))
    return any_of([*[as_it_is] * 4, *[st.tuples(beyond(one))] * 2, *[more] * 2])
