"""The signals that stop the server: SIGINT, SIGTERM and SIGHUP."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, NoReturn, Self

if TYPE_CHECKING:
    from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# What shells add to the number of the signal that ended a process.
_BY_SIGNAL = 128

_WAITED_FOR: list[threading.Event] = []


class Stop:
    """Turns the signals that stop the server into SystemExit, in the main thread.

    The exit code is that of a process that the signal has ended. A SIGHUP that was ignored before,
    as by ``nohup``, stays ignored, so that the server outlives the terminal.
    """

    def __init__(self) -> None:
        self._received = 0
        self._before = {number: signal.getsignal(number) for number in _STOPPING}

    def __enter__(self) -> Self:
        """Handle the signals."""
        for number, handler in self._before.items():
            if (number, handler) != (signal.SIGHUP, signal.SIG_IGN):
                signal.signal(number, self._stop)
        return self

    def __exit__(self, _: object, error: BaseException | None, *__: object) -> None:
        """Restore the handlers after an error; otherwise the process is about to end."""
        if isinstance(error, Exception):
            for number, handler in self._before.items():
                signal.signal(number, handler)

    def check(self) -> None:
        """Check that no signal has come.

        Python ignores an exception in a finalizer, so a signal that comes there has to be noticed
        here.

        Raises:
            SystemExit: a signal has come.
        """
        if self._received:
            raise SystemExit(_BY_SIGNAL + self._received)

    def _stop(self, number: int, _: FrameType | None) -> NoReturn:
        self._received = number
        raise SystemExit(_BY_SIGNAL + number)


def ignore_signals() -> None:
    """Ignore further signals, so that they do not interrupt the last save."""
    for number in _STOPPING:
        signal.signal(number, signal.SIG_IGN)


def waited_for() -> threading.Event:
    """Return an event, to be set when other threads have finished; `end_process` reads it."""
    done = threading.Event()
    _WAITED_FOR.append(done)
    return done


def end_process(code: int) -> None:
    """End the process here if a thread that has not finished would block its end; else return.

    At its end Python joins the threads of each pool, and one of them may hang for ever. Everything
    must be saved and closed before.
    """
    if all(done.is_set() for done in _WAITED_FOR):
        return
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # the terminal may be closed
            stream.flush()
    os._exit(code)
