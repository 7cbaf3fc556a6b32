"""The default clock and the default id source of a database, and how times are read.

A database gets its times and ids from nowhere else, and both can be replaced. Times are naive and
in UTC everywhere, as in the columns of Glance's schema.
"""

import datetime as dt
import re
import time
import uuid
from typing import TypeVar

T = TypeVar("T")

_HEAP_TYPE = 1 << 9
"""The flag of a class that is defined in Python code; Python's own classes of time lack it."""


def _own_class(kind: type[T]) -> type[T]:
    """Return Python's own class that a class derives from, or is."""
    return next(base for base in kind.__mro__ if not base.__flags__ & _HEAP_TYPE)


class Real:
    """Python's own classes, also where a test has replaced them with fakes.

    freezegun replaces them in the module ``datetime`` and wherever they are an attribute of a
    module, at its import too. It does not replace attributes of this class.
    """

    datetime = _own_class(dt.datetime)


# Dates and times of day with all their separators or with none. `datetime.fromisoformat` reads
# more than Glance does (other separators, weeks, fractions of minutes), and more with every Python.
_OFFSET = r"(Z|[+-]\d{2}(:?\d{2})?)?"
_TIME_OF_DAY = (
    rf"[ T]\d{{2}}((:\d{{2}}(:\d{{2}}([.,]\d+)?)?)?|\d{{2}}(\d{{2}}([.,]\d+)?)?){_OFFSET}"
)
_CALENDAR_TIME = re.compile(
    rf"\d{{4}}(-\d{{2}}(-\d{{2}}({_TIME_OF_DAY})?)?)?|\d{{8}}({_TIME_OF_DAY})?", re.ASCII
)


def utcnow() -> dt.datetime:
    """Return the time now: naive UTC, microseconds; where time is frozen, the frozen one."""
    return naive_utc(dt.datetime.now(dt.UTC))


def new_id() -> str:
    """Return a new random UUID as text of 36 characters, the form that Glance uses for images."""
    return str(uuid.uuid4())


def pause(seconds: float) -> None:
    """Wait, and let other threads and processes go on."""
    time.sleep(seconds)


def naive_utc(moment: dt.datetime) -> dt.datetime:
    """Return the moment as a naive datetime in UTC, of the class `datetime` itself.

    A naive moment is in UTC already. In UTC no hour comes twice, so `fold` is 0.

    Raises:
        OverflowError: in UTC it is before the year 1 or after the year 9999.
    """
    # The methods are those of the real class: a subclass, a fake say, has its own.
    exact = Real.datetime.combine(Real.datetime.date(moment), Real.datetime.timetz(moment))
    if exact.utcoffset() is not None:
        exact = exact.astimezone(dt.UTC)
    return exact.replace(tzinfo=None, fold=0)


def parse_time(text: str) -> dt.datetime:
    """Return the moment that an ISO 8601 text names, as naive UTC.

    A text without offset is in UTC; a year, or a year and a month, is its first day.

    Raises:
        ValueError: the text is no ISO 8601 calendar date, with or without a time of day.
    """
    if not _CALENDAR_TIME.fullmatch(text):
        raise ValueError(f"{text!r} is not an ISO 8601 date or time")
    whole = {4: f"{text}-01-01", 7: f"{text}-01"}.get(len(text), text)
    try:
        return naive_utc(Real.datetime.fromisoformat(whole))
    except OverflowError as error:
        raise ValueError(f"{text!r} is before the year 1 or after the year 9999 in UTC") from error
