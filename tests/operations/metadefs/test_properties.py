from typing import Any

import pytest

from simple_db import Database
from tests.support.build import ALICE, a_namespace


@pytest.mark.parametrize("schema", [{"type": "string"}, "text", 5, [1, {"a": None}], {}])
def test_a_schema_is_anything_that_json_can_hold(db: Database, schema: Any) -> None:
    a_namespace(db)
    db.metadef_property_create(ALICE, "ns", {"name": "p", "json_schema": schema})

    assert db.metadef_property_get(ALICE, "ns", "p")["json_schema"] == schema


def test_a_property_has_an_empty_schema_by_default(db: Database) -> None:
    a_namespace(db)
    db.metadef_property_create(ALICE, "ns", {"name": "p"})

    assert db.metadef_property_get(ALICE, "ns", "p")["json_schema"] == {}


def test_a_schema_comes_back_as_json_has_it(db: Database) -> None:
    a_namespace(db)
    created = db.metadef_property_create(ALICE, "ns", {"name": "p", "json_schema": {1: (2,)}})

    assert created["json_schema"] == {"1": [2]}


def test_properties_come_in_the_order_in_which_they_were_added(db: Database) -> None:
    a_namespace(db)
    for name in ("c", "a", "b"):
        db.metadef_property_create(ALICE, "ns", {"name": name})

    assert [row["name"] for row in db.metadef_property_get_all(ALICE, "ns")] == ["c", "a", "b"]
