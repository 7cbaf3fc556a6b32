"""The reference is Glance's SQL driver, and what the tests do to it changes none of its answers."""

from __future__ import annotations

import pytest

from simple_db import RequestContext
from tests.support.reference import SqlDriver
from tests.support.world import World

pytestmark = pytest.mark.glance

ADMIN = RequestContext(is_admin=True)


def test_rows_that_are_loaded_again_come_in_the_order_in_which_they_were_added() -> None:
    driver = SqlDriver(World())
    for task_id in ("b", "a", "c"):
        task = {"id": task_id, "type": "import", "status": "pending", "owner": "alice"}
        driver.call("task_create", ADMIN, task | {"image_id": "image"})
    before = driver.call("tasks_get_by_image", ADMIN, "image")
    driver.load(driver.dump())

    assert [task["id"] for task in before] == ["b", "a", "c"]
    assert driver.call("tasks_get_by_image", ADMIN, "image") == before
