"""A temporary directory of a server's own, which a later server removes if this one is killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from simple_db.glance.starting import StartError

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "simple-db-"

# A file in each directory, locked by the process that uses it.
_LOCK = "lock"

# Paste reads other characters as a fragment, a query or a substitution.
_PLAIN = re.compile(r"[\w./+,:=@~-]+")


@contextlib.contextmanager
def private_directory() -> Iterator[Path]:
    """Give an empty directory, which is removed at the end of the block.

    Raises:
        StartError: Glance cannot use the system's directory for temporary files.
    """
    system = tempfile.gettempdir()
    if not _PLAIN.fullmatch(system):
        raise StartError(
            f"temporary directory {system!r}: Glance needs one whose path has letters, digits and "
            "the characters _./+,:=@~- only; set TMPDIR to one"
        )
    _remove_leftovers(Path(system))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name, _locked(Path(name)):
        yield Path(name)


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    # Locked before it is renamed: a directory without a file of this name is not removed.
    unnamed = directory / f"{_LOCK}.new"
    handle = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        unnamed.rename(directory / _LOCK)
        yield
    finally:
        os.close(handle)


def _remove_leftovers(system: Path) -> None:
    """Remove the directories that killed servers of this user have left."""
    for name in os.listdir(system):  # noqa: PTH208 - names are what is compared
        if name.startswith(PREFIX):
            with contextlib.suppress(OSError):  # in use, or gone by now, or without a lock
                _remove_unused(system / name)


def _remove_unused(directory: Path) -> None:
    status = directory.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        return
    handle = os.open(directory / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(directory)
    finally:
        os.close(handle)
