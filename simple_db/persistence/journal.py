"""The journal: a file of the commits since a snapshot, each on the disk before its call returns.

It lies beside the snapshot, as ``NAME.journal``, one JSON object a line::

    {"format":"simple_db journal","version":1,"snapshot":CHECKSUM}
    {"sha256":"...","changes":[[TABLE,ID,ROW],...],"next_ids":{TABLE:NEXT,...}}
    {"sha256":"...","snapshot":CHECKSUM}

The first line names the snapshot that the journal begins with, by its checksum. A line of the
second kind is a commit: each changed row as it is then, null where it was removed. A line of the
third kind announces a snapshot: it is written before a new snapshot, which has all commits above
the line, replaces the old one. A crash may come between the new snapshot and its new journal. Then
the old journal lies beside the new snapshot; its announcement says that the two belong together,
and to replay its commits again changes nothing, for each has whole rows and not what differs.

The SHA-256 of a line is of the one before it and of the rest of the line, so that no line can be
changed, left out, or moved without notice. A last line that begins with ``-`` in place of ``{`` is
of a call that was rolled back, where the disk did not let the line be cut off.
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


def _announcement(checksum: str) -> bytes:
    return b'"snapshot":"%b"}' % checksum.encode()


# A commit leaves room for an announcement, so that a full journal can still be put into a snapshot.
_ANNOUNCEMENT_WIDTH = _SUM_WIDTH + len(_announcement("0" * 64)) + len("\n")
# Replaces the first byte of the line of a call that was rolled back, if it cannot be cut off.
_MARK = b"-"
_RECORDS = {record.table: record for record in RECORDS}
# What a commit begins with; its rows may have JSON-valued columns, and take much memory parsed.
_CHANGES = re.compile(rb'"changes":\[\["(?:%b)",' % b"|".join(map(str.encode, _RECORDS)))
_MOST = 4
"""How many bytes of memory each byte of any other line may take."""
_COUNTING = {table: record for table, record in _RECORDS.items() if counts_ids(record)}


def beside(path: files.Name) -> Path:
    """Return where the journal of a snapshot file is."""
    return Path(f"{files.named(path)}.journal")


@frozen
class Place:
    """Where a line of a journal ends.

    Attributes:
        end: The number of bytes up to there.
        chain: The SHA-256 of the line, which that of the next line is made of.
    """

    end: int
    chain: str


@frozen
class Replayed:
    """A snapshot with what its journal adds.

    Attributes:
        decoded: The snapshot, with the tables as its journal leaves them.
        calls: The number of commits of the journal.
        torn: The number of bytes of a last line that was not written to its end.
        place: Where the last complete line ends; None where there is no journal.
    """

    decoded: Decoded
    calls: int = 0
    torn: int = 0
    place: Place | None = None


# --- reading ---------------------------------------------------------------------------------


def replayed(snapshot: Decoded, journal: bytes) -> Replayed:
    """Return a snapshot with the commits of its journal.

    A last line that has no end, or that is marked, is left out: its call had not returned, or was
    rolled back.

    Raises:
        SnapshotTooNew: the journal has a format of a later release.
        SnapshotDamaged: a line of it is not as it was written.
        SnapshotMismatch: the journal belongs to another snapshot.
        SnapshotError: a commit is none, or breaks a rule of the tables.
    """
    checksums, place = _checked(journal)
    if snapshot.checksum not in checksums:
        raise SnapshotMismatch(
            "the journal belongs to another snapshot than the one beside it: put back the snapshot "
            "that it belongs to, or move the journal away to do without its calls"
        )
    cut, calls = _with(snapshot.cut, journal[: place.end])
    return Replayed(evolve(snapshot, cut=cut), calls, len(journal) - place.end, place)


def _checked(journal: bytes) -> tuple[list[Any], Place]:
    """Return the checksums of the snapshots that a journal belongs to, and where it ends.

    Every line is checked to be as it was written; the commits are not parsed.
    """
    lines = _lines(journal)
    number, first = next(lines, (0, b""))
    if not number:
        raise SnapshotDamaged("the journal has no first line: it was torn, or edited")
    checksums = [_first_checksum(first)]
    place = Place(len(first) + 1, _sum(b"", first))
    for number, line in lines:
        body = _body(place, line)
        if body is None and _is_marked(place, line) and next(lines, None) is None:
            break
        if body is None:
            raise SnapshotDamaged(
                f"line {number} of the journal is not as it was written, "
                "or one before it is missing"
            )
        place = Place(place.end + len(line) + 1, _sum(place.chain.encode(), body))
        if announced := _ANNOUNCED.fullmatch(body):
            checksums.append(announced[1].decode())
    _check_torn(place, journal[place.end :], number + 1)
    return checksums, place


def _lines(journal: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the number and the text of each line that has an end, one after the other."""
    begin = 0
    for number in itertools.count(1):
        end = journal.find(b"\n", begin)
        if end < 0:
            return
        yield number, journal[begin:end]
        begin = end + 1


def _first_checksum(line: bytes) -> Any:
    _check_weight(line, 1)
    header = _parsed(line, 1)
    version = header.get("version")
    if header.get("format") != FORMAT or type(version) is not int or version < 1:
        raise SnapshotDamaged("line 1 of the journal is not that of a journal")
    if version > VERSION:
        raise SnapshotTooNew(
            f"the journal has version {version}, and this release of simple_db reads "
            f"version {VERSION}: open it with the release that wrote it, or a later one"
        )
    return header.get("snapshot")


def _body(place: Place, line: bytes) -> bytes | None:
    """Return a line without its SHA-256; None if that is wrong for a line at this place."""
    parts = _LINE.fullmatch(line)
    if parts is None or parts[1].decode() != _sum(place.chain.encode(), parts[2]):
        return None
    return parts[2]


def _is_marked(place: Place, line: bytes) -> bool:
    return line.startswith(_MARK) and _body(place, b"{" + line[1:]) is not None


def _check_torn(place: Place, torn: bytes, number: int) -> None:
    if torn and _body(place, torn[:-1]) is not None:
        raise SnapshotDamaged(f"line {number} of the journal is complete, but for its newline")


def _check_weight(line: bytes, number: int) -> None:
    """Check that a line that is no commit does not take much memory when it is parsed."""
    if json_weight.is_heavy(line, _MOST):
        raise SnapshotError(f"line {number} of the journal: {json_weight.refusal(line, _MOST)}")


def _parsed(line: bytes, number: int) -> dict[str, Any]:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise SnapshotDamaged(f"line {number} of the journal is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise SnapshotDamaged(f"line {number} of the journal is not a JSON object")
    return found


def _with(cut: Cut, journal: bytes) -> tuple[Cut, int]:
    """Return a cut with the commits of a journal made in it, and the number of commits."""
    rows = {record: dict(held) for record, held in cut.rows.items()}
    next_ids = dict(cut.next_ids)
    calls = 0
    # Only the rows of a line are kept; the rest is freed before the next line is parsed.
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
                f"line {number} of the journal is not a commit: {shown(error)}"
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
        raise SnapshotError(f"{record.table}, row {number}: its id is not {shown(key)}")
    rows[key_of(changed)] = changed


def _sum(before: bytes, text: bytes) -> str:
    return hashlib.sha256(before + text).hexdigest()


# --- writing ---------------------------------------------------------------------------------


class Journal:
    """A journal that is open for writing.

    The lines before `end` are the commits, and nothing behind it is: a line is first brought to the
    disk, and then one assignment moves `end` behind it. Where a write has failed, or an exception
    has come between, nobody knows what the file holds behind `end`. So it is cut off there before
    the next write, and written anew if the file at its path is another one by now.
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
        self._is_clean = False  # whether the file is known to end at `end`
        self._problem = ""
        self._cut_off()

    @property
    def end(self) -> Place:
        """Where the last commit or announcement ends."""
        return self._place

    def append(self, commit: Commit) -> None:
        """Write a commit to the disk.

        Raises:
            SnapshotError: it cannot be written, and is not in the journal.
        """
        self._write(commit_body(commit), room=_ANNOUNCEMENT_WIDTH)

    def announce(self, checksum: str) -> None:
        """Write that the snapshot with this checksum is about to replace the one before.

        Raises:
            SnapshotError: it cannot be written.
        """
        self._write(_announcement(checksum))

    def retract(self, end: Place) -> None:
        """Let the journal end where it ended before, whatever was written since.

        To repeat it changes nothing.
        """
        if self._place != end:
            self._is_clean = False
            self._place = end
        if not self._is_clean and not self._cut_off() and not self._mark():
            LOG.error(
                "%s: a call was rolled back, and may be there when the file is opened", self._path
            )

    def since(self, end: Place) -> list[bytes]:
        """Return the commits behind a place, each as its line without the SHA-256.

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
        with contextlib.suppress(OSError):  # every line is on the disk already
            self._system.close(self._descriptor)

    def _write(self, body: bytes, room: int = 0) -> None:
        """Write a line, if it leaves room for so many bytes within the bound."""
        if not self._is_ready():
            raise SnapshotError(
                f"{self._path} cannot be written, and calls that change something are refused "
                f"until it can: {self._problem}"
            )
        chain = _sum(self._place.chain.encode(), body)
        line = b'{"sha256":"%b",%b\n' % (chain.encode(), body)
        if self._place.end + len(line) + room > self._max_bytes:
            raise SnapshotError(
                f"{self._path} would have more than {self._max_bytes} bytes, and could not be read "
                "again: put it into the snapshot with save(), or open the file with a larger "
                "max_bytes"
            )
        self._is_clean = False
        try:
            files.write_all(self._descriptor, line, self._system)
            self._system.fsync(self._descriptor)
        except OSError as error:
            raise self._unwritten(error) from error
        self._place = Place(self._place.end + len(line), chain)
        self._is_clean = True

    def _is_ready(self) -> bool:
        try:
            if self._is_clean and files.is_at(self._descriptor, self._path):
                return True
        except OSError as error:
            LOG.error("%s: %s", self._path, error.strerror)  # noqa: TRY400 - one line is enough
        return self._cut_off()

    def _unwritten(self, error: OSError) -> SnapshotError:
        """Remove what was written of a line, and return the error to be raised."""
        reason = f"{self._path} cannot be written, so the call is rolled back: {error.strerror}"
        if self._cut_off() or self._mark():
            return SnapshotError(reason)
        return SnapshotError(
            f"{reason}. What was written of it cannot be removed either: if this process ends "
            "before a later call or a save succeeds, the call may be there when the file is opened"
        )

    def _cut_off(self) -> bool:
        """Cut off what is behind the last commit; return whether that has succeeded."""
        self._is_clean = False
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
        self._is_clean = True
        return True

    def _mark(self) -> bool:
        """Mark the line behind the last commit, which cannot be cut off: it is left out then."""
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
        """Return the commits from there on, as bytes.

        Raises:
            OSError: they cannot be read.
        """
        content = files.read_at(self._descriptor, start, self._place.end - start)
        if start + len(content) < self._place.end:
            raise OSError(errno.EIO, "the file is shorter than what was written to it")
        return content


def create(
    path: Path,
    checksum: str,
    bodies: list[bytes],
    max_bytes: int = MAX_BYTES,
    system: files.System = files.SYSTEM,
) -> Journal:
    """Return a new journal of the snapshot with this checksum; it replaces one that is there.

    Args:
        path: The journal.
        checksum: That of the snapshot.
        bodies: The commits that it begins with, as `Journal.since` returns them.
        max_bytes: The number of bytes that it may have.
        system: The system calls.

    Raises:
        SnapshotError: it cannot be written; the one before is there.
    """
    header = {"format": FORMAT, "version": VERSION, "snapshot": checksum}
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
    """Return a journal that is there, to be written from a place on; what is behind is cut off.

    Raises:
        SnapshotError: it cannot be opened.
    """
    try:
        descriptor = system.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0)
    except OSError as error:
        raise SnapshotError(f"{path} cannot be written: {error.strerror}") from error
    return Journal(path, descriptor, place, max_bytes, system)


def commit_body(commit: Commit) -> bytes:
    """Return the line of a commit without its SHA-256."""
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
