import pytest

from simple_db import Database
from simple_db.model.errors import Invalid
from tests.support.build import ALICE, EMOJI, a_namespace, refused


def test_an_object_has_a_description_what_is_required_and_a_schema(db: Database) -> None:
    a_namespace(db)
    values = {"name": "cpu", "description": "d", "required": "a,b", "json_schema": {"a": {}}}
    created = db.metadef_object_create(ALICE, "ns", values)

    assert {key: value for key, value in created.items() if key in values} == values


def test_an_object_has_nothing_but_an_empty_schema_by_default(db: Database) -> None:
    a_namespace(db)
    created = db.metadef_object_create(ALICE, "ns", {"name": "cpu", "json_schema": None})

    assert (created["description"], created["required"]) == (None, None)
    assert created["json_schema"] == {}


def test_a_description_can_be_taken_away_and_a_schema_cannot(db: Database) -> None:
    a_namespace(db)
    row = db.metadef_object_create(ALICE, "ns", {"name": "cpu", "description": "d"})
    updated = db.metadef_object_update(ALICE, "ns", row["id"], {"description": None})

    assert updated["description"] is None
    with refused(db, Invalid, "json_schema"):
        db.metadef_object_update(ALICE, "ns", row["id"], {"json_schema": None})


@pytest.mark.parametrize("schema", [{"a": float("nan")}, {"a": {1}}, {"a": 2**70}, {"a": EMOJI}])
def test_a_schema_that_cannot_be_stored_is_refused(db: Database, schema: object) -> None:
    a_namespace(db)
    with refused(db, Invalid):
        db.metadef_object_create(ALICE, "ns", {"name": "cpu", "json_schema": schema})
