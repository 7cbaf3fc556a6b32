"""A store that a file keeps: opened by one process at a time, saved when it was asked to be.

`kept` is the whole of it: it claims the file, fills the store with what it and its journal hold,
and saves the store as its mode says. docs/snapshot.md says what each mode promises.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import logging
import os
import threading
from typing import TYPE_CHECKING, Literal, get_args

from attrs import frozen

from simple_db import file_pair, files, snapshot
from simple_db.errors import Invalid, SnapshotError
from simple_db.journal import Journal, Place, Replayed, beside, create, go_on, replayed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simple_db.file_pair import Pair
    from simple_db.store import Commit, Store

LOG = logging.getLogger(__name__)

SaveMode = Literal["manual", "exit", "interval", "always"]
"""When a store is saved: on request; also at the end; also now and then; with every call."""

# A journal is put into its snapshot when it has become larger than that, and than this.
_SMALL_JOURNAL = 2**20


@frozen
class Opened:
    """What was found when a file was opened.

    Attributes:
        fresh: Whether there was no file, so that the store began empty.
        calls: How many calls the journal held that the snapshot did not.
        torn: How many bytes of a call there were that was being written when the process ended.
        version: The format version of the snapshot; 0 if there was none.
    """

    fresh: bool
    calls: int = 0
    torn: int = 0
    version: int = 0


@contextlib.contextmanager
def kept(
    store: Store,
    path: files.Name,
    save: SaveMode,
    interval: float,
    progress: Callable[[int, int], object] = snapshot.no_progress,
) -> Iterator[Keeper]:
    """Let a file keep the store until the block ends, however it ends.

    Args:
        store: An empty store, to be filled with what the file holds.
        path: The snapshot file; it need not be there.
        save: When it is saved.
        interval: Seconds between two looks whether something has changed.
        progress: Told how many rows are read, and of how many.

    Raises:
        Invalid: there is no such mode, or the interval is not positive.
        SnapshotInUse: another process has the file.
        SnapshotError: the file or its journal cannot be read; both are as they were. At the end:
            the store cannot be saved.
    """
    _check(save, interval)
    with files.claimed(path) as claim:
        opened = _filled(store, path, progress)
        keeper = Keeper(store, claim, save, interval, opened)
        try:
            yield keeper
        finally:
            keeper.close()


def _check(save: str, interval: float) -> None:
    if save not in get_args(SaveMode):
        raise Invalid(f"save is one of {', '.join(get_args(SaveMode))}, not {save!r}")
    if not interval > 0:
        raise Invalid(f"interval is a positive number of seconds, not {interval!r}")


def contents(
    path: files.Name,
    progress: Callable[[int, int], object] = snapshot.no_progress,
    max_bytes: int = snapshot.MAX_BYTES,
) -> Replayed:
    """Return what a snapshot file and the journal beside it hold; neither is changed.

    The file need not be claimed: the two are of the same moment, whoever saves them meanwhile.

    Args:
        path: The snapshot file.
        progress: Told how many rows are read, and of how many.
        max_bytes: The number of bytes that the snapshot may have, and the journal.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotError: one of them cannot be read, or they do not belong together.
    """
    found = _read(path, progress, max_bytes)
    if found is None:
        raise SnapshotError(f"{path!s} cannot be read: {os.strerror(errno.ENOENT)}")
    return found


def _read(
    path: files.Name,
    progress: Callable[[int, int], object],
    max_bytes: int = snapshot.MAX_BYTES,
) -> Replayed | None:
    """Return what the two files hold, None if neither is there."""
    snapshot.check_max_bytes(max_bytes)
    parse = functools.partial(_parsed, path, progress, max_bytes)
    return file_pair.parsed(path, beside, max_bytes, parse)


def _parsed(
    path: files.Name, progress: Callable[[int, int], object], max_bytes: int, pair: Pair
) -> Replayed | None:
    journal = beside(path)
    if pair.snapshot is None and pair.journal is None:
        return None
    if pair.snapshot is None:
        raise SnapshotError(
            f"{journal} has calls, and the snapshot that they belong to is not there: put "
            f"{path!s} back, or move the journal away if its calls are not to count"
        )
    with snapshot.naming(path):
        held = snapshot.contents_of(pair.snapshot, max_bytes=max_bytes, progress=progress)
    if pair.journal is None:
        return Replayed(held)
    with snapshot.naming(journal):
        return replayed(held, pair.journal)


def save(store: Store, path: files.Name, max_bytes: int = snapshot.MAX_BYTES) -> None:
    """Write a snapshot of the store to a file that nobody has open.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotInUse: somebody has.
        SnapshotError: the snapshot has more bytes, or a row of it could not be read again; or the
            file cannot be written, or has a journal of calls that would be lost.
    """
    snapshot.check_max_bytes(max_bytes)
    with files.claimed(path):
        check_no_journal(path)
        snapshot.save(store, path, max_bytes=max_bytes)


def check_no_journal(path: files.Name) -> None:
    """Check that no calls wait beside the snapshot file to be put into it.

    Raises:
        SnapshotError: there is a journal.
    """
    journal = beside(path)
    if files.exists(journal, follow=False):
        raise SnapshotError(
            f"{journal} may have calls that {path!s} has not, and a save would lose them: "
            "open the file with Database.open, which puts them into it"
        )


def _filled(store: Store, path: files.Name, progress: Callable[[int, int], object]) -> Opened:
    found = _read(path, progress)
    if found is None:
        return Opened(fresh=True)
    snapshot.fill(store, found.contents)
    if found.place is not None:
        _settle(store, path, found.place)
    if found.torn:
        LOG.warning("%s: the last call was not written to its end, and does not count", path)
    return Opened(False, found.calls, found.torn, found.contents.version)


def _settle(store: Store, path: files.Name, place: Place) -> None:
    """Put the calls of a journal into the snapshot, and the journal away."""
    journal = go_on(beside(path), place)
    try:
        written = snapshot.encoded(store.cut())
        journal.announce(written.seal)
    finally:
        journal.close()
    files.replace(path, written.pieces)
    files.remove(beside(path))


class Keeper:
    """Saves a store to a file, when asked to and as its mode says.

    With ``always`` it is the store's log, and stays it when it is closed: a call after that would
    not be on the disk, and is refused.
    """

    def __init__(
        self, store: Store, claim: files.Claim, mode: SaveMode, interval: float, opened: Opened
    ) -> None:
        """Begin to keep the store.

        Raises:
            SnapshotError: the mode is ``always``, and the file cannot be written.
        """
        self.opened = opened
        self.path = claim.path
        self.mode = mode
        self._store = store
        self._claim = claim
        self._interval = interval
        self._saved_revision = store.revision
        self._saved_bytes = 0
        self._journal: Journal | None = None
        self._is_closed = False
        self._saving = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._save_now_and_then, daemon=True)
        if mode == "always":
            self.save()
            store.log = self
        if mode in ("interval", "always"):
            self._thread.start()

    def save(self) -> None:
        """Save now; calls of other threads go on meanwhile.

        Raises:
            SnapshotInUse: this process has forked from the one that has the file open.
            SnapshotError: it cannot be saved, or is closed; the file is as it was.
        """
        self._claim.check()
        with self._saving:
            if self._is_closed:
                raise self._closed()
            seal, end = self._save_snapshot()
            if self.mode == "always":
                self._begin_journal(seal, end)

    def close(self) -> None:
        """Save for the last time if the mode says so, and let go of the file.

        Raises:
            SnapshotError: it cannot be saved; where there is a journal, it has what is missing.
        """
        self._ended.set()
        if not self._claim.is_ours:
            return
        if self._thread.is_alive():
            self._thread.join()
        with self._saving:
            with self._store.reading():
                self._is_closed = True
            try:
                if self.mode != "manual" and self._is_behind():
                    self._save_snapshot()
                if self._journal is not None:
                    files.remove(beside(self.path))
            finally:
                self._let_go()

    @property
    def end(self) -> int:
        """Where the journal ends."""
        return self._journal.end if self._journal is not None else 0

    def append(self, commit: Commit) -> None:
        """Write a commit to the journal.

        Raises:
            SnapshotInUse: this process has forked from the one that has the file open.
            SnapshotError: it cannot be written, or is closed.
        """
        self._claim.check()
        if self._journal is None or self._is_closed:
            raise self._closed()
        self._journal.append(commit)

    def retract(self, end: int) -> None:
        """Take a commit back from the journal, unless it did not come there."""
        if self._journal is not None and self._claim.is_ours:
            self._journal.retract(end)

    def _closed(self) -> SnapshotError:
        return SnapshotError(f"{self.path} is closed: what changes now would not be in it")

    def _is_behind(self) -> bool:
        return self._store.revision != self._saved_revision or not files.exists(self.path)

    def _save_snapshot(self) -> tuple[str, int]:
        """Return the seal of what is saved, and where the journal ended then."""
        # Read first: what is committed meanwhile may be in the file, and is saved once more.
        revision = self._store.revision
        with self._store.reading():
            cut, end = self._store.cut(), self.end
        written = snapshot.encoded(cut)
        if self._journal is not None:
            with self._store.reading():
                self._journal.announce(written.seal)
        files.replace(self.path, written.pieces)
        self._saved_revision = revision
        self._saved_bytes = sum(map(len, written.pieces))
        return written.seal, end

    def _begin_journal(self, seal: str, end: int) -> None:
        """Take a new journal, which begins with what was committed since the cut."""
        with self._store.reading():
            before = self._journal
            bodies = before.since(end) if before is not None else []
            self._journal = create(beside(self.path), seal, bodies)
        if before is not None:
            before.close()

    def _let_go(self) -> None:
        with self._store.reading():
            journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()

    def _save_now_and_then(self) -> None:
        while not self._ended.wait(self._interval):
            self._save_if_due()

    def _is_due(self) -> bool:
        if self.mode == "always":
            return self.end > max(_SMALL_JOURNAL, self._saved_bytes)
        return self._is_behind()

    def _save_if_due(self) -> None:
        try:
            if self._is_due():
                self.save()
        except SnapshotError as error:
            LOG.error("%s is not saved: %s", self.path, error)  # noqa: TRY400 - one line is enough
