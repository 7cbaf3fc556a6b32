import pytest

from simple_db import Database
from simple_db.glance.cache_node import ServerDriver

pytestmark = pytest.mark.glance


def test_a_start_of_the_cache_changes_nothing() -> None:
    database = Database()
    before = database.snapshot()
    ServerDriver(database).node_reference_create(None, "http://here")
    assert database.snapshot() == before


def test_the_node_is_noted_with_the_first_image_in_the_cache() -> None:
    database = Database()
    driver = ServerDriver(database)
    for image_id in ("1", "2"):
        driver.insert_cache_details(None, "http://here", image_id, 3)
    assert database.node_reference_get_by_url(None, "http://here")["node_reference_id"] == 1
    cached = database.get_cached_images(None, "http://here")
    assert {image["image_id"] for image in cached} == {"1", "2"}
