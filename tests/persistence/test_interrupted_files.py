"""An exception at any instruction of a call, a save or a close costs nothing of a file.

A seeded share of the instructions in every run; all of them with ``SIMPLE_DB_INTERRUPTS=all``.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import pytest

from simple_db.persistence import claims, database_file
from tests.support.build import an_image
from tests.support.interrupted_calls import CALLS, REFUSED, SEED
from tests.support.interrupts import (
    Instruction,
    Interrupt,
    attempt,
    can_raise,
    instructions,
    interrupt,
    meanwhile,
    share,
)
from tests.support.kept import EVERY_MODE, on_disk, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from simple_db import Database
    from simple_db.persistence.database_file import SaveMode
    from simple_db.store import Write


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    """Open a database with rows in every table, whose calls are on the disk."""
    with opened(path, "always") as database:
        database.restore(SEED.snapshot())
        yield database


def not_seen(kind: str, found: list[Instruction]) -> list[Instruction]:
    """Give the instructions that no test of this kind has been given before."""
    new = [at for at in found if (kind, at) not in SEEN]
    SEEN.update((kind, at) for at in found)
    return new


SEEN: set[tuple[str, Instruction]] = set()


REFUSED_BEHIND_ITS_LINE = "refused"
"""The id of an image whose creation fails when its line counts, so that it is taken back."""


def _refuse(_revision: int, writes: list[Write]) -> None:
    if any(write.row_id == REFUSED_BEHIND_ITS_LINE for write in writes):
        raise ZeroDivisionError


RETRACTED: dict[str, Callable[[Database], object]] = {
    "a call that fails behind its line": lambda db: an_image(db, REFUSED_BEHIND_ITS_LINE)
}


@pytest.mark.parametrize("name", CALLS | REFUSED | RETRACTED)
def test_an_interrupted_call_is_on_the_disk_as_it_is_in_memory(
    name: str, db: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simple_db.store._log_rows", _refuse)
    call = (CALLS | REFUSED | RETRACTED)[name]
    with db.checkpoint() as seed:
        attempt(call, db)
        seed.rollback()
        db.fork()
        found = instructions(lambda: call(db))
        allowed = (SEED.snapshot(), db.snapshot())
        for number, at in enumerate(share(not_seen("call", found), 4)):
            seed.rollback()
            db.fork()  # so that the call copies the tables that it changes, as the first one did
            if number % 50 == 0:
                db.save()  # so that the journal stays short
            interrupt(lambda: call(db), at)
            db.check()
            state = db.snapshot()
            assert state in allowed, at
            assert on_disk(path) == state, at
            an_image(db, "later")
            assert on_disk(path) == db.snapshot(), at


@EVERY_MODE
def test_an_interrupted_save_costs_nothing(path: Path, save: SaveMode) -> None:
    with opened(path, save) as db:
        db.restore(SEED.snapshot())
        db.save()
        an_image(db)
        an_image(db)
        found = not_seen("save", instructions(db.save))
        for at in share(found, 12):
            before = db.snapshot()
            an_image(db)
            state = db.snapshot()
            interrupt(db.save, at)
            db.check()
            assert db.snapshot() == state
            assert on_disk(path) in ({state} if save == "always" else {before, state}), at
            db.save()
            assert on_disk(path) == state


_OPENED: Any = database_file.opened
UNPROTECTED = {
    function.__code__
    for function in (_OPENED.__wrapped__, claims.Claim.__init__, claims._locked)  # noqa: SLF001
}
"""The functions with a few instructions that nothing protects, at the edges of a `try`."""


def is_unprotected(at: Instruction) -> bool:
    """Return whether nothing protects the instruction, and nothing from outside comes there.

    They are those of contextlib's `__exit__`, which stands before ours and runs it, and those of
    `UNPROTECTED` at which the interpreter does not look for what comes from outside.
    """
    return at.code.co_filename == contextlib.__file__ or (
        at.code in UNPROTECTED and not can_raise(at)
    )


@EVERY_MODE
def test_an_interrupted_end_costs_nothing_and_lets_go_of_the_file(
    path: Path, save: SaveMode
) -> None:
    def begun() -> tuple[contextlib.AbstractContextManager[Database], bytes]:
        opening = opened(path, save)
        db = opening.__enter__()
        db.restore(SEED.snapshot())
        db.save()
        an_image(db)
        return opening, db.snapshot()

    def end() -> None:
        opening.__exit__(None, None, None)

    opening, _ = begun()
    end()
    opening, _ = begun()
    found = [at for at in instructions(end) if not is_unprotected(at)]
    for at in share(not_seen("end", found), 12):
        opening, state = begun()
        interrupt(end, at)
        if save != "manual":
            assert on_disk(path) == state, at
        with opened(path, "manual"):
            pass


@EVERY_MODE
def test_an_interrupted_opening_lets_go_of_the_file_while_its_exception_is_handled(
    path: Path, save: SaveMode
) -> None:
    def begin() -> None:
        opened(path, save).__enter__()

    def stop() -> None:
        raise Interrupt

    with opened(path, "exit") as db:
        db.restore(SEED.snapshot())
    state = path.read_bytes()
    opening = opened(path, save)
    found = instructions(opening.__enter__)
    opening.__exit__(None, None, None)
    # How a thread starts is not the same each time.
    found = [at for at in found if at.code.co_filename != threading.__file__]
    found = [at for at in found if not is_unprotected(at)]
    for at in share(not_seen("opening", found), 12):
        with pytest.raises(Interrupt) as handled:
            meanwhile(begin, at, stop)
        assert on_disk(path) == state, at
        with opened(path, "manual"):
            pass
        del handled
