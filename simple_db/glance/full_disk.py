"""The answers where a disk is full or the database cannot save a change: 507 and 503, in a line.

For errors that it does not know, Glance answers 500 and logs a traceback, as for a bug of its own.
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

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""The errors of the system for a file that cannot grow."""


@contextlib.contextmanager
def full_disks_answered() -> Iterator[None]:
    """Make Glance answer 507 where a disk is full, and 503 where a change cannot be saved.

    That holds until the end of the block, for all of Glance's controllers.
    """
    dispatch = wsgi.Resource.dispatch

    def dispatch_and_answer(resource: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return dispatch(resource, *args, **kwargs)
        except Exception as error:
            answer = _answer(error)
            if answer is None:
                raise
            LOG.error("%s", answer)  # noqa: TRY400 - a line, since it is no bug
            raise answer from error

    with replaced(wsgi.Resource, dispatch=dispatch_and_answer):
        yield


def _answer(error: Exception) -> Any:
    """Return the answer, or None for an error of another kind."""
    # The driver raises Glance's exceptions from ours, and those come from the system's.
    causes = [error, error.__cause__, getattr(error.__cause__, "__cause__", None)]
    if any(isinstance(cause, OSError) and cause.errno in DISK_FULL for cause in causes):
        return webob.exc.HTTPInsufficientStorage(explanation=f"The disk is full: {error}")
    if any(isinstance(cause, SnapshotError) for cause in causes):
        why = in_options(str(error))
        return webob.exc.HTTPServiceUnavailable(explanation=f"The change is not saved: {why}")
    return None
