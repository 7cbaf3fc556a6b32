from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from simple_db import Database, snapshot
from simple_db.cli.snapshot import difference as snapshot_diff
from simple_db.model.records import RECORDS, Association, Image, Location, Tag, TaskInfo, counts_ids
from tests import golden
from tests.support.build import (
    ADMIN,
    a_database,
    a_full_database,
    a_location,
    a_member,
    a_property,
    an_image,
)
from tests.support.saved import contents

if TYPE_CHECKING:
    from simple_db.cli.snapshot.difference import Difference, RowChange
    from simple_db.model.records import Record
    from simple_db.store import Cut

EVERY_TABLE = pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.table)


def changes(difference: Difference) -> list[RowChange]:
    return [change for group in difference.groups for change in group.changes]


def tables(changes: list[RowChange]) -> list[str]:
    return [change.row.table for change in changes]


def with_row(held: Cut, record: type[Record], key: Any, **columns: Any) -> Cut:
    """Give the contents with a row changed, or with another one if its key is among the columns."""
    row = evolve(held.rows[record][key], **columns)
    rows = {**held.rows, record: {**held.rows[record], columns.get("id", key): row}}
    return evolve(held, rows=rows)


def without(held: Cut, record: type[Record]) -> Cut:
    return evolve(held, rows={**held.rows, record: {}})


# --- laws ------------------------------------------------------------------------------------


def test_a_snapshot_does_not_differ_from_itself() -> None:
    difference = snapshot_diff.between(contents(a_full_database()), contents(a_full_database()))
    assert not difference
    assert snapshot_diff.document(difference) == {"same": True, "groups": [], "counters": []}


def test_the_format_of_a_snapshot_is_no_difference() -> None:
    old = snapshot.read(golden.DIRECTORY / "1.json")
    db = Database()
    db.load(golden.DIRECTORY / "1.json")
    new = snapshot.decoded(db.snapshot())

    assert (old.version, old.checksum) != (new.version, new.checksum)
    assert not snapshot_diff.between(old.cut, new.cut)


@EVERY_TABLE
def test_what_is_added_one_way_is_removed_the_other_way(record: type[Record]) -> None:
    held = contents(a_full_database())
    less = without(held, record)
    added, removed = (
        changes(snapshot_diff.between(*pair)) for pair in ((less, held), (held, less))
    )

    assert {change.kind for change in added} == {"added"}
    assert {change.kind for change in removed} == {"removed"}
    assert [change.row for change in added] == [change.row for change in removed]
    assert [change.fields for change in added + removed if change.fields] == []
    assert len(added) == len(held.rows[record])


def test_an_empty_database_lacks_every_row_and_counter() -> None:
    held = contents(a_full_database())
    difference = snapshot_diff.between(contents(Database()), held)

    assert len(changes(difference)) == sum(map(len, held.rows.values()))
    assert {change.kind for change in changes(difference)} == {"added"}
    assert [counter.table for counter in difference.counters] == [
        record.table for record in RECORDS if counts_ids(record)
    ]


# --- what has changed ------------------------------------------------------------------------


def test_a_row_that_has_changed_tells_the_columns_that_have() -> None:
    db = a_database()
    an_image(db, "a", name="old", size=1)
    before = contents(db)
    db.image_update(ADMIN, "a", {"name": "new", "size": 1})
    (group,) = snapshot_diff.between(before, contents(db)).groups

    assert group.own is not None
    assert (group.kind, group.own.kind, group.children) == ("changed", "changed", [])
    assert group.own.fields == [snapshot_diff.FieldChange("name", "old", "new")]


@pytest.mark.parametrize(
    ("was", "now", "kind"),
    [(False, True, "deleted"), (True, False, "restored"), (True, True, "changed")],
)
def test_a_row_that_is_marked_as_deleted_is_not_one_that_is_gone(
    was: bool, now: bool, kind: str
) -> None:
    held = contents(a_full_database())
    before = with_row(held, Image, "a", deleted=was)
    after = with_row(held, Image, "a", deleted=now, name="other")
    (group,) = snapshot_diff.between(before, after).groups

    assert group.kind == kind


@pytest.mark.parametrize(
    ("old", "new"), [(1, True), (1, 1.0), (0.0, -0.0), ([1], [1.0]), ({"a": 0}, {"a": False})]
)
def test_what_python_takes_for_equal_and_json_does_not_has_changed(old: Any, new: Any) -> None:
    held = contents(a_full_database())
    before = with_row(held, Location, 1, meta_data=old)
    after = with_row(held, Location, 1, meta_data=new)
    (change,) = changes(snapshot_diff.between(before, after))

    assert [field.column for field in change.fields] == ["meta_data"]


def test_a_counter_alone_is_a_difference() -> None:
    db = a_database()
    an_image(db, "a")
    before = contents(db)
    with db.store.writing() as tables:
        tables.tags.new_id()
    difference = snapshot_diff.between(before, contents(db))

    assert difference
    assert difference.groups == []
    assert difference.counters == [snapshot_diff.CounterChange("image_tags", 1, 2)]


# --- groups ----------------------------------------------------------------------------------


def test_the_children_of_an_image_are_under_it_also_where_it_has_not_changed() -> None:
    db = a_database()
    for image_id in ("b", "a", "c"):
        an_image(db, image_id)
    before = contents(db)
    a_member(db, "b")
    a_location(db, "b")
    a_property(db, "a")
    db.image_tag_create(ADMIN, "a", "t")
    first, second = snapshot_diff.between(before, contents(db)).groups

    assert (first.owner, second.owner) == tuple(contents(db).rows[Image][key] for key in "ab")
    assert (first.own, first.kind) == (None, "changed")
    assert tables(first.children) == ["image_properties", "image_tags"]
    assert tables(second.children) == ["image_locations", "image_members"]


def test_an_image_that_is_gone_takes_its_children_with_it() -> None:
    held = contents(a_full_database())
    (group, *_) = snapshot_diff.between(held, contents(Database())).groups

    assert (group.owner, group.kind) == (held.rows[Image]["a"], "removed")
    assert set(tables(group.changes)) == {
        *("images", "image_locations", "image_properties", "image_members", "image_tags"),
    }


def test_tasks_and_namespaces_have_groups_of_their_own() -> None:
    held = contents(a_full_database())
    before = without(without(held, TaskInfo), Association)
    task, namespace = snapshot_diff.between(before, held).groups

    assert (task.owner.table, tables(task.changes)) == ("tasks", ["task_info"])
    assert namespace.owner.table == "metadef_namespaces"
    assert tables(namespace.changes) == ["metadef_namespace_resource_types"]


def test_a_child_that_has_moved_is_under_the_image_that_it_belongs_to_now() -> None:
    held = contents(a_full_database())
    owner = held.rows[Tag][1].image_id
    other = "a" if owner == "b" else "b"
    (group,) = snapshot_diff.between(held, with_row(held, Tag, 1, image_id=other)).groups

    assert group.owner == held.rows[Image][other]


# --- for programs ----------------------------------------------------------------------------


def test_the_document_has_every_change_and_json_takes_it() -> None:
    held = contents(a_full_database())
    after = with_row(held, Image, "a", size=5)
    document = snapshot_diff.document(snapshot_diff.between(without(held, Association), after))

    assert json.loads(json.dumps(document)) == document
    assert document["same"] is False
    image, namespace = document["groups"]
    assert (image["table"], image["id"]) == ("images", "a")
    (change,) = image["changes"]
    assert (change["kind"], change["key"]) == ("changed", {"id": "a"})
    assert change["fields"] == [{"column": "size", "old": 2**40, "new": 5}]
    assert (change["old"]["size"], change["new"]["size"]) == (2**40, 5)
    (change,) = namespace["changes"]
    assert change["key"] == {"resource_type_id": 1, "namespace_id": 1}
    assert (change["kind"], change["old"], change["fields"]) == ("added", None, [])


def test_the_document_of_a_counter_has_both_ids() -> None:
    held = contents(a_database())
    after = evolve(held, next_ids={**held.next_ids, Tag: 7})
    assert snapshot_diff.document(snapshot_diff.between(held, after))["counters"] == [
        {"table": "image_tags", "old": 1, "new": 7}
    ]


def test_the_document_has_secrets_only_if_they_are_revealed() -> None:
    held = contents(a_full_database())
    before = with_row(held, Location, 1, value="http://u:secret@h", meta_data={"k": "secret"})
    difference = snapshot_diff.between(before, held)

    assert "secret" not in json.dumps(snapshot_diff.document(difference))
    assert json.dumps(snapshot_diff.document(difference, reveal=True)).count("secret") == 4
