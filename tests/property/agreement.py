"""What every machine has that makes the same calls on simple_db and on Glance's SQL driver."""

from __future__ import annotations

import functools
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests.support.pair import Outcome, Pair
from tests.support.reference import SqlDriver
from tests.support.world import World


@functools.cache
def sql_driver() -> tuple[World, SqlDriver]:
    """Make the driver once a process: its schema takes longer than many examples."""
    world = World()
    return world, SqlDriver(world)


class AgreementMachine(RuleBasedStateMachine):
    """Holds the two to agree after every call, and looks around in the end if they did."""

    def __init__(self) -> None:
        super().__init__()
        self.pair = Pair(*sql_driver())
        self._agreed = True

    def hold(self, function: str, /, *args: Any, **kwargs: Any) -> Outcome:
        """Make a call on both."""
        self._agreed = False
        outcome = self.pair.hold(function, *args, **kwargs)
        self._agreed = True
        return outcome

    def look_around(self) -> None:
        """Ask for everything that can be seen, once a program has run."""
        raise NotImplementedError

    def teardown(self) -> None:
        if self._agreed:  # otherwise the failure is being told already
            self.look_around()

    @rule(days=st.integers(0, 3), microseconds=st.integers(0, 1))
    def time_passes(self, days: int, microseconds: int) -> None:
        self.pair.world.pass_time(days=days, microseconds=microseconds)

    @rule(running=st.booleans())
    def the_clock_runs_or_stands_still(self, running: bool) -> None:
        self.pair.world.running = running

    @rule()
    def simple_db_is_restored_from_its_snapshot(self) -> None:
        self.pair.db.restore(self.pair.db.snapshot())
