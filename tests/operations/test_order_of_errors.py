"""Of several faults in one call, simple_db finds the one that Glance's SQL driver finds first.

The faults are of every kind that updates and creations of images have, in all combinations.
"""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from glance.common.exception import GlanceException

from simple_db import Database, RequestContext
from simple_db.model.errors import SimpleDBError
from tests.support.build import EMOJI
from tests.support.reference import SqlDriver
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Call = Callable[..., Any]
    Values = dict[str, Any]
    Arguments = tuple[str, tuple[Any, ...], Values]

pytestmark = pytest.mark.glance

ADMIN = RequestContext(is_admin=True)
ALICE = RequestContext(owner="alice")

IDS: list[Values] = [{}, {"id": "image"}, {"id": "other"}]
OWNERS: list[Values] = [
    {},
    {"owner": "bob", "visibility": "private"},
    {"owner": "bob", "visibility": "public"},
]
COLUMNS: list[Values] = [{}, {"status": "bogus"}, {"min_disk": 2**31}]
PROPERTIES: list[Values] = [
    {},
    {"properties": {"p": "2"}},
    {"properties": {"p": []}},
    {"properties": {"p": EMOJI}},
    {"properties": None},
]


def a_location(location_id: int | None, **values: Any) -> Values:
    return {"id": location_id, "url": "file:///b", "metadata": {}, "status": "active"} | values


KEPT, NEW, MISSING = a_location(1), a_location(None), a_location(99)
BEYOND, BEYOND_AND_MISSING = a_location(None, url=EMOJI), a_location(99, url=EMOJI)
NO_TEXT, NO_TEXT_AND_MISSING = a_location(1, url=[]), a_location(99, url=[])
KEYLESS_AND_MISSING = {"id": 99, "url": "file:///b"}
LOCATIONS: list[Values] = [
    {},
    *(
        {"locations": locations}
        for locations in (
            [KEPT, NEW],
            [MISSING],
            [BEYOND],
            [NO_TEXT],
            [BEYOND_AND_MISSING],
            [NO_TEXT_AND_MISSING],
            [KEYLESS_AND_MISSING],
            [NEW, MISSING, BEYOND],
            [KEPT, BEYOND, MISSING],
            [NO_TEXT, MISSING],
            [MISSING, None],
        )
    ),
]
OPTIONS: list[Values] = [{"purge_props": True}, {"atomic_props": ["p"]}]
STATES: list[Values] = [{}, {"from_state": "active"}, {"from_state": "queued"}]


def updates() -> Iterator[Arguments]:
    """Give updates with faults in any of their parts."""
    found, missing = LOCATIONS[1:3]
    several: list[tuple[list[Values], ...]] = [
        (PROPERTIES, LOCATIONS, [{}]),
        (PROPERTIES, [found, missing], OPTIONS),
        (COLUMNS, [found, missing], STATES),
    ]
    for parts in several:
        for *values, options in itertools.product(IDS, OWNERS, *parts):
            yield "image_update", ("image", _together(*values)), options


def creations() -> Iterator[Arguments]:
    """Give creations with faults in any of their parts."""
    required = {"id": "new", "status": "queued"}
    taken = {"id": "image"}
    for values in itertools.product([{}, taken], OWNERS, COLUMNS, PROPERTIES, LOCATIONS):
        yield "image_create", (_together(required, *values),), {}


def _together(*parts: Values) -> Values:
    return {key: value for part in parts for key, value in part.items()}


def call_of(db: Database, function: str, *args: Any, **kwargs: Any) -> Any:
    return getattr(db, function)(*args, **kwargs)


def set_up(call: Call) -> None:
    image = {"id": "image", "status": "active", "owner": "alice", "properties": {"p": "1"}}
    call("image_create", ADMIN, image | {"locations": [KEPT | {"id": None}]})


def error_of(call: Call, function: str, args: Any, kwargs: Values) -> str | None:
    """Make a call as alice, and name the error that she gets."""
    try:
        call(function, ALICE, *args, **kwargs)
    except (GlanceException, SimpleDBError) as error:
        return type(error).__name__
    except Exception:  # noqa: BLE001 - a leak, which is Invalid in simple_db
        return "Invalid"
    return None


@pytest.mark.parametrize("calls", [updates, creations])
def test_the_order_of_errors_is_that_of_the_sql_driver(
    calls: Callable[[], Iterator[Arguments]],
) -> None:
    world, db = World(), Database()
    driver = SqlDriver(world)
    set_up(driver.call)
    set_up(functools.partial(call_of, db))
    state = driver.state()
    differing = []
    for arguments in calls():
        theirs = error_of(driver.call, *arguments)
        if theirs in {None, "Forbidden"}:  # these leave a trace
            driver.back_to(state)
        with db.checkpoint() as point:
            ours = error_of(functools.partial(call_of, db), *arguments)
            point.rollback()
        if ours != theirs:
            differing.append((arguments, theirs, ours))

    assert differing == []
