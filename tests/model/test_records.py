from typing import Any

import attrs
import pytest

from simple_db.model.records import (
    RECORDS,
    Column,
    Image,
    Location,
    Member,
    Property,
    Record,
    Tag,
    as_dict,
    columns_of,
    soft_deleted,
)
from tests.support.build import image_record, utc
from tests.support.world import BEGINNING

COMMON = ["created_at", "updated_at", "deleted_at", "deleted"]


def a_tag(**columns: Any) -> Tag:
    times: dict[str, Any] = {"created_at": BEGINNING, "updated_at": BEGINNING}
    return Tag(**(times | {"id": 1, "image_id": "i", "value": "blue"} | columns))


def a_location(**columns: Any) -> Location:
    times: dict[str, Any] = {"created_at": BEGINNING, "updated_at": BEGINNING}
    return Location(**(times | {"id": 1, "image_id": "i", "value": "file:///a"} | columns))


def test_columns_are_the_tables_own_and_then_the_common_four() -> None:
    assert list(columns_of(Tag)) == ["id", "image_id", "value", *COMMON]


@pytest.mark.parametrize("record", RECORDS)
def test_every_field_of_a_record_is_a_column(record: type[Record]) -> None:
    assert columns_of(record).keys() == {field.name for field in attrs.fields(record)}


@pytest.mark.parametrize(
    ("column", "nullable"),
    [
        (columns_of(Image)["name"], True),
        (columns_of(Image)["status"], False),
        (columns_of(Image)["updated_at"], True),
        (columns_of(Image)["created_at"], False),
        (columns_of(Location)["meta_data"], True),
        (columns_of(Property)["value"], True),
        (columns_of(Tag)["value"], False),
    ],
    ids=str,
)
def test_an_annotation_with_none_is_a_nullable_column(column: Column, nullable: bool) -> None:
    assert column.nullable is nullable


def test_a_column_is_named_with_its_table() -> None:
    assert str(columns_of(Location)["meta_data"]) == "image_locations.meta_data"


@pytest.mark.parametrize("record", [Location, Property, Member, Tag])
def test_a_child_references_its_image(record: type[Record]) -> None:
    references = {name: column.type.references for name, column in columns_of(record).items()}

    assert {name: table for name, table in references.items() if table} == {"image_id": "images"}


def test_parents_come_before_their_children() -> None:
    seen: set[str | None] = {None}
    for record in RECORDS:
        assert {column.type.references for column in columns_of(record).values()} <= seen
        seen.add(record.table)


def test_the_dict_of_a_record_has_its_columns_in_order() -> None:
    assert as_dict(a_tag()) == {
        "id": 1,
        "image_id": "i",
        "value": "blue",
        "created_at": BEGINNING,
        "updated_at": BEGINNING,
        "deleted_at": None,
        "deleted": False,
    }
    assert list(as_dict(a_tag())) == list(columns_of(Tag))


def test_the_dict_of_a_record_is_fresh() -> None:
    tag = a_tag()
    as_dict(tag)["value"] = "red"

    assert as_dict(tag)["value"] == "blue"


def test_a_record_never_changes() -> None:
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        a_tag().value = "red"  # type: ignore[misc]


def test_a_record_has_no_room_for_more() -> None:
    assert not hasattr(a_tag(), "__dict__")


def test_a_soft_deleted_record_is_deleted_now() -> None:
    now = utc("2026-02-01")
    deleted = soft_deleted(a_tag(), now)

    assert deleted == a_tag(deleted=True, deleted_at=now, updated_at=now)


def test_soft_deleting_again_renews_the_time() -> None:
    once = soft_deleted(image_record(), utc("2026-02-01"))

    assert soft_deleted(once, utc("2026-03-01")).deleted_at == utc("2026-03-01")


def test_two_locations_without_metadata_do_not_share_it() -> None:
    assert a_location().meta_data == {}
    assert a_location().meta_data is not a_location().meta_data


def test_the_repr_of_a_location_tells_no_secret() -> None:
    location = a_location(value="swift://user:secret@host", meta_data={"key": "secret"})

    assert "secret" not in repr(location)
