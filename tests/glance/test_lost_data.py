from pathlib import Path
from typing import Any

import pytest

from simple_db import Database
from simple_db.glance.lost_data import MOST_IMAGES, lost_data
from simple_db.model.records import Location

pytestmark = pytest.mark.glance


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for store in ("images", "spare", "staging", "tasks"):
        (tmp_path / store).mkdir()
    return tmp_path


def image(
    database: Database, image_id: str, *urls: str, store: str | None = None, **values: Any
) -> None:
    metadata = {"store": store} if store else {}
    locations = [{"url": url, "metadata": metadata, "status": "active"} for url in urls]
    database.image_create(
        None, {"id": image_id, "status": "active", "locations": locations} | values
    )


def test_nothing_is_reported_of_data_that_is_there(data: Path) -> None:
    (data / "images" / "1").write_bytes(b"12345")
    (data / "spare" / "1").write_bytes(b"12345")
    database = Database()
    image(database, "1", "file://images/1", "file:///gone/spare/1", size=5)
    image(database, "2", status="queued")
    assert lost_data(database, data) == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://user:secret@host/1", "its data is outside of the data directory"),
        ("file:///home/me/secret", "its data is outside of the data directory"),
        ("file://staging/1", "its data is outside of the data directory"),
        ("file://spare/1", "spare has no data of it"),
        ("file://images/link", "images has no data of it"),
        ("file://images/1", "images has 3 bytes of it in place of 5"),
    ],
)
def test_an_image_is_reported_with_the_reason_and_without_its_location(
    data: Path, url: str, why: str
) -> None:
    (data / "images" / "1").write_bytes(b"123")
    (data / "images" / "link").symlink_to(data / "images" / "1")
    database = Database()
    image(database, "1", url, size=5, name="a\x1bb")
    report = lost_data(database, data)
    assert report[1:] == [f"  1 ('a\\x1bb'): {why}"]
    assert "secret" not in "".join(report)


@pytest.mark.parametrize(
    ("store", "url", "is_there"),
    [
        ("images", "file://images/1", True),
        ("spare", "file://images/1", False),
        ("unknown", "file://images/1", True),
        ("os_glance_staging_store", "file:///data/staging/1", True),
        ("os_glance_staging_store", "file://images/1", False),
    ],
)
def test_data_is_looked_for_in_the_store_that_a_location_names(
    data: Path, store: str, url: str, is_there: bool
) -> None:
    for directory in ("images", "staging"):
        (data / directory / "1").write_bytes(b"12345")
    database = Database()
    image(database, "1", url, store=store)
    assert (lost_data(database, data) == []) is is_there


def test_deleted_images_and_locations_are_not_reported(data: Path) -> None:
    database = Database()
    image(database, "1", "file://images/1")
    image(database, "2", "file://images/2")
    database.image_destroy(None, "1")
    (location,) = database.image_get(None, "2")["locations"]
    database.image_location_delete(None, "2", location["id"], "deleted")
    assert lost_data(database, data) == []


def test_the_report_is_bounded(data: Path) -> None:
    database = Database()
    for number in range(MOST_IMAGES + 5):
        image(database, f"{number:03}", f"file://images/{number}")
    report = lost_data(database, data)
    assert len(report) == MOST_IMAGES + 2
    assert report[0].startswith(f"{MOST_IMAGES + 5} images ")
    assert report[1].startswith("  000: ")
    assert report[-1] == "  and 5 more"


@pytest.mark.parametrize("metadata", [None, [], ["store"], "store", 1, {"store": ["images"]}, {}])
def test_metadata_of_whatever_kind_names_no_store(data: Path, metadata: Any) -> None:
    (data / "images" / "1").write_bytes(b"12345")
    database = Database()
    image(database, "1", size=5)
    with database.store.writing() as tables:  # as a snapshot can have it
        row = tables.locations.new_id()
        times: dict[str, Any] = {"created_at": tables.now, "updated_at": tables.now}
        tables.locations.put(
            Location(
                id=row,
                image_id="1",
                value="file://images/1",
                meta_data=metadata,
                status="active",
                **times,
            )
        )
    assert lost_data(database, data) == []
