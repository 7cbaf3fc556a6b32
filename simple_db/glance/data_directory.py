"""The directory of the image data: created, checked, and locked by one server at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from simple_db.glance.app import CACHE, STORES
from simple_db.glance.image_files import IMAGE_STORES
from simple_db.glance.starting import StartError
from simple_db.model.errors import SnapshotError
from simple_db.persistence import files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simple_db.glance.starting import NewPaths

# Glance reads paths from files of lines, in which a backslash escapes a dollar sign.
_UNUSABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]|\\\$")

# Glance gives files names of up to 49 characters.
_LONGEST_NAME = "x" * 64


@contextlib.contextmanager
def claimed(directory: Path, new: NewPaths) -> Iterator[None]:
    """Lock the directory against other servers until the block ends.

    Args:
        directory: an absolute path; it is created if need be.
        new: notes what is created.

    Raises:
        StartError: Glance cannot use its name, it cannot be created, another server uses it, a
            symbolic link in it leads out of it, or something in it is neither file nor directory.
    """
    check_name(directory)
    try:
        for name in (*STORES, *CACHE):
            new.directory(directory / name)
        handle = os.open(directory, os.O_RDONLY)
    except OSError as error:
        raise StartError(f"data directory {directory}: {error.strerror}") from error
    try:
        _lock(handle, directory)
        _check_content(directory)
        yield
    finally:
        os.close(handle)


def check_name(directory: Path) -> None:
    r"""Check that the file system and Glance can use the paths of files in the directory.

    Raises:
        StartError: the path is too long, or has a control character, bytes that are no text, or
            a backslash before a dollar sign.
    """
    if _UNUSABLE.search(str(directory)):
        raise StartError(
            f"data directory {str(directory)!r}: Glance cannot use a path with control characters, "
            r"bytes that are no text, or \$ in it; choose another --data-dir"
        )
    try:
        (directory / CACHE[0] / _LONGEST_NAME).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return  # whether it can be created shows when it is
    except OSError as error:
        raise StartError(f"data directory {directory}: {error.strerror}") from error


def _check_content(directory: Path) -> None:
    try:
        check_links(directory)
        check_kinds(directory)
    except (SnapshotError, OSError) as error:  # something in it cannot be looked at
        raise StartError(f"data directory {directory}: {error}") from error


def check_links(directory: Path) -> None:
    """Check that no symbolic link that Glance would follow leads out of the directory.

    The files in the two stores can be links: `simple_db.glance.image_files` opens none.

    Raises:
        StartError: a link leads out.
    """
    inside = files.named(directory)
    for path in _followed(directory):
        if not files.named(path).is_relative_to(inside):
            raise StartError(
                f"data directory {directory}: {path.relative_to(directory)} is a symbolic link "
                "that leads out of it; put what it names in its place"
            )


def check_kinds(directory: Path) -> None:
    """Check that Glance would open no pipe, socket or device, which could block it.

    Raises:
        StartError: something is neither a regular file nor a directory.
    """
    for path in _followed(directory):
        with contextlib.suppress(FileNotFoundError):  # a link that leads nowhere
            mode = path.stat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise StartError(
                    f"data directory {directory}: {path.relative_to(directory)} is neither a file "
                    "nor a directory; remove it"
                )


def _followed(directory: Path) -> Iterator[Path]:
    """Give what Glance opens without our store: all directories, and all in those of its own."""
    for store in STORES:
        yield directory / store
        if store not in IMAGE_STORES:
            for parent, directories, names in os.walk(directory / store, onerror=_raise):
                yield from (Path(parent, name) for name in (*directories, *names))


def _raise(error: OSError) -> NoReturn:
    raise error


def _lock(handle: int, directory: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StartError(f"data directory {directory} is in use by another server") from error
