from typing import Any

import pytest

from simple_db import Database
from simple_db.model.errors import (
    Invalid,
    MetadefDuplicateResourceType,
    MetadefIntegrityError,
    MetadefResourceTypeNotFound,
    ProtectedMetadefResourceTypeSystemDelete,
)
from tests.support.build import ADMIN, ALICE, NOBODY, a_database, a_namespace, refused
from tests.support.world import BEGINNING


def typed(*names: str, **values: Any) -> Database:
    """Make a database with these resource types."""
    db = a_database()
    for name in names:
        db.metadef_resource_type_create(NOBODY, {"name": name} | values)
    return db


def test_a_resource_type_comes_back_whole(db: Database) -> None:
    created = db.metadef_resource_type_create(ALICE, {"name": "OS::Nova::Server", "id": 7})

    assert created == {
        "id": 1,
        "name": "OS::Nova::Server",
        "protected": False,
        "created_at": BEGINNING,
        "updated_at": BEGINNING,
    }
    assert db.metadef_resource_type_get(NOBODY, "OS::Nova::Server") == created


@pytest.mark.parametrize(("given", "stored"), [(None, False), (0, False), (True, True)])
def test_a_resource_type_is_protected_if_it_says_so(given: object, stored: bool) -> None:
    db = typed("server", protected=given)

    assert db.metadef_resource_type_get(ALICE, "server")["protected"] is stored


def test_resource_types_come_in_the_order_in_which_they_were_added() -> None:
    db = typed("c", "a", "b")

    assert [row["name"] for row in db.metadef_resource_type_get_all(ALICE)] == ["c", "a", "b"]


def test_a_name_is_taken_once() -> None:
    db = typed("server")
    with refused(db, MetadefDuplicateResourceType, "server"):
        db.metadef_resource_type_create(ALICE, {"name": "server"})


@pytest.mark.parametrize("values", [{}, {"name": None}, {"name": "a", "protected": "no"}, []])
def test_a_resource_type_needs_a_name_and_a_truth(values: Any) -> None:
    with refused(db := a_database(), Invalid):
        db.metadef_resource_type_create(ALICE, values)


def test_a_deleted_resource_type_comes_back_and_is_gone() -> None:
    db = typed("server", "volume")
    row = db.metadef_resource_type_get(ALICE, "server")

    assert db.metadef_resource_type_delete(ALICE, "server") == row
    assert [row["name"] for row in db.metadef_resource_type_get_all(ALICE)] == ["volume"]


def test_nothing_is_read_or_deleted_that_is_not_there() -> None:
    db = typed("server")
    for function in (db.metadef_resource_type_get, db.metadef_resource_type_delete):
        with refused(db, MetadefResourceTypeNotFound, "volume"):
            function(ALICE, "volume")


def test_a_protected_resource_type_is_not_deleted() -> None:
    db = typed("server", protected=True)
    with refused(db, ProtectedMetadefResourceTypeSystemDelete, "server"):
        db.metadef_resource_type_delete(ADMIN, "server")


def test_a_resource_type_that_a_namespace_is_for_is_not_deleted(db: Database) -> None:
    a_namespace(db)
    values = {"name": "server", "prefix": None, "properties_target": None}
    db.metadef_resource_type_association_create(ALICE, "ns", values)
    with refused(db, MetadefIntegrityError, "server", 1):
        db.metadef_resource_type_delete(ADMIN, "server")
    db.metadef_resource_type_association_delete(ALICE, "ns", "server")

    assert db.metadef_resource_type_delete(ADMIN, "server")["name"] == "server"
