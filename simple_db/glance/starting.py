"""What a start of the server may leave behind: everything if it succeeds, nothing if it fails."""

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
    """The server cannot start as it was asked to; the message names the thing and the fix."""


class NewPaths:
    """The files and directories that a start makes, removed at the end of the block.

    They stay if `keep` was called before: the start has succeeded.
    """

    def __init__(self) -> None:
        self._new: list[Path] = []

    def __enter__(self) -> Self:
        """Begin with none."""
        return self

    def __exit__(self, *_: object) -> None:
        """Remove them, the latest first; a directory that somebody else has filled stays."""
        for path in reversed(self._new):
            with contextlib.suppress(OSError):
                path.rmdir() if stat.S_ISDIR(path.lstat().st_mode) else path.unlink()

    def directory(self, path: Path) -> None:
        """Make a directory and those above it, where they are not there.

        Raises:
            OSError: one of them cannot be made.
        """
        for each in reversed([path, *path.parents]):
            if not _is_there(each):
                each.mkdir()
                self._new.append(each)
        path.mkdir(exist_ok=True)  # raises if it is no directory

    def file(self, path: Path) -> None:
        """Note a file that the start is going to make, unless it is there.

        Raises:
            OSError: that cannot be seen.
        """
        target = path.resolve()
        if not _is_there(target):
            self._new.append(target)

    def keep(self) -> None:
        """Let all of them stay."""
        self._new.clear()


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    return True


@contextlib.contextmanager
def owner_only() -> Iterator[None]:
    """Let nobody but the owner use the files and directories that this process makes."""
    before = os.umask(_OWNER_ONLY)
    try:
        yield
    finally:
        os.umask(before)
