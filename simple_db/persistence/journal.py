"""A journal: what calls have changed since a snapshot was written, each on the disk before it ends.

It lies beside the snapshot, as ``NAME.journal``, one JSON object a line::

    {"format":"simple_db journal","version":1,"snapshot":SEAL}
    {"sha256":"...","changes":[[TABLE,ID,ROW],...],"next_ids":{TABLE:NEXT,...}}
    {"sha256":"...","snapshot":SEAL}

The first line names the snapshot that the journal begins with, by its seal; a line of a commit has
each changed row as it is then, null where it is gone; and a line of the third kind comes before a
new snapshot takes the place of the old one, which holds what is above that line. So a crash between
a new snapshot and its new journal does no harm: rows are told as they are, and to tell them again
changes nothing. A line's SHA-256 is of the one before it and of the rest of the line, so that lines
can be neither changed, nor left out, nor put in another order. A last line that begins with ``-``
in place of ``{`` is of a call that was refused, where the disk did not let the line be cut off.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from attrs import evolve, frozen

from simple_db.model.errors import SnapshotDamaged, SnapshotError, SnapshotMismatch, SnapshotTooNew
from simple_db.model.records import RECORDS, counts_ids, key_of
from simple_db.model.values import shown
from simple_db.persistence import decoding, files, json_weight
from simple_db.persistence.encoding import row_line
from simple_db.persistence.layout import MAX_BYTES
from simple_db.store import Cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simple_db.model.records import Record
    from simple_db.persistence.decoding import Decoded
    from simple_db.store import Commit

LOG = logging.getLogger(__name__)

FORMAT = "simple_db journal"
VERSION = 1

_LINE = re.compile(rb'\{"sha256":"([0-9a-f]{64})",(.*)', re.DOTALL)
_ANNOUNCED = re.compile(rb'"snapshot":"([0-9a-f]*)"\}')
_SUM_WIDTH = len(b'{"sha256":"",') + 64


def _announcement(seal: str) -> bytes:
    return b'"snapshot":"%b"}' % seal.encode()


# A save announces its snapshot before it puts the journal away, so a commit leaves room for that.
_ANNOUNCEMENT_WIDTH = _SUM_WIDTH + len(_announcement("0" * 64)) + len("\n")
# Takes the place of the first byte of a line that was refused and could not be cut off.
_MARK = b"-"
_RECORDS = {record.table: record for record in RECORDS}
# What a commit begins with; a heavy one is heavy by what JSON-valued columns of its rows hold.
_CHANGES = re.compile(rb'"changes":\[\["(?:%b)",' % b"|".join(map(str.encode, _RECORDS)))
_MOST = 4
"""How many bytes of memory each byte of another line may take."""
_COUNTING = {table: record for table, record in _RECORDS.items() if counts_ids(record)}


def beside(path: files.Name) -> Path:
    """Return where the journal of a snapshot file is."""
    return Path(f"{files.named(path)}.journal")


@frozen
class Place:
    """A place in a journal: how many bytes are before it, and the sum of the line before it."""

    end: int
    chain: str


@frozen
class Replayed:
    """A snapshot with what its journal adds.

    Attributes:
        decoded: The snapshot, with the tables as its journal leaves them.
        calls: How many calls the journal adds.
        torn: How many bytes of a last line there are that was not written to its end.
        place: Where the last whole line ends; None where there is no journal.
    """

    decoded: Decoded
    calls: int = 0
    torn: int = 0
    place: Place | None = None


# --- reading ---------------------------------------------------------------------------------


def replayed(snapshot: Decoded, journal: bytes) -> Replayed:
    """Return what a snapshot and its journal hold together.

    A last line without its end is left out, and one that is marked: the call that wrote it had not
    returned, or was refused.

    Raises:
        SnapshotTooNew: the journal has a format of a later release.
        SnapshotDamaged: a line of it is not as it was written.
        SnapshotMismatch: the journal belongs to another snapshot.
        SnapshotError: the journal adds up to no database.
    """
    checksums, place = _checked(journal)
    if snapshot.checksum not in checksums:
        raise SnapshotMismatch(
            "the journal belongs to another snapshot than the one beside it: put back the snapshot "
            "that it belongs to, or move the journal away if its calls are not to count"
        )
    cut, calls = _with(snapshot.cut, journal[: place.end])
    return Replayed(evolve(snapshot, cut=cut), calls, len(journal) - place.end, place)


def _checked(journal: bytes) -> tuple[list[Any], Place]:
    """Return the seals of the snapshots that a journal has gone with, and where it ends.

    Its lines are as they were written then; what commits hold is not looked at.
    """
    lines = _lines(journal)
    number, first = next(lines, (0, b""))
    if not number:
        raise SnapshotDamaged("the journal lacks its first line: it was torn, or edited")
    seals = [_first_seal(first)]
    place = Place(len(first) + 1, _sum(b"", first))
    for number, line in lines:
        body = _body(place, line)
        if body is None and _is_refused(place, line) and next(lines, None) is None:
            break
        if body is None:
            raise SnapshotDamaged(
                f"line {number} of the journal is not as it was written, "
                "or one before it is missing"
            )
        place = Place(place.end + len(line) + 1, _sum(place.chain.encode(), body))
        if announced := _ANNOUNCED.fullmatch(body):
            seals.append(announced[1].decode())
    _check_torn(place, journal[place.end :], number + 1)
    return seals, place


def _lines(journal: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the number and the text of each line that has an end, one after the other."""
    begin = 0
    for number in itertools.count(1):
        end = journal.find(b"\n", begin)
        if end < 0:
            return
        yield number, journal[begin:end]
        begin = end + 1


def _first_seal(line: bytes) -> Any:
    _check_weight(line, 1)
    header = _parsed(line, 1)
    version = header.get("version")
    if header.get("format") != FORMAT or type(version) is not int or version < 1:
        raise SnapshotDamaged("line 1 of the journal is not the first line of one")
    if version > VERSION:
        raise SnapshotTooNew(
            f"the journal has version {version}, and this release of simple_db reads "
            f"version {VERSION}: open it with the release that wrote it, or a later one"
        )
    return header.get("snapshot")


def _body(place: Place, line: bytes) -> bytes | None:
    """Return a line without its sum, or None where that is not the sum of the line there."""
    parts = _LINE.fullmatch(line)
    if parts is None or parts[1].decode() != _sum(place.chain.encode(), parts[2]):
        return None
    return parts[2]


def _is_refused(place: Place, line: bytes) -> bool:
    return line.startswith(_MARK) and _body(place, b"{" + line[1:]) is not None


def _check_torn(place: Place, torn: bytes, number: int) -> None:
    if torn and _body(place, torn[:-1]) is not None:
        raise SnapshotDamaged(f"line {number} of the journal is whole, but for how it ends")


def _check_weight(line: bytes, number: int) -> None:
    """Check that a line that can be no commit of many rows does not cost much to be parsed."""
    if json_weight.is_heavy(line, _MOST):
        raise SnapshotError(f"line {number} of the journal: {json_weight.refusal(line, _MOST)}")


def _parsed(line: bytes, number: int) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise SnapshotDamaged(f"line {number} of the journal is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise SnapshotDamaged(f"line {number} of the journal is no JSON object")
    return found


def _with(cut: Cut, journal: bytes) -> tuple[Cut, int]:
    """Return a cut with the commits of a journal, and how many those are."""
    rows = {record: dict(held) for record, held in cut.rows.items()}
    next_ids = dict(cut.next_ids)
    calls = 0
    # Of each line only the rows are kept: what else it holds must not add up.
    for number, line in itertools.islice(_lines(journal), 1, None):
        if _ANNOUNCED.fullmatch(line, _SUM_WIDTH):
            continue
        if not _CHANGES.match(line, _SUM_WIDTH):
            _check_weight(line, number)
        commit = _parsed(line, number)
        try:
            for change, (table, key, row) in enumerate(commit["changes"], 1):
                _change(rows[_RECORDS[table]], _RECORDS[table], key, row, change)
            for table, next_id in commit["next_ids"].items():
                next_ids[_COUNTING[table]] = decoding.next_id_of(_COUNTING[table], next_id)
        except SnapshotError as error:
            raise SnapshotError(f"line {number} of the journal: {error}") from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise SnapshotError(
                f"line {number} of the journal is no commit: {shown(error)}"
            ) from error
        calls += 1
    changed = Cut(rows, next_ids)
    decoding.check(changed)
    return changed, calls


def _change(rows: dict[Any, Any], record: type[Record], key: Any, row: Any, number: int) -> None:
    key = tuple(key) if isinstance(key, list) else key
    if row is None:
        rows.pop(key, None)
        return
    changed = decoding.record_of(record, row, number)
    if key_of(changed) != key:
        raise SnapshotError(f"{record.table}, row {number}: it is not that of {shown(key)}")
    rows[key_of(changed)] = changed


def _sum(before: bytes, text: bytes) -> str:
    return hashlib.sha256(before + text).hexdigest()


# --- writing ---------------------------------------------------------------------------------


class Journal:
    """A journal that is open for writing.

    What is before `end` counts, and nothing else: a line is first brought to the disk, and then one
    assignment puts `end` behind it. Where a write has failed, or an exception has come between,
    nobody knows what the file holds behind `end`; so it is cut off there before the next write, and
    written anew if it is not the file at its path any more.
    """

    def __init__(
        self,
        path: Path,
        descriptor: int,
        place: Place,
        max_bytes: int = MAX_BYTES,
        system: files.System = files.SYSTEM,
    ) -> None:
        self._path = path
        self._descriptor = descriptor
        self._place = place
        self._max_bytes = max_bytes
        self._system = system
        self._is_right = False
        self._problem = ""
        self._put_right()

    @property
    def end(self) -> Place:
        """Where the last line ends that counts."""
        return self._place

    def append(self, commit: Commit) -> None:
        """Write a commit to the disk.

        Raises:
            SnapshotError: it cannot be written; it does not count.
        """
        self._write(commit_body(commit), room=_ANNOUNCEMENT_WIDTH)

    def announce(self, seal: str) -> None:
        """Write that a snapshot of this seal is to take the place of the one before.

        Raises:
            SnapshotError: it cannot be written.
        """
        self._write(_announcement(seal))

    def retract(self, end: Place) -> None:
        """End where it ended before, whatever was written or begun since; it may come twice."""
        if self._place != end:
            self._is_right = False
            self._place = end
        if not self._is_right and not self._put_right() and not self._mark():
            LOG.error("%s: a call that was refused may count when the file is opened", self._path)

    def since(self, end: Place) -> list[bytes]:
        """Return the commits behind a place, each as the body of its line.

        Raises:
            SnapshotError: the file cannot be read.
        """
        try:
            lines = self._read(end.end).splitlines()
        except OSError as error:
            raise SnapshotError(f"{self._path} cannot be read: {error.strerror}") from error
        bodies = [line[_SUM_WIDTH:] for line in lines]
        return [body for body in bodies if body.startswith(b'"changes"')]

    def close(self) -> None:
        """Close the file; it stays."""
        with contextlib.suppress(OSError):  # every line that counts is on the disk
            self._system.close(self._descriptor)

    def _write(self, body: bytes, room: int = 0) -> None:
        """Write a line, if so many bytes can follow it within the bound."""
        if not self._is_ready():
            raise SnapshotError(
                f"{self._path} cannot be written, and no call counts until it can: {self._problem}"
            )
        chain = _sum(self._place.chain.encode(), body)
        line = b'{"sha256":"%b",%b\n' % (chain.encode(), body)
        if self._place.end + len(line) + room > self._max_bytes:
            raise SnapshotError(
                f"{self._path} is not read with more than {self._max_bytes} bytes: put it into the "
                "snapshot with save(), or open the file with a larger max_bytes"
            )
        self._is_right = False
        try:
            files.write_all(self._descriptor, line, self._system)
            self._system.fsync(self._descriptor)
        except OSError as error:
            raise self._unwritten(error) from error
        self._place = Place(self._place.end + len(line), chain)
        self._is_right = True

    def _is_ready(self) -> bool:
        try:
            if self._is_right and files.is_at(self._descriptor, self._path):
                return True
        except OSError as error:
            LOG.error("%s: %s", self._path, error.strerror)  # noqa: TRY400 - one line is enough
        return self._put_right()

    def _unwritten(self, error: OSError) -> SnapshotError:
        """Take back what was written of a line, and return the error that says how it went."""
        reason = f"{self._path} cannot be written, so the call does not count: {error.strerror}"
        if self._put_right() or self._mark():
            return SnapshotError(reason)
        return SnapshotError(
            f"{reason}. What was written of it cannot be taken back either: if this process ends "
            "before a later call or a save succeeds, the call may count when the file is opened"
        )

    def _put_right(self) -> bool:
        """Let the file end where the last line does that counts; return whether it does."""
        self._is_right = False
        try:
            if not files.is_at(self._descriptor, self._path):
                self._write_anew()
            self._system.ftruncate(self._descriptor, self._place.end)
            os.lseek(self._descriptor, self._place.end, os.SEEK_SET)
            self._system.fsync(self._descriptor)
            files.sync_directory(self._path.parent, self._system)
        except OSError as error:
            self._problem = files.why(error)
            LOG.error("%s: %s", self._path, self._problem)  # noqa: TRY400 - one line is enough
            return False
        self._is_right = True
        return True

    def _mark(self) -> bool:
        """Mark what is behind the last line that counts, if it cannot be cut off."""
        try:
            if os.pread(self._descriptor, 1, self._place.end):
                self._system.pwrite(self._descriptor, _MARK, self._place.end)
        except OSError as error:
            LOG.error("%s: %s", self._path, error.strerror)  # noqa: TRY400 - one line is enough
            return False
        return True

    def _write_anew(self) -> None:
        content = self._read(0)
        before, self._descriptor = (
            self._descriptor,
            files.begin(self._path, [content], self._system),
        )
        self._system.close(before)

    def _read(self, start: int) -> bytes:
        """Return what counts from there on."""
        content = files.read_at(self._descriptor, start, self._place.end - start)
        if start + len(content) < self._place.end:
            raise OSError(errno.EIO, "the file is shorter than what was written to it")
        return content


def create(
    path: Path,
    seal: str,
    bodies: list[bytes],
    max_bytes: int = MAX_BYTES,
    system: files.System = files.SYSTEM,
) -> Journal:
    """Return a new journal of a snapshot, in the place of the one that is there, if any.

    Raises:
        SnapshotError: it cannot be written; the one before is there.
    """
    header = {"format": FORMAT, "version": VERSION, "snapshot": seal}
    lines = [orjson.dumps(header)]
    chain = _sum(b"", lines[0])
    for body in bodies:
        chain = _sum(chain.encode(), body)
        lines.append(b'{"sha256":"%b",%b' % (chain.encode(), body))
    content = b"\n".join([*lines, b""])
    try:
        descriptor = files.begin(path, [content], system)
    except OSError as error:
        raise SnapshotError(f"{path} cannot be written: {error.strerror}") from error
    return Journal(path, descriptor, Place(len(content), chain), max_bytes, system)


def go_on(
    path: Path,
    place: Place,
    max_bytes: int = MAX_BYTES,
    system: files.System = files.SYSTEM,
) -> Journal:
    """Return a journal that is there, from a place on; what is behind it is cut off.

    Raises:
        SnapshotError: it cannot be opened.
    """
    try:
        descriptor = system.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0)
    except OSError as error:
        raise SnapshotError(f"{path} cannot be written: {error.strerror}") from error
    return Journal(path, descriptor, place, max_bytes, system)


def commit_body(commit: Commit) -> bytes:
    """Return the line of a commit without its sum."""
    changes = b",".join(
        b"[%b,%b,%b]"
        % (
            orjson.dumps(change.record.table),
            orjson.dumps(change.row_id),
            b"null" if change.row is None else row_line(change.row),
        )
        for change in commit.changes
    )
    next_ids = {record.table: next_id for record, next_id in commit.next_ids.items()}
    return b'"changes":[%b],"next_ids":%b}' % (changes, orjson.dumps(next_ids))
