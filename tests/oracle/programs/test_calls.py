from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from simple_db import Database
from simple_db.oracle.programs import calls
from simple_db.oracle.programs.calls import Call, Lookup, call, resolved, tidied
from simple_db.oracle.targets.target import reference
from tests.support import build


def found_by(lookup: Lookup, db: Database) -> Any:
    return resolved(lookup, reference(db).call)


def a_full_database() -> Database:
    db = Database()
    build.an_image(db, "image-1")
    build.a_namespace(db, "ns")
    return db


def test_arguments_come_in_the_order_of_the_signature() -> None:
    made = call("image_update", "alice", from_state="active", values={}, image_id="image-1")
    assert [name for name, _ in made.arguments] == ["image_id", "values", "from_state"]
    assert call("image_get", "admin", image_id="i") == Call(
        "image_get", "admin", (("image_id", "i"),)
    )


def test_a_function_or_an_argument_that_the_api_has_not_is_refused() -> None:
    with pytest.raises(ValueError, match="image_paint is no function"):
        call("image_paint", "admin")
    with pytest.raises(ValueError, match=r"image_get takes no colour; it takes \('image_id',"):
        call("image_get", "admin", image_id="image-1", colour="red")


def test_what_is_given_is_a_copy() -> None:
    made = call("image_create", "admin", values={"tags": []})
    made.given()["values"]["tags"].append("changed")
    assert made.given() == {"values": {"tags": []}}


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (
            call("image_update", "alice", image_id="image-1", values={"size": 1}, v1_mode=True),
            "image_update(alice, 'image-1', {'size': 1}, v1_mode=True)",
        ),
        (
            call("image_set_property_atomic", image_id="image-1", name="lock", value="me"),
            "image_set_property_atomic('image-1', 'lock', 'me')",
        ),
        (
            calls.member_id("image-1", "bob"),
            "image_member_find(admin, image_id='image-1', member='bob')[0]['id']",
        ),
    ],
)
def test_calls_and_lookups_are_written_as_python_writes_them(made: Any, text: str) -> None:
    assert str(made) == text


def test_names_come_first_in_a_tidy_dict_however_deep() -> None:
    value = {"size": 1, "locations": [{"status": "active", "url": "u"}], "id": "i"}
    assert str(tidied(value)) == (
        "{'id': 'i', 'size': 1, 'locations': [{'url': 'u', 'status': 'active'}]}"
    )


# --- lookups -------------------------------------------------------------------------------------


def test_rows_are_looked_up_by_what_identifies_them() -> None:
    db = a_full_database()
    build.a_member(db, "image-1", "bob")
    carol = build.a_member(db, "image-1", "carol")
    build.a_location(db, "image-1")
    location = build.a_location(db, "image-1")
    namespace = build.a_namespace(db, "second")

    assert found_by(calls.member_id("image-1", "carol"), db) == carol
    assert found_by(calls.location_id("image-1", 1), db) == location
    assert found_by(calls.namespace_id("second"), db) == namespace


def test_of_several_memberships_the_oldest_is_looked_up() -> None:
    rows = [{"id": 2, "created_at": 2}, {"id": 1, "created_at": 1}]
    assert resolved(calls.member_id("image-1", "bob"), lambda _call: rows) == 1


@pytest.mark.parametrize("kind", ["object", "property", "tag"])
def test_content_of_a_namespace_is_looked_up_by_its_name(kind: str) -> None:
    db = a_full_database()
    create = getattr(db, f"metadef_{kind}_create")
    create(build.ADMIN, "ns", {"name": "first", "json_schema": {}})
    second = create(build.ADMIN, "ns", {"name": "second", "json_schema": {}})

    assert found_by(calls.content_id(kind, "ns", "second"), db) == second["id"]


@pytest.mark.parametrize(
    "lookup",
    [
        calls.member_id("image-1", "bob"),
        calls.location_id("image-1", 0),
        calls.location_id("missing", 0),
        calls.namespace_id("missing"),
    ],
    ids=repr,
)
def test_a_lookup_that_finds_nothing_gives_an_id_that_no_row_has(lookup: Lookup) -> None:
    assert found_by(lookup, a_full_database()) == calls.NO_ROW


def test_lookups_are_resolved_wherever_they_are_and_the_rest_is_copied() -> None:
    lookup = calls.namespace_id("ns")
    moment = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - as in the database
    value = {"ids": [lookup, 7], "at": moment, "pair": (lookup,)}

    found = resolved(value, lambda asked: {"id": asked.function})

    assert found == {
        "ids": ["metadef_namespace_get", 7],
        "at": moment,
        "pair": ("metadef_namespace_get",),
    }
    assert value["ids"] == [lookup, 7]
