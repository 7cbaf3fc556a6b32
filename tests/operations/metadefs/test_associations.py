from typing import Any

import pytest

from simple_db import Database
from simple_db.model.errors import (
    Invalid,
    MetadefDuplicateResourceTypeAssociation,
    MetadefForbidden,
    MetadefNamespaceNotFound,
    MetadefResourceTypeAssociationNotFound,
    MetadefResourceTypeNotFound,
)
from tests.support.build import ADMIN, ALICE, BOB, a_database, a_namespace, refused, rows
from tests.support.world import BEGINNING

SERVER: dict[str, Any] = {"name": "server", "properties_target": "image", "prefix": "hw_"}


def associated(*names: str) -> Database:
    """Make a database with one namespace that is for these resource types."""
    db = a_database()
    a_namespace(db)
    for name in names:
        db.metadef_resource_type_association_create(ADMIN, "ns", SERVER | {"name": name})
    return db


def test_an_association_comes_back_with_the_name_of_the_resource_type() -> None:
    db = associated()
    created = db.metadef_resource_type_association_create(ALICE, "ns", SERVER | {"unknown": 1})

    assert created == SERVER | {"created_at": BEGINNING, "updated_at": BEGINNING}
    assert db.metadef_resource_type_association_get(ALICE, "ns", "server") == created


def test_a_resource_type_that_is_missing_is_added_unprotected() -> None:
    [row] = associated("server").metadef_resource_type_get_all(ADMIN)

    assert (row["name"], row["protected"]) == ("server", False)


def test_a_resource_type_that_is_there_is_used(db: Database) -> None:
    a_namespace(db)
    db.metadef_resource_type_create(ADMIN, {"name": "server", "protected": True})
    db.metadef_resource_type_association_create(ALICE, "ns", SERVER)

    assert len(rows(db, "metadef_resource_types")) == 1


def test_target_and_prefix_may_be_none() -> None:
    db = associated()
    values = {"name": "server", "properties_target": None, "prefix": None}

    assert db.metadef_resource_type_association_create(ALICE, "ns", values)["prefix"] is None


def test_associations_are_those_of_the_namespace_in_the_order_of_resource_types() -> None:
    db = associated("c", "a")
    a_namespace(db, "other")
    db.metadef_resource_type_association_create(ALICE, "other", SERVER | {"name": "a"})
    get_all = db.metadef_resource_type_association_get_all_by_namespace

    assert [row["name"] for row in get_all(ALICE, "ns")] == ["c", "a"]
    assert [row["name"] for row in get_all(ALICE, "other")] == ["a"]


def test_two_are_associated_once() -> None:
    db = associated("server")
    with refused(db, MetadefDuplicateResourceTypeAssociation, "ns", "server"):
        db.metadef_resource_type_association_create(ALICE, "ns", SERVER)


def test_a_deleted_association_comes_back_and_the_resource_type_stays() -> None:
    db = associated("server")
    row = db.metadef_resource_type_association_get(ALICE, "ns", "server")

    assert db.metadef_resource_type_association_delete(ALICE, "ns", "server") == row
    assert db.metadef_resource_type_association_get_all_by_namespace(ALICE, "ns") == []
    assert len(rows(db, "metadef_resource_types")) == 1


def test_what_is_not_associated_is_not_found() -> None:
    db = associated("server")
    a_namespace(db, "other")
    for function in (
        db.metadef_resource_type_association_get,
        db.metadef_resource_type_association_delete,
    ):
        with refused(db, MetadefResourceTypeAssociationNotFound, "other", "server"):
            function(ALICE, "other", "server")
        with refused(db, MetadefResourceTypeNotFound, "volume"):
            function(ALICE, "ns", "volume")


@pytest.mark.parametrize("key", ["name", "properties_target", "prefix"])
def test_an_association_lacks_no_key(key: str) -> None:
    db = associated()
    values = {name: value for name, value in SERVER.items() if name != key}
    with refused(db, Invalid, key):
        db.metadef_resource_type_association_create(ALICE, "ns", values)


@pytest.mark.parametrize("values", [[], SERVER | {"name": None}, SERVER | {"prefix": [1]}])
def test_an_association_of_wrong_values_is_refused(values: Any) -> None:
    with refused(db := associated(), Invalid):
        db.metadef_resource_type_association_create(ALICE, "ns", values)


@pytest.mark.parametrize(
    ("action", "arguments"),
    [
        ("get", ["server"]),
        ("get_all_by_namespace", []),
        ("create", [SERVER]),
        ("delete", ["server"]),
    ],
)
def test_associations_need_a_namespace_that_the_caller_sees(
    action: str, arguments: list[Any]
) -> None:
    db = associated("server")
    function = getattr(db, f"metadef_resource_type_association_{action}")
    with refused(db, MetadefForbidden, "ns", "bob"):
        function(BOB, "ns", *arguments)
    with refused(db, MetadefNamespaceNotFound, "never"):
        function(ALICE, "never", *arguments)
