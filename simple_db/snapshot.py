"""A store as a snapshot, in bytes or in a file: the public face of `persistence`.

docs/snapshot.md says what snapshots promise, and `persistence.layout` draws one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from simple_db.persistence import database_file
from simple_db.persistence.database_file import save
from simple_db.persistence.decoding import Decoded, decoded, read
from simple_db.persistence.encoding import Encoded, encoded
from simple_db.persistence.layout import MAX_BYTES, check_max_bytes, no_progress

if TYPE_CHECKING:
    from simple_db.persistence import files
    from simple_db.store import Store

__all__ = [
    "MAX_BYTES",
    "Decoded",
    "Encoded",
    "check_max_bytes",
    "decoded",
    "encoded",
    "load",
    "no_progress",
    "read",
    "restore",
    "save",
    "snapshot",
]


def snapshot(store: Store, max_bytes: int = MAX_BYTES) -> bytes:
    """Return the store's tables as JSON: a cut between two calls, with deleted rows and counters.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotError: it has more bytes.
    """
    return bytes(encoded(store.cut(), max_bytes=max_bytes))


def restore(store: Store, content: bytes | str, max_bytes: int = MAX_BYTES) -> None:
    """Replace everything that the store holds by what a snapshot holds.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotError: the bytes are no snapshot, or one that is damaged or too new, or what it
            holds breaks a rule of the tables; the store is as it was.
    """
    store.become(decoded(content, max_bytes=max_bytes).cut)


def load(store: Store, path: files.Name, max_bytes: int = MAX_BYTES) -> None:
    """Replace everything that the store holds by what a file and the journal beside it hold.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotError: one of them cannot be read, or they do not belong together; the store is as
            it was.
    """
    store.become(database_file.contents(path, max_bytes=max_bytes).decoded.cut)
