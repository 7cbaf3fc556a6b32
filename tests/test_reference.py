"""The reference is Glance's SQL driver, and what the tests do to it changes none of its answers."""

from __future__ import annotations

import pytest

from simple_db import RequestContext
from tests.support.reference import SqlDriver
from tests.support.world import World

pytestmark = pytest.mark.glance

ADMIN = RequestContext(is_admin=True)


def test_a_database_that_is_back_to_a_state_is_as_it_was_then_and_goes_on_so() -> None:
    driver = SqlDriver(World())
    for task_id in ("b", "a", "c"):
        task = {"id": task_id, "type": "import", "status": "pending", "owner": "alice"}
        driver.call("task_create", ADMIN, task | {"image_id": "image"})
    before, state = driver.dump(), driver.state()
    driver.call("task_delete", ADMIN, "b")
    driver.call("node_reference_create", ADMIN, "http://here")
    assert driver.dump() != before
    driver.back_to(state)

    assert driver.dump() == before
    tasks = driver.call("tasks_get_by_image", ADMIN, "image")
    assert [task["id"] for task in tasks] == ["b", "a", "c"]
    assert driver.call("node_reference_create", ADMIN, "http://here")["node_reference_id"] == 1


def test_no_id_is_given_twice() -> None:
    driver = SqlDriver(World())
    driver.call("node_reference_create", ADMIN, "http://here")
    for _ in range(2):
        driver.call("insert_cache_details", ADMIN, "http://here", "image", 1)
        ids = [row["id"] for row in driver.dump()["cached_images"]]
        driver.call("delete_cached_image", ADMIN, "image", "http://here")

    assert ids == [2]
