from typing import Any

import pytest

from simple_db import Database
from simple_db.model.errors import (
    Invalid,
    InvalidSortDir,
    InvalidSortKey,
    MetadefDuplicateTag,
    MetadefForbidden,
    MetadefNamespaceNotFound,
    MetadefTagNotFound,
)
from tests.support.build import ADMIN, ALICE, BOB, EMOJI, a_database, a_namespace, refused
from tests.support.world import World


def tagged(*names: str) -> Database:
    """Make a database with one namespace that has these tags, a moment apart."""
    world = World()
    db = a_database(world)
    a_namespace(db)
    for name in names:
        world.next_turn()
        db.metadef_tag_create(ADMIN, "ns", {"name": name})
    return db


def named(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


def listed(db: Database, **query: Any) -> list[str]:
    return [tag["name"] for tag in db.metadef_tag_get_all(ALICE, "ns", **query)]


# --- pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "names"),
    [
        ({}, ["c", "a", "b"]),
        ({"sort_key": "name", "sort_dir": "asc"}, ["a", "b", "c"]),
        ({"sort_key": "name", "sort_dir": "desc"}, ["c", "b", "a"]),
        ({"sort_key": "name", "sort_dir": None}, ["a", "b", "c"]),
    ],
)
def test_tags_are_sorted_by_any_column_the_newest_first_by_default(
    order: dict[str, Any], names: list[str]
) -> None:
    assert listed(tagged("b", "a", "c"), **order) == names


def test_a_page_starts_behind_its_marker_and_ends_with_its_limit() -> None:
    db = tagged("a", "b", "c", "d")
    marker = db.metadef_tag_get(ALICE, "ns", "b")["id"]

    assert listed(db, sort_key="name", sort_dir="asc", marker=marker, limit=1) == ["c"]
    assert listed(db, limit=0) == []


def test_filters_of_tags_are_ignored() -> None:
    assert listed(tagged("a"), filters={"name": "b"}) == ["a"]


def test_a_marker_is_a_tag_of_the_namespace() -> None:
    db = tagged("a")
    a_namespace(db, "other")
    for namespace, marker in (("ns", 99), ("other", 1)):
        with refused(db, MetadefTagNotFound, marker, namespace):
            db.metadef_tag_get_all(ALICE, namespace, marker=marker)


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"sort_key": "bogus"}, InvalidSortKey),
        ({"sort_dir": "up"}, InvalidSortDir),
        ({"limit": -1}, Invalid),
        ({"limit": "many"}, Invalid),
    ],
)
def test_a_page_that_cannot_be_is_refused_whatever_the_rows(
    query: dict[str, Any], error: type[Invalid]
) -> None:
    with refused(tagged(), error):
        listed(a_database(), **query)


# --- several at once -------------------------------------------------------------------------


def test_several_tags_take_the_place_of_all_there_are() -> None:
    db = tagged("old", "kept")
    created = db.metadef_tag_create_tags(ALICE, "ns", named("kept", "new"))

    assert [tag["name"] for tag in created] == ["kept", "new"]
    assert set(listed(db)) == {"kept", "new"}


def test_several_tags_can_be_appended() -> None:
    db = tagged("old")
    db.metadef_tag_create_tags(ALICE, "ns", named("new", "newer"), can_append=True)

    assert set(listed(db)) == {"old", "new", "newer"}


def test_the_tags_of_other_namespaces_stay() -> None:
    db = tagged("old")
    a_namespace(db, "other")
    db.metadef_tag_create_tags(ALICE, "other", named("new"))

    assert listed(db) == ["old"]


@pytest.mark.parametrize(("names", "can_append"), [(("a", "b", "a"), False), (("a", "old"), True)])
def test_one_name_that_is_taken_refuses_all(names: tuple[str, ...], can_append: bool) -> None:
    db = tagged("old")
    with refused(db, MetadefDuplicateTag, names[-1], "ns"):
        db.metadef_tag_create_tags(ALICE, "ns", named(*names), can_append=can_append)


@pytest.mark.parametrize("tags", [[], None])
def test_no_tags_change_nothing_in_any_namespace(tags: Any) -> None:
    db = tagged("old")

    assert db.metadef_tag_create_tags(BOB, "ns", tags) == []
    assert db.metadef_tag_create_tags(BOB, "never", tags) == []
    assert listed(db) == ["old"]


@pytest.mark.parametrize("tags", ["t", 5, {"name": "t"}, ["t"], [{}], [{"name": None}]])
def test_several_tags_that_are_none_are_refused(tags: Any) -> None:
    with refused(db := tagged("old"), Invalid):
        db.metadef_tag_create_tags(ALICE, "ns", tags)


def test_several_tags_need_a_namespace_that_the_caller_sees() -> None:
    db = tagged("old")
    with refused(db, MetadefForbidden, "ns", "bob"):
        db.metadef_tag_create_tags(BOB, "ns", named("new"))
    with refused(db, MetadefNamespaceNotFound, "never"):
        db.metadef_tag_create_tags(ALICE, "never", named("new"))


def test_several_tags_are_not_searched_for_characters_beyond_the_basic_plane() -> None:
    db = tagged()
    db.metadef_tag_create_tags(ALICE, "ns", named(EMOJI))

    assert listed(db) == [EMOJI]
