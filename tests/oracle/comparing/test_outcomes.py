from __future__ import annotations

import datetime as dt
import types
from typing import Any

import pytest

from simple_db import Database
from simple_db.model import errors
from simple_db.oracle.comparing.outcomes import Moment, Raised, Recording, Returned
from simple_db.oracle.programs.calls import call
from simple_db.oracle.targets.target import DriverTarget, reference
from tests.support.world import World

AN_IMAGE = call("image_create", "admin", values={"id": "image-1", "status": "active"})
GET = call("image_get", "admin", image_id="image-1")


def recorded(answer: Any) -> Any:
    """Return the normal form of a driver's answer."""
    driver = types.SimpleNamespace(image_get=lambda *_: answer, reset=lambda: None)
    recording = Recording(DriverTarget("a driver", driver))
    recording.restart()
    outcome = recording.outcome(GET)
    assert isinstance(outcome, Returned)
    return outcome.value


def test_a_time_is_the_call_that_read_it() -> None:
    recording = Recording(reference())
    recording.restart()
    recording.outcome(GET)
    recording.outcome(AN_IMAGE)
    recording.outcome(call("image_update", "admin", image_id="image-1", values={"size": 1}))
    image = recording.outcome(GET)

    assert isinstance(image, Returned)
    assert (image.value["created_at"], image.value["updated_at"]) == (Moment(1), Moment(2))
    assert repr(image.value["created_at"]) == "<time of call 2>"


def test_a_time_that_was_given_stays_as_it_is() -> None:
    long_ago = dt.datetime(2020, 1, 1)  # noqa: DTZ001 - as in the database

    assert recorded({"created_at": long_ago}) == {"created_at": long_ago}


def test_seconds_of_the_cache_are_times_too() -> None:
    assert recorded({"last_accessed": 86400.0, "hits": 86400.0}) == {
        "last_accessed": dt.datetime(1970, 1, 2),  # noqa: DTZ001 - as in the database
        "hits": 86400.0,
    }


def test_every_call_has_a_time_of_its_own() -> None:
    world = World()
    target = reference(Database(clock=world.now))
    asked = []

    def now() -> dt.datetime:
        """Give a time that stands still, but for every third time that it is asked."""
        asked.append(world)
        world.pass_time(microseconds=int(len(asked) % 3 == 0))
        return world.now()

    target.now = now
    recording = Recording(target)
    recording.restart()
    made = recording.outcome(AN_IMAGE)
    changed = recording.outcome(
        call("image_update", "admin", image_id="image-1", values={"size": 1})
    )

    assert isinstance(made, Returned)
    assert isinstance(changed, Returned)
    assert made.value["updated_at"] == Moment(0)
    assert changed.value["updated_at"] == Moment(1)


def test_rows_of_sqlalchemy_are_dicts_of_their_columns() -> None:
    columns = [types.SimpleNamespace(name="id"), types.SimpleNamespace(name="name")]
    row = types.SimpleNamespace(__table__=types.SimpleNamespace(columns=columns), id=1, name="a")

    assert recorded([row]) == [{"id": 1, "name": "a"}]


def test_an_exception_of_glances_vocabulary_is_no_leak() -> None:
    recording = Recording(reference())
    recording.restart()

    assert recording.outcome(GET) == Raised(
        "ImageNotFound", leaked=False, message="No image found with ID image-1"
    )


@pytest.mark.parametrize(
    ("error", "leaked"),
    [
        (errors.Forbidden("no"), False),
        (type("OwnForbidden", (errors.Forbidden,), {})("no"), False),
        (type("LimitExceeded", (type("GlanceException", (Exception,), {}),), {})("no"), False),
        (KeyError("id"), True),
    ],
)
def test_any_other_exception_is_a_leak(error: Exception, leaked: bool) -> None:
    def image_get(*_: object) -> None:
        raise error

    driver = types.SimpleNamespace(image_get=image_get, reset=lambda: None)
    recording = Recording(DriverTarget("a driver", driver))
    recording.restart()
    outcome = recording.outcome(GET)

    assert isinstance(outcome, Raised)
    assert (outcome.error, outcome.leaked) == (type(error).__name__, leaked)
