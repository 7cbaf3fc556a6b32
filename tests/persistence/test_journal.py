from __future__ import annotations

import errno
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from attrs import evolve, frozen

from simple_db import Database, snapshot
from simple_db.model.errors import ImageNotFound, SnapshotDamaged, SnapshotError, SnapshotTooNew
from simple_db.persistence import journal, json_weight
from tests.support.build import ADMIN, ALICE, a_location, a_member, an_image
from tests.support.disk import Watched, on
from tests.support.kept import FOREVER, on_disk
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from simple_db.persistence.files import System
    from simple_db.persistence.journal import Replayed


CALLS: list[Callable[[Database], object]] = [
    lambda db: an_image(db, "a", name="one", properties={"os": "linux"}),
    lambda db: a_location(db, "a", metadata={"to": [1.5, None]}),
    lambda db: a_member(db, "a"),
    lambda db: db.image_destroy(ALICE, "a"),
]


@frozen
class Kept:
    """A snapshot, its journal, and the states that they lead through.

    Attributes:
        states: The snapshot of the database before the first call, and after each.
    """

    snapshot: bytes
    journal: bytes
    states: list[bytes]

    @property
    def lines(self) -> list[bytes]:
        return self.journal.splitlines(keepends=True)


@pytest.fixture
def db(path: Path) -> Iterator[Database]:
    """Open a database whose calls are on the disk, and nothing is saved unasked."""
    with Database.open(path, save="always", interval=FOREVER, clock=World().now) as database:
        an_image(database, "before")
        database.save()
        yield database


@pytest.fixture
def kept(db: Database, path: Path) -> Kept:
    states = [db.snapshot()]
    for call in CALLS:
        call(db)
        states.append(db.snapshot())
    return Kept(path.read_bytes(), journal.beside(path).read_bytes(), states)


def replayed(kept: Kept, content: bytes) -> Replayed:
    return journal.replayed(snapshot.decoded(kept.snapshot), content)


def state(found: Replayed) -> bytes:
    database = Database()
    database.store.become(found.decoded.cut)
    database.check()
    return database.snapshot()


def with_line(before: bytes, body: bytes | str) -> bytes:
    """Give a journal with one more line, whose sum is right, whatever is in it."""
    body = body.encode() if isinstance(body, str) else body
    last = before.splitlines()[-1]
    chain = json.loads(last).get("sha256") or hashlib.sha256(last).hexdigest()
    sum_ = hashlib.sha256(chain.encode() + body).hexdigest().encode()
    return before + b'{"sha256":"%b",%b\n' % (sum_, body)


# --- format ----------------------------------------------------------------------------------


def test_the_first_line_names_the_snapshot_by_its_checksum(kept: Kept) -> None:
    assert json.loads(kept.lines[0]) == {
        "format": "simple_db journal",
        "version": 1,
        "snapshot": json.loads(kept.snapshot)["sha256"],
    }


def test_a_call_is_a_line_of_rows_as_they_are_then(kept: Kept) -> None:
    created, _, shared, destroyed = map(json.loads, kept.lines[1:])
    tables = json.loads(kept.states[1])["tables"]

    assert created["changes"] == [
        ["images", "a", tables["images"][0]],
        ["image_properties", 1, tables["image_properties"][0]],
    ]
    assert created["next_ids"] == {"image_properties": 2}
    assert [change[:2] for change in shared["changes"]] == [["image_members", 1]]
    assert shared["next_ids"] == {"image_members": 2}
    assert destroyed["next_ids"] == {}
    assert all(row["deleted"] for _, _, row in destroyed["changes"])


def test_a_row_that_is_gone_is_null(db: Database, path: Path) -> None:
    db.reset()
    last = json.loads(journal.beside(path).read_bytes().splitlines()[-1])

    assert last["changes"] == [["images", "before", None]]


def test_a_row_that_came_and_went_in_one_call_is_written_as_removed(
    db: Database, path: Path
) -> None:
    with db.store.writing() as tables:
        image = tables.images.rows["before"]
        tables.images.put(evolve(image, id="brief"))
        tables.images.remove("brief")

    assert json.loads(journal.beside(path).read_bytes().splitlines()[-1])["changes"] == [
        ["images", "brief", None]
    ]
    assert on_disk(path) == db.snapshot()


def test_a_sum_is_of_the_one_before_it_and_of_the_rest_of_its_line(kept: Kept) -> None:
    content = kept.lines[0]
    for line in kept.lines[1:]:
        _, _, body = line.rstrip().partition(b'",')
        content = with_line(content, body)

    assert content == kept.journal


def test_a_call_that_changes_nothing_writes_nothing(db: Database, path: Path) -> None:
    before = journal.beside(path).stat()
    db.image_get_all(ADMIN)
    with pytest.raises(ImageNotFound):
        db.image_update(ADMIN, "missing", {"name": "x"})
    after = journal.beside(path).stat()

    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def test_a_journal_can_be_read_by_its_owner_only(db: Database, path: Path) -> None:
    assert journal.beside(path).stat().st_mode & 0o777 == 0o600


# --- what is not whole -----------------------------------------------------------------------


def test_a_whole_journal_gives_the_state_after_its_last_call(kept: Kept) -> None:
    found = replayed(kept, kept.journal)

    assert (found.calls, found.torn) == (len(CALLS), 0)
    assert state(found) == kept.states[-1]


def test_a_journal_torn_anywhere_holds_the_calls_whose_lines_are_whole(kept: Kept) -> None:
    states = [snapshot.decoded(state).cut for state in kept.states]
    for end in range(len(kept.lines[0]), len(kept.journal)):
        found = replayed(kept, kept.journal[:end])
        whole = kept.journal[:end].count(b"\n") - 1
        torn = end - len(b"".join(kept.lines[: whole + 1]))

        assert (found.calls, found.torn) == (whole, torn)
        assert found.place is not None
        assert found.place.end == end - torn
        assert found.decoded.cut == states[whole]


def test_a_journal_without_its_whole_first_line_is_refused(kept: Kept) -> None:
    for end in range(len(kept.lines[0])):
        with pytest.raises(SnapshotDamaged, match="first line"):
            replayed(kept, kept.journal[:end])


def flips(content: bytes) -> Iterator[bytes]:
    """Give the content with each of its bits as it is not."""
    for place, byte in enumerate(content):
        for bit in range(8):
            yield content[:place] + bytes([byte ^ 1 << bit]) + content[place + 1 :]


def test_every_flip_of_a_bit_is_refused(kept: Kept) -> None:
    for end in (1, len(kept.lines)):
        for flipped in flips(b"".join(kept.lines[:end])):
            with pytest.raises(SnapshotError):
                replayed(kept, flipped)


def test_a_flip_in_a_torn_line_changes_no_call_that_had_returned(kept: Kept) -> None:
    whole = b"".join(kept.lines[:-1])
    for flipped in flips(kept.lines[-1][:100]):
        try:
            found = replayed(kept, whole + flipped)
        except SnapshotDamaged:
            assert b"\n" in flipped
        else:
            assert found.calls == len(CALLS) - 1


def test_a_line_that_is_left_out_or_there_twice_or_in_another_place_is_refused(kept: Kept) -> None:
    lines = kept.lines
    for number in range(1, len(lines)):
        wrong = [(lines[: number + 1] + lines[number:], f"line {number + 2} ")]
        if number < len(lines) - 1:
            first, second, *rest = lines[number:]
            wrong.append(([*lines[:number], second, *rest], f"line {number + 1} .* is missing"))
            wrong.append(([*lines[:number], second, first, *rest], f"line {number + 1} "))
        for content, why in wrong:
            with pytest.raises(SnapshotDamaged, match=why):
                replayed(kept, b"".join(content))


def test_a_line_of_another_journal_is_refused(kept: Kept, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    with Database.open(other, save="always", interval=FOREVER, clock=World().now) as db:
        for call in CALLS:
            call(db)
        lines = journal.beside(other).read_bytes().splitlines(keepends=True)
    with pytest.raises(SnapshotDamaged, match="line 3 "):
        replayed(kept, b"".join([*kept.lines[:2], lines[2]]))


def test_a_journal_of_another_snapshot_is_refused(kept: Kept) -> None:
    with pytest.raises(SnapshotError, match="belongs to another snapshot"):
        journal.replayed(snapshot.decoded(Database().snapshot()), kept.journal)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"{",
        b'{"format":"simple_db","version":1}',
        b'{"format":"simple_db journal"}',
        b'{"format":"simple_db journal","version":true}',
        b'{"format":"simple_db journal","version":0}',
    ],
)
def test_what_does_not_begin_as_a_journal_is_none(kept: Kept, line: bytes) -> None:
    with pytest.raises(SnapshotDamaged, match="line 1 of the journal"):
        replayed(kept, line + b"\n")


def test_a_journal_of_a_later_version_is_refused_with_both_versions(kept: Kept) -> None:
    later = kept.journal.replace(b'"version":1', b'"version":2', 1)
    with pytest.raises(SnapshotTooNew, match=r"has version 2, .* reads version 1"):
        replayed(kept, later)


# --- what no database can hold ---------------------------------------------------------------


def test_to_replay_twice_changes_nothing(kept: Kept) -> None:
    once = replayed(kept, kept.journal)
    twice = journal.replayed(once.decoded, kept.journal)

    assert twice.decoded == once.decoded
    assert state(twice) == kept.states[-1]


def test_a_journal_from_before_and_behind_a_snapshot_leads_to_the_same_state(kept: Kept) -> None:
    for number, made in enumerate(kept.states):
        checksum = json.loads(made)["sha256"]
        content = b"".join(kept.lines[: number + 1])
        content = with_line(content, f'"snapshot":"{checksum}"}}')
        for line in kept.lines[number + 1 :]:
            content = with_line(content, line.rstrip().partition(b'",')[2])
        for beginning in (kept.snapshot, made):
            found = journal.replayed(snapshot.decoded(beginning), content)
            assert state(found) == kept.states[-1]


def an_image_row(kept: Kept, **columns: Any) -> dict[str, Any]:
    row: dict[str, Any] = json.loads(kept.states[1])["tables"]["images"][0]
    return row | columns


@pytest.mark.parametrize(
    ("columns", "named"),
    [
        ({"size": "large"}, "images.size"),
        ({"status": "odd"}, "images.status"),
        ({"created_at": "yesterday"}, "images.created_at"),
        ({"min_disk": None}, "images.min_disk"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_row_that_no_table_can_hold_is_refused_with_line_row_and_column(
    kept: Kept, columns: dict[str, Any], named: str
) -> None:
    good, bad = an_image_row(kept, id="b"), an_image_row(kept, **columns)
    changes = [["images", "b", good], ["images", "a", bad]]
    body = json.dumps({"changes": changes, "next_ids": {}})[1:]
    with pytest.raises(SnapshotError, match=rf"line 6 of the journal: images, row 2.*{named}"):
        replayed(kept, with_line(kept.journal, body))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('"changes":[["pictures","a",null]],"next_ids":{}}', "not a commit: .*pictures"),
        ('"changes":[["images","a"]],"next_ids":{}}', "not a commit"),
        ('"changes":[["images",{},null]],"next_ids":{}}', "not a commit"),
        ('"changes":[["images","a",[]]],"next_ids":{}}', "images, row 1: .*object"),
        ('"changes":1,"next_ids":{}}', "not a commit"),
        ('"changes":[],"next_ids":[]}', "not a commit"),
        ('"changes":[]}', "not a commit: .*next_ids"),
        ('"next_ids":{}}', "not a commit: .*changes"),
        ('"changes":[],"next_ids":{"images":2}}', "not a commit: .*images"),
        ('"changes":[],"next_ids":{"image_tags":"2"}}', "image_tags must be a positive integer"),
        ('"changes":[],"next_ids":{"image_tags":0}}', "image_tags must be a positive integer"),
        ("[]}", "not JSON"),
        ('"changes":' + "[" * 2000 + "]" * 2000 + "}", "not JSON"),
    ],
)
def test_a_line_that_is_no_commit_is_refused_with_its_number(
    kept: Kept, body: str, why: str
) -> None:
    with pytest.raises(SnapshotError, match=f"line 6 of the journal.*{why}"):
        replayed(kept, with_line(kept.journal, body))


@pytest.mark.parametrize("key", ["changes", "next_ids"])
def test_a_line_of_too_many_values_is_refused_before_it_is_parsed(
    kept: Kept, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def loads(text: bytes) -> Any:
        assert len(text) < 100_000, "it was parsed"
        return parse(text)

    parse = orjson.loads
    monkeypatch.setattr(orjson, "loads", loads)
    body = f'"{key}":[' + "[]," * 500_000 + "[]]}"
    with pytest.raises(SnapshotError, match=r"line 6 of the journal: .*too many values"):
        replayed(kept, with_line(kept.journal, body))


def test_any_number_of_calls_with_many_small_values_are_replayed(db: Database, path: Path) -> None:
    small_values: Any = {"many": [{} for _ in range(10_000)]}
    location = {"url": "a", "metadata": small_values, "status": "active"}
    for _ in range(40):
        db.image_location_add(ADMIN, "before", location)

    assert json_weight.is_heavy(journal.beside(path).read_bytes())
    assert on_disk(path) == db.snapshot()


def test_a_row_under_the_id_of_another_is_refused(kept: Kept) -> None:
    body = json.dumps({"changes": [["images", "b", an_image_row(kept)]], "next_ids": {}})[1:]
    with pytest.raises(SnapshotError, match=r"line 6 .*images, row 1: its id is not 'b'"):
        replayed(kept, with_line(kept.journal, body))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('"changes":[["images","a",null]],"next_ids":{}}', "no row of images has that id"),
        ('"changes":[],"next_ids":{"image_members":1}}', "counters: image_members is 1"),
    ],
)
def test_lines_that_add_up_to_no_database_are_refused(kept: Kept, body: str, why: str) -> None:
    with pytest.raises(SnapshotError, match=why):
        replayed(kept, with_line(kept.journal, body))


# --- a disk that fails -----------------------------------------------------------------------

CALLS_OF_AN_APPEND = ["write", "fsync"]
CALLS_OF_CUTTING_OFF = ["ftruncate", "fsync", "open", "fsync", "close"]
FAULTS = [OSError(number, os.strerror(number)) for number in (errno.ENOSPC, errno.EIO)]
NO_SPACE = FAULTS[0]


def names(watched: Watched) -> list[str]:
    return [call.name for call in watched.calls]


def test_an_append_is_one_write_and_one_fsync(db: Database, path: Path) -> None:
    with on(watched := Watched()):
        an_image(db)

    assert names(watched) == CALLS_OF_AN_APPEND
    assert on_disk(path) == db.snapshot()


def test_a_write_that_takes_a_part_is_gone_on_with(db: Database, path: Path) -> None:
    with on(Watched(write_at_most=7)):
        an_image(db)

    assert on_disk(path) == db.snapshot()


def check_after_failure(db: Database, path: Path, state: bytes, content: bytes) -> None:
    """Check that the call has left no trace, and that later calls are made."""
    assert db.snapshot() == state
    db.check()
    assert journal.beside(path).read_bytes() == content
    an_image(db, "later")
    assert on_disk(path) == db.snapshot()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: errno.errorcode[fault.errno])
@pytest.mark.parametrize("number", range(len(CALLS_OF_AN_APPEND)))
@pytest.mark.parametrize("done", [False, True])
def test_a_call_that_cannot_be_written_leaves_no_trace(
    db: Database, path: Path, fault: OSError, number: int, done: bool
) -> None:
    state, content = db.snapshot(), journal.beside(path).read_bytes()
    with (
        on(watched := Watched(number, fault, done=done)),
        pytest.raises(SnapshotError, match=f"the call is rolled back: {fault.strerror}"),
    ):
        an_image(db)

    assert names(watched)[-5:] == CALLS_OF_CUTTING_OFF
    check_after_failure(db, path, state, content)


@pytest.mark.parametrize("number", range(len(CALLS_OF_AN_APPEND)))
@pytest.mark.parametrize("done", [False, True])
def test_an_interrupted_call_leaves_no_trace(
    db: Database, path: Path, number: int, done: bool
) -> None:
    state, content = db.snapshot(), journal.beside(path).read_bytes()
    with on(Watched(number, KeyboardInterrupt(), done=done)), pytest.raises(KeyboardInterrupt):
        an_image(db)

    check_after_failure(db, path, state, content)


def test_a_call_that_is_interrupted_behind_its_line_leaves_no_trace(
    db: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    state, content = db.snapshot(), journal.beside(path).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr("simple_db.store._log_rows", interrupt)
        with pytest.raises(KeyboardInterrupt):
            an_image(db)

    check_after_failure(db, path, state, content)


@pytest.mark.parametrize("number", range(len(CALLS_OF_CUTTING_OFF)))
@pytest.mark.parametrize("fault", [NO_SPACE, KeyboardInterrupt()], ids=repr)
def test_a_line_that_could_not_be_cut_off_is_cut_off_before_the_next_call(
    db: Database,
    path: Path,
    fault: BaseException,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = db.snapshot()
    with on(Watched(number, fault)), monkeypatch.context() as patch:
        patch.setattr("simple_db.persistence.files.write_all", fails_half_way)
        with pytest.raises((SnapshotError, KeyboardInterrupt)):
            an_image(db)
    assert db.snapshot() == state
    an_image(db, "later")

    assert on_disk(path) == db.snapshot()


def fails_half_way(descriptor: int, content: bytes, _: object) -> None:
    os.write(descriptor, content[: len(content) // 2])
    raise NO_SPACE


def fail(*_: object) -> None:
    raise NO_SPACE


def test_while_the_disk_does_not_recover_calls_are_refused_and_reads_answered(
    db: Database, path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    state = db.snapshot()
    with monkeypatch.context() as patch:
        patch.setattr("simple_db.persistence.files.write_all", fails_half_way)
        patch.setattr("simple_db.persistence.files.SYSTEM.ftruncate", fail)
        with pytest.raises(SnapshotError, match="the call is rolled back"):
            an_image(db)
        for call in (lambda: an_image(db), lambda: an_image(db), db.save):
            with pytest.raises(SnapshotError, match="that change something are refused until"):
                call()
        assert len(db.image_get_all(ADMIN)) == 1
    assert "No space left" in caplog.text
    assert db.snapshot() == on_disk(path) == state
    an_image(db, "later")
    assert on_disk(path) == db.snapshot()


@pytest.mark.parametrize("written", ["all", "half", "nothing"])
def test_a_rolled_back_call_that_cannot_be_cut_off_is_left_out_by_the_next_opening(
    db: Database, path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    def write_some(descriptor: int, content: bytes, system: System) -> None:
        ends = {"all": len(content), "half": len(content) // 2, "nothing": 0}
        os.write(descriptor, content[: ends[written]])
        system.fsync(descriptor)

    state = db.snapshot()
    with monkeypatch.context() as patch:
        patch.setattr("simple_db.persistence.files.write_all", write_some)
        for call in ("fsync", "ftruncate"):
            patch.setattr(f"simple_db.persistence.files.SYSTEM.{call}", fail)
        with pytest.raises(
            SnapshotError, match=r"the call is rolled back: No space left on device$"
        ):
            an_image(db, "refused")
        assert on_disk(path) == db.snapshot() == state
    an_image(db, "later")
    assert on_disk(path) == db.snapshot()


def test_a_rolled_back_call_that_can_be_neither_cut_off_nor_marked_is_reported(
    db: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = db.snapshot()
    with monkeypatch.context() as patch:
        for call in ("fsync", "ftruncate", "pwrite"):
            patch.setattr(f"simple_db.persistence.files.SYSTEM.{call}", fail)
        with pytest.raises(SnapshotError, match="the call may be there when the file is opened"):
            an_image(db, "refused")
        assert db.snapshot() == state
        assert on_disk(path) != state
    an_image(db, "later")
    assert on_disk(path) == db.snapshot()


def test_a_mark_on_another_line_than_a_whole_last_one_is_damage(kept: Kept) -> None:
    def marked(*numbers: int) -> bytes:
        return b"".join(
            b"-" + line[1:] if number in numbers else line for number, line in enumerate(kept.lines)
        )

    last = len(kept.lines) - 1
    found = replayed(kept, marked(last))
    assert (found.calls, found.torn) == (last - 1, len(kept.lines[last]))
    assert state(found) == kept.states[-2]
    for number in range(last):
        for numbers in ((number,), (number, last)):
            with pytest.raises(SnapshotDamaged):
                replayed(kept, marked(*numbers))
    with pytest.raises(SnapshotDamaged):
        replayed(kept, marked(last).replace(b"deleted", b"deletes"))


@pytest.mark.parametrize("instead", [None, b"", b"something else"])
def test_a_journal_that_somebody_takes_away_is_written_anew(
    db: Database, path: Path, instead: bytes | None
) -> None:
    an_image(db)
    journal.beside(path).unlink()
    if instead is not None:
        journal.beside(path).write_bytes(instead)
    an_image(db)

    assert on_disk(path) == db.snapshot()


def test_a_journal_that_cannot_be_begun_is_an_error(path: Path) -> None:
    with on(Watched(0, NO_SPACE)), pytest.raises(SnapshotError, match="journal cannot be written"):
        journal.create(journal.beside(path), "", [])

    assert list(path.parent.iterdir()) == []


def test_a_journal_that_cannot_be_gone_on_with_is_an_error(path: Path) -> None:
    with pytest.raises(SnapshotError, match="journal cannot be written: No such file"):
        journal.go_on(journal.beside(path), journal.Place(0, ""))


def test_a_journal_is_beside_the_file_that_a_link_leads_to(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to("deep/glance.json")

    assert journal.beside(tmp_path / "link.json") == tmp_path / "deep" / "glance.json.journal"
