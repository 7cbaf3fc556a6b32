import datetime as dt
import time
import uuid

import pytest

from simple_db.model import clock
from tests.support.build import utc


class Moment(dt.datetime):
    """A datetime of another class, such as a test's frozen clock gives."""


def test_the_time_now_is_naive_and_in_utc() -> None:
    before = dt.datetime.now(dt.UTC)
    now = clock.utcnow()
    after = dt.datetime.now(dt.UTC)

    assert now.tzinfo is None
    assert before <= now.replace(tzinfo=dt.UTC) <= after


def test_a_new_id_is_a_random_uuid_in_36_characters() -> None:
    new = clock.new_id()

    assert str(uuid.UUID(new)) == new
    assert uuid.UUID(new).version == 4
    assert new != clock.new_id()


def test_a_pause_takes_as_many_seconds_as_it_is_given() -> None:
    before = time.monotonic()
    clock.pause(0.01)

    assert time.monotonic() - before >= 0.01


def test_a_naive_moment_is_in_utc_already() -> None:
    moment = utc("2026-01-01T12:00:00.000001")

    assert clock.naive_utc(moment) == moment


def test_an_aware_moment_is_converted_to_utc() -> None:
    assert clock.naive_utc(utc("2026-01-01T12:00:00+02:00")) == utc("2026-01-01T10:00:00")


@pytest.mark.parametrize("zone", [None, dt.UTC])
def test_a_moment_of_another_class_becomes_a_plain_datetime(zone: dt.timezone | None) -> None:
    moment = clock.naive_utc(Moment(2026, 1, 1, 12, 30, 15, 7, tzinfo=zone))

    assert type(moment) is dt.datetime
    assert moment == utc("2026-01-01T12:30:15.000007")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026", "2026-01-01"),
        ("2026-03", "2026-03-01"),
        ("2026-03-04", "2026-03-04"),
        ("20260304", "2026-03-04"),
        ("2026-03-04T05:06", "2026-03-04T05:06"),
        ("2026-03-04 05:06:07", "2026-03-04T05:06:07"),
        ("2026-03-04T05:06:07.000008", "2026-03-04T05:06:07.000008"),
        ("2026-03-04T05:06:07Z", "2026-03-04T05:06:07"),
        ("2026-03-04T05:06:07-01:30", "2026-03-04T06:36:07"),
    ],
)
def test_iso_8601_names_a_moment_in_utc(text: str, moment: str) -> None:
    assert clock.parse_time(text) == utc(moment)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "202603",
        "2026-13-01",
        "2026-02-30",
        "2026-W01-1",
        "2026-001",
        "2026-03-04_05:06",
        "2026-03-04T",
        "2026-03-04T25:00",
        " 2026",
        "2026\n",
        "\u0662\u0660\u0662\u0666",
    ],
)
def test_what_is_no_calendar_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"ISO 8601|isoformat|range|must be in"):
        clock.parse_time(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00+01:00", "9999-12-31T23:59-01:00"])
def test_a_moment_that_leaves_the_calendar_in_utc_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="before the year 1 or after the year 9999"):
        clock.parse_time(text)
