"""What is made to cost memory when it is read costs little more than a good file.

Some of it each time; ``python -m tests.support.hostile`` measures all of it, and more of it.
"""

from __future__ import annotations

import subprocess
import sys

from tests.support.serving import PROJECT

MEGABYTES = 5

SOME = [
    "quotation marks",
    "opened lists",
    "backslashes",
    "newlines behind a checksum",
    "empty lists behind a checksum",
    "small objects in format 1",
    "small numbers in format 2 without a checksum",
    "numbers",
    "fractions",
    "many keys",
    "texts of three characters",
    "texts of a wide character as a key behind a checksum",
    "lists of sixty levels behind a wrong checksum",
    "rows of no column, behind a checksum",
    "empty lists in an unknown column, behind a checksum",
    "a journal of newlines",
    "a journal of newlines behind its first line",
    'a journal with empty lists behind "changes"',
    'a journal with numbers behind "changes"',
    'a journal with lists of sixty levels behind "snapshot"',
    "a journal whose first line is lists of sixty levels",
]


def test_what_is_hostile_takes_little_more_than_a_good_file_of_its_size() -> None:
    # In a process of its own: this one has memory free that it had before.
    command = [sys.executable, "-m", "tests.support.hostile", str(MEGABYTES), *SOME]
    printed = subprocess.check_output(command, cwd=PROJECT, text=True)  # noqa: S603 - our own
    # What the processor takes is not the same each time; memory is.
    lines = [line.split(maxsplit=2) for line in printed.splitlines()]
    ratios = {name: float(memory) for _, memory, name in lines}

    assert ratios.keys() == set(SOME)
    assert [name for name, memory in ratios.items() if memory > 3] == []
