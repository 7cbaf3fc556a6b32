import os
import signal
import sys
from collections.abc import Iterator

import pytest

from simple_db.glance import stopping
from simple_db.glance.stopping import Stop, ignore_signals

pytestmark = pytest.mark.glance

STOPPING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in STOPPING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", STOPPING)
def test_a_signal_ends_the_process_with_its_exit_code_every_time(number: int) -> None:
    with Stop():
        for _ in range(2):
            with pytest.raises(SystemExit) as stopped:
                signal.raise_signal(number)
            assert stopped.value.code == 128 + number


def test_a_signal_that_python_has_ignored_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    class Finalized:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    ignored: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)
    with Stop() as stop:
        stop.check()
        Finalized()
        assert len(ignored) == 1
        with pytest.raises(SystemExit):
            stop.check()


def test_the_last_save_is_not_interrupted() -> None:
    with Stop():
        ignore_signals()
        for number in STOPPING:
            signal.raise_signal(number)


def test_a_server_that_is_to_outlive_its_terminal_does() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with Stop():
        signal.raise_signal(signal.SIGHUP)


def test_the_signals_are_as_they_were_after_an_error() -> None:
    before = [signal.getsignal(number) for number in STOPPING]
    with pytest.raises(RuntimeError), Stop():
        raise RuntimeError
    assert [signal.getsignal(number) for number in STOPPING] == before


def test_the_process_is_ended_only_if_a_thread_is_waited_for_in_vain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[int] = []
    monkeypatch.setattr(os, "_exit", ended.append)
    monkeypatch.setattr(stopping, "_WAITED_FOR", [])
    stopping.waited_for().set()
    stopping.end_process(3)
    assert ended == []
    stopping.waited_for()
    stopping.end_process(3)
    assert ended == [3]
