"""What a caller is answered when a change cannot be kept: one line that says why."""

from __future__ import annotations

import errno
import logging
from typing import Any

import webob.exc

from simple_db.errors import SimpleDBError, SnapshotError
from simple_db.glance.driver import glance_error

LOG = logging.getLogger(__name__)

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def served_error(error: SimpleDBError) -> Any:
    """Return what is raised in Glance for an error of the database, where a server answers.

    Glance knows nothing of a change that a database could not keep, and would say that it failed
    itself. So that is an answer already: 507 where there is no room, else 503.
    """
    return _answer(error) if isinstance(error, SnapshotError) else glance_error(error)


def _answer(error: SnapshotError) -> Any:
    LOG.error("%s", error)
    cause = error.__cause__
    lacks_room = isinstance(cause, OSError) and cause.errno in _NO_ROOM
    answer = webob.exc.HTTPInsufficientStorage if lacks_room else webob.exc.HTTPServiceUnavailable
    return answer(explanation=f"The change is not kept: {error}")
