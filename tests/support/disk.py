"""A disk that forgets: what can be on it after a crash, and system calls that fail.

`Watched` makes the system calls of `simple_db.persistence.files` and notes them; at one of them it
can fail. `Disk` does noted calls again on a model, in which a write is on the disk only when its
file was brought there, and a name only when its directory was.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define, field, frozen

from simple_db.persistence import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

SYSTEM_CALLS = {name for name in vars(files.System) if not name.startswith("_")}


@frozen
class Call:
    """A system call that was made, and its answer."""

    name: str
    arguments: tuple[Any, ...]
    answer: Any


class Watched(files.System):
    """The system calls, noted.

    Args:
        fails_at: The number of the call that fails, counted from 0.
        error: What it fails with.
        done: Whether that call is done and fails then, as if a signal came.
        write_at_most: How many bytes a write takes.
    """

    def __init__(
        self,
        fails_at: int = -1,
        error: BaseException | None = None,
        *,
        done: bool = False,
        write_at_most: int = 2**31,
    ) -> None:
        self.calls: list[Call] = []
        self.failed: str | None = None
        self._fails_at = fails_at
        self._error = error
        self._done = done
        self._write_at_most = write_at_most
        self._made = 0

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        return functools.partial(self._make, name, found) if name in SYSTEM_CALLS else found

    def _make(self, name: str, call: Callable[..., Any], *arguments: Any) -> Any:
        fails = self._made == self._fails_at
        self._made += 1
        if name == "write":
            arguments = (arguments[0], bytes(arguments[1])[: self._write_at_most])
        # It is closed in any case, even where an error is raised instead.
        if not fails or self._done or name == "close":
            self.calls.append(Call(name, arguments, call(*arguments)))
        if fails and self._error is not None:
            self.failed = name
            if name == "open" and self._done:
                os.close(self.calls.pop().answer)
            raise self._error
        return self.calls[-1].answer

    def left_open(self) -> set[int]:
        """Give the descriptors that were opened and not closed."""
        left = set()
        for call in self.calls:
            if call.name == "open":
                left.add(call.answer)
            elif call.name == "close":
                left.remove(call.arguments[0])
        return left


@define(eq=False)
class _File:
    """A file: each content that it has had since it was last brought to the disk."""

    contents: list[bytes] = field(factory=lambda: [b""])

    def change(self, content: bytes) -> None:
        self.contents.append(content)

    def may_have(self) -> set[bytes]:
        halves = [
            after[: (len(before) + len(after)) // 2]
            for before, after in itertools.pairwise(self.contents)
            if after.startswith(before)
        ]
        return {*self.contents, *halves}


class Disk:
    """A directory with these files, all of it on the disk."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._names = {name: _File([content]) for name, content in contents.items()}
        self._pending: list[tuple[str, _File | None]] = []
        self._opened: dict[int, _File | None] = {}

    def do(self, calls: Iterable[Call]) -> None:
        """Do the calls again."""
        for call in calls:
            getattr(self, f"_{call.name}")(call, *call.arguments)

    def after_crash(self) -> Iterator[dict[str, bytes]]:
        """Give everything that may be in the directory after a crash now."""
        for count in range(len(self._pending) + 1):
            for kept in itertools.combinations(self._pending, count):
                yield from _each(self._names | dict(kept))

    def _file_at(self, path: Any) -> _File:
        found = (self._names | dict(self._pending))[os.path.basename(path)]  # noqa: PTH119 - any path
        assert found is not None
        return found

    def _open(self, call: Call, path: Any, flags: int, _mode: int) -> None:
        if flags & os.O_CREAT:
            assert flags & os.O_EXCL
            self._pending.append((os.path.basename(path), _File()))  # noqa: PTH119 - any path
        is_directory = os.path.isdir(path)  # noqa: PTH112 - any path
        self._opened[call.answer] = None if is_directory else self._file_at(path)

    def _write(self, call: Call, descriptor: int, content: bytes) -> None:
        file = self._opened[descriptor]
        assert file is not None
        file.change(file.contents[-1] + content[: call.answer])

    def _pwrite(self, _call: Call, descriptor: int, content: bytes, start: int) -> None:
        file = self._opened[descriptor]
        assert file is not None
        before = file.contents[-1]
        file.change(before[:start] + content + before[start + len(content) :])

    def _ftruncate(self, _call: Call, descriptor: int, length: int) -> None:
        file = self._opened[descriptor]
        assert file is not None
        file.change(file.contents[-1][:length])

    def _fsync(self, _call: Call, descriptor: int) -> None:
        file = self._opened[descriptor]
        if file is None:
            self._names = _present(self._names | dict(self._pending))
            self._pending.clear()
        else:
            del file.contents[:-1]

    def _replace(self, _call: Call, source: Any, target: Any) -> None:
        file = self._file_at(source)
        self._pending.append((os.path.basename(target), file))  # noqa: PTH119 - any path
        self._unlink(_call, source)

    def _unlink(self, _call: Call, path: Any) -> None:
        self._pending.append((os.path.basename(path), None))  # noqa: PTH119 - any path

    def _fchmod(self, *_: object) -> None:
        pass

    def _close(self, _call: Call, descriptor: int) -> None:
        del self._opened[descriptor]


def _present(names: Mapping[str, _File | None]) -> dict[str, _File]:
    return {name: file for name, file in names.items() if file is not None}


def _each(names: Mapping[str, _File | None]) -> Iterator[dict[str, bytes]]:
    present = _present(names)
    for contents in itertools.product(*(file.may_have() for file in present.values())):
        yield dict(zip(present, contents, strict=True))


def open_descriptors() -> list[str]:
    return os.listdir("/dev/fd")  # noqa: PTH208 - names are what is compared


def names(directory: Path) -> list[str]:
    """Give the names of what is in a directory, in order."""
    return sorted(path.name for path in directory.iterdir())


def mode(path: Path) -> int:
    """Give the permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@contextlib.contextmanager
def on(system: files.System) -> Iterator[None]:
    """Let everybody's system calls be made by this one."""
    with pytest.MonkeyPatch.context() as patch:
        for name in SYSTEM_CALLS:
            patch.setattr(files.SYSTEM, name, getattr(system, name))
        yield
