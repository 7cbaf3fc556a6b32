from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from simple_db import snapshot
from simple_db.cli.snapshot import outline as snapshot_outline
from simple_db.model.errors import ImageNotFound
from simple_db.model.records import TaskInfo
from tests.support.build import (
    ADMIN,
    a_database,
    a_location,
    a_member,
    a_namespace,
    a_property,
    an_image,
    ids,
)
from tests.support.saved import contents

if TYPE_CHECKING:
    from simple_db import Database


def a_database_of_everything() -> Database:
    db = a_database()
    an_image(db, "abc")
    an_image(db, "abd")
    a_location(db, "abc", "http://user:secret@host/a", metadata={"key": "secret"})
    a_property(db, "abc", "os", "linux")
    a_member(db, "abc", "bob")
    db.image_tag_create(ADMIN, "abc", "t")
    db.image_destroy(ADMIN, "abd")
    task = {"id": "1", "type": "import", "status": "pending", "owner": "alice", "image_id": "abc"}
    db.task_create(ADMIN, task | {"input": {"uri": "http://user:secret@host"}})
    a_namespace(db, "ns")
    db.metadef_object_create(ADMIN, "ns", {"name": "o", "json_schema": {}})
    db.metadef_property_create(ADMIN, "ns", {"name": "p", "json_schema": {}})
    db.metadef_tag_create(ADMIN, "ns", {"name": "tag"})
    db.metadef_resource_type_create(ADMIN, {"name": "OS::Nova::Server", "protected": False})
    association = {"name": "OS::Nova::Server", "prefix": None, "properties_target": None}
    db.metadef_resource_type_association_create(ADMIN, "ns", association)
    return db


def test_an_image_comes_with_all_that_belongs_to_it() -> None:
    first, second = snapshot_outline.images(contents(a_database_of_everything()))

    assert [row.value for row in first.locations] == ["http://user:secret@host/a"]
    assert [row.name for row in first.properties] == ["os"]
    assert [row.member for row in first.members] == ["bob"]
    assert [row.value for row in first.tags] == ["t"]
    assert [row.id for row in first.tasks] == ["1"]
    assert second.image.deleted
    assert not [*second.locations, *second.properties, *second.tags, *second.tasks]


@pytest.mark.parametrize(
    ("beginning", "found"), [("abc", "abc"), ("abcd", "abcd"), ("x", "xyz"), ("xyz", "xyz")]
)
def test_an_image_is_found_by_its_id_or_the_beginning_of_it(beginning: str, found: str) -> None:
    db = a_database()
    for image_id in ("abc", "abcd", "xyz"):
        an_image(db, image_id)
    assert snapshot_outline.image(contents(db), beginning).image.id == found


@pytest.mark.parametrize(("beginning", "shown"), [("z", "no image"), ("ab", "2 images"), ("", "2")])
def test_an_image_that_is_not_the_only_one_is_not_found(beginning: str, shown: str) -> None:
    held = contents(a_database_of_everything())
    with pytest.raises(ImageNotFound, match=shown):
        snapshot_outline.image(held, beginning)


def test_a_namespace_comes_with_the_names_of_what_it_defines() -> None:
    (outline,) = snapshot_outline.namespaces(contents(a_database_of_everything()))

    assert outline.objects == ["o"]
    assert outline.properties == ["p"]
    assert outline.tags == ["tag"]
    assert outline.resource_types == ["OS::Nova::Server"]


def test_the_rows_of_each_table_are_counted_and_the_deleted_ones_among_them() -> None:
    counts = {
        count.table: (count.rows, count.deleted)
        for count in snapshot_outline.counts(contents(a_database_of_everything()))
    }

    assert counts["images"] == (2, 1)
    assert counts["image_tags"] == (1, 0)
    assert counts["metadef_namespaces"] == (1, 0)
    assert len(counts) == 15


# --- for programs ----------------------------------------------------------------------------


def test_the_document_has_everything_and_json_takes_it() -> None:
    document = snapshot_outline.document(snapshot.decoded(a_database_of_everything().snapshot()))

    assert list(document) == [
        *("version", "writer", "sha256", "counts", "images", "tasks", "namespaces"),
    ]
    assert json.loads(json.dumps(document)) == document
    assert document["counts"]["images"] == {"rows": 2, "deleted": 1}
    assert ids(document["images"]) == ["abc", "abd"]
    assert document["images"][0]["created_at"] == "2026-01-01T12:00:00"
    assert document["images"][0]["tasks"] == ["1"]
    assert document["images"][0]["members"][0]["member"] == "bob"
    assert document["tasks"][0]["input"] == {"uri": "http://***@host"}
    assert document["namespaces"][0]["resource_types"] == ["OS::Nova::Server"]


def test_the_document_has_secrets_only_if_they_are_revealed() -> None:
    held = snapshot.decoded(a_database_of_everything().snapshot())
    assert "secret" not in json.dumps(snapshot_outline.document(held))
    assert json.dumps(snapshot_outline.document(held, reveal=True)).count("secret") == 3


def test_a_task_without_information_has_none_of_its_values() -> None:
    db = a_database_of_everything()
    held = snapshot.decoded(db.snapshot())
    held.cut.rows[TaskInfo].clear()

    (task,) = snapshot_outline.document(held)["tasks"]
    assert (task["input"], task["result"], task["message"]) == (None, None, None)
