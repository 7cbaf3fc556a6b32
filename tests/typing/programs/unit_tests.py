"""Unit tests of a user, in the style of the README."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import assert_type

import pytest

from simple_db import Database, RequestContext, errors
from simple_db.api import Checkpoint
from simple_db.model.shapes import (
    AnyImageDict,
    Context,
    ImageDict,
    ListedTaskDict,
    TaggedImageDict,
    TaskDict,
    V1ImageDict,
    Visibility,
)
from simple_db.operations.explanation import Explanation, Step
from simple_db.operations.functions import Functions

ALICE = RequestContext(owner="alice")
ADMIN = RequestContext(is_admin=True)


class Mine(Database):
    """A database of a user's own."""


@pytest.fixture
def seeded(glance_db: Database) -> Database:
    glance_db.image_create(ALICE, {"status": "queued"})
    return glance_db.fork()


def named(db: Functions, name: str, who: Context | None = None) -> ImageDict:
    return db.image_create(who, {"name": name, "status": "queued", "properties": {"os": "linux"}})


def ids(images: Iterable[AnyImageDict]) -> list[str]:
    return [image["id"] for image in images]


def test_an_image(seeded: Database) -> None:
    image = named(seeded, "cirros", ALICE)
    again = seeded.image_get(ALICE, image["id"], force_show_deleted=True)
    changed = seeded.image_update(ALICE, image["id"], {"name": "debian"}, purge_props=True)
    gone = seeded.image_destroy(ALICE, image["id"])

    assert_type(image["visibility"], Visibility)
    assert_type(again["properties"][0]["value"], str | None)
    assert_type(changed["locations"][0]["url"], str)
    assert_type(gone["deleted_at"], dt.datetime | None)
    assert image["visibility"] == "shared"
    assert seeded.is_image_visible(ALICE, image)


def test_a_listing(seeded: Database) -> None:
    plain = seeded.image_get_all(ALICE, filters={"name": "cirros"}, sort_key=["name"])
    tagged = seeded.image_get_all(ALICE, sort_dir=["asc"], limit=5, return_tag=True)

    assert_type(plain, list[ImageDict])
    assert_type(tagged, list[TaggedImageDict])
    assert tagged[0]["tags"] == seeded.image_tag_get_all(ALICE, tagged[0]["id"])
    assert ids(plain) == ids(tagged)


def test_the_dicts_of_v1(seeded: Database) -> None:
    image = seeded.image_create(None, {"status": "queued"}, v1_mode=True)
    listed = seeded.image_get_all(None, v1_mode=True, return_tag=True)

    assert_type(image, V1ImageDict)
    assert_type(listed, list[V1ImageDict])
    assert image["is_public"] is False
    assert listed[0].get("tags") == []


def either(db: Database, image_id: str, is_v1: bool) -> str:
    return db.image_get(ALICE, image_id, v1_mode=is_v1)["status"]


def tags_if_wanted(db: Database, wanted: bool) -> list[str]:
    return [image["id"] for image in db.image_get_all(ALICE, return_tag=wanted)]


def test_a_task(glance_db: Database) -> None:
    task = glance_db.task_create(ALICE, {"type": "import", "status": "pending", "owner": "alice"})

    assert_type(task, TaskDict)
    assert_type(task["message"], str | None)
    assert_type(glance_db.task_get_all(ALICE), list[ListedTaskDict])
    assert_type(glance_db.tasks_get_by_image(ALICE, "1"), list[TaskDict])


def test_other_answers(glance_db: Database) -> None:
    member = glance_db.image_member_create(None, {"image_id": "1", "member": "bob"})

    assert_type(member["can_share"], bool)
    assert_type(glance_db.image_member_count(None, "1"), int)
    assert_type(glance_db.image_tag_create(None, "1", "lts"), str)
    assert_type(glance_db.get_least_recently_accessed(None, "http://node-1"), str | None)
    assert_type(glance_db.counts(), dict[str, int])
    assert_type(glance_db.snapshot(), bytes)


def test_what_is_made_of_a_database(seeded: Database) -> None:
    moment = dt.datetime(2026, 1, 1)  # noqa: DTZ001 - the times of a database are naive UTC
    mine = Mine(clock=lambda: moment, new_id=lambda: "image-1")
    explained = seeded.explain(ALICE, "image-1")

    assert_type(mine.fork(), Mine)
    assert_type(explained, Explanation)
    assert_type(explained.steps, tuple[Step, ...])
    with seeded.checkpoint() as point:
        assert_type(point, Checkpoint)
        point.rollback()
    with Mine.open("glance.json", save="always") as kept:
        assert_type(kept, Mine)
        kept.save()


def test_an_error(glance_db: Database) -> None:
    lookup: Callable[[RequestContext, str], ImageDict] = glance_db.image_get
    with pytest.raises(errors.ImageNotFound):
        lookup(ADMIN, "nowhere")
