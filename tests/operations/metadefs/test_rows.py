from typing import Any

import attrs
import pytest

from simple_db import Database
from simple_db.model.errors import Invalid, InvalidSortDir, InvalidSortKey
from simple_db.model.records import MetadefProperty, MetadefTag, Namespace
from simple_db.operations.metadefs import rows
from tests.support.build import a_database, a_namespace
from tests.support.world import BEGINNING, World


def a_property(**columns: Any) -> MetadefProperty:
    """Make the record of a property by itself, stored nowhere."""
    times: dict[str, Any] = {"created_at": BEGINNING, "updated_at": BEGINNING}
    return MetadefProperty(**(times | {"id": 1, "namespace_id": 1, "name": "p"} | columns))


def test_a_new_row_stores_what_is_given_of_its_columns() -> None:
    given = {"name": 5, "json_schema": {"type": ("a",)}, "unknown": "x"}

    assert rows.new_values(MetadefProperty, given, ["name"]) == {
        "name": "5",
        "json_schema": {"type": ["a"]},
    }


def test_none_stands_for_what_a_new_row_is_not_given() -> None:
    given = {"name": "p", "json_schema": None}

    assert rows.new_values(MetadefProperty, given, ["name"]) == {"name": "p"}


def test_times_and_ids_of_a_new_row_are_ignored() -> None:
    given = {"name": "t", "id": "x", "namespace_id": [], "created_at": 1, "updated_at": 2}

    assert rows.new_values(MetadefTag, given, ["name"]) == {"name": "t"}


@pytest.mark.parametrize("given", [{}, {"name": None}, {"name": [1]}, [], None, {1: 2}])
def test_a_new_row_without_what_it_needs_is_refused(given: object) -> None:
    with pytest.raises(Invalid):
        rows.new_values(MetadefTag, given, ["name"])


def test_an_update_stores_what_is_given_but_for_times() -> None:
    given = {"name": "t", "id": 1, "created_at": 1, "updated_at": 2, "unknown": 3}

    assert rows.changes(MetadefTag, given) == {"name": "t", "id": 1}


@pytest.mark.parametrize("given", [{"name": None}, {"id": "x"}, {"json_schema": None}, [], None])
def test_an_update_that_a_column_cannot_hold_is_refused(given: object) -> None:
    with pytest.raises(Invalid):
        rows.changes(MetadefProperty, given)


def test_a_changed_row_has_the_time_of_the_call() -> None:
    world = World()
    row = a_property()
    world.pass_time(days=1)
    with a_database(world).store.reading() as tables:
        changed = rows.changed(tables, row, {"name": "q", "id": 1})

    assert changed == attrs.evolve(row, name="q", updated_at=world.now())


def test_a_row_that_is_what_it_is_to_be_stays_itself() -> None:
    row = a_property(json_schema={"default": 0})
    with a_database().store.reading() as tables:
        assert rows.changed(tables, row, {"name": "p", "json_schema": {"default": False}}) is row


@pytest.mark.parametrize("key", ["id", "namespace_id"])
def test_the_ids_of_a_row_do_not_change(key: str) -> None:
    with (
        a_database().store.reading() as tables,
        pytest.raises(Invalid, match=f"the {key} of a row of metadef_properties .* is 1, not 2"),
    ):
        rows.changed(tables, a_property(), {"name": "q", key: 2})


def test_a_row_that_did_not_change_is_not_written(db: Database) -> None:
    a_namespace(db)
    with db.store.writing() as tables:
        [row] = tables.namespaces.where()
        assert rows.put_if_changed(tables.namespaces, row, row) is row
    assert db.revision == 1


def test_the_rows_of_one_namespace_are_removed_and_counted(db: Database) -> None:
    ids = [a_namespace(db, name) for name in ("a", "b")]
    for name in ("a", "b"):
        db.metadef_tag_create_tags(None, name, [{"name": "x"}, {"name": "y"}])
    with db.store.writing() as tables:
        assert rows.remove_of_namespace(tables.metadef_tags, ids[0]) == 2
        assert [row.namespace_id for row in tables.metadef_tags.where()] == [ids[1]] * 2


def test_one_key_and_one_direction_make_a_total_order() -> None:
    order = rows.page_order(Namespace, "owner", None)

    assert order.keys == (("owner", False), ("created_at", False), ("id", False))


def test_the_order_of_ids_is_that_of_creation() -> None:
    order = rows.page_order(Namespace, "id", "desc")

    assert order.keys == (("created_at", True), ("id", True))


@pytest.mark.parametrize("sort_key", ["bogus", None, ["namespace"], ""])
def test_a_sort_key_that_is_no_column_is_refused(sort_key: object) -> None:
    with pytest.raises(InvalidSortKey):
        rows.page_order(Namespace, sort_key, "asc")


@pytest.mark.parametrize("sort_dir", ["bogus", "", ["asc"], "asc-nullsfirst"])
def test_a_sort_direction_that_is_none_is_refused(sort_dir: object) -> None:
    with pytest.raises(InvalidSortDir):
        rows.page_order(Namespace, "owner", sort_dir)


def test_the_dict_of_a_row_shares_no_schema_with_it() -> None:
    row = a_property(json_schema={"items": [1]})
    fresh = rows.row_dict(row)
    fresh["json_schema"]["items"].clear()

    assert fresh.keys() == {
        "id",
        "namespace_id",
        "name",
        "json_schema",
        "created_at",
        "updated_at",
    }
    assert row.json_schema == {"items": [1]}
