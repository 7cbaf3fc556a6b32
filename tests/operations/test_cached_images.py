from typing import Any

import pytest

from simple_db import Database
from simple_db.model.errors import Duplicate, Invalid, NotFound
from tests.support.build import ADMIN, EMOJI, NOBODY, a_database, refused, rows
from tests.support.world import BEGINNING, World

HERE = "http://here:9292"
THERE = "http://there:9292"


def a_cache(*images: str, world: World | None = None) -> Database:
    """Make a database that knows two servers, the first of which caches these images."""
    db = a_database(world)
    for url in (HERE, THERE):
        db.node_reference_create(ADMIN, url)
    for image_id in images:
        db.insert_cache_details(ADMIN, HERE, image_id, 10)
    return db


def cached(db: Database, url: str = HERE) -> list[str]:
    return [image["image_id"] for image in db.get_cached_images(ADMIN, url)]


def test_a_server_is_known_by_its_url(db: Database) -> None:
    node = db.node_reference_create(NOBODY, HERE)

    assert node == {"node_reference_id": 1, "node_reference_url": HERE}
    assert db.node_reference_get_by_url(NOBODY, HERE) == node


def test_a_server_is_added_once() -> None:
    db = a_cache()

    with refused(db, Duplicate, HERE):
        db.node_reference_create(ADMIN, HERE)


@pytest.mark.parametrize("url", [None, ["a"], EMOJI])
def test_a_url_is_text_of_the_basic_plane(db: Database, url: Any) -> None:
    with refused(db, Invalid):
        db.node_reference_create(ADMIN, url)


def test_an_unknown_server_is_not_found(db: Database) -> None:
    with refused(db, NotFound, HERE):
        db.node_reference_get_by_url(ADMIN, HERE)
    with refused(db, NotFound, HERE):
        db.insert_cache_details(ADMIN, HERE, "i", 1)


def test_a_cached_image_comes_back_with_its_times_in_seconds() -> None:
    db = a_cache("i")

    assert db.get_cached_images(ADMIN, HERE) == [
        {
            "id": 1,
            "image_id": "i",
            "last_accessed": BEGINNING.timestamp(),
            "last_modified": BEGINNING.timestamp(),
            "size": 10,
            "hits": 0,
            "checksum": None,
        }
    ]


def test_the_details_of_a_cached_image_can_be_given_times_also_as_text() -> None:
    db = a_cache()
    accessed: Any = "2026-01-02T00:00:00Z"
    db.insert_cache_details(ADMIN, HERE, "i", 10, "c", accessed, BEGINNING, 7)

    [row] = rows(db, "cached_images")
    assert (row["checksum"], row["hits"]) == ("c", 7)
    assert row["last_accessed"] == "2026-01-02T00:00:00"
    assert row["last_modified"] == BEGINNING.isoformat()


def test_an_image_is_recorded_once_for_each_server() -> None:
    db = a_cache("i")
    assert db.is_image_cached_for_node(ADMIN, HERE, "i")
    assert not db.is_image_cached_for_node(ADMIN, THERE, "i")
    db.insert_cache_details(ADMIN, HERE, "i", 99)
    db.insert_cache_details(ADMIN, THERE, "i", 10)

    assert [image["size"] for image in db.get_cached_images(ADMIN, HERE)] == [10]
    assert sorted(db.get_cached_nodes(ADMIN, "i")) == [HERE, THERE]


@pytest.mark.parametrize(
    ("details", "named"),
    [
        ({"filesize": None}, "cached_images.size"),
        ({"filesize": "much"}, "cached_images.size"),
        ({"image_id": None}, "cached_images.image_id"),
        ({"last_accessed": "now"}, "cached_images.last_accessed"),
        ({"checksum": EMOJI}, "checksum"),
    ],
)
def test_wrong_details_are_refused_by_name(details: dict[str, Any], named: str) -> None:
    db = a_cache()
    given: dict[str, Any] = {"node_reference_url": HERE, "image_id": "i", "filesize": 1} | details

    with refused(db, Invalid, named):
        db.insert_cache_details(ADMIN, **given)


def test_a_read_is_counted_and_dated() -> None:
    world = World()
    db = a_cache("i", world=world)
    world.pass_time(days=1)

    db.update_hit_count(ADMIN, "i", HERE)
    db.update_hit_count(ADMIN, "i", HERE)
    db.update_hit_count(ADMIN, "i", THERE)

    assert db.get_hit_count(ADMIN, "i", HERE) == 2
    assert db.get_hit_count(ADMIN, "i", THERE) == 0
    [image] = db.get_cached_images(ADMIN, HERE)
    assert image["last_accessed"] == world.now().timestamp()


def test_what_is_not_cached_has_no_hits_and_no_servers() -> None:
    db = a_cache()

    assert db.get_hit_count(ADMIN, "i", "http://nowhere") == 0
    assert db.get_cached_nodes(ADMIN, "i") == []
    assert cached(db, "http://nowhere") == []
    assert not db.is_image_cached_for_node(ADMIN, HERE, "i")


def test_the_image_that_was_read_the_longest_ago_is_found() -> None:
    world = World()
    db = a_cache("a", "b", world=world)
    world.pass_time(days=1)
    db.update_hit_count(ADMIN, "a", HERE)

    assert db.get_least_recently_accessed(ADMIN, HERE) == "b"
    assert db.get_least_recently_accessed(ADMIN, THERE) is None


def test_one_image_of_one_server_is_removed() -> None:
    db = a_cache("a", "b")
    db.insert_cache_details(ADMIN, THERE, "a", 1)

    db.delete_cached_image(ADMIN, "a", HERE)
    db.delete_cached_image(ADMIN, "a", "http://nowhere")

    assert (cached(db, HERE), cached(db, THERE)) == (["b"], ["a"])


def test_all_images_of_one_server_are_removed() -> None:
    db = a_cache("a", "b")
    db.insert_cache_details(ADMIN, THERE, "a", 1)

    db.delete_all_cached_images(ADMIN, HERE)

    assert (cached(db, HERE), cached(db, THERE)) == ([], ["a"])


@pytest.mark.parametrize("function", ["update_hit_count", "delete_all_cached_images"])
def test_a_url_beyond_the_basic_plane_is_refused(function: str) -> None:
    db = a_cache("i")
    arguments = {"update_hit_count": ["i", EMOJI], "delete_all_cached_images": [EMOJI]}

    with refused(db, Invalid):
        getattr(db, function)(ADMIN, *arguments[function])
