"""Time and chance: the only nondeterminism of a database, and replaceable.

Every database is made with a clock and an id source; these are the ones it gets unasked. Times are
naive and in UTC everywhere, as in the columns of Glance's schema.
"""

import datetime as dt
import re
import time
import uuid

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
    """Return the time now: naive UTC, microseconds."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None)


def new_id() -> str:
    """Return a new random UUID in its 36 characters, as Glance gives to images."""
    return str(uuid.uuid4())


def pause(seconds: float) -> None:
    """Wait, and let other threads and processes go on."""
    time.sleep(seconds)


def naive_utc(moment: dt.datetime) -> dt.datetime:
    """Return the moment as a naive datetime in UTC; a naive one is in UTC already."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(dt.UTC).replace(tzinfo=None)
    # A subclass, such as a test's fake, would not be what a snapshot can write.
    return dt.datetime.combine(moment.date(), moment.time())


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
        return naive_utc(dt.datetime.fromisoformat(whole))
    except OverflowError as error:
        raise ValueError(f"{text!r} is before the year 1 or after the year 9999 in UTC") from error
