"""What a page costs is what it has to look at: counts of rows, whatever the machine."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from simple_db import Database, RequestContext
from simple_db.queries import plan
from tests.support.build import utc

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ADMIN = RequestContext(is_admin=True)
START = utc("2026-01-01")


def database(images: int) -> Database:
    """Make a database in which one image of a hundred is rare's, and has the tag rare."""
    db = Database()
    for number in range(images):
        rare = number % 100 == 0
        db.image_create(
            ADMIN,
            {
                "id": f"image-{number}",
                "name": f"name-{number}",
                "status": "active",
                "owner": "rare" if rare else "common",
                "visibility": "private",
                "created_at": START + dt.timedelta(seconds=number),
                "properties": {"number": str(number), "arch": "arm" if number % 2 else "x86"},
                "tags": ["rare"] if rare else ["common"],
            },
        )
    return db


class Looked:
    """Counts the rows that listings look at."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.rows = 0
        find = plan.page

        def page(
            table: Any,
            order: Any,
            marker: Any,
            limit: Any,
            matches: Callable[[Any], bool],
            *candidates: Any,
        ) -> Any:
            def counted(row: Any) -> bool:
                self.rows += 1
                return matches(row)

            return find(table, order, marker, limit, counted, *candidates)

        monkeypatch.setattr(plan, "page", page)


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Looked:
    return Looked(monkeypatch)


@pytest.fixture(scope="module")
def many() -> Database:
    return database(1000)


@pytest.mark.parametrize(
    ("query", "most"),
    [
        ({}, 10),
        ({"marker": "image-500"}, 10),
        ({"marker": "image-3"}, 10),
        ({"sort_key": ["name"], "sort_dir": ["asc"]}, 10),
        ({"sort_key": ["size", "name"], "sort_dir": ["asc", "desc"]}, 10),
        ({"filters": {"name": "name-7"}}, 2),
        ({"filters": {"id": "in:image-1,image-2"}}, 4),
        ({"filters": {"owner": "rare"}}, 20),
        ({"filters": {"number": "77"}}, 2),
        ({"filters": {"tags": ["rare"]}}, 20),
        ({"filters": {"tags": ["rare", "common"]}}, 20),
        ({"filters": {"arch": "arm"}}, 20),
        ({"filters": {"visibility": "public"}}, 0),
        ({"filters": {"checksum": "none has it"}}, 0),
    ],
)
def test_a_page_looks_at_few_of_a_thousand_images(
    many: Database,
    looked: Looked,
    monkeypatch: pytest.MonkeyPatch,
    query: dict[str, Any],
    most: int,
) -> None:
    found = many.image_get_all(ADMIN, limit=10, **query)

    assert looked.rows <= most
    monkeypatch.setattr(plan, "LARGE", 10_000)
    assert found == many.image_get_all(ADMIN, limit=10, **query)


def test_a_page_of_a_caller_looks_at_what_the_caller_can_see(
    many: Database, looked: Looked
) -> None:
    found = many.image_get_all(RequestContext(owner="rare"), limit=10)

    assert len(found) == 10
    assert looked.rows <= 20


def test_pages_of_tasks_look_at_few_of_them(looked: Looked) -> None:
    db = Database()
    for number in range(500):
        owner = "rare" if number % 100 == 0 else "common"
        db.task_create(ADMIN, {"type": "import", "status": "pending", "owner": owner})

    assert len(db.task_get_all(ADMIN, limit=10)) == 10
    assert looked.rows <= 10
    assert len(db.task_get_all(RequestContext(owner="rare"), limit=10)) == 5
    assert looked.rows <= 20


def test_pages_of_namespaces_look_at_few_of_them(looked: Looked) -> None:
    db = Database()
    for number in range(300):
        owner = "rare" if number % 100 == 0 else "common"
        db.metadef_namespace_create(ADMIN, {"namespace": f"n{number}", "owner": owner})

    assert len(db.metadef_namespace_get_all(ADMIN, limit=10)) == 10
    assert looked.rows <= 10
    assert len(db.metadef_namespace_get_all(RequestContext(owner="rare"), limit=10)) == 3
    assert looked.rows <= 16


def test_a_small_table_gets_no_index_by_order() -> None:
    db = database(5)
    db.image_get_all(ADMIN, limit=2)

    with db.store.reading() as tables:
        assert not tables.images.indexes.by_order


def test_the_indexes_of_few_orders_are_kept() -> None:
    db = database(plan.LARGE)
    keys = ["name", "size", "status", "min_ram", "min_disk", "owner", "checksum", "updated_at"]
    for direction in ("asc", "desc"):
        for key in keys:
            for second in keys:
                if second != key:
                    db.image_get_all(
                        ADMIN, limit=1, sort_key=[key, second], sort_dir=["asc", direction]
                    )

    with db.store.reading() as tables:
        assert 1 < len(tables.images.indexes.by_order) <= 16
    db.store.check()
