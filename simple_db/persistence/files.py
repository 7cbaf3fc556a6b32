"""Files: read within bounds, and replaced in one step, which a crash cannot divide.

Every system call of a write goes through a `System`, so that a test can record the calls of a save
and end it at each of them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from simple_db.model.clock import new_id
from simple_db.model.errors import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

Name = str | os.PathLike[str]

PRIVATE = 0o600
"""The mode of a new file: locations of images can carry credentials."""

_PERMISSIONS = 0o777
_NEW = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, the opening of a FIFO would wait for somebody to write into it.
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


class System:
    """The system calls that change a file system, as `os` has them."""

    open = staticmethod(os.open)
    fchmod = staticmethod(os.fchmod)
    write = staticmethod(os.write)
    pwrite = staticmethod(os.pwrite)
    fsync = staticmethod(os.fsync)
    ftruncate = staticmethod(os.ftruncate)
    close = staticmethod(os.close)
    replace = staticmethod(os.replace)
    unlink = staticmethod(os.unlink)


SYSTEM = System()


@frozen
class File:
    """A file as it was read.

    Attributes:
        content: All of it.
        status: Which file it is, with its size and times from before it was read.
    """

    content: bytes = field(repr=False)
    status: os.stat_result

    def is_at(self, path: Name) -> bool:
        """Return whether this file is at the path, as it was; it must still be `opened`.

        Raises:
            SnapshotError: that cannot be seen.
        """
        now = found(path)
        return now is not None and identity(now) == identity(self.status)


def read(path: Name, most: int) -> bytes:
    """Return the content of a file.

    Args:
        path: A regular file; a symbolic link is followed.
        most: The number of bytes that it may have.

    Raises:
        SnapshotError: it cannot be read, is no regular file, or is larger.
    """
    with opened(path, most) as file:
        if file is None:
            raise SnapshotError(f"{path!s} cannot be read: {os.strerror(errno.ENOENT)}")
        return file.content


@contextlib.contextmanager
def opened(path: Name, most: int, *, follow: bool = True) -> Iterator[File | None]:
    """Give a file that was read, None if it is not there, and keep it open until the block ends.

    While it is open, no other file can get its inode number.

    Args:
        path: A regular file.
        most: The number of bytes that it may have.
        follow: Whether a symbolic link is followed; otherwise it is refused.

    Raises:
        SnapshotError: it cannot be read, is no regular file, or is larger.
    """
    with contextlib.ExitStack() as until_the_end:
        try:
            descriptor = os.open(path, _READ if follow else _READ | os.O_NOFOLLOW)
            until_the_end.callback(_close, descriptor)
            file = _read(path, descriptor, most)
        except FileNotFoundError:
            file = None
        except (OSError, ValueError) as error:  # the latter for a NUL character in the path
            raise SnapshotError(f"{path!s} cannot be read: {why(error)}") from error
        yield file


def _close(descriptor: int) -> None:
    with contextlib.suppress(OSError):  # the content has been read
        os.close(descriptor)


def _read(path: Name, descriptor: int, most: int) -> File:
    status = os.fstat(descriptor)
    size = _readable_size(path, status, most)
    with os.fdopen(descriptor, "rb", closefd=False) as file:
        return File(file.read(size), status)


def _readable_size(path: Name, status: os.stat_result, most: int) -> int:
    _check_regular(path, status.st_mode)
    if status.st_size > most:
        raise SnapshotError(
            f"{path!s} has {status.st_size} bytes, and at most {most} are read: "
            "give a larger max_bytes if it is meant"
        )
    return status.st_size


def found(path: Name, *, follow: bool = True) -> os.stat_result | None:
    """Return the status of a file, None if it is not there.

    Only "no such file" says that it is not there. After any other error the file may be there, and
    to take it for absent would lose what is in it.

    Args:
        path: The file.
        follow: Whether a symbolic link is followed; if it is not, one that leads nowhere is there.

    Raises:
        SnapshotError: that cannot be seen.
    """
    try:
        return Path(path).stat(follow_symlinks=follow)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:  # the latter for a NUL character in the path
        raise _unseen(path, error) from error


def exists(path: Name, *, follow: bool = True) -> bool:
    """Return whether a file is there, as `found` sees it.

    Raises:
        SnapshotError: that cannot be seen.
    """
    return found(path, follow=follow) is not None


def named(path: Name) -> Path:
    """Return the file that a path names: symbolic links are followed, and it need not be there.

    Raises:
        SnapshotError: no file can have that name, or it leads through what cannot be looked at.
    """
    if not os.fspath(path):
        raise SnapshotError("an empty path names no file: give the path of one")
    try:
        return _resolved(Path(path).absolute())
    except OSError as error:
        if error.errno == errno.ELOOP:
            _check_regular(path, stat.S_IFLNK)
        raise _unseen(path, error) from error
    except ValueError as error:  # a NUL character
        raise _unseen(path, error) from error


def _resolved(path: Path) -> Path:
    # Without `strict`, a link that cannot be read would be taken for the file itself.
    try:
        return Path(os.path.realpath(path, strict=True))
    except FileNotFoundError:
        status = found(path, follow=False)
    if status is None:
        return _resolved(path.parent) / path.name
    if stat.S_ISLNK(status.st_mode):  # it leads to what is not there
        return _resolved(path.parent / path.readlink())
    return _resolved(path)  # somebody has made it meanwhile


def _unseen(path: Name, error: Exception) -> SnapshotError:
    return SnapshotError(f"{path!s} cannot be looked at: {why(error)}")


Identity = tuple[int, ...]
"""Device, inode, size, and the time of the last change: two files differ in one of them."""


def identity(status: os.stat_result) -> Identity:
    """Return the identity of a file."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def replace(
    path: Name,
    content: Sequence[bytes],
    system: System = SYSTEM,
    ready: Callable[[Identity], object] = lambda _: None,
) -> None:
    """Replace the content of a file, durably: after a crash it is all the old or all the new one.

    The content is written to a new file in the same directory, and fsync brings it to the disk.
    Only when it has been read back does it replace the old file by a renaming, which has no half
    way; then fsync brings the directory to the disk, without which a crash could undo the renaming.

    A new file has mode 0600. An old one keeps its permissions, without those of a group that is not
    that of this process. A symbolic link is followed, and the file that it names is replaced.

    Args:
        path: The file.
        content: All of it, in pieces.
        system: The system calls.
        ready: Called with the identity of the new file just before it replaces the old one.

    Raises:
        SnapshotError: the path is a directory, a FIFO or a device, or cannot be written, or what
            was written reads back otherwise; the old file is there.
    """
    try:
        target = named(path)
        mode = _mode(path, target)
        with _in_place_of(target, system) as temporary:
            descriptor = _new(temporary, content, mode, system)
            ready(identity(os.fstat(descriptor)))
            system.close(descriptor)
        sync_directory(target.parent, system)
    except OSError as error:
        raise SnapshotError(f"{path!s} cannot be written: {why(error)}") from error


def begin(path: Path, content: Sequence[bytes], system: System = SYSTEM) -> int:
    """Replace a file by a new one of mode 0600, and leave it open.

    Its name is not on the disk before `sync_directory`.

    Returns:
        Its descriptor, to be read from and to be written to at the end.

    Raises:
        OSError: it cannot be written; the old one is there.
    """
    with contextlib.ExitStack() as stack:
        with _in_place_of(path, system) as temporary:
            descriptor = _new(temporary, content, PRIVATE, system)
            stack.callback(system.close, descriptor)
        stack.pop_all()
    return descriptor


@contextlib.contextmanager
def _in_place_of(target: Path, system: System) -> Iterator[Path]:
    """Give a name for a new file, which replaces the target, or is removed if the block raises."""
    temporary = target.with_name(f".{target.name}.{new_id()}.tmp")
    try:
        yield temporary
        system.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):  # the error of the block is raised
            system.unlink(temporary)
        raise


def _mode(path: Name, target: Path) -> int:
    """Return the permissions that the new file is to have."""
    try:
        status = target.lstat()
    except FileNotFoundError:
        return PRIVATE
    _check_regular(path, status.st_mode)
    mode = status.st_mode & _PERMISSIONS
    # What the old file's group may do, another group may not: the new file has that of the process.
    return mode if status.st_gid == os.getegid() else mode & ~stat.S_IRWXG


def _check_regular(path: Name, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise SnapshotError(f"{path!s} is {_kind(mode)}, and a snapshot is a regular file")


def _kind(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a directory",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFLNK: "a loop of symbolic links",
    }
    return kinds.get(stat.S_IFMT(mode), "a device")


def _new(path: Path, content: Sequence[bytes], mode: int, system: System) -> int:
    """Return the descriptor of a new file that is on the disk, and reads back as it was written."""
    descriptor = system.open(path, _NEW, PRIVATE)
    try:
        if mode != PRIVATE:
            system.fchmod(descriptor, mode)
        for chunk in content:
            write_all(descriptor, chunk, system)
        system.fsync(descriptor)
        _check_written(descriptor, content)
    except BaseException:
        system.close(descriptor)
        raise
    return descriptor


def _check_written(descriptor: int, content: Sequence[bytes]) -> None:
    """Check that a file reads back as it was written: a disk may fail without an error.

    Raises:
        OSError: it does not.
    """
    start = 0
    for piece in content:
        if read_at(descriptor, start, len(piece)) != piece:
            raise OSError(errno.EIO, "what was written reads back otherwise")
        start += len(piece)


def read_at(descriptor: int, start: int, size: int) -> bytes:
    """Return so many bytes of an open file, or less where it ends before.

    Raises:
        OSError: they cannot be read.
    """
    pieces, end = [], start + size
    while start < end and (piece := os.pread(descriptor, end - start, start)):
        pieces.append(piece)
        start += len(piece)
    return b"".join(pieces)


def remove(path: Name, system: System = SYSTEM) -> None:
    """Remove a file that is there, durably.

    Raises:
        SnapshotError: it cannot be removed.
    """
    try:
        system.unlink(path)
        sync_directory(Path(path).parent, system)
    except OSError as error:
        raise SnapshotError(f"{path!s} cannot be removed: {why(error)}") from error


def write_all(descriptor: int, content: bytes, system: System = SYSTEM) -> None:
    """Write all of the content, however many calls it takes.

    Raises:
        OSError: it cannot be written; some of it may be.
    """
    left = memoryview(content)
    while left:
        left = left[system.write(descriptor, left) :]


def sync_directory(directory: Path, system: System = SYSTEM) -> None:
    """Bring the names of a directory to the disk, by fsync.

    Raises:
        OSError: that failed.
    """
    descriptor = system.open(directory, os.O_RDONLY | os.O_CLOEXEC, 0)
    try:
        system.fsync(descriptor)
    finally:
        system.close(descriptor)


def is_at(descriptor: int, path: Path) -> bool:
    """Return whether the open file is the one that is there now.

    Raises:
        OSError: that cannot be seen.
    """
    try:
        there = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), there)


def why(error: Exception) -> str:
    """Return what went wrong with a file, as the system says it."""
    return getattr(error, "strerror", None) or str(error)
