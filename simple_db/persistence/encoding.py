"""The tables of a store -> the bytes of a snapshot, as `layout` draws them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson
from attrs import field, frozen

from simple_db.model import values
from simple_db.model.errors import SnapshotError
from simple_db.model.records import RECORDS, Record, as_dict, counts_ids, key_of
from simple_db.persistence import layout
from simple_db.persistence.layout import MAX_BYTES, no_progress
from simple_db.store import check_cut
from simple_db.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from simple_db.persistence.layout import Progress
    from simple_db.store import Cut


@frozen
class Encoded:
    """A snapshot as bytes.

    Attributes:
        pieces: All of it, in order.
        checksum: The SHA-256 that is in its first line, in hexadecimal.
    """

    pieces: list[bytes] = field(repr=False)
    checksum: str

    def __bytes__(self) -> bytes:
        """Return all of it."""
        return b"".join(self.pieces)


def encoded(cut: Cut, progress: Progress = no_progress, max_bytes: int = MAX_BYTES) -> Encoded:
    """Return a cut of a store as a snapshot; the store can change meanwhile, the cut does not.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotError: it has more bytes.
    """
    layout.check_max_bytes(max_bytes)
    digest, payload, size = hashlib.sha256(), [], layout.FIRST_WIDTH
    for piece in _payload(cut, progress):
        digest.update(piece)
        payload.append(piece)
        size += len(piece)
        if size > max_bytes:
            raise SnapshotError(
                f"the snapshot has more than {max_bytes} bytes, and could not be read again: "
                "delete rows and purge them, or give a larger max_bytes, here and where it is read"
            )
    checksum = digest.hexdigest()
    return Encoded([layout.first_line(checksum), *payload], checksum)


def encoded_to_save(
    cut: Cut, progress: Progress = no_progress, max_bytes: int = MAX_BYTES
) -> Encoded:
    """Return a cut of a store as a snapshot that may replace another one.

    The cut is checked first: a bad database must not replace the good one that was saved before.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotError: it breaks a rule that `Store.check` checks, so that nobody could read it; or
            it has more bytes.
    """
    try:
        check_cut(cut)
    except AssertionError as error:
        why = str(error).splitlines()[0]
        raise SnapshotError(
            f"the database is damaged, and is not saved over what was saved before: {why}"
        ) from error
    return encoded(cut, progress, max_bytes)


def _payload(cut: Cut, progress: Progress) -> Iterator[bytes]:
    """Give all that is behind the first line."""
    counts = {record.table: len(cut.rows[record]) for record in RECORDS}
    counters = {record.table: cut.next_ids[record] for record in RECORDS if counts_ids(record)}
    yield b'"writer":%b,\n' % orjson.dumps(__version__)
    yield b'"counts":%b,\n' % orjson.dumps(counts)
    yield b'"counters":%b,\n' % orjson.dumps(counters)
    yield b'"tables":{'
    done, of = 0, sum(counts.values())
    for number, record in enumerate(RECORDS):
        yield b'%b\n"%b":[' % (b"," if number else b"", record.table.encode())
        for lines, rows in _lines(cut.rows[record]):
            yield lines
            done += rows
            progress(done, of)
        yield b"\n]"
    yield b"}}\n"


def _lines(rows: Mapping[Any, Any]) -> Iterator[tuple[bytes, int]]:
    """Give the lines of a table's rows, many at once, and how many they are."""
    # The comma is before a row, not behind the last: one more row is one more line to git.
    comma = b"\n "
    keys = sorted(rows)
    for start in range(0, len(keys), layout.ROWS_AT_ONCE):
        some = keys[start : start + layout.ROWS_AT_ONCE]
        yield comma + b"\n,".join([row_line(rows[key]) for key in some]), len(some)
        comma = b"\n,"


def row_line(row: Record) -> bytes:
    """Return a row as a JSON object in one line.

    Raises:
        SnapshotError: it holds what JSON cannot, which no call puts there.
    """
    try:
        return orjson.dumps(as_dict(row))
    except orjson.JSONEncodeError as error:
        where = f"{row.table}, row {values.shown(key_of(row))}"
        raise SnapshotError(f"{where} cannot be written: {error}") from error
