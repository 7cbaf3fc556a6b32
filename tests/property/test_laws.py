"""Laws of the whole API, each held for whatever database hypothesis makes up."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from simple_db import Database, RequestContext
from simple_db.model.errors import ImageNotFound, SimpleDBError, SnapshotError
from tests.property import strategies as some
from tests.support.world import World

WORLD = World()
LEAVES = (str, int, float, bool, dt.datetime, type(None))


@st.composite
def databases(draw: st.DrawFn) -> Database:
    """Draw a database of some images, with members and tags, some of them deleted."""
    WORLD.restart()
    db = database_in_the_world()
    images = draw(st.lists(some.sound_images, max_size=3))
    for image_id, values in zip(some.IMAGE_IDS, images, strict=False):
        db.image_create(some.ADMIN, values | {"id": image_id})
    for call in draw(st.lists(calls, max_size=10)):
        WORLD.next_turn()
        attempt(db, call)
    return db


def database_in_the_world() -> Database:
    return Database(clock=WORLD.now, new_id=WORLD.new_id)


def attempt(db: Database, call: tuple[str, list[Any]]) -> Any:
    """Make a call, and give its answer or its error."""
    function, arguments = call
    try:
        return getattr(db, function)(*arguments)
    except SimpleDBError as error:
        return error


def _call(function: str, *arguments: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.tuples(st.just(function), st.tuples(*arguments).map(list))


_row_ids = st.integers(1, 4)

_task_ids = st.sampled_from(["task-1", "task-2"])
_names = st.sampled_from(["one", "two"])
_nodes = st.just("http://here")


def _some_of(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional=optional)


_tasks = _some_of(
    type=st.just("import"),
    status=st.sampled_from(["pending", "success", None]),
    owner=st.sampled_from(some.OWNERS),
    image_id=some.image_ids,
    expires_at=some.times,
    input=some.json_values,
    result=some.json_values,
)
_namespaces = _some_of(
    namespace=_names, owner=st.sampled_from(some.OWNERS), visibility=st.just("public")
)
_definitions = _some_of(name=_names, json_schema=some.json_values, required=some.maybe_texts)

calls_beside_images = st.one_of(
    _call(
        "task_create", some.contexts, st.builds(lambda *d: {"id": d[0]} | d[1], _task_ids, _tasks)
    ),
    _call("task_update", some.contexts, _task_ids, _tasks),
    _call("task_delete", some.contexts, _task_ids),
    _call("metadef_namespace_create", some.contexts, _namespaces),
    _call("metadef_namespace_delete", some.contexts, _names),
    _call("metadef_object_create", some.contexts, _names, _definitions),
    _call("metadef_object_update", some.contexts, _names, st.integers(1, 2), _definitions),
    _call("metadef_property_create", some.contexts, _names, _definitions),
    _call(
        "metadef_tag_create_tags",
        some.contexts,
        _names,
        st.lists(_some_of(name=_names), max_size=2),
        st.booleans(),
    ),
    _call(
        "metadef_resource_type_association_create",
        some.contexts,
        _names,
        _some_of(name=_names, prefix=some.maybe_texts),
    ),
    _call("node_reference_create", some.contexts, _nodes),
    _call("insert_cache_details", some.contexts, _nodes, some.image_ids, st.integers(0, 3)),
    _call("update_hit_count", some.contexts, some.image_ids, _nodes),
)

creations = _call("image_create", st.just(some.ADMIN), some.created_images)
calls = st.one_of(
    creations,
    _call("image_update", some.contexts, some.image_ids_or_not, some.changed_images),
    _call("image_destroy", some.contexts, some.image_ids_or_not),
    _call("image_restore", some.contexts, some.image_ids_or_not),
    _call("image_location_add", some.contexts, some.image_ids_or_not, some.guarded_locations),
    _call("image_location_delete", some.contexts, some.image_ids, _row_ids, st.just("deleted")),
    _call(
        "image_set_property_atomic",
        some.image_ids,
        st.sampled_from(some.PROPERTY_NAMES),
        some.property_values,
    ),
    _call(
        "image_property_delete",
        some.contexts,
        st.sampled_from(some.PROPERTY_NAMES),
        some.image_ids,
    ),
    _call("image_member_create", some.contexts, some.created_members),
    _call("image_member_update", some.contexts, _row_ids, some.changed_members),
    _call("image_member_delete", some.contexts, _row_ids),
    _call("image_tag_set_all", some.contexts, some.image_ids, st.lists(some.tags, max_size=3)),
    _call("image_tag_create", some.contexts, some.image_ids_or_not, some.tags_or_beyond),
    calls_beside_images,
)
reads = st.one_of(
    _call("image_get", some.contexts, some.image_ids_or_not, st.booleans()),
    _call("image_get_all", some.contexts, some.filters, st.none(), some.limits),
    _call("image_member_find", some.contexts),
    _call("image_tag_get_all", some.contexts, some.image_ids),
    _call("task_get", some.contexts, _task_ids),
    _call("task_get_all", some.contexts),
    _call("metadef_namespace_get_all", some.contexts),
    _call("metadef_object_get_all", some.contexts, _names),
    _call("get_cached_images", some.contexts, _nodes),
)


def is_sound(filters: some.Values | None) -> bool:
    """Tell whether a listing takes the filters."""
    return isinstance(attempt(Database(), ("image_get_all", [some.ADMIN, filters])), list)


sound_filters = some.filters.filter(is_sound)


def ids(images: list[Any]) -> list[str]:
    return [image["id"] for image in images]


# --- pages ------------------------------------------------------------------------------------


@given(
    db=databases(),
    context=some.contexts,
    filters=sound_filters,
    order=some.orders(),
    limit=st.integers(1, 3),
)
def test_pages_glued_together_are_the_whole_list(
    db: Database,
    context: RequestContext,
    filters: some.Values | None,
    order: some.Values,
    limit: int,
) -> None:
    assume(context.owner is not None or context.is_admin)
    # An image that is listed and yet cannot be got is no marker: deleted ones, and to a caller
    # without project what is shared with others. Glance's own API never lists these either.
    query = {"filters": {**(filters or {}), "deleted": False}, **order}
    whole = db.image_get_all(context, **query)
    glued: list[Any] = []
    while page := _next_page(db, context, query, glued, limit):
        glued += page
    assert glued == whole


def _next_page(
    db: Database, context: RequestContext, query: some.Values, before: list[Any], limit: int
) -> list[Any]:
    marker = before[-1]["id"] if before else None
    return list(db.image_get_all(context, marker=marker, limit=limit, **query))


@given(db=databases(), order=some.orders(), marker=some.image_ids, filters=sound_filters)
def test_a_page_starts_behind_the_place_of_its_marker_even_if_that_is_filtered_out(
    db: Database, order: some.Values, marker: str, filters: some.Values | None
) -> None:
    everything = ids(db.image_get_all(some.ADMIN, {"visibility": "all"}, **order))
    if marker not in everything:
        with pytest.raises(ImageNotFound):
            db.image_get_all(some.ADMIN, filters, marker=marker, **order)
        return
    behind = everything[everything.index(marker) + 1 :]
    whole = ids(db.image_get_all(some.ADMIN, filters, **order))
    page = ids(db.image_get_all(some.ADMIN, filters, marker=marker, **order))
    assert page == [image_id for image_id in whole if image_id in behind]


@given(db=databases(), context=some.contexts, filters=sound_filters, order=some.orders())
def test_a_filter_only_takes_away(
    db: Database, context: RequestContext, filters: some.Values | None, order: some.Values
) -> None:
    filtered = ids(db.image_get_all(context, filters, **order))
    visibility = {"visibility": "all"} if "visibility" in (filters or {}) else {}
    everything = ids(db.image_get_all(context, visibility, **order))
    assert filtered == [image_id for image_id in everything if image_id in filtered]


@given(db=databases(), order=some.orders())
def test_the_order_of_a_listing_has_no_ties_and_nulls_are_smallest(
    db: Database, order: some.Values
) -> None:
    images: list[Any] = db.image_get_all(some.ADMIN, {"visibility": "all"}, **order)
    assert len(set(ids(images))) == len(images)
    if order["sort_key"] and order["sort_dir"]:
        column = [image[order["sort_key"][0]] for image in images]
        present = [value for value in column if value is not None]
        ascending = [*[None] * (len(column) - len(present)), *sorted(present)]
        assert column == (ascending if order["sort_dir"][0] == "asc" else ascending[::-1])


@given(
    context=some.contexts,
    fault=st.one_of(
        st.sampled_from(some.BAD_FILTERS).map(lambda fault: {"filters": fault}),
        st.sampled_from(
            [
                {"sort_key": ["bogus"]},
                {"sort_dir": ["up"]},
                {"sort_key": ["name"], "sort_dir": ["asc", "asc"]},
                {"limit": -1},
                {"filters": {"unknown_max": 1}},
                {"filters": {"properties": None}},
                {"filters": {"tags": 1}},
            ]
        ),
    ),
    db=databases(),
)
def test_a_bad_query_is_refused_alike_whatever_the_rows(
    context: RequestContext, fault: some.Values, db: Database
) -> None:
    with pytest.raises(SimpleDBError) as on_nothing:
        Database().image_get_all(context, **fault)
    with pytest.raises(SimpleDBError) as on_something:
        db.image_get_all(context, **fault)
    assert type(on_nothing.value) is type(on_something.value)
    assert str(on_nothing.value) == str(on_something.value)


# --- nothing is shared ------------------------------------------------------------------------


@given(db=databases(), call=st.one_of(calls, reads))
def test_what_comes_out_shares_nothing_with_the_store(db: Database, call: Any) -> None:
    answer = attempt(db, call)
    after = db.snapshot()
    _ruin(answer)
    assert db.snapshot() == after


@given(db=databases(), call=st.one_of(calls, reads))
def test_what_goes_in_stays_as_it_was_and_is_copied(db: Database, call: Any) -> None:
    pristine = copy.deepcopy(call)
    attempt(db, call)
    after = db.snapshot()
    assert call == pristine
    _ruin([argument for argument in call[1] if not isinstance(argument, RequestContext)])
    assert db.snapshot() == after


@given(db=databases(), call=reads)
def test_two_answers_share_nothing_with_each_other(db: Database, call: Any) -> None:
    first, second = attempt(db, call), attempt(db, call)
    if isinstance(first, SimpleDBError):
        return
    kept = copy.deepcopy(second)
    _ruin(first)
    assert second == kept


def _ruin(value: Any) -> None:
    """Empty everything that can be changed, from the inside out."""
    if isinstance(value, (dict, list)):
        for part in [*value.values()] if isinstance(value, dict) else value:
            _ruin(part)
        value.clear()
    else:
        assert isinstance(value, (*LEAVES, tuple, SimpleDBError)), type(value)


# --- failures and snapshots -------------------------------------------------------------------


@given(db=databases(), call=calls)
def test_a_failed_call_leaves_the_snapshot_equal(db: Database, call: Any) -> None:
    before = db.snapshot()
    if isinstance(attempt(db, call), SimpleDBError):
        assert db.snapshot() == before
    db.check()


@given(db=databases(), call=reads)
def test_a_read_leaves_the_snapshot_equal(db: Database, call: Any) -> None:
    before = db.snapshot()
    attempt(db, call)
    assert db.snapshot() == before


@given(db=databases(), then=st.lists(st.one_of(calls, reads), max_size=4))
def test_a_restored_snapshot_is_the_same_database_from_then_on(db: Database, then: Any) -> None:
    twin = database_in_the_world()
    twin.restore(db.snapshot())
    twin.check()
    assert twin.snapshot() == db.snapshot()
    for call in then:
        WORLD.next_turn()
        assert str(attempt(db, call)) == str(attempt(twin, call))
        assert twin.snapshot() == db.snapshot()


@given(db=databases(), other=databases(), cut=st.integers(0, 10**4))
def test_a_torn_snapshot_is_refused_and_changes_nothing(
    db: Database, other: Database, cut: int
) -> None:
    before, snapshot = db.snapshot(), other.snapshot()
    with pytest.raises(SnapshotError):
        # Without its last byte, a line's end, it is whole.
        db.restore(snapshot[: cut % (len(snapshot) - 1)])
    assert db.snapshot() == before


@given(db=databases())
def test_reset_gives_an_empty_database(db: Database) -> None:
    db.reset()
    assert db.snapshot() == Database().snapshot()


# --- who sees what ----------------------------------------------------------------------------


@given(db=databases(), context=some.contexts, member_status=st.sampled_from(["all", "accepted"]))
def test_whoever_has_a_project_can_get_every_live_image_listed_to_them(
    db: Database, context: RequestContext, member_status: str
) -> None:
    assume(context.owner is not None or context.is_admin)
    filters = {"deleted": False}
    for image in db.image_get_all(context, filters, member_status=member_status):
        assert db.image_get(context, image["id"])["id"] == image["id"]


@given(db=databases(), context=some.contexts, image_id=some.image_ids)
def test_getting_updating_and_asking_agree_on_who_may(
    db: Database, context: RequestContext, image_id: str
) -> None:
    try:
        image = db.image_get(some.ADMIN, image_id)
    except ImageNotFound:
        return
    seen = not isinstance(attempt(db, ("image_get", [context, image_id, True])), SimpleDBError)
    assert seen == db.is_image_visible(context, image)
    if not image["deleted"]:
        changed = attempt(db, ("image_update", [context, image_id, {}]))
        may = db.is_image_visible(context, image) and db.is_image_mutable(context, image)
        assert may == (not isinstance(changed, SimpleDBError))


@given(db=databases())
def test_no_context_is_an_administrator(db: Database) -> None:
    query: Any = {"filters": {"visibility": "all"}}
    assert db.image_get_all(None, **query) == db.image_get_all(some.ADMIN, **query)
    assert db.image_member_find(None) == db.image_member_find(some.ADMIN)
