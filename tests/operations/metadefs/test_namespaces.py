from typing import Any

import pytest

from simple_db import Database, RequestContext
from simple_db.model.errors import (
    Invalid,
    InvalidParameterValue,
    InvalidSortDir,
    InvalidSortKey,
    MetadefDuplicateNamespace,
    MetadefForbidden,
    MetadefNamespaceNotFound,
    SimpleDBError,
)
from tests.support.build import (
    ADMIN,
    ALICE,
    BOB,
    EMOJI,
    NOBODY,
    Query,
    a_database,
    a_namespace,
    refused,
    rows,
)
from tests.support.world import BEGINNING, World

CONTENT = (
    "metadef_objects",
    "metadef_properties",
    "metadef_tags",
    "metadef_namespace_resource_types",
)


def fill(db: Database, name: str) -> None:
    """Put one of everything into a namespace."""
    db.metadef_object_create(ADMIN, name, {"name": "o"})
    db.metadef_property_create(ADMIN, name, {"name": "p"})
    db.metadef_tag_create(ADMIN, name, {"name": "t"})
    association = {"name": "server", "properties_target": None, "prefix": None}
    db.metadef_resource_type_association_create(ADMIN, name, association)


def some_namespaces() -> Database:
    """Make namespaces a, b and c a moment apart: a and b of alice, b and c public."""
    world = World()
    db = a_database(world)
    for name, owner, visibility in (
        ("b", "alice", "public"),
        ("a", "alice", "private"),
        ("c", "bob", "public"),
    ):
        world.next_turn()
        a_namespace(db, name, owner=owner, visibility=visibility)
    return db


def listed(db: Database, context: RequestContext | None = ADMIN, **query: Any) -> list[str]:
    return [row["namespace"] for row in db.metadef_namespace_get_all(context, **query)]


# --- one by one ------------------------------------------------------------------------------


def test_a_namespace_comes_back_whole(db: Database) -> None:
    values = {"namespace": "ns", "owner": "alice", "unknown": 1, "id": 9, "created_at": "x"}
    created = db.metadef_namespace_create(NOBODY, values)

    assert created == {
        "id": 1,
        "namespace": "ns",
        "display_name": None,
        "description": None,
        "visibility": None,
        "protected": None,
        "owner": "alice",
        "created_at": BEGINNING,
        "updated_at": BEGINNING,
    }
    assert db.metadef_namespace_get(ALICE, "ns") == created


def test_a_namespace_may_be_created_for_any_owner(db: Database) -> None:
    db.metadef_namespace_create(BOB, {"namespace": "ns", "owner": "alice"})
    with refused(db, MetadefForbidden, "ns", "bob"):
        db.metadef_namespace_get(BOB, "ns")


def test_a_name_is_taken_once_for_all_callers(db: Database) -> None:
    a_namespace(db)
    with refused(db, MetadefDuplicateNamespace, "ns"):
        db.metadef_namespace_create(BOB, {"namespace": "ns", "owner": "bob"})


@pytest.mark.parametrize(
    "values",
    [
        {"namespace": "ns"},
        {"owner": "alice"},
        {"namespace": None, "owner": "alice"},
        {"namespace": "ns", "owner": "alice", "protected": "no"},
        {"namespace": "ns", "owner": "alice", "display_name": EMOJI},
        [],
        None,
    ],
)
def test_a_namespace_of_wrong_values_is_refused(values: Any) -> None:
    with refused(db := a_database(), Invalid):
        db.metadef_namespace_create(ALICE, values)


def test_an_update_changes_what_it_is_given(db: Database, world: World) -> None:
    namespace_id = a_namespace(db)
    created = db.metadef_namespace_get(ALICE, "ns")
    world.pass_time(days=1)
    values = {"namespace": "other", "description": "d", "protected": True, "created_at": "x"}
    updated = db.metadef_namespace_update(ALICE, namespace_id, values)

    assert updated == created | {
        "namespace": "other",
        "description": "d",
        "protected": True,
        "updated_at": world.now(),
    }
    assert db.metadef_namespace_get(ALICE, "other") == updated


def test_an_update_may_send_the_whole_dict_back(db: Database, world: World) -> None:
    namespace_id = a_namespace(db)
    created = db.metadef_namespace_get(ALICE, "ns")
    world.pass_time(days=1)

    assert db.metadef_namespace_update(ALICE, namespace_id, created) == created
    assert db.revision == 1


def test_an_update_may_give_a_namespace_away(db: Database) -> None:
    assert db.metadef_namespace_update(ALICE, a_namespace(db), {"owner": "bob"})["owner"] == "bob"
    assert listed(db, ALICE) == []


@pytest.mark.parametrize(
    ("context", "namespace_id", "values", "error"),
    [
        (ALICE, 99, {}, MetadefNamespaceNotFound),
        (BOB, 1, {}, MetadefForbidden),
        (ALICE, 1, {"namespace": "other"}, MetadefDuplicateNamespace),
        (ALICE, 1, {"namespace": None}, Invalid),
        (ALICE, 1, {"description": EMOJI}, Invalid),
        (ALICE, 1, {"id": 2}, Invalid),
        (ALICE, 1, None, Invalid),
    ],
)
def test_an_update_that_cannot_be_is_refused(
    context: RequestContext, namespace_id: int, values: Any, error: type[SimpleDBError]
) -> None:
    db = a_database()
    a_namespace(db)
    a_namespace(db, "other")
    with refused(db, error):
        db.metadef_namespace_update(context, namespace_id, values)


def test_a_namespace_is_deleted_with_all_that_is_in_it(db: Database) -> None:
    for name in ("ns", "other"):
        a_namespace(db, name, protected=True)
        fill(db, name)
    row = db.metadef_namespace_get(ALICE, "ns")

    assert db.metadef_namespace_delete(ALICE, "ns") == row
    assert listed(db) == ["other"]
    assert {table: len(rows(db, table)) for table in CONTENT} == dict.fromkeys(CONTENT, 1)
    assert len(rows(db, "metadef_resource_types")) == 1
    db.check()


def test_nothing_is_deleted_or_read_that_is_hidden_or_not_there(db: Database) -> None:
    a_namespace(db)
    for function in (db.metadef_namespace_get, db.metadef_namespace_delete):
        with refused(db, MetadefForbidden, "ns", "bob"):
            function(BOB, "ns")
        with refused(db, MetadefNamespaceNotFound, "never"):
            function(ALICE, "never")


# --- listings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("context", "names"),
    [
        (ADMIN, ["c", "a", "b"]),
        (None, ["c", "a", "b"]),
        (ALICE, ["c", "a", "b"]),
        (BOB, ["c", "b"]),
        (NOBODY, ["c", "b"]),
    ],
)
def test_a_caller_is_listed_what_is_public_and_its_own_the_newest_first(
    context: RequestContext | None, names: list[str]
) -> None:
    assert listed(some_namespaces(), context) == names


def test_namespaces_are_sorted_by_any_column() -> None:
    db = some_namespaces()

    assert listed(db, sort_key="namespace", sort_dir="asc") == ["a", "b", "c"]
    assert listed(db, sort_key="owner", sort_dir=None) == ["b", "a", "c"]


def test_a_page_starts_behind_its_marker_even_if_that_is_filtered_out() -> None:
    db = some_namespaces()
    marker = db.metadef_namespace_get(ADMIN, "a")["id"]
    query: dict[str, Any] = {
        "filters": {"visibility": "public"},
        "sort_key": "namespace",
        "sort_dir": "asc",
    }

    assert listed(db, marker=marker, **query) == ["b", "c"]
    assert listed(db, marker=marker, limit=1, **query) == ["b"]
    assert listed(db, limit=0) == []


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (None, ["a", "b", "c"]),
        ({"visibility": "public"}, ["b", "c"]),
        ({"visibility": "bogus"}, []),
        ({"visibility": None, "id_list": None}, ["a", "b", "c"]),
        ({"id_list": [1, 3, 99]}, ["b", "c"]),
        ({"id_list": [1], "visibility": "private"}, []),
        ({"id_list": []}, []),
        ({"unknown": "x"}, ["a", "b", "c"]),
    ],
)
def test_filters_choose_namespaces(filters: Any, names: list[str]) -> None:
    db = some_namespaces()

    assert listed(db, filters=filters, sort_key="namespace", sort_dir="asc") == names


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"resource_types": "server"}, ["a", "b"]),
        ({"resource_types": "never,server"}, ["a", "b"]),
        ({"resource_types": ["never", "server"]}, ["a", "b"]),
        ({"resource_types": "never, server"}, []),
        ({"resource_types": ""}, []),
        ({"resource_types": "server", "visibility": "public"}, ["b"]),
        ({"resource_types": "server", "id_list": [3]}, ["a", "b"]),
    ],
)
def test_namespaces_are_listed_by_what_they_are_for(filters: Any, names: list[str]) -> None:
    db = some_namespaces()
    fill(db, "a")
    fill(db, "b")
    given = dict(filters)

    assert listed(db, filters=given, sort_key="namespace", sort_dir="asc") == names
    assert given == filters


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"sort_key": "bogus"}, InvalidSortKey),
        ({"sort_dir": "up"}, InvalidSortDir),
        ({"limit": -1}, Invalid),
        ({"marker": 99}, MetadefNamespaceNotFound),
        ({"filters": ["visibility"]}, Invalid),
        ({"filters": {"id_list": 1}}, Invalid),
        ({"filters": {"visibility": []}}, Invalid),
        ({"filters": {"resource_types": None}}, InvalidParameterValue),
    ],
)
def test_a_query_that_cannot_be_is_refused_whatever_the_rows(
    query: dict[str, Any], error: type[SimpleDBError]
) -> None:
    for db in (a_database(), some_namespaces()):
        with refused(db, error):
            listed(db, **query)


@pytest.mark.parametrize(
    "query", [{"sort_key": "bogus"}, {"sort_dir": "up"}, {"limit": -1}, {"marker": 99}]
)
def test_for_unused_resource_types_the_list_is_empty_whatever_marker_order_and_limit(
    query: dict[str, Any],
) -> None:
    db = some_namespaces()
    assert listed(db, filters={"resource_types": "never"}, **query) == []

    fill(db, "a")
    assert listed(db, filters={"resource_types": "never"}, **query) == []
    with pytest.raises(SimpleDBError):
        listed(db, filters={"resource_types": "never,server"}, **query)


def test_a_marker_must_be_visible() -> None:
    db = some_namespaces()
    marker = db.metadef_namespace_get(ADMIN, "a")["id"]
    with refused(db, MetadefForbidden, "a", "bob"):
        listed(db, BOB, marker=marker)


def test_of_a_visibility_that_is_asked_for_twice_the_first_counts() -> None:
    db = some_namespaces()
    order: dict[str, Any] = {"sort_key": "namespace", "sort_dir": "asc"}
    for asked, names in (("public", ["b", "c"]), ("private", ["a"])):
        query = Query(visibility=[asked, "bogus"])
        assert listed(db, filters=query, **order) == names
