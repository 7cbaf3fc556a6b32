"""The claim of one process on a snapshot file: a lock on a file beside it.

The lock is on ``NAME.lock`` and not on the snapshot itself, which every save replaces. The system
releases it when the process ends, however that ends. If somebody removes the lock file, a second
process can make and lock a new one; so a claim is checked before a snapshot is
replaced, and before and after every line of the journal.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from simple_db.model.errors import SnapshotError, SnapshotInUse
from simple_db.persistence import files

if TYPE_CHECKING:
    from collections.abc import Iterator

_CREATE = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC

# The lock file holds the id of the process that has it, in digits.
_DIGITS = 20


class Claim:
    """A file that this process has claimed.

    Attributes:
        path: The file, whatever symbolic links lead to it.
        process: The id of the process. One that was forked from it shares the lock, but may not
            write.
    """

    def __init__(self, path: Path) -> None:
        """Claim the file, and remove what a killed process has left half written beside it.

        Raises:
            SnapshotInUse: another process, or another claim of this one, has it.
            SnapshotError: the lock file cannot be made.
        """
        self.path = path
        self.process = os.getpid()
        self._lock = Path(f"{path}.lock")
        try:
            self._file = _locked(self._lock)
        except BlockingIOError as error:
            raise _in_use(path, self._lock) from error
        except OSError as error:
            raise SnapshotError(f"{path} cannot be claimed: {files.why(error)}") from error
        try:
            self._begin()
        except BaseException:
            self.release()
            raise

    def _begin(self) -> None:
        """Write who has the lock, and remove what a killed process has left half written."""
        with contextlib.suppress(OSError):  # a full disk: the lock is one without it too
            os.ftruncate(self._file.fileno(), 0)
            os.pwrite(self._file.fileno(), b"%d\n" % self.process, 0)
        _remove_leftovers(self.path)

    @property
    def is_ours(self) -> bool:
        """Whether this process has made the claim."""
        return self.process == os.getpid()

    @property
    def is_held(self) -> bool:
        """Whether it has not been released."""
        return not self._file.closed

    def check(self) -> None:
        """Check that this process, and no other, may write the file.

        Raises:
            SnapshotInUse: it was forked from the process that may; or the lock file is not the one
                that it has locked, so that another process may have the file by now.
            SnapshotError: the lock file cannot be looked at.
        """
        if not self.is_ours:
            raise SnapshotInUse(
                f"{self.path} is in use by process {self.process}, from which this one was forked: "
                "only that one may change it"
            )
        try:
            is_there = files.is_at(self._file.fileno(), self._lock)
        except OSError as error:
            raise SnapshotError(f"{self._lock} cannot be checked: {files.why(error)}") from error
        if not is_there:
            raise SnapshotInUse(
                f"{self.path} may be in use by another process: its lock file {self._lock} was "
                "removed or replaced while this process had it. End the block and open it again"
            )

    def release(self) -> None:
        """Release the file; to repeat it does nothing."""
        if self._file.closed:
            return
        with contextlib.suppress(OSError):  # a lock file that stays is no lock
            # If somebody has removed it, the one that is there may be that of another process.
            if self.is_ours and files.is_at(self._file.fileno(), self._lock):
                self._lock.unlink()
        with contextlib.suppress(OSError):  # it is closed even so
            self._file.close()


@contextlib.contextmanager
def claimed(path: files.Name) -> Iterator[Claim]:
    """Keep every other process that claims the file away from it, until the block ends.

    Raises:
        SnapshotInUse: another process, or another claim of this one, has it.
        SnapshotError: the lock file cannot be made.
    """
    claim = Claim(files.named(path))
    try:
        yield claim
    finally:
        try:
            claim.release()
        finally:  # an exception from outside may have interrupted the first one
            claim.release()


def _locked(lock: Path) -> io.FileIO:
    """Return the lock file, opened and locked.

    Raises:
        BlockingIOError: it is locked already.
        OSError: it cannot be opened.
    """
    while True:
        # A file object, for it closes itself if an exception comes before it has a name.
        file = io.FileIO(lock, "r+", opener=_create)
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it may have removed the file between our opening and our locking of it.
            if files.is_at(file.fileno(), lock):
                return file
        except BaseException:
            file.close()
            raise
        file.close()


def _create(path: str, _flags: int) -> int:
    return os.open(path, _CREATE, files.PRIVATE)


def _in_use(path: Path, lock: Path) -> SnapshotInUse:
    """Return the error for a file that is claimed; it says by whom, as far as that is known."""
    process = _holder(lock)
    if process == os.getpid():
        return SnapshotInUse(
            f"{path} is in use by this process ({process}), which has opened it already: use the "
            "database that it has, or end its block first"
        )
    who = "another process" if process is None else f"another process ({process})"
    return SnapshotInUse(
        f"{path} is in use by {who}, a server for example: stop that first, or take another file"
    )


def _holder(lock: Path) -> int | None:
    """Return the id of the process that the lock file names, None if it names none."""
    try:
        return int(lock.read_bytes()[:_DIGITS])
    except (OSError, ValueError):
        return None


def _remove_leftovers(path: Path) -> None:
    """Remove what a process has left that was killed while it wrote the file, or its journal."""
    leftover = re.compile(rf"\.{re.escape(path.name)}(\.journal)?\.[0-9a-f-]{{36}}\.tmp")
    with contextlib.suppress(OSError):  # they do no harm
        for beside in path.parent.iterdir():
            if leftover.fullmatch(beside.name):
                beside.unlink()
