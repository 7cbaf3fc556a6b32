"""Whatever classes callers use, and whatever clocks give: what is stored is exact, or nothing is.

The programs are those of the oracle, which call every function of the API.
"""

from __future__ import annotations

import copy
import datetime as dt
import inspect
from typing import TYPE_CHECKING, Any

import pytest
from freezegun.api import FakeDatetime
from hypothesis import given
from hypothesis import strategies as st

from simple_db import Database, RequestContext
from simple_db.api import FUNCTIONS
from simple_db.model.errors import Invalid, SimpleDBError
from simple_db.oracle.programs.calls import resolved
from simple_db.oracle.programs.strategies import OPS, programs
from simple_db.oracle.targets.target import DriverTarget, reference
from tests.support.build import ADMIN
from tests.support.world import BEGINNING, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from simple_db.oracle.programs.calls import Call

EXACT = {str, int, float, bool, dt.datetime, type(None)}


class Text(str):
    """As a member of an enumeration is text, and shows itself otherwise."""

    __slots__ = ()

    def __str__(self) -> str:
        return "Text.MEMBER"


class Whole(int):
    def __str__(self) -> str:
        return "Whole.MEMBER"


class Fraction(float):
    pass


class Row(dict[Any, Any]):
    pass


class Several(list[Any]):
    pass


def disguised(value: Any) -> Any:
    """Give the value in subclasses of Python's classes, down to keys and leaves."""
    if isinstance(value, dict):
        return Row({disguised(key): disguised(part) for key, part in value.items()})
    if isinstance(value, list):
        return Several(map(disguised, value))
    if isinstance(value, dt.datetime):
        return FakeDatetime.combine(value.date(), value.time())
    for kind, disguise in ((str, Text), (int, Whole), (float, Fraction)):
        if type(value) is kind:
            return disguise(value)
    return value


def is_exact(value: Any) -> bool:
    if type(value) is dict:
        return all(type(key) is str and is_exact(part) for key, part in value.items())
    if type(value) is list:
        return all(map(is_exact, value))
    return type(value) in EXACT


def attempt(target: DriverTarget, call: Call, given: dict[str, Any]) -> Any:
    """Make the call with these arguments, and give its answer or its error's class."""
    try:
        return target.call_with(call.function, call.context, given)
    except SimpleDBError as error:
        return type(error)


def arguments_of(call: Call, target: DriverTarget) -> dict[str, Any]:
    return {name: resolved(value, target.call) for name, value in call.arguments}


# --- classes ----------------------------------------------------------------------------------


def _schema(kind: str) -> dict[str, Any]:
    return {} if kind == "tag" else {"json_schema": {"title": "a", "minimum": 1, "enum": ["b"]}}


ASSOCIATION = {"properties_target": "image", "prefix": "hw_"}
LOCATION = {"url": "file:///a", "metadata": {"a": [1, 1.5, {"b": None}]}, "status": "active"}
IMAGE = {
    "status": "queued",
    "name": "one",
    "size": 5,
    "visibility": "shared",
    "created_at": BEGINNING,
    "properties": {"os": "linux", "number": 1},
    "locations": [LOCATION],
    "tags": ["blue"],
}
TASK = {
    "type": "import",
    "status": "pending",
    "owner": "alice",
    "expires_at": BEGINNING,
    "image_id": "i",
    "input": {"a": ["b", 1, 1.5]},
    "result": "done",
    "message": "said",
}
NODE = "http://here"

# A call of every function that writes, in an order in which each changes something.
WRITES: list[tuple[str, list[Any]]] = [
    ("image_create", [ADMIN, IMAGE | {"id": "i"}]),
    ("image_create", [ADMIN, IMAGE | {"id": "j", "status": "pending_delete"}]),
    ("image_create", [ADMIN, {"status": "active"}]),
    ("image_update", [ADMIN, "i", {"id": "i", "name": "two", "locations": [LOCATION | {"id": 1}]}]),
    ("image_restore", [ADMIN, "j"]),
    ("image_location_add", [ADMIN, "i", LOCATION]),
    ("image_location_update", [ADMIN, "i", LOCATION | {"id": 1, "status": "deleted"}]),
    ("image_location_delete", [ADMIN, "i", 1, "pending_delete"]),
    ("image_property_create", [ADMIN, {"image_id": "i", "name": "p", "value": "1"}]),
    ("image_property_delete", [ADMIN, "p", "i"]),
    ("image_set_property_atomic", ["i", "lock", "mine"]),
    ("image_set_property_atomic", ["i", "other", "mine"]),
    ("image_delete_property_atomic", ["i", "lock", "mine"]),
    ("image_member_create", [ADMIN, {"image_id": "i", "member": "bob", "status": "pending"}]),
    ("image_member_update", [ADMIN, 1, {"member": "carol", "status": "accepted"}]),
    ("image_member_delete", [ADMIN, 1]),
    ("image_tag_set_all", [ADMIN, "i", ["red", "green"]]),
    ("image_tag_create", [ADMIN, "i", "white"]),
    ("image_tag_delete", [ADMIN, "i", "red"]),
    ("task_create", [ADMIN, TASK | {"id": "t"}]),
    ("task_create", [ADMIN, TASK]),
    ("task_update", [ADMIN, "t", TASK | {"status": "success"}]),
    ("task_delete", [ADMIN, "t"]),
    ("task_get_all", [RequestContext(owner="alice")]),
    ("task_create", [ADMIN, TASK | {"id": "u"}]),
    ("tasks_get_by_image", [RequestContext(owner="alice"), "i"]),
    ("metadef_namespace_create", [ADMIN, {"namespace": "n", "owner": "alice", "protected": True}]),
    ("metadef_namespace_create", [ADMIN, {"namespace": "m", "owner": "alice"}]),
    ("metadef_namespace_update", [ADMIN, 1, {"display_name": "N", "visibility": "public"}]),
    *(
        call
        for kind in ("object", "property", "tag")
        for call in (
            (f"metadef_{kind}_create", [ADMIN, "n", {"name": "a"} | _schema(kind)]),
            (f"metadef_{kind}_update", [ADMIN, "n", 1, {"name": "b"} | _schema(kind)]),
            (f"metadef_{kind}_delete", [ADMIN, "n", "b"]),
            (f"metadef_{kind}_create", [ADMIN, "n", {"name": "c"}]),
            (f"metadef_{kind}_delete_namespace_content", [ADMIN, "n"]),
            (f"metadef_{kind}_create", [ADMIN, "n", {"name": "d"} | _schema(kind)]),
        )
    ),
    ("metadef_tag_create_tags", [ADMIN, "n", [{"name": "x"}, {"name": "y"}]]),
    ("metadef_resource_type_create", [ADMIN, {"name": "r", "protected": False}]),
    ("metadef_resource_type_delete", [ADMIN, "r"]),
    ("metadef_resource_type_association_create", [ADMIN, "n", ASSOCIATION | {"name": "r"}]),
    ("metadef_resource_type_association_create", [ADMIN, "n", ASSOCIATION | {"name": "s"}]),
    ("metadef_resource_type_association_delete", [ADMIN, "n", "r"]),
    ("metadef_namespace_delete", [ADMIN, "m"]),
    ("node_reference_create", [ADMIN, NODE]),
    ("insert_cache_details", [ADMIN, NODE, "i", 3, "c1", BEGINNING, BEGINNING, 2]),
    ("insert_cache_details", [ADMIN, NODE, "j", 3, "c1", BEGINNING.isoformat()]),
    ("update_hit_count", [ADMIN, "i", NODE]),
    ("delete_cached_image", [ADMIN, "j", NODE]),
    ("delete_all_cached_images", [ADMIN, NODE]),
    ("insert_cache_details", [ADMIN, NODE, "k", 3]),
    ("image_destroy", [ADMIN, "j"]),
    ("purge_deleted_rows", [ADMIN, -1, -1]),
    ("purge_deleted_rows_from_images", [ADMIN, -1, -1]),
]


def writes_of_a_database(disguise: Callable[[Any], Any]) -> Database:
    """Make all those calls with arguments, times and ids in disguise, checking after each."""
    world = World()
    db = Database(clock=lambda: disguise(world.now()), new_id=lambda: disguise(world.new_id()))
    for function, arguments in WRITES:
        world.next_turn()
        before = db.revision
        answer = getattr(db, function)(*map(disguise, arguments))
        assert db.revision > before, f"{function} has changed nothing"
        assert is_exact(answer), f"{function}: {answer!r}"
        db.check()
    return db


def test_every_writing_function_stores_and_answers_exact_values() -> None:
    plain, other = writes_of_a_database(copy.deepcopy), writes_of_a_database(disguised)
    assert other.snapshot() == plain.snapshot()


def test_every_writing_function_is_among_those_calls() -> None:
    writing = {
        name for name in FUNCTIONS if ".writing()" in inspect.getsource(getattr(Database, name))
    }
    assert {function for function, _ in WRITES} == writing


@pytest.mark.parametrize("op", OPS)
@given(data=st.data())
def test_subclasses_everywhere_leave_what_plain_values_leave(op: str, data: st.DataObject) -> None:
    world = World()
    plain = reference(Database(clock=world.now, new_id=world.new_id))
    other = reference(
        Database(clock=lambda: disguised(world.now()), new_id=lambda: disguised(world.new_id()))
    )
    for call in data.draw(programs(_with_images(op))):
        world.next_turn()
        given = arguments_of(call, plain)
        answer = attempt(plain, call, given)
        assert attempt(other, call, disguised(given)) == answer
        other.driver.check()
    assert other.driver.snapshot() == plain.driver.snapshot()


@pytest.mark.parametrize("op", OPS)
@given(data=st.data())
def test_answers_are_exact(op: str, data: st.DataObject) -> None:
    target = reference(Database(clock=lambda: FakeDatetime(2020, 1, 2)))
    for call in data.draw(programs(_with_images(op))):
        answer = attempt(target, call, disguised(arguments_of(call, target)))
        assert isinstance(answer, type) or is_exact(answer), f"{call}: {answer!r}"


def _with_images(op: str) -> tuple[str, ...]:
    """Give parts of the API of which programs can be about this one."""
    return (op,) if op in {"tasks", "metadefs", "cache"} else ("images", op)


# --- clocks -----------------------------------------------------------------------------------


class Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError


class BreakableClock:
    """A clock that stands still, and gives something else while it is broken."""

    def __init__(self) -> None:
        self.gives: Any = BEGINNING
        self.readings = 0

    def __call__(self) -> Any:
        self.readings += 1
        return self.gives


NO_TIMES = (
    "now",
    None,
    5,
    1.5,
    b"now",
    dt.date(2020, 1, 2),
    dt.time(1),
    dt.datetime(2020, 1, 2, tzinfo=dt.UTC),
    Unshowable(),
)


@pytest.mark.parametrize("op", OPS)
@given(data=st.data(), no_time=st.sampled_from(NO_TIMES))
def test_a_call_that_reads_a_broken_clock_is_invalid_and_works_with_a_good_one(
    op: str, data: st.DataObject, no_time: Any
) -> None:
    clock = BreakableClock()
    target = reference(Database(clock=clock))
    for call in data.draw(programs(_with_images(op))):
        given = arguments_of(call, target)
        _call_with_a_broken_clock(clock, no_time, target, call, given)
        attempt(target, call, given)
        target.driver.check()


def _call_with_a_broken_clock(
    clock: BreakableClock, no_time: Any, target: DriverTarget, call: Call, given: dict[str, Any]
) -> None:
    before = target.driver.snapshot()
    clock.gives, clock.readings = no_time, 0
    try:
        target.call_with(call.function, call.context, given)
        told = ""
    except SimpleDBError as error:
        told = str(error) if type(error) is Invalid else ""
    clock.gives = BEGINNING
    shown = "this Unshowable" if isinstance(no_time, Unshowable) else repr(no_time)
    assert ("the clock of a database" in told and shown in told) == bool(clock.readings)
    assert clock.readings == 0 or target.driver.snapshot() == before
