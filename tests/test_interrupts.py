"""An exception at any instruction of a call leaves a whole database: all of the call, or nothing.

A seeded share of the instructions in every run; all of them with ``SIMPLE_DB_INTERRUPTS=all``.
"""

from __future__ import annotations

import contextlib
import inspect
from typing import TYPE_CHECKING

import pytest

from simple_db import Database, api
from simple_db.model.errors import SimpleDBError
from tests.support.build import ADMIN, an_image
from tests.support.interrupted_calls import CALLS, REFUSED, SEED
from tests.support.interrupts import Instruction, attempt, instructions, interrupt, meanwhile, share

if TYPE_CHECKING:
    from collections.abc import Callable


def functions_that_write() -> set[str]:
    """Give the functions of the API whose source opens a transaction."""
    return {
        name
        for name in api.FUNCTIONS
        if "store.writing()" in inspect.getsource(getattr(Database, name))
    }


def test_every_function_that_writes_is_interrupted() -> None:
    assert functions_that_write() <= CALLS.keys()


@pytest.mark.parametrize("name", CALLS)
def test_every_call_changes_something(name: str) -> None:
    db = SEED.fork()
    CALLS[name](db)
    assert (db.snapshot() != SEED.snapshot()) == (name != "rollback")


def check_whole(db: Database, allowed: tuple[bytes, ...], at: Instruction) -> None:
    """Check that the database is whole, is in one of these states, and goes on working."""
    db.check()
    state = db.snapshot()
    assert state in allowed, at
    again = Database()
    again.restore(state)
    assert again.snapshot() == state
    an_image(db, "later")
    db.image_destroy(ADMIN, "later")
    db.check()


@pytest.mark.parametrize("name", CALLS | REFUSED)
def test_a_call_that_is_interrupted_is_committed_or_rolled_back(name: str) -> None:
    call = (CALLS | REFUSED)[name]
    after = SEED.fork()
    attempt(call, SEED.fork())
    found = instructions(lambda: call(after))
    allowed = (SEED.snapshot(), after.snapshot())
    for at in share(found, 50):
        db = SEED.fork()
        interrupt(lambda: call(db), at)  # noqa: B023 - called at once
        check_whole(db, allowed, at)


# --- calls within others ---------------------------------------------------------------------


@pytest.mark.parametrize("name", CALLS | REFUSED)
def test_what_looks_at_the_database_in_the_midst_of_a_call_sees_it_whole_or_is_refused(
    name: str,
) -> None:
    call = (CALLS | REFUSED)[name]
    after = SEED.fork()
    attempt(call, SEED.fork())
    found = instructions(lambda: call(after))
    allowed = {SEED.snapshot(), after.snapshot()}
    if name == "rollback":  # which destroys an image first
        db = SEED.fork()
        db.image_destroy(ADMIN, "a")
        allowed.add(db.snapshot())
    for at in share(found, 25):
        db = SEED.fork()
        seen: list[bytes] = []

        def look(db: Database = db, seen: list[bytes] = seen) -> None:
            for take in (Database.snapshot, fork_of, rows_of):
                with contextlib.suppress(RuntimeError):
                    seen.append(take(db))

        with contextlib.suppress(SimpleDBError):
            meanwhile(lambda: call(db), at, look)  # noqa: B023 - called at once
        assert set(seen) <= allowed, at
        assert db.snapshot() == after.snapshot()
        db.check()


def fork_of(db: Database) -> bytes:
    """Give the database of a fork."""
    return db.fork().snapshot()


def rows_of(db: Database) -> bytes:
    """Give the database of a checkpoint, which looks at every table."""
    point = api.Checkpoint(db.store)
    other = Database()
    other.store.adopt(point._cut)  # noqa: SLF001 - what it goes back to
    return other.snapshot()


@pytest.mark.parametrize("name", CALLS | REFUSED)
def test_a_write_in_the_midst_of_a_call_happens_before_or_after_it_or_is_refused(name: str) -> None:
    call = (CALLS | REFUSED)[name]

    def write(db: Database) -> None:
        with contextlib.suppress(RuntimeError):
            db.metadef_tag_create(ADMIN, "empty", {"name": "meanwhile"})

    after, first, last = SEED.fork(), SEED.fork(), SEED.fork()
    attempt(call, SEED.fork())
    found = instructions(lambda: call(after))
    for db, steps in ((first, (write, call)), (last, (call, write))):
        for step in steps:
            with contextlib.suppress(SimpleDBError):
                step(db)
    allowed = {after.snapshot(), first.snapshot(), last.snapshot()}
    for at in share(found, 25):
        db = SEED.fork()
        with contextlib.suppress(SimpleDBError):
            meanwhile(lambda: call(db), at, lambda: write(db))  # noqa: B023 - called at once
        db.check()
        assert db.snapshot() in allowed, at


READS: dict[str, Callable[[Database], object]] = {
    "image_get_all": lambda db: db.image_get_all(ADMIN, filters={"os": "linux"}, return_tag=True),
    "image_get": lambda db: db.image_get(ADMIN, "a"),
    "image_member_find": lambda db: db.image_member_find(ADMIN, image_id="a"),
    "snapshot": lambda db: db.snapshot(),
}


@pytest.mark.parametrize("name", READS)
def test_a_write_in_the_midst_of_a_read_does_not_tear_it(name: str) -> None:
    read = READS[name]
    before, after = SEED.fork(), SEED.fork()
    after.image_destroy(ADMIN, "a")
    read(before)
    found = instructions(lambda: read(before))
    with contextlib.suppress(SimpleDBError):
        allowed = [read(before), read(after)]
    for at in share(found, 100):
        db = SEED.fork()

        def write(db: Database = db) -> None:
            with contextlib.suppress(RuntimeError):
                db.image_destroy(ADMIN, "a")

        assert meanwhile(lambda: read(db), at, write) in allowed  # noqa: B023 - called at once
        db.check()
