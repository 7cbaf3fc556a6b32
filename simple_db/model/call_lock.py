"""A lock that a call holds, and that is free when the call is over, however it has ended.

A lock of `threading` stays locked for ever if an exception comes between a call and its release,
and Ctrl-C, an alarm of a timeout or an exception thrown into a thread can come at any instruction.
This one knows the frame of the call that holds it: a frame that is not executing any more holds
nothing, and neither does one whose thread a fork has left behind.
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

# Seconds between two looks whether the call that is waited for is over without having said so.
_PATIENCE = 0.05

# Frames that can wait in the middle, of which nobody can tell whether they have ended.
_SUSPENDABLE = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


class _Process:
    """The id of this process: a system call less for every call of a database."""

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
        """Be the hold of the call that runs in this frame of this thread."""
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
        # A fork leaves all threads behind but one, which is the main thread of the new process.
        if self._process != os.getpid() and self._thread != threading.main_thread().ident:
            return True
        if self._frame.f_code.co_flags & _SUSPENDABLE:
            return False
        try:
            self._frame.clear()
        except RuntimeError:  # it executes; to look and to clear is one step
            return False
        return True

    def wait(self) -> None:
        """Wait until it is woken, or for a moment; the first time, come back to look once more."""
        if self._wake is None:
            wake = threading.Lock()
            wake.acquire()
            self._wake = wake
        else:
            self._wake.acquire(timeout=_PATIENCE)

    def wake(self) -> None:
        """End its waiting."""
        if self._wake is not None:
            with contextlib.suppress(RuntimeError):  # it does not wait just now
                self._wake.release()


class CallLock:
    """A lock that one call at a time holds; the others wait in a line, the first come first."""

    def __init__(self) -> None:
        # Every change is one operation of a list, so that an exception falls between two of them.
        self._line: list[Hold] = []

    def acquire(self, hold: Hold) -> Hold | None:
        """Wait until the lock is held by this hold, or can never be.

        Returns:
            None, and the hold has the lock. Or the hold of a call that has it, and in the midst of
            which this call was made: neither would ever end if this one waited.
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
        """Give the lock for a ``with`` block of the function that calls this."""
        return Holding(self, sys._getframe(1))  # noqa: SLF001 - the frame of the call

    def is_held_by_this_thread(self) -> bool:
        """Return whether this thread is in the midst of a call that has the lock."""
        return any(
            first.has_begun and first.is_of_same_thread(this) and not first.is_over()
            for this in [Hold(sys._getframe())]  # noqa: SLF001 - any frame of this thread
            for first in self._line[:1]
        )

    def _leave(self, hold: Hold) -> None:
        try:  # noqa: SIM105 - `suppress` costs more than the whole release
            self._line.remove(hold)
        except ValueError:  # another call has seen that it is over
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
            RuntimeError: this thread has it already, and would wait for ever.
        """
        if self._lock.acquire(self) is not None:
            raise RuntimeError("this was called in the midst of itself: wait until that has ended")
        self.has_begun = True

    def __exit__(self, *_: object) -> None:
        """Let the next call have the lock."""
        self._lock.release(self)
