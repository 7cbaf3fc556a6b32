"""Many threads on one database: one winner, nothing lost, never half a call.

Every thread waits at a barrier, so that all begin at once, and the interpreter is told to switch
between threads as often as it can.
"""

from __future__ import annotations

import functools
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from simple_db import Database, RequestContext
from simple_db.model.errors import Conflict, Duplicate, NotFound, SimpleDBError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ADMIN = RequestContext(is_admin=True)
THREADS = 8
ROUNDS = 25
READS = 200


@pytest.fixture(autouse=True)
def _eager_switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def db() -> Database:
    database = Database()
    database.image_create(ADMIN, {"id": "image", "status": "active", "min_ram": 0})
    return database


def at_once(*actions: Callable[[], Any]) -> list[Any]:
    """Do all actions at one moment, and give for each its answer or its error."""
    barrier = threading.Barrier(len(actions))

    def act(action: Callable[[], Any]) -> Any:
        barrier.wait(timeout=30)
        try:
            return action()
        except SimpleDBError as error:
            return type(error)

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(act, actions))


def each(action: Callable[[int], Any]) -> list[Any]:
    """Do the action in every thread at once, each with its number."""
    return at_once(*(functools.partial(action, number) for number in range(THREADS)))


def test_of_all_threads_that_set_an_atomic_property_one_wins(db: Database) -> None:
    for turn in range(ROUNDS):
        name = f"lock {turn}"
        outcomes = each(lambda n: db.image_set_property_atomic("image", name, str(n)))  # noqa: B023 - at once
        assert outcomes.count(None) == 1
        assert outcomes.count(Duplicate) == THREADS - 1
        assert property_of(db, name) == str(outcomes.index(None))


def test_of_all_threads_that_revive_an_atomic_property_one_wins(db: Database) -> None:
    db.image_set_property_atomic("image", "lock", "old")
    for _ in range(ROUNDS):
        db.image_property_delete(ADMIN, "lock", "image")
        outcomes = each(lambda n: db.image_set_property_atomic("image", "lock", str(n)))
        assert outcomes.count(None) == 1
        assert outcomes.count(Duplicate) == THREADS - 1


def test_of_all_threads_that_delete_an_atomic_property_one_wins(db: Database) -> None:
    for _ in range(ROUNDS):
        db.image_set_property_atomic("image", "lock", "held")
        outcomes = each(lambda _: db.image_delete_property_atomic("image", "lock", "held"))
        assert outcomes.count(None) == 1
        assert outcomes.count(NotFound) == THREADS - 1


def test_of_all_threads_that_create_an_image_of_one_id_one_wins(db: Database) -> None:
    for turn in range(ROUNDS):
        values = {"id": f"image {turn}", "status": "queued"}
        outcomes = each(lambda _: db.image_create(ADMIN, values))  # noqa: B023 - at once
        assert outcomes.count(Duplicate) == THREADS - 1


def test_of_all_threads_that_take_an_image_out_of_a_state_one_wins(db: Database) -> None:
    for _ in range(ROUNDS):
        db.image_update(ADMIN, "image", {"status": "queued"})
        outcomes = each(
            lambda _: db.image_update(ADMIN, "image", {"status": "saving"}, from_state="queued")
        )
        assert outcomes.count(Conflict) == THREADS - 1


def test_no_update_is_lost(db: Database) -> None:
    def work(number: int) -> None:
        for turn in range(ROUNDS):
            mine = f"{number}-{turn}"
            db.image_update(ADMIN, "image", {"properties": {mine: "x"}})
            db.image_tag_create(ADMIN, "image", mine)
            db.image_member_create(ADMIN, {"image_id": "image", "member": mine})
            location = {"url": mine, "metadata": {}, "status": "active"}
            db.image_location_add(ADMIN, "image", location)

    each(work)
    image = db.image_get(ADMIN, "image")
    expected = {f"{number}-{turn}" for number in range(THREADS) for turn in range(ROUNDS)}
    assert {row["name"] for row in image["properties"]} == expected
    assert {location["url"] for location in image["locations"]} == expected
    assert set(db.image_tag_get_all(ADMIN, "image")) == expected
    assert {row["member"] for row in db.image_member_find(ADMIN)} == expected
    for rows in (image["properties"], image["locations"], db.image_member_find(ADMIN)):
        assert len({row["id"] for row in rows}) == THREADS * ROUNDS
    db.check()


def read_while_writing(read: Callable[[], None], write: Callable[[int], None]) -> None:
    """Read many times in three threads, while one writes for as long as they read."""
    over = threading.Event()

    def read_often() -> None:
        for _ in range(READS):
            read()

    def write_on() -> None:
        turn = 0
        while not over.is_set():
            write(turn)
            turn += 1

    with ThreadPoolExecutor(4) as pool:
        writer = pool.submit(write_on)
        try:
            for reader in [pool.submit(read_often) for _ in range(3)]:
                reader.result(timeout=60)
        finally:
            over.set()
        writer.result(timeout=60)


def test_a_listing_never_fails_and_never_sees_half_a_call(db: Database) -> None:
    def write(turn: int) -> None:
        """Change the name, a property and the location in one call."""
        word = str(turn)
        location = {"url": word, "metadata": {"turn": [word]}, "status": "active"}
        values = {"name": word, "properties": {"p": word}, "locations": [location]}
        db.image_update(ADMIN, "image", values)
        db.purge_deleted_rows(ADMIN, -1, -1)

    def read() -> None:
        for image in db.image_get_all(ADMIN):
            words = [row["value"] for row in image["properties"]]
            places = [(place["url"], place["metadata"]) for place in image["locations"]]
            assert words == [image["name"]]
            assert places == [(image["name"], {"turn": [image["name"]]})]

    write(0)
    read_while_writing(read, write)


def test_images_that_come_and_go_are_listed_whole_or_not_at_all(db: Database) -> None:
    def write(turn: int) -> None:
        image_id = str(turn)
        values = {"id": image_id, "status": "active", "properties": {"p": image_id}}
        db.image_create(ADMIN, values)
        db.image_tag_create(ADMIN, image_id, "t")
        db.image_destroy(ADMIN, image_id)
        db.purge_deleted_rows(ADMIN, -1, -1)
        db.purge_deleted_rows_from_images(ADMIN, -1, -1)

    def read() -> None:
        for image in db.image_get_all(ADMIN, {"deleted": False}, return_tag=True):
            if image["id"] != "image":
                assert [row["value"] for row in image["properties"]] == [image["id"]]
                assert image["tags"] in ([], ["t"])

    read_while_writing(read, write)
    assert [image["id"] for image in db.image_get_all(ADMIN)] == ["image"]
    db.check()


def test_a_snapshot_while_others_write_is_whole(db: Database) -> None:
    def write(turn: int) -> None:
        image_id = str(turn)
        db.image_create(ADMIN, {"id": image_id, "status": "active", "properties": {"p": "x"}})
        db.image_member_create(ADMIN, {"image_id": image_id, "member": "bob"})
        db.image_destroy(ADMIN, image_id)
        db.purge_deleted_rows(ADMIN, -1, -1)
        db.purge_deleted_rows_from_images(ADMIN, -1, -1)

    def read() -> None:
        twin = Database()
        twin.restore(db.snapshot())
        twin.check()
        for image in twin.image_get_all(ADMIN, {"deleted": True}):
            assert twin.image_member_find(ADMIN, image_id=image["id"]) == []
            assert all(row["deleted"] for row in image["properties"])

    read_while_writing(read, write)


def test_calls_that_fail_in_one_thread_take_nothing_from_another(db: Database) -> None:
    def fail() -> None:
        for _ in range(ROUNDS):
            with pytest.raises(NotFound):
                db.image_update(
                    ADMIN,
                    "image",
                    {"name": "never", "properties": {"never": "x"}, "locations": [missing]},
                )

    def add(number: int) -> None:
        for turn in range(ROUNDS):
            db.image_tag_create(ADMIN, "image", f"{number}-{turn}")

    missing = {"id": 99, "url": "never", "metadata": {}, "status": "active"}
    at_once(fail, fail, lambda: add(1), lambda: add(2))
    image = db.image_get(ADMIN, "image")
    assert image["name"] is None
    assert image["properties"] == []
    assert len(db.image_tag_get_all(ADMIN, "image")) == 2 * ROUNDS
    db.check()


def property_of(db: Database, name: str) -> str | None:
    image = db.image_get(ADMIN, "image")
    return next(row["value"] for row in image["properties"] if row["name"] == name)
