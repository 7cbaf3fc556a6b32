"""Real signals and thrown exceptions during calls: each call is committed or rolled back.

A few each time; ``SIMPLE_DB_SIGNALS=2000`` makes it 2,000 of each.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest
from attrs import define, field

import simple_db
from simple_db import Database
from simple_db.persistence.database_file import SaveMode
from tests.support import writers

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator
    from types import FrameType

# The interpreter reports, and does not raise, what a finaliser raises.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

PACKAGE = str(Path(simple_db.__file__).parent)
FOREVER = 10**6
ARMED: list[bool] = []
"""Not empty inside of a block of `alarm`: a signal can come late."""
SIGNALS_OF_A_DATABASE = 50


class Interrupt(BaseException):
    """What a handler raises, as that of Ctrl-C does."""


def times(few: int) -> int:
    """Give how many signals there are to be."""
    return int(os.environ.get("SIMPLE_DB_SIGNALS", few))


@pytest.fixture(autouse=True)
def _alarm() -> Iterator[None]:
    """Let SIGALRM raise wherever it finds the package at work, and come again where it does not."""

    def handle(_: int, frame: FrameType | None) -> None:
        while ARMED and frame is not None:
            if frame.f_code.co_filename.startswith(PACKAGE):
                raise Interrupt
            frame = frame.f_back
        if ARMED:
            signal.setitimer(signal.ITIMER_REAL, 0.0001)

    before = signal.signal(signal.SIGALRM, handle)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@define
class Calls:
    """What has been done with a database, one call after the other, and what is to be in it.

    Attributes:
        done: How many steps of `tests.support.writers` have returned.
        saved: How many steps there were when a save began that has returned.
    """

    done: int = 0
    saved: int = 0
    _expected: Database = field(factory=Database)
    _replayed: int = 0

    def go_on(self, db: Database, number: int) -> None:
        """Make so many calls, and save now and then, unless it is interrupted."""
        for _ in range(number):
            writers.step(db, 0, self.done)
            self.done += 1
            if db.file is not None and self.done % 5 == 0:
                now = self.done
                db.save()
                self.saved = now

    def check(self, db: Database, *, least: int | None = None) -> None:
        """Check that the calls that have returned are there, and the last one whole or not at all.

        Args:
            db: What is there.
            least: If given, how many calls must be there; later ones may be missing.
        """
        db.check()
        self._replay(self.done if least is None else least)
        while view(db) != view(self._expected) and self._replayed <= self.done:
            self._replay(self._replayed + 1)
        assert view(db) == view(self._expected)
        self.done = self.saved = self._replayed

    def _replay(self, end: int) -> None:
        for step in range(self._replayed, end):
            writers.step(self._expected, 0, step)
        self._replayed = end


def view(db: Database) -> object:
    """Give what is in the database, but for times and ids."""
    return writers.view(db, 1)


def on_disk(path: Path) -> Database:
    """Give the database that the file and its journal hold."""
    database = Database()
    if path.exists():
        database.load(path)
    return database


@contextlib.contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """Let the alarm come within the block, which it may end."""
    ARMED.append(True)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    except Interrupt:
        pass
    except RuntimeError as error:
        # Python's own start of a thread says this where it is interrupted.
        if "release unlocked lock" not in str(error):
            raise
    finally:
        ARMED.clear()
        signal.setitimer(signal.ITIMER_REAL, 0)


def test_a_call_that_a_signal_interrupts_is_committed_or_rolled_back(chance: random.Random) -> None:
    for number in range(times(200)):
        if number % SIGNALS_OF_A_DATABASE == 0:
            db, calls = Database(), Calls()
        with alarm(chance.uniform(1e-5, 0.003)):
            calls.go_on(db, FOREVER)
        calls.check(db)
        again = Database()
        again.restore(db.snapshot())
        assert again.snapshot() == db.snapshot()


@pytest.mark.parametrize("save", get_args(SaveMode))
def test_a_signal_while_a_file_is_open_costs_nothing(
    tmp_path: Path, chance: random.Random, save: SaveMode
) -> None:
    for number in range(times(100)):
        if number % SIGNALS_OF_A_DATABASE == 0:
            path, calls = tmp_path / f"{number}.json", Calls()
        opening = Database.open(path, save=save, interval=0.002)
        # It finds the file being opened, during a call or a save, or being closed.
        with alarm(chance.uniform(1e-5, 0.03)), opening as db:
            calls.go_on(db, chance.randrange(20))
        calls.check(on_disk(path), least=calls.saved if save == "manual" else None)


def test_a_call_into_which_an_exception_is_thrown_is_committed_or_rolled_back(
    chance: random.Random,
) -> None:
    def work(calls: Calls) -> None:
        with contextlib.suppress(Interrupt):
            started.wait()
            calls.go_on(db, FOREVER)

    for _ in range(times(40)):
        db, calls = Database(), Calls()
        started = threading.Event()
        thread = threading.Thread(target=work, args=(calls,))
        thread.start()
        started.set()
        time.sleep(chance.uniform(1e-5, 0.003))
        while thread.is_alive():
            throw(thread)
            thread.join(0.1)
        calls.check(db)


def throw(thread: threading.Thread) -> None:
    """Throw an exception into a thread."""
    ident = ctypes.c_ulong(thread.ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(Interrupt))
