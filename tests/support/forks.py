"""Work that a forked process does, and how it has ended."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from simple_db.model.errors import SnapshotInUse

if TYPE_CHECKING:
    from collections.abc import Callable

DONE, IN_USE, FAILED = 0, 1, 3


def in_a_fork(work: Callable[[], object]) -> int:
    """Give the exit code of a process that has forked from this one and does this.

    It is `IN_USE` where that raises `SnapshotInUse`, and `FAILED` where it raises anything else.
    """
    child = os.fork()
    if child == 0:
        code = FAILED
        try:
            work()
            code = DONE
        except SnapshotInUse:
            code = IN_USE
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
