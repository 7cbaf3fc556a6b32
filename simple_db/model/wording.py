"""Messages for the command line: options in place of the parameters and calls of Python.

Modules below the commands write their messages for Python code, with ``max_bytes`` or ``save()``.
The same messages are printed by commands and logged by a server, whose users have options. They are
replaced here, in the text, so that a message can be part of a longer one.
`tests/model/test_wording.py` reads all messages of those modules and fails on one that this table
lacks.
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
"""The phrases of messages that are for Python code, and those of a command in their place."""

# What begins with a hyphen is an option already.
_PHRASE = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, IN_OPTIONS))})")


def in_options(message: str) -> str:
    """Return the message with options in place of parameters."""
    return _PHRASE.sub(lambda found: IN_OPTIONS[found[0]], message)
