"""Tests of users freeze time with freezegun or time-machine: before a database, and meanwhile."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import freezegun
import pytest
import time_machine

from simple_db import Database
from simple_db.model import clock
from simple_db.persistence import decoding
from tests.support.build import ADMIN, a_full_database, ids

if TYPE_CHECKING:
    from pathlib import Path

FROZEN = dt.datetime(2020, 1, 2, 3, 4, 5, 6)  # noqa: DTZ001 - naive UTC, as in the database

EVERY_WAY = pytest.mark.parametrize(
    "frozen",
    [
        lambda: freezegun.freeze_time(FROZEN),
        lambda: time_machine.travel(FROZEN.replace(tzinfo=dt.UTC), tick=False),
    ],
    ids=["freezegun", "time-machine"],
)

Freeze = Callable[[], AbstractContextManager[Any]]


def fill(db: Database) -> None:
    """Add a row with times that the clock and the caller give to as many tables as calls can."""
    given = dt.datetime.now()  # noqa: DTZ005 - naive, as callers give it
    db.image_create(ADMIN, {"id": "i", "status": "queued", "created_at": given})
    db.image_update(ADMIN, "i", {"properties": {"os": "linux"}, "locations": [a_location()]})
    db.image_tag_create(ADMIN, "i", "blue")
    db.image_member_create(ADMIN, {"image_id": "i", "member": "bob"})
    task = {"id": "t", "type": "import", "status": "pending", "owner": "a", "expires_at": given}
    db.task_create(ADMIN, task)
    db.metadef_namespace_create(ADMIN, {"namespace": "n", "owner": "a"})
    db.node_reference_create(ADMIN, "http://here")
    db.insert_cache_details(ADMIN, "http://here", "i", 1, last_accessed=given)
    db.insert_cache_details(ADMIN, "http://here", "j", 1, last_accessed=given.isoformat())


def a_location() -> dict[str, Any]:
    return {"url": "file:///a", "metadata": {"a": 1}, "status": "pending_delete"}


@EVERY_WAY
def test_the_default_clock_gives_the_frozen_time(frozen: Freeze) -> None:
    before = Database()
    with frozen():
        during = Database()
        images = [db.image_create(ADMIN, {"status": "queued"}) for db in (before, during)]

    assert [image["created_at"] for image in images] == [FROZEN, FROZEN]
    assert before.image_create(ADMIN, {"status": "queued"})["created_at"] > FROZEN


@EVERY_WAY
def test_what_comes_out_is_of_pythons_own_classes(frozen: Freeze) -> None:
    with frozen():
        db = Database()
        fill(db)
        image = db.image_get(ADMIN, "i")
        task = db.task_get(ADMIN, "t")

        assert type(clock.utcnow()) is clock.Real.datetime

    times = [image["created_at"], image["updated_at"], task["expires_at"], clock.utcnow()]
    assert {type(time) for time in times} == {dt.datetime}


@EVERY_WAY
def test_rows_made_while_time_is_frozen_are_saved_then_and_later(
    frozen: Freeze, tmp_path: Path
) -> None:
    db = Database()
    with frozen():
        fill(db)
        db.check()
        db.save(tmp_path / "then.json")
        loaded_then = Database()
        loaded_then.load(tmp_path / "then.json")
    db.check()
    db.save(tmp_path / "later.json")

    assert (tmp_path / "then.json").read_bytes() == (tmp_path / "later.json").read_bytes()
    loaded_then.check()
    assert loaded_then.snapshot() == db.snapshot()


@EVERY_WAY
@pytest.mark.parametrize("mode", ["manual", "exit", "interval", "always"])
def test_a_database_of_a_file_is_kept_while_time_is_frozen(
    frozen: Freeze, mode: Any, tmp_path: Path
) -> None:
    path = tmp_path / "glance.json"
    with frozen(), Database.open(path, save=mode) as db:
        fill(db)
        db.save()
        expected = db.snapshot()
    again = Database()
    again.load(path)

    assert again.snapshot() == expected


@EVERY_WAY
def test_a_snapshot_that_is_read_while_time_is_frozen_gives_times_as_ever(frozen: Freeze) -> None:
    content = a_full_database().snapshot()
    decoding._time.cache_clear()  # noqa: SLF001 - or the times of other tests are what is found
    with frozen():
        during = Database()
        during.restore(content)
        during.check()
    after = Database()
    after.restore(content)

    after.check()
    assert after.snapshot() == during.snapshot() == content


@EVERY_WAY
def test_times_that_callers_ask_for_are_understood(frozen: Freeze) -> None:
    db = Database()
    with frozen():
        fill(db)
        asked: list[Any] = [
            {"created_at": f"eq:{FROZEN.isoformat()}"},
            {"changes-since": dt.datetime.now() - dt.timedelta(1)},  # noqa: DTZ005 - as above
        ]
        listed = [ids(db.image_get_all(ADMIN, filters=filters)) for filters in asked]

    assert listed == [["i"], ["i"]]


FIRST_IMPORTED = """
import freezegun

with freezegun.freeze_time("2020-01-02"):
    import datetime
    from simple_db import Database

    db = Database()
    db.image_create(None, {"id": "i", "status": "queued", "created_at": datetime.datetime.now()})
    db.check()
    content = db.snapshot()
    db.restore(content)
    db.check()
db.check()
db.image_create(None, {"status": "queued", "created_at": datetime.datetime.now()})
db.check()
assert type(db.image_get(None, "i")["created_at"]) is datetime.datetime
again = Database()
again.restore(db.snapshot())
again.check()
assert again.snapshot() == db.snapshot()
"""


def test_simple_db_may_be_imported_while_time_is_frozen() -> None:
    subprocess.run([sys.executable, "-c", FIRST_IMPORTED], check=True)  # noqa: S603 - ours
