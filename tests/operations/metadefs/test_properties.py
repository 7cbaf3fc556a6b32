from typing import Any

import pytest

from simple_db import Database
from tests.support.build import ALICE, a_namespace


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        *(({"json_schema": schema}, schema) for schema in ({"type": "string"}, "text", 5, {})),
        ({"json_schema": [1, {"a": None}]}, [1, {"a": None}]),
        ({"json_schema": {1: (2,)}}, {"1": [2]}),
        ({}, {}),
    ],
)
def test_a_schema_is_anything_that_json_can_hold_as_json_has_it(
    db: Database, given: dict[str, Any], stored: Any
) -> None:
    a_namespace(db)
    created = db.metadef_property_create(ALICE, "ns", {"name": "p"} | given)

    assert created["json_schema"] == stored
    assert db.metadef_property_get(ALICE, "ns", "p") == created
