from __future__ import annotations

import contextlib
import errno
import io
import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from attrs import frozen

from simple_db import Database
from simple_db.model.errors import (
    ImageNotFound,
    Invalid,
    SnapshotDamaged,
    SnapshotError,
    SnapshotInUse,
    SnapshotMismatch,
    SnapshotTooNew,
)
from simple_db.persistence import claims, database_file, files, journal
from simple_db.persistence.encoding import encoded_to_save
from tests.support.build import ADMIN, a_member, an_image, ids
from tests.support.disk import Call, Disk, Watched, on
from tests.support.forks import DONE, IN_USE, in_a_fork
from tests.support.kept import EVERY_MODE, FOREVER, JOURNAL, LOCK, NAME, held, on_disk, opened
from tests.support.serving import PROJECT, eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from simple_db.persistence.database_file import SaveMode

AT_ONCE = 0.01
NO_SPACE = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture(name="db")
def opened_for_good(path: Path) -> Iterator[Database]:
    """Open a database whose calls are on the disk."""
    with opened(path) as database:
        yield database


_other = Database()
an_image(_other, "other")
OTHER = _other.snapshot()
"""The snapshot of another database."""


def file_of(db: Database) -> database_file.DatabaseFile:
    assert db.file is not None
    return db.file


def after_a_kill(path: Path, call: Callable[[Database], object]) -> bytes:
    """Leave what a process leaves that is killed after the call; give its database."""
    other = path.parent / "other" / path.name
    other.parent.mkdir()
    with opened(other) as db:
        call(db)
        left = held(other.parent)
    shutil.rmtree(other.parent)
    for name, content in left.items():
        path.with_name(name).write_bytes(content)
    return db.snapshot()


# --- what is on the disk when ----------------------------------------------------------------


@pytest.mark.parametrize("save", ["manual", "exit", "interval"])
def test_nothing_is_written_before_it_is_time(path: Path, save: SaveMode) -> None:
    with opened(path, save) as db:
        an_image(db)
        assert held(path.parent) == {LOCK: b"%d\n" % os.getpid()}


@EVERY_MODE
def test_a_save_is_written_at_once_whatever_the_mode(path: Path, save: SaveMode) -> None:
    with opened(path, save) as db:
        an_image(db)
        db.save()
        assert path.read_bytes() == db.snapshot()


@EVERY_MODE
def test_to_save_to_its_own_path_is_to_save(path: Path, save: SaveMode) -> None:
    link = path.with_name("link")
    link.symlink_to(NAME)
    with opened(link, save) as db:
        for name in (path, str(path), link):
            an_image(db)
            db.save(name)
            assert path.read_bytes() == on_disk(link) == db.snapshot()


def test_with_manual_nothing_is_saved_at_the_end(path: Path) -> None:
    with opened(path, "manual") as db:
        an_image(db)
        db.save()
        saved = db.snapshot()
        an_image(db)

    assert held(path.parent) == {NAME: saved}


@pytest.mark.parametrize("save", ["exit", "interval", "always"])
def test_at_the_end_there_is_one_file_that_has_everything(path: Path, save: SaveMode) -> None:
    with opened(path, save) as db:
        an_image(db)
        db.save()
        an_image(db)

    assert held(path.parent) == {NAME: db.snapshot()}


@EVERY_MODE
def test_a_block_that_raises_is_an_end_like_any_other(path: Path, save: SaveMode) -> None:
    def work() -> None:
        with opened(path, save) as db:
            an_image(db, "a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()

    saved = Database()
    if save == "manual":
        assert held(path.parent) == {}
    else:
        saved.load(path)
        assert ids(saved.image_get_all(ADMIN)) == ["a"]
        assert held(path.parent).keys() == {NAME}


@pytest.mark.parametrize("save", ["exit", "interval", "always"])
def test_a_new_database_in_which_nothing_happens_becomes_a_file(path: Path, save: SaveMode) -> None:
    with opened(path, save):
        pass

    assert held(path.parent) == {NAME: Database().snapshot()}


@pytest.mark.parametrize("save", ["manual", "exit", "interval"])
def test_a_file_whose_database_does_not_change_is_not_written(path: Path, save: SaveMode) -> None:
    with opened(path) as db:
        an_image(db)
    before = path.stat()
    with opened(path, save, AT_ONCE) as db:
        time.sleep(10 * AT_ONCE)
        db.image_get_all(ADMIN)

    assert path.stat().st_ino == before.st_ino


def test_a_file_that_was_taken_away_is_written_again(path: Path) -> None:
    with opened(path, "exit") as db:
        db.save()
        path.unlink()

    assert held(path.parent) == {NAME: db.snapshot()}


def test_with_interval_what_changes_is_saved_while_the_block_runs(path: Path) -> None:
    with opened(path, "interval", AT_ONCE) as db:
        for _ in range(2):
            an_image(db)
            eventually(lambda: path.exists() and on_disk(path) == db.snapshot(), bool)


def test_a_save_in_the_background_that_fails_is_logged_and_tried_again(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise NO_SPACE

    with opened(path, "interval", AT_ONCE) as db:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(files.SYSTEM, "fsync", fail)
            an_image(db)
            eventually(lambda: caplog.text.count(f"{path} is not saved"), lambda count: count > 1)
            with pytest.raises(SnapshotError, match="No space left"):
                db.save()
        eventually(path.exists, bool)
        eventually(lambda: on_disk(path) == db.snapshot(), bool)


def test_a_last_save_that_fails_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opening = opened(path, "exit")
    an_image(opening.__enter__())
    monkeypatch.setattr(files.SYSTEM, "write", Watched(0, NO_SPACE).write)
    with pytest.raises(SnapshotError, match="No space left"):
        opening.__exit__(None, None, None)

    assert held(path.parent) == {}


# --- always ----------------------------------------------------------------------------------


def test_with_always_a_call_is_on_the_disk_when_it_returns(db: Database, path: Path) -> None:
    for _ in range(3):
        image_id = an_image(db)
        assert on_disk(path) == db.snapshot()
        a_member(db, image_id)
        assert on_disk(path) == db.snapshot()


def test_with_always_a_call_that_fails_is_not_on_the_disk(db: Database, path: Path) -> None:
    before = held(path.parent)
    with pytest.raises(ImageNotFound):
        db.image_destroy(ADMIN, "missing")
    assert held(path.parent) == before


def test_with_always_a_whole_other_database_is_one_call(path: Path) -> None:
    with opened(path) as db:
        an_image(db, "old")
        db.restore(OTHER)
        assert on_disk(path) == db.snapshot() == OTHER
        db.reset()
        assert on_disk(path) == db.snapshot()


def test_a_rollback_to_a_checkpoint_is_on_the_disk_like_any_call(db: Database, path: Path) -> None:
    image_id = an_image(db)
    a_member(db, image_id, "bob")
    before = db.snapshot()
    with db.checkpoint() as point:
        a_member(db, image_id, "carol")
        db.image_destroy(ADMIN, image_id)
        an_image(db)
        point.rollback()
    assert on_disk(path) == db.snapshot() == before
    a_member(db, image_id, "dave")
    assert on_disk(path) == db.snapshot()


def test_a_checkpoint_rolls_the_calls_of_other_threads_back_too(path: Path) -> None:
    def write() -> None:
        for number in itertools.count():
            an_image(db, f"{number}")
            if ended.is_set():
                return

    ended = threading.Event()
    with opened(path) as db, db.checkpoint() as point:
        thread = threading.Thread(target=write)
        thread.start()
        for _ in range(10):
            point.rollback()
            db.check()
        ended.set()
        thread.join()
        assert on_disk(path) == db.snapshot()
        point.rollback()
        assert repr(db) == "<Database: empty>"
        assert on_disk(path) == db.snapshot()


def test_a_rollback_to_a_checkpoint_that_cannot_be_written_is_an_error_and_changes_nothing(
    db: Database, path: Path
) -> None:
    with db.checkpoint() as point:
        an_image(db)
    after = db.snapshot()
    with on(Watched(0, NO_SPACE)), pytest.raises(SnapshotError, match="No space left"):
        point.rollback()
    assert on_disk(path) == db.snapshot() == after


def test_a_fork_has_no_file(db: Database, path: Path) -> None:
    fork = db.fork()
    before = held(path.parent)
    an_image(fork)
    assert held(path.parent) == before
    with pytest.raises(Invalid, match="no open file"):
        fork.save()


def test_a_save_puts_the_journal_into_the_snapshot(path: Path) -> None:
    with opened(path) as db:
        an_image(db)
        before = journal.beside(path).read_bytes()
        db.save()
        after = journal.beside(path).read_bytes()

    assert before.count(b"\n") == 2
    assert after.count(b"\n") == 1


def test_a_journal_that_has_grown_is_put_into_the_snapshot_unasked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_file, "_SMALL_JOURNAL", 1000)
    with opened(path, interval=AT_ONCE) as db:
        smallest = path.stat().st_size
        while path.stat().st_size <= smallest:
            an_image(db, name="a long name, so that they are many bytes soon")
        assert on_disk(path) == db.snapshot()
        an_image(db)
        assert on_disk(path) == db.snapshot()


def test_saves_while_other_threads_write_lose_nothing(path: Path) -> None:
    def write() -> None:
        started.wait()
        for _ in range(25):
            an_image(db)

    with opened(path) as db:
        started = threading.Event()
        threads = [threading.Thread(target=write) for _ in range(4)]
        for thread in threads:
            thread.start()
        started.set()
        saves = 0
        while any(thread.is_alive() for thread in threads):
            db.save()
            saves += 1
            assert len(on_disk(path)) > 0
        assert saves
        assert on_disk(path) == db.snapshot()
        assert db.counts()["images"] == 100

    assert on_disk(path) == db.snapshot()


def test_several_threads_can_save_at_the_same_time(db: Database, path: Path) -> None:
    threads = [threading.Thread(target=db.save) for _ in range(8)]
    an_image(db)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert on_disk(path) == db.snapshot()


@pytest.mark.parametrize("save", ["exit", "interval", "always"])
def test_a_call_after_the_end_is_refused_for_it_would_be_lost(path: Path, save: SaveMode) -> None:
    with opened(path, save) as db:
        an_image(db, "a")
        file = file_of(db)
    with pytest.raises(SnapshotError, match=f"{path} is closed"):
        an_image(db)
    with pytest.raises(SnapshotError, match=f"{path} is closed"):
        file.save()

    assert db.image_get(ADMIN, "a")["id"] == "a"
    assert held(path.parent) == {NAME: db.snapshot()}
    an_image(db.fork())


def test_after_the_end_a_database_that_is_saved_on_request_has_no_file(path: Path) -> None:
    with opened(path, "manual") as db:
        pass
    before = held(path.parent)
    an_image(db)
    with pytest.raises(Invalid, match="this database has no open file"):
        db.save()

    assert held(path.parent) == before


def test_a_call_that_comes_while_the_last_snapshot_is_written_is_refused_or_saved(
    path: Path,
) -> None:
    def write() -> None:
        with contextlib.suppress(SnapshotError):
            for number in itertools.count():
                an_image(db, f"{number}")
                returned.add(f"{number}")

    returned: set[str] = set()
    thread = threading.Thread(target=write)
    with opened(path) as db:
        thread.start()
        eventually(lambda: len(returned), lambda count: count > 3)
    thread.join()
    saved = Database()
    saved.load(path)

    assert {image["id"] for image in saved.image_get_all(ADMIN)} == returned


@pytest.mark.parametrize("number", range(6))
def test_a_last_save_that_fails_leaves_what_is_missing_in_the_journal(
    path: Path, number: int
) -> None:
    opening = opened(path)
    db = opening.__enter__()
    an_image(db)
    with on(Watched(number, NO_SPACE)), pytest.raises(SnapshotError, match="No space left"):
        opening.__exit__(None, None, None)

    assert held(path.parent).keys() == {NAME, JOURNAL}
    assert on_disk(path) == db.snapshot()


# --- opening ---------------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_an_empty_database(path: Path) -> None:
    with opened(path, "manual") as db:
        assert repr(db) == "<Database: empty>"
        assert file_of(db).opened == database_file.Opened(fresh=True)


@EVERY_MODE
def test_what_was_saved_is_there_again(path: Path, save: SaveMode) -> None:
    with opened(path, save) as db:
        an_image(db)
        db.save()
    with opened(path, save) as again:
        assert again.snapshot() == db.snapshot()
        assert file_of(again).opened == database_file.Opened(fresh=False, version=2)


@EVERY_MODE
def test_opening_replays_the_journal_and_puts_it_into_the_snapshot(
    path: Path, save: SaveMode
) -> None:
    state = after_a_kill(path, lambda db: a_member(db, an_image(db, "a")))
    assert path.read_bytes() == Database().snapshot()
    with opened(path, save) as db:
        assert file_of(db).opened == database_file.Opened(fresh=False, calls=2, version=2)
        assert db.snapshot() == path.read_bytes() == state
        an_image(db, "b")

    assert held(path.parent) == {NAME: state if save == "manual" else db.snapshot()}


def test_a_torn_last_line_is_dropped_and_reported(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = after_a_kill(path, an_image)
    with journal.beside(path).open("ab") as file:
        file.write(b'{"sha256":"')
    with opened(path) as db:
        assert file_of(db).opened == database_file.Opened(fresh=False, calls=1, torn=11, version=2)
        assert db.snapshot() == state
    assert f"{path}: the last call was not written to its end" in caplog.text


def test_an_opening_reports_how_many_rows_it_has_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simple_db.persistence.layout.ROWS_AT_ONCE", 1)
    with opened(path) as db:
        an_image(db), an_image(db)
    steps: list[tuple[int, int]] = []
    with Database.open(path, progress=lambda *step: steps.append(step)):
        pass

    assert steps == [(1, 2), (2, 2)]


def test_to_load_is_to_read_snapshot_and_journal_and_to_touch_neither(path: Path) -> None:
    state = after_a_kill(path, an_image)
    before = held(path.parent)
    database = Database()
    database.load(path)

    assert database.snapshot() == state
    assert held(path.parent) == before


def flipped(content: bytes) -> bytes:
    return content[:-20] + bytes([content[-20] ^ 1]) + content[-19:]


def newer(content: bytes) -> bytes:
    return re.sub(rb'"version":\d', b'"version":9', content)


@EVERY_MODE
@pytest.mark.parametrize(
    ("name", "damage", "error", "why"),
    [
        (NAME, None, SnapshotError, f"{JOURNAL} has calls, .*{NAME} back"),
        (NAME, lambda content: content[:-20], SnapshotDamaged, f"{NAME}: .*SHA-256"),
        (NAME, newer, SnapshotTooNew, f"{NAME}: .*version 9"),
        (NAME, lambda _: OTHER, SnapshotError, f"{JOURNAL}: .*belongs to another snapshot"),
        (JOURNAL, flipped, SnapshotDamaged, f"{JOURNAL}: line 2 "),
        (JOURNAL, lambda _: b"", SnapshotDamaged, f"{JOURNAL}: .*first line"),
        (JOURNAL, newer, SnapshotTooNew, f"{JOURNAL}: .*version 9"),
    ],
)
def test_what_cannot_be_read_is_refused_and_stays_byte_for_byte(
    path: Path,
    save: SaveMode,
    name: str,
    damage: Callable[[bytes], bytes] | None,
    error: type[SnapshotError],
    why: str,
) -> None:
    after_a_kill(path, an_image)
    damaged = path.with_name(name)
    if damage is None:
        damaged.unlink()
    else:
        damaged.write_bytes(damage(damaged.read_bytes()))
    before = held(path.parent)
    with pytest.raises(error, match=why), opened(path, save):
        pytest.fail("it was opened")

    before.pop(LOCK)
    assert held(path.parent) == before


def test_what_is_no_journal_is_refused(path: Path) -> None:
    Database().save(path)
    journal.beside(path).mkdir()
    with pytest.raises(SnapshotError, match=f"{JOURNAL} is a directory"), opened(path):
        pytest.fail("it was opened")


def test_an_opening_that_fails_loses_no_call_of_the_journal(path: Path) -> None:
    state = after_a_kill(path, an_image)
    whole = held(path.parent)
    with on(watched := Watched()), opened(path, "manual"):
        pass
    for number in range(len(watched.calls)):
        for name, content in whole.items():
            path.with_name(name).write_bytes(content)
        with (
            contextlib.suppress(SnapshotError),
            on(Watched(number, NO_SPACE)),
            opened(path, "manual") as db,
        ):
            assert db.snapshot() == state
        assert on_disk(path) == state
        assert held(path.parent).keys() <= {NAME, JOURNAL}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        *(
            ({"save": save}, f"save is one of manual, exit, interval, always, not {save!r}")
            for save in ("", "Always", "never", None)
        ),
        *(
            ({"interval": interval}, f"interval is a positive number of seconds, not {interval!r}")
            for interval in (0, -1, float("nan"))
        ),
        *(
            ({"max_bytes": bound}, f"max_bytes is a positive integer, not {bound!r}")
            for bound in (0, -1, True, 1.5, "9")
        ),
    ],
)
def test_a_wrong_argument_is_invalid_and_nothing_is_written(
    path: Path, wrong: dict[str, Any], why: str
) -> None:
    with pytest.raises(Invalid) as raised:
        Database.open(path, **wrong).__enter__()

    assert str(raised.value) == why
    assert held(path.parent) == {}


def test_an_empty_path_is_refused_at_once() -> None:
    with pytest.raises(SnapshotError, match="an empty path names no file"):
        Database.open("").__enter__()
    for call in (Database().save, Database().load):
        with pytest.raises(SnapshotError, match="an empty path names no file"):
            call("")


def test_an_endless_interval_is_one_in_which_nothing_is_saved_unasked(path: Path) -> None:
    with opened(path, "interval", float("inf")) as db:
        an_image(db)
        time.sleep(0.05)
        assert file_of(db)._thread.is_alive()  # noqa: SLF001 - it has no other sign of life
        assert not path.exists()

    assert path.read_bytes() == db.snapshot()


# --- one process at a time -------------------------------------------------------------------

OPEN = """
import sys
from simple_db import Database
with Database.open(sys.argv[1], save="always") as db:
    print("open", flush=True)
    sys.stdin.read()
"""


def a_process_with(path: Path) -> subprocess.Popen[str]:
    """Start a process that has the file open until its input ends."""
    process = subprocess.Popen(  # noqa: S603 - it is our own
        [sys.executable, "-c", OPEN, str(path)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


@EVERY_MODE
def test_a_second_opening_in_this_process_is_refused_until_the_first_ends(
    path: Path, save: SaveMode
) -> None:
    with opened(path, save) as db:
        an_image(db)
        before = held(path.parent)
        for other in ("manual", "always"):
            with pytest.raises(SnapshotInUse, match=f"{path} is in use"):
                opened(path, other).__enter__()
        assert held(path.parent) == before
        an_image(db)
    with opened(path):
        pass


def test_an_opening_by_another_name_is_refused_too(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(NAME)
    with opened(path), pytest.raises(SnapshotInUse):
        opened(link).__enter__()


@pytest.mark.parametrize("signum", [signal.SIGKILL, None])
def test_a_file_that_another_process_has_open_is_free_when_that_ends(
    path: Path, signum: int | None
) -> None:
    with a_process_with(path) as process:
        with pytest.raises(SnapshotInUse, match=f"{path} is in use by another process"):
            opened(path).__enter__()
        if signum:
            process.send_signal(signum)
        process.communicate()
        assert process.returncode == -(signum or 0)
    with opened(path) as db:
        an_image(db)
    assert held(path.parent) == {NAME: db.snapshot()}


@pytest.mark.parametrize("save", ["manual", "exit", "always"])
def test_a_process_that_was_forked_cannot_write_the_file(path: Path, save: SaveMode) -> None:
    with opened(path, save) as db:
        an_image(db)
        file = file_of(db)
        before = held(path.parent)
        assert in_a_fork(db.save) == IN_USE
        assert in_a_fork(lambda: an_image(db)) == (IN_USE if save == "always" else DONE)
        assert in_a_fork(file.close) == DONE
        assert held(path.parent) == before
        an_image(db)
    if save != "manual":
        assert held(path.parent) == {NAME: db.snapshot()}


@EVERY_MODE
def test_a_process_that_is_forked_while_a_thread_writes_has_a_whole_database_and_not_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, save: SaveMode
) -> None:
    def fsync(descriptor: int) -> None:
        in_call.set()
        end.wait(10)
        os.fsync(descriptor)

    def child() -> None:
        assert {state_of(db)} <= {before, after_call}
        with pytest.raises(SnapshotInUse):
            db.save()

    def state_of(database: Database) -> bytes:
        database.check()
        return database.snapshot()

    in_call, end = threading.Event(), threading.Event()
    with opened(path, save) as db:
        an_image(db, "a")
        db.save()
        before = db.snapshot()
        other = db.fork()
        an_image(other, "b")
        after_call = other.snapshot()
        monkeypatch.setattr(files.SYSTEM, "fsync", fsync)

        def write() -> None:
            an_image(db, "b")
            db.save()

        writer = threading.Thread(target=write)
        writer.start()
        in_call.wait(10)
        assert in_a_fork(child) == DONE
        end.set()
        writer.join()
        assert on_disk(path) == db.snapshot() == after_call


def test_a_forked_process_is_known_by_its_id(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opening = opened(path)
    db = opening.__enter__()
    an_image(db)
    before = held(path.parent)
    monkeypatch.setattr(os, "getpid", lambda: -1)
    for call in (db.save, lambda: an_image(db)):
        with pytest.raises(SnapshotInUse, match=rf"{path} is in use by process \d+, from .*forked"):
            call()
    opening.__exit__(None, None, None)

    assert held(path.parent) == before


def test_a_claim_is_not_released_by_a_process_that_has_forked(path: Path) -> None:
    claimed = contextlib.ExitStack()
    with claimed:
        claimed.enter_context(claims.claimed(path))
        assert in_a_fork(claimed.close) == 0
        with pytest.raises(SnapshotInUse):
            claims.claimed(path).__enter__()


# --- changes by others -----------------------------------------------------------------------


def test_a_lock_file_that_goes_while_a_snapshot_is_encoded_is_seen_before_the_file_is_replaced(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = opened(path, "exit"), opened(path, "exit")
    one = first.__enter__()
    an_image(one, "one")
    one.save()

    def encode_while_another_process_saves(*args: Any, **options: Any) -> Any:
        monkeypatch.undo()
        path.with_name(LOCK).unlink()
        an_image(second.__enter__(), "two")
        second.__exit__(None, None, None)
        return encoded_to_save(*args, **options)

    monkeypatch.setattr(
        "simple_db.persistence.database_file.encoded_to_save", encode_while_another_process_saves
    )
    an_image(one, "three")
    with pytest.raises(SnapshotInUse, match=rf"is saved in {path}.copy-1"):
        one.save()

    saved = Database()
    saved.load(path)
    assert sorted(ids(saved.image_get_all(ADMIN))) == ["one", "two"]
    with pytest.raises(SnapshotInUse):
        first.__exit__(None, None, None)


@EVERY_MODE
def test_without_its_lock_file_nothing_is_saved_over_what_another_process_has_written(
    path: Path, save: SaveMode
) -> None:
    first, second = opened(path, save), opened(path, "always")
    one = first.__enter__()
    an_image(one, "one")
    one.save()
    path.with_name(LOCK).unlink()
    two = second.__enter__()
    an_image(two, "two")

    with pytest.raises(SnapshotInUse, match=rf"{LOCK} was removed.* is saved in {path}.copy-1"):
        one.save()
    if save == "always":
        with pytest.raises(SnapshotInUse, match=f"{LOCK} was removed or replaced"):
            an_image(one, "three")
    elif save != "manual":
        an_image(one, "three")
    with contextlib.nullcontext() if save == "manual" else pytest.raises(SnapshotInUse):
        first.__exit__(None, None, None)
    assert on_disk(path) == two.snapshot()
    second.__exit__(None, None, None)

    assert held(path.parent).keys() == {NAME, f"{NAME}.copy-1"}
    assert on_disk(path) == two.snapshot()
    assert ids(two.image_get_all(ADMIN)) == ["two", "one"]
    assert on_disk(path.with_name(f"{NAME}.copy-1")) == one.snapshot()


def test_a_lock_that_is_lost_while_a_call_is_written_rolls_the_call_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fsync(descriptor: int) -> None:
        os.fsync(descriptor)
        path.with_name(LOCK).unlink(missing_ok=True)

    opening = opened(path)
    db = opening.__enter__()
    an_image(db, "a")
    before = db.snapshot()
    with monkeypatch.context() as patch:
        patch.setattr(files.SYSTEM, "fsync", fsync)
        with pytest.raises(SnapshotInUse):
            an_image(db, "b")
    assert db.snapshot() == before
    with pytest.raises(SnapshotInUse):
        opening.__exit__(None, None, None)


def replaced(path: Path) -> bytes:
    """Replace the file by another snapshot, as a checkout does."""
    path.with_name("new").write_bytes(OTHER)
    path.with_name("new").rename(path)
    return OTHER


def changed_in_place(path: Path) -> bytes:
    content = path.read_bytes().replace(b"active", b"queued")
    path.write_bytes(content)
    return content


@pytest.mark.parametrize("change", [replaced, changed_in_place])
@pytest.mark.parametrize("save", ["exit", "interval", "always"])
def test_a_file_that_somebody_else_has_written_stays_and_ours_is_saved_beside_it(
    path: Path, save: SaveMode, change: Callable[[Path], bytes]
) -> None:
    with opened(path, save) as first:
        an_image(first)
    opening = opened(path, save)
    db = opening.__enter__()
    an_image(db)
    db.save()
    an_image(db)
    foreign = change(path)
    with pytest.raises(SnapshotError, match=rf"changed by somebody else.* saved in {path}.copy-1"):
        db.save()
    if save != "always":
        an_image(db)
    again = pytest.raises(SnapshotError, match=rf"changed by somebody else.* in {path}.copy-1")
    with again:
        db.save()
    with again:
        opening.__exit__(None, None, None)

    assert held(path.parent) == {NAME: foreign, f"{NAME}.copy-1": db.snapshot()}


def test_a_call_beside_a_file_that_somebody_else_has_written_is_refused(path: Path) -> None:
    opening = opened(path)
    db = opening.__enter__()
    an_image(db, "a")
    before = db.snapshot()
    replaced(path)
    with pytest.raises(SnapshotError, match="replaced or changed by somebody else"):
        an_image(db, "b")
    assert db.snapshot() == before
    with pytest.raises(SnapshotError, match="copy-1"):
        opening.__exit__(None, None, None)

    assert on_disk(path.with_name(f"{NAME}.copy-1")) == before


def test_a_file_that_somebody_else_has_written_is_saved_beside_at_once(path: Path) -> None:
    opening = opened(path, "always", AT_ONCE)
    db = opening.__enter__()
    an_image(db)
    replaced(path)
    copy = path.with_name(f"{NAME}.copy-1")
    eventually(copy.exists, bool)
    assert copy.read_bytes() == db.snapshot()
    with pytest.raises(SnapshotError, match="copy-1"):
        opening.__exit__(None, None, None)


def test_an_older_copy_is_not_overwritten(path: Path) -> None:
    older = path.with_name(f"{NAME}.copy-1")
    older.write_bytes(b"older")
    opening = opened(path, "exit")
    an_image(opening.__enter__())
    replaced(path)
    with pytest.raises(SnapshotError, match=rf"{NAME}\.copy-2"):
        opening.__exit__(None, None, None)

    assert older.read_bytes() == b"older"


def test_what_cannot_be_saved_beside_either_is_an_error(path: Path) -> None:
    opening = opened(path, "exit")
    an_image(opening.__enter__())
    replaced(path)
    with on(Watched(0, NO_SPACE)), pytest.raises(SnapshotError, match=r"beside it either: .*space"):
        opening.__exit__(None, None, None)


def moved_and_linked(path: Path) -> None:
    """Move the file, and put a link to it in its place."""
    (path.parent / "store").mkdir()
    path.rename(path.parent / "store" / NAME)
    path.symlink_to(f"store/{NAME}")


def a_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("change", [moved_and_linked, a_directory])
@pytest.mark.parametrize("save", ["exit", "always"])
def test_what_is_no_file_any_more_stays_and_ours_is_saved_beside_it(
    path: Path, save: SaveMode, change: Callable[[Path], None]
) -> None:
    opening = opened(path, save)
    db = opening.__enter__()
    an_image(db, "a")
    db.save()
    change(path)
    if save == "always":
        with pytest.raises(SnapshotMismatch):
            an_image(db, "b")
    else:
        an_image(db, "b")
    state = db.snapshot()
    with pytest.raises(SnapshotMismatch, match=r"copy-1"):
        opening.__exit__(None, None, None)

    assert path.with_name(f"{NAME}.copy-1").read_bytes() == state
    assert not path.with_name(JOURNAL).exists()


def test_a_call_beside_a_file_that_is_gone_is_refused_until_it_is_saved_again(path: Path) -> None:
    with opened(path) as db:
        an_image(db, "a")
        before = db.snapshot()
        for _ in range(2):
            path.unlink()
            with pytest.raises(SnapshotMismatch, match="was removed while it was open"):
                an_image(db, "b")
            db.save()
            assert db.snapshot() == before
        path.unlink()

    assert held(path.parent) == {NAME: before}
    with opened(path, "always", AT_ONCE) as db:
        path.unlink()
        eventually(path.exists, bool)
        an_image(db, "b")
        assert on_disk(path) == db.snapshot()


def test_a_file_can_be_saved_again_however_often_it_could_not_be_written(path: Path) -> None:
    with opened(path) as db:
        an_image(db)
        for number in range(12):
            with on(Watched(number, NO_SPACE)), contextlib.suppress(SnapshotError):
                db.save()
            an_image(db)
            assert on_disk(path) == db.snapshot()


@pytest.mark.parametrize("save", ["exit", "always"])
def test_another_file_with_the_same_content_is_no_change(
    path: Path, save: SaveMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(path: Path, most: int) -> bytes:
        bounds.append(most)
        return real(path, most)

    real, bounds = files.read, list[int]()
    monkeypatch.setattr(files, "read", read)
    with Database.open(path, save=save, interval=FOREVER, max_bytes=10_000) as db:
        an_image(db)
        db.save()
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
        an_image(db)
        db.save()
        assert on_disk(path) == db.snapshot()

    assert held(path.parent) == {NAME: db.snapshot()}
    assert bounds == [10_000]  # it is compared within the bound of the opening


# --- damage in memory, and disks that fail ---------------------------------------------------


@EVERY_MODE
def test_a_damaged_database_is_not_saved_and_what_was_saved_stays(
    path: Path, save: SaveMode
) -> None:
    opening = opened(path, save)
    db = opening.__enter__()
    a_member(db, an_image(db, "a"))
    db.save()
    before = held(path.parent)
    rows = db.store.tables.images.rows
    image = rows.pop("a")  # as no call does
    with pytest.raises(SnapshotError, match=r"damaged.*image_members.image_id: no images row"):
        db.save()
    assert held(path.parent) == before
    rows["a"] = image
    opening.__exit__(None, None, None)


@pytest.mark.parametrize("save", ["manual", "exit", "always"])
def test_a_snapshot_that_reads_back_otherwise_does_not_replace_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, save: SaveMode
) -> None:
    def write(descriptor: int, content: bytes) -> int:
        return os.write(descriptor, bytes(content).replace(b"active", b"queued"))

    with opened(path, save) as db:
        an_image(db)
        db.save()
        an_image(db)
        before = path.read_bytes()
        with monkeypatch.context() as patch:
            patch.setattr(files.SYSTEM, "write", write)
            with pytest.raises(SnapshotError, match="reads back otherwise"):
                db.save()
        assert path.read_bytes() == before
        if save == "always":
            assert on_disk(path) == db.snapshot()


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE])
def test_a_journal_that_cannot_be_read_is_an_error_and_the_next_save_is_tried(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, number: int
) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(database_file, "_SMALL_JOURNAL", 1)
    with opened(path, interval=AT_ONCE) as db:
        with monkeypatch.context() as patch:
            patch.setattr(os, "pread", fail)
            an_image(db, name="so long that the journal is larger than the snapshot" * 100)
            with pytest.raises(SnapshotError, match=os.strerror(number)):
                db.save()
            eventually(lambda: caplog.text.count("is not saved"), lambda count: count > 1)
        eventually(lambda: journal.beside(path).read_bytes().count(b"\n"), (1).__eq__)
        assert on_disk(path) == db.snapshot()


def test_a_lock_that_cannot_be_closed_is_released_even_so(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing(io.FileIO):
        def close(self) -> None:
            super().close()
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(io, "FileIO", Failing)
    with opened(path, "exit") as db:
        an_image(db)
    with opened(path, "exit") as again:
        assert again.snapshot() == db.snapshot()


def test_a_lock_that_cannot_be_checked_rolls_the_call_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_at(descriptor: int, path: Path) -> bool:
        looked.append(path.name)
        if looked.count(LOCK) >= 2:  # once before the line is written, and once behind
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(descriptor, path)

    real, looked = files.is_at, list[str]()
    with opened(path) as db:
        an_image(db, "a")
        before = db.snapshot()
        with monkeypatch.context() as patch:
            patch.setattr(files, "is_at", is_at)
            with pytest.raises(SnapshotError, match="cannot be checked: Input/output"):
                an_image(db, "b")
            assert on_disk(path) == db.snapshot() == before
        an_image(db, "c")
        assert on_disk(path) == db.snapshot()


# --- calls within others ---------------------------------------------------------------------


def test_a_save_within_a_save_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(descriptor: int) -> None:
        os.fsync(descriptor)
        with pytest.raises(RuntimeError, match="in the midst of itself"):
            db.save()

    with opened(path, "manual") as db:
        an_image(db)
        monkeypatch.setattr(files.SYSTEM, "fsync", fsync)
        db.save()
        assert on_disk(path) == db.snapshot()


@EVERY_MODE
def test_a_save_within_a_call_is_refused_even_while_another_thread_saves(
    path: Path, save: SaveMode
) -> None:
    def meddle() -> str:
        with pytest.raises(RuntimeError, match="is running in this thread"):
            db.save()
        return "new"

    def save_often() -> None:
        for _ in range(50):
            db.save()

    with Database.open(path, save=save, interval=FOREVER, new_id=meddle) as db:
        saver = threading.Thread(target=save_often)
        saver.start()
        for _ in range(50):
            an_image(db)
            db.reset()
        saver.join()


# --- a bound -----------------------------------------------------------------------------------


@EVERY_MODE
def test_a_database_beyond_its_bound_is_not_saved_and_can_be_with_a_larger_one(
    path: Path, save: SaveMode
) -> None:
    def grow() -> None:
        while True:
            an_image(db)
            db.save()

    opening = Database.open(path, save=save, interval=FOREVER, max_bytes=3000)
    db = opening.__enter__()
    with pytest.raises(SnapshotError, match=r"more than 3000 bytes.*purge.*max_bytes"):
        grow()
    assert path.stat().st_size <= 3000
    state = db.snapshot()
    if save == "manual":
        opening.__exit__(None, None, None)
    else:
        with pytest.raises(SnapshotError, match="more than 3000 bytes"):
            opening.__exit__(None, None, None)
    if save == "always":
        with pytest.raises(SnapshotError, match="more than 3000 bytes"), opened_within(path, 3000):
            pytest.fail("it was opened")
        with opened_within(path, 10_000) as again:
            assert again.snapshot() == state
    else:
        db.save(path, max_bytes=10_000)
        assert path.read_bytes() == state


def opened_within(path: Path, max_bytes: int) -> contextlib.AbstractContextManager[Database]:
    return Database.open(path, save="always", interval=FOREVER, max_bytes=max_bytes)


def test_a_journal_beyond_its_bound_refuses_calls_until_it_is_put_into_the_snapshot(
    path: Path,
) -> None:
    def change() -> None:
        for number in range(100):
            db.image_update(ADMIN, "a", {"name": f"{number}"})

    with opened_within(path, 5000) as db:
        an_image(db, "a")
        with pytest.raises(SnapshotError, match=r"more than 5000 bytes.* save\(\)"):
            change()
        assert on_disk(path) == db.snapshot()
        db.save()
        an_image(db, "b")
        assert on_disk(path) == db.snapshot()


@pytest.mark.parametrize("width", range(0, 200, 7))
def test_a_journal_that_is_full_can_always_be_put_into_the_snapshot(path: Path, width: int) -> None:
    def fill() -> None:
        while True:
            db.image_update(ADMIN, "a", {"name": "x" * width})

    for end in (Database.save, lambda _: None):
        with opened_within(path, 5000) as db:
            db.reset()
            an_image(db, "a")
            with pytest.raises(SnapshotError, match="more than 5000 bytes"):
                fill()
            state = db.snapshot()
            left = {name: held(path.parent)[name] for name in (NAME, JOURNAL)}
            end(db)
    for name, content in left.items():  # as a killed process leaves them
        path.with_name(name).write_bytes(content)
    with opened_within(path, 5000) as again:
        assert again.snapshot() == state


# --- without opening -------------------------------------------------------------------------


def test_a_save_over_calls_that_would_be_lost_is_refused(path: Path) -> None:
    after_a_kill(path, an_image)
    before = {name: content for name, content in held(path.parent).items() if name != LOCK}
    with pytest.raises(SnapshotError, match=f"{JOURNAL} may have calls .* Database.open"):
        Database().save(path)

    assert held(path.parent) == before


def test_a_save_over_a_file_that_is_open_is_refused(path: Path) -> None:
    with opened(path, "exit"), pytest.raises(SnapshotInUse, match="in use"):
        Database().save(path)


def test_a_database_without_a_file_needs_a_path_to_be_saved() -> None:
    with pytest.raises(Invalid, match="no open file: give save"):
        Database().save()


def test_a_database_of_a_file_can_be_saved_to_another(path: Path) -> None:
    other = path.with_name("other.json")
    with opened(path, "manual") as db:
        an_image(db)
        db.save(other)

    assert held(path.parent) == {"other.json": db.snapshot()}


# --- crashes ---------------------------------------------------------------------------------

PROGRAM: list[Callable[[Database], object]] = [
    lambda db: an_image(db, "a", properties={"os": "linux"}),
    lambda db: db.save(),
    lambda db: a_member(db, "a"),
    lambda db: db.save(),
    lambda db: db.image_destroy(ADMIN, "a"),
]


@frozen
class Run:
    """What a program did to the disk, and what was to be there.

    Attributes:
        calls: Every system call of the program.
        states: How many of them there were when a step was done, and the database after it.
    """

    calls: list[Call]
    states: list[tuple[int, bytes]]

    def allowed(self, made: int) -> set[bytes | None]:
        """Give the databases that may be there after so many system calls."""
        done = [state for end, state in self.states if end <= made]
        to_come = [state for end, state in self.states if end > made]
        return {done[-1] if done else None, *to_come[:1]}


def run(path: Path, watched: Watched) -> Run:
    """Run the program."""
    with on(watched):
        with opened(path) as db:
            states = [(len(watched.calls), db.snapshot())]
            for step in PROGRAM:
                step(db)
                states.append((len(watched.calls), db.snapshot()))
        states.append((len(watched.calls), db.snapshot()))
    assert watched.left_open() == set()
    return Run(watched.calls, states)


def database_of(left: dict[str, bytes], directory: Path) -> bytes | None:
    """Give the database that is opened from these files; None if there is none."""
    if not left.keys() & {NAME, JOURNAL}:
        return None
    directory.mkdir()
    for name, content in left.items():
        (directory / name).write_bytes(content)
    loaded = on_disk(directory / NAME)
    with opened(directory / NAME, "manual") as db:
        assert db.snapshot() == loaded
    assert (directory / NAME).read_bytes() == loaded
    shutil.rmtree(directory)
    return loaded


def test_after_a_crash_at_any_system_call_every_call_that_had_returned_is_there(
    path: Path, tmp_path: Path
) -> None:
    disk = Disk({})
    whole = run(path, Watched())
    seen: dict[tuple[tuple[str, bytes], ...], bytes | None] = {}
    for made in range(len(whole.calls) + 1):
        disk.do(whole.calls[made - 1 : made])
        for left in disk.after_crash():
            key = tuple(sorted(item for item in left.items() if not item[0].endswith(".tmp")))
            if key not in seen:
                seen[key] = database_of(dict(key), tmp_path / "left")
            assert seen[key] in whole.allowed(made), (made, sorted(left))
    assert len(seen) > len(PROGRAM)


def test_after_a_kill_at_any_system_call_every_call_that_had_returned_is_there(
    path: Path, tmp_path: Path
) -> None:
    class Copying(Watched):
        """Keeps what the directory has before each system call."""

        def _make(self, *arguments: Any) -> Any:
            copies.append(held(path.parent))
            return super()._make(*arguments)

    copies: list[dict[str, bytes]] = []
    whole = run(path, Copying(write_at_most=200))
    assert len(copies) == len(whole.calls)
    for made, copy in enumerate(copies):
        left = {name: copy[name] for name in copy.keys() & {NAME, JOURNAL}}
        assert database_of(left, tmp_path / "left") in whole.allowed(made)


@pytest.mark.parametrize(
    ("fault", "done"),
    [(NO_SPACE, False), (KeyboardInterrupt(), False), (KeyboardInterrupt(), True)],
)
def test_a_save_that_fails_or_is_interrupted_anywhere_loses_no_call(
    path: Path, fault: BaseException, done: bool
) -> None:
    with opened(path) as db:
        with on(watched := Watched()):
            db.save()
        for number in range(len(watched.calls)):
            an_image(db)
            # Without an error where only the journal was to be cut off: the next call does it.
            with (
                on(Watched(number, fault, done=done)),
                contextlib.suppress(SnapshotError, KeyboardInterrupt),
            ):
                db.save()
            assert on_disk(path) == db.snapshot()
            an_image(db)
            assert on_disk(path) == db.snapshot()

    assert held(path.parent) == {NAME: db.snapshot()}
