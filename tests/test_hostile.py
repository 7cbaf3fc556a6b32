"""What is made to cost memory when it is read costs little more than a good file.

Some of it each time; ``python -m tests.hostile`` measures all of it, and more of it.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests import hostile
from tests.serving import PROJECT

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


MEASURE = """
import json, sys
from tests import hostile
size, snapshots, journals = json.loads(sys.argv[1])
usual = hostile.cost(hostile.restore(hostile.good(size)))
for names, read, contents in (
    (snapshots, hostile.restore, hostile.SNAPSHOTS), (journals, hostile.replay, hostile.JOURNALS)
):
    for name in names:
        print(json.dumps([name, (hostile.cost(read(contents[name](size))) / usual)[1]]))
"""


@pytest.fixture(scope="module")
def ratios() -> dict[str, float]:
    """Measure in a process of its own: this one has memory free that it had before."""
    done = subprocess.run(  # noqa: S603 - our own module
        [sys.executable, "-c", MEASURE, json.dumps([SIZE, SOME_SNAPSHOTS, SOME_JOURNALS])],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        check=True,
    )
    return dict(map(json.loads, done.stdout.splitlines()))


@pytest.mark.parametrize("name", [*SOME_SNAPSHOTS, *SOME_JOURNALS])
def test_what_is_hostile_takes_little_more_memory_than_a_good_file_of_its_size(
    ratios: dict[str, float], name: str
) -> None:
    # It is three times at 60 MB, where the process itself does not count; each value too many is
    # far above.
    assert ratios[name] <= 4
