"""A lock that a call holds, and that is free when the call is over, however it has ended.

A lock of `threading` stays locked for ever if an exception comes between its acquisition and its
release. Ctrl-C, the alarm of a timeout or an exception thrown into a thread can come at any
instruction. This lock knows the frame of the call that holds it. It is free as soon as that frame
is no longer executing, or belongs to a thread that does not exist after a fork.
"""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

# Seconds between two checks whether the call that holds the lock has ended without a release.
_PATIENCE = 0.05

# Frames that can be suspended: whether they have ended cannot be seen.
_SUSPENDABLE = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class _Process:
    """The id of this process, kept to save a system call in every call of a database."""

    def __init__(self) -> None:
        self.note()
        os.register_at_fork(after_in_child=self.note)

    def note(self) -> None:
        self.id = os.getpid()


_PROCESS = _Process()


class Hold:
    """One call that holds a lock, or waits for it.

    Attributes:
        has_begun: Whether the call has the lock and has begun to work. Until then, another call
            of the same thread, such as that of a signal handler, goes first.
    """

    __slots__ = ("_frame", "_process", "_thread", "_wake", "has_begun")

    def __init__(self, frame: FrameType) -> None:
        """Make the hold of the call that runs in this frame of this thread."""
        self._frame = frame
        self._thread = threading.get_ident()
        self._process = _PROCESS.id
        self._wake: threading.Lock | None = None
        self.has_begun = False

    def is_of_same_thread(self, other: Hold) -> bool:
        """Return whether both are of one thread, so that neither can wait for the other."""
        return self._thread == other._thread

    def is_over(self) -> bool:
        """Return whether its call has ended."""
        # After a fork one thread is left, which is the main thread of the new process.
        if self._process != os.getpid() and self._thread != threading.main_thread().ident:
            return True
        if self._frame.f_code.co_flags & _SUSPENDABLE:
            return False
        try:
            self._frame.clear()
        except RuntimeError:  # it is executing; the check and the clearing are one step
            return False
        return True

    def wait(self) -> None:
        """Wait until it is woken, or for a moment; the first call returns at once."""
        if self._wake is None:
            wake = threading.Lock()
            wake.acquire()
            self._wake = wake
        else:
            self._wake.acquire(timeout=_PATIENCE)

    def wake(self) -> None:
        """End its waiting."""
        if self._wake is not None:
            with contextlib.suppress(RuntimeError):  # it is not waiting at the moment
                self._wake.release()


class CallLock:
    """A lock that one call at a time holds; the others wait in a queue."""

    def __init__(self) -> None:
        # Every change is one operation of a list, so that an exception falls between two of them.
        self._line: list[Hold] = []

    def acquire(self, hold: Hold) -> Hold | None:
        """Wait until the lock is held by this hold, or can never be.

        Returns:
            None if the hold has the lock. Otherwise the hold of a call of the same thread that
            has it: to wait for that would be a deadlock, since this call was made inside it.
        """
        line = self._line
        line.append(hold)
        while (first := line[0]) is not hold:
            if first.is_over():
                self._leave(first)
            elif not first.is_of_same_thread(hold):
                hold.wait()
            elif first.has_begun:
                self._leave(hold)
                return first
            else:
                self._leave(hold)
                line.insert(0, hold)
        return None

    def release(self, hold: Hold) -> None:
        """Let the next call have the lock; nothing happens if the hold does not have it."""
        self._leave(hold)
        for first in self._line[:1]:
            first.wake()

    def held(self) -> Holding:
        """Return the lock for a ``with`` block of the function that calls this."""
        return Holding(self, sys._getframe(1))  # noqa: SLF001 - the frame of the call

    def is_held_by_this_thread(self) -> bool:
        """Return whether this thread is inside a call that has the lock."""
        return any(
            first.has_begun and first.is_of_same_thread(this) and not first.is_over()
            for this in [Hold(sys._getframe())]  # noqa: SLF001 - any frame of this thread
            for first in self._line[:1]
        )

    def _leave(self, hold: Hold) -> None:
        try:  # noqa: SIM105 - `suppress` costs more than the whole release
            self._line.remove(hold)
        except ValueError:  # another call has found it over and removed it
            pass


class Holding(Hold):
    """A lock for a ``with`` block."""

    __slots__ = ("_lock",)

    def __init__(self, lock: CallLock, frame: FrameType) -> None:
        super().__init__(frame)
        self._lock = lock

    def __enter__(self) -> None:
        """Wait for the lock.

        Raises:
            RuntimeError: this thread has the lock already, and would wait for ever.
        """
        if self._lock.acquire(self) is not None:
            raise RuntimeError("this was called in the midst of itself: wait until that has ended")
        self.has_begun = True

    def __exit__(self, *_: object) -> None:
        """Let the next call have the lock."""
        self._lock.release(self)
