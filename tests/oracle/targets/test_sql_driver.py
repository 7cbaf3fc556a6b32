from __future__ import annotations

import contextlib
import datetime as dt
from typing import Any

import pytest

pytest.importorskip("glance", reason="the SQL driver is Glance's")

import sqlalchemy as sa
from glance.common import exception
from glance.db.sqlalchemy import api as sql
from oslo_utils import timeutils

from simple_db.oracle.targets import sql_driver as module
from simple_db.oracle.targets.sql_driver import sql_target
from simple_db.oracle.targets.target import CannotRun, reference
from tests.support.faults_shown import IMAGE, api
from tests.support.servers import MARIADB, POSTGRESQL, need

pytestmark = pytest.mark.glance

AN_IMAGE = api.image_create("admin", IMAGE)
GET = api.image_get("admin", "image-1")
LEFT_BEHIND = "simple_db_oracle_0123456789ab"


@pytest.fixture(params=[POSTGRESQL, MARIADB], ids=["postgresql", "mariadb"])
def url(request: pytest.FixtureRequest) -> str:
    """A server."""
    given: str = request.param
    need(given)
    return given


@pytest.fixture
def without_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """A target without tables, which take a server seconds to make."""
    monkeypatch.setattr(module, "_SCHEMAS", [])


def executed(url: str, statement: str) -> Any:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        result = connection.execute(sa.text(statement))
        return result.scalars().all() if result.returns_rows else None


def our_databases(url: str) -> set[str]:
    in_mariadb = "SELECT schema_name FROM schemata"
    names = executed(url, in_mariadb if url == MARIADB else "SELECT datname FROM pg_database")
    return {name for name in names if name.startswith("simple_db_oracle_")}


def test_a_target_on_a_server_begins_anew_for_every_program(url: str) -> None:
    with contextlib.closing(sql_target(url)) as target:
        target.call(AN_IMAGE)
        target.reset()
        with pytest.raises(exception.ImageNotFound):
            target.call(GET)


def test_both_sides_dump_the_same_rows_of_the_same_tables_but_for_the_times() -> None:
    made = api.image_create(
        "admin",
        {
            "id": "image-1",
            "status": "active",
            "properties": {"b": "2", "a": None},
            "locations": [{"url": "file:///a", "metadata": {"a": [1]}, "status": "active"}],
        },
    )
    with contextlib.closing(sql_target("sqlite://")) as target:
        dumps = []
        for one in (target, reference()):
            one.call(made)
            assert one.dump is not None
            dumps.append({table: list(map(_timeless, rows)) for table, rows in one.dump().items()})

    assert dumps[0] == dumps[1]
    assert {table: len(rows) for table, rows in dumps[0].items() if rows} == {
        "images": 1,
        "image_locations": 1,
        "image_properties": 2,
    }


def _timeless(row: dict[str, object]) -> dict[str, object]:
    return {column: value for column, value in row.items() if not column.endswith("_at")}


@pytest.mark.usefixtures("without_tables")
def test_a_target_has_a_database_of_its_own_until_it_is_closed(url: str) -> None:
    others = our_databases(url)
    with contextlib.closing(sql_target(url)):
        assert len(our_databases(url) - others) == 1
    assert our_databases(url) <= others


def test_a_set_up_that_fails_half_way_leaves_no_database(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    others, driver = our_databases(url), sql._main_context_manager  # noqa: SLF001 - as the target
    monkeypatch.setattr(module, "_SCHEMAS", [None])

    with pytest.raises(CannotRun, match="cannot set up"):
        sql_target(url)

    assert our_databases(url) <= others
    assert sql._main_context_manager is driver  # noqa: SLF001 - likewise


@pytest.mark.usefixtures("without_tables")
def test_the_next_target_drops_what_a_killed_process_left_and_nothing_in_use(url: str) -> None:
    with contextlib.closing(sql_target(url)):
        used = our_databases(url)
        executed(url, f"CREATE DATABASE {LEFT_BEHIND}")
        sql_target(url).close()
        assert used <= our_databases(url)
        assert LEFT_BEHIND not in our_databases(url)


@pytest.mark.usefixtures("without_tables")
def test_on_mariadb_the_clock_goes_in_seconds_and_is_given_back() -> None:
    need(MARIADB)
    utcnow = timeutils.utcnow
    with contextlib.closing(sql_target(MARIADB)) as target:
        first, second = target.now(), target.now()

        assert second - first == dt.timedelta(seconds=1)
        assert timeutils.utcnow() == second
        assert timeutils.utcnow(with_timezone=True) == second.replace(tzinfo=dt.UTC)

    assert timeutils.utcnow is utcnow


def test_a_server_of_another_kind_is_named_without_the_password() -> None:
    with pytest.raises(CannotRun, match="runs on sqlite, postgresql and mysql, not on") as caught:
        sql_target("oracle://me:secret@somewhere")
    assert "me:***@somewhere" in str(caught.value)
