import copy
import json
from types import SimpleNamespace
from typing import Any

import pytest

from simple_db.glance.location_metadata import Metadata, ReadableLocations

pytestmark = pytest.mark.glance


@pytest.mark.parametrize(
    "stored", [None, [], ["store"], "store", 1, {"store": ["a"]}, {"store": 5}]
)
def test_metadata_that_names_no_store_has_none_and_stores_none(stored: Any) -> None:
    metadata = Metadata(stored)
    for one in (metadata, copy.deepcopy(metadata)):
        assert one["store"] is one.get("store") is None
        assert json.dumps(one) == "{}"


def test_metadata_is_what_it_was_else() -> None:
    stored = {"store": "images", "a": ["b"]}
    assert Metadata(stored) == stored
    assert Metadata(stored | {"store": []}) == {"a": ["b"]}
    assert stored == {"store": "images", "a": ["b"]}


def test_another_key_that_is_missing_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="size"):
        Metadata({})["size"]


def test_the_images_of_a_driver_have_metadata_that_can_be_read_and_all_else_is_its_own() -> None:
    def image() -> Any:
        return {"id": "1", "locations": [{"id": 1, "metadata": ["store"]}]}

    driver = SimpleNamespace(
        image_get=lambda *_, **__: image(),
        image_get_all=lambda *_, **__: [image()],
        image_destroy="the driver's own",
    )
    readable = ReadableLocations(driver)
    for found in (readable.image_get(None, "1"), *readable.image_get_all(None, limit=1)):
        assert found == {"id": "1", "locations": [{"id": 1, "metadata": {}}]}
    assert readable.image_destroy == "the driver's own"
