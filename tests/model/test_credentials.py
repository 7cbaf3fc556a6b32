from __future__ import annotations

from typing import Any

import pytest

from simple_db.model import credentials
from simple_db.model.records import Location, Property, TaskInfo
from tests.support.world import BEGINNING

TIMES: dict[str, Any] = {"created_at": BEGINNING, "updated_at": None}

URLS = [
    ("http://host/image", "http://host/image"),
    ("file:///images/a@b", "file:///images/a@b"),
    ("rbd://cluster/pool/image/snapshot", "rbd://cluster/pool/image/snapshot"),
    ("http://user@host/image", "http://***@host/image"),
    ("swift+https://account%3Auser:pass@host/v3/c/o", "swift+https://***@host/v3/c/o"),
    ("swift://user:pass@http://host/v1/c/o", "swift://***@http://host/v1/c/o"),
    ("s3://KEY:se/cr@et+@host/bucket/object", "s3://***@host/bucket/object"),
    ("http://user:two words@host/image", "http://***@host/image"),
    ("user:pass@host/image", "***@host/image"),
    ("https://host/image?sig=abc==&x=", "https://host/image?sig=***&x=***"),
    ("https://host/image?token", "https://host/image?***"),
    ("https://host/image?", "https://host/image?"),
    ("https://host/image?mail=a@b", "https://host/image?mail=***"),
    ("https://host/?http://h/x?a=b", "https://host/?***"),
    ("", ""),
]


@pytest.mark.parametrize(("url", "masked"), URLS)
def test_who_and_the_values_of_the_query_are_masked(url: str, masked: str) -> None:
    assert credentials.masked_url(url) == masked


@pytest.mark.parametrize(("_", "masked"), URLS)
def test_what_is_masked_stays_so(_: str, masked: str) -> None:
    assert credentials.masked_url(masked) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("no address", "no address"),
        ("a@b wrote", "a@b wrote"),
        ("get 'http://u:p@h/x?sig=1', or", "get 'http://***@h/x?sig=***', or"),
        ("(http://u:p@h) http://h.", "(http://***@h) http://h."),
        ("a:// 'b", "a:// 'b"),
    ],
)
def test_a_text_keeps_all_but_the_credentials_of_its_addresses(text: str, masked: str) -> None:
    assert credentials.masked_text(text) == masked


def test_the_metadata_of_a_location_keeps_its_keys_and_the_name_of_the_store() -> None:
    metadata = {"store": "fast", "backend": 1, "key": "k", "none": None, "in": [{"store": "x"}, 2]}

    assert credentials.masked_metadata(metadata) == {
        "store": "fast",
        "backend": "***",
        "key": "***",
        "none": None,
        "in": [{"store": "x"}, "***"],
    }


def test_the_columns_of_a_row_are_masked_unless_they_are_revealed() -> None:
    row = Location(id=1, image_id="a", value="http://u:p@h", meta_data={"k": "v"}, **TIMES)
    masked, revealed = credentials.columns(row), credentials.columns(row, reveal=True)

    assert (masked["value"], masked["meta_data"]) == ("http://***@h", {"k": "***"})
    assert (revealed["value"], revealed["meta_data"]) == ("http://u:p@h", {"k": "v"})
    assert masked["created_at"] == BEGINNING


def test_addresses_are_masked_wherever_they_are_in_a_row() -> None:
    given = {"from": ["http://u:p@h", 1, None], "http://u:p@h": True}
    info = TaskInfo(task_id="t", input=given, message="no http://u:p@h")
    a_property = Property(id=1, image_id="a", name="x", value="http://u:p@h", **TIMES)

    assert credentials.columns(info) == {
        "task_id": "t",
        "input": {"from": ["http://***@h", 1, None], "http://***@h": True},
        "result": None,
        "message": "no http://***@h",
    }
    assert credentials.columns(a_property)["value"] == "http://***@h"
