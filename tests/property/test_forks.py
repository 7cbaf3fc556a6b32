"""Laws of forks, checkpoints and kept databases, for whatever calls hypothesis makes up."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from simple_db import Database
from simple_db.oracle.programs.calls import Call, Program
from simple_db.oracle.programs.strategies import programs
from simple_db.persistence import journal
from tests.property.test_laws import WORLD, attempt, database_in_the_world, databases

many_calls = programs()
RESET, SAVE, CHECKPOINT, ROLLBACK = (
    Call(function, None) for function in ("reset", "save", "checkpoint", "rollback")
)


def interrupted(*others: Call) -> st.SearchStrategy[Program]:
    """Make a program that has some of these in the place of its calls."""
    return programs().flatmap(
        lambda program: st.tuples(*(st.sampled_from([*[one] * 8, *others]) for one in program))
    )


def made(db: Database, call: Call) -> str:
    """Make a call in the next turn of the world, and give its answer as text."""
    WORLD.next_turn()
    return str(attempt(db, call))


def copied(db: Database) -> Database:
    """Give a database that shares nothing with this one."""
    copy = database_in_the_world()
    copy.restore(db.snapshot())
    return copy


# --- forks -----------------------------------------------------------------------------------


@given(db=databases(), program=interrupted(RESET), data=st.data())
def test_a_database_its_fork_and_that_ones_fork_never_see_each_other(
    db: Database, program: Program, data: st.DataObject
) -> None:
    fork = db.fork()
    family = [db, fork, fork.fork()]
    strangers = [copied(db) for _ in family]
    for call in program:
        number = data.draw(st.integers(0, 2))
        WORLD.next_turn()
        assert str(attempt(family[number], call)) == str(attempt(strangers[number], call))
        for one, stranger in zip(family, strangers, strict=True):
            one.check()
            assert one.snapshot() == stranger.snapshot()


@given(db=databases(), before=many_calls, after=many_calls)
def test_a_fork_made_at_any_time_is_what_its_database_was_then(
    db: Database, before: Program, after: Program
) -> None:
    forks = [(db.fork(), db.snapshot())]
    for call in (*before, *after):
        made(db, call)
        forks.append((db.fork(), db.snapshot()))
    for fork, was in forks:
        fork.check()
        assert fork.snapshot() == was


# --- checkpoints -----------------------------------------------------------------------------


@given(db=databases(), inside=many_calls, then=many_calls)
def test_what_is_rolled_back_has_never_been(db: Database, inside: Program, then: Program) -> None:
    before, other = db.snapshot(), copied(db)
    with db.checkpoint() as point:
        for call in inside:
            made(db, call)
        point.rollback()
    db.check()
    assert db.snapshot() == before
    for call in then:
        WORLD.next_turn()
        assert str(attempt(db, call)) == str(attempt(other, call))
    assert db.snapshot() == other.snapshot()


@given(db=databases(), several=st.lists(many_calls, min_size=1, max_size=3), back=st.data())
def test_any_checkpoint_can_be_gone_back_to_in_any_order(
    db: Database, several: list[Program], back: st.DataObject
) -> None:
    points = []
    for program in several:
        with db.checkpoint() as point:
            points.append((point, db.snapshot()))
        for call in program:
            made(db, call)
    for number in back.draw(st.lists(st.sampled_from(range(len(points))), max_size=5)):
        point, was = points[number]
        point.rollback()
        db.check()
        assert db.snapshot() == was


# --- the journal -----------------------------------------------------------------------------


@given(program=interrupted(RESET, SAVE, CHECKPOINT, ROLLBACK))
def test_whenever_the_process_is_killed_the_files_are_the_database_after_its_last_call(
    program: Program,
) -> None:
    with tempfile.TemporaryDirectory() as name:
        path, left = Path(name) / "glance.json", Path(name) / "left.json"
        WORLD.restart()
        with Database.open(
            path, save="always", interval=3600, clock=WORLD.now, new_id=WORLD.new_id
        ) as db:
            with db.checkpoint() as point:
                pass
            for call in program:
                if call is CHECKPOINT:
                    with db.checkpoint() as point:
                        pass
                elif call is ROLLBACK:
                    point.rollback()
                else:
                    made(db, call)
                check_left(path, left, db.snapshot())
        assert path.read_bytes() == db.snapshot()


def check_left(path: Path, left: Path, state: bytes) -> None:
    """Check that a copy of the two files, as a kill leaves them, is opened as this database."""
    left.write_bytes(path.read_bytes())
    journal.beside(left).write_bytes(journal.beside(path).read_bytes())
    with Database.open(left, save="manual") as opened:
        opened.check()
        assert opened.snapshot() == left.read_bytes() == state
    assert not journal.beside(left).exists()
