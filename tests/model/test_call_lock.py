from __future__ import annotations

import contextlib
import copy
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from simple_db.model import call_lock
from simple_db.model.call_lock import CallLock, Hold
from tests.support.forks import DONE, in_a_fork
from tests.support.serving import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator


def a_hold(depth: int = 1) -> Hold:
    """Make a hold of the function that calls this, or of the one that calls that."""
    return Hold(sys._getframe(depth))  # noqa: SLF001 - as the store does


def take_and_end(lock: CallLock) -> Hold:
    """Take the lock, and end without a release, as a call that an exception has stopped."""
    hold = a_hold()
    assert lock.acquire(hold) is None
    hold.has_begun = True
    return hold


@contextlib.contextmanager
def taken_by_a_thread(lock: CallLock) -> Iterator[None]:
    """Let a call of another thread have the lock, and end without a release after the block."""

    def work() -> None:
        lock.acquire(a_hold())
        taken.set()
        end.wait(10)

    taken, end = threading.Event(), threading.Event()
    thread = threading.Thread(target=work)
    thread.start()
    taken.wait(10)
    yield
    end.set()
    thread.join()


def in_a_thread(lock: CallLock) -> tuple[threading.Thread, list[Hold | None]]:
    """Let another thread wait for the lock, and release it; give the thread and what it got."""
    got: list[Hold | None] = []

    def take() -> None:
        hold = a_hold()
        got.append(lock.acquire(hold))
        lock.release(hold)

    thread = threading.Thread(target=take, daemon=True)
    thread.start()
    return thread, got


@pytest.fixture(params=["woken", "patient"])
def patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let whoever waits be woken, or look again by itself."""
    if request.param == "woken":
        monkeypatch.setattr(call_lock, "_PATIENCE", 3600)
    else:
        monkeypatch.setattr(Hold, "wake", lambda _: None)


@pytest.mark.usefixtures("patience")
def test_one_call_at_a_time_has_the_lock() -> None:
    lock, hold = CallLock(), a_hold()
    assert lock.acquire(hold) is None
    thread, got = in_a_thread(lock)
    thread.join(0.2)
    assert thread.is_alive()
    lock.release(hold)
    thread.join(10)

    assert got == [None]


def test_the_first_that_waits_is_the_first_that_has_it() -> None:
    def take(number: int) -> None:
        mine = a_hold()
        lock.acquire(mine)
        order.append(number)
        lock.release(mine)

    lock, hold = CallLock(), a_hold()
    lock.acquire(hold)
    order: list[int] = []
    threads = [threading.Thread(target=take, args=(number,)) for number in range(5)]
    for waiting, thread in enumerate(threads, 1):
        thread.start()
        eventually(lambda: len(lock._line), (1 + waiting).__eq__)  # noqa: SLF001
    lock.release(hold)
    for thread in threads:
        thread.join(10)

    assert order == [0, 1, 2, 3, 4]


def test_a_call_that_has_ended_has_not_got_the_lock() -> None:
    lock = CallLock()
    for _ in range(2):
        assert take_and_end(lock).is_over()
    thread, got = in_a_thread(lock)
    thread.join(10)

    assert got == [None]


def test_a_thread_that_has_waited_gets_the_lock_of_a_call_that_ends_without_a_release() -> None:
    lock = CallLock()
    with taken_by_a_thread(lock):
        thread, got = in_a_thread(lock)
        thread.join(0.2)
        assert thread.is_alive()
    thread.join(10)

    assert got == [None]


def test_a_call_within_a_call_of_the_same_thread_gets_the_outer_one() -> None:
    lock, outer = CallLock(), a_hold()
    lock.acquire(outer)
    outer.has_begun = True

    for _ in range(2):
        assert lock.acquire(a_hold()) is outer
    lock.release(outer)
    assert lock.acquire(a_hold()) is None


def test_a_call_within_one_that_has_not_begun_goes_first() -> None:
    lock, outer, inner = CallLock(), a_hold(), a_hold()
    assert lock.acquire(outer) is None
    assert lock.acquire(inner) is None
    inner.has_begun = True

    assert lock.acquire(a_hold()) is inner
    lock.release(inner)
    outer.has_begun = True
    assert lock.acquire(a_hold()) is outer


def test_a_release_of_what_is_not_held_does_nothing() -> None:
    lock, hold, other = CallLock(), a_hold(), a_hold()
    lock.release(other)
    lock.acquire(hold)
    hold.has_begun = True
    lock.release(other)

    assert lock.acquire(other) is hold


def test_a_frame_that_can_wait_in_the_middle_is_never_over() -> None:
    def work() -> Iterator[Hold]:
        yield a_hold()

    generator = work()
    assert not next(generator).is_over()
    assert list(generator) == []


@pytest.mark.parametrize("noted", [True, False])
def test_a_thread_that_a_fork_has_left_behind_holds_nothing_even_before_the_fork_is_noted(
    monkeypatch: pytest.MonkeyPatch, noted: bool
) -> None:
    def child() -> None:
        assert lock.acquire(a_hold()) is None

    lock = CallLock()
    if not noted:  # a copy, which no hook of a fork changes
        monkeypatch.setattr(call_lock, "_PROCESS", copy.copy(call_lock._PROCESS))  # noqa: SLF001
    with taken_by_a_thread(lock):
        assert in_a_fork(child) == DONE


def test_the_thread_that_forks_keeps_what_it_holds() -> None:
    def child() -> None:
        assert lock.acquire(a_hold()) is hold

    lock, hold = CallLock(), a_hold()
    lock.acquire(hold)
    hold.has_begun = True

    assert in_a_fork(child) == DONE
