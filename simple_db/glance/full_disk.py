"""What a caller is answered where there is no room for a change: one line that says so.

Glance takes an error that it does not know for its own, answers 500 and logs a traceback. Nothing
of Glance is broken where a disk is full, or where the database cannot keep a change.
"""

from __future__ import annotations

import contextlib
import errno
import logging
from typing import TYPE_CHECKING, Any

import webob.exc
from glance.common import wsgi

from simple_db.glance.replaced import replaced
from simple_db.model.errors import SnapshotError
from simple_db.model.wording import in_options

if TYPE_CHECKING:
    from collections.abc import Iterator

LOG = logging.getLogger(__name__)

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Errors of the system that say that a file cannot grow."""


@contextlib.contextmanager
def full_disks_answered() -> Iterator[None]:
    """Have Glance answer 507 where there is no room, and 503 where a change cannot be kept.

    It is so until the end of the block, for all that Glance's controllers do.
    """
    dispatch = wsgi.Resource.dispatch

    def dispatch_and_answer(resource: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return dispatch(resource, *args, **kwargs)
        except Exception as error:
            answer = _answer(error)
            if answer is None:
                raise
            LOG.error("%s", answer)  # noqa: TRY400 - a line, since nothing is broken
            raise answer from error

    with replaced(wsgi.Resource, dispatch=dispatch_and_answer):
        yield


def _answer(error: Exception) -> Any:
    """Return what is answered, or None for an error of another kind."""
    # The driver raises Glance's exceptions from ours, and those come from the system's.
    causes = [error, error.__cause__, getattr(error.__cause__, "__cause__", None)]
    if any(isinstance(cause, OSError) and cause.errno in NO_ROOM for cause in causes):
        return webob.exc.HTTPInsufficientStorage(explanation=f"There is no room: {error}")
    if any(isinstance(cause, SnapshotError) for cause in causes):
        why = in_options(str(error))
        return webob.exc.HTTPServiceUnavailable(explanation=f"The change is not kept: {why}")
    return None
