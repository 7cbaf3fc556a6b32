"""Laws of the whole API, each held for whatever database hypothesis makes up."""

from __future__ import annotations

import copy
import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from simple_db import Database, RequestContext
from simple_db.model.errors import ImageNotFound, SimpleDBError, SnapshotError
from simple_db.model.records import Task, columns_of
from simple_db.oracle.comparing.observation import observation, visits
from simple_db.oracle.programs.calls import call, resolved
from simple_db.oracle.programs.cast import CAST
from simple_db.oracle.programs.strategies import programs
from simple_db.oracle.targets.target import reference
from tests.property import strategies as some
from tests.property.beyond import beyond
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from simple_db.oracle.programs.calls import Call, Program

WORLD = World()
LEAVES = (str, int, float, bool, dt.datetime, type(None))


@st.composite
def databases(draw: st.DrawFn) -> Database:
    """Draw a database on which a program of the oracle's has run; it has been sound throughout."""
    WORLD.restart()
    WORLD.running = draw(st.booleans())
    db = database_in_the_world()
    for one in draw(programs()):
        WORLD.next_turn()
        attempt(db, one)
        db.check()
    return db


def database_in_the_world() -> Database:
    return Database(clock=WORLD.now, new_id=WORLD.new_id)


def attempt(db: Database, one: Call, given: dict[str, Any] | None = None) -> Any:
    """Make a call, with these very arguments if there are any, and give its answer or its error."""
    try:
        if given is None:
            return reference(db).call(one)
        return reference(db).call_with(one.function, one.context, given)
    except SimpleDBError as error:
        return error


def _or_beyond(one: Call) -> st.SearchStrategy[Call]:
    return st.one_of(st.just(one), beyond(one))


def _reads_of(program: Program) -> st.SearchStrategy[Call]:
    return st.sampled_from([*observation(program), *visits(program, sorted(CAST))])


calls = programs().flatmap(st.sampled_from).flatmap(_or_beyond)
reads = programs().flatmap(_reads_of)


def is_sound(filters: some.Values | None) -> bool:
    """Tell whether a listing takes the filters."""
    return isinstance(attempt(Database(), call("image_get_all", "admin", filters=filters)), list)


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


_directions = st.sampled_from(["asc", "desc"])
_sort_keys_of_tasks = st.sampled_from(sorted(columns_of(Task)))
_sort_keys_of_namespaces = st.sampled_from(
    ["created_at", "updated_at", "namespace", "owner", "display_name", "visibility", "protected"]
)


@given(db=databases(), context=some.contexts, key=_sort_keys_of_tasks, direction=_directions)
def test_pages_of_tasks_glued_together_are_the_whole_list(
    db: Database, context: RequestContext, key: str, direction: str
) -> None:
    # A task of another, listed to a caller without project, is no marker to that caller.
    assume(context.owner is not None or context.is_admin)
    query: Any = {"filters": {"deleted": False}, "sort_key": key, "sort_dir": direction}
    whole = db.task_get_all(context, **query)
    assert _glued(lambda **page: db.task_get_all(context, **query, **page)) == whole


@given(db=databases(), context=some.contexts, key=_sort_keys_of_namespaces, direction=_directions)
def test_pages_of_namespaces_glued_together_are_the_whole_list(
    db: Database, context: RequestContext, key: str, direction: str
) -> None:
    query: Any = {"sort_key": key, "sort_dir": direction}
    whole = db.metadef_namespace_get_all(context, **query)
    assert _glued(lambda **page: db.metadef_namespace_get_all(context, **query, **page)) == whole


def _glued(listing: Callable[..., list[Any]]) -> list[Any]:
    """Give the pages of one row each in a row."""
    glued: list[Any] = []
    while page := listing(limit=1, **({"marker": glued[-1]["id"]} if glued else {})):
        glued += page
    return glued


@given(db=databases(), key=_sort_keys_of_tasks, direction=_directions)
def test_tasks_come_in_the_order_of_any_column_and_nulls_are_smallest(
    db: Database, key: str, direction: Any
) -> None:
    tasks: list[Any] = db.task_get_all(some.ADMIN, sort_key=key, sort_dir=direction)
    by = "created_at" if key == "id" else key  # by id is in the order of creation
    ascending = tasks if direction == "asc" else tasks[::-1]
    assert ascending == sorted(
        ascending,
        key=lambda task: (task[by] is not None, task[by], task["created_at"], task["id"]),
    )


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
def test_what_comes_out_shares_nothing_with_the_store(db: Database, call: Call) -> None:
    answer = attempt(db, call)
    after = db.snapshot()
    _ruin(answer)
    assert db.snapshot() == after


@given(db=databases(), call=st.one_of(calls, reads))
def test_what_goes_in_stays_as_it_was_and_is_copied(db: Database, call: Call) -> None:
    given = {name: resolved(value, reference(db).call) for name, value in call.arguments}
    pristine = copy.deepcopy(given)
    attempt(db, call, given)
    after = db.snapshot()
    assert given == pristine
    _ruin(given)
    assert db.snapshot() == after


@given(db=databases(), call=reads)
def test_two_answers_share_nothing_with_each_other(db: Database, call: Call) -> None:
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
def test_a_failed_call_leaves_the_snapshot_equal(db: Database, call: Call) -> None:
    before = db.snapshot()
    if isinstance(attempt(db, call), SimpleDBError):
        assert db.snapshot() == before
    db.check()


@given(db=databases(), call=reads)
def test_a_read_leaves_the_snapshot_equal(db: Database, call: Call) -> None:
    before = db.snapshot()
    attempt(db, call)
    assert db.snapshot() == before


@given(db=databases(), then=st.lists(st.one_of(calls, reads), max_size=4))
def test_a_restored_snapshot_is_the_same_database_from_then_on(db: Database, then: Any) -> None:
    twin = database_in_the_world()
    twin.restore(db.snapshot())
    twin.check()
    assert twin.snapshot() == db.snapshot()
    for one in then:
        WORLD.next_turn()
        assert str(attempt(db, one)) == str(attempt(twin, one))
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


@given(db=databases(), who=st.sampled_from(sorted(CAST)), image_id=some.image_ids)
def test_getting_updating_and_asking_agree_on_who_may(
    db: Database, who: str, image_id: str
) -> None:
    context = CAST[who]
    try:
        image = db.image_get(some.ADMIN, image_id)
    except ImageNotFound:
        return
    asked = call("image_get", who, image_id=image_id, force_show_deleted=True)
    seen = not isinstance(attempt(db, asked), SimpleDBError)
    assert seen == db.is_image_visible(context, image)
    if not image["deleted"]:
        changed = attempt(db, call("image_update", who, image_id=image_id, values={}))
        may = db.is_image_visible(context, image) and db.is_image_mutable(context, image)
        assert may == (not isinstance(changed, SimpleDBError))


@given(db=databases())
def test_no_context_is_an_administrator(db: Database) -> None:
    query: Any = {"filters": {"visibility": "all"}}
    assert db.image_get_all(None, **query) == db.image_get_all(some.ADMIN, **query)
    assert db.image_member_find(None) == db.image_member_find(some.ADMIN)
