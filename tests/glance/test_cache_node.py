import inspect

import pytest

from simple_db import Database
from simple_db.api import FUNCTIONS
from simple_db.glance import cache_node
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


def after_another_port() -> ServerDriver:
    """Return the driver of a server that had another URL when it cached image 1."""
    database = Database()
    ServerDriver(database).insert_cache_details(None, "http://before", "1", 3)
    driver = ServerDriver(database)
    driver.node_reference_create(None, "http://here")
    return driver


def test_the_cache_of_a_server_is_its_own_under_another_url() -> None:
    driver = after_another_port()
    before = driver.database.snapshot()
    assert [image["image_id"] for image in driver.get_cached_images(None, "http://here")] == ["1"]
    assert driver.get_cached_nodes(None, "1") == ["http://here"]
    assert driver.is_image_cached_for_node(None, "http://here", "1")
    assert driver.get_least_recently_accessed(None, "http://here") == "1"
    assert driver.node_reference_get_by_url(None, "http://here")["node_reference_id"] == 1
    assert driver.database.snapshot() == before

    driver.update_hit_count(None, "1", "http://here")
    assert driver.get_hit_count(None, image_id="1", node_reference_url="http://here") == 1
    driver.insert_cache_details(None, "http://here", "2", 3)
    assert len(driver.get_cached_images(None, "http://here")) == 2
    driver.delete_cached_image(None, "1", "http://here")
    assert driver.get_cached_nodes(None, "1") == []
    driver.delete_all_cached_images(None, "http://here")
    assert driver.get_cached_images(None, "http://before") == []


def test_every_function_that_takes_a_url_finds_the_node_of_the_server() -> None:
    taking = {
        name
        for name in FUNCTIONS
        if "node_reference_url" in inspect.signature(getattr(Database, name)).parameters
    }
    assert taking == {*cache_node._OF_A_NODE, "insert_cache_details", "node_reference_create"}  # noqa: SLF001 - to compare


def test_another_url_than_that_of_the_server_is_left() -> None:
    driver = after_another_port()
    assert driver.get_cached_images(None, "http://elsewhere") == []


def test_a_server_that_has_a_row_has_that_one() -> None:
    driver = after_another_port()
    driver.database.node_reference_create(None, "http://here")
    assert driver.get_cached_images(None, "http://here") == []
    assert driver.get_cached_nodes(None, "1") == ["http://before"]
