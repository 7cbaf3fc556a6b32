"""A reader sees a snapshot and its journal as they were at one moment, whatever a writer does.

Every writer's system call is made between every two of a reader, and real processes race; a few
rounds each time, and ``SIMPLE_DB_RACES=2000`` makes it 2000.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, field, frozen

from simple_db import Database
from simple_db.model.errors import SnapshotError
from simple_db.persistence import database_file, file_pair, journal
from tests.support.build import ADMIN, an_image
from tests.support.disk import Call, Watched, on
from tests.support.kept import NAME, opened
from tests.support.serving import PROJECT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from simple_db.persistence.file_pair import Pair


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Let nobody wait; give the seconds that they would have."""
    waited: list[float] = []
    monkeypatch.setattr(file_pair, "pause", waited.append)
    return waited


def images_in(path: Path) -> int:
    database = Database()
    database.load(path)
    return database.counts()["images"]


# --- a writer whose system calls are made between those of a reader --------------------------


@frozen
class Written:
    """What a writer did, and which images it could be relied on to have.

    Attributes:
        calls: Every system call of the writer.
        begun: How many of them were made when each image was begun; in ascending order.
        done: How many of them were made when each was to stay; in ascending order.
    """

    directory: Path
    calls: list[Call]
    begun: list[int] = field(factory=list)
    done: list[int] = field(factory=list)


def written(directory: Path) -> Written:
    """Let a writer do all that a writer does: save, append, close, open again in another mode."""
    directory.mkdir()
    path = directory / NAME
    # A line of a journal takes several writes.
    with on(watched := Watched(write_at_most=400)):
        run = Written(directory, watched.calls)
        with opened(path, "always") as db:
            an_image_of(run, db)
            db.save()
            an_image_of(run, db)
        with opened(path, "always") as db:
            db.save()
            an_image_of(run, db)
            left = {file.name: file.read_bytes() for file in directory.iterdir()}
        with opened(path, "exit") as db:
            run.begun.append(len(run.calls))
            an_image(db)
        run.done.append(len(run.calls))
        with opened(path, "always") as db:
            an_image_of(run, db)
    assert left.keys() >= {NAME, f"{NAME}.journal"}
    return run


def an_image_of(run: Written, db: Database) -> None:
    run.begun.append(len(run.calls))
    an_image(db)
    run.done.append(len(run.calls))


@define
class Replay:
    """The system calls of a writer, made again in another directory, as far as one says."""

    run: Written
    directory: Path
    made: int = 0
    _descriptors: dict[int, int] = field(factory=dict)

    def go_on(self, to: int) -> None:
        """Make its system calls until so many of them are made."""
        for call in self.run.calls[self.made : to]:
            getattr(self, f"_{call.name}", self._nothing)(call, *call.arguments)
        self.made = max(self.made, to)

    def end(self) -> None:
        for descriptor in self._descriptors.values():
            os.close(descriptor)

    def files(self) -> list[tuple[str, int, bytes]]:
        """Give what a reader can see."""
        return [
            (file.name, file.stat().st_ino, file.read_bytes())
            for file in sorted(self.directory.glob(f"{NAME}*"))
        ]

    def _there(self, path: Any) -> Path:
        return self.directory / os.path.relpath(path, self.run.directory)

    def _open(self, call: Call, path: Any, flags: int, mode: int) -> None:
        self._descriptors[call.answer] = os.open(self._there(path), flags, mode)

    def _write(self, _: Call, descriptor: int, content: bytes) -> None:
        os.lseek(self._descriptors[descriptor], 0, os.SEEK_END)
        os.write(self._descriptors[descriptor], content)

    def _ftruncate(self, _: Call, descriptor: int, length: int) -> None:
        os.ftruncate(self._descriptors[descriptor], length)

    def _replace(self, _: Call, source: Any, target: Any) -> None:
        self._there(source).replace(self._there(target))

    def _unlink(self, _: Call, path: Any) -> None:
        self._there(path).unlink()

    def _close(self, _: Call, descriptor: int) -> None:
        os.close(self._descriptors.pop(descriptor))

    def _nothing(self, *_: object) -> None:
        """Do nothing: what is on the disk after a crash is not looked at here."""


def steps_that_show(run: Written, directory: Path) -> list[int]:
    """Give the numbers of system calls after which a reader can see something else."""
    replay = a_replay(run, directory)
    shown, before = [0], replay.files()
    for made in range(1, len(run.calls) + 1):
        replay.go_on(made)
        if replay.files() != before:
            shown.append(made)
            before = replay.files()
    replay.end()
    return shown


def a_replay(run: Written, directory: Path) -> Replay:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    return Replay(run, directory)


LOOKS = ("open", "stat")
"""How a reader looks at a file, and whether it is still there."""


def between_looks(monkeypatch: pytest.MonkeyPatch, step: Callable[[], object]) -> None:
    """Let something happen before each look of a reader at one of the two files."""

    def look(call: Callable[..., Any], path: Any, *arguments: Any, **options: Any) -> Any:
        if os.fspath(path).endswith((NAME, f"{NAME}.journal")):
            with monkeypatch.context() as unwatched:
                for name, own in own_calls.items():
                    unwatched.setattr(os, name, own)
                step()
        return call(path, *arguments, **options)

    own_calls = {name: getattr(os, name) for name in LOOKS}
    for name, own in own_calls.items():
        monkeypatch.setattr(os, name, functools.partial(look, own))


MOVES = 4
"""How many of a writer's steps are put between those of a reader: a whole save has as many."""

GAPS = 5
"""Between how many looks of a reader; it has three in each try."""


def ways() -> Iterator[tuple[int, ...]]:
    """Give every way to put the moves into the gaps, as the number of moves made at each gap."""
    for moves in range(1, MOVES + 1):
        for gaps in itertools.combinations_with_replacement(range(GAPS), moves):
            yield tuple(bisect.bisect_right(gaps, gap) for gap in range(GAPS))


@pytest.mark.usefixtures("waits")
def test_whatever_a_writer_does_between_the_steps_of_a_reader_it_sees_one_moment(
    memory: Path,
) -> None:
    run = written(memory / "writer")
    shown = steps_that_show(run, memory / "again")
    for begin, way in itertools.product(range(len(shown)), ways()):
        replay = a_replay(run, memory / "again")
        replay.go_on(shown[begin])
        moves = iter(way)

        def step(replay: Replay = replay, moves: Iterator[int] = moves, begin: int = begin) -> None:
            replay.go_on(shown[min(begin + next(moves, MOVES), len(shown) - 1)])

        seen = read_while(step, replay.directory / NAME)
        least = bisect.bisect_right(run.done, shown[begin])
        most = bisect.bisect_left(run.begun, replay.made)
        if seen is None:
            assert least == 0
            assert not (replay.directory / NAME).exists() or begin == 0
        else:
            assert least <= seen <= most, (begin, way)
        replay.end()


def read_while(step: Callable[[], object], path: Path) -> int | None:
    """Read while steps are made; give the number of images, None where there was no file."""
    with pytest.MonkeyPatch.context() as patch:
        between_looks(patch, step)
        try:
            return images_in(path)
        except SnapshotError as error:
            assert f"{path} cannot be read: No such file" in str(error)  # noqa: PT017 - it may raise
            return None


# --- a writer that does not rest -------------------------------------------------------------


def test_a_reader_gives_up_when_the_file_becomes_another_one_during_each_try(
    path: Path, monkeypatch: pytest.MonkeyPatch, waits: list[float]
) -> None:
    database = Database()
    saved = database.snapshot()

    def replace() -> None:
        path.with_suffix(".new").write_bytes(saved)
        path.with_suffix(".new").rename(path)

    replace()
    between_looks(monkeypatch, replace)
    with pytest.raises(SnapshotError, match=f"{path} cannot be read: .* each of 50 tries; read it"):
        database.load(path)

    assert len(waits) == file_pair.TRIES
    assert waits == sorted(waits)
    assert sum(waits) < 5


def test_what_is_refused_and_does_not_change_is_an_error_at_once(
    path: Path, waits: list[float]
) -> None:
    path.write_bytes(Database().snapshot()[:-20])
    with pytest.raises(SnapshotError, match="not as it was written"):
        Database().load(path)

    assert waits == []


def test_a_file_that_is_changed_in_place_meanwhile_is_read_when_it_is_whole(
    path: Path, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database()
    an_image(database)
    whole = database.snapshot()
    contents = iter([whole[:500], whole[:700], whole[:900], whole])
    path.write_bytes(whole[:300])
    read = file_pair._read  # noqa: SLF001 - no system call is made between its two steps

    def read_and_write(*arguments: Any) -> Pair | None:
        pair = read(*arguments)
        path.write_bytes(next(contents, whole))
        return pair

    monkeypatch.setattr(file_pair, "_read", read_and_write)

    assert images_in(path) == 1
    assert waits


def test_nothing_is_parsed_before_both_files_are_read(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse(_: Pair) -> None:
        parsed_at.append(len(looks))

    path.write_bytes(b"{}")
    looks: list[None] = []
    parsed_at: list[int] = []
    between_looks(monkeypatch, lambda: looks.append(None))
    file_pair.parsed(path, journal.beside, 100, parse)

    assert parsed_at == [len(looks)]


def test_a_journal_that_is_a_symbolic_link_is_refused_wherever_it_leads(path: Path) -> None:
    Database().save(path)
    journal.beside(path).symlink_to("nowhere")
    with pytest.raises(SnapshotError, match=r"journal cannot be read: .*symbolic links"):
        Database().load(path)


def test_a_link_is_followed_to_the_snapshot_and_to_the_journal_beside_that(path: Path) -> None:
    with opened(path, "always") as db:
        an_image(db)
        path.with_name("link").symlink_to(path)

        assert database_file.contents(path.with_name("link")).calls == 1


# --- processes that race ---------------------------------------------------------------------

WRITER = """
import itertools, sys
from simple_db import Database
path, rounds, images = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
change = itertools.count(1)
for round in range(rounds):
    with Database.open(path, save="always") as db:
        if not round:
            seed = Database()
            for number in range(images):
                seed.image_create(None, {"id": str(number), "status": "queued", "min_ram": 0})
            db.restore(seed.snapshot())
        for save in range(int(sys.argv[4])):
            number = next(change)
            db.image_update(None, "0", {"min_ram": number})
            print(number, flush=True)
            db.save()
        number = next(change)
        db.image_update(None, "0", {"min_ram": number})
        print(number, flush=True)
"""

ROUNDS = int(os.environ.get("SIMPLE_DB_RACES", "20"))


@pytest.mark.parametrize("saves", [0, 10], ids=["it closes", "it saves"])
def test_a_reader_of_a_file_that_another_process_writes_misses_no_call_that_had_returned(
    path: Path, saves: int
) -> None:
    command = [sys.executable, "-c", WRITER, str(path), str(ROUNDS), "100", str(saves)]
    with subprocess.Popen(  # noqa: S603 - it is our own
        command, cwd=PROJECT, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout is not None
        os.set_blocking(writer.stdout.fileno(), False)
        returned, reads, output = 0, 0, b""
        while writer.poll() is None:
            output = output.rpartition(b"\n")[2] + (writer.stdout.read() or b"")
            returned = int((output.rpartition(b"\n")[0].rpartition(b"\n")[2]) or returned)
            if not returned:
                time.sleep(0.01)
                continue
            database = Database()
            database.load(path)
            assert database.image_get(ADMIN, "0")["min_ram"] >= returned
            reads += 1
    assert writer.returncode == 0
    assert reads > ROUNDS
