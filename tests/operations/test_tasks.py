import datetime as dt
from typing import Any

import pytest

from simple_db import Database, RequestContext
from simple_db.model.errors import (
    Duplicate,
    Forbidden,
    Invalid,
    InvalidSortDir,
    InvalidSortKey,
    TaskNotFound,
)
from tests.support.build import ADMIN, ALICE, BOB, NOBODY, Query, a_database, ids, refused, rows
from tests.support.world import BEGINNING, World

A_MOMENT = dt.timedelta(microseconds=1)
SEES_DELETED = RequestContext(owner="alice", can_see_deleted=True)


def a_task(db: Database, task_id: str | None = None, **values: Any) -> str:
    """Create a task of alice, unless the values say otherwise; give its id."""
    task = {"id": task_id, "type": "import", "status": "pending", "owner": "alice"} | values
    return db.task_create(ADMIN, task)["id"]


@pytest.fixture
def task_id(db: Database) -> str:
    return a_task(db)


def test_a_new_task_comes_back_whole(db: Database) -> None:
    given = {"id": "t", "type": "import", "status": "pending", "owner": "alice"}

    assert db.task_create(ALICE, given | {"input": {"n": (1, 2)}}) == given | {
        "expires_at": None,
        "image_id": None,
        "request_id": None,
        "user_id": None,
        "created_at": BEGINNING,
        "updated_at": BEGINNING,
        "deleted_at": None,
        "deleted": False,
        "input": {"n": [1, 2]},
        "result": None,
        "message": None,
    }


def test_a_task_without_id_gets_a_new_one() -> None:
    db = Database(new_id=lambda: "made-up")

    assert a_task(db) == "made-up"


def test_what_an_id_source_gives_is_an_id_or_invalid() -> None:
    given: list[Any] = [None, "ours"]
    db = Database(new_id=lambda: given.pop(0))

    with refused(db, Invalid, "new_id", "None"):
        a_task(db)
    assert a_task(db) == "ours"


@pytest.mark.parametrize("lacking", ["type", "status", "owner"])
def test_a_new_task_needs_type_status_and_owner(db: Database, lacking: str) -> None:
    with refused(db, Invalid, lacking):
        a_task(db, **{lacking: None})


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"id": ""}, "tasks.id"),
        ({"id": "t" * 37}, "tasks.id"),
        ({"expires_at": "soon"}, "tasks.expires_at"),
        ({"input": {1, 2}}, "task_info.input"),
        ({"result": float("nan")}, "task_info.result"),
        ({"message": ["a"]}, "task_info.message"),
    ],
)
def test_wrong_values_of_a_task_are_refused_by_name(
    db: Database, values: dict[str, Any], named: str
) -> None:
    with refused(db, Invalid, named):
        a_task(db, **values)


def test_a_task_id_is_given_once(db: Database) -> None:
    a_task(db, "t")

    with refused(db, Duplicate, "t"):
        a_task(db, "t")


def test_a_task_of_another_project_is_not_created(db: Database) -> None:
    with refused(db, Forbidden, "bob"):
        db.task_create(BOB, {"id": "t", "type": "x", "status": "y", "owner": "alice"})


def test_a_task_that_is_created_deleted_is_for_those_who_can_see_deleted_ones(db: Database) -> None:
    with refused(db, TaskNotFound, "t"):
        db.task_create(
            ALICE, {"id": "t", "type": "x", "status": "y", "owner": "alice", "deleted": True}
        )
    assert a_task(db, "t", deleted=True) == "t"


def test_an_update_changes_what_is_given_and_the_time(db: Database, world: World) -> None:
    task_id = a_task(db, input={"n": 1}, message="begun")
    world.pass_time(days=1)

    task = db.task_update(
        ALICE, task_id, {"status": "success", "result": {"ok": True}, "created_at": world.now()}
    )

    assert (task["status"], task["result"]) == ("success", {"ok": True})
    assert (task["input"], task["message"]) == ({"n": 1}, "begun")
    assert (task["created_at"], task["updated_at"]) == (BEGINNING, world.now())


def test_an_update_revives_a_deleted_task(db: Database, task_id: str) -> None:
    db.task_delete(ADMIN, task_id)

    assert db.task_update(ADMIN, task_id, {})["deleted"] is False


def test_a_task_cannot_get_another_owner_from_its_owner(db: Database, task_id: str) -> None:
    with refused(db, Forbidden, task_id):
        db.task_update(ALICE, task_id, {"owner": "bob"})


def test_the_id_of_a_task_does_not_change(db: Database) -> None:
    a_task(db, "t")

    assert db.task_update(ALICE, "t", {"id": "t"})["id"] == "t"
    with refused(db, Invalid, "other"):
        db.task_update(ALICE, "t", {"id": "other"})


def test_a_deleted_task_is_there_for_those_who_can_see_it(db: Database, world: World) -> None:
    task_id = a_task(db, message="bye")
    world.pass_time(days=1)
    deleted = db.task_delete(ALICE, task_id)

    assert (deleted["deleted_at"], deleted["message"]) == (world.now(), "bye")
    with pytest.raises(TaskNotFound):
        db.task_get(ALICE, task_id)
    assert db.task_get(ALICE, task_id, force_show_deleted=True) == deleted
    assert db.task_get(ADMIN, task_id) == deleted


@pytest.mark.parametrize("function", ["task_get", "task_delete"])
def test_a_task_that_is_not_there_or_not_seen_is_refused(
    db: Database, task_id: str, function: str
) -> None:
    with refused(db, TaskNotFound, "missing"):
        getattr(db, function)(ADMIN, "missing")
    for stranger in (BOB, NOBODY):
        with refused(db, Forbidden, task_id):
            getattr(db, function)(stranger, task_id)


@pytest.mark.parametrize(
    ("caller", "as_user", "shown"),
    [
        (ADMIN, False, {"a", "b"}),
        (ALICE, False, {"a"}),
        (NOBODY, False, {"a", "b"}),
        (ALICE, True, {"a", "b"}),
    ],
)
def test_who_is_shown_which_tasks(caller: RequestContext, as_user: bool, shown: set[str]) -> None:
    db = a_database()
    a_task(db, "a", owner="alice")
    a_task(db, "b", owner="bob")

    assert set(ids(db.task_get_all(caller, admin_as_user=as_user))) == shown


def test_a_listed_task_has_no_input_result_and_message(db: Database) -> None:
    a_task(db, input={}, message="m")

    [task] = db.task_get_all(ALICE)

    assert not {"input", "result", "message"} & task.keys()


@pytest.mark.parametrize(
    ("filters", "shown"),
    [
        (None, {"a", "b", "c"}),
        ({"status": "success"}, {"b"}),
        ({"status": None, "unknown": 1}, {"a", "b", "c"}),
        ({"type": "export", "status": "pending"}, {"c"}),
        ({"deleted": True}, {"c"}),
        ({"deleted": False}, {"a", "b"}),
        ({"expires_at": BEGINNING + A_MOMENT}, {"a"}),
        ({"expires_at": (BEGINNING + A_MOMENT).isoformat(" ", "microseconds")}, {"a"}),
        ({"expires_at": (BEGINNING + A_MOMENT).isoformat()}, set()),
        ({"created_at": "2026-01-01T12:00:00Z"}, set()),
        ({"updated_at": "soon"}, set()),
        ({"deleted_at": ""}, set()),
    ],
)
def test_tasks_are_listed_that_match_all_filters(
    db: Database, filters: dict[str, Any] | None, shown: set[str]
) -> None:
    a_task(db, "a", expires_at=BEGINNING + A_MOMENT)
    a_task(db, "b", status="success")
    a_task(db, "c", type="export")
    db.task_delete(ADMIN, "c")

    assert set(ids(db.task_get_all(ALICE, filters=filters))) == shown


def test_of_a_filter_that_is_there_twice_both_hold(db: Database) -> None:
    a_task(db, "a", status="success")

    assert ids(db.task_get_all(ALICE, filters=Query(status=["success", "success"]))) == ["a"]
    assert ids(db.task_get_all(ALICE, filters=Query(status=["pending", "success"]))) == []
    assert ids(db.task_get_all(ALICE, filters=Query(status=["success", "pending"]))) == []


@pytest.mark.parametrize(
    ("order", "listed"),
    [
        ({}, "cba"),
        ({"sort_dir": "asc"}, "abc"),
        ({"sort_dir": None}, "abc"),
        ({"sort_key": "id", "sort_dir": "asc"}, "abc"),
        ({"sort_key": "status", "sort_dir": "asc"}, "bac"),
        ({"marker": "b"}, "a"),
        ({"limit": 2}, "cb"),
    ],
)
def test_tasks_come_in_order_and_in_pages(db: Database, order: dict[str, Any], listed: str) -> None:
    for day, (task_id, status) in enumerate(zip("abc", ["m", "l", "n"], strict=True)):
        made = BEGINNING + dt.timedelta(days=day)
        a_task(db, task_id, status=status, created_at=made)

    assert "".join(ids(db.task_get_all(ALICE, **order))) == listed


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"sort_key": "colour"}, InvalidSortKey),
        ({"sort_key": None}, InvalidSortKey),
        ({"sort_dir": "up"}, InvalidSortDir),
        ({"limit": -1}, Invalid),
        ({"filters": ["status"]}, Invalid),
        ({"marker": "missing"}, TaskNotFound),
    ],
)
def test_a_wrong_listing_is_refused_whatever_tasks_there_are(
    db: Database, query: dict[str, Any], error: type[Invalid]
) -> None:
    with refused(db, error):
        db.task_get_all(ADMIN, **query)


def test_a_marker_of_another_project_is_refused(db: Database, task_id: str) -> None:
    with refused(db, Forbidden, task_id):
        db.task_get_all(BOB, marker=task_id)


def test_a_deleted_marker_is_found_where_deleted_tasks_are_asked_for(
    db: Database, task_id: str
) -> None:
    db.task_delete(ADMIN, task_id)

    assert db.task_get_all(ALICE, filters={"deleted": True}, marker=task_id) == []
    with pytest.raises(TaskNotFound):
        db.task_get_all(ALICE, marker=task_id)


def test_expired_tasks_of_the_callers_project_are_deleted_by_a_listing(
    db: Database, world: World
) -> None:
    for owner in ("alice", "bob"):
        a_task(db, owner, owner=owner, expires_at=BEGINNING + A_MOMENT)
    a_task(db, "later", expires_at=BEGINNING + 2 * A_MOMENT)
    world.pass_time(microseconds=1)

    db.task_get_all(ALICE)

    deleted = {row["id"] for row in rows(db, "tasks") if row["deleted"]}
    assert deleted == {"alice"}


def test_a_refused_listing_deletes_no_expired_task(db: Database, world: World) -> None:
    a_task(db, expires_at=BEGINNING + A_MOMENT)
    world.pass_time(days=1)

    with refused(db, TaskNotFound, "missing"):
        db.task_get_all(ALICE, marker="missing")


def test_the_tasks_of_an_image_come_with_their_results_the_oldest_first(db: Database) -> None:
    later = BEGINNING + dt.timedelta(days=1)
    a_task(db, "young", image_id="i", created_at=later, result={"n": 1})
    a_task(db, "old", image_id="i")
    a_task(db, "other", image_id="j")

    tasks = db.tasks_get_by_image(ALICE, "i")

    assert ids(tasks) == ["old", "young"]
    assert tasks[1]["result"] == {"n": 1}


@pytest.mark.parametrize(
    ("caller", "shown"),
    [
        (ALICE, ["live"]),
        (SEES_DELETED, ["deleted", "live"]),
        (ADMIN, ["deleted", "live"]),
        (BOB, []),
        (NOBODY, []),
    ],
)
def test_who_is_shown_the_tasks_of_an_image(caller: RequestContext, shown: list[str]) -> None:
    db = a_database()
    a_task(db, "live", image_id="i")
    a_task(db, "deleted", image_id="i")
    db.task_delete(ADMIN, "deleted")

    assert ids(db.tasks_get_by_image(caller, "i")) == shown


def test_an_expired_task_of_an_image_is_deleted_and_not_shown(db: Database, world: World) -> None:
    task_id = a_task(db, image_id="i", expires_at=BEGINNING + A_MOMENT)
    world.pass_time(days=1)

    assert db.tasks_get_by_image(ADMIN, "i") == []
    assert db.tasks_get_by_image(ALICE, "i") == []
    assert db.task_get(ADMIN, task_id)["deleted"] is True


def test_a_task_whose_result_was_purged_is_shown_without_it(db: Database) -> None:
    task_id = a_task(db, "t", image_id="i")
    with db.store.writing() as tables:
        tables.task_infos.remove(task_id)

    assert "input" not in db.task_update(ALICE, task_id, {"message": "lost"})
