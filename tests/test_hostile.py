"""What is made to cost time or memory when it is read costs little more than a good file.

Some of it each time; ``python -m tests.hostile`` measures all of it, and more of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import hostile

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE = 5 * hostile.MEGABYTE

SOME_SNAPSHOTS = (
    *("quotation marks", "opened lists", "newlines behind a seal", "backslashes"),
    *("empty lists behind a seal", "small objects in format 1", "numbers", "many keys"),
    *("lists of sixty levels behind a broken seal", "fractions", "texts of three characters"),
    *("rows of no column, behind a seal", "empty lists in an unknown column, behind a seal"),
    *(
        "small numbers in format 2 without a seal",
        "texts of a wide character as a key behind a seal",
    ),
)
SOME_JOURNALS = (
    *(
        "a journal of newlines behind its first line",
        "a journal of blanks",
        "a journal of newlines",
    ),
    *('a journal with empty lists behind "changes"', 'a journal with numbers behind "changes"'),
)


@pytest.fixture(scope="module")
def usual() -> hostile.Cost:
    return hostile.cost(hostile.restore(hostile.good(SIZE)))


@pytest.mark.parametrize(
    ("read", "content"),
    [
        *((hostile.restore, hostile.SNAPSHOTS[name]) for name in SOME_SNAPSHOTS),
        *((hostile.replay, hostile.JOURNALS[name]) for name in SOME_JOURNALS),
    ],
    ids=[*SOME_SNAPSHOTS, *SOME_JOURNALS],
)
def test_what_is_hostile_takes_little_more_than_a_good_file_of_its_size(
    read: Callable[[bytes], Callable[[], object]],
    content: Callable[[int], bytes],
    usual: hostile.Cost,
) -> None:
    seconds, memory = hostile.cost(read(content(SIZE))) / usual

    # Three times, measured by itself. Here the process has memory free that it had before, and the
    # processor has other things to do; each pass too many, and each value too many, is far above.
    assert memory <= 4
    assert seconds <= 6
