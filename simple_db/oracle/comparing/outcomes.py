"""The outcomes of calls, in a form that can be compared.

Two drivers read different clocks, so a time becomes the number of the call in which it was read.
They also give different ids to their rows: see `differences.Correspondence`.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from typing import TYPE_CHECKING, Any

from attrs import Factory, define, frozen

from simple_db.model import errors
from simple_db.oracle.comparing.answers import SECONDS

if TYPE_CHECKING:
    from simple_db.oracle.programs.calls import Call
    from simple_db.oracle.targets.target import Target

_VOCABULARY = {name for name, kind in vars(errors).items() if isinstance(kind, type)}


@frozen
class Moment:
    """A time that a driver read from its clock.

    Attributes:
        call: The place in the program of the call that read it, from 0.
    """

    call: int

    def __repr__(self) -> str:
        """Say which call it was, from 1 as people count."""
        return f"<time of call {self.call + 1}>"


@frozen
class Returned:
    """The call returned this value, in its form for comparing."""

    value: Any

    @property
    def kind(self) -> str:
        """The outcome as fingerprints name it."""
        return "returns"


@frozen
class Raised:
    """The call raised an exception.

    Attributes:
        error: The name of its class.
        leaked: Whether the class is none of Glance's.
        message: Its text, which is not compared.
    """

    error: str
    leaked: bool
    message: str = ""

    @property
    def kind(self) -> str:
        """The outcome as fingerprints name it."""
        return f"raises {self.error}"


CallOutcome = Returned | Raised


@define
class Recording:
    """A target, and the time of each call since its reset."""

    target: Target
    _ends: list[dt.datetime] = Factory(list)

    def restart(self) -> None:
        """Begin a program: forget every row, and count calls from 0."""
        self.target.reset()
        self._ends = [self.target.now()]

    def outcome(self, call: Call) -> CallOutcome:
        """Make the next call of the program and return its outcome."""
        while self.target.now() <= self._ends[-1]:
            pass  # for a microsecond at most; otherwise one time could belong to two calls
        try:
            answer = self.target.call(call)
        except Exception as error:  # noqa: BLE001 - the other side must raise the same, whatever it is
            self._ends.append(self.target.now())
            return _raised(error)
        self._ends.append(self.target.now())
        return Returned(self._normal(answer))

    def _normal(self, value: Any) -> Any:
        if isinstance(value, dt.datetime):
            return self._moment(value)
        if isinstance(value, dict):
            return {key: self._normal(_as_time(key, part)) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return type(value)(self._normal(part) for part in value)
        if hasattr(value, "__table__"):  # a row as SQLAlchemy has it
            columns = value.__table__.columns
            return {column.name: self._normal(getattr(value, column.name)) for column in columns}
        return value

    def _moment(self, time: dt.datetime) -> dt.datetime | Moment:
        """Return the call that read the time; a time that a caller gave stays as it is."""
        if self._ends[0] < time <= self._ends[-1]:
            return Moment(bisect_left(self._ends, time) - 1)
        return time


def _as_time(key: str, value: Any) -> Any:
    """Return the seconds since 1970 that the image cache gives as a time."""
    if key in SECONDS and isinstance(value, float):
        return dt.datetime.fromtimestamp(value)  # noqa: DTZ006 - drivers make the seconds of naive UTC, as if it were local time
    return value


def _raised(error: Exception) -> Raised:
    names = {kind.__name__ for kind in type(error).__mro__}
    leaked = names.isdisjoint(_VOCABULARY | {"GlanceException"})
    return Raised(type(error).__name__, leaked, str(error))
