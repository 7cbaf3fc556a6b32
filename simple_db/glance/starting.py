"""A start of the server that fails removes the files and directories that it has created."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_OWNER_ONLY = 0o077


class StartError(Exception):
    """The server cannot start with these settings; the message says why and what to do."""


class NewPaths:
    """The files and directories that a start creates, removed at the end of the block.

    They stay if `keep` has been called, after a start that succeeded.
    """

    def __init__(self) -> None:
        self._new: list[Path] = []

    def __enter__(self) -> Self:
        """Begin with none."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove them, the latest first; a directory that is not empty stays."""
        for path in reversed(self._new):
            with contextlib.suppress(OSError):
                path.rmdir() if stat.S_ISDIR(path.lstat().st_mode) else path.unlink()

    def directory(self, path: Path) -> None:
        """Create a directory and those above it, if they do not exist.

        Raises:
            OSError: one of them cannot be created.
        """
        for each in reversed([path, *path.parents]):
            if not _exists(each):
                each.mkdir()
                self._new.append(each)
        path.mkdir(exist_ok=True)  # raises if it is no directory

    def file(self, path: Path) -> None:
        """Note a file that the start is going to create, unless it exists.

        Raises:
            OSError: it cannot be looked at.
        """
        target = path.resolve()
        if not _exists(target):
            self._new.append(target)

    def keep(self) -> None:
        """Let all of them stay."""
        self._new.clear()


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


@contextlib.contextmanager
def owner_only() -> Iterator[None]:
    """Make the new files and directories of this process accessible to their owner only."""
    before = os.umask(_OWNER_ONLY)
    try:
        yield
    finally:
        os.umask(before)
