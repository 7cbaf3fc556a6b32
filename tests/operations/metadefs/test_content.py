"""Objects, properties and tags: what holds for all three."""

from typing import TYPE_CHECKING, Any

import pytest

from simple_db.model import errors
from simple_db.model.errors import (
    Duplicate,
    Invalid,
    MetadefForbidden,
    MetadefNamespaceNotFound,
    NotFound,
)
from tests.support.build import (
    ADMIN,
    ALICE,
    BOB,
    EMOJI,
    a_database,
    a_namespace,
    ids,
    refused,
    rows,
)
from tests.support.world import World

if TYPE_CHECKING:
    from simple_db import Database

KINDS = ("object", "property", "tag")


class Content:
    """The functions of one kind on a database with a namespace, by their last words."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.world = World()
        self.db: Database = a_database(self.world)
        self.namespace_id = a_namespace(self.db)
        self.not_found: type[NotFound] = getattr(errors, f"Metadef{kind.title()}NotFound")
        self.duplicate: type[Duplicate] = getattr(errors, f"MetadefDuplicate{kind.title()}")

    def __getattr__(self, action: str) -> Any:
        return getattr(self.db, f"metadef_{self.kind}_{action}")

    def add(self, *names: str, namespace: str = "ns") -> list[int]:
        return ids([self.create(ADMIN, namespace, {"name": name}) for name in names])

    def names(self, namespace: str = "ns") -> set[str]:
        return {row["name"] for row in self.get_all(ADMIN, namespace)}


@pytest.fixture(params=KINDS)
def content(request: pytest.FixtureRequest) -> Content:
    return Content(request.param)


def test_what_is_added_comes_back_whole(content: Content) -> None:
    created = content.create(ALICE, "ns", {"name": "one", "unknown": "x"})

    assert created["name"] == "one"
    assert created["namespace_id"] == content.namespace_id
    assert created["created_at"] == created["updated_at"] == content.world.now()
    assert content.get(ALICE, "ns", "one") == created
    assert content.get_all(ALICE, "ns") == [created]


def test_ids_and_times_are_not_the_callers_to_give(content: Content) -> None:
    own = {"id": 77, "namespace_id": 99, "created_at": "x", "updated_at": "y"}
    created = content.create(ALICE, "ns", own | {"name": "one"})

    assert (created["id"], created["namespace_id"]) == (1, content.namespace_id)
    assert created["created_at"] == content.world.now()


def test_a_name_is_taken_once_in_a_namespace(content: Content) -> None:
    content.add("one")
    with refused(content.db, content.duplicate, "one", "ns"):
        content.create(ALICE, "ns", {"name": "one"})


def test_a_name_is_free_in_another_namespace(content: Content) -> None:
    a_namespace(content.db, "other")
    content.add("one")
    content.add("one", namespace="other")

    assert content.names() == content.names("other") == {"one"}


@pytest.mark.parametrize("kind", ["object", "property"])
def test_objects_and_properties_come_in_the_order_in_which_they_were_added(kind: str) -> None:
    content = Content(kind)
    content.add("c", "a", "b")

    assert [row["name"] for row in content.get_all(ALICE, "ns")] == ["c", "a", "b"]


def test_an_update_changes_what_it_is_given(content: Content) -> None:
    [row_id] = content.add("one")
    created = content.get(ALICE, "ns", "one")
    content.world.pass_time(days=1)
    updated = content.update(ALICE, "ns", row_id, {"name": "two", "created_at": "x"})

    assert updated == created | {"name": "two", "updated_at": content.world.now()}
    assert content.get(ALICE, "ns", "two") == updated
    assert content.names() == {"two"}


def test_an_update_may_send_the_whole_dict_back(content: Content) -> None:
    [row_id] = content.add("one")
    created = content.get(ALICE, "ns", "one")
    content.world.pass_time(days=1)
    before = content.db.revision

    assert content.update(ALICE, "ns", row_id, created) == created
    assert content.db.revision == before


@pytest.mark.parametrize("key", ["id", "namespace_id"])
def test_an_update_does_not_change_ids(content: Content, key: str) -> None:
    [row_id] = content.add("one")
    with refused(content.db, Invalid, key, 99):
        content.update(ALICE, "ns", row_id, {"name": "two", key: 99})


def test_an_update_to_a_name_that_is_taken_is_refused(content: Content) -> None:
    row_id, _ = content.add("one", "two")
    with refused(content.db, content.duplicate, "two", "ns"):
        content.update(ALICE, "ns", row_id, {"name": "two"})


def test_an_update_of_what_is_not_there_is_refused(content: Content) -> None:
    with refused(content.db, content.not_found, 99, "ns"):
        content.update(ALICE, "ns", 99, {"name": "two"})


def test_an_update_does_not_reach_into_another_namespace(content: Content) -> None:
    a_namespace(content.db, "mine", owner="bob")
    [row_id] = content.add("one")
    with refused(content.db, content.not_found, row_id, "mine"):
        content.update(BOB, "mine", row_id, {"name": "two"})


def test_what_is_deleted_comes_back_and_is_gone(content: Content) -> None:
    content.add("one", "two")
    row = content.get(ALICE, "ns", "one")

    assert content.delete(ALICE, "ns", "one") == row
    assert content.names() == {"two"}


def test_an_id_is_never_given_again(content: Content) -> None:
    [first] = content.add("one")
    content.delete(ALICE, "ns", "one")

    assert content.add("one") == [first + 1]


def test_nothing_is_deleted_or_read_that_is_not_there(content: Content) -> None:
    a_namespace(content.db, "other")
    content.add("one", namespace="other")
    for action in (content.get, content.delete):
        with refused(content.db, content.not_found, "one", "ns"):
            action(ALICE, "ns", "one")


def test_a_namespace_is_emptied_by_itself_and_what_went_is_counted(content: Content) -> None:
    a_namespace(content.db, "other")
    content.add("one", "two")
    content.add("three", namespace="other")

    assert content.count(ALICE, "ns") == 2
    assert content.delete_namespace_content(ALICE, "ns") == 2
    assert content.delete_namespace_content(ALICE, "ns") == 0
    assert content.count(ALICE, "ns") == 0
    assert content.names("other") == {"three"}


@pytest.mark.parametrize("values", [{}, {"name": None}, {"name": ["a"]}, [], None])
def test_a_definition_needs_a_name(content: Content, values: Any) -> None:
    with refused(content.db, Invalid):
        content.create(ALICE, "ns", values)


def test_an_update_cannot_take_the_name_away(content: Content) -> None:
    [row_id] = content.add("one")
    with refused(content.db, Invalid, "name"):
        content.update(ALICE, "ns", row_id, {"name": None})


@pytest.mark.parametrize("namespace", ["ns", f"ns{EMOJI}"])
def test_characters_beyond_the_basic_plane_are_refused(content: Content, namespace: str) -> None:
    [row_id] = content.add("one")
    values = {"name": "two" if EMOJI in namespace else EMOJI}
    with refused(content.db, Invalid):
        content.create(ALICE, namespace, values)
    with refused(content.db, Invalid):
        content.update(ALICE, namespace, row_id, values)


CALLS: dict[str, tuple[Any, ...]] = {
    "get_all": (),
    "get": ("one",),
    "create": ({"name": "two"},),
    "update": (1, {"name": "two"}),
    "delete": ("one",),
    "delete_namespace_content": (),
    "count": (),
}


@pytest.mark.parametrize("action", CALLS)
def test_a_namespace_that_is_hidden_or_not_there_has_nothing_in_it(
    content: Content, action: str
) -> None:
    content.add("one")
    with refused(content.db, MetadefForbidden, "ns", "bob"):
        getattr(content, action)(BOB, "ns", *CALLS[action])
    with refused(content.db, MetadefNamespaceNotFound, "never"):
        getattr(content, action)(ALICE, "never", *CALLS[action])


@pytest.mark.parametrize("action", CALLS)
def test_a_caller_that_sees_a_namespace_may_change_its_content(
    content: Content, action: str
) -> None:
    [namespace] = rows(content.db, "metadef_namespaces")
    content.db.metadef_namespace_update(ADMIN, namespace["id"], {"visibility": "public"})
    content.add("one")
    getattr(content, action)(BOB, "ns", *CALLS[action])
    content.db.check()
