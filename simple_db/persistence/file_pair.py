"""A snapshot file and the journal beside it, read while another process may write them.

The two are one database, and no system call replaces both. A save replaces first the snapshot and
then the journal; the end of a block replaces the snapshot and removes the journal. Who reads the
old snapshot and after that looks for the journal would miss calls that had returned. So both are
read, and if the snapshot is another file by then, they are read again. They are parsed only when
both are read: that takes longest, and a process that saves all the time would not let a reader end
that began anew whenever the file changes while it parses.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, TypeVar

from attrs import field, frozen

from simple_db.model.clock import pause
from simple_db.model.errors import SnapshotError
from simple_db.persistence import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")

TRIES = 50
"""How often the two are read before a reader gives up."""

# In seconds; the waits of all tries are some four seconds together.
_SHORTEST_WAIT = 0.001
_LONGEST_WAIT = 0.1


@frozen
class Pair:
    """The two files of one moment, as bytes; None where there is no such file."""

    snapshot: bytes | None = field(repr=False)
    journal: bytes | None = field(repr=False)


def parsed(
    path: files.Name,
    beside: Callable[[files.Name], Path],
    most: int,
    parse: Callable[[Pair], T],
) -> T:
    """Return what a function makes of the two files of one moment.

    If it refuses them they are read once more, for somebody may be changing them in place. Only
    files that are refused and have not changed are an error.

    Args:
        path: The snapshot file; neither it nor its journal need be there.
        beside: Where the journal of a snapshot file is.
        most: The number of bytes that either may have.
        parse: Raises `SnapshotError` to refuse the two.

    Raises:
        SnapshotError: a file cannot be read, the function refuses them, or they were saved anew
            during each of the `TRIES` tries.
    """
    for wait in itertools.islice(_waits(), TRIES):
        pair = _read(path, beside, most)
        if pair is not None:
            try:
                return parse(pair)
            except SnapshotError:
                if _read(path, beside, most) == pair:
                    raise
        pause(wait)
    raise SnapshotError(
        f"{path!s} cannot be read: somebody saved it anew during each of {TRIES} tries; "
        "read it when it is saved less often, or read a copy of it and its journal"
    )


def _waits() -> Iterator[float]:
    wait = _SHORTEST_WAIT
    while True:
        yield wait
        wait = min(2 * wait, _LONGEST_WAIT)


def _read(path: files.Name, beside: Callable[[files.Name], Path], most: int) -> Pair | None:
    """Return both, or None if the snapshot has become another file meanwhile."""
    with files.opened(path, most) as snapshot:
        # Not followed: a link that leads nowhere would look as if there were no journal.
        with files.opened(beside(path), most, follow=False) as journal:
            pair = Pair(_content(snapshot), _content(journal))
        is_same = snapshot.is_at(path) if snapshot else not files.exists(path)
        return pair if is_same else None


def _content(file: files.File | None) -> bytes | None:
    return file.content if file else None
