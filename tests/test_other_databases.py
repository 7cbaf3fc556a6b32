"""What a database server does otherwise, on simple_db, on SQLite and on the servers."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from simple_db.oracle.targets.named import resolve
from simple_db.oracle.targets.target import SQL_DRIVER, reference, silence
from tests.support import servers
from tests.support.other_databases import CASES, MARIADB, POSTGRESQL, Case

if TYPE_CHECKING:
    from simple_db.oracle.targets.target import Target

URLS = {"sqlite": "sqlite://", POSTGRESQL: servers.POSTGRESQL, MARIADB: servers.MARIADB}


def outcome(target: Target, case: Case) -> Any:
    """Return what the case looks at in the last answer, or the name of an exception."""
    target.reset()
    try:
        with silence():
            *_, answer = [target.call(one) for one in case.program]
    except Exception as error:  # noqa: BLE001 - of whatever library the driver uses
        return type(error).__name__
    return looked_at(answer, case.answer)


def looked_at(answer: Any, key: str) -> Any:
    if isinstance(answer, list):
        return [looked_at(row, key) for row in answer]
    return looked_at(answer[key], "url") if key == "locations" else answer[key]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.row)
def test_simple_db_does_what_the_driver_does_on_sqlite(case: Case) -> None:
    assert outcome(reference(), case) == case.here


@pytest.mark.glance
@pytest.mark.parametrize("database", URLS)
def test_the_driver_does_on_a_database_what_the_row_says(database: str) -> None:
    pytest.importorskip("glance", reason="the SQL driver is Glance's")
    if database != "sqlite":
        servers.need(URLS[database])
    with contextlib.closing(resolve(SQL_DRIVER, url=URLS[database])) as target:
        for case in CASES:
            assert outcome(target, case) == case.there.get(database, case.here), case.row
