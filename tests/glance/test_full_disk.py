import errno
import os
from typing import Any

import pytest
import webob
from glance.common import wsgi

from simple_db.glance.driver import glance_error
from simple_db.glance.full_disk import DISK_FULL, full_disks_answered
from simple_db.model.errors import NotFound, SnapshotError

pytestmark = pytest.mark.glance

ROUTED = {"wsgiorg.routing_args": ((), {"action": "default"})}


class Controller:
    """A controller that fails with a given error, and its own serializer."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def default(self, *_: Any, **__: Any) -> Any:
        raise self._error


class Whole:
    def default(self, *_: Any, **__: Any) -> Any:
        return {}


def answer(**parts: Any) -> tuple[int, str]:
    parts = {"controller": Whole(), "deserializer": Whole(), "serializer": Whole()} | parts
    with full_disks_answered():
        response = webob.Request.blank("/", environ=ROUTED).get_response(wsgi.Resource(**parts))
    return response.status_int, response.text


def by_the_driver(cause: Exception) -> Any:
    """Return what the driver raises for a change that the database could not keep."""
    ours = SnapshotError(f"journal cannot be written: {cause}")
    ours.__cause__ = cause
    theirs = glance_error(ours)
    theirs.__cause__ = ours
    return theirs


@pytest.mark.parametrize("number", sorted(DISK_FULL))
@pytest.mark.parametrize("part", ["controller", "deserializer"])
@pytest.mark.parametrize("wrapped", [True, False])
def test_no_room_is_507_with_the_reason_and_no_traceback(
    number: int, part: str, wrapped: bool, caplog: pytest.LogCaptureFixture
) -> None:
    error = OSError(number, os.strerror(number))
    status, text = answer(**{part: Controller(by_the_driver(error) if wrapped else error)})

    assert status == 507
    assert os.strerror(number) in text
    assert os.strerror(number) in caplog.text
    assert "Traceback" not in caplog.text


def test_a_change_that_is_not_kept_is_503_with_the_reason_and_no_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = by_the_driver(OSError(errno.EROFS, os.strerror(errno.EROFS)))
    status, text = answer(controller=Controller(error))

    assert status == 503
    assert "journal cannot be written" in text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    "error", [ValueError("x"), OSError(errno.EIO, "x"), glance_error(NotFound("x"))]
)
def test_any_other_error_is_glances_own_affair(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    assert answer(controller=Controller(error))[0] == 500
    assert "Traceback" in caplog.text


def test_glance_is_as_it_was_afterwards() -> None:
    before = wsgi.Resource.dispatch
    with full_disks_answered():
        assert wsgi.Resource.dispatch is not before
    assert wsgi.Resource.dispatch is before
