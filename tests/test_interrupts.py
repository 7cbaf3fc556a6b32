"""An exception at any instruction of a call leaves a whole database: all of the call, or nothing.

A seeded share of the instructions in every run; all of them with ``SIMPLE_DB_INTERRUPTS=all``.
"""

from __future__ import annotations

import inspect

import pytest

from simple_db import Database, api
from tests.build import ADMIN, an_image
from tests.interrupted_calls import CALLS, REFUSED, SEED
from tests.interrupts import Instruction, instructions, interrupt, share


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
def test_a_call_that_is_interrupted_has_happened_or_has_not(name: str) -> None:
    call = (CALLS | REFUSED)[name]
    after = SEED.fork()
    found = instructions(lambda: call(after))
    allowed = (SEED.snapshot(), after.snapshot())
    for at in share(found, 50):
        db = SEED.fork()
        assert interrupt(lambda: call(db), at), at  # noqa: B023 - called at once
        check_whole(db, allowed, at)
