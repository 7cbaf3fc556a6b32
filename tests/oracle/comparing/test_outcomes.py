from __future__ import annotations

import datetime as dt
import types
from typing import TYPE_CHECKING, Any

import pytest

from simple_db import Database
from simple_db.model import errors
from simple_db.oracle.comparing.outcomes import CallOutcome, Moment, Raised, Recording, Returned
from simple_db.oracle.targets.target import DriverTarget, Target, reference
from tests.support.faults_shown import IMAGE, api
from tests.support.world import World

if TYPE_CHECKING:
    from simple_db.oracle.programs.calls import Call

AN_IMAGE = api.image_create("admin", IMAGE)
SIZE = api.image_update("admin", "image-1", {"size": 1})
GET = api.image_get("admin", "image-1")
LONG_AGO = dt.datetime(2020, 1, 1)  # noqa: DTZ001 - naive UTC, as every time in the database
COLUMNS = types.SimpleNamespace(columns=[types.SimpleNamespace(name=name) for name in ("a", "b")])


def outcomes(target: Target, *program: Call) -> list[CallOutcome]:
    recording = Recording(target)
    recording.restart()
    return [recording.outcome(one) for one in program]


def answering(image_get: Any) -> DriverTarget:
    return DriverTarget("", types.SimpleNamespace(image_get=image_get, reset=lambda: None))


def test_a_time_is_the_call_that_read_it() -> None:
    *_, image = outcomes(reference(), GET, AN_IMAGE, SIZE, GET)

    assert isinstance(image, Returned)
    assert (image.value["created_at"], image.value["updated_at"]) == (Moment(1), Moment(2))
    assert repr(image.value["created_at"]) == "<time of call 2>"


def test_every_call_has_a_time_of_its_own() -> None:
    world = World()
    target = reference(Database(clock=world.now))
    asked = []

    def now() -> dt.datetime:
        """Return a time that advances only every third time that it is asked."""
        asked.append(world)
        world.pass_time(microseconds=int(len(asked) % 3 == 0))
        return world.now()

    target.now = now
    made: Any
    changed: Any
    made, changed = outcomes(target, AN_IMAGE, SIZE)

    assert made.value["updated_at"] == Moment(0)
    assert changed.value["updated_at"] == Moment(1)


@pytest.mark.parametrize(
    ("answer", "normal"),
    [
        # a time that a caller gave
        ({"created_at": LONG_AGO}, {"created_at": LONG_AGO}),
        # the seconds of the image cache
        ({"last_accessed": 1577836800.0, "hits": 1.0}, {"last_accessed": LONG_AGO, "hits": 1.0}),
        # a row of SQLAlchemy
        ([types.SimpleNamespace(__table__=COLUMNS, a=1, b="2")], [{"a": 1, "b": "2"}]),
    ],
)
def test_an_answer_has_a_normal_form(answer: Any, normal: Any) -> None:
    assert outcomes(answering(lambda *_: answer), GET) == [Returned(normal)]


@pytest.mark.parametrize(
    ("error", "leaked"),
    [
        (errors.Forbidden("no"), False),
        (type("OwnForbidden", (errors.Forbidden,), {})("no"), False),
        (type("LimitExceeded", (type("GlanceException", (Exception,), {}),), {})("no"), False),
        (KeyError("id"), True),
    ],
)
def test_an_exception_that_is_none_of_glances_is_a_leak(error: Exception, leaked: bool) -> None:
    def image_get(*_: object) -> None:
        raise error

    assert outcomes(answering(image_get), GET) == [Raised(type(error).__name__, leaked, str(error))]
