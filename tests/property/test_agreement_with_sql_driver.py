"""The same programs on simple_db and on Glance's SQL driver: answers, errors and tables are equal.

The programs are the oracle's, with further calls and values in between, and time that passes.
After every call the rows of all tables are compared, soft-deleted ones and times included, and
what simple_db promises of every call is checked (`tests.support.pair`). What may differ is
listed in docs/semantics.md.
"""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simple_db.oracle.comparing.observation import observation, visits
from simple_db.oracle.programs.calls import call
from simple_db.oracle.programs.cast import CAST
from simple_db.oracle.programs.domain import IMAGE_IDS
from tests.property.beyond import OF_IMAGES, steps
from tests.support.pair import Pair
from tests.support.reference import SqlDriver
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simple_db.oracle.programs.calls import Call
    from simple_db.oracle.targets.target import Rows
    from tests.property.beyond import Step

pytestmark = pytest.mark.glance

visitors = st.lists(st.sampled_from(sorted(CAST)), min_size=1, max_size=2, unique=True)


# An example is three programs in a row, and the profile says how many programs there are.
as_many_programs = settings(max_examples=-(-settings.default.max_examples // 3))


@functools.cache
def sql_driver() -> SqlDriver:
    """Make the driver once a process: its schema takes longer than many examples."""
    return SqlDriver(World())


def agreed(running: bool, steps: list[Step]) -> Pair:
    """Run a program on both sides, and compare them after each call.

    Args:
        running: Whether each call is a microsecond after the one before.
        steps: The calls, and what happens before each.
    """
    pair = Pair(sql_driver())
    pair.world.running = running
    for event, one in steps:
        event(pair)
        if not any(is_met(pair, one) for is_met in DIFFERENCES_BY_STATE):
            pair.hold(one)
    return pair


def look_around(pair: Pair, steps: list[Step], visitors: list[str]) -> None:
    """Ask on both sides for all that can be seen, once a program has run."""
    program = tuple(one for _event, one in steps)
    for look in (*observation(program), *visits(program, visitors)):
        pair.hold(look)


@as_many_programs
@given(running=st.booleans(), steps=steps(OF_IMAGES), visitors=visitors)
def test_images_and_what_belongs_to_them_are_as_in_the_sql_driver(
    running: bool, steps: list[Step], visitors: list[str]
) -> None:
    pair = agreed(running, steps)
    look_around(pair, steps, visitors)
    for look in _looks_at_images(visitors):
        pair.hold(look)


@as_many_programs
@given(running=st.booleans(), steps=steps(("tasks", "cache")), visitors=visitors)
def test_tasks_and_the_image_cache_are_as_in_the_sql_driver(
    running: bool, steps: list[Step], visitors: list[str]
) -> None:
    look_around(agreed(running, steps), steps, visitors)


@as_many_programs
@given(running=st.booleans(), steps=steps(("metadefs",)), visitors=visitors)
def test_metadata_definitions_are_as_in_the_sql_driver(
    running: bool, steps: list[Step], visitors: list[str]
) -> None:
    look_around(agreed(running, steps), steps, visitors)


def _looks_at_images(visitors: list[str]) -> Iterator[Call]:
    for who in visitors:
        yield call("image_get_all", who, return_tag=True)
        yield call("image_get_all", who, filters={"visibility": "all"}, admin_as_user=True)
        yield call("image_get_all", who, filters={"deleted": False}, member_status="all")
        yield call("image_get", who, image_id=IMAGE_IDS[0], force_show_deleted=True)
        yield call("image_member_find", who)


# --- differences that depend on the rows --------------------------------------------------------


def _is_a_purge_cut_at_one_moment(pair: Pair, one: Call) -> bool:
    """Tell whether a purge takes some rows deleted at one moment and leaves others: D45."""
    if not one.function.startswith("purge"):
        return False
    given = one.given()
    before, rows = pair.world.now() - dt.timedelta(days=given["age_in_days"]), given["max_rows"]
    return any(
        0 < rows < len(old) and old[rows - 1] == old[rows]
        for old in _times_of_deletion(pair.driver.dump(), before)
    )


def _times_of_deletion(dump: Rows, before: dt.datetime) -> Iterator[list[dt.datetime]]:
    for rows in dump.values():
        times = [row["deleted_at"] for row in rows if row.get("deleted_at") is not None]
        yield sorted(time for time in times if time <= before)


def _is_a_page_over_nulls(pair: Pair, one: Call) -> bool:
    """Tell pages over nulls, and by a boolean or by visibility: D25 and D26."""
    given = one.given()
    table = {
        "image_get_all": "images",
        "task_get_all": "tasks",
        "metadef_namespace_get_all": "metadef_namespaces",
    }
    if one.function not in table or given.get("marker") is None:
        return False
    keys = given.get("sort_key") or []
    keys = [key for key in ([keys] if isinstance(keys, str) else keys) if key != "id"]
    rows = pair.driver.dump()[table[one.function]]
    by_boolean = {"visibility", "protected", "os_hidden", "deleted"} & set(keys)
    is_by_boolean = bool(by_boolean) and one.function == "image_get_all"
    return is_by_boolean or any(row.get(key, 0) is None for row in rows for key in keys)


def _is_a_page_of_tags(pair: Pair, one: Call) -> bool:
    """Tell a page of images of which one has a tag twice: D27."""
    given = one.given()
    if one.function != "image_get_all" or not given.get("limit"):
        return False
    tags = [(row["image_id"], row["value"]) for row in pair.driver.dump()["image_tags"]]
    return "tags" in (given.get("filters") or {}) and len(tags) > len(set(tags))


DIFFERENCES_BY_STATE: tuple[Callable[[Pair, Call], bool], ...] = (
    _is_a_purge_cut_at_one_moment,
    _is_a_page_over_nulls,
    _is_a_page_of_tags,
)
