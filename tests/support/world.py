"""The two sources of chance that every implementation under comparison shares: time and ids."""

from __future__ import annotations

import datetime as dt

BEGINNING = dt.datetime(2026, 1, 1, 12)  # noqa: DTZ001 - naive UTC, as every time in the database


class World:
    """A clock that stands still, and an id that stays the same, until the test moves on.

    Because both stand still during a call, two implementations agree however often, and in
    whatever order, they look.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        self._now = BEGINNING
        self._turn = 0
        self.running = True

    def pass_time(self, *, days: int = 0, microseconds: int = 0) -> None:
        self._now += dt.timedelta(days=days, microseconds=microseconds)

    def next_turn(self) -> None:
        """Begin the next call, a microsecond later unless the clock stands still."""
        self._turn += 1
        self.pass_time(microseconds=int(self.running))

    def now(self) -> dt.datetime:
        return self._now

    def new_id(self) -> str:
        """Give the id of this turn; ids of later turns sort now before, now behind it."""
        return f"{self._turn * 7919 % 10007:05d}-generated"
