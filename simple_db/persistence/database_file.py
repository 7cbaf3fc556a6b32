"""A store in a file, which one process at a time has open.

`opened` claims the file, fills the store with the snapshot and its journal, saves the store as its
mode says, and releases the claim. docs/snapshot.md says what each mode promises.

There are two locks. A save holds its own, `_saving`, from its beginning to its end, and within it
takes the lock of the store for moments only: to make a cut, to write to the journal. A call that
is written to the journal has the lock of the store already, and must not wait for a save. So the
order is `_saving` before the store, never the other way round; and who has the lock of the store
in this thread may not save, which `Store.check_no_call` sees to.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import itertools
import logging
import os
import stat
import threading
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

from attrs import frozen

from simple_db.model.blocks import block
from simple_db.model.call_lock import CallLock
from simple_db.model.errors import Invalid, SnapshotError, SnapshotInUse, SnapshotMismatch
from simple_db.persistence import file_pair, files
from simple_db.persistence.claims import Claim, claimed
from simple_db.persistence.decoding import decoded, has_checksum, naming
from simple_db.persistence.encoding import encoded_to_save
from simple_db.persistence.journal import Journal, Place, Replayed, beside, create, go_on, replayed
from simple_db.persistence.layout import MAX_BYTES, check_max_bytes, no_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from simple_db.persistence.encoding import Encoded
    from simple_db.persistence.file_pair import Pair
    from simple_db.persistence.layout import Progress
    from simple_db.store import Commit, Store

LOG = logging.getLogger(__name__)

T = TypeVar("T")

SaveMode = Literal["manual", "exit", "interval", "always"]
"""When a store is saved: on request; also at the end; also now and then; with every call."""

# A journal is put into its snapshot when it is larger than the snapshot, and than this, in bytes.
_SMALL_JOURNAL = 2**20


@frozen
class Opened:
    """What was found when a file was opened.

    Attributes:
        fresh: Whether there was no file, so that the store began empty.
        calls: The number of commits of the journal.
        torn: The number of bytes of a commit that was being written when the process ended.
        version: The format version of the snapshot; 0 if there was none.
    """

    fresh: bool
    calls: int = 0
    torn: int = 0
    version: int = 0


@block
def opened(
    store: Store,
    path: files.Name,
    save: SaveMode,
    interval: float,
    *,
    give: Callable[[DatabaseFile], T],
    progress: Progress = no_progress,
    max_bytes: int = MAX_BYTES,
) -> Iterator[T]:
    """Open a file for a ``with`` block: fill the store with it, and save the store to it.

    If an exception from outside (Ctrl-C, say) interrupts the end of the block, the end is done once
    more, and then the exception is raised. That is why all of the end is in one function: at the
    beginning of another one the exception could come before anything protects it.

    Args:
        store: An empty store, to be filled with what the file holds.
        path: The snapshot file; it need not be there.
        save: When it is saved.
        interval: Seconds between two checks for changes.
        give: Returns what the block is given.
        progress: Called with the number of rows that are read, and of all.
        max_bytes: The number of bytes that the snapshot may have, and the journal.

    Raises:
        Invalid: there is no such mode, the interval is not positive, or `max_bytes` no positive
            integer.
        SnapshotInUse: another process has the file.
        SnapshotError: the file or its journal cannot be read; both are as they were. At the end:
            the store cannot be saved.
    """
    _check(save, interval)
    check_max_bytes(max_bytes)
    claim = Claim(files.named(path))
    try:
        filled = _filled(store, path, progress, max_bytes)
        file = DatabaseFile(store, claim, save, interval, max_bytes, filled)
        try:
            file.begin()
            yield give(file)
        finally:
            try:
                file.close()
            except SnapshotError:
                raise
            except BaseException:
                file.close()
                raise
            finally:
                file.close_journal()
    finally:
        try:
            claim.release()
        finally:
            claim.release()


def _check(save: str, interval: float) -> None:
    if save not in get_args(SaveMode):
        raise Invalid(f"save is one of {', '.join(get_args(SaveMode))}, not {save!r}")
    if not isinstance(interval, (int, float)) or not interval > 0:
        raise Invalid(f"interval is a positive number of seconds, not {interval!r}")


def contents(
    path: files.Name,
    progress: Progress = no_progress,
    max_bytes: int = MAX_BYTES,
) -> Replayed:
    """Return what a snapshot file and the journal beside it hold; neither is changed.

    The file need not be claimed: the two are of the same moment, whoever saves them meanwhile.

    Args:
        path: The snapshot file.
        progress: Called with the number of rows that are read, and of all.
        max_bytes: The number of bytes that the snapshot may have, and the journal.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotError: one of them cannot be read, or they do not belong together.
    """
    check_max_bytes(max_bytes)
    found = _read(path, progress, max_bytes)
    if found is None:
        raise SnapshotError(f"{path!s} cannot be read: {os.strerror(errno.ENOENT)}")
    return found


def _read(path: files.Name, progress: Progress, max_bytes: int) -> Replayed | None:
    """Return what the two files hold, None if neither is there."""
    parse = functools.partial(_parsed, path, progress, max_bytes)
    return file_pair.parsed(path, beside, max_bytes, parse)


def _parsed(path: files.Name, progress: Progress, max_bytes: int, pair: Pair) -> Replayed | None:
    journal = beside(path)
    if pair.snapshot is None and pair.journal is None:
        return None
    if pair.snapshot is None:
        raise SnapshotError(
            f"{journal} has calls, and the snapshot that they belong to is not there: put "
            f"{path!s} back, or move the journal away to do without its calls"
        )
    with naming(path):
        snapshot = decoded(pair.snapshot, max_bytes=max_bytes, progress=progress)
    if pair.journal is None:
        return Replayed(snapshot)
    with naming(journal):
        return replayed(snapshot, pair.journal)


def save(store: Store, path: files.Name, max_bytes: int = MAX_BYTES) -> None:
    """Write a snapshot of the store to a file that nobody has open: all of it, or nothing.

    A new file can be read by its owner only, for locations can carry credentials; an old one
    keeps its permissions. A symbolic link is followed.

    Raises:
        Invalid: `max_bytes` is no positive integer.
        SnapshotInUse: somebody has the file open.
        SnapshotError: the snapshot has more bytes; or the file cannot be written, is no regular
            file, or has a journal, whose calls would be lost.
    """
    check_max_bytes(max_bytes)
    with claimed(path):
        check_no_journal(path)
        files.replace(path, encoded_to_save(store.cut(), max_bytes=max_bytes).pieces)


def check_no_journal(path: files.Name) -> None:
    """Check that the snapshot file has no journal, whose calls would be lost with a new snapshot.

    Raises:
        SnapshotError: there is one.
    """
    journal = beside(path)
    if files.exists(journal, follow=False):
        raise SnapshotError(
            f"{journal} may have calls that are not in {path!s}, and a save would lose them: "
            "open the file with Database.open, which puts them into it"
        )


def _filled(store: Store, path: files.Name, progress: Progress, max_bytes: int) -> _Filled:
    file = _WrittenFile(files.named(path), max_bytes)
    found = _read(path, progress, max_bytes)
    if found is None:
        return _Filled(Opened(fresh=True), file)
    store.become(found.decoded.cut)
    file.checksum = found.decoded.checksum
    if found.place is not None:
        _settle(store, file, found.place, max_bytes)
    if found.torn:
        LOG.warning("%s: the last call was not written to its end, and is left out", path)
    return _Filled(Opened(False, found.calls, found.torn, found.decoded.version), file)


def _settle(store: Store, file: _WrittenFile, place: Place, max_bytes: int) -> None:
    """Put the commits of a journal into the snapshot, and remove the journal.

    The order is for a crash: behind each of these steps, snapshot and journal belong together.
    """
    written = encoded_to_save(store.cut(), max_bytes=max_bytes)
    journal = go_on(beside(file.path), place, max_bytes)
    try:
        journal.announce(written.checksum)
    finally:
        journal.close()
    file.write(written)
    files.remove(beside(file.path))


class _WrittenFile:
    """The snapshot file of a database that is open, which nobody else should write meanwhile.

    Attributes:
        path: The file, with all symbolic links followed.
        checksum: That of the snapshot that was last read from it or written to it.
    """

    def __init__(self, path: Path, max_bytes: int) -> None:
        """Note which file is there, if there is one.

        Raises:
            SnapshotError: that cannot be seen.
        """
        self.path = path
        self.checksum = ""
        self._max_bytes = max_bytes
        self._known: tuple[files.Identity | None, ...] = (self._identity(),)

    def write(self, written: Encoded) -> None:
        """Replace the file by this snapshot.

        Raises:
            SnapshotError: it cannot be written; the one before is there.
        """

        def ready(identity: files.Identity) -> None:
            # The old or the new file may be there: an exception can come before the renaming or
            # behind it. So both are known until the end.
            self._known = (*self._known, identity)

        files.replace(self.path, written.pieces, ready=ready)
        self.checksum = written.checksum
        self._known = self._known[-1:]

    def is_there(self) -> bool:
        """Return whether it is there.

        Raises:
            SnapshotError: that cannot be seen.
        """
        return self._identity() is not None

    def check(self) -> bool:
        """Check that nobody else has written it, and return whether it is there.

        Raises:
            SnapshotMismatch: somebody has.
            SnapshotError: that cannot be seen.
        """
        status = files.found(self.path, follow=False)
        if status is None:
            return False
        now = files.identity(status)
        if now in self._known:
            return True
        # A symbolic link has taken its place: whoever follows it uses another journal and lock.
        if not (stat.S_ISREG(status.st_mode) and self._has_our_checksum()):
            raise SnapshotMismatch(
                f"{self.path} was replaced or changed by somebody else while it was open here, and "
                "is left as it is: put back the file that was there, or open the new one"
            )
        self._known = (now,)  # a copy with the same content, as a checkout of git makes it
        return True

    def _has_our_checksum(self) -> bool:
        return has_checksum(self.path, self.checksum, self._max_bytes)

    def _identity(self) -> files.Identity | None:
        status = files.found(self.path, follow=False)
        return None if status is None else files.identity(status)


@frozen
class _Filled:
    """What was found when a file was opened, and the file."""

    opened: Opened
    file: _WrittenFile


class DatabaseFile:
    """The file of a database that is open: saves it when asked to, and as its mode says.

    In the mode ``always`` it is the log of the store. When it is closed it is the log in every mode
    but ``manual``, and refuses each commit: nobody would save it.

    Attributes:
        opened: What was found when it was opened.
        path: The file, with all symbolic links followed.
        mode: When it saves.
    """

    def __init__(
        self,
        store: Store,
        claim: Claim,
        mode: SaveMode,
        interval: float,
        max_bytes: int,
        filled: _Filled,
    ) -> None:
        self.opened = filled.opened
        self.path = claim.path
        self._beside = beside(claim.path)
        self.mode = mode
        self._store = store
        self._claim = claim
        self._file = filled.file
        self._interval = interval
        self._max_bytes = max_bytes
        self._saved_revision = store.revision
        self._saved_bytes = 0
        self._journal: Journal | None = None
        self._copy: Path | None = None
        self._has_begun = self._is_closed = False
        self._saving = CallLock()
        # The thread ends when it gets this lock. An `Event` would not do: it has a lock of its own,
        # which an exception within its methods leaves locked for ever.
        self._end = threading.Lock()
        self._end.acquire()
        self._thread = threading.Thread(target=self._save_now_and_then, daemon=True)

    def begin(self) -> None:
        """Begin to save as the mode says.

        Raises:
            SnapshotError: the mode is ``always``, and the file cannot be written.
        """
        if self.mode == "always":
            self.save()
            self._store.log = self
        if self.mode in ("interval", "always"):
            self._thread.start()
        self._has_begun = True

    @property
    def is_closed(self) -> bool:
        """Whether the block has ended."""
        return self._is_closed

    def save(self, max_bytes: int | None = None) -> None:
        """Save now; calls of other threads go on meanwhile.

        Args:
            max_bytes: The number of bytes that the snapshot may have; None is the bound that was
                given at the opening.

        Raises:
            SnapshotInUse: this process has forked from the one that has the file open, or another
                one may have the file by now.
            SnapshotMismatch: somebody else has written the file; a copy is beside it.
            SnapshotError: it cannot be saved, or is closed. The file is as it was.
            RuntimeError: another call, or another save, is running in this thread.
        """
        if not self._claim.is_ours:
            self._claim.check()
        self._store.check_no_call()
        with self._saving.held():
            if self._is_closed:
                raise self._closed()
            self._check_file()
            self._save_snapshot(max_bytes or self._max_bytes, goes_on=True)

    def close(self) -> None:
        """Save for the last time, unless the mode is ``manual``, and refuse later commits.

        To repeat it finishes what was interrupted.

        Raises:
            SnapshotInUse: another process may have the file by now; a copy is beside it.
            SnapshotMismatch: somebody else has written the file; a copy is beside it.
            SnapshotError: it cannot be saved; where there is a journal, it has what is missing.
        """
        if not self._claim.is_ours:
            return
        if self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # an interrupted `close` has released it
                self._end.release()
            self._thread.join()
        with self._saving.held():
            self._refuse_calls()
            if self._has_begun and self.mode != "manual":
                self._save_last()
            self._remove_journal()

    def close_journal(self) -> None:
        """Close the journal; its file stays if it could not be put into the snapshot."""
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()

    @property
    def end(self) -> Place | None:
        """Where the journal ends."""
        return self._journal.end if self._journal is not None else None

    def append(self, commit: Commit) -> None:
        """Write a commit to the journal.

        Raises:
            SnapshotInUse: this process has forked from the one that has the file open, or another
                one may have the file by now.
            SnapshotMismatch: somebody else has written the snapshot, or removed it.
            SnapshotError: it cannot be written, or is closed.
        """
        if self._journal is None or self._is_closed:
            raise self._closed()
        self._claim.check()
        if not self._file.check():
            raise SnapshotMismatch(
                f"{self.path} was removed while it was open here, and a journal without its "
                "snapshot cannot be read: calls that change something are refused until "
                "it is saved again, by save() or in a moment by itself"
            )
        self._journal.append(commit)
        # Checked again: who had lost the lock file before the line was written may not commit, for
        # another process may have read the journal without it. Who claims the file later reads it.
        self._claim.check()

    def retract(self, end: Place | None) -> None:
        """Remove a commit from the journal, if it was written there."""
        if self._journal is None or end is None:
            return
        try:
            self._claim.check()
        except SnapshotInUse:  # the journal may be that of another process by now
            return
        except SnapshotError as error:  # that cannot be checked, but the lock is still ours
            LOG.warning("%s", error)
        self._journal.retract(end)

    def _closed(self) -> SnapshotError:
        return SnapshotError(
            f"{self.path} is closed, and this change would not be saved. Open it again, or go on "
            "with a database of its own: fork()"
        )

    def _refuse_calls(self) -> None:
        with self._store.reading():
            self._is_closed = True
            if self.mode != "manual":
                self._store.log = self

    def _is_behind(self) -> bool:
        return self._store.revision != self._saved_revision or not self._file.is_there()

    def _save_last(self) -> None:
        is_behind = self._is_behind()
        if is_behind or self._journal is not None or self._copy is not None:
            self._check_last()
        if is_behind:
            self._save_snapshot(self._max_bytes, goes_on=False)

    def _check_last(self) -> None:
        try:
            self._check_file()
        except SnapshotMismatch:
            if self._copy is not None:  # the copy has the commits of the journal
                self._remove_journal()
            raise

    def _remove_journal(self) -> None:
        if self._journal is not None and files.exists(self._beside, follow=False):
            files.remove(self._beside)

    def _check_file(self) -> None:
        """Check that this process may still write the file; if not, save a copy beside it."""
        try:
            self._claim.check()
            self._file.check()
        except (SnapshotInUse, SnapshotMismatch) as error:
            raise type(error)(f"{error}. {self._save_copy()}") from error

    def _save_copy(self) -> str:
        """Save a copy beside the file, which may not be written, and return what was done."""
        try:
            copy = self._copy or _free_name(self.path)
            with self._store.reading():
                cut, revision = self._store.cut(), self._store.revision
            written = encoded_to_save(cut, max_bytes=self._max_bytes)
            files.replace(copy, written.pieces)
        except SnapshotError as error:
            return f"What this database holds could not be saved beside it either: {error}"
        self._copy, self._saved_revision = copy, revision
        return f"What this database holds is saved in {copy}"

    def _save_snapshot(self, max_bytes: int, *, goes_on: bool) -> None:
        with self._store.reading():
            cut, revision, end = self._store.cut(), self._store.revision, self.end
        written = encoded_to_save(cut, max_bytes=max_bytes)
        # Announced before the snapshot is replaced: after a crash between the two the old journal
        # belongs to either snapshot. The lock of the store keeps commits out of the journal
        # meanwhile.
        if self._journal is not None:
            with self._store.reading():
                self._journal.announce(written.checksum)
        self._check_file()  # once more: to encode a large database takes seconds
        self._file.write(written)
        self._saved_revision = revision
        self._saved_bytes = sum(map(len, written.pieces))
        if goes_on and self.mode == "always":
            self._begin_journal(written.checksum, end)

    def _begin_journal(self, checksum: str, end: Place | None) -> None:
        """Replace the journal by one that begins with what was committed since the cut.

        The lock of the store keeps out commits that the new journal would lack.
        """
        with self._store.reading():
            before = self._journal
            bodies = before.since(end) if before is not None and end is not None else []
            self._journal = create(self._beside, checksum, bodies, self._max_bytes)
        if before is not None:
            before.close()

    def _save_now_and_then(self) -> None:
        interval = min(self._interval, threading.TIMEOUT_MAX)
        while not self._end.acquire(timeout=interval) and self._claim.is_held:
            self._save_if_due()

    def _save_if_due(self) -> None:
        try:
            if self._is_due():
                self.save()
        except Exception as error:  # noqa: BLE001 - whatever it is, the next save may succeed
            LOG.error("%s is not saved: %s", self.path, error)  # noqa: TRY400 - one line is enough

    def _is_due(self) -> bool:
        if self.mode != "always":
            return self._is_behind()
        if self._copy is None:
            self._check_file()  # so that a file that others have changed is reported soon
        end = self.end.end if self.end is not None else 0
        return end > max(_SMALL_JOURNAL, self._saved_bytes) or not self._file.is_there()


def _free_name(path: Path) -> Path:
    """Return the name of a file beside the path that is not there."""
    names = (path.with_name(f"{path.name}.copy-{number}") for number in itertools.count(1))
    return next(name for name in names if not files.exists(name, follow=False))
