"""Error messages for the command line: options instead of Python parameters.

The modules below the commands word their messages for callers in Python. A command or a server
prints the same messages on a terminal, where ``max_bytes`` or ``save()`` cannot be typed. Their
phrases are replaced here, in one place, also within longer messages. `tests/model/test_wording.py`
reads every message of those modules and fails if this table lacks a phrase.
"""

from __future__ import annotations

import re

IN_OPTIONS = {
    "a larger max_bytes": "a larger --max-bytes",
    "max_bytes is a positive integer": "--max-bytes is a positive integer",
    "interval is a positive number": "--save-interval is a positive number",
    "save is one of": "--save is one of",
    "prefer_new and overwrite say how to merge: give merge too": (
        "--prefer-new and --overwrite say how to merge: give --merge too"
    ),
    "prefer_new and overwrite exclude each": "--prefer-new and --overwrite exclude each",
    "open the file with Database.open, which puts them into it": (
        "let 'simple-db serve' open the file and stop it again, which puts them into it"
    ),
    "put it into the snapshot with save(), or open the file": (
        "stop the server, which puts it into the snapshot, or start it"
    ),
    "it is saved again, by save() or in a moment by itself": (
        "it is saved again, in a moment by itself or at the stop"
    ),
    "; load() takes the path of a file": "",
    "Open it again, or go on with a database of its own: fork()": "Start the command again",
    "End the block and open it again": "Start the command again",
    "use the database that it has, or end its block first": "stop that one first",
}
"""Each phrase for Python callers, and what a command prints instead."""

# A word that begins with a hyphen is an option already.
_PHRASE = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, IN_OPTIONS))})")


def in_options(message: str) -> str:
    """Return the message with the words of the command line; other messages stay as they are."""
    return _PHRASE.sub(lambda found: IN_OPTIONS[found[0]], message)
